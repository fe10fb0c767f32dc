"""Routes of utilities' tasks: translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.api.works.router import by_id, listed
from services.api.works.schedule_schemas import (
    UtilityEntryOut,
    UtilityEntryPage,
    UtilityNoteIn,
    UtilityPlanIn,
    UtilityTaskIn,
    UtilityTaskOut,
    UtilityTaskPage,
    UtilityTaskQuery,
    UtilityWhyIn,
)
from services.core.identity.access import Permission
from services.core.works import queries, utilities
from services.core.works.rules import UtilityAction

router = APIRouter(prefix="/v1", tags=["works"])
NONE = UUID(int=0)
TASK = "/projects/{project_id}/utility-tasks/{utility_task_id}"

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Writing = Annotated[Access, requires(Permission.SITE_WRITE)]
Planning = Annotated[Access, requires(Permission.UTILITY_PLAN)]


@router.get("/utility-tasks", response_model=UtilityTaskPage)
async def list_tasks(
    access: Reading, reader: Reader, page: Page, query: Annotated[UtilityTaskQuery, Query()]
) -> Response:
    """What utilities are asked on the sites that the caller sees."""
    (after,) = page.after((UUID,)) or (NONE,)
    scope = access.scope
    rows = await reader.fetch(
        utilities.PAGE,
        scope.lows,
        scope.highs,
        list(scope.projects),
        after,
        page.limit + 1,
        query.project_id,
        query.organisation_id,
        query.state,
        query.kind,
    )
    return page.answer(listed(UtilityTaskOut, rows), by_id)


@router.post("/projects/{project_id}/utility-tasks", status_code=201, response_model=UtilityTaskOut)
async def tell_utility(access: Writing, uow: Uow, project_id: UUID, body: UtilityTaskIn) -> Response:
    """A utility on the site is told and asked what it will do there; its time runs from now."""
    made = await utilities.tell(uow, scope=access.scope, project_id=project_id, **body.model_dump())
    return await _answer(uow, project_id, made, 201)


@router.get(TASK, response_model=UtilityTaskOut)
async def get_task(access: Reading, reader: Reader, project_id: UUID, utility_task_id: UUID) -> Response:
    """One task with its plan."""
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    row = await utilities.task_of(reader, project_id=project_id, task_id=utility_task_id)
    content = UtilityTaskOut.model_validate(dict(row)).model_dump_json()
    return Response(content, headers={"ETag": etag(row["version"])}, media_type="application/json")


@router.get(f"{TASK}/entries", response_model=UtilityEntryPage)
async def list_entries(
    access: Reading,
    reader: Reader,
    page: Page,
    project_id: UUID,
    utility_task_id: UUID,
    _query: Annotated[PageOnly, Query()],
) -> Response:
    """The task's way so far, with every earlier plan."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    await utilities.task_of(reader, project_id=project_id, task_id=utility_task_id)
    rows = await reader.fetch(utilities.ENTRIES, utility_task_id, after, page.limit + 1)
    return page.answer(listed(UtilityEntryOut, rows), by_id)


@router.post(f"{TASK}/plan", response_model=UtilityTaskOut)
async def plan_task(
    access: Planning, uow: Uow, project_id: UUID, utility_task_id: UUID, version: IfMatch, body: UtilityPlanIn
) -> Response:
    """The utility says where and when it works; days of rest are refused, conflicts with others shown."""
    await utilities.plan(
        uow,
        by=access.principal,
        project_id=project_id,
        task_id=utility_task_id,
        version=version,
        span=body.span(),
        area_ids=body.area_ids,
        note=body.note,
        document=body.document,
    )
    return await _answer(uow, project_id, utility_task_id, 200)


@router.post(f"{TASK}/nothing", response_model=UtilityTaskOut)
async def nothing_to_do(
    access: Planning, uow: Uow, project_id: UUID, utility_task_id: UUID, version: IfMatch, body: UtilityNoteIn
) -> Response:
    """The utility confirms that it has nothing to do there."""
    return await _act(access, uow, project_id, utility_task_id, version, UtilityAction.NOTHING, body)


@router.post(f"{TASK}/done", response_model=UtilityTaskOut)
async def task_done(
    access: Planning, uow: Uow, project_id: UUID, utility_task_id: UUID, version: IfMatch, body: UtilityNoteIn
) -> Response:
    """The utility has done what it planned."""
    return await _act(access, uow, project_id, utility_task_id, version, UtilityAction.DONE, body)


@router.post(f"{TASK}/withdraw", response_model=UtilityTaskOut)
async def withdraw_task(
    access: Writing, uow: Uow, project_id: UUID, utility_task_id: UUID, version: IfMatch, body: UtilityWhyIn
) -> Response:
    """It is asked no more."""
    await utilities.withdraw(
        uow, scope=access.scope, project_id=project_id, task_id=utility_task_id, version=version, note=body.note
    )
    return await _answer(uow, project_id, utility_task_id, 200)


async def _act(
    access: Access,
    uow: Uow,
    project_id: UUID,
    task_id: UUID,
    version: int,
    action: UtilityAction,
    body: UtilityNoteIn,
) -> Response:
    await utilities.act(
        uow,
        by=access.principal,
        project_id=project_id,
        task_id=task_id,
        version=version,
        action=action,
        **body.model_dump(),
    )
    return await _answer(uow, project_id, task_id, 200)


async def _answer(uow: Uow, project_id: UUID, task_id: UUID, status: int) -> Response:
    row = await utilities.task_of(uow.driver, project_id=project_id, task_id=task_id)
    location = f"/v1/projects/{project_id}/utility-tasks/{task_id}" if status == 201 else None
    return reply(uow, status, UtilityTaskOut.model_validate(dict(row)), version=row["version"], location=location)
