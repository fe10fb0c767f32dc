"""Use cases of utilities' tasks: told of a site before works, each confirms what it will do there and plans it (domain.md I6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.clocks import service as clocks
from services.core.identity.access import Permission, Principal, SiteRole
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy.works import promised
from services.core.works import blackouts, queries, rules, schedule, terms
from services.core.works.errors import OrganisationLeft, ScheduleInvalid, SiteStateWrong, UtilityStateWrong
from services.core.works.events import UtilityMoved, UtilityTold
from services.core.works.rules import UtilityAction, UtilityKind, UtilityState
from services.core.works.schedule import Span

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

TASK, ANSWER = "utility_task", "utility_answer"
"""The subject of clocks and bookings; the clock."""

TELL = """
INSERT INTO utility_task (id, project_id, site_organisation_id, kind, title, state, digs, machines, version, told_by, told_at)
VALUES ($1, $2, $3, $4, $5, 'told', false, false, 1, $6, $7)
"""
MOVE = """
UPDATE utility_task SET state = $2, starts_on = $3, ends_on = $4, digs = $5, machines = $6, version = version + 1 WHERE id = $1
"""
WRITE_DOWN = """
INSERT INTO utility_entry (id, task_id, action, state, starts_on, ends_on, digs, machines, area_ids, note, document, by, at)
SELECT $1, id, $3, state, starts_on, ends_on, digs, machines, to_jsonb($4::uuid[]), $5, $6, $7, $8 FROM utility_task WHERE id = $2
"""
_SHOWN = """
SELECT t.id, t.project_id, t.site_organisation_id, s.organisation_id, o.name AS organisation_name, t.kind, t.title, t.state,
       t.starts_on, t.ends_on, t.digs, t.machines, t.version, t.told_at, c.due_at, c.provisional,
       ARRAY(SELECT area_id FROM area_booking WHERE subject_id = t.id ORDER BY area_id) AS area_ids
FROM utility_task t
JOIN site ON site.project_id = t.project_id
JOIN site_organisation s ON s.id = t.site_organisation_id
JOIN organisation o ON o.id = s.organisation_id
LEFT JOIN LATERAL (
  SELECT due_at, provisional FROM clock WHERE subject_type = 'utility_task' AND subject_id = t.id
  ORDER BY id DESC LIMIT 1) c ON true
"""
ONE = f"{_SHOWN} WHERE t.project_id = $1 AND t.id = $2"
# Tasks that a scope ($1 to $3: lows, highs, projects) sees, after an id ($4); of one site ($6), organisation ($7), state, kind.
PAGE = f"""
{_SHOWN}
WHERE (site.project_id = ANY ($3::uuid[]) OR EXISTS (
         SELECT FROM unnest($1::text[], $2::text[]) AS scope(low, high)
         WHERE site.region_path >= scope.low AND site.region_path < scope.high))
  AND t.id > $4 AND ($6::uuid IS NULL OR t.project_id = $6) AND ($7::uuid IS NULL OR s.organisation_id = $7)
  AND ($8::text IS NULL OR t.state = $8) AND ($9::text IS NULL OR t.kind = $9)
ORDER BY t.id LIMIT $5
"""
ENTRIES = """
SELECT id, action, state, starts_on, ends_on, digs, machines, area_ids, note, document, by, at FROM utility_entry
WHERE task_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""


