"""Objections to the roll and to the result: recorded by one person, decided by another.

An upheld one to the roll waits for a corrected roll; one to the result reopens the count. The other way round nothing goes on while
one that came in time is open.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, update

from services.core.kit.calendar import day_of
from services.core.kit.database import Statement
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.votes import objection_queries, queries, reading, service
from services.core.votes.errors import (
    VoteInputWrong,
    VoteObjectionDecided,
    VoteObjectionsMany,
    VoteSecondPersonNeeded,
    VoteStatusWrong,
)
from services.core.votes.events import VoteCountReopened, VoteObjectionRecorded, VoteObjectionWasDecided
from services.core.votes.lifecycle import MOVES, ObjectionTo, VoteAct, VoteObjectionStatus, VoteStatus
from services.core.votes.models import VoteObjection
from services.core.votes.texts import refuse_numbers

if TYPE_CHECKING:
    import asyncpg

DECIDED = Statement(
    update(VoteObjection)
    .where(VoteObjection.id == bindparam("objection_id"))
    .values(
        status=bindparam("new_status"),
        decided_at=bindparam("at", type_=VoteObjection.decided_at.type),
        decided_by=bindparam("by", type_=VoteObjection.decided_by.type),
        decision_reason=bindparam("reason"),
        decision_document=bindparam("document"),
    )
)
NOTICE = """
SELECT r.revision, (r.published_at AT TIME ZONE 'Asia/Shanghai')::date AS since, r.notice_until
FROM {table} r WHERE r.vote_id = $1 ORDER BY r.revision DESC LIMIT 1
"""
OF_ROLL, OF_RESULT = NOTICE.format(table="vote_roll"), NOTICE.format(table="vote_result")

OBJECTED_AT = {
    VoteStatus.ROLL: (ObjectionTo.ROLL, OF_ROLL),
    VoteStatus.NOTICED: (ObjectionTo.ROLL, OF_ROLL),
    VoteStatus.PRELIMINARY: (ObjectionTo.RESULT, OF_RESULT),
}
"""What is objected to at a stage, and where its notice is on record."""

ROLL_MENDED = frozenset({VoteStatus.ROLL, VoteStatus.NOTICED})
RESULT_MENDED = frozenset({VoteStatus.PRELIMINARY})
"""Until when what is objected to can still be put right."""

MOST_AT_ONCE = 5
"""Objections of an owner to one vote that nobody has decided yet."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody objects to, in his words."""

    what: str
    received_on: date
    document: str | None


async def record(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, claim: Claim) -> UUID:
    """The objection is in the record, to whatever is on notice now; its id. One that came after the notice is late.

    NotFound, VoteStatusWrong when nothing is on notice, VoteInputWrong for a day before the notice began, or after today.
    """
    refuse_numbers(what=claim.what, document=claim.document)
    return await _record(uow, await queries.locked(uow.driver, scope=scope, vote_id=vote_id), claim)


async def object_as_resident(uow: UnitOfWork, *, vote_id: UUID, what: str) -> UUID:
    """An owner of a head objects himself, today, to whatever is on notice; the objection's id.

    NotFound for a vote in which he has no head, VoteStatusWrong, VoteTextPersonal, VoteObjectionsMany.
    """
    refuse_numbers(what=what)
    if not await uow.driver.fetch(reading.MINE, vote_id, uow.actor.id):
        raise NotFound
    vote = await queries.ANY_LOCKED.first(uow.driver, vote_id=vote_id)
    assert vote is not None  # noqa: S101 - he has a head in it
    # The vote is held: who sends many at once does not pass the bound.
    if await uow.driver.fetchval(objection_queries.OBJECTIONS_LEFT, uow.actor.id, vote_id) >= MOST_AT_ONCE:
        raise VoteObjectionsMany
    return await _record(uow, vote, Claim(what, day_of(uow.now), None))


async def _record(uow: UnitOfWork, vote: "asyncpg.Record", claim: Claim) -> UUID:
    if vote["status"] not in OBJECTED_AT:
        raise VoteStatusWrong(status=vote["status"])
    about, sql = OBJECTED_AT[vote["status"]]
    notice = await uow.driver.fetchrow(sql, vote["id"])
    if not notice["since"] <= claim.received_on <= day_of(uow.now):
        raise VoteInputWrong.at(
            "/received_on", zh="应在公示之日与今日之间", en="must lie between the first day of the notice and today"
        )
    objection = VoteObjection(
        id=new_id(),
        vote_id=vote["id"],
        about=about,
        revision=notice["revision"],
        what=claim.what,
        received_on=claim.received_on,
        late=claim.received_on > notice["notice_until"],
        document=claim.document,
        status=VoteObjectionStatus.OPEN,
        recorded_at=uow.now,
        by_kind=uow.actor.kind,
        recorded_by=uow.actor.id,
    )
    uow.session.add(objection)
    await uow.session.flush()
    service.record(uow, vote, VoteObjectionRecorded(objection_id=objection.id, about=about, late=objection.late))
    return objection.id


async def decide(
    uow: UnitOfWork,
    *,
    scope: Scope,
    vote_id: UUID,
    objection_id: UUID,
    upheld: bool,
    reason: str,
    document: str | None,
) -> None:
    """A second person upholds or rejects it; upheld only while what it is about can still be put right.

    NotFound, VoteObjectionDecided, VoteSecondPersonNeeded for who recorded it, VoteStatusWrong.
    """
    refuse_numbers(reason=reason, document=document)
    vote = await queries.locked(uow.driver, scope=scope, vote_id=vote_id)
    objection = await objection_queries.objection_of(
        uow.driver, scope=scope, vote_id=vote_id, objection_id=objection_id
    )
    if objection["status"] != VoteObjectionStatus.OPEN:
        raise VoteObjectionDecided
    if objection["recorded_by"] == uow.actor.id:
        raise VoteSecondPersonNeeded
    of_roll = objection["about"] == ObjectionTo.ROLL
    if upheld and vote["status"] not in (ROLL_MENDED if of_roll else RESULT_MENDED):
        raise VoteStatusWrong(status=vote["status"])
    await DECIDED.all(
        uow.driver,
        objection_id=objection_id,
        new_status=VoteObjectionStatus.UPHELD if upheld else VoteObjectionStatus.REJECTED,
        at=uow.now,
        by=uow.actor.id,
        reason=reason,
        document=document,
    )
    service.record(uow, vote, VoteObjectionWasDecided(objection_id=objection_id, upheld=upheld))
    if upheld and not of_roll:
        leads = MOVES[VoteAct.REOPEN_COUNT, vote["status"]]
        await service.MOVED.all(uow.driver, vote_id=vote_id, new_status=leads)
        service.record(uow, vote, VoteCountReopened(objection_id=objection_id))
