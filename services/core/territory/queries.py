"""Reads of territory: regions, compounds, reports."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Integer, String, Uuid, bindparam, func, or_, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.territory.errors import CompoundClosed
from services.core.territory.models import (
    Compound,
    Drawing,
    Facility,
    RebuildComparison,
    Region,
    RegionChange,
    Report,
    ReportLine,
    ReportTotal,
)

if TYPE_CHECKING:
    import asyncpg

TEXT, ID, COUNT = String(), Uuid(), Integer()


def _unless_null(name: str, kind: String | Uuid[UUID], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition`, where the parameter `name` is given."""
    return or_(bindparam(name, type_=kind).is_(None), condition)


REGION_COLUMNS = (
    Region.id,
    Region.code,
    Region.name,
    Region.level,
    Region.parent_id,
    Region.path,
    Region.valid_from,
    Region.valid_to,
    Region.source,
    Region.source_date,
    Region.version,
)
REGION = Statement(select(*REGION_COLUMNS).where(Region.id == bindparam("region_id"), in_scope(Region.path)))
# Whoever puts something into a region holds its key, so that nobody abolishes it meanwhile.
REGION_HELD = Statement(
    select(*REGION_COLUMNS)
    .where(Region.id == bindparam("region_id"), in_scope(Region.path))
    .with_for_update(read=True, key_share=True)
)
REGIONS_LOCKED = Statement(
    select(*REGION_COLUMNS)
    .where(Region.id == func.any(bindparam("region_ids", type_=ARRAY(ID))), in_scope(Region.path))
    .order_by(Region.id)
    .with_for_update()
)
CHANGES = Statement(
    select(
        RegionChange.act,
        RegionChange.effective_on,
        RegionChange.old_code,
        RegionChange.new_code,
        RegionChange.old_name,
        RegionChange.new_name,
        RegionChange.successor_id,
        RegionChange.document,
        RegionChange.decided_at,
    )
    .where(RegionChange.region_id == bindparam("region_id"))
    .order_by(RegionChange.effective_on)
)

# Regions without a code come after those with one ("~" sorts behind every digit).
FORMER_CODE = (
    select(func.max(RegionChange.old_code))
    .where(RegionChange.region_id == Region.id, func.starts_with(RegionChange.old_code, bindparam("q", type_=TEXT)))
    .scalar_subquery()
    .label("former_code")
)
CODE_KEY = func.coalesce(Region.code, "~").label("code_key")
REGIONS = Statement(
    select(*REGION_COLUMNS, CODE_KEY, FORMER_CODE)
    .where(
        in_scope(Region.path),
        or_(bindparam("abolished", type_=Boolean()), Region.valid_to.is_(None)),
        _unless_null("parent_id", ID, Region.parent_id == bindparam("parent_id", type_=ID)),
        _unless_null("level", TEXT, Region.level == bindparam("level", type_=TEXT)),
        _unless_null(
            "q",
            TEXT,
            or_(
                func.strpos(func.lower(Region.name), func.lower(bindparam("q", type_=TEXT))) > 0,
                func.starts_with(Region.code, bindparam("q", type_=TEXT)),
                Region.id.in_(
                    select(RegionChange.region_id).where(
                        func.starts_with(RegionChange.old_code, bindparam("q", type_=TEXT))
                    )
                ),
            ),
        ),
        or_(~bindparam("tops", type_=Boolean()), Region.path == func.any(bindparam("top_paths", type_=ARRAY(TEXT)))),
        tuple_(CODE_KEY.element, Region.path)
        > tuple_(bindparam("after_code", type_=TEXT), bindparam("after_path", type_=TEXT)),
    )
    .order_by(CODE_KEY.element, Region.path)
    .limit(bindparam("limit", type_=COUNT))
)

# A region with all above it, itself last. By parents, not by path: seven rows at most, each by its key.
UPWARDS = """
WITH RECURSIVE up AS (
  SELECT id, parent_id, code, name, level, path FROM region WHERE id = $1
  UNION ALL
  SELECT r.id, r.parent_id, r.code, r.name, r.level, r.path FROM region r JOIN up ON r.id = up.parent_id)
SELECT id, code, name, level FROM up ORDER BY length(path)
"""

