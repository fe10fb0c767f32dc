"""Routes of files: sending one, reading it, and what the public may see of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.api.deps import Reader, Uow, reply
from services.api.files import serving
from services.api.files.quotas import account_of, quota_of
from services.api.files.readers import EVERYBODY, readable, sees_original
from services.api.files.schemas import FileOut, FixOut
from services.api.files.uploads import BODY, Sent
from services.api.security import Access, requires
from services.api.wire import PlaceOut
from services.core.files import checking, queries, service
from services.core.files.errors import FileNotReady
from services.core.files.rules import PHOTOS, Part
from services.core.files.whereabouts import whereabouts
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

router = APIRouter(tags=["files"])

Reading = Annotated[Access, requires(Permission.FILE_READ)]
PUBLIC = "public, max-age=60"
"""What is refused after all is seen no longer than that."""


@router.post("/v1/files", status_code=201, response_model=FileOut, openapi_extra=BODY)
async def send_file(
    request: Request, access: Annotated[Access, requires(Permission.FILE_WRITE)], sent: Sent, uow: Uow
) -> Response:
    """Takes one file of at most 10 MiB: JPEG, PNG, WebP, from staff also PDF. HEIC is refused: choose the compressed picture.

    Beside it may stand what tus' Upload-Metadata may hold: `sha256`, `project`, `taken_at`, `lat`, `lon`, `crs`, `accuracy`.
    It goes in a day unless something uses it. The same bytes of the same sender are one file (200). 422 `file-refused`,
    429 `file-quota-used-up`.
    """
    settings: Settings = request.app.state.settings
    quota = quota_of(settings, access.principal)
    file_id, new = await service.take(
        uow,
        examined=sent.examined,
        quota=quota,
        told=sent.about.told,
        account=await account_of(uow.driver, settings, access, sent.about.project),
    )
    row = await queries.FILE.first(uow.driver, file_id=file_id)
    assert row is not None  # noqa: S101 - taken in this transaction
    out = FileOut.model_validate(_shown(row, whole=sees_original(access.principal, row)))
    return reply(uow, 201 if new else 200, out, location=f"/v1/files/{file_id}")


@router.get("/v1/files/{file_id}", response_model=FileOut)
async def get_file(access: Reading, reader: Reader, file_id: UUID) -> FileOut:
    """What is known of a file. For its sender until something uses it, then for whoever may read that."""
    row = await readable(reader, access.principal, file_id)
    return FileOut.model_validate(_shown(row, whole=sees_original(access.principal, row)))


@router.get("/v1/files/{file_id}/content", response_class=Response)
async def get_content(request: Request, access: Reading, reader: Reader, file_id: UUID) -> Response:
    """The original, as it was sent: for its sender and for officials. Takes `Range`."""
    row = await readable(reader, access.principal, file_id)
    if not sees_original(access.principal, row):
        raise NotFound
    return await serving.blob(request, await _part(reader, file_id, Part.ORIGINAL), Part.ORIGINAL)


@router.get("/v1/files/{file_id}/rendition", response_class=Response)
async def get_rendition(request: Request, access: Reading, reader: Reader, file_id: UUID) -> Response:
    """A photograph without what its camera wrote into it, at most 2,048 pixels a side. 409 `file-not-ready` for a second or two."""
    await readable(reader, access.principal, file_id)
    return await serving.blob(request, await _part(reader, file_id, Part.RENDITION), Part.RENDITION)


@router.get("/v1/files/{file_id}/thumbnail", response_class=Response)
async def get_thumbnail(request: Request, access: Reading, reader: Reader, file_id: UUID) -> Response:
    """The same, at most 320 pixels a side."""
    await readable(reader, access.principal, file_id)
    return await serving.blob(request, await _part(reader, file_id, Part.THUMBNAIL), Part.THUMBNAIL)


@router.get("/public/files/{file_id}/rendition", response_class=Response)
async def get_public_rendition(request: Request, reader: Reader, file_id: UUID) -> Response:
    """A photograph that was attached for everybody to see and whose content passed; 404 for any other.

    Those of a complaint's history are at `/public/complaints/{code}/files/{file_id}`, for who has its code.
    """
    return await serving.blob(
        request, await _public_part(reader, file_id, Part.RENDITION), Part.RENDITION, cache=PUBLIC
    )


@router.get("/public/files/{file_id}/thumbnail", response_class=Response)
async def get_public_thumbnail(request: Request, reader: Reader, file_id: UUID) -> Response:
    """The same, small."""
    return await serving.blob(
        request, await _public_part(reader, file_id, Part.THUMBNAIL), Part.THUMBNAIL, cache=PUBLIC
    )


@router.get("/public/content-checks/{link}", response_class=Response)
async def get_linked(request: Request, reader: Reader, link: str) -> Response:
    """The photograph that WeChat was asked to look at: by a link that nobody else knows, for as long as it looks."""
    return await serving.blob(request, await checking.linked(reader, link), Part.RENDITION, cache="no-store")


async def _part(reader: "asyncpg.Connection", file_id: UUID, part: Part) -> "asyncpg.Record":
    row = await queries.PART.first(reader, file_id=file_id, part=part)
    if row is not None:
        return row
    original = await queries.PART.first(reader, file_id=file_id, part=Part.ORIGINAL)
    if original is None or original["media_type"] not in PHOTOS:
        raise NotFound
    raise FileNotReady(headers={"Retry-After": "2"})


async def _public_part(reader: "asyncpg.Connection", file_id: UUID, part: Part) -> "asyncpg.Record":
    row = await queries.PUBLIC_PART.first(reader, file_id=file_id, part=part, everybody=sorted(EVERYBODY))
    if row is None:
        raise NotFound
    return row


def _shown(row: "Mapping[str, Any]", *, whole: bool) -> dict[str, Any]:
    """Where and when it was taken is told to those alone who may see the original."""
    if not whole:
        hidden = ("taken_at", "taken_place", "device_taken_at", "fix", "apart")
        return {**row, **dict.fromkeys(hidden)}
    camera, fix = queries.camera_place(row), queries.fix_of(row)
    where = whereabouts(fix=fix, accuracy=row["fix_accuracy"], camera=camera, fence=None)
    return {
        **row,
        "taken_place": None if camera is None else PlaceOut(**asdict(camera)),
        "fix": None if fix is None else FixOut(place=PlaceOut(**asdict(fix)), accuracy=row["fix_accuracy"]),
        "apart": where.apart,
    }
