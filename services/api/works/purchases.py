"""Routes of joint purchases and of method boards: translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.works.material_schemas import (
    BoardIn,
    BoardOut,
    BoardPage,
    BoardQuery,
    PurchaseIn,
    PurchaseOut,
    PurchasePage,
    PurchaseQuery,
)
from services.api.works.router import by_id, listed
from services.core.identity.access import Permission
from services.core.works import purchases, queries

router = APIRouter(prefix="/v1", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Buying = Annotated[Access, requires(Permission.SITE_WRITE)]
Writing = Annotated[Access, requires(Permission.WORKS_WRITE)]


@router.get("/purchases", response_model=PurchasePage)
async def list_purchases(
    access: Reading, reader: Reader, page: Page, query: Annotated[PurchaseQuery, Query()]
) -> Response:
    """Joint purchases of the caller's regions and of those around them."""
    (after,) = page.after((UUID,)) or (NONE,)
    scope = access.scope
    rows = await reader.fetch(purchases.PAGE, after, scope.lows, scope.highs, query.organisation_id, page.limit + 1)
    return page.answer(listed(PurchaseOut, rows), by_id)


@router.post("/purchases", status_code=201, response_model=PurchaseOut)
async def make_purchase(access: Buying, uow: Uow, body: PurchaseIn) -> Response:
    """What the sites of a region buy together; batches that arrive name it."""
    made = await purchases.buy(uow, scope=access.scope, region_id=body.region_id, order=body.order())
    row = await purchases.purchase_of(uow.driver, scope=access.scope, purchase_id=made)
    return reply(uow, 201, PurchaseOut.model_validate(dict(row)), location=f"/v1/purchases/{made}")


@router.get("/purchases/{purchase_id}", response_model=PurchaseOut)
async def get_purchase(access: Reading, reader: Reader, purchase_id: UUID) -> Response:
    """One purchase."""
    row = await purchases.purchase_of(reader, scope=access.scope, purchase_id=purchase_id)
    return Response(PurchaseOut.model_validate(dict(row)).model_dump_json(), media_type="application/json")


@router.get("/projects/{project_id}/method-boards", response_model=BoardPage)
async def list_boards(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[BoardQuery, Query()]
) -> Response:
    """The boards of a site that show how works are done."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(purchases.BOARDS, project_id, after, page.limit + 1, query.up)
    return page.answer(listed(BoardOut, rows), by_id)


@router.post("/projects/{project_id}/method-boards", status_code=201, response_model=BoardOut)
async def put_up_board(access: Writing, uow: Uow, project_id: UUID, body: BoardIn) -> Response:
    """A board hangs on the site, as its picture shows."""
    made = await purchases.put_up(
        uow, scope=access.scope, project_id=project_id, board=body.board(), file_ids=body.file_ids
    )
    return await _board(uow, project_id, made, 201)


@router.post("/projects/{project_id}/method-boards/{method_board_id}/take-down", response_model=BoardOut)
async def take_down_board(access: Writing, uow: Uow, project_id: UUID, method_board_id: UUID) -> Response:
    """It hangs there no more."""
    await purchases.take_down(uow, scope=access.scope, project_id=project_id, board_id=method_board_id)
    return await _board(uow, project_id, method_board_id, 200)


async def _board(uow: Uow, project_id: UUID, board_id: UUID, status: int) -> Response:
    row = await purchases.board_of(uow.driver, project_id=project_id, board_id=board_id)
    return reply(uow, status, BoardOut.model_validate(dict(row)))
