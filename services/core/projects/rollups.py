"""Roll-ups of projects over the region tree (domain.md G2), kept ready for a leader's page.

One statement sums every region's subtree as it stands at one instant and writes only the rows that differ. A job repeats it every
five minutes: readers see sums that fit together, as old as `as_of` says, and no write of a project waits for a shared counter.

A compound's households and floor area are those that decisions read (facts.rules.effective): of the leading kind, adjudicated where
sources differ. A project of which a part is unknown or disputed counts as unknown, and is told, not guessed. A compound that
several projects hold is counted with one of them: their regions all contain it, so with that of the smallest region every region's
sum holds it once; then the newest. Dropped projects, which are never added to others, have an order of their own. Money is the plan
in force.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.facts.queries import decided, ends, leading
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects.errors import RollupTooLarge
from services.core.projects.jobs import RefreshRollups
from services.core.projects.rules import Stage
from services.core.projects.sums import Sums, add_up
from services.core.territory.models import Level

if TYPE_CHECKING:
    import asyncpg

# One refresh at a time: two would write the same rows.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('project.rollup', 0))"
# A nation's sums take some seconds and memory; a process that serves requests is allowed neither.
LIMITS = f"SET LOCAL work_mem = '64MB'; SET LOCAL statement_timeout = '{RefreshRollups.timeout_seconds}s'"


def _ends(key: str, name: str) -> str:
    """SQL: the ends of what sources say of `key`."""
    low, high = ends(f"f.key = '{key}'")
    return f"{low} AS {name}_low, {high} AS {name}_high"


def _settled(key: str, name: str) -> str:
    """SQL: the value between those ends: the one that they agree on, else the one that a person chose."""
    low, high = f"f.{name}_low", f"f.{name}_high"
    return f"""
         CASE WHEN substr({low}, 2) = substr({high}, 2) THEN substr({low}, 2)
              WHEN {low} IS NOT NULL THEN (
                SELECT {decided("torn")} FROM (SELECT f.subject_id, '{key}' AS key, {leading(low)} AS leading) AS torn)
         END::numeric AS {name}"""


SUMS = "projects, compounds, households, households_unknown, floor_area, floor_area_unknown, budget, without_plan, synthetic"

REFRESH = f"""
WITH RECURSIVE
figure AS (
  SELECT subject_id, {_ends("compound.households", "households")}, {_ends("compound.floor_area", "floor_area")}
  FROM fact f
  WHERE superseded_at IS NULL AND subject_type = 'compound' AND key IN ('compound.households', 'compound.floor_area')
  GROUP BY subject_id),
part AS (
  SELECT pc.project_id, f.households_low LIKE '3%' OR f.floor_area_low LIKE '3%' AS synthetic,
         row_number() OVER (PARTITION BY pc.compound_id, p.stage = 'dropped' ORDER BY p.region_path DESC, p.id DESC) = 1 AS counts,
         {_settled("compound.households", "households")}, {_settled("compound.floor_area", "floor_area")}
  FROM project_compound pc JOIN project p ON p.id = pc.project_id LEFT JOIN figure f ON f.subject_id = pc.compound_id),
compounds AS (
  SELECT project_id, count(*) FILTER (WHERE counts) AS compounds,
         CASE WHEN NOT bool_or(counts AND households IS NULL) THEN coalesce(sum(households) FILTER (WHERE counts), 0) END
           AS households,
         CASE WHEN NOT bool_or(counts AND floor_area IS NULL) THEN coalesce(sum(floor_area) FILTER (WHERE counts), 0) END
           AS floor_area,
         coalesce(bool_or(synthetic), false) AS synthetic
  FROM part GROUP BY project_id),
decided AS (
  SELECT DISTINCT ON (project_id) project_id, year FROM project_stage_entry WHERE year IS NOT NULL
  ORDER BY project_id, id DESC),
standing AS (
  SELECT p.region_id, p.stage, coalesce(d.year, 0) AS year, coalesce(c.compounds, 0) AS compounds,
         c.households, c.floor_area, v.budget, v.funding, coalesce(c.synthetic, false) OR coalesce(v.synthetic, false) AS synthetic
  FROM project p
  LEFT JOIN compounds c ON c.project_id = p.id
  LEFT JOIN plan_version v ON v.project_id = p.id AND v.number = p.plan_number
  LEFT JOIN decided d ON d.project_id = p.id),
