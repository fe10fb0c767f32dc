"""Routes of supplements: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.api.deps import Page, Reader, Uow, reply, validated_response
from services.api.security import Access, requires
from services.api.selection.annual_schemas import (
    SupplementConfirmIn,
    SupplementIn,
    SupplementOut,
    SupplementPage,
    SupplementQuery,
)
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.selection import plan_queries, queries, supplementing

router = APIRouter(tags=["selection"])
NONE = UUID(int=0)


def _supplement(row: Mapping[str, Any]) -> SupplementOut:
    return SupplementOut.model_validate(dict(row))


async def _answer(access: Access, uow: Uow, supplement_id: UUID, *, status: int = 200) -> Response:
    row = await plan_queries.supplement_of(uow.driver, scope=access.scope, supplement_id=supplement_id)
    location = f"/v1/supplements/{supplement_id}" if status == 201 else None
    return reply(uow, status, _supplement(row), location=location)


@router.get("/v1/rounds/{round_id}/supplements", response_model=SupplementPage)
async def list_supplements(
    access: Annotated[Access, requires(Permission.PLAN_READ)],
    reader: Reader,
    page: Page,
    round_id: UUID,
    query: Annotated[SupplementQuery, Query()],
) -> Response:
    """Supplements of a round, as far as they concern the caller's region."""
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await plan_queries.SUPPLEMENTS.all(
        reader,
        round_id=round_id,
        after=after,
        status=query.status,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    if not rows:
        await queries.round_of(reader, scope=access.scope, round_id=round_id)
    return page.answer([_supplement(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


@router.post("/v1/rounds/{round_id}/supplements", status_code=201, response_model=SupplementOut)
async def propose_supplement(
    access: Annotated[Access, requires(Permission.SUPPLEMENT_WRITE)], uow: Uow, round_id: UUID, body: SupplementIn
) -> Response:
    """Proposes to stop a project of the plan, and shows which reserve would take its place and why others would not."""
    supplement_id = await supplementing.propose(uow, scope=access.scope, round_id=round_id, stopping=body.stopping())
    return await _answer(access, uow, supplement_id, status=201)


@router.get("/v1/supplements/{supplement_id}", response_model=SupplementOut)
async def get_supplement(
    access: Annotated[Access, requires(Permission.PLAN_READ)], reader: Reader, supplement_id: UUID
) -> Response:
    """One supplement."""
    row = await plan_queries.supplement_of(reader, scope=access.scope, supplement_id=supplement_id)
    return Response(_supplement(row).model_dump_json(), media_type="application/json")


@router.post("/v1/supplements/{supplement_id}/confirm", response_model=SupplementOut)
async def confirm_supplement(
    access: Annotated[Access, requires(Permission.SUPPLEMENT_CONFIRM)],
    uow: Uow,
    supplement_id: UUID,
    body: SupplementConfirmIn,
) -> Response:
    """Another person confirms: reserves are weighed anew, the project is dropped, the first that passes takes its place."""
    await supplementing.confirm(uow, scope=access.scope, supplement_id=supplement_id, document=body.document)
    return await _answer(access, uow, supplement_id)


@router.post("/v1/supplements/{supplement_id}/cancel", response_model=SupplementOut)
async def cancel_supplement(
    access: Annotated[Access, requires(Permission.SUPPLEMENT_WRITE)], uow: Uow, supplement_id: UUID
) -> Response:
    """Takes a proposal back."""
    await supplementing.cancel(uow, scope=access.scope, supplement_id=supplement_id)
    return await _answer(access, uow, supplement_id)


@router.get(
    "/public/supplements/{supplement_id}",
    response_model=dict[str, Any],
    responses={304: {"description": "unchanged"}},
    tags=["public"],
)
async def get_published_supplement(request: Request, reader: Reader, supplement_id: UUID) -> Response:
    """What was published of a supplement, byte for byte: who was stopped on which ground, who entered, who was skipped and why."""
    row = await plan_queries.PUBLISHED_SUPPLEMENT.first(reader, supplement_id=supplement_id)
    if row is None:
        raise NotFound
    return validated_response(request, row["content"], row["etag"])
