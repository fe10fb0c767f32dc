"""Routes of buildings and entrances, and of a compound's register in figures."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.ownership.schemas import (
    BuildingIn,
    BuildingOut,
    BuildingPage,
    BuildingQuery,
    EntranceIn,
    EntranceOut,
    EntrancePage,
    EntranceQuery,
    HeadsOut,
    KindOut,
    NumberIn,
    RegisterOut,
)
from services.api.ownership.shown import FIRST
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.exact import exact_sum
from services.core.kit.uow import UnitOfWork
from services.core.ownership import queries, service
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from services.core.kit.scope import Scope

router = APIRouter(prefix="/v1", tags=["register"])


@router.get("/compounds/{compound_id}/register", response_model=RegisterOut)
async def get_register(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """A compound's register in figures: buildings, properties and areas by kind, heads by kind of owner."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    standing = await reader.fetchrow(queries.STANDING, compound_id)
    kinds = [KindOut(**row) for row in await reader.fetch(queries.BY_KIND, compound_id)]
    heads = [HeadsOut(**row) for row in await reader.fetch(queries.HEADS, compound_id)]
    out = RegisterOut(
        compound_id=compound_id,
        **standing,
        properties=sum(one.properties for one in kinds),
        heads=sum(one.heads for one in heads),
        exclusive_area=exact_sum(one.exclusive_area for one in kinds),
        without_area=sum(one.without_area for one in kinds),
        by_kind=kinds,
        by_owner=heads,
    )
    return Response(to_json(out), media_type="application/json")


@router.get("/compounds/{compound_id}/buildings", response_model=BuildingPage)
async def list_buildings(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[BuildingQuery, Query()],
) -> Response:
    """A compound's buildings."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.BUILDINGS.all(
        reader, compound_id=compound_id, closed=wanted.closed, after=after, limit=page.limit + 1
    )
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/compounds/{compound_id}/buildings", status_code=201, response_model=BuildingOut)
async def add_building(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, compound_id: UUID, body: BuildingIn
) -> Response:
    """Enters a building."""
    building_id = await service.add_building(uow, scope=access.scope, compound_id=compound_id, no=body.no)
    return await _building(uow, access.scope, building_id, status=201)


@router.get("/buildings/{building_id}", response_model=BuildingOut)
async def get_building(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, building_id: UUID
) -> Response:
    """One building."""
    out = BuildingOut(**await queries.one_in(reader, queries.BUILDING, scope=access.scope, thing_id=building_id))
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/buildings/{building_id}", response_model=BuildingOut)
async def renumber_building(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    building_id: UUID,
    body: NumberIn,
    version: IfMatch,
) -> Response:
    """Gives a building another number."""
    await service.renumber_building(uow, scope=access.scope, building_id=building_id, version=version, no=body.no)
    return await _building(uow, access.scope, building_id)


@router.post("/buildings/{building_id}/close", response_model=BuildingOut)
async def close_building(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, building_id: UUID, version: IfMatch
) -> Response:
    """Closes a building that is no more; nothing may stand in it."""
    await service.close_building(uow, scope=access.scope, building_id=building_id, version=version)
    return await _building(uow, access.scope, building_id)


@router.get("/compounds/{compound_id}/entrances", response_model=EntrancePage)
async def list_entrances(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[EntranceQuery, Query()],
) -> Response:
    """A compound's entrances, or those of one building."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.ENTRANCES.all(
        reader,
        compound_id=compound_id,
        building_id=wanted.building,
        closed=wanted.closed,
        after=after,
        limit=page.limit + 1,
    )
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/compounds/{compound_id}/entrances", status_code=201, response_model=EntranceOut)
async def add_entrance(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, compound_id: UUID, body: EntranceIn
) -> Response:
    """Enters an entrance of a building."""
    entrance_id = await service.add_entrance(
        uow, scope=access.scope, compound_id=compound_id, building_id=body.building_id, no=body.no
    )
    return await _entrance(uow, access.scope, entrance_id, status=201)


@router.get("/entrances/{entrance_id}", response_model=EntranceOut)
async def get_entrance(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, entrance_id: UUID
) -> Response:
    """One entrance."""
    out = EntranceOut(**await queries.one_in(reader, queries.ENTRANCE, scope=access.scope, thing_id=entrance_id))
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/entrances/{entrance_id}", response_model=EntranceOut)
async def renumber_entrance(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    entrance_id: UUID,
    body: NumberIn,
    version: IfMatch,
) -> Response:
    """Gives an entrance another number."""
    await service.renumber_entrance(uow, scope=access.scope, entrance_id=entrance_id, version=version, no=body.no)
    return await _entrance(uow, access.scope, entrance_id)


@router.post("/entrances/{entrance_id}/close", response_model=EntranceOut)
async def close_entrance(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, entrance_id: UUID, version: IfMatch
) -> Response:
    """Closes an entrance that is no more; no property may stand in it."""
    await service.close_entrance(uow, scope=access.scope, entrance_id=entrance_id, version=version)
    return await _entrance(uow, access.scope, entrance_id)


async def _building(uow: UnitOfWork, scope: "Scope", building_id: UUID, *, status: int = 200) -> Response:
    out = BuildingOut(**await queries.one_in(uow.driver, queries.BUILDING, scope=scope, thing_id=building_id))
    location = f"/v1/buildings/{building_id}" if status == 201 else None
    return reply(uow, status, out, version=out.version, location=location)


async def _entrance(uow: UnitOfWork, scope: "Scope", entrance_id: UUID, *, status: int = 200) -> Response:
    out = EntranceOut(**await queries.one_in(uow.driver, queries.ENTRANCE, scope=scope, thing_id=entrance_id))
    location = f"/v1/entrances/{entrance_id}" if status == 201 else None
    return reply(uow, status, out, version=out.version, location=location)