COMPOUND_COLUMNS = (
    Compound.id,
    Compound.no,
    Compound.name,
    Compound.address,
    Compound.region_id,
    Region.name.label("region_name"),
    Compound.region_path,
    Compound.version,
    Compound.created_at,
    Compound.closed_at,
)
COMPOUND = Statement(
    select(*COMPOUND_COLUMNS)
    .join(Region, Region.id == Compound.region_id)
    .where(Compound.id == bindparam("compound_id"), in_scope(Compound.region_path))
)
# `low` and `high` bound all ranges of the scope: they drive the index, in_scope filters what lies between. One lower bound, not
# two: given a range and a key to go on after, an index scan begins at whichever it is told first, which for a street would be the
# first compound of the nation.
COMPOUNDS = Statement(
    select(*COMPOUND_COLUMNS)
    .join(Region, Region.id == Compound.region_id)
    .where(
        tuple_(Compound.region_path, Compound.no)
        > tuple_(
            func.greatest(bindparam("low", type_=TEXT), bindparam("after_path", type_=TEXT).collate("C"), type_=TEXT),
            bindparam("after_no", type_=TEXT),
        ),
        Compound.region_path < bindparam("high", type_=TEXT),
        in_scope(Compound.region_path),
        or_(bindparam("closed", type_=Boolean()), Compound.closed_at.is_(None)),
        _unless_null(
            "q",
            TEXT,
            or_(
                func.strpos(Compound.name, bindparam("q", type_=TEXT)) > 0,
                func.starts_with(Compound.no, bindparam("q", type_=TEXT)),
            ),
        ),
    )
    .order_by(Compound.region_path, Compound.no)
    .limit(bindparam("limit", type_=COUNT))
)

# The whole row: who states a figure about a compound holds its key, and so does who refers to it.
LOCKED = """
SELECT id, no, region_id, region_path, version, closed_at FROM compound
WHERE id = ANY ($1::uuid[]) AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                                        WHERE region_path >= scope.low AND region_path < scope.high)
ORDER BY id FOR UPDATE
"""
# Only its being there and open: many may hold this at once, and whoever closes it waits for them.
STANDING = """
SELECT id, region_path, closed_at FROM compound
WHERE id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                          WHERE region_path >= scope.low AND region_path < scope.high)
FOR KEY SHARE
"""
CLOSED = "SELECT id FROM compound WHERE id = ANY ($1::uuid[]) AND closed_at IS NOT NULL"

# What a compound came from and what it became, each with the decision; a closed one may stand on both sides.
DESCENT = """
SELECT d.successor_id = $1 AS is_predecessor, c.id, c.no, c.name, r.kind, r.document, r.reason, r.decided_at
FROM compound_descent d
JOIN compound c ON c.id = CASE WHEN d.successor_id = $1 THEN d.predecessor_id ELSE d.successor_id END
JOIN reshaping r ON r.id = d.reshaping_id
WHERE d.successor_id = $1 OR d.predecessor_id = $1
ORDER BY c.no
"""

# Tables of a domain above: asked by name, since the compound's row decides whether it may leave a project's region.
IN_PROJECT_OUTSIDE = """
SELECT EXISTS (SELECT 1 FROM project_compound c JOIN project p ON p.id = c.project_id
               WHERE c.compound_id = $1 AND p.stage <> 'dropped' AND NOT starts_with($2, p.region_path))
"""

FACILITY_COLUMNS = (
    Facility.id,
    Facility.name,
    Facility.area,
    Facility.category,
    Facility.tier,
    Facility.condition,
    Facility.severity,
    Facility.improvement,
    Facility.observed_on,
    Facility.source,
    Facility.document,
    Facility.recorded_at,
)
FACILITIES = Statement(
    select(*FACILITY_COLUMNS)
    .where(Facility.compound_id == bindparam("compound_id"), Facility.superseded_at.is_(None))
    .order_by(Facility.area, Facility.name)
)
FACILITIES_EVER = Statement(
    select(*FACILITY_COLUMNS, Facility.superseded_at)
    .where(Facility.compound_id == bindparam("compound_id"), Facility.id > bindparam("after", type_=ID))
    .order_by(Facility.id)
    .limit(bindparam("limit", type_=COUNT))
)

DRAWING_COLUMNS = (
    Drawing.id,
    Drawing.kind,
    Drawing.state,
    Drawing.archive_place,
    Drawing.source,
    Drawing.document,
    Drawing.recorded_at,
)
DRAWINGS = Statement(
    select(*DRAWING_COLUMNS)
    .where(Drawing.compound_id == bindparam("compound_id"), Drawing.superseded_at.is_(None))
    .order_by(Drawing.kind)
)
DRAWINGS_EVER = Statement(
    select(*DRAWING_COLUMNS, Drawing.superseded_at)
    .where(Drawing.compound_id == bindparam("compound_id"), Drawing.id > bindparam("after", type_=ID))
    .order_by(Drawing.id)
    .limit(bindparam("limit", type_=COUNT))
)

