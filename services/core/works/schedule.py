"""Use cases of areas and of who works in them when: conflicts of place and time are shown, not refused (domain.md I6).

Phases and utilities' tasks book through `book`; whoever books checks times without works first (`blackouts.check`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.invalid import pointer_to
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.works import queries, rules
from services.core.works.errors import AreaExists, ScheduleInvalid, SiteStateWrong
from services.core.works.events import AreaAdded

if TYPE_CHECKING:
    from asyncpg import Record

ADD_AREA = """
INSERT INTO site_area (id, project_id, title, made_by, made_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (project_id, title) DO NOTHING RETURNING id
"""
AREA = "SELECT id, title, made_at FROM site_area WHERE project_id = $1 AND id = $2"
AREAS = "SELECT id, title, made_at FROM site_area WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3"
KNOWN = "SELECT id FROM site_area WHERE project_id = $1 AND id = ANY ($2::uuid[])"
CLEAR = "DELETE FROM area_booking WHERE subject_id = $1"
BOOK = """
INSERT INTO area_booking (area_id, subject_id, subject_type, project_id, title, starts_on, ends_on, digs)
SELECT area_id, $2, $3, $4, $5, $6, $7, $8 FROM unnest($1::uuid[]) AS area_id
"""
# Pairs of works in one area of a site ($1) that meet in time, or that both open the ground, one after the other. After a key ($2 to
# $4); of one subject ($6) or of all.
CONFLICTS = """
SELECT area.id AS area_id, area.title AS area_title,
       a.subject_type AS one_type, a.subject_id AS one_id, a.title AS one_title,
       a.starts_on AS one_starts_on, a.ends_on AS one_ends_on,
       b.subject_type AS other_type, b.subject_id AS other_id, b.title AS other_title,
       b.starts_on AS other_starts_on, b.ends_on AS other_ends_on,
       CASE WHEN a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on THEN 'same_time' ELSE 'dug_again' END AS kind,
       CASE WHEN a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on THEN greatest(a.starts_on, b.starts_on) END AS meets_from,
       CASE WHEN a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on THEN least(a.ends_on, b.ends_on) END AS meets_until
FROM area_booking a
JOIN area_booking b ON b.area_id = a.area_id AND b.subject_id > a.subject_id
JOIN site_area area ON area.id = a.area_id
WHERE a.project_id = $1 AND (a.area_id, a.subject_id, b.subject_id) > ($2, $3, $4)
  AND ((a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on) OR (a.digs AND b.digs))
  AND ($6::uuid IS NULL OR $6 IN (a.subject_id, b.subject_id))
ORDER BY a.area_id, a.subject_id, b.subject_id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, both days included; `digs`: the ground is opened; `machines`: with machines."""

    starts_on: date
    ends_on: date
    digs: bool = False
    machines: bool = True


async def add_area(uow: UnitOfWork, *, scope: Scope, project_id: UUID, title: str) -> UUID:
    """A part of the site by its name; its id. NotFound, SiteStateWrong once all is over, AreaExists."""
    site = await queries.held(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    area_id = new_id()
    if await uow.driver.fetchval(ADD_AREA, area_id, project_id, title, uow.actor.id, uow.now) is None:
        raise AreaExists
    uow.record(AreaAdded(area_id=area_id), subject="site", subject_id=project_id, region_path=site["region_path"])
    return area_id


async def book(
    uow: UnitOfWork,
    *,
    site: "Record",
    subject_type: str,
    subject_id: UUID,
    title: str,
    area_ids: Sequence[UUID],
    span: Span,
) -> None:
    """Where and when a phase or a task works, in place of what was booked for it before. The caller holds the site's row.

    ScheduleInvalid for an area of another site (`/area_ids/n`) and an end before the beginning (`/ends_on`).
    """
    project_id: UUID = site["project_id"]
    known = {row["id"] for row in await uow.driver.fetch(KNOWN, project_id, list(area_ids))}
    errors = [
        FieldError(pointer_to("area_ids", index), "现场没有这个部位", "is no area of the site")
        for index, area_id in enumerate(area_ids)
        if area_id not in known
    ]
    if span.ends_on < span.starts_on:
        errors.append(FieldError("/ends_on", "不得早于开始日期", "is before the beginning"))
    if errors:
        raise ScheduleInvalid(errors=errors)
    await clear(uow, subject_id=subject_id)
    areas = list(dict.fromkeys(area_ids))
    await uow.driver.execute(
        BOOK, areas, subject_id, subject_type, project_id, title, span.starts_on, span.ends_on, span.digs
    )


async def clear(uow: UnitOfWork, *, subject_id: UUID) -> None:
    """Nothing is booked for it any more."""
    await uow.driver.execute(CLEAR, subject_id)
