"""Bodies of files and of checks of contents."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.api.wire import In, PlaceOut, Reason
from services.core.files.rules import CheckKind, CheckState, Media, UploadState


class FixOut(BaseModel):
    """Where a device says that it was, and within how many metres it takes that to be true."""

    place: PlaceOut
    accuracy: float | None


class FileOut(BaseModel):
    """A file. `taken_at`, `taken_place`: what its camera wrote into it; `device_taken_at`, `fix`: what the sending device said.
    Both are for its sender and for officials, and neither is a proof. `created_at` is by our clock.
    """

    id: UUID
    media_type: Media
    size: int
    width: int | None
    height: int | None
    sha256: str
    taken_at: datetime | None
    taken_place: PlaceOut | None
    device_taken_at: datetime | None
    fix: FixOut | None
    apart: int | None
    """Metres between what the camera and the device say."""
    check_state: CheckState
    ready: bool
    """Whether rendition and thumbnail can be fetched."""
    created_at: datetime
    expires_at: datetime | None
    """When it goes unless something uses it."""


class UploadRefusal(BaseModel):
    """Why what came is no file that is taken."""

    zh: str
    en: str


class UploadOut(BaseModel):
    """A file that comes in pieces, and what became of it."""

    id: UUID
    state: UploadState
    length: int
    received: int
    file_id: UUID | None
    refused: UploadRefusal | None
    created_at: datetime
    expires_at: datetime
    """When it goes unless another byte comes; what it became stays a while to be asked for."""


class CheckOut(BaseModel):
    """A content and how it was judged. An image's subject is the file, to be fetched there."""

    id: UUID
    kind: CheckKind
    subject_type: str
    subject_id: UUID
    state: CheckState
    asked_at: datetime
    label: int | None
    """WeChat's: 100 sound, 10001 advertisement, 20001 politics, 20002 pornography, 20003 abuse, 20006 crime, 20008 fraud …"""
    decided_at: datetime | None
    decided_by: UUID | None
    reason: str | None
    version: int


class CheckWithText(CheckOut):
    """One content with what is to be judged, while it waits for that."""

    text: str | None


class CheckPage(BaseModel):
    """Contents, the oldest first."""

    items: list[CheckOut]
    next_cursor: str | None
    has_more: bool


class ChecksWanted(In):
    """Which contents."""

    state: CheckState | None = None
    limit: object = None
    cursor: object = None


class DecideIn(In):
    """A person's word."""

    state: Literal[CheckState.PASSED, CheckState.REFUSED]
    reason: Reason | None = None
