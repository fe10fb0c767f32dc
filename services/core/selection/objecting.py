"""Objections to what was published (S12): recorded by one person, decided by another.

An upheld one reopens the round; one to a supplement on notice withdraws the supplement (S6: publication and notice as for the
round).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, update

from services.core.kit.calendar import day_of
from services.core.kit.database import Statement
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.selection import annual_queries, plan_queries, queries, service, supplementing
from services.core.selection.annual_models import Objection, ObjectionGround, ObjectionStatus, SupplementStatus
from services.core.selection.errors import (
    NotPublished,
    ObjectionAlreadyDecided,
    ObjectionInputInvalid,
    RoundConfirmed,
    SecondPersonNeeded,
    SupplementAlreadyDecided,
)
from services.core.selection.events import ObjectionDecided, ObjectionRecorded, RoundWasReopened
from services.core.selection.models import RoundStatus, SelectionRound

if TYPE_CHECKING:
    import asyncpg

DECIDED = Statement(
    update(Objection)
    .where(Objection.id == bindparam("objection_id"))
    .values(
        status=bindparam("new_status"),
        decided_at=bindparam("at"),
        decided_by=bindparam("by"),
        decision_reason=bindparam("reason"),
        decision_document=bindparam("document"),
        moot=bindparam("is_moot"),
    )
)
REOPENED = Statement(
    update(SelectionRound)
    .where(SelectionRound.id == bindparam("round_id"))
    .values(status=RoundStatus.REOPENED, version=SelectionRound.version + 1)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody objects to: a project of the round's region, or the round as a whole; in its ranking, or in a supplement."""

    supplement_id: UUID | None
    project_id: UUID | None
    ground: ObjectionGround
    what: str
    received_on: date
    document: str | None


async def record(uow: UnitOfWork, *, scope: Scope, round_id: UUID, claim: Claim) -> UUID:
    """The objection is in the record; its id. One that arrived after the notice is recorded as late.

    What is published is public: an office whose own project is concerned records an objection to a round of the city above it.
    NotFound for a round that is neither in the scope nor has a project in it; NotPublished, RoundConfirmed, or for a supplement
    SupplementAlreadyDecided; ObjectionInputInvalid for a project or supplement of elsewhere, or a day outside the notice's
    beginning and today.
    """
    place = await _place(uow, scope, claim)
    round_path = await _round_path(uow, scope, round_id, place)
    found = await service.locked(uow, scope=Scope((round_path,)), round_id=round_id)
    against = await _ranking(uow, found) if claim.supplement_id is None else await _supplement(uow, found, claim)
    if claim.project_id is not None and (place is None or not place.startswith(round_path)):
        raise ObjectionInputInvalid.at(
            "/project_id", zh="不是本轮次区域内的项目", en="is no project of the round's region"
        )
    if not day_of(against.published_at) <= claim.received_on <= day_of(uow.now):
        raise ObjectionInputInvalid.at(
            "/received_on", zh="应在公布之日与今日之间", en="must lie between the day of publication and today"
        )
    objection = Objection(
        id=new_id(),
        round_id=round_id,
        publication_id=against.publication_id,
        supplement_id=claim.supplement_id,
        project_id=claim.project_id,
        region_path=place or against.region_path,
        ground=claim.ground,
        what=claim.what,
        received_on=claim.received_on,
        late=claim.received_on > against.notice_until,
        document=claim.document,
        status=ObjectionStatus.OPEN,
        recorded_at=uow.now,
        recorded_by=uow.actor.id,
    )
    uow.session.add(objection)
    await uow.session.flush()
    uow.record(
        ObjectionRecorded(
            objection_id=objection.id,
            publication_id=against.publication_id,
            supplement_id=claim.supplement_id,
            late=objection.late,
        ),
        subject="round",
        subject_id=round_id,
        region_path=objection.region_path,
    )
    return objection.id


@dataclass(frozen=True, slots=True)
class Against:
    """What is on notice: a publication of the ranking, or a supplement."""

    publication_id: UUID | None
    region_path: str
    published_at: datetime
    notice_until: date


async def _ranking(uow: UnitOfWork, found: "asyncpg.Record") -> Against:
    """What stands published of a round that is not confirmed yet."""
    if found["status"] == RoundStatus.CONFIRMED:
        raise RoundConfirmed
    standing = await annual_queries.STANDING.first(uow.driver, round_id=found["id"])
    if standing is None:
        raise NotPublished
    return Against(standing["id"], found["region_path"], standing["published_at"], standing["notice_until"])


