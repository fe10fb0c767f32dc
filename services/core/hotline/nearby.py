"""Complaints that may be about the same thing: those near a place, and others of the same reporter.

Suggestions for who handles one; what is one matter a person decides. Nobody's anonymous complaint is ever laid beside his named
ones: that would tell who he is.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import TextClause, bindparam, select, text

from services.core.hotline.models import STILL_OPEN, Complaint
from services.core.hotline.rules import OPEN, State
from services.core.kit.database import Statement, in_scope
from services.core.kit.geo import Crs, Place
from services.core.kit.nearby import metres_to, near, within
from services.core.kit.scope import Scope

if TYPE_CHECKING:
    import asyncpg

_SHOWN = (
    Complaint.id,
    Complaint.no,
    Complaint.category,
    Complaint.kind,
    Complaint.state,
    Complaint.hazard,
    Complaint.compound_id,
    Complaint.lat,
    Complaint.lon,
    Complaint.crs,
    Complaint.created_at,
)
# Said by what is over, not by what is open: as the latter, PostgreSQL takes an index of everything open beside that of places.
STILL_TO_DO = "state NOT IN ({})".format(", ".join(f"'{state}'" for state in State if state not in OPEN))
_METRES = metres_to(Complaint.point).label("metres")


def _near(*conditions: TextClause) -> Statement:
    return Statement(
        select(*_SHOWN, _METRES)
        .where(within(Complaint.point), in_scope(Complaint.region_path), *conditions)
        .order_by(_METRES, Complaint.id)
        .limit(bindparam("limit"))
    )


NEAR = _near(text(STILL_TO_DO))
NEAR_EVER = _near()
SAME_REPORTER = f"""
WITH me AS (
  SELECT r.* FROM complaint_reporter r JOIN complaint c ON c.id = r.complaint_id WHERE c.id = $1 AND NOT c.anonymous),
his AS (
  SELECT r.complaint_id FROM me JOIN complaint_reporter r ON r.resident_id = me.resident_id
  UNION SELECT r.complaint_id FROM me JOIN complaint_reporter r ON r.phone_index = me.phone_index
  UNION SELECT r.complaint_id FROM me JOIN complaint_reporter r ON r.property_id = me.property_id)
SELECT {", ".join(f"complaint.{column.key}" for column in _SHOWN)}
FROM his JOIN complaint ON complaint.id = his.complaint_id, unnest($2::text[], $3::text[]) AS scope(low, high)
WHERE complaint.id <> $1 AND NOT anonymous AND region_path >= scope.low AND region_path < scope.high
  AND ($4::boolean OR {STILL_OPEN})
ORDER BY complaint.id DESC LIMIT $5
"""


async def near_place(
    connection: "asyncpg.Connection",
    *,
    scope: Scope,
    place: Place,
    reach: float,
    closed_too: bool = False,
    other_than: UUID | None = None,
    limit: int,
) -> "list[asyncpg.Record]":
    """Complaints of the scope at most `reach` metres from a place, the nearest first, each with its `metres`."""
    statement = NEAR_EVER if closed_too else NEAR
    rows = await statement.all(connection, **near(place, reach), **scope.parameters, limit=limit + 1)
    return [row for row in rows if row["id"] != other_than][:limit]


async def of_same_reporter(
    connection: "asyncpg.Connection", *, scope: Scope, complaint_id: UUID, closed_too: bool = False, limit: int
) -> "list[asyncpg.Record]":
    """Other complaints of the scope by the account, telephone or household of one, the latest first."""
    rows: list[asyncpg.Record] = await connection.fetch(
        SAME_REPORTER, complaint_id, scope.lows, scope.highs, closed_too, limit
    )
    return rows


def place_of(row: "asyncpg.Record") -> Place | None:
    """Where a complaint is, as it was given."""
    return None if row["lat"] is None else Place(row["lat"], row["lon"], Crs(row["crs"]))
