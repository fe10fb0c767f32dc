"""Routes of supplements: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.api.deps import Page, Reader, Uow, reply, validated_response
from services.api.security import Access, requires
from services.api.selection.annual_schemas import (
    PublicSupplementObjections,
    SupplementDocumentIn,
    SupplementIn,
    SupplementOut,
    SupplementPage,
    SupplementQuery,
)
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.selection import annual_queries, plan_queries, queries, supplementing

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


@router.post("/v1/supplements/{supplement_id}/publish", response_model=SupplementOut)
async def publish_supplement(
    access: Annotated[Access, requires(Permission.SUPPLEMENT_CONFIRM)],
    uow: Uow,
    supplement_id: UUID,
    body: SupplementDocumentIn,
) -> Response:
    """By another person than who proposed it: the project is stopped, and the first reserve that passes now is on notice."""
    await supplementing.publish(uow, scope=access.scope, supplement_id=supplement_id, document=body.document)
    return await _answer(access, uow, supplement_id)


@router.post("/v1/supplements/{supplement_id}/confirm", response_model=SupplementOut)
async def confirm_supplement(
    access: Annotated[Access, requires(Permission.SUPPLEMENT_CONFIRM)],
    uow: Uow,
    supplement_id: UUID,
    body: SupplementDocumentIn,
) -> Response:
    """After the notice, with no objection open: who was on notice enters the plan. By another person than who proposed it."""
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


@router.get(
    "/public/supplements/{supplement_id}/objections", response_model=PublicSupplementObjections, tags=["public"]
)
async def count_objections_to_supplement(reader: Reader, supplement_id: UUID) -> Response:
    """How many objections a published supplement has, and what became of it."""
    row = await plan_queries.PUBLISHED_SUPPLEMENT.first(reader, supplement_id=supplement_id)
    if row is None:
        raise NotFound
    counts = await annual_queries.objection_counts(reader, round_id=row["round_id"], supplement_id=supplement_id)
    out = PublicSupplementObjections(
        supplement_id=supplement_id,
        status=row["status"],
        open=counts.open,
        upheld=counts.upheld,
        rejected=counts.rejected,
        late=counts.late,
    )
    return Response(out.model_dump_json(), media_type="application/json")
