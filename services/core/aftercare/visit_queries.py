"""Reads of household visits: campaigns, households with where they stand, attempts, progress, what answers come to."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute

from services.core.aftercare.models import VisitAttempt, VisitBody, VisitCampaign
from services.core.consultations.queries import in_part_of_tree
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.territory.models import Compound

if TYPE_CHECKING:
    import asyncpg

_BODIES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object("id", VisitBody.id, "kind", VisitBody.kind, "title", VisitBody.title),
                VisitBody.id,
            )
        )
    )
    .where(VisitBody.campaign_id == VisitCampaign.id)
    .correlate(VisitCampaign)
    .scalar_subquery()
)
_SHOWN = select(
    VisitCampaign.id,
    VisitCampaign.compound_id,
    Compound.name.label("compound_name"),
    VisitCampaign.region_path,
    VisitCampaign.project_id,
    VisitCampaign.title,
    VisitCampaign.questions,
    _BODIES.label("bodies"),
    VisitCampaign.status,
    VisitCampaign.version,
    VisitCampaign.opened_at,
    VisitCampaign.closed_at,
    VisitCampaign.close_reason,
    VisitCampaign.households,
    VisitCampaign.met,
    VisitCampaign.declined,
).join(Compound, Compound.id == VisitCampaign.compound_id)
_ID = VisitCampaign.id == bindparam("campaign_id", type_=Uuid())

ONE = Statement(_SHOWN.where(_ID, in_scope(VisitCampaign.region_path)))

# Whoever writes to a campaign holds its row: attempts are counted one after another, and none slips in beside its end.
LOCKED = Statement(
    _SHOWN.where(_ID, in_scope(VisitCampaign.region_path)).with_for_update(of=VisitCampaign, key_share=True)
)


def given(name: str, kind: Uuid[UUID] | String, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The column has this value, where one is given."""
    value = bindparam(name, type_=kind)
    return or_(value.is_(None), column == value)


LIST = Statement(
    _SHOWN.where(
        *in_part_of_tree(VisitCampaign.region_path, VisitCampaign.id),
        given("compound_id", Uuid(), VisitCampaign.compound_id),
        given("project_id", Uuid(), VisitCampaign.project_id),
        given("status", String(), VisitCampaign.status),
    )
    .order_by(VisitCampaign.region_path, VisitCampaign.id)
    .limit(bindparam("limit"))
)

# The households of a campaign ($1), but for those whose dwelling was closed before anybody met them: there is nobody to visit.
HOUSEHOLDS = """
household AS (
  SELECT v.property_id, v.state, v.body_id, v.visitor_id, p.building_id, p.entrance_id, p.door_no,
         coalesce(b.no, '') AS building_no, coalesce(e.no, '') AS entrance_no
  FROM household_visit v
  JOIN property p ON p.id = v.property_id AND (p.closed_at IS NULL OR v.state <> 'waiting')
  LEFT JOIN building b ON b.id = p.building_id
  LEFT JOIN entrance e ON e.id = p.entrance_id
  WHERE v.campaign_id = $1)
"""
COUNTS = """
       count(*) AS households, count(*) FILTER (WHERE state = 'met') AS met,
       count(*) FILTER (WHERE state = 'declined') AS declined, count(*) FILTER (WHERE state = 'waiting') AS waiting
"""
TOTALS = f"WITH {HOUSEHOLDS} SELECT {COUNTS} FROM household"

PROGRESS = f"""
WITH {HOUSEHOLDS}
SELECT building_id, entrance_id, building_no, entrance_no, {COUNTS}
FROM household
WHERE (building_no, entrance_no, coalesce(entrance_id, building_id, '00000000-0000-0000-0000-000000000000'))
      > ($2 COLLATE "C", $3 COLLATE "C", $4::uuid)
GROUP BY building_id, entrance_id, building_no, entrance_no
ORDER BY building_no, entrance_no, coalesce(entrance_id, building_id, '00000000-0000-0000-0000-000000000000')
LIMIT $5
"""

