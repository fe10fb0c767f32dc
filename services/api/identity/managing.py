"""Routes of managing staff and clients."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.identity.proofs import Forgetting, TemporaryPassword, secret_answer
from services.api.identity.schemas import (
    BureauIn,
    ClientIn,
    ClientOut,
    ClientPage,
    ClientSecretOut,
    EndedOut,
    GrantGivenOut,
    GrantIn,
    ResetIn,
    StaffChangeIn,
    StaffFilter,
    StaffIn,
    StaffOut,
    StaffPage,
    TemporaryPasswordOut,
    VersionOut,
)
from services.api.security import Access, requires
from services.core.identity import queries, service
from services.core.identity.access import Permission
from services.core.identity.service import GrantWanted, Manager
from services.core.kit.errors import NotFound

if TYPE_CHECKING:
    import asyncpg

StaffReading = Annotated[Access, requires(Permission.STAFF_READ)]
StaffWriting = Annotated[Access, requires(Permission.STAFF_WRITE)]
ClientWriting = Annotated[Access, requires(Permission.CLIENT_WRITE)]


router = APIRouter(prefix="/v1", tags=["staff"])


def manager(access: Access) -> Manager:
    """The caller as one who manages accounts."""
    return Manager(access.principal, access.scope)


def _one(row: "asyncpg.Record | None") -> Response:
    if row is None:
        raise NotFound
    return Response(to_json(dict(row)), headers={"ETag": etag(row["version"])}, media_type="application/json")


@router.get("/staff", response_model=StaffPage)
async def list_staff(
    access: StaffReading, reader: Reader, page: Page, wanted: Annotated[StaffFilter, Query()]
) -> Response:
    """Accounts with a grant in the caller's part of the region tree, by username."""
    after = page.after([str])
    rows = await queries.LIST_STAFF.all(
        reader,
        after="" if after is None else after[0],
        role=None if wanted.role is None else wanted.role.value,
        disabled=wanted.disabled,
        count=page.limit + 1,
        **access.scope.parameters,
    )
    return page.answer([dict(row) for row in rows], lambda row: [row["username"]])


@router.post("/staff", status_code=201, response_model=TemporaryPasswordOut)
async def create_staff(access: StaffWriting, body: StaffIn, temporary: TemporaryPassword, uow: Uow) -> Response:
    """A new account. The temporary password is told once, and must be changed before anything else."""
    staff_id = await service.create_staff(
        uow,
        manager(access),
        username=body.username,
        display_name=body.display_name,
        language=body.language,
        grants=[GrantWanted(grant.role, grant.region_id, grant.bureau) for grant in body.grants],
        password_hash=temporary.hash,
    )
    made = TemporaryPasswordOut(id=staff_id, temporary_password=temporary.password, version=1)
    return secret_answer(201, made, uow=uow, ETag=etag(1), Location=f"/v1/staff/{staff_id}")


@router.get("/staff/{staff_id}", response_model=StaffOut)
async def get_staff(access: StaffReading, reader: Reader, staff_id: UUID) -> Response:
    """One account, with its grants inside the caller's part of the region tree."""
    return _one(await queries.ONE_STAFF.first(reader, staff_id=staff_id, **access.scope.parameters))


@router.put("/staff/{staff_id}", response_model=VersionOut)
async def change_staff(
    access: StaffWriting, staff_id: UUID, version: IfMatch, body: StaffChangeIn, uow: Uow
) -> Response:
    """New name and language."""
    new = await service.change_staff(
        uow,
        manager(access),
        staff_id=staff_id,
        version=version,
        display_name=body.display_name,
        language=body.language,
    )
    return reply(uow, 200, VersionOut(id=staff_id, version=new), version=new)


@router.post("/staff/{staff_id}/grants", status_code=201, response_model=GrantGivenOut, dependencies=[Forgetting])
async def give_grant(access: StaffWriting, staff_id: UUID, version: IfMatch, body: GrantIn, uow: Uow) -> Response:
    """One more role on a region."""
    grant_id, new = await service.give_grant(
        uow,
        manager(access),
        staff_id=staff_id,
        version=version,
        wanted=GrantWanted(body.role, body.region_id, body.bureau),
    )
    return reply(uow, 201, GrantGivenOut(id=grant_id, staff_id=staff_id, version=new), version=new)


