"""Use cases of lifts (R3): one household asks, the community consults the entrance, neighbours object, the house is appraised."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.consultations import lift_queries, service
from services.core.consultations.bound import bound
from services.core.consultations.errors import (
    ConsultationInputInvalid,
    ConsultationUndefined,
    LiftRequested,
    LiftStarted,
    ObjectionSettled,
    PropertyNotYours,
)
from services.core.consultations.events import (
    LiftAppraised,
    LiftConsultationStarted,
    LiftObjected,
    LiftObjectionSettled,
    LiftOverdue,
    LiftWasRequested,
)
from services.core.consultations.jobs import TellLiftOverdue
from services.core.consultations.rules import Grade, Matter
from services.core.kit.calendar import Unit, WorkCalendar, day_of, deadline, end_of
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.rules import holds_personal_number
from services.core.policy import queries as policies
from services.core.policy.consulting import Lift
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.queries import StoredPolicy
from services.core.policy.schema import Policy

if TYPE_CHECKING:
    from asyncpg import Record

# The entrance is held, so that of two households who ask at once one is first.
PLACE = """
SELECT p.compound_id, p.region_path, e.id AS entrance_id
FROM property p JOIN entrance e ON e.id = p.entrance_id
WHERE p.id = $1 AND p.closed_at IS NULL AND e.closed_at IS NULL
FOR NO KEY UPDATE OF e
"""
UNDER_WAY = """
SELECT EXISTS (
  SELECT 1 FROM lift_request r LEFT JOIN consultation c ON c.id = r.consultation_id
  WHERE r.entrance_id = $1 AND (c.id IS NULL OR c.status = 'open'))
