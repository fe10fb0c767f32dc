"""Use cases of a site: opened for a chosen project, its dates and risk grade, its way from preparing to hand-over.

Other parts of works move it through `move`; who is there is `parties`.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import queries as projects
from services.core.projects.rules import Stage
from services.core.works import queries, rules, terms
from services.core.works.errors import SiteExists, SiteInputInvalid, SiteStateWrong, SiteTooEarly
from services.core.works.events import SiteChanged, SiteMoved, SiteOpened
from services.core.works.rules import Action, State

if TYPE_CHECKING:
    from asyncpg import Record

OPEN = """
INSERT INTO site (project_id, region_path, state, risk, planned_start, planned_end, version, opened_by, opened_at)
VALUES ($1, $2, 'preparing', $3, $4, $5, 1, $6, $7)
ON CONFLICT (project_id) DO NOTHING RETURNING project_id
"""
CHANGE = "UPDATE site SET risk = $2, planned_start = $3, planned_end = $4, version = version + 1 WHERE project_id = $1"
MOVE = "UPDATE site SET state = $2, version = version + 1 WHERE project_id = $1"
WRITE_DOWN = """
INSERT INTO site_entry (id, project_id, action, state, risk, planned_start, planned_end, reason, document, by, at)
SELECT $1, project_id, $3, state, risk, planned_start, planned_end, $4, $5, $6, $7 FROM site WHERE project_id = $2
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """What may be edited of a site: its dates, both included, and its risk grade once it was graded."""

    planned_start: date
    planned_end: date
    risk: str | None = None


async def open_site(uow: UnitOfWork, *, scope: Scope, project_id: UUID, planned: Planned) -> None:
    """The works of a project in an annual plan are prepared from now on. NotFound, SiteTooEarly, SiteExists, SiteInputInvalid."""
    project = await projects.locked(uow.driver, scope=scope, project_id=project_id)
    if project["stage"] != Stage.PLANNED:
        raise SiteTooEarly(stage=project["stage"])
    await _check(uow, project, planned)
    path = project["region_path"]
    opened = await uow.driver.fetchval(
        OPEN, project_id, path, planned.risk, planned.planned_start, planned.planned_end, uow.actor.id, uow.now
    )
    if opened is None:
        raise SiteExists
    await _write_down(uow, project_id, Action.OPEN)
    uow.record(SiteOpened(), subject="site", subject_id=project_id, region_path=path)


async def change(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, version: int, planned: Planned, reason: str | None
) -> None:
    """New dates or another grade; once works have started, with a reason. NotFound, VersionStale, SiteStateWrong,
    SiteInputInvalid.
    """
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id, version=version)
    state = State(site["state"])
    if state in rules.OVER:
        raise SiteStateWrong(state=state)
    await _check(uow, site, planned)
    if reason is None and state not in rules.BEFORE_START:
        raise SiteInputInvalid.at("/reason", zh="开工后变更须说明理由", en="is needed once works have started")
    await uow.driver.execute(CHANGE, project_id, planned.risk, planned.planned_start, planned.planned_end)
    await _write_down(uow, project_id, Action.CHANGE, reason=reason)
    uow.record(SiteChanged(version=version + 1), subject="site", subject_id=project_id, region_path=site["region_path"])


async def act(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    version: int,
    action: Action,
    reason: str | None = None,
    document: str | None = None,
) -> State:
    """One step of the site's way as a person takes it; the state that it leads to. NotFound, VersionStale, and as of `move`."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id, version=version)
    return await move(uow, site=site, action=action, reason=reason, document=document)


async def move(
    uow: UnitOfWork, *, site: "Record", action: Action, reason: str | None = None, document: str | None = None
) -> State:
    """Moves a site whose row the caller holds (`queries.locked`); the new state. SiteStateWrong, SiteInputInvalid."""
    state = rules.after(action, State(site["state"]))
    if state is None:
        raise SiteStateWrong(state=site["state"])
    if reason is None and action in rules.EXPLAINED:
        raise SiteInputInvalid.at("/reason", zh="须说明理由", en="is needed")
    project_id: UUID = site["project_id"]
    await uow.driver.execute(MOVE, project_id, state)
    await _write_down(uow, project_id, action, reason=reason, document=document)
    uow.record(
        SiteMoved(action=action, state=state), subject="site", subject_id=project_id, region_path=site["region_path"]
    )
    return state


async def _write_down(
    uow: UnitOfWork, project_id: UUID, action: Action, *, reason: str | None = None, document: str | None = None
) -> None:
    await uow.driver.execute(WRITE_DOWN, new_id(), project_id, action, reason, document, uow.actor.id, uow.now)


async def _check(uow: UnitOfWork, under: "Record", planned: Planned) -> None:
    errors = []
    if planned.planned_end < planned.planned_start:
        errors.append(FieldError("/planned_end", "不得早于开工日期", "is before the start"))
    policy = await terms.of(uow.driver, under)
    grades = terms.GRADES if policy is None else policy.grades
    if planned.risk is not None and planned.risk not in grades:
        known = "、".join(grades), ", ".join(grades)
        errors.append(FieldError("/risk", f"政策的风险等级为：{known[0]}", f"is none of the grades {known[1]}"))
    if errors:
        raise SiteInputInvalid(errors=errors)
