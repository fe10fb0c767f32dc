"""Routes of clients' long-lived keys, which Open311 asks for as `api_key`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.identity.managing import ClientWriting, manager
from services.api.identity.proofs import secret_answer
from services.api.identity.schemas import ClientKeyMadeOut, ClientKeyPage, VersionOut
from services.api.ownership.shown import FIRST
from services.api.wire import PageOnly
from services.core.identity import keys, queries
from services.core.kit.errors import NotFound

router = APIRouter(prefix="/v1/clients/{client_id}/keys", tags=["staff"])


@router.get("", response_model=ClientKeyPage)
async def list_keys(
    access: ClientWriting, reader: Reader, page: Page, client_id: UUID, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """Its keys, the oldest first."""
    if await queries.ONE_CLIENT.first(reader, client_id=client_id, **access.scope.parameters) is None:
        raise NotFound
    (after,) = page.after((UUID,)) or (FIRST,)
    rows = await reader.fetch(keys.LIST, client_id, after, page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("", status_code=201, response_model=ClientKeyMadeOut)
async def make_key(access: ClientWriting, client_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """A new key, told once. Two are live at once at most: make the new one, change over, revoke the old one."""
    key_id, key, new = await keys.make_key(uow, manager(access), client_id=client_id, version=version)
    made = ClientKeyMadeOut(id=key_id, api_key=key, version=new)
    return secret_answer(201, made, uow=uow, ETag=etag(new))


@router.post("/{key_id}/revoke", response_model=VersionOut)
async def revoke_key(access: ClientWriting, client_id: UUID, key_id: UUID, version: IfMatch, uow: Uow) -> Response:
    """The key opens nothing from now on."""
    new = await keys.revoke_key(uow, manager(access), client_id=client_id, version=version, key_id=key_id)
    return reply(uow, 200, VersionOut(id=client_id, version=new), version=new)
