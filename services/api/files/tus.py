"""Routes of uploads in pieces (tus 1.0). An upload is its sender's alone: to everybody else it is not there."""

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import ClientDisconnect

from services.api.deps import Reader, Uow, reply
from services.api.files import tus_wire
from services.api.files.quotas import account_of, quota_of
from services.api.files.schemas import UploadOut, UploadRefusal
from services.api.files.tus_wire import (
    BYTES,
    PATH,
    VERSION,
    Checksum,
    ChecksumMismatch,
    Incoming,
    Speaks,
    must_be_bytes,
    number,
    progress_headers,
    read_announced,
)
from services.api.security import Access, requires
from services.core.files import uploads
from services.core.files.errors import UploadMoved, UploadTooLong
from services.core.files.rules import PIECE, UploadState
from services.core.files.uploads import Announced, Progress
from services.core.identity.access import Permission
from services.core.kit.errors import DomainError
from services.core.kit.settings import Settings
from services.core.kit.storage import Blob, Storage
from services.core.kit.uow import Actor, Database

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(tags=["files"])

Writing = Annotated[Access, requires(Permission.FILE_WRITE)]
NEVER_KEPT = {"Cache-Control": "no-store"}


def _header(name: str, example: str, about: str) -> dict[str, Any]:
    schema = {"type": "string", "examples": [example]}
    return {"name": name, "in": "header", "required": True, "schema": schema, "description": about}


SPEAKS = _header("Tus-Resumable", VERSION, "412 for any other")
LENGTH = _header("Upload-Length", "1", "Of the whole file, in bytes")
OFFSET = _header(
    "Upload-Offset", "0", "Where these bytes begin; 409 `upload-moved` when the upload does not stand there"
)
BODY = {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}


@router.options(PATH, status_code=204, include_in_schema=False)
@router.options(PATH + "/{upload_id}", status_code=204, include_in_schema=False)
async def get_abilities(request: Request) -> Response:
    """What we understand of tus; for everybody."""
    settings: Settings = request.app.state.settings
    return Response(
        status_code=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": tus_wire.EXTENSIONS,
            "Tus-Max-Size": str(settings.upload_limit_bytes),
            "Tus-Checksum-Algorithm": ",".join(tus_wire.ALGORITHMS),
        },
    )


async def get_announced(request: Request) -> tuple[Announced, UUID | None]:
    """What is announced; UploadTooLong at once."""
    announced, project_id = read_announced(request)
    if announced.length > request.app.state.settings.upload_limit_bytes:
        raise UploadTooLong
    # What tells this creation from another under one Idempotency-Key; the bytes that may come along are a stream.
    request.state.upload_digest = hashlib.sha256(f"{announced.length} {announced.metadata}".encode()).digest()
    return announced, project_id


Said = Annotated[tuple[Announced, UUID | None], Depends(get_announced)]


async def get_first(request: Request, said: Said) -> Blob | None:
    """The bytes that came along, stored before a connection is taken; the rest, once they are announced, by PATCH."""
    incoming = Incoming(request, at_most=said[0].length, checksum=(checksum := Checksum.of(request)))
    if not await incoming.more():
        return None
    must_be_bytes(request)
    blob = await _storage(request).put(incoming.piece(said[0].length + 1))
    if incoming.broken:
        raise ClientDisconnect
    if checksum is not None and not checksum.holds:
        await _storage(request).delete(blob.key)
        raise ChecksumMismatch
    return blob


First = Annotated[Blob | None, Depends(get_first)]


@router.post(
    PATH,
    status_code=201,
    response_class=Response,
    openapi_extra={"parameters": [SPEAKS, LENGTH], "requestBody": BODY},
)
async def announce(
    request: Request, access: Writing, _: Annotated[None, Speaks], said: Said, first: First, uow: Uow
) -> Response:
    """Announces a file of at most 32 MiB, and takes its first bytes if they come along. Takes `Idempotency-Key`.

    Of Upload-Metadata we understand `filename`, `sha256` (the content must have it), `project` (on whose account it is kept),
    `taken_at` (RFC 3339), `lat`, `lon`, `crs`, `accuracy` (metres): what the device says of itself. 429 `file-quota-used-up`,
    409 `project-space-used-up`.
    """
    settings: Settings = request.app.state.settings
    announced, project_id = said
    upload_id, progress = await uploads.begin(
        uow,
        announced=announced,
        quota=quota_of(settings, access.principal),
        account=await account_of(uow.driver, settings, access, project_id),
        first=first,
    )
    return reply(uow, 201, location=f"{PATH}/{upload_id}", headers=progress_headers(progress))