leaf AS (
  SELECT region_id, stage, year, count(*) AS projects, sum(compounds) AS compounds,
         coalesce(sum(households), 0) AS households, count(*) FILTER (WHERE households IS NULL) AS households_unknown,
         coalesce(sum(floor_area), 0) AS floor_area, count(*) FILTER (WHERE floor_area IS NULL) AS floor_area_unknown,
         coalesce(sum(budget), 0) AS budget, count(*) FILTER (WHERE budget IS NULL) AS without_plan,
         count(*) FILTER (WHERE synthetic) AS synthetic
  FROM standing GROUP BY region_id, stage, year),
above AS (
  SELECT DISTINCT region_id AS leaf_id, region_id FROM leaf
  UNION ALL
  SELECT a.leaf_id, r.parent_id FROM above a JOIN region r ON r.id = a.region_id WHERE r.parent_id IS NOT NULL),
money AS (
  SELECT region_id, stage, year, jsonb_object_agg(source, amount::text) AS funding
  FROM (SELECT a.region_id, s.stage, s.year, s.source, sum(s.amount) AS amount
        FROM (SELECT region_id, stage, year, line ->> 'source' AS source, sum((line ->> 'amount')::numeric) AS amount
              FROM standing, jsonb_array_elements(funding) AS line GROUP BY region_id, stage, year, line ->> 'source') s
        JOIN above a ON a.leaf_id = s.region_id
        GROUP BY a.region_id, s.stage, s.year, s.source) by_source
  GROUP BY region_id, stage, year),
fresh AS (
  SELECT a.region_id, l.stage, l.year, sum(l.projects) AS projects, sum(l.compounds) AS compounds,
         sum(l.households) AS households, sum(l.households_unknown) AS households_unknown,
         sum(l.floor_area) AS floor_area, sum(l.floor_area_unknown) AS floor_area_unknown,
         sum(l.budget) AS budget, sum(l.without_plan) AS without_plan, sum(l.synthetic) AS synthetic
  FROM leaf l JOIN above a ON a.leaf_id = l.region_id
  GROUP BY a.region_id, l.stage, l.year),
gone AS (
  DELETE FROM project_rollup r
  WHERE NOT EXISTS (SELECT 1 FROM fresh f WHERE f.region_id = r.region_id AND f.stage = r.stage AND f.year = r.year)),
stamped AS (
  INSERT INTO project_rollup_state (id, as_of) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET as_of = excluded.as_of)
INSERT INTO project_rollup (region_id, stage, year, {SUMS}, funding)
SELECT region_id, stage, year, {SUMS}, coalesce(m.funding, '{{}}')
FROM fresh LEFT JOIN money m USING (region_id, stage, year)
EXCEPT SELECT region_id, stage, year, {SUMS}, funding FROM project_rollup
ON CONFLICT (region_id, stage, year) DO UPDATE
SET ({SUMS}, funding) = ROW (excluded.{SUMS.replace(", ", ", excluded.")}, excluded.funding)
"""


# The region ($1) as a whole, and a page ($5 after, $6 at most) of the regions of a level below it ($4, else the next), each with
# its rows of a stage ($2) and year ($3). One statement, so that sums and `as_of` are of one refresh. $7 and $8: the ranges of paths
# where the caller may read. OFFSET 0 keeps each region's rows a walk of the index: the planner would read the whole table twice.
READ = """
WITH place AS (
  SELECT r.id, r.path,
         coalesce($4, CASE r.level WHEN 'nation' THEN 'province' WHEN 'province' THEN 'city' WHEN 'city' THEN 'county'
                      ELSE 'street' END) AS level_below
  FROM region r
  WHERE r.id = $1 AND EXISTS (SELECT 1 FROM unnest($7::text[], $8::text[]) AS scope(low, high)
                              WHERE r.path >= scope.low AND r.path < scope.high)),
below AS (
  SELECT r.id, r.path FROM region r JOIN place ON r.path > place.path AND r.path < left(place.path, -1) || '/'
  WHERE r.level = place.level_below
    AND (r.valid_to IS NULL OR EXISTS (SELECT 1 FROM project_rollup o WHERE o.region_id = r.id))),
shown AS (
  SELECT id, true AS whole FROM place
  UNION ALL (SELECT id, false FROM below WHERE path > $5 ORDER BY path LIMIT $6))