COMPARISONS = Statement(
    select(
        RebuildComparison.id,
        RebuildComparison.renovate_cost,
        RebuildComparison.rebuild_cost,
        RebuildComparison.floor_area,
        RebuildComparison.close_share,
        RebuildComparison.policy_digest,
        RebuildComparison.appraisal_grade,
        RebuildComparison.remaining_years,
        RebuildComparison.conclusion,
        RebuildComparison.assessed_on,
        RebuildComparison.source,
        RebuildComparison.document,
        RebuildComparison.recorded_at,
    )
    .where(
        RebuildComparison.compound_id == bindparam("compound_id"), RebuildComparison.id > bindparam("after", type_=ID)
    )
    .order_by(RebuildComparison.id)
    .limit(bindparam("limit", type_=COUNT))
)

REPORT_COLUMNS = (
    Report.id,
    Report.region_id,
    Region.name.label("region_name"),
    Report.region_path,
    Report.title,
    Report.source,
    Report.as_of,
    Report.filed_at,
)
REPORT = Statement(
    select(*REPORT_COLUMNS)
    .join(Region, Region.id == Report.region_id)
    .where(Report.id == bindparam("report_id"), in_scope(Report.region_path))
)
REPORTS = Statement(
    select(*REPORT_COLUMNS)
    .join(Region, Region.id == Report.region_id)
    .where(
        in_scope(Report.region_path),
        tuple_(Report.region_path, Report.id)
        > tuple_(bindparam("after_path", type_=TEXT), bindparam("after_id", type_=ID)),
    )
    .order_by(Report.region_path, Report.id)
    .limit(bindparam("limit", type_=COUNT))
)
LINES = Statement(
    select(
        ReportLine.id,
        ReportLine.position,
        ReportLine.group,
        ReportLine.label,
        ReportLine.counts_as,
        ReportLine.figures,
        ReportLine.note,
        ReportLine.compound_id,
        ReportLine.reason,
        ReportLine.resolved_at,
    )
    .where(ReportLine.report_id == bindparam("report_id"))
    .order_by(ReportLine.position)
)
TOTALS = Statement(
    select(ReportTotal.id, ReportTotal.group, ReportTotal.key, ReportTotal.value)
    .where(ReportTotal.report_id == bindparam("report_id"))
    .order_by(ReportTotal.position)
)


async def region_in(driver: "asyncpg.Connection", *, region_id: UUID, scope: Scope) -> "asyncpg.Record":
    """A region inside the scope; NotFound otherwise."""
    region = await REGION.first(driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise NotFound
    return region


async def region_held(driver: "asyncpg.Connection", *, region_id: UUID, scope: Scope) -> "asyncpg.Record":
    """A region inside the scope that nobody abolishes before the transaction ends; NotFound otherwise."""
    region = await REGION_HELD.first(driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise NotFound
    return region


async def compound_in(driver: "asyncpg.Connection", *, compound_id: UUID, scope: Scope) -> "asyncpg.Record":
    """A compound inside the scope; NotFound otherwise."""
    compound = await COMPOUND.first(driver, compound_id=compound_id, **scope.parameters)
    if compound is None:
        raise NotFound
    return compound


async def locked(
    driver: "asyncpg.Connection", *, scope: Scope, compound_id: UUID, version: int | None = None
) -> "asyncpg.Record":
    """An open compound inside the scope, its row locked until the transaction ends.

    NotFound outside the scope; CompoundClosed; VersionStale when a version is given and the compound has another.
    """
    (compound,) = await locked_all(driver, scope=scope, compound_ids=[compound_id])
    if version is not None and compound["version"] != version:
        raise VersionStale
    return compound


async def locked_all(
    driver: "asyncpg.Connection", *, scope: Scope, compound_ids: Sequence[UUID]
) -> "list[asyncpg.Record]":
    """Open compounds inside the scope, their rows locked in one order; NotFound unless all are there, CompoundClosed."""
    found = await driver.fetch(LOCKED, list(compound_ids), scope.lows, scope.highs)
    if len(found) < len(set(compound_ids)):
        raise NotFound
    if any(compound["closed_at"] is not None for compound in found):
        raise CompoundClosed
    return list(found)


async def standing(driver: "asyncpg.Connection", *, scope: Scope, compound_id: UUID) -> "asyncpg.Record":
    """An open compound inside the scope that nobody closes before the transaction ends; NotFound, CompoundClosed."""
    compound = await driver.fetchrow(STANDING, compound_id, scope.lows, scope.highs)
    if compound is None:
        raise NotFound
    if compound["closed_at"] is not None:
        raise CompoundClosed
    return compound


async def narrowed(driver: "asyncpg.Connection", *, region_id: UUID | None, scope: Scope) -> Scope:
    """The scope, or the part of it that is one region's subtree; NotFound when that region lies outside."""
    if region_id is None:
        return scope
    region = await region_in(driver, region_id=region_id, scope=scope)
    return scope.within(region["path"])


def bounds(scope: Scope) -> dict[str, str]:
    """The one range of paths that holds every range of the scope, for `low` and `high`."""
    return {"low": min(scope.lows, default=""), "high": max(scope.highs, default="")}
