"""Routes of properties: what the register says of them, their owners, who owned them before, who rents them."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.ownership import shown
from services.api.ownership.schemas import (
    CorrectOwnersIn,
    NewPropertyIn,
    PropertyIn,
    PropertyOut,
    PropertyPage,
    PropertyQuery,
    TenancyEndIn,
    TenancyOut,
    TenancyPage,
    TenantIn,
    TransferIn,
    TransferPage,
)
from services.api.ownership.shown import FIRST, Opening
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.identity.access import Permission
from services.core.kit.uow import UnitOfWork
from services.core.ownership import owners, queries, rules, service, tenancies
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from services.core.kit.scope import Scope

router = APIRouter(prefix="/v1", tags=["register"])


@router.get("/compounds/{compound_id}/properties", response_model=PropertyPage)
async def list_properties(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[PropertyQuery, Query()],
) -> Response:
    """A compound's properties with their owners, masked."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.PROPERTIES.all(
        reader,
        compound_id=compound_id,
        building_id=wanted.building,
        entrance_id=wanted.entrance,
        owner_id=wanted.owner,
        kind=wanted.kind,
        door_no=None if wanted.door_no is None else rules.door_no(wanted.door_no),
        without_area=wanted.without_area,
        closed=wanted.closed,
        after=after,
        limit=page.limit + 1,
    )
    items = await shown.properties(reader, vault, rows)
    return page.answer([one.model_dump() for one in items], lambda row: (row["id"],))


@router.post("/compounds/{compound_id}/properties", status_code=201, response_model=PropertyOut)
async def add_property(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, compound_id: UUID, body: NewPropertyIn
) -> Response:
    """Enters a property with its owners."""
    property_id = await service.add_property(
        uow, scope=access.scope, compound_id=compound_id, sheet=body.sheet(), holder=body.owners.holder()
    )
    return await _property(uow, access.scope, property_id, status=201)


@router.get("/properties/{property_id}", response_model=PropertyOut)
async def get_property(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, vault: Opening, property_id: UUID
) -> Response:
    """One property with its owners, masked."""
    row = await queries.one_in(reader, queries.PROPERTY, scope=access.scope, thing_id=property_id)
    (out,) = await shown.properties(reader, vault, [row])
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/properties/{property_id}", response_model=PropertyOut)
async def change_property(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    property_id: UUID,
    body: PropertyIn,
    version: IfMatch,
) -> Response:
    """Replaces what the register says of a property, apart from its owners."""
    await service.change_property(uow, scope=access.scope, property_id=property_id, version=version, sheet=body.sheet())
    return await _property(uow, access.scope, property_id)


@router.post("/properties/{property_id}/close", response_model=PropertyOut)
async def close_property(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, property_id: UUID, version: IfMatch
) -> Response:
    """Closes a property that is no more: it has no vote from now on."""
    await service.close_property(uow, scope=access.scope, property_id=property_id, version=version)
    return await _property(uow, access.scope, property_id)


@router.put("/properties/{property_id}/owners", response_model=PropertyOut)
async def correct_owners(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    property_id: UUID,
    body: CorrectOwnersIn,
    version: IfMatch,
) -> Response:
    """Puts right whose a property is, where the register was wrong. Title that changed hands is a transfer."""
    await owners.correct_owners(
        uow,
        scope=access.scope,
        property_id=property_id,
        version=version,
        holder=body.owners.holder(),
        document=body.document,
    )
    return await _property(uow, access.scope, property_id)


@router.post("/properties/{property_id}/transfer", response_model=PropertyOut)
async def transfer_property(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    property_id: UUID,
    body: TransferIn,
    version: IfMatch,
) -> Response:
    """Title changed hands. Tenants stay; a day to come is refused."""
    await owners.transfer(
        uow,
        scope=access.scope,
        property_id=property_id,
        version=version,
        holder=body.owners.holder(),
        on=body.on,
        document=body.document,
    )
    return await _property(uow, access.scope, property_id)


@router.get("/properties/{property_id}/transfers", response_model=TransferPage)
async def list_transfers(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    page: Page,
    property_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """How a property came to its owners, in the order of recording."""
    await queries.one_in(reader, queries.PROPERTY, scope=access.scope, thing_id=property_id)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.TRANSFERS.all(reader, property_id=property_id, after=after, limit=page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.get("/properties/{property_id}/tenants", response_model=TenancyPage)
async def list_tenants(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    page: Page,
    property_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Who rents a property, or did, masked."""
    await queries.one_in(reader, queries.PROPERTY, scope=access.scope, thing_id=property_id)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.TENANCIES.all(reader, property_id=property_id, after=after, limit=page.limit + 1)
    return page.answer([shown.tenancy(vault, row).model_dump() for row in rows], lambda row: (row["id"],))


@router.post("/properties/{property_id}/tenants", status_code=201, response_model=TenancyOut)
async def add_tenant(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, property_id: UUID, body: TenantIn
) -> Response:
    """Enters a tenant."""
    tenancy_id = await tenancies.add_tenancy(
        uow, scope=access.scope, property_id=property_id, tenant=body.tenant.named(), since=body.since
    )
    return await _tenancy(uow, access.scope, tenancy_id, status=201)


@router.post("/tenancies/{tenancy_id}/end", response_model=TenancyOut)
async def end_tenancy(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    tenancy_id: UUID,
    body: TenancyEndIn,
    version: IfMatch,
) -> Response:
    """Ends a tenancy."""
    await tenancies.end_tenancy(uow, scope=access.scope, tenancy_id=tenancy_id, version=version, until=body.until)
    return await _tenancy(uow, access.scope, tenancy_id)


async def _property(uow: UnitOfWork, scope: "Scope", property_id: UUID, *, status: int = 200) -> Response:
    row = await queries.one_in(uow.driver, queries.PROPERTY, scope=scope, thing_id=property_id)
    (out,) = await shown.properties(uow.driver, uow.vault, [row])
    location = f"/v1/properties/{property_id}" if status == 201 else None
    return reply(uow, status, out, version=out.version, location=location)


async def _tenancy(uow: UnitOfWork, scope: "Scope", tenancy_id: UUID, *, status: int = 200) -> Response:
    row = await queries.one_in(uow.driver, queries.TENANCY, scope=scope, thing_id=tenancy_id)
    out = shown.tenancy(uow.vault, row)
    return reply(uow, status, out, version=out.version)
