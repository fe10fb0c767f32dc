"""Routes of the condition of a compound's facilities."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.territory.register_schemas import (
    DefectsOut,
    FacilitiesIn,
    FacilitiesOut,
    FacilityHistoryPage,
    FacilityOut,
)
from services.api.wire import PageOnly
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.territory import queries
from services.core.territory.facilities import defect_share, fact_key, record_facilities
from services.core.territory.rules import Category, Facility, is_defective

if TYPE_CHECKING:
    import asyncpg

FIRST = UUID(int=0)
router = APIRouter(prefix="/v1", tags=["territory", "register"])


@router.get("/compounds/{compound_id}/facilities", response_model=FacilitiesOut)
async def get_facilities(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """The condition of every menu item on record, and the share of each category that is defective."""
    out = await _whole(reader, compound_id, access.scope)
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/compounds/{compound_id}/facilities", response_model=FacilitiesOut)
async def put_facilities(
    access: Annotated[Access, requires(Permission.COMPOUND_WRITE)],
    uow: Uow,
    compound_id: UUID,
    body: FacilitiesIn,
    version: IfMatch,
) -> Response:
    """Replaces the whole list. The shares of defects are counted from it at once, in place of attested ones."""
    await record_facilities(
        uow,
        scope=access.scope,
        compound_id=compound_id,
        version=version,
        facilities=[Facility(**dict(item)) for item in body.items],
    )
    out = await _whole(uow.driver, compound_id, access.scope)
    return reply(uow, 200, out, version=out.version)


@router.get("/compounds/{compound_id}/facilities/history", response_model=FacilityHistoryPage)
async def list_facility_history(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Everything that was ever recorded about a compound's facilities, in the order of recording."""
    await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    after = page.after([UUID])
    rows = await queries.FACILITIES_EVER.all(
        reader, compound_id=compound_id, after=after[0] if after else FIRST, limit=page.limit + 1
    )
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


async def _whole(driver: "asyncpg.Connection", compound_id: UUID, scope: Scope) -> FacilitiesOut:
    compound = await queries.compound_in(driver, compound_id=compound_id, scope=scope)
    rows = await queries.FACILITIES.all(driver, compound_id=compound_id)
    return FacilitiesOut(
        compound_id=compound_id,
        version=compound["version"],
        items=[FacilityOut(**row) for row in rows],
        defects=[_defects(category, of) for category in Category if (of := _of(category, rows))],
    )


def _of(category: Category, rows: "list[asyncpg.Record]") -> "list[asyncpg.Record]":
    return [row for row in rows if row["category"] == category]


def _defects(category: Category, rows: "list[asyncpg.Record]") -> DefectsOut:
    return DefectsOut(
        category=category,
        items=len(rows),
        defective=sum(is_defective(row["condition"], row["severity"]) for row in rows),
        defect_share=decimal_text(defect_share(rows)),
        key=fact_key(category),
    )