async def tell(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, site_organisation_id: UUID, kind: UtilityKind, title: str
) -> UUID:
    """A utility on the site is told of it and asked what it will do; the task's id. Its time runs by the policy.

    NotFound, SiteStateWrong once works have ended, OrganisationLeft, ScheduleInvalid for who is no utility there.
    """
    site = await queries.held(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    utility = await queries.organisation_on_site(
        uow.driver, project_id=project_id, site_organisation_id=site_organisation_id
    )
    if utility["left_at"] is not None:
        raise OrganisationLeft
    if utility["role"] != SiteRole.UTILITY:
        raise ScheduleInvalid.at("/site_organisation_id", zh="不是专营单位", en="is no utility on this site")
    task_id = new_id()
    await uow.driver.execute(TELL, task_id, project_id, site_organisation_id, kind, title, uow.actor.id, uow.now)
    await _write_down(uow, task_id, UtilityAction.TELL)
    policy = await terms.of(uow.driver, site)
    if policy is not None and policy.works.utilities is not None:
        await clocks.start(
            uow,
            subject_type=TASK,
            subject_id=task_id,
            region_path=site["region_path"],
            kind=ANSWER,
            terms=promised(policy.works.utilities.answer),
            policy_version_id=policy.version_id,
        )
    uow.record(
        UtilityTold(project_id=project_id, organisation_id=utility["organisation_id"]),
        subject=TASK,
        subject_id=task_id,
        region_path=site["region_path"],
    )
    return task_id


async def plan(
    uow: UnitOfWork,
    *,
    by: Principal,
    project_id: UUID,
    task_id: UUID,
    version: int,
    span: Span,
    area_ids: Sequence[UUID],
    note: str | None,
    document: str | None,
) -> None:
    """The utility says where and when it works, in place of what it said before. Conflicts with others are shown, not refused.

    NotFound, also for another utility's task; VersionStale; UtilityStateWrong; ScheduleInvalid; ScheduleInBlackout.
    """
    site, task = await _own(uow, by, project_id, task_id, version)
    state = _after(UtilityAction.PLAN, task)
    await schedule.book(
        uow, site=site, subject_type=TASK, subject_id=task_id, title=task["title"], area_ids=area_ids, span=span
    )
    await blackouts.check(uow, region_path=site["region_path"], span=span)
    await uow.driver.execute(MOVE, task_id, state, span.starts_on, span.ends_on, span.digs, span.machines)
    await _write_down(uow, task_id, UtilityAction.PLAN, area_ids=area_ids, note=note, document=document)
    await clocks.meet(uow, subject_type=TASK, subject_id=task_id, kind=ANSWER)
    _tell(uow, site, task_id, UtilityAction.PLAN, state)


async def act(
    uow: UnitOfWork,
    *,
    by: Principal,
    project_id: UUID,
    task_id: UUID,
    version: int,
    action: UtilityAction,
    note: str | None,
    document: str | None = None,
) -> None:
    """The utility has nothing to do there (`nothing`), or has done what it planned (`done`). Refusals as of `plan`."""
    site, task = await _own(uow, by, project_id, task_id, version)
    await _move(uow, site, task, action, note=note, document=document)


async def withdraw(uow: UnitOfWork, *, scope: Scope, project_id: UUID, task_id: UUID, version: int, note: str) -> None:
    """It is asked no more. NotFound, VersionStale, UtilityStateWrong."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    task = await _at(uow, project_id, task_id, version)
    await _move(uow, site, task, UtilityAction.WITHDRAW, note=note)


async def task_of(driver: "asyncpg.Connection", *, project_id: UUID, task_id: UUID) -> "Record":
    """A task of a site that the caller may see; NotFound otherwise."""
    row = await driver.fetchrow(ONE, project_id, task_id)
    if row is None:
        raise NotFound
    return row


async def _move(
    uow: UnitOfWork,
    site: "Record",
    task: "Record",
    action: UtilityAction,
    *,
    note: str | None,
    document: str | None = None,
) -> None:
    state, task_id = _after(action, task), task["id"]
    if state is UtilityState.DONE:
        await uow.driver.execute(
            MOVE, task_id, state, task["starts_on"], task["ends_on"], task["digs"], task["machines"]
        )
    else:
        await schedule.clear(uow, subject_id=task_id)
        await uow.driver.execute(MOVE, task_id, state, None, None, False, False)
    await _write_down(uow, task_id, action, area_ids=task["area_ids"], note=note, document=document)
    if state is UtilityState.WITHDRAWN:
        await clocks.cancel(uow, subject_type=TASK, subject_id=task_id, kind=ANSWER)
    else:
        await clocks.meet(uow, subject_type=TASK, subject_id=task_id, kind=ANSWER)
    _tell(uow, site, task_id, action, state)


async def _own(
    uow: UnitOfWork, by: Principal, project_id: UUID, task_id: UUID, version: int
) -> "tuple[Record, Record]":
    """The site, held, and the task, if it is of an organisation that he acts for."""
    site = await queries.locked(uow.driver, scope=by.scope(Permission.UTILITY_PLAN), project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    own = by.acts_for(Permission.UTILITY_PLAN, project_id=project_id, region_path=site["region_path"])
    task = await task_of(uow.driver, project_id=project_id, task_id=task_id)
    if own is not None and task["organisation_id"] not in own:
        raise NotFound
    if task["version"] != version:
        raise VersionStale
    return site, task


async def _at(uow: UnitOfWork, project_id: UUID, task_id: UUID, version: int) -> "Record":
    task = await task_of(uow.driver, project_id=project_id, task_id=task_id)
    if task["version"] != version:
        raise VersionStale
    return task


def _after(action: UtilityAction, task: "Record") -> UtilityState:
    state = rules.UTILITY_MOVES.get((action, UtilityState(task["state"])))
    if state is None:
        raise UtilityStateWrong(state=task["state"])
    return state


async def _write_down(
    uow: UnitOfWork,
    task_id: UUID,
    action: UtilityAction,
    *,
    area_ids: Sequence[UUID] = (),
    note: str | None = None,
    document: str | None = None,
) -> None:
    await uow.driver.execute(
        WRITE_DOWN, new_id(), task_id, action, list(area_ids), note, document, uow.actor.id, uow.now
    )


def _tell(uow: UnitOfWork, site: "Record", task_id: UUID, action: UtilityAction, state: UtilityState) -> None:
    uow.record(
        UtilityMoved(project_id=site["project_id"], action=action, state=state),
        subject=TASK,
        subject_id=task_id,
        region_path=site["region_path"],
    )