@router.post("/staff/{staff_id}/grants/{grant_id}/end", response_model=VersionOut, dependencies=[Forgetting])
async def end_grant(access: StaffWriting, staff_id: UUID, grant_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """Ends a grant from now on."""
    new = await service.end_grant(uow, manager(access), staff_id=staff_id, version=version, grant_id=grant_id)
    return reply(uow, 200, VersionOut(id=staff_id, version=new), version=new)


@router.post("/staff/{staff_id}/disable", response_model=VersionOut, dependencies=[Forgetting])
async def disable_staff(access: StaffWriting, staff_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """Ends every session; nobody signs in to the account any more."""
    new = await service.disable_staff(uow, manager(access), staff_id=staff_id, version=version)
    return reply(uow, 200, VersionOut(id=staff_id, version=new), version=new)


@router.post("/staff/{staff_id}/enable", response_model=VersionOut)
async def enable_staff(access: StaffWriting, staff_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """Lets the account sign in again."""
    new = await service.enable_staff(uow, manager(access), staff_id=staff_id, version=version)
    return reply(uow, 200, VersionOut(id=staff_id, version=new), version=new)


@router.post("/staff/{staff_id}/reset-password", response_model=TemporaryPasswordOut, dependencies=[Forgetting])
async def reset_password(
    *,
    access: StaffWriting,
    staff_id: UUID,
    version: IfMatch,
    body: ResetIn,
    temporary: TemporaryPassword,
    uow: Uow,
) -> Response:
    """A temporary password, told once; ends the lock and every session."""
    new = await service.reset_password(
        uow,
        manager(access),
        staff_id=staff_id,
        version=version,
        password_hash=temporary.hash,
        remove_totp=body.remove_totp,
    )
    made = TemporaryPasswordOut(id=staff_id, temporary_password=temporary.password, version=new)
    return secret_answer(200, made, uow=uow, ETag=etag(new))


@router.post("/staff/{staff_id}/revoke-sessions", response_model=EndedOut, dependencies=[Forgetting])
async def revoke_sessions(access: StaffWriting, staff_id: UUID, uow: Uow) -> Response:
    """Ends every session of the account, at once and whatever its version."""
    ended = await service.revoke_sessions(uow, manager(access), staff_id=staff_id)
    return reply(uow, 200, EndedOut(ended=ended))


@router.get("/clients", response_model=ClientPage)
async def list_clients(access: ClientWriting, reader: Reader, page: Page) -> Response:
    """Clients with a grant in the caller's part of the region tree, the oldest first."""
    after = page.after([UUID])
    rows = await queries.LIST_CLIENTS.all(
        reader, after=None if after is None else after[0], count=page.limit + 1, **access.scope.parameters
    )
    return page.answer([dict(row) for row in rows], lambda row: [row["id"]])


@router.post("/clients", status_code=201, response_model=ClientSecretOut)
async def create_client(access: ClientWriting, body: ClientIn, uow: Uow) -> Response:
    """A new client with the department's role. Its secret is told once."""
    client_id, secret = await service.create_client(
        uow,
        manager(access),
        name=body.name,
        organisation=body.organisation,
        region_ids=body.region_ids,
        bureau=body.bureau,
    )
    made = ClientSecretOut(id=client_id, client_secret=secret, version=1)
    return secret_answer(201, made, uow=uow, ETag=etag(1), Location=f"/v1/clients/{client_id}")


@router.get("/clients/{client_id}", response_model=ClientOut)
async def get_client(access: ClientWriting, reader: Reader, client_id: UUID) -> Response:
    """One client."""
    return _one(await queries.ONE_CLIENT.first(reader, client_id=client_id, **access.scope.parameters))


@router.put("/clients/{client_id}/bureau", response_model=VersionOut, dependencies=[Forgetting])
async def set_bureau(access: ClientWriting, client_id: UUID, version: IfMatch, body: BureauIn, uow: Uow) -> Response:
    """For which bureau of a policy the client answers (`POST /v1/rounds/{id}/approvals`)."""
    new = await service.set_bureau(uow, manager(access), client_id=client_id, version=version, bureau=body.bureau)
    return reply(uow, 200, VersionOut(id=client_id, version=new), version=new)


@router.post("/clients/{client_id}/rotate-secret", response_model=ClientSecretOut, dependencies=[Forgetting])
async def rotate_secret(access: ClientWriting, client_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """A new secret, told once; the old one and its tokens end now."""
    secret, new = await service.rotate_secret(uow, manager(access), client_id=client_id, version=version)
    made = ClientSecretOut(id=client_id, client_secret=secret, version=new)
    return secret_answer(200, made, uow=uow, ETag=etag(new))


@router.post("/clients/{client_id}/disable", response_model=VersionOut, dependencies=[Forgetting])
async def disable_client(access: ClientWriting, client_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """Ends the client for good."""
    new = await service.disable_client(uow, manager(access), client_id=client_id, version=version)
    return reply(uow, 200, VersionOut(id=client_id, version=new), version=new)
