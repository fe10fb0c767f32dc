"""Counts complaints for the hotline's statistics: of days, a scope, a project, a desk; grouped by whatever is asked for.

One statement. The complaints of the days come by an index; what each says of the measures is looked up by its own.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.hotline.statistics_rules import (
    Counted,
    Figure,
    Measure,
    Shown,
    chain,
    child,
    seen,
    summed,
    table,
    total,
)
from services.core.kit.calendar import end_of
from services.core.kit.errors import NotFound

if TYPE_CHECKING:
    import asyncpg


class By(StrEnum):
    """What to group by. `organisation`: that of the desk which leads, or led last; what was merged counts for its case."""

    REGION = "region"
    PROJECT = "project"
    ORGANISATION = "organisation"
    DESK = "desk"
    MONTH = "month"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Row:
    """A group as it was counted: None in what was not asked for, and where there is none."""

    region_path: str | None
    project_id: UUID | None
    desk_id: UUID | None
    organisation_id: UUID | None
    day: date | None


Key = str | UUID | None
"""Of a group: a region's path, an id, a month or a day."""


@dataclass(frozen=True, slots=True)
class Named:
    """A group's key, the key that it is told by, and its title."""

    key: Key
    told: str | None
    title: str | None


# $1, $2 from and until; $3, $4 the scope; $5 project, $6 desk; $7 what to group by.
COUNT = """
SELECT CASE WHEN 'region' = ANY ($7::text[]) THEN c.region_path END AS region_path,
       CASE WHEN 'project' = ANY ($7) THEN c.project_id END AS project_id,
       CASE WHEN 'desk' = ANY ($7) THEN a.desk_id END AS desk_id,
       CASE WHEN 'organisation' = ANY ($7) THEN a.organisation_id END AS organisation_id,
       CASE WHEN 'day' = ANY ($7) THEN (c.created_at AT TIME ZONE 'Asia/Shanghai')::date
            WHEN 'month' = ANY ($7) THEN date_trunc('month', c.created_at AT TIME ZONE 'Asia/Shanghai')::date END AS day,
       count(*) AS received,
       count(*) FILTER (WHERE c.state NOT IN ('withdrawn', 'rejected')) AS response_of,
       count(*) FILTER (WHERE c.state NOT IN ('withdrawn', 'rejected')
                          AND (c.answered_at IS NOT NULL OR c.reopened > 0)) AS response,
       coalesce(sum(t.decided), 0)::bigint AS on_time_of, coalesce(sum(t.in_time), 0)::bigint AS on_time,
       count(h.resolved) AS resolution_of, count(*) FILTER (WHERE h.resolved) AS resolution,
       count(h.satisfied) AS satisfaction_of, count(*) FILTER (WHERE h.satisfied) AS satisfaction
FROM complaint c
LEFT JOIN LATERAL (
  SELECT count(*) AS decided, count(*) FILTER (WHERE k.state = 'met' AND k.met_at < k.due_at) AS in_time
  FROM clock k WHERE k.subject_type = 'complaint' AND k.subject_id = c.id AND k.kind = 'reply' AND k.state IN ('met', 'missed')
) AS t ON true
LEFT JOIN LATERAL (
  SELECT heard.resolved, heard.satisfied FROM (
    SELECT r.round, 1 AS own, r.resolved, r.satisfied FROM complaint_rating r WHERE r.complaint_id = c.id
    UNION ALL
    SELECT b.round, 0, b.resolved, b.satisfied FROM call_back b WHERE b.complaint_id = c.id AND b.state = 'reached') AS heard
  ORDER BY heard.round DESC, heard.own DESC LIMIT 1) AS h ON true
LEFT JOIN LATERAL (
  SELECT l.desk_id, d.organisation_id FROM assignment l JOIN desk d ON d.id = l.desk_id
  WHERE l.complaint_id = coalesce(c.merged_into_id, c.id) AND l.part = 'lead' AND l.state <> 'refused'
    AND ($6::uuid IS NOT NULL OR $7 && ARRAY['desk', 'organisation'])
  ORDER BY l.id DESC LIMIT 1) AS a ON true
WHERE c.created_at >= $1 AND c.created_at < $2
  AND EXISTS (SELECT 1 FROM unnest($3::text[], $4::text[]) AS scope(low, high)
              WHERE c.region_path >= scope.low AND c.region_path < scope.high)
  AND ($5::uuid IS NULL OR c.project_id = $5) AND ($6 IS NULL OR a.desk_id = $6)
GROUP BY 1, 2, 3, 4, 5
"""
REGIONS = "SELECT path AS key, id::text AS told, name AS title FROM region WHERE path = ANY ($1::text[])"
PROJECTS = "SELECT id AS key, id::text AS told, title FROM project WHERE id = ANY ($1::uuid[])"
ORGANISATIONS = "SELECT id AS key, id::text AS told, name AS title FROM organisation WHERE id = ANY ($1::uuid[])"
DESKS = """
SELECT d.id AS key, d.id::text AS told, concat_ws(' ', o.name, d.title) AS title
FROM desk d LEFT JOIN organisation o ON o.id = d.organisation_id WHERE d.id = ANY ($1::uuid[])
"""
NAMES = {By.REGION: REGIONS, By.PROJECT: PROJECTS, By.ORGANISATION: ORGANISATIONS, By.DESK: DESKS}


