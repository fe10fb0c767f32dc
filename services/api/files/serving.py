"""A blob on its way out: whole or in part, under names and headers that let no browser make anything else of it."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from services.core.files.rules import SUFFIXES, Media, Part
from services.core.kit.errors import NotFound
from services.core.kit.storage import BlobGone, Storage

log = structlog.get_logger("api")

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
# Together with `nosniff`, which the gate sends: what is fetched here runs nothing, wherever it is opened.
HARMLESS = {"Content-Security-Policy": "default-src 'none'; sandbox", "Accept-Ranges": "bytes"}


async def blob(request: Request, row: Mapping[str, Any], part: Part, *, cache: str = "private, no-cache") -> Response:
    """The blob of a row of `queries.PART`: 304 to who has it, 206 for one range (RFC 9110, 14), 416 for one beyond its end."""
    media, size, tag = Media(row["media_type"]), row["size"], f'"{row["sha256"]}"'
    shown = "attachment" if part is Part.ORIGINAL else "inline"
    headers = {
        **HARMLESS,
        "ETag": tag,
        "Cache-Control": cache,
        "Content-Disposition": f'{shown}; filename="{row["id"]}.{SUFFIXES[media][0]}"',
    }
    if _knows(request.headers.get("if-none-match"), tag):
        return Response(None, 304, headers)
    asked = _range(request, tag)
    if asked is None:
        return await _sent(request, row["key"], 0, size, 200, headers, media)
    start, end = asked if asked[0] is not None else (max(0, size - (asked[1] or 0)), None)
    start, stop = start or 0, size if end is None else min(size, end + 1)
    if start >= stop:
        return Response(None, 416, {**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return await _sent(request, row["key"], start, stop - start, 206, headers, media)


def _knows(header: str | None, tag: str) -> bool:
    return header is not None and (
        header.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in header.split(","))
    )


def _range(request: Request, tag: str) -> tuple[int | None, int | None] | None:
    """(first, last), of which one may be missing. None: the whole is asked for, or what we do not serve in parts."""
    found = RANGE.fullmatch(request.headers.get("range", "").strip())
    condition = request.headers.get("if-range")
    if found is None or (not found[1] and not found[2]) or (condition is not None and condition.strip() != tag):
        return None
    first, last = (int(given) if given else None for given in found.groups())
    return None if first is not None and last is not None and last < first else (first, last)


async def _sent(
    request: Request, key: str, start: int, length: int, status: int, headers: dict[str, str], media: Media
) -> Response:
    storage: Storage = request.app.state.database.storage
    chunks = storage.open(key, start=start, length=length)
    try:
        first = await anext(chunks, b"")  # before anything is answered: a hole in the storage is found here
    except BlobGone:
        log.error("a blob that a row names is gone", key=key)
        raise NotFound from None
    headers = {**headers, "Content-Length": str(length)}
    return StreamingResponse(_joined(first, chunks), status, headers, media_type=media)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
