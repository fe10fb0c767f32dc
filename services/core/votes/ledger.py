"""What becomes of a ballot after it was entered: confirmed by a second person, put right, made void. Each adds a line.

Until the result is published; the vote's shared lock keeps a publication from counting in between.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.errors import NotFound
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
    VoteSecondPersonNeeded,
    VoteStatusWrong,
)
from services.core.votes.events import BallotConfirmed, BallotCorrected, BallotVoided
from services.core.votes.lifecycle import Channel, Entry, VoteStatus
from services.core.votes.rules import Choice
from services.core.votes.statements import ADD_ENTRY, LOCK_SHARED

if TYPE_CHECKING:
    import asyncpg

MENDABLE = frozenset({VoteStatus.OPEN, VoteStatus.CLOSED})


async def confirm(
    uow: UnitOfWork, *, scope: Scope, vote_id: UUID, ballot_id: UUID, choices: Mapping[str, Choice]
) -> None:
    """A second person reads the paper anew; what both read counts, from the place at which it was entered.

    NotFound, VoteStatusWrong, BallotNotPending, VoteSecondPersonNeeded for who entered it, BallotDiffers.
    """
    vote, ballot = await _found(uow, scope, vote_id, ballot_id)
    # The last line is read before what was decided: whoever decides in between has taken the next number.
    last = await _last(uow, vote_id, ballot)
    if not ballot["pending"] or await uow.driver.fetchval(queries.DECIDED, ballot_id):
        raise BallotNotPending
    if ballot["by_id"] == uow.actor.id:
        raise VoteSecondPersonNeeded
    if in_order(choices) != ballot["choices"]:
        raise BallotDiffers
    said = positions.taken(
        last["positions"],
        str(ballot["caster_id"]),
        ballot=str(ballot_id),
        n=ballot["n"],
        choices=ballot["choices"],
    )
    await _add(uow, ballot, last, Entry.CONFIRM, said)
    _record(uow, vote, BallotConfirmed(ballot_id=ballot_id))


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

    NotFound, VoteStatusWrong, BallotOfResident, BallotSuperseded when it counts no more.
    """
    vote, ballot = await _found(uow, scope, vote_id, ballot_id)
    if ballot["channel"] == Channel.PHONE:
        raise BallotOfResident
    right = in_order(choices, matters=vote["matters"])
    last = await _last(uow, vote_id, ballot)
    await _refuse_superseded(uow, ballot, last)
    line = new_id()
    said = last["positions"]
    await _add(uow, ballot, last, Entry.CORRECT, said, line=line, choices=right, pending=True, reason=reason)
    _record(uow, vote, BallotCorrected(ballot_id=ballot_id))
    return line


async def void(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, ballot_id: UUID, reason: str) -> None:
    """The ballot does not count. While the vote is open its head may cast again.

    NotFound, VoteStatusWrong, BallotSuperseded when it counts no more already.
    """
    vote, ballot = await _found(uow, scope, vote_id, ballot_id)
    last = await _last(uow, vote_id, ballot)
    await _refuse_superseded(uow, ballot, last)
    caster = str(ballot["caster_id"])
    held = last["positions"].get(caster)
    counts = held is not None and held["id"] == str(ballot_id)
    said = positions.given_up(last["positions"], caster) if counts else last["positions"]
    await _add(uow, ballot, last, Entry.VOID, said, reason=reason)
    _record(uow, vote, BallotVoided(ballot_id=ballot_id))


async def _found(
    uow: UnitOfWork, scope: Scope, vote_id: UUID, ballot_id: UUID
) -> "tuple[asyncpg.Record, asyncpg.Record]":
    await uow.driver.execute(LOCK_SHARED, vote_id)
    vote = await queries.vote_of(uow.driver, scope=scope, vote_id=vote_id)
    ballot = await queries.BALLOT.first(uow.driver, vote_id=vote_id, ballot_id=ballot_id)
    if ballot is None or ballot["choices"] is None:
        raise NotFound
    if vote["status"] not in MENDABLE:
        raise VoteStatusWrong(status=vote["status"])
    return vote, ballot


async def _last(uow: UnitOfWork, vote_id: UUID, ballot: "asyncpg.Record") -> "asyncpg.Record":
    last = await queries.LAST_ENTRY.first(uow.driver, vote_id=vote_id, owner_id=ballot["owner_id"])
    assert last is not None  # noqa: S101 - the ballot itself is a line of this head
    return last


async def _refuse_superseded(uow: UnitOfWork, ballot: "asyncpg.Record", last: "asyncpg.Record") -> None:
    """A ballot is in the way of nothing once it was decided about and holds no position."""
    waits = ballot["pending"] and not await uow.driver.fetchval(queries.DECIDED, ballot["id"])
    held = last["positions"].get(str(ballot["caster_id"]))
    if not waits and (held is None or held["id"] != str(ballot["id"])):
        raise BallotSuperseded


async def _add(
    uow: UnitOfWork,
    ballot: "asyncpg.Record",
    last: "asyncpg.Record",
    entry: Entry,
    said: Mapping[str, Any],
    *,
    line: UUID | None = None,
    choices: Sequence[str] | None = None,
    pending: bool = False,
    reason: str | None = None,
) -> None:
    """The next line of this head. BallotsChanging when somebody else has added one since."""
    added = await uow.driver.fetchval(
        ADD_ENTRY,
        line or new_id(),
        ballot["vote_id"],
        ballot["owner_id"],
        last["n"] + 1,
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


def _record(
    uow: UnitOfWork, vote: "asyncpg.Record", happened: BallotConfirmed | BallotCorrected | BallotVoided
) -> None:
    uow.record(happened, subject="vote", subject_id=vote["id"], region_path=vote["region_path"])