@router.head(PATH + "/{upload_id}", include_in_schema=False)
async def get_offset(
    request: Request, access: Writing, _: Annotated[None, Speaks], reader: Reader, upload_id: UUID
) -> Response:
    """Where an upload stands, and what was announced of it."""
    row = await _own(reader, access, upload_id)
    headers = {**NEVER_KEPT, **progress_headers(_progress(row)), "Upload-Length": str(row["length"])}
    if row["metadata_sealed"] is not None:
        cipher = request.app.state.database.vault.cipher
        headers["Upload-Metadata"] = cipher.open(
            row["metadata_sealed"], table="upload", column="metadata_sealed", row=upload_id
        ).decode()
    return Response(headers=headers)


@router.get(PATH + "/{upload_id}", response_model=UploadOut)
async def get_upload(access: Writing, reader: Reader, upload_id: UUID, response: Response) -> UploadOut:
    """What became of an upload: the file once it is `done`, the reason when it is `refused`. For three days after its last byte."""
    row = await _own(reader, access, upload_id)
    response.headers.update(NEVER_KEPT)
    refusal = UploadRefusal(zh=row["refused_zh"], en=row["refused_en"]) if row["refused_zh"] else None
    return UploadOut.model_validate({**row, "refused": refusal})


@router.patch(
    PATH + "/{upload_id}",
    status_code=204,
    response_class=Response,
    openapi_extra={"parameters": [SPEAKS, OFFSET], "requestBody": BODY},
)
async def receive_bytes(request: Request, access: Writing, _: Annotated[None, Speaks], upload_id: UUID) -> Response:
    """Takes bytes from an offset on; what came is kept when the connection breaks. With `Upload-Checksum` all or nothing: 460.

    Where PATCH cannot be sent: POST with `X-HTTP-Method-Override: PATCH`. With the last byte the worker decides what the file is.
    """
    must_be_bytes(request)
    offset, checksum = number(request, "Upload-Offset"), Checksum.of(request)
    database: Database = request.app.state.database
    storage = _storage(request)
    async with database.read() as connection:
        row = await _own(connection, access, upload_id)
    progress = _progress(row)
    if progress.received != offset or row["state"] == UploadState.REFUSED:
        raise UploadMoved
    announced = int(request.headers.get("content-length", 0))  # the gate has looked that it is a number
    if offset + announced > progress.length:
        raise UploadTooLong
    incoming = Incoming(request, at_most=progress.length - offset, checksum=checksum)
    principal = access.principal
    actor = Actor(principal.kind, principal.id, request.scope["request_id"])
    while await incoming.more():
        size = PIECE if checksum is None else progress.length + 1
        blob = await storage.put(incoming.piece(size))
        try:
            if checksum is not None and not checksum.holds:
                raise ChecksumMismatch
            async with database.begin(actor) as uow:
                progress = await uploads.receive(uow, upload_id=upload_id, offset=progress.received, blob=blob)
        except DomainError:
            await storage.delete(blob.key)  # never counted: nobody's
            raise
    return Response(status_code=204, headers=progress_headers(progress))


@router.delete(
    PATH + "/{upload_id}",
    status_code=204,
    response_class=Response,
    openapi_extra={"parameters": [SPEAKS]},
)
async def terminate(_access: Writing, _: Annotated[None, Speaks], uow: Uow, upload_id: UUID) -> Response:
    """Gives an upload up. A file that it became already stays; what was sent goes on counting against the day's quota."""
    await uploads.terminate(uow, upload_id=upload_id)
    return reply(uow, 204)


async def _own(connection: "asyncpg.Connection", access: Access, upload_id: UUID) -> "asyncpg.Record":
    return await uploads.one_of(connection, upload_id=upload_id, owner_id=access.principal.id, now=datetime.now(UTC))


def _progress(row: "asyncpg.Record") -> Progress:
    return Progress(row["received"], row["length"], row["expires_at"])


def _storage(request: Request) -> Storage:
    storage: Storage = request.app.state.database.storage
    return storage
