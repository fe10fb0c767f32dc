"""Routes of a project's stages: its way so far, and the actions that move it on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.projects.schemas import StageEntryPage, StageOut
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import queries, stages
from services.core.projects.rules import Action

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["projects"])
FIRST = UUID(int=0)


@router.get("/stages", response_model=StageEntryPage)
async def list_stages(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], reader: Reader, page: Page, project_id: UUID
) -> Response:
    """The project's way through the stages, the first step first: by which action, year, round and document."""
    await queries.place(reader, scope=access.scope, project_id=project_id)
    (after,) = page.after((UUID,)) or (FIRST,)
    rows = await queries.STAGES.all(reader, project_id=project_id, after=after, limit=page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/apply", response_model=StageOut)
async def apply_project(
    access: Annotated[Access, requires(Permission.PROJECT_APPLY)], uow: Uow, project_id: UUID, version: IfMatch
) -> Response:
    """Enters the project into the competition of its region."""
    return await _moved(uow, access.scope, project_id, version, Action.APPLY)


@router.post("/withdraw", response_model=StageOut)
async def withdraw_project(
    access: Annotated[Access, requires(Permission.PROJECT_APPLY)], uow: Uow, project_id: UUID, version: IfMatch
) -> Response:
    """Takes the project out of the competition."""
    return await _moved(uow, access.scope, project_id, version, Action.WITHDRAW)


async def _moved(uow: UnitOfWork, scope: Scope, project_id: UUID, version: int, action: Action) -> Response:
    stage = await stages.move(uow, scope=scope, project_id=project_id, version=version, action=action)
    return reply(uow, 200, StageOut(id=project_id, stage=stage, version=version + 1), version=version + 1)