SELECT s.whole, g.id, g.code, g.name, g.level, g.path, r.stage, r.projects, r.compounds, r.households,
       r.households_unknown, r.floor_area, r.floor_area_unknown, r.budget, r.without_plan, r.synthetic, r.funding,
       (SELECT as_of FROM project_rollup_state) AS as_of, (SELECT level_below FROM place) AS level_below,
       (SELECT coalesce(sum(o.projects), 0)::int FROM below CROSS JOIN LATERAL (
          SELECT o.projects FROM project_rollup o
          WHERE o.region_id = below.id AND (o.stage = $2 OR $2::text IS NULL AND o.stage <> 'dropped')
            AND ($3::int IS NULL OR o.year = $3) OFFSET 0) o) AS inside
FROM shown s JOIN region g ON g.id = s.id
LEFT JOIN LATERAL (
  SELECT * FROM project_rollup o
  WHERE o.region_id = s.id AND ($2::text IS NULL OR o.stage = $2) AND ($3::int IS NULL OR o.year = $3) OFFSET 0) r ON true
ORDER BY s.whole DESC, g.path, r.stage, r.year
"""


MOST_REGIONS = 5_000  # of one answer; a nation has some 3,000 counties


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sums: of a region, by the regions of `group` (else the next level) below it, of one stage and one year's decisions
    where given.
    """

    region_id: UUID
    group: Level | None
    stage: Stage | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """One region and its sums."""

    id: UUID
    code: str | None
    name: str
    level: str
    path: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Rollup:
    """A region's sums and those of regions below it. `elsewhere`: projects of the region that lie in none of them."""

    as_of: datetime | None
    group: Level
    whole: Place
    parts: list[Place]
    elsewhere: int


async def read(driver: "asyncpg.Connection", *, scope: Scope, wanted: Wanted, after_path: str, limit: int) -> Rollup:
    """The sums of a region inside the scope (NotFound otherwise), and of up to `limit` regions below it, by path."""
    return _added_up(await _rows(driver, scope=scope, wanted=wanted, after_path=after_path, limit=limit), wanted)


async def read_all(driver: "asyncpg.Connection", *, scope: Scope, wanted: Wanted) -> Rollup:
    """The same with every region below it, added up beside the event loop. RollupTooLarge for more than `MOST_REGIONS`."""
    rows = await _rows(driver, scope=scope, wanted=wanted, after_path="", limit=MOST_REGIONS + 1)
    found = await asyncio.to_thread(_added_up, rows, wanted)
    if len(found.parts) > MOST_REGIONS:
        raise RollupTooLarge.at(
            "/region",
            zh=f"下级区域超过 {MOST_REGIONS} 个，请选择较小的区域或较高的层级",
            en=f"has more than {MOST_REGIONS} regions of that level; ask for a smaller region or a higher level",
        )
    return found


async def _rows(
    driver: "asyncpg.Connection", *, scope: Scope, wanted: Wanted, after_path: str, limit: int
) -> "list[asyncpg.Record]":
    rows: list[asyncpg.Record] = await driver.fetch(
        READ,
        wanted.region_id,
        wanted.stage,
        wanted.year,
        wanted.group,
        after_path,
        limit,
        scope.lows,
        scope.highs,
    )
    if not rows:
        raise NotFound
    return rows


def _added_up(rows: "list[asyncpg.Record]", wanted: Wanted) -> Rollup:
    asked_for_dropped = wanted.stage is Stage.DROPPED
    whole, *parts = [
        Place(
            first["id"], first["code"], first["name"], first["level"], first["path"], add_up(group, asked_for_dropped)
        )
        for first, group in _by_region(rows)
    ]
    return Rollup(
        rows[0]["as_of"], Level(rows[0]["level_below"]), whole, parts, whole.sums.projects - rows[0]["inside"]
    )


def _by_region(rows: "list[asyncpg.Record]") -> "list[tuple[asyncpg.Record, list[asyncpg.Record]]]":
    grouped = [list(group) for _, group in groupby(rows, key=itemgetter("id"))]
    return [(group[0], [row for row in group if row["stage"] is not None]) for group in grouped]


async def refresh(uow: UnitOfWork) -> None:
    """Brings every roll-up up to now. Everything committed before `uow.now` is in it."""
    await uow.driver.execute(LOCK)
    await uow.driver.execute(LIMITS)
    await uow.driver.execute(REFRESH, uow.now)