async def count(
    driver: "asyncpg.Connection",
    *,
    first: date,
    last: date,
    lows: Sequence[str],
    highs: Sequence[str],
    project_id: UUID | None = None,
    desk_id: UUID | None = None,
    by: Iterable[By] = (),
) -> list[tuple[Row, Counted]]:
    """Complaints that came in from the first day to the last, both included (Asia/Shanghai), grouped by all of `by`."""
    since, until = end_of(first - timedelta(days=1)), end_of(last)
    rows = await driver.fetch(COUNT, since, until, lows, highs, project_id, desk_id, list(by))
    return [(_row(row), _counted(row)) for row in rows]


def _row(row: "asyncpg.Record") -> Row:
    return Row(row["region_path"], row["project_id"], row["desk_id"], row["organisation_id"], row["day"])


def _counted(row: "asyncpg.Record") -> Counted:
    return Counted(row["received"], {one: Figure(row[one.value], row[f"{one}_of"]) for one in Measure})


def grouped(rows: Iterable[tuple[Row, Counted]], by: By, *, above: str) -> dict[Key, Counted]:
    """Counts by what is asked for of what lies in `above`, a path, where rows tell their region; of regions, by its children."""

    def key(row: Row) -> Key:
        match by:
            case By.REGION:
                return child(row.region_path or "", above)
            case By.PROJECT:
                return row.project_id
            case By.ORGANISATION:
                return row.organisation_id
            case By.DESK:
                return row.desk_id
            case By.MONTH:
                return None if row.day is None else f"{row.day:%Y-%m}"
            case By.DAY:
                return None if row.day is None else row.day.isoformat()

    return summed((one for one in rows if (one[0].region_path or above).startswith(above)), key)


def shown_of(rows: Sequence[tuple[Row, Counted]], path: str) -> Shown:
    """What everybody may see of a region as a whole: what the tables of the regions above it show, from the top downwards."""
    shown = seen(total(counted for _row, counted in rows))
    steps = [*chain(path), path]
    for above, below in pairwise(steps):
        parts = grouped(rows, By.REGION, above=above)
        parts.setdefault(below, Counted())
        shown = table(parts, shown)[below]
    return shown


async def path_of(driver: "asyncpg.Connection", *, region_id: UUID) -> str:
    """The path of any region; NotFound for none."""
    path: str | None = await driver.fetchval("SELECT path FROM region WHERE id = $1", region_id)
    if path is None:
        raise NotFound
    return path


async def named(driver: "asyncpg.Connection", keys: Collection[Key], by: By) -> list[Named]:
    """Groups in their order (those of nothing last), with the key and the title that they are told by."""
    wanted = sorted((key for key in keys if key is not None), key=str)
    found = {}
    if by in NAMES:
        found = {row["key"]: (row["told"], row["title"]) for row in await driver.fetch(NAMES[by], wanted)}
    named = [Named(key, *found.get(key, (str(key), str(key)))) for key in wanted]
    return [*named, *(Named(None, None, None) for key in keys if key is None)]
