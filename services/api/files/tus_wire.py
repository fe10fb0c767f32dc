"""tus 1.0 on the wire: its version and methods, the headers that it knows, bytes as they come in.

https://tus.io/protocols/resumable-upload (1.0.0), with creation, creation-with-upload, checksum, expiration and termination.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from pydantic import Field, ValidationError, model_validator
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.validation_texts import field_errors
from services.api.wire import In
from services.core.files.errors import UploadTooLong
from services.core.files.service import Told
from services.core.files.uploads import Announced, Progress
from services.core.kit.errors import DomainError, InputInvalid, Kind
from services.core.kit.geo import Crs, Place

PATH = "/v1/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
BYTES = "application/offset+octet-stream"
OVERRIDE = b"x-http-method-override"
OVERRIDDEN = {"PATCH", "DELETE", "HEAD"}
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
NUMBER = re.compile(r"[0-9]{1,15}")
KEY = re.compile(r"[!-+\--~]{1,100}")  # visible ASCII without comma
SUFFIX = re.compile(r"[a-z0-9]{1,10}")
LONGEST_METADATA = 4096
SILENCE = 30
"""Seconds without a byte after which a sender is gone, whatever his connection says."""
SOUGHT = 2**20
"""Bytes handed on at once: a hop to a thread costs as much as a hundred kilobytes."""


class TusVersionUnknown(DomainError):
    code, kind = "tus-version-unknown", Kind.STALE
    title_zh, title_en = "须带 Tus-Resumable: 1.0.0", "Send Tus-Resumable: 1.0.0"


class NotOffsetBytes(DomainError):
    code, kind = "not-offset-bytes", Kind.UNSUPPORTED_TYPE
    title_zh, title_en = f"内容类型须为 {BYTES}", f"The content type must be {BYTES}"


class UploadHeaderInvalid(DomainError):
    code, kind = "upload-header-invalid", Kind.MALFORMED
    title_zh, title_en = "上传请求头有误", "A header of the upload is not valid"

    @classmethod
    def of(cls, name: str) -> "UploadHeaderInvalid":
        """The header that cannot be read."""
        return cls(header=name)


class ChecksumMismatch(DomainError):
    """Nothing of the request was kept."""

    code, kind = "checksum-mismatch", Kind.MISMATCH
    title_zh, title_en = "校验和不符，本次内容未保存", "The checksum does not match; nothing of this request was kept"


class Tus:
    """What holds of every request below `PATH`: the method may be given by a header, the answer names the version.

    The mini-program sends no PATCH; old proxies let none through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "POST":
            wanted = dict(scope["headers"]).get(OVERRIDE, b"").decode("latin-1").upper()
            if wanted in OVERRIDDEN:
                scope = {**scope, "method": wanted}

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"tus-resumable", VERSION.encode())]
            await send(message)

        await self.app(scope, receive, send_marked)


async def get_version(request: Request) -> None:
    """412 unless the request speaks our version: nothing of it is looked at."""
    if request.headers.get("tus-resumable") != VERSION:
        raise TusVersionUnknown(headers={"Tus-Version": VERSION})


Speaks = Depends(get_version)


def number(request: Request, name: str) -> int:
    """A header that is a number of bytes."""
    given = request.headers.get(name, "")
    if not NUMBER.fullmatch(given):
        raise UploadHeaderInvalid.of(name)
    return int(given)


