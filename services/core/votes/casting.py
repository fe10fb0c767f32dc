"""Casting a ballot: by an owner on the phone, or entered by staff from paper, at the door, at a meeting.

One statement does it all (`statements.CAST_*`), its event and its audit entry among it: the unit of work adds nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import DomainError, InputInvalid, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.votes.errors import (
    AssuranceTooLow,
    BallotInvalid,
    BallotsChanging,
    BallotStands,
    SeveralOwners,
    VoteClosed,
)
from services.core.votes.events import BallotCast
from services.core.votes.lifecycle import NEEDS_SECOND, Assurance, Channel
from services.core.votes.rules import Choice
from services.core.votes.statements import CAST_BY_RESIDENT, CAST_BY_STAFF
from services.core.votes.texts import refuse_numbers

if TYPE_CHECKING:
    from asyncpg import Record

ATTEMPTS = 60  # each one more means that another ballot of the same head was committed meanwhile
MAX_BATCH = 200


@dataclass(frozen=True, slots=True)
class Given:
    """A ballot as given: by the number of each matter, what is chosen."""

    owner_id: UUID | None
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True)
class Entered(Given):
    """A ballot as staff enter it. `person_id`: which co-owner it is from; `evidence`: where the paper is kept."""

    channel: Channel
    assurance: Assurance
    person_id: UUID | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Cast:
    """A ballot in the ledger. `pending`: it waits for a second person. `counted`: the head counts with what co-owners agree on.

    `changed`: it was added now, not said before in the same words.
    """

    ballot_id: UUID
    owner_id: UUID
    pending: bool
    counted: bool
    changed: bool


async def cast(uow: UnitOfWork, *, vote_id: UUID, given: Given) -> Cast:
    """A resident casts for a head that he is a co-owner of, as the register says now; the same again changes nothing.

    Of two co-owners who contradict each other neither counts until they agree. NotFound for a vote in which he has no head;
    VoteClosed, SeveralOwners when he has to say which, AssuranceTooLow, BallotStands, BallotInvalid naming the place.
    """
    choices = in_order(given.choices)
    for _ in range(ATTEMPTS):
        row = await uow.driver.fetchrow(
            CAST_BY_RESIDENT,
            *_common(uow, vote_id, choices, Channel.PHONE, None),
            False,
            BallotCast.kind,
            given.owner_id,
        )
        if row is None or row["refused"] == "nobody":
            raise NotFound
        if not row["missed"]:
            return _told(row)
    raise BallotsChanging(headers={"Retry-After": "1"})


async def enter(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, entered: Entered) -> Cast:
    """Staff enter a ballot of a head. What is on paper waits for a second person, and is entered until the vote is closed; so does
    wait what comes beside a ballot that somebody of the head cast by phone.

    NotFound for a vote outside the scope; refusals as of `cast`, BallotInvalid also for a head that is not on the roll.
    """
    choices = in_order(entered.choices)
    _check(entered)
    refuse_numbers(evidence=entered.evidence)
    for _ in range(ATTEMPTS):
        row = await uow.driver.fetchrow(
            CAST_BY_STAFF,
            *_common(uow, vote_id, choices, entered.channel, entered.evidence),
            entered.channel in NEEDS_SECOND,
            BallotCast.kind,
            entered.owner_id,
            scope.lows,
            scope.highs,
            entered.person_id,
            entered.assurance,
        )
        if row is None:
            raise NotFound
        if not row["missed"]:
            return _told(row)
    raise BallotsChanging(headers={"Retry-After": "1"})


async def enter_many(
    uow: UnitOfWork, *, scope: Scope, vote_id: UUID, ballots: Sequence[Entered]
) -> list[Cast | DomainError]:
    """Each ballot for itself: what became of it, or why it was refused."""
    answers: list[Cast | DomainError] = []
    for entered in ballots:
        try:
            answers.append(await enter(uow, scope=scope, vote_id=vote_id, entered=entered))
        except DomainError as refused:
            answers.append(refused)
    return answers


def in_order(choices: Mapping[str, Choice], *, matters: int | None = None) -> list[str]:
    """The choices by the numbers of their matters, which run from 1 without a gap (to `matters`); BallotInvalid otherwise."""
    numbers = [str(no) for no in range(1, len(choices) + 1)]
    if sorted(choices) != sorted(numbers) or matters not in (None, len(choices)):
        raise _incomplete()
    return [str(choices[no]) for no in numbers]


def _incomplete() -> InputInvalid:
    return BallotInvalid.at(
        "/choices", zh="须对每一事项作出选择，以事项序号为键", en="needs a choice for every matter, by its number"
    )


def _check(entered: Entered) -> None:
    if entered.channel is Channel.PHONE:
        raise BallotInvalid.at("/channel", zh="手机投票由业主本人办理", en="by phone owners cast for themselves")
    if entered.evidence is None and (entered.channel is Channel.PROXY or entered.assurance not in BY_LOOKING):
        raise BallotInvalid.at(
            "/evidence",
            zh="委托投票，或以人脸、电子签名核验的，须写明凭据",
            en="a proxy, a face or an electronic signature needs its document",
        )


BY_LOOKING = frozenset({Assurance.PHONE, Assurance.CODE, Assurance.ON_SITE})
"""What staff say themselves; anything better rests on a document."""


def _common(
    uow: UnitOfWork, vote_id: UUID, choices: list[str], channel: Channel, evidence: str | None
) -> tuple[object, ...]:
    actor = uow.actor
    return (
        vote_id, choices, uow.now, new_id(), channel, evidence, actor.kind, actor.id, actor.request_id, new_id(), new_id(),
    )  # fmt: skip


def _told(row: "Record") -> Cast:
    match row["refused"]:
        case None:
            return Cast(row["ballot_id"], row["owner_id"], row["pending"], row["counted"], changed=not row["same"])
        case "closed":
            raise VoteClosed
        case "several":
            raise SeveralOwners(owners=[str(one) for one in row["owners"]])
        case "choices":
            raise _incomplete()
        case "nobody":
            raise BallotInvalid.at("/owner_id", zh="不在表决名册上", en="is not on the roll of this vote")
        case "person":
            raise BallotInvalid.at(
                "/person_id", zh="不是该表决人现在的业主", en="is no owner of this head's property now"
            )
        case "unknown":
            raise BallotInvalid.at(
                "/owner_id",
                zh="业主不明，请先登记产权人",
                en="the owner is unknown: enter who it is in the register first",
            )
        case "assurance":
            raise AssuranceTooLow(least=row["least"])
        case _:
            raise BallotStands
