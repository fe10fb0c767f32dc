"""Routes of the joint review: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.api.works.review_schemas import (
    OpinionIn,
    OpinionOut,
    OpinionPage,
    OwnPartOut,
    OwnPartPage,
    OwnPartQuery,
    ReviewDetailOut,
    ReviewIn,
    ReviewOut,
    ReviewPage,
    ReviewPartOut,
    ReviewQuery,
)
from services.api.works.router import by_id, listed
from services.core.identity.access import Permission
from services.core.works import queries, reviews

router = APIRouter(prefix="/v1", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Writing = Annotated[Access, requires(Permission.SITE_WRITE)]
Answering = Annotated[Access, requires(Permission.REVIEW_ANSWER)]


@router.get("/me/review-parts", response_model=OwnPartPage)
async def list_own_parts(
    access: Answering, reader: Reader, page: Page, query: Annotated[OwnPartQuery, Query()]
) -> Response:
    """What desks where the caller is on duty are asked in rounds that are open."""
    (after,) = page.after((UUID,)) or (NONE,)
    scope = access.scope
    rows = await reader.fetch(
        reviews.OWN_PARTS, access.principal.id, query.state, after, page.limit + 1, scope.lows, scope.highs
    )
    return page.answer(listed(OwnPartOut, rows), by_id)


@router.get("/projects/{project_id}/reviews", response_model=ReviewPage)
async def list_reviews(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[ReviewQuery, Query()]
) -> Response:
    """The rounds of the joint review."""
    (after,) = page.after((int,)) or (0,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(reviews.PAGE, project_id, query.state, min(after, 2**31 - 1), page.limit + 1)
    return page.answer(listed(ReviewOut, rows), lambda row: (row["number"],))


@router.post("/projects/{project_id}/reviews", status_code=201, response_model=ReviewDetailOut)
async def open_review(access: Writing, uow: Uow, project_id: UUID, body: ReviewIn) -> Response:
    """Asks departments' desks for their opinions, each with its time; a later round supersedes the one before it."""
    made = await reviews.open_round(
        uow,
        scope=access.scope,
        project_id=project_id,
        title=body.title,
        plan_number=body.plan_number,
        change=body.change,
        asked=body.asked(),
    )
    return await _answer(uow, project_id, made, 201)


@router.get("/projects/{project_id}/reviews/{review_id}", response_model=ReviewDetailOut)
async def get_review(access: Reading, reader: Reader, project_id: UUID, review_id: UUID) -> Response:
    """One round with what each department said last."""
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    out = _shown(await reviews.review_of(reader, project_id=project_id, review_id=review_id))
    return Response(out.model_dump_json(), media_type="application/json")


@router.get("/projects/{project_id}/reviews/{review_id}/parts/{review_part_id}/opinions", response_model=OpinionPage)
async def list_opinions(
    access: Reading,
    reader: Reader,
    page: Page,
    project_id: UUID,
    review_id: UUID,
    review_part_id: UUID,
    _query: Annotated[PageOnly, Query()],
) -> Response:
    """Everything that a department said, corrections among them."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    await reviews.part_of(reader, project_id=project_id, review_id=review_id, part_id=review_part_id)
    rows = await reader.fetch(reviews.OPINIONS, review_part_id, after, page.limit + 1)
    return page.answer(listed(OpinionOut, rows), by_id)


@router.post(
    "/projects/{project_id}/reviews/{review_id}/parts/{review_part_id}/opinions",
    status_code=201,
    response_model=ReviewDetailOut,
)
async def give_opinion(
    access: Answering, uow: Uow, project_id: UUID, review_id: UUID, review_part_id: UUID, body: OpinionIn
) -> Response:
    """A department answers through who is on duty at its desk, or by its paper. Said again, the later word counts."""
    await reviews.answer(
        uow,
        by=access.principal,
        project_id=project_id,
        review_id=review_id,
        part_id=review_part_id,
        said=body.said(),
        file_ids=body.file_ids,
    )
    return await _answer(uow, project_id, review_id, 201)


@router.post("/projects/{project_id}/reviews/{review_id}/close", response_model=ReviewDetailOut)
async def close_review(access: Writing, uow: Uow, project_id: UUID, review_id: UUID) -> Response:
    """Ends a round in which every department has answered, or let its time pass; that is put on record."""
    await reviews.close(uow, scope=access.scope, project_id=project_id, review_id=review_id)
    return await _answer(uow, project_id, review_id, 200)


async def _answer(uow: Uow, project_id: UUID, review_id: UUID, status: int) -> Response:
    row = await reviews.review_of(uow.driver, project_id=project_id, review_id=review_id)
    location = f"/v1/projects/{project_id}/reviews/{review_id}" if status == 201 else None
    return reply(uow, status, _shown(row), location=location)


def _shown(row: Mapping[str, Any]) -> ReviewDetailOut:
    return ReviewDetailOut.model_validate({**row, "parts": [_part(part) for part in row["parts"]]})


def _part(part: Mapping[str, Any]) -> ReviewPartOut:
    said = None if part["opinion_id"] is None else OpinionOut.model_validate({**part, "id": part["opinion_id"]})
    return ReviewPartOut.model_validate({**part, "said": said})