# Households after a door ($2 to $5) with what was tried; $6 one state, $7 one building, $8 one body, $9 one visitor, $10 how many.
PAGE = f"""
WITH {HOUSEHOLDS}
SELECT h.property_id, h.building_no, h.entrance_no, h.door_no, h.state, h.body_id, h.visitor_id, a.attempts,
       a.last_made_on, a.last_outcome
FROM household h
CROSS JOIN LATERAL (
  SELECT count(*) AS attempts, (array_agg(made_on ORDER BY id DESC))[1] AS last_made_on,
         (array_agg(outcome ORDER BY id DESC))[1] AS last_outcome
  FROM visit_attempt WHERE campaign_id = $1 AND property_id = h.property_id) a
WHERE (h.building_no, h.entrance_no, h.door_no, h.property_id) > ($2 COLLATE "C", $3 COLLATE "C", $4 COLLATE "C", $5::uuid)
  AND ($6::text IS NULL OR h.state = $6) AND ($7::uuid IS NULL OR h.building_id = $7)
  AND ($8::uuid IS NULL OR h.body_id = $8) AND ($9::uuid IS NULL OR h.visitor_id = $9)
ORDER BY h.building_no, h.entrance_no, h.door_no, h.property_id
LIMIT $10
"""

_DOOR = bindparam("property_id", type_=Uuid())
ATTEMPTS = Statement(
    select(
        VisitAttempt.id,
        VisitAttempt.property_id,
        VisitAttempt.body_id,
        VisitAttempt.made_on,
        VisitAttempt.outcome,
        VisitAttempt.answers,
        VisitAttempt.note,
        VisitAttempt.recorded_by,
        VisitAttempt.recorded_at,
    )
    .where(
        VisitAttempt.campaign_id == bindparam("campaign_id", type_=Uuid()),
        or_(_DOOR.is_(None), VisitAttempt.property_id == _DOOR),
        VisitAttempt.id > bindparam("after", type_=Uuid()),
    )
    .order_by(VisitAttempt.id)
    .limit(bindparam("limit"))
)

# What households said: of each that was met, the last time counts.
_SAID = """
said AS (
  SELECT DISTINCT ON (property_id) answers FROM visit_attempt WHERE campaign_id = $1 AND outcome = 'met'
  ORDER BY property_id, id DESC)
"""
CELLS = f"""
WITH {_SAID}
SELECT one.key AS question, chosen.value AS choice, count(*) AS households
FROM said
CROSS JOIN LATERAL jsonb_each(said.answers) AS one
CROSS JOIN LATERAL jsonb_array_elements_text(
  CASE jsonb_typeof(one.value) WHEN 'array' THEN one.value ELSE jsonb_build_array(one.value) END) AS chosen(value)
WHERE one.key = ANY ($2::text[])
GROUP BY one.key, chosen.value
"""
ANSWERED = f"""
WITH {_SAID}
SELECT one.key AS question, count(*) AS households
FROM said CROSS JOIN LATERAL jsonb_object_keys(said.answers) AS one(key)
GROUP BY one.key
"""


# What became of the findings of attempts: the complaints, each with its number.
COMPLAINTS = """
SELECT visit_attempt_id, jsonb_agg(jsonb_build_object('finding', visit_finding, 'complaint_id', id) ORDER BY visit_finding) AS found
FROM complaint WHERE visit_attempt_id = ANY ($1::uuid[]) GROUP BY visit_attempt_id
"""
ATTEMPT = "SELECT property_id, made_on FROM visit_attempt WHERE id = $2 AND campaign_id = $1"


async def campaign_of(driver: "asyncpg.Connection", *, scope: Scope, campaign_id: UUID) -> "asyncpg.Record":
    """A campaign inside the scope; NotFound otherwise."""
    row = await ONE.first(driver, campaign_id=campaign_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked(
    driver: "asyncpg.Connection", *, scope: Scope, campaign_id: UUID, version: int | None = None
) -> "asyncpg.Record":
    """A campaign inside the scope, held until the transaction ends. NotFound; VersionStale in another version than given."""
    row = await LOCKED.first(driver, campaign_id=campaign_id, **scope.parameters)
    if row is None:
        raise NotFound
    if version is not None and row["version"] != version:
        raise VersionStale
    return row