async def _supplement(uow: UnitOfWork, found: "asyncpg.Record", claim: Claim) -> Against:
    """A supplement of the round that is on notice. One that nobody has published is none for who objects."""
    assert claim.supplement_id is not None  # noqa: S101 - the caller asks for one that is named
    row = await plan_queries.SUPPLEMENT_HELD.first(uow.driver, supplement_id=claim.supplement_id)
    if row is None or row["round_id"] != found["id"] or row["published_at"] is None:
        raise ObjectionInputInvalid.at(
            "/supplement_id", zh="不是本轮次已公示的增补", en="is no published supplement of the round"
        )
    if row["status"] != SupplementStatus.PUBLISHED:
        raise SupplementAlreadyDecided
    return Against(None, row["region_path"], row["published_at"], row["notice_until"])


async def _place(uow: UnitOfWork, scope: Scope, claim: Claim) -> str | None:
    """The region path of the project that is named, None for none in the scope."""
    if claim.project_id is None:
        return None
    row = await annual_queries.PROJECT_PLACE.first(uow.driver, project_id=claim.project_id, **scope.parameters)
    return None if row is None else str(row["region_path"])


async def _round_path(uow: UnitOfWork, scope: Scope, round_id: UUID, place: str | None) -> str:
    """The region of a round in the scope, or of a published one that a project of the scope lies in; NotFound otherwise."""
    row = await queries.ROUND.first(uow.driver, round_id=round_id, **scope.parameters)
    if row is None and place is not None:
        row = await annual_queries.STANDING.first(uow.driver, round_id=round_id)
        row = row if row is not None and place.startswith(row["region_path"]) else None
    if row is None:
        raise NotFound
    path: str = row["region_path"]
    return path


async def decide(
    uow: UnitOfWork, *, scope: Scope, objection_id: UUID, upheld: bool, reason: str, document: str
) -> None:
    """A second person upholds or rejects. An upheld objection reopens the round: new freeze, new run, new full notice; one to a
    supplement withdraws it. When another one has withdrawn it before, a well-founded objection is upheld as moot: nothing changes
    but that whom it is about is weighed as objected to.

    One that came late may be open still when round or supplement is confirmed: it is answered all the same, and upheld no more.
    NotFound where the round is not in the scope; ObjectionAlreadyDecided, SecondPersonNeeded for who recorded it, RoundConfirmed,
    SupplementAlreadyDecided.
    """
    objection = await annual_queries.objection_of(uow.driver, scope=scope, objection_id=objection_id)
    found = await service.locked(uow, scope=scope, round_id=objection["round_id"])
    objection = await annual_queries.objection_of(uow.driver, scope=scope, objection_id=objection_id)
    if objection["status"] != ObjectionStatus.OPEN:
        raise ObjectionAlreadyDecided
    of_supplement = objection["supplement_id"]
    if upheld and of_supplement is None and found["status"] == RoundStatus.CONFIRMED:
        raise RoundConfirmed
    if objection["recorded_by"] == uow.actor.id:
        raise SecondPersonNeeded
    moot = upheld and of_supplement is not None and await supplementing.withdrawn(uow, supplement_id=of_supplement)
    await DECIDED.all(
        uow.driver,
        objection_id=objection_id,
        new_status=ObjectionStatus.UPHELD if upheld else ObjectionStatus.REJECTED,
        at=uow.now,
        by=uow.actor.id,
        reason=reason,
        document=document,
        is_moot=moot,
    )
    uow.record(
        ObjectionDecided(objection_id=objection_id, upheld=upheld, moot=moot),
        subject="round",
        subject_id=found["id"],
        region_path=objection["region_path"],
    )
    if not upheld or moot:
        return
    if of_supplement is None:
        await reopen(uow, found)
    else:
        await supplementing.withdraw(uow, supplement_id=of_supplement, document=document)


async def reopen(uow: UnitOfWork, found: "asyncpg.Record") -> None:
    """What is published is to be corrected. The round is locked; what stands published stays so until it is superseded."""
    standing = await annual_queries.STANDING.first(uow.driver, round_id=found["id"])
    assert standing is not None  # noqa: S101 - only what was published is objected to or returned
    await REOPENED.all(uow.driver, round_id=found["id"])
    uow.record(
        RoundWasReopened(publication_id=standing["id"]),
        subject="round",
        subject_id=found["id"],
        region_path=found["region_path"],
    )
