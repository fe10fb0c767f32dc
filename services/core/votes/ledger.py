"""What becomes of a ballot after it was entered: confirmed by a second person, put right, made void. Each adds a line.

What changes a count takes two people: a correction and a voiding wait, as paper does, for somebody who confirms them. Making their
own line void takes them back, and leaves everything as it was; so does, while the vote is open, whoever entered a paper.

Until the result is published; the vote's shared lock keeps a publication from counting in between.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.errors import NotFound
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.votes import positions, queries
from services.core.votes.casting import in_order
from services.core.votes.errors import (
    BallotDiffers,
    BallotNotPending,
    BallotOfResident,
    BallotsChanging,
    BallotSuperseded,
    BallotUnderReview,
    VoteSecondPersonNeeded,
    VoteStatusWrong,
)
from services.core.votes.events import BallotConfirmed, BallotCorrected, BallotVoidAsked, BallotVoided
from services.core.votes.lifecycle import Channel, Entry, VoteStatus
from services.core.votes.rules import Choice
from services.core.votes.statements import ADD_ENTRY, LOCK_SHARED
from services.core.votes.texts import refuse_numbers

if TYPE_CHECKING:
    import asyncpg

MENDABLE = frozenset({VoteStatus.OPEN, VoteStatus.CLOSED})


async def confirm(
    uow: UnitOfWork, *, scope: Scope, vote_id: UUID, ballot_id: UUID, choices: Mapping[str, Choice] | None
) -> None:
    """A second person reads the paper anew; what both read counts, from the place at which it was entered. In a voiding there is
    nothing to read.

    NotFound, VoteStatusWrong, BallotNotPending, VoteSecondPersonNeeded for who entered it, BallotDiffers.
    """
    vote, ballot = await _found(uow, scope, vote_id, ballot_id)
    # The last line is read before what was decided: whoever decides in between has taken the next number.
    last = await _last(uow, vote_id, ballot)
    if not ballot["pending"] or await uow.driver.fetchval(queries.DECIDED, ballot_id):
        raise BallotNotPending
    if ballot["by_id"] == uow.actor.id:
        raise VoteSecondPersonNeeded
    if (None if choices is None else in_order(choices)) != ballot["choices"]:
        raise BallotDiffers
    voiding = ballot["entry"] == Entry.VOID
    if voiding:
        said = positions.without(last.positions, str(ballot["of_id"]))
    else:
        said = positions.taken(
            last.positions, last.caster, ballot=str(ballot_id), n=ballot["n"], choices=ballot["choices"]
        )
        people = await uow.driver.fetch(queries.CO_OWNERS, ballot["owner_id"])
        said = positions.yielded(said, unnamed=str(ballot["owner_id"]), people={str(one["id"]) for one in people})
    await _add(uow, ballot, last, Entry.CONFIRM, said)
    _record(uow, vote, BallotVoided(ballot_id=ballot["of_id"]) if voiding else BallotConfirmed(ballot_id=ballot_id))


async def correct(
    uow: UnitOfWork,
    *,
    scope: Scope,
    vote_id: UUID,
    ballot_id: UUID,
    choices: Mapping[str, Choice],
    reason: str,
) -> UUID:
    """What staff entered wrongly is put right, and waits for a second person. The id of the line that says so.

    NotFound, VoteStatusWrong, VoteTextPersonal, BallotOfResident, BallotSuperseded when it counts no more, BallotUnderReview.
    """
    refuse_numbers(reason=reason)
    vote, ballot = await _found(uow, scope, vote_id, ballot_id)
    if ballot["entry"] == Entry.VOID:
        raise NotFound
    if ballot["channel"] == Channel.PHONE:
        raise BallotOfResident
    right = in_order(choices, matters=vote["matters"])
    last = await _last(uow, vote_id, ballot)
    await _waits(uow, ballot, last)
    line = await _add(uow, ballot, last, Entry.CORRECT, last.positions, choices=right, pending=True, reason=reason)
    _record(uow, vote, BallotCorrected(ballot_id=ballot_id))
    return line


async def void(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, ballot_id: UUID, reason: str) -> UUID:
    """The ballot is not to count; the id of the line that says so. It waits for a second person, but where it only takes back what
    waited itself (see above). While the vote is open its head may cast again.

    NotFound, VoteStatusWrong, VoteTextPersonal, BallotSuperseded when it counts no more already, BallotUnderReview.
    """
    refuse_numbers(reason=reason)
    vote, ballot = await _found(uow, scope, vote_id, ballot_id)
    last = await _last(uow, vote_id, ballot)
    waits = await _waits(uow, ballot, last)
    own_paper = ballot["entry"] == Entry.CAST and ballot["by_id"] == uow.actor.id and vote["status"] == VoteStatus.OPEN
    alone = waits and (ballot["entry"] != Entry.CAST or own_paper)
    line = await _add(uow, ballot, last, Entry.VOID, last.positions, pending=not alone, reason=reason)
    _record(uow, vote, BallotVoided(ballot_id=ballot_id) if alone else BallotVoidAsked(ballot_id=ballot_id))
    return line


async def _found(
    uow: UnitOfWork, scope: Scope, vote_id: UUID, ballot_id: UUID
) -> "tuple[asyncpg.Record, asyncpg.Record]":
    await uow.driver.execute(LOCK_SHARED, vote_id)
    vote = await queries.vote_of(uow.driver, scope=scope, vote_id=vote_id)
    ballot = await queries.BALLOT.first(uow.driver, vote_id=vote_id, ballot_id=ballot_id)
    if ballot is None or ballot["entry"] == Entry.CONFIRM:
        raise NotFound
    if vote["status"] not in MENDABLE:
        raise VoteStatusWrong(status=vote["status"])
    return vote, ballot


@dataclass(frozen=True, slots=True)
class _Last:
    """The last line of a ballot's head. `caster`: whose the ballot is; entries that were merged since are one person."""

    n: int
    positions: dict[str, Any]
    caster: str


