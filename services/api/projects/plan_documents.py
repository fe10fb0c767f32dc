"""Routes of a plan version as it is printed: a page and a sheet."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from services.api.printed import HTML, XLSX, page_response, sheet_response
from services.api.problems import language_of
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.projects import queries
from services.web import plans

router = APIRouter(prefix="/v1/projects/{project_id}/plans/{number}", tags=["projects"])

Number = Annotated[int, Path(ge=1, le=1_000_000)]


async def _found(request: Request, scope: Scope, project_id: UUID, number: int) -> tuple[Any, Any]:
    """The project and the version; NotFound outside the scope and for a version that there is not."""
    async with request.app.state.database.read() as reader:
        project = await queries.ONE.first(reader, project_id=project_id, **scope.parameters)
        rows = [] if project is None else await queries.PLANS.all(reader, project_id=project_id)
    plan = next((row for row in rows if row["number"] == number), None)
    if plan is None:
        raise NotFound
    return project, plan


@router.get("/document", response_class=Response, responses=HTML)
async def get_plan_document(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], request: Request, project_id: UUID, number: Number
) -> Response:
    """The plan as a page to print, in Chinese or English (`Accept-Language`)."""
    project, plan = await _found(request, access.scope, project_id, number)
    language = language_of(request.headers.get("accept-language"))
    return page_response(request, await asyncio.to_thread(plans.page_of, language, project, plan))


@router.get("/document.xlsx", response_class=Response, responses=XLSX)
async def get_plan_sheet(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], request: Request, project_id: UUID, number: Number
) -> Response:
    """The plan as a sheet, headings in both languages."""
    project, plan = await _found(request, access.scope, project_id, number)
    content = await asyncio.to_thread(plans.sheet_of, project, plan)
    return sheet_response(content, f"plan-{project_id}-{number}")
