"""Matters that come again after they were closed: found at intake, linked to the last time, counted.

The same matter: of one category, closed within the policy's days, and either of the same reporter about the same compound, or at
most so many metres away. Nobody's anonymous complaint is ever laid beside his named ones: that would tell who he is.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.hotline.rules import RepeatBy
from services.core.kit.geo import Crs, Place, box, convert
from services.core.kit.uow import UnitOfWork
from services.core.ownership.sealing import PHONE
from services.core.policy.hotline import Repeating

if TYPE_CHECKING:
    from services.core.hotline.intake import Reporter


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last time. `times`: the how many-th time again the new one is."""

    id: UUID
    by: RepeatBy
    times: int


@dataclass(frozen=True, slots=True)
class Again:
    """What may have been there before. `reporter`: None for who is not to be told."""

    category: str
    region_path: str
    compound_id: UUID | None
    reporter: "Reporter | None"
    place: Place | None


# What was merged was closed with the case that it was handled with. What may be it is found by reporter and by place,
# each by its index, before anything else is asked of it (OFFSET 0: a region's complaints are many). Of a busy place's the open
# ones, which are none, are passed over before anything is reckoned.
EARLIER = """
WITH his AS (
  SELECT complaint_id AS id FROM complaint_reporter WHERE resident_id = $5
  UNION SELECT complaint_id FROM complaint_reporter WHERE property_id = $6
  UNION SELECT complaint_id FROM complaint_reporter WHERE phone_index = ANY ($7::bytea[])),
near AS MATERIALIZED (
  SELECT id FROM (SELECT id, point, category, closed_at, merged_into_id FROM complaint WHERE point <@ $8::box OFFSET 0) AS around
  WHERE category = $1 AND num_nonnulls(closed_at, merged_into_id) > 0 AND metres_between(point, $9::point) <= $10),
found AS (SELECT id, 'reporter' AS by FROM his UNION ALL SELECT id, 'place' FROM near)
SELECT c.id, found.by, c.came_again
FROM found CROSS JOIN LATERAL (SELECT * FROM complaint one WHERE one.id = found.id OFFSET 0) AS c
LEFT JOIN complaint t ON t.id = c.merged_into_id
WHERE c.category = $1 AND c.region_path = $2 AND (c.compound_id = $3 OR c.compound_id IS NULL OR $3 IS NULL)
  AND coalesce(t.closed_at, c.closed_at) >= $4 AND (found.by = 'place' OR NOT c.anonymous)
ORDER BY coalesce(t.closed_at, c.closed_at) DESC, found.by DESC, c.id DESC LIMIT 1
"""
# Who made the earlier one is known no longer: neither is it told that the same person made the later one. That it came again stays.
PART = """
UPDATE complaint SET repeat_of_id = NULL, repeat_by = NULL
WHERE repeat_by = 'reporter' AND (id = ANY ($1::uuid[]) OR repeat_of_id = ANY ($1::uuid[]))
"""


async def earlier(uow: UnitOfWork, again: Again, policy: Repeating) -> Earlier | None:
    """The time before, the one closed last; told by the reporter where both tell it. None where it comes for the first time."""
    who, where = again.reporter, again.place if policy.metres is not None else None
    if (who is None or not who.known) and where is None:
        return None
    phone = None if who is None else who.phone
    around = point = None
    if where is not None and policy.metres is not None:
        rectangle, found = box(where, policy.metres), convert(where, Crs.WGS84)
        around = ((rectangle.east, rectangle.north), (rectangle.west, rectangle.south))
        point = (found.lon, found.lat)
    row = await uow.driver.fetchrow(
        EARLIER,
        again.category,
        again.region_path,
        again.compound_id,
        uow.now - timedelta(days=policy.days),
        None if who is None else who.resident_id,
        None if who is None else who.property_id,
        [] if phone is None else uow.vault.found_under(PHONE, phone),
        around,
        point,
        policy.metres,
    )
    return None if row is None else Earlier(row["id"], RepeatBy(row["by"]), row["came_again"] + 1)


async def part(uow: UnitOfWork, *, complaint_ids: list[UUID]) -> None:
    """Complaints whose reporters are forgotten are tied by them to no other."""
    await uow.driver.execute(PART, complaint_ids)
