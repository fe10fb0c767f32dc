"""Routes of organisations, desks and who is on duty: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.desks.schemas import (
    DeskChangeIn,
    DeskIn,
    DeskOut,
    DeskPage,
    DeskQuery,
    LeaveIn,
    MemberIn,
    MemberOut,
    MemberPage,
    MemberQuery,
    OrganisationChangeIn,
    OrganisationIn,
    OrganisationOut,
    OrganisationPage,
    OrganisationQuery,
)
from services.api.security import Access, requires
from services.core.desks import queries, service
from services.core.hotline import assigning
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound

router = APIRouter(prefix="/v1", tags=["desks"])
NONE = UUID(int=0)

OrganisationReading = Annotated[Access, requires(Permission.ORGANISATION_READ)]
OrganisationWriting = Annotated[Access, requires(Permission.ORGANISATION_WRITE)]
Reading = Annotated[Access, requires(Permission.DESK_READ)]
Writing = Annotated[Access, requires(Permission.DESK_WRITE)]


@router.get("/organisations", response_model=OrganisationPage)
async def list_organisations(
    access: OrganisationReading, reader: Reader, page: Page, query: Annotated[OrganisationQuery, Query()]
) -> Response:
    """Organisations of the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await queries.ORGANISATIONS.all(
        reader,
        kind=query.kind,
        uscc=query.uscc,
        closed=query.closed,
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    return _by_region(page, rows, OrganisationOut)


@router.post("/organisations", status_code=201, response_model=OrganisationOut)
async def register_organisation(access: OrganisationWriting, uow: Uow, body: OrganisationIn) -> Response:
    """Registers an organisation; its credit code is checked by its check digit, and stands once in a region."""
    organisation_id = await service.register(
        uow, scope=access.scope, region_id=body.region_id, name=body.name, uscc=body.uscc, kind=body.kind
    )
    return await _organisation(access, uow, organisation_id, 201)


@router.get("/organisations/{organisation_id}", response_model=OrganisationOut)
async def get_organisation(access: OrganisationReading, reader: Reader, organisation_id: UUID) -> Response:
    """One organisation."""
    row = await queries.organisation_of(reader, scope=access.scope, organisation_id=organisation_id)
    return _one(OrganisationOut.model_validate(dict(row)), row["version"])


@router.put("/organisations/{organisation_id}", response_model=OrganisationOut)
async def change_organisation(
    access: OrganisationWriting, uow: Uow, organisation_id: UUID, version: IfMatch, body: OrganisationChangeIn
) -> Response:
    """New name, code and kind."""
    await service.change_organisation(
        uow,
        scope=access.scope,
        organisation_id=organisation_id,
        version=version,
        name=body.name,
        uscc=body.uscc,
        kind=body.kind,
    )
    return await _organisation(access, uow, organisation_id, 200)


@router.post("/organisations/{organisation_id}/close", response_model=OrganisationOut)
async def close_organisation(
    access: OrganisationWriting, uow: Uow, organisation_id: UUID, version: IfMatch
) -> Response:
    """No desk of it is opened any more; those it has have to be closed first."""
    await service.close_organisation(uow, scope=access.scope, organisation_id=organisation_id, version=version)
    return await _organisation(access, uow, organisation_id, 200)


@router.get("/desks", response_model=DeskPage)
async def list_desks(access: Reading, reader: Reader, page: Page, query: Annotated[DeskQuery, Query()]) -> Response:
    """Desks of the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await queries.DESKS.all(
        reader,
        role=query.role,
        organisation_id=query.organisation_id,
        closed=query.closed,
        unmanned=query.unmanned,
        on_duty_here=access.principal.id if query.mine else None,
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    return _by_region(page, rows, DeskOut)


@router.post("/desks", status_code=201, response_model=DeskOut)
async def open_desk(access: Writing, uow: Uow, body: DeskIn) -> Response:
    """Opens a desk for a region's subtree."""
    desk_id = await service.open_desk(
        uow,
        scope=access.scope,
        region_id=body.region_id,
        organisation_id=body.organisation_id,
        title=body.title,
        phone=body.phone,
        role=body.role,
    )
    return await _desk(access, uow, desk_id, 201)


@router.get("/desks/{desk_id}", response_model=DeskOut)
async def get_desk(access: Reading, reader: Reader, desk_id: UUID) -> Response:
    """One desk."""
    row = await queries.desk_of(reader, scope=access.scope, desk_id=desk_id)
    return _one(DeskOut.model_validate(dict(row)), row["version"])


@router.put("/desks/{desk_id}", response_model=DeskOut)
async def change_desk(access: Writing, uow: Uow, desk_id: UUID, version: IfMatch, body: DeskChangeIn) -> Response:
    """New title, telephone and organisation."""
    await service.change_desk(
        uow,
        scope=access.scope,
        desk_id=desk_id,
        version=version,
        organisation_id=body.organisation_id,
        title=body.title,
        phone=body.phone,
    )
    return await _desk(access, uow, desk_id, 200)


@router.post("/desks/{desk_id}/close", response_model=DeskOut)
async def close_desk(access: Writing, uow: Uow, desk_id: UUID, version: IfMatch) -> Response:
    """No case is sent there any more. Its cases have to be done or sent elsewhere first, rules that send there changed or ended."""
    await assigning.close_desk(uow, scope=access.scope, desk_id=desk_id, version=version)
    return await _desk(access, uow, desk_id, 200)


@router.get("/desks/{desk_id}/members", response_model=MemberPage)
async def list_members(
    access: Reading, reader: Reader, page: Page, desk_id: UUID, query: Annotated[MemberQuery, Query()]
) -> Response:
    """Who is on duty, and who was."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.desk_of(reader, scope=access.scope, desk_id=desk_id)
    rows = await queries.MEMBERS.all(reader, desk_id=desk_id, live=query.live, after=after, limit=page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/desks/{desk_id}/members", status_code=201, response_model=MemberOut)
async def put_on_duty(access: Writing, uow: Uow, desk_id: UUID, body: MemberIn) -> Response:
    """Somebody who may handle cases in the desk's region goes on duty there."""
    member_id = await service.put_on_duty(uow, scope=access.scope, desk_id=desk_id, staff_id=body.staff_id)
    return await _member(uow, desk_id, member_id, 201)


@router.post("/desks/{desk_id}/members/{desk_member_id}/leave", response_model=MemberOut)
async def take_off_duty(access: Writing, uow: Uow, desk_id: UUID, desk_member_id: UUID, body: LeaveIn) -> Response:
    """Somebody goes off duty and hands over, if he is to be the last to somebody by name."""
    await service.take_off_duty(
        uow, scope=access.scope, desk_id=desk_id, member_id=desk_member_id, successor_id=body.successor_id
    )
    return await _member(uow, desk_id, desk_member_id, 200)


def _one(shown: BaseModel, version: int) -> Response:
    return Response(shown.model_dump_json(), headers={"ETag": etag(version)}, media_type="application/json")


def _by_region(page: Page, rows: list[Mapping[str, Any]], kind: type[BaseModel]) -> Response:
    paths = {str(row["id"]): row["region_path"] for row in rows}
    items = [kind.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


async def _organisation(access: Access, uow: Uow, organisation_id: UUID, status: int) -> Response:
    row = await queries.organisation_of(uow.driver, scope=access.scope, organisation_id=organisation_id)
    location = f"/v1/organisations/{organisation_id}" if status == 201 else None
    return reply(uow, status, OrganisationOut.model_validate(dict(row)), version=row["version"], location=location)


async def _desk(access: Access, uow: Uow, desk_id: UUID, status: int) -> Response:
    row = await queries.desk_of(uow.driver, scope=access.scope, desk_id=desk_id)
    location = f"/v1/desks/{desk_id}" if status == 201 else None
    return reply(uow, status, DeskOut.model_validate(dict(row)), version=row["version"], location=location)


async def _member(uow: Uow, desk_id: UUID, member_id: UUID, status: int) -> Response:
    row = await queries.MEMBER.first(uow.driver, desk_id=desk_id, member_id=member_id)
    if row is None:
        raise NotFound
    return reply(uow, status, MemberOut.model_validate(dict(row)))
