"""What is taken, how large, and what its parts are called. Pure."""

from datetime import timedelta
from enum import StrEnum


class Media(StrEnum):
    """What a file is: decided by decoding it, never by its name or by what the sender says."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"


PHOTOS = frozenset({Media.JPEG, Media.PNG, Media.WEBP})

SUFFIXES: dict[Media, tuple[str, ...]] = {
    Media.JPEG: ("jpg", "jpeg", "jfif"),
    Media.PNG: ("png",),
    Media.WEBP: ("webp",),
    Media.PDF: ("pdf",),
}
"""Names that each may have; the first is the one that it leaves with."""


class Part(StrEnum):
    """What is kept of a file. The original is evidence, as it came; the others are made of it, without its EXIF."""

    ORIGINAL = "original"
    RENDITION = "rendition"
    THUMBNAIL = "thumbnail"


class UploadState(StrEnum):
    """Where an upload in pieces stands. `examining`: all bytes are there, the worker looks what they are."""

    RECEIVING = "receiving"
    EXAMINING = "examining"
    DONE = "done"
    REFUSED = "refused"
    TERMINATED = "terminated"


class CheckState(StrEnum):
    """Where a content stands that residents sent. Only what `passed` is ever shown to the public."""

    PENDING = "pending"
    PASSED = "passed"
    REVIEW = "review"
    REFUSED = "refused"


class CheckKind(StrEnum):
    """What is checked."""

    TEXT = "text"
    IMAGE = "image"


def state_suggested(suggest: str) -> CheckState:
    """What follows from WeChat's word; whatever else it says than these two, a person looks."""
    return {"pass": CheckState.PASSED, "risky": CheckState.REFUSED}.get(suggest, CheckState.REVIEW)


MOST_PIXELS = 50_000_000
"""The camera of a good phone; decoded, 150 MB."""
LONGEST_SIDE = 30_000
RENDITION_SIDE, THUMBNAIL_SIDE = 2048, 320

UNUSED_FOR = timedelta(hours=24)
"""How long an upload waits to be used."""
ORPHAN_FOR = timedelta(hours=24)
"""A stored blob that no row names is swept once it is this old: a younger one may belong to a transaction under way."""

UPLOAD_FOR = timedelta(days=3)
"""How long an upload waits for its next byte, and is told of once it ended: a weekend without a network."""
PIECE = 8 * 1024 * 1024
"""What a server that dies in mid-request may lose of an upload: bytes are kept, and counted, in pieces of at most this size."""
MOST_PIECES = 1000
"""Of one upload; whoever sends less than 32 KiB at a time sends it anew."""

ANSWER_WITHIN = timedelta(minutes=30)
"""WeChat pushes the result of `media_check_async` within half an hour; later a person looks."""
LEASE = timedelta(minutes=3)
"""For how long whoever asks has the check for himself; he who died leaves it to the next after that."""
AGAIN_AFTER = timedelta(minutes=2)
LONGEST_TEXT = 2500
"""Characters that `msg_sec_check` takes at once."""
