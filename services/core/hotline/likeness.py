"""What else a complaint may belong to: what the same reporter or household said, and what lies near. For people to judge."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, select

from services.core.hotline.models import Complaint
from services.core.hotline.rules import OPEN
from services.core.kit.database import Statement, in_scope
from services.core.kit.geo import Crs, Place
from services.core.kit.nearby import metres_to, near, within

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.scope import Scope

REACH = 250.0
"""Metres: where two complaints are likely of one thing (as FixMyStreet has it, research/peers.md 2)."""

REPEAT_DAYS = 30
"""Within so many days the same matter of the same reporter or household is a repeat. Ours: no source of the mechanisms says."""

MOST = 20

# An anonymous reporter is compared all the same, and not told: only that the complaints are of one.
SAME = f"""
WITH own AS (SELECT c.id, c.category, c.created_at, r.resident_id, r.property_id, r.phone_index
             FROM complaint c JOIN complaint_reporter r ON r.complaint_id = c.id WHERE c.id = $1),
theirs AS (
  SELECT r.complaint_id FROM own JOIN complaint_reporter r ON r.resident_id = own.resident_id
  UNION SELECT r.complaint_id FROM own JOIN complaint_reporter r ON r.phone_index = own.phone_index
  UNION SELECT r.complaint_id FROM own JOIN complaint_reporter r ON r.property_id = own.property_id)
SELECT c.id, c.no, c.category, c.state, c.created_at, c.merged_into_id,
       c.category = own.category AND c.created_at <= own.created_at
         AND c.created_at > own.created_at - interval '{REPEAT_DAYS} days' AS repeated
FROM theirs JOIN complaint c ON c.id = theirs.complaint_id CROSS JOIN own
WHERE c.id <> $1 AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                             WHERE c.region_path >= scope.low AND c.region_path < scope.high)
ORDER BY c.created_at DESC, c.id LIMIT $4
"""
NEAR = Statement(
    select(
        Complaint.id,
        Complaint.no,
        Complaint.category,
        Complaint.state,
        Complaint.created_at,
        metres_to(Complaint.point).label("metres"),
    )
    .where(
        within(Complaint.point),
        Complaint.state.in_(sorted(OPEN)),
        Complaint.id != bindparam("complaint_id", type_=Complaint.id.type),
        in_scope(Complaint.region_path),
    )
    .order_by(metres_to(Complaint.point), Complaint.id)
    .limit(bindparam("limit"))
)


async def same_reporter(driver: "asyncpg.Connection", *, scope: "Scope", complaint_id: UUID) -> "list[asyncpg.Record]":
    """What the same account, telephone or household said, the latest first; `repeated`: the same matter a short time before."""
    rows: list[Any] = await driver.fetch(SAME, complaint_id, scope.lows, scope.highs, MOST)
    return rows


async def nearby(
    driver: "asyncpg.Connection", *, scope: "Scope", complaint: "asyncpg.Record"
) -> "list[asyncpg.Record]":
    """Open complaints near this one's place, the nearest first; none where it has no place."""
    if complaint["lat"] is None:
        return []
    place = Place(complaint["lat"], complaint["lon"], Crs(complaint["crs"]))
    return await NEAR.all(driver, complaint_id=complaint["id"], limit=MOST, **near(place, REACH), **scope.parameters)
