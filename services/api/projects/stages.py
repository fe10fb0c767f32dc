"""Routes of a project's stages: its way so far, and the actions that move it on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.projects.schemas import ApplyIn, DropIn, StageEntryPage, StageOut, StepIn
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.uow import UnitOfWork
from services.core.projects import queries, stages
from services.core.projects.rules import Action, Stage
from services.core.works import starting

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
    access: Annotated[Access, requires(Permission.PROJECT_APPLY)],
    uow: Uow,
    project_id: UUID,
    version: IfMatch,
    body: ApplyIn | None = None,
) -> Response:
    """Enters the project into the competition of its region. Without a body the applicant is the first that facts know of."""
    given = body or ApplyIn()
    stage = await stages.apply(uow, scope=access.scope, project_id=project_id, version=version, **given.model_dump())
    return _moved(uow, project_id, stage, version)


@router.post("/withdraw", response_model=StageOut)
async def withdraw_project(
    access: Annotated[Access, requires(Permission.PROJECT_APPLY)], uow: Uow, project_id: UUID, version: IfMatch
) -> Response:
    """Takes the project out of the competition."""
    stage = await stages.move(uow, scope=access.scope, project_id=project_id, version=version, action=Action.WITHDRAW)
    return _moved(uow, project_id, stage, version)


@router.post("/drop", response_model=StageOut)
async def drop_project(
    access: Annotated[Access, requires(Permission.PROJECT_DROP)],
    uow: Uow,
    project_id: UUID,
    version: IfMatch,
    body: DropIn,
) -> Response:
    """Gives up a project that is in no annual plan; one that is, is dropped by a supplement."""
    stage = await stages.move(
        uow,
        scope=access.scope,
        project_id=project_id,
        version=version,
        action=Action.DROP,
        **body.model_dump(),
    )
    return _moved(uow, project_id, stage, version)


@router.post("/start", response_model=StageOut)
async def start_project(
    access: Annotated[Access, requires(Permission.PROJECT_BUILD)],
    uow: Uow,
    project_id: UUID,
    version: IfMatch,
    body: StepIn,
) -> Response:
    """Works begin, once every gate up to the works is passed and its site has all that a start needs (ten signatures)."""
    stage = await starting.start(uow, scope=access.scope, project_id=project_id, version=version, **body.model_dump())
    return _moved(uow, project_id, stage, version)


@router.post("/accept", response_model=StageOut)
async def accept_project(
    access: Annotated[Access, requires(Permission.PROJECT_BUILD)],
    uow: Uow,
    project_id: UUID,
    version: IfMatch,
    body: StepIn,
) -> Response:
    """The works are accepted, once the gates of acceptance are passed (Hebei: 80% of the residents satisfied)."""
    return await _step(uow, access, project_id, version, Action.ACCEPT, body)


@router.post("/hand-over", response_model=StageOut)
async def hand_over_project(
    access: Annotated[Access, requires(Permission.PROJECT_BUILD)],
    uow: Uow,
    project_id: UUID,
    version: IfMatch,
    body: StepIn,
) -> Response:
    """The compound goes to who manages it from now on."""
    return await _step(uow, access, project_id, version, Action.HAND_OVER, body)


async def _step(
    uow: UnitOfWork, access: Access, project_id: UUID, version: int, action: Action, body: StepIn
) -> Response:
    stage = await stages.move(
        uow, scope=access.scope, project_id=project_id, version=version, action=action, **body.model_dump()
    )
    return _moved(uow, project_id, stage, version)


def _moved(uow: UnitOfWork, project_id: UUID, stage: Stage, version: int) -> Response:
    return reply(uow, 200, StageOut(id=project_id, stage=stage, version=version + 1), version=version + 1)