def must_be_bytes(request: Request) -> None:
    """NotOffsetBytes for any other content type."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != BYTES:
        raise NotOffsetBytes


@dataclass(slots=True)
class Checksum:
    """What the bytes of a request must amount to."""

    digest: Any
    expected: bytes

    @classmethod
    def of(cls, request: Request) -> "Checksum | None":
        """As the header Upload-Checksum gives it: an algorithm and base64."""
        given = request.headers.get("upload-checksum")
        if given is None:
            return None
        algorithm, _, encoded = given.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise UploadHeaderInvalid.of("Upload-Checksum")
        return cls(ALGORITHMS[algorithm](usedforsecurity=False), _decoded(encoded.strip(), "Upload-Checksum"))

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return bool(self.digest.digest() == self.expected)


class Incoming:
    """The bytes of a request, in pieces. `broken`: the sender went away in their midst; what came until then is as good as any."""

    def __init__(self, request: Request, *, at_most: int, checksum: Checksum | None) -> None:
        self._stream, self._at_most, self._checksum = request.stream(), at_most, checksum
        self._left = bytearray()
        self._ended = False
        self.broken = False
        self.taken = 0

    async def more(self) -> bool:
        """Whether there is anything left; waits for it."""
        while not self._ended and len(self._left) < SOUGHT:
            try:
                async with asyncio.timeout(SILENCE):
                    self._left += await anext(self._stream)
            except StopAsyncIteration:
                self._ended = True
            except (ClientDisconnect, TimeoutError):
                self._ended = self.broken = True
        return bool(self._left)

    async def piece(self, size: int) -> AsyncIterator[bytes]:
        """So many bytes, or all that are left. UploadTooLong."""
        while size and await self.more():
            chunk = bytes(self._left[:size])
            del self._left[:size]
            size -= len(chunk)
            self.taken += len(chunk)
            if self.taken > self._at_most:
                raise UploadTooLong
            if self._checksum is not None:
                self._checksum.digest.update(chunk)
            yield chunk


class Metadata(In):
    """What we understand of Upload-Metadata; the rest is kept for the sender and means nothing here."""

    filename: str = ""
    sha256: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    project: UUID | None = None
    taken_at: datetime | None = None
    lat: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None
    crs: Crs | None = None
    accuracy: Annotated[float | None, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = None

    @model_validator(mode="after")
    def _whole(self) -> "Metadata":
        given = [self.lat is not None, self.lon is not None, self.crs is not None]
        if any(given) != all(given) or (self.accuracy is not None and not all(given)):
            raise ValueError("lat、lon、crs 须一并给出", "lat, lon and crs come together")
        if self.taken_at is not None and self.taken_at.tzinfo is None:
            raise ValueError("taken_at 须带时区", "taken_at needs its offset")
        return self

    @property
    def told(self) -> Told:
        """What the device says."""
        fix = None
        if self.lat is not None and self.lon is not None and self.crs is not None:
            fix = Place(self.lat, self.lon, self.crs)
        return Told(self.taken_at, fix, self.accuracy)

    @property
    def suffix(self) -> str:
        """How the name ends: all that is kept of it in the clear. A suffix that no file of ours has is `?`."""
        stem, dot, suffix = self.filename.rpartition(".")
        if not (stem and dot and suffix):
            return ""
        return suffix.lower() if SUFFIX.fullmatch(suffix.lower()) else "?"


def read_metadata(header: str) -> Metadata:
    """Upload-Metadata: `key base64, key base64, …`. UploadHeaderInvalid, InputInvalid."""
    found: dict[str, str] = {}
    if len(header) > LONGEST_METADATA:
        raise UploadHeaderInvalid.of("Upload-Metadata")
    for pair in header.split(",") if header.strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if not KEY.fullmatch(key) or key in found:
            raise UploadHeaderInvalid.of("Upload-Metadata")
        try:
            found[key] = _decoded(encoded.strip(), "Upload-Metadata").decode()
        except UnicodeDecodeError:
            raise UploadHeaderInvalid.of("Upload-Metadata") from None
    return read_fields({key: value for key, value in found.items() if key in Metadata.model_fields})


def read_fields(given: dict[str, str]) -> Metadata:
    """What is said of a file, in words of ours. InputInvalid."""
    try:
        return Metadata.model_validate(given)
    except ValidationError as error:
        raise InputInvalid(errors=field_errors(error.errors())) from None


def read_announced(request: Request) -> tuple[Announced, UUID | None]:
    """What the headers of a creation say, and on which project's account."""
    header = request.headers.get("upload-metadata", "")
    metadata = read_metadata(header)
    length = number(request, "Upload-Length")
    return Announced(length, header, metadata.suffix, metadata.sha256, metadata.told), metadata.project


def _decoded(encoded: str, header: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        raise UploadHeaderInvalid.of(header) from None


def progress_headers(progress: Progress) -> dict[str, str]:
    """How far an upload is, and until when it may go on."""
    return {"Upload-Offset": str(progress.received), "Upload-Expires": http_date(progress.expires_at)}


def http_date(moment: datetime) -> str:
    """As RFC 9110 writes it; up to the next whole second."""
    return format_datetime(
        moment.replace(microsecond=0) + timedelta(seconds=1 if moment.microsecond else 0), usegmt=True
    )
