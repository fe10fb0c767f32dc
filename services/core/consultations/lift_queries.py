"""Reads of lift requests: the clock, the objections, and which conditions hold now."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Uuid, bindparam, case, func, or_, select

from services.core.consultations import rules
from services.core.consultations.models import Consultation, LiftObjection, LiftRequest
from services.core.consultations.queries import in_part_of_tree
from services.core.consultations.rules import Door, LiftGate, Signed
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.ownership.models import Building, Entrance, Property
from services.core.policy.schema import Policy
from services.core.territory.models import Compound

if TYPE_CHECKING:
    import asyncpg

# Late for ever once it is late: neither the term nor the beginning changes after it was set.
OVERDUE = func.coalesce(LiftRequest.started_at, func.statement_timestamp()) >= LiftRequest.due_at

_SHOWN = (
    select(
        LiftRequest.id,
        LiftRequest.compound_id,
        Compound.name.label("compound_name"),
        LiftRequest.region_path,
        LiftRequest.entrance_id,
        Building.no.label("building_no"),
        Entrance.no.label("entrance_no"),
        LiftRequest.property_id,
        LiftRequest.policy_version_id,
        LiftRequest.requested_at,
        LiftRequest.due_at,
        LiftRequest.provisional,
        LiftRequest.started_at,
        func.coalesce(OVERDUE, False).label("overdue"),
        LiftRequest.consultation_id,
        case(
            (LiftRequest.consultation_id.is_(None), "requested"),
            (Consultation.status == "open", "consulting"),
            else_="closed",
        ).label("state"),
        LiftRequest.appraisal_grade,
        LiftRequest.appraisal_document,
        LiftRequest.appraised_on,
        LiftRequest.version,
    )
    .join(Compound, Compound.id == LiftRequest.compound_id)
    .join(Entrance, Entrance.id == LiftRequest.entrance_id)
    .join(Building, Building.id == Entrance.building_id)
    .outerjoin(Consultation, Consultation.id == LiftRequest.consultation_id)
)
_ID = LiftRequest.id == bindparam("lift_request_id", type_=Uuid())

ONE = Statement(_SHOWN.where(_ID, in_scope(LiftRequest.region_path)))
LOCKED = Statement(_SHOWN.where(_ID, in_scope(LiftRequest.region_path)).with_for_update(of=LiftRequest, key_share=True))
BY_ID = Statement(_SHOWN.where(_ID))
OF_CONSULTATION = Statement(_SHOWN.where(LiftRequest.consultation_id == bindparam("consultation_id", type_=Uuid())))

LIST = Statement(
    _SHOWN.where(
        *in_part_of_tree(LiftRequest.region_path, LiftRequest.id),
        or_(
            bindparam("compound_id", type_=Uuid()).is_(None),
            LiftRequest.compound_id == bindparam("compound_id", type_=Uuid()),
        ),
        or_(
            bindparam("overdue", type_=Boolean()).is_(None),
            func.coalesce(OVERDUE, False) == bindparam("overdue", type_=Boolean()),
        ),
        or_(
            bindparam("waiting", type_=Boolean()).is_(None),
            LiftRequest.consultation_id.is_(None) == bindparam("waiting", type_=Boolean()),
        ),
    )
    .order_by(LiftRequest.region_path, LiftRequest.id)
    .limit(bindparam("limit"))
)

# What residents of some compounds may know; the latest first.
OF_COMPOUNDS = Statement(
    _SHOWN.where(
        LiftRequest.compound_id == func.any(bindparam("compound_ids", type_=ARRAY(Uuid()))),
        LiftRequest.id < bindparam("before", type_=Uuid()),
    )
    .order_by(LiftRequest.id.desc())
    .limit(bindparam("limit"))
)

# What goes on in the entrances of some properties (and their compounds, by which they are found), the first to become due first.
OF_ENTRANCES = Statement(
    _SHOWN.where(
        LiftRequest.compound_id == func.any(bindparam("compound_ids", type_=ARRAY(Uuid()))),
        LiftRequest.entrance_id.in_(
            select(Property.entrance_id).where(
                Property.id == func.any(bindparam("property_ids", type_=ARRAY(Uuid()))), Property.closed_at.is_(None)
            )
        ),
        or_(Consultation.id.is_(None), Consultation.status == "open"),
    )
    .order_by(LiftRequest.due_at.nulls_last(), LiftRequest.id)
    .limit(bindparam("limit"))
)

_OBJECTIONS = select(
    LiftObjection.id,
    LiftObjection.property_id,
    LiftObjection.reason,
    LiftObjection.resident_id.is_not(None).label("by_resident"),
    LiftObjection.recorded_at,
    LiftObjection.settlement,
    LiftObjection.settled_by,
    LiftObjection.settled_at,
)
OBJECTIONS = Statement(
    _OBJECTIONS.where(
        LiftObjection.lift_request_id == bindparam("lift_request_id", type_=Uuid()),
        LiftObjection.id > bindparam("after", type_=Uuid()),
    )
    .order_by(LiftObjection.id)
    .limit(bindparam("limit"))
)
OBJECTION = Statement(_OBJECTIONS.where(LiftObjection.id == bindparam("objection_id", type_=Uuid())))

UNSETTLED = "SELECT count(*) FROM lift_objection WHERE lift_request_id = $1 AND settled_at IS NULL"

# Every property of the entrance with what it says in the consultation ($2, NULL before it has begun).
ENTRANCE = """
SELECT p.voting_owner_id, p.exclusive_area, a.answer
FROM property p
LEFT JOIN LATERAL (
  SELECT answer FROM consultation_answer
  WHERE consultation_id = $2 AND property_id = p.id AND superseded_at IS NULL LIMIT 1) a ON true
WHERE p.entrance_id = $1 AND p.closed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who signs, and every condition of the policy."""

    signed: Signed
    objections: int
    gates: list[LiftGate]


async def request_of(driver: "asyncpg.Connection", *, scope: Scope, lift_request_id: UUID) -> "asyncpg.Record":
    """A request inside the scope; NotFound otherwise."""
    row = await ONE.first(driver, lift_request_id=lift_request_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def of_consultation(driver: "asyncpg.Connection", *, consultation_id: UUID) -> "asyncpg.Record":
    """The request that a consultation about a lift began from."""
    row = await OF_CONSULTATION.first(driver, consultation_id=consultation_id)
    assert row is not None  # noqa: S101 - there is no other way to begin one
    return row


async def gates(driver: "asyncpg.Connection", *, request: "asyncpg.Record", policy: Policy) -> Standing:
    """Which conditions of the policy hold now."""
    assert policy.lift is not None  # noqa: S101 - a request is taken only under such a policy
    rows: list[Any] = await driver.fetch(ENTRANCE, request["entrance_id"], request["consultation_id"])
    found = rules.signed(Door(row["voting_owner_id"], row["exclusive_area"], row["answer"]) for row in rows)
    objections: int = await driver.fetchval(UNSETTLED, request["id"])
    met = rules.lift_gates(policy.lift, found, objections=objections, grade=request["appraisal_grade"])
    return Standing(found, objections, met)
