"""Routes of merging and splitting compounds."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.api.deps import IfMatch, Uow, reply
from services.api.security import Access, requires
from services.api.territory.schemas import CompoundItem, MergeIn, SplitIn, SplitOut
from services.core.aftercare.reshaping import refuse_visited
from services.core.consultations.reshaping import refuse_under_way
from services.core.identity.access import Permission
from services.core.kit.scope import Scope
from services.core.projects import reshaping
from services.core.territory import queries
from services.core.territory.reshaping import Successor

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1", tags=["territory"])


@router.post("/compounds/{compound_id}/merge", status_code=201, response_model=CompoundItem)
async def merge(
    access: Annotated[Access, requires(Permission.COMPOUND_RESHAPE)],
    uow: Uow,
    compound_id: UUID,
    body: MergeIn,
    version: IfMatch,
) -> Response:
    """Merges this compound with others into a new one. All of them are closed and stay readable."""
    made = await reshaping.merge(
        uow,
        scope=access.scope,
        compound_id=compound_id,
        version=version,
        other_ids=body.compound_ids,
        name=body.name,
        no=body.no,
        address=body.address,
        region_id=body.region_id,
        document=body.document,
        reason=body.reason,
    )
    await refuse_under_way(uow, compound_ids=[compound_id, *body.compound_ids])
    await refuse_visited(uow, compound_ids=[compound_id, *body.compound_ids])
    out = await _item(uow.driver, made, access.scope)
    return reply(uow, 201, out, version=out.version, location=f"/v1/compounds/{made}")


@router.post("/compounds/{compound_id}/split", status_code=201, response_model=SplitOut)
async def split(
    access: Annotated[Access, requires(Permission.COMPOUND_RESHAPE)],
    uow: Uow,
    compound_id: UUID,
    body: SplitIn,
    version: IfMatch,
) -> Response:
    """Splits this compound into new ones. It is closed and stays readable."""
    made = await reshaping.split(
        uow,
        scope=access.scope,
        compound_id=compound_id,
        version=version,
        parts=[
            Successor(part.name, part.region_id, part.no, part.address, tuple(part.building_ids)) for part in body.parts
        ],
        document=body.document,
        reason=body.reason,
    )
    await refuse_under_way(uow, compound_ids=[compound_id])
    await refuse_visited(uow, compound_ids=[compound_id])
    return reply(uow, 201, SplitOut(items=[await _item(uow.driver, one, access.scope) for one in made]))


async def _item(driver: "asyncpg.Connection", compound_id: UUID, scope: Scope) -> CompoundItem:
    compound = await queries.compound_in(driver, compound_id=compound_id, scope=scope)
    return CompoundItem(**{key: value for key, value in compound.items() if key != "region_path"})