"""
ADD = """
INSERT INTO lift_request (id, compound_id, region_path, entrance_id, property_id, resident_id, policy_version_id, requested_by,
                          requested_at, due_at, provisional, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
"""
START = "UPDATE lift_request SET consultation_id = $2, started_at = $3, version = version + 1 WHERE id = $1"
APPRAISE = """
UPDATE lift_request SET appraisal_grade = $2, appraisal_document = $3, appraised_on = $4, version = version + 1 WHERE id = $1
"""
OBJECT = """
INSERT INTO lift_objection (id, lift_request_id, property_id, resident_id, reason, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
SETTLE = """
UPDATE lift_objection SET settlement = $3, settled_by = $4, settled_at = $5
WHERE id = $1 AND lift_request_id = $2 AND settled_at IS NULL RETURNING id
"""
OBJECTION = "SELECT settled_at FROM lift_objection WHERE id = $1 AND lift_request_id = $2"
IN_COMPOUND = "SELECT EXISTS (SELECT 1 FROM property WHERE id = $1 AND compound_id = $2 AND closed_at IS NULL)"


async def request(uow: UnitOfWork, *, scope: Scope, property_id: UUID) -> UUID:
    """Staff enter that the household of a property of the scope asks for a lift in its entrance; the request's id.

    NotFound for a property outside `scope`, or in no entrance; LiftRequested while one is under way there; NoPolicyInForce,
    ConsultationUndefined where the policy says nothing of lifts.
    """
    place = await uow.driver.fetchrow(PLACE, property_id)
    if place is None or not scope.covers(place["region_path"]):
        raise NotFound
    return await _request(uow, place, property_id, None)


async def request_as_resident(uow: UnitOfWork, *, resident_id: UUID, property_id: UUID) -> UUID:
    """A resident asks for a lift in the entrance of a property that he is bound to. See `request`; PropertyNotYours."""
    if property_id not in await bound(uow.driver, resident_id=resident_id):
        raise PropertyNotYours.at("/property_id", zh="不是您绑定的房屋", en="is no property of yours")
    place = await uow.driver.fetchrow(PLACE, property_id)
    if place is None:
        raise NotFound
    return await _request(uow, place, property_id, resident_id)


async def _request(uow: UnitOfWork, place: "Record", property_id: UUID, resident_id: UUID | None) -> UUID:
    if await uow.driver.fetchval(UNDER_WAY, place["entrance_id"]):
        raise LiftRequested
    stored, lift = await _policy(uow, place["region_path"])
    due_at, provisional = _term(lift, uow.now)
    request_id = new_id()
    await uow.driver.execute(
        ADD,
        request_id,
        place["compound_id"],
        place["region_path"],
        place["entrance_id"],
        property_id,
        resident_id,
        stored.id,
        uow.actor.id,
        uow.now,
        due_at,
        provisional,
    )
    if due_at is not None:
        uow.enqueue(TellLiftOverdue(lift_request_id=request_id), run_at=due_at)
    uow.record(
        LiftWasRequested(entrance_id=place["entrance_id"], property_id=property_id),
        subject="lift_request",
        subject_id=request_id,
        region_path=place["region_path"],
    )
    return request_id


async def _policy(uow: UnitOfWork, region_path: str) -> tuple[StoredPolicy, Lift]:
    stored = await policies.in_force(uow.driver, region_path=region_path)
    if stored is None:
        raise NoPolicyInForce
    lift = Policy.model_validate(stored.body).lift
    if lift is None:
        raise ConsultationUndefined
    return stored, lift


def _term(lift: Lift, asked_at: datetime) -> tuple[datetime | None, bool | None]:
    """Until when the community has to begin, and whether that day is provisional; neither where nothing obliges it."""
    if lift.start is None or lift.start.days is None:
        return None, None
    unit = Unit(lift.start.unit or Unit.CALENDAR)
    term = deadline(WorkCalendar.default(), start=day_of(asked_at), days=lift.start.days, unit=unit)
    return end_of(term.due), term.provisional


async def tell_overdue(uow: UnitOfWork, *, lift_request_id: UUID) -> None:
    """Once the term has ended: on record for ever, unless the consultation had begun by then."""
    row = await lift_queries.BY_ID.first(uow.driver, lift_request_id=lift_request_id)
    if row is not None and row["started_at"] is None:
        uow.record(
            LiftOverdue(entrance_id=row["entrance_id"]),
            subject="lift_request",
            subject_id=lift_request_id,
            region_path=row["region_path"],
        )


async def start(uow: UnitOfWork, *, scope: Scope, lift_request_id: UUID, version: int) -> UUID:
    """The community begins to consult the entrance, under the policy of the day of the request; the consultation's id.

    LiftStarted when it has; NoDoors.
    """
    held = await _locked(uow, scope=scope, lift_request_id=lift_request_id, version=version)
    if held["consultation_id"] is not None:
        raise LiftStarted
    consultation_id = await service.begin(
        uow,
        compound_id=held["compound_id"],
        region_path=held["region_path"],
        matter=Matter.LIFT,
        stored=await policies.by_id(uow.driver, version_id=held["policy_version_id"]),
        entrance_id=held["entrance_id"],
    )
    await uow.driver.execute(START, lift_request_id, consultation_id, uow.now)
    late = held["due_at"] is not None and uow.now >= held["due_at"]
    uow.record(
        LiftConsultationStarted(consultation_id=consultation_id, late=late),
        subject="lift_request",
        subject_id=lift_request_id,
        region_path=held["region_path"],
    )
    return consultation_id


async def appraise(
    uow: UnitOfWork,
    *,
    scope: Scope,
    lift_request_id: UUID,
    version: int,
    grade: Grade,
    document: str,
    appraised_on: date,
) -> None:
    """The grade of the house, from its appraisal; a later one replaces it, and the audit keeps both."""
    held = await _locked(uow, scope=scope, lift_request_id=lift_request_id, version=version)
    if appraised_on > day_of(uow.now):
        raise ConsultationInputInvalid.at("/appraised_on", zh="不得晚于今天", en="must not lie in the future")
    await uow.driver.execute(APPRAISE, lift_request_id, grade, document, appraised_on)
    uow.record(
        LiftAppraised(version=version + 1, grade=grade),
        subject="lift_request",
        subject_id=lift_request_id,
        region_path=held["region_path"],
    )


async def object_to(uow: UnitOfWork, *, scope: Scope, lift_request_id: UUID, property_id: UUID, reason: str) -> UUID:
    """Staff enter that the neighbour of a property of the compound objects; the objection's id.

    NotFound for a request outside `scope`; ConsultationInputInvalid for a property elsewhere.
    """
    held = await lift_queries.request_of(uow.driver, scope=scope, lift_request_id=lift_request_id)
    if not await uow.driver.fetchval(IN_COMPOUND, property_id, held["compound_id"]):
        raise ConsultationInputInvalid.at("/property_id", zh="不是本小区的房屋", en="is no property of this compound")
    return await _object(uow, held, property_id, None, reason)


async def object_as_resident(
    uow: UnitOfWork, *, resident_id: UUID, lift_request_id: UUID, property_id: UUID, reason: str
) -> UUID:
    """A neighbour objects for a property of the compound that he is bound to. NotFound for a request of another compound."""
    own = await bound(uow.driver, resident_id=resident_id)
    held = await lift_queries.BY_ID.first(uow.driver, lift_request_id=lift_request_id)
    if held is None or held["compound_id"] not in own.compounds:
        raise NotFound
    if not own.lies_in(property_id, held["compound_id"]):
        raise PropertyNotYours.at("/property_id", zh="不是您绑定的房屋", en="is no property of yours")
    return await _object(uow, held, property_id, resident_id, reason)


async def _object(uow: UnitOfWork, held: "Record", property_id: UUID, resident_id: UUID | None, reason: str) -> UUID:
    if holds_personal_number(reason):
        raise ConsultationInputInvalid.at(
            "/reason", zh="不得含有手机号或身份证号", en="may not hold a mobile or an identity number"
        )
    objection_id = new_id()
    await uow.driver.execute(OBJECT, objection_id, held["id"], property_id, resident_id, reason, uow.actor.id, uow.now)
    uow.record(
        LiftObjected(objection_id=objection_id),
        subject="lift_request",
        subject_id=held["id"],
        region_path=held["region_path"],
    )
    return objection_id


async def settle(uow: UnitOfWork, *, scope: Scope, lift_request_id: UUID, objection_id: UUID, settlement: str) -> None:
    """What was agreed with who objected. NotFound; ObjectionSettled when another was quicker."""
    held = await lift_queries.request_of(uow.driver, scope=scope, lift_request_id=lift_request_id)
    settled = await uow.driver.fetchval(SETTLE, objection_id, lift_request_id, settlement, uow.actor.id, uow.now)
    if settled is None:
        if await uow.driver.fetchrow(OBJECTION, objection_id, lift_request_id) is None:
            raise NotFound
        raise ObjectionSettled
    uow.record(
        LiftObjectionSettled(objection_id=objection_id),
        subject="lift_request",
        subject_id=lift_request_id,
        region_path=held["region_path"],
    )


async def _locked(uow: UnitOfWork, *, scope: Scope, lift_request_id: UUID, version: int) -> "Record":
    row = await lift_queries.LOCKED.first(uow.driver, lift_request_id=lift_request_id, **scope.parameters)
    if row is None:
        raise NotFound
    if row["version"] != version:
        raise VersionStale
    return row