async def _last(uow: UnitOfWork, vote_id: UUID, ballot: "asyncpg.Record") -> _Last:
    last = await queries.LAST_ENTRY.first(uow.driver, vote_id=vote_id, owner_id=ballot["owner_id"])
    assert last is not None  # noqa: S101 - the ballot itself is a line of this head
    caster = str(ballot["caster_id"])
    rows = await uow.driver.fetch(queries.MERGED, [*last["positions"], caster])
    into = {str(row["id"]): str(row["merged_into_id"]) for row in rows}
    return _Last(last["n"], positions.merged(last["positions"], into), into.get(caster, caster))


async def _waits(uow: UnitOfWork, ballot: "asyncpg.Record", last: _Last) -> bool:
    """Whether a line waits for a second person, else it holds a position: BallotSuperseded when it does neither. BallotUnderReview:
    one thing at a time is asked about a ballot.
    """
    waits: bool = ballot["pending"] and not await uow.driver.fetchval(queries.DECIDED, ballot["id"])
    held = last.positions.get(last.caster)
    if not waits and (held is None or held["id"] != str(ballot["id"])):
        raise BallotSuperseded
    if await uow.driver.fetchval(queries.UNDER_REVIEW, ballot["id"]):
        raise BallotUnderReview
    return waits


async def _add(
    uow: UnitOfWork,
    ballot: "asyncpg.Record",
    last: _Last,
    entry: Entry,
    said: Mapping[str, Any],
    *,
    choices: Sequence[str] | None = None,
    pending: bool = False,
    reason: str | None = None,
) -> UUID:
    """The next line of this head; its id. BallotsChanging when somebody else has added one since."""
    added: UUID | None = await uow.driver.fetchval(
        ADD_ENTRY,
        new_id(),
        ballot["vote_id"],
        ballot["owner_id"],
        last.n + 1,
        entry,
        ballot["id"],
        ballot["caster_id"],
        choices,
        pending,
        json.dumps(said),
        positions.standing(said),
        ballot["channel"],
        ballot["assurance"],
        ballot["evidence"],
        reason,
        uow.actor.kind,
        uow.actor.id,
        uow.now,
    )
    if added is None:
        raise BallotsChanging(headers={"Retry-After": "1"})
    return added


def _record(uow: UnitOfWork, vote: "asyncpg.Record", happened: Event) -> None:
    uow.record(happened, subject="vote", subject_id=vote["id"], region_path=vote["region_path"])
