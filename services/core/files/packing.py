"""The evidence of a subject as one ZIP, written while it is sent: originals as they came, and a manifest of what is known of each.

However many photographs there are, one chunk of one of them is in memory, and a short line of the directory for each. Every
original is read to its end and its digest compared with the one that was taken when it arrived; the manifest, last in the archive,
tells what was found. The archive is not compressed: photographs are.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from services.core.files import queries
from services.core.files.rules import SUFFIXES, Media
from services.core.files.whereabouts import Fence, whereabouts
from services.core.kit.calendar import SHANGHAI
from services.core.kit.storage import BlobGone

if TYPE_CHECKING:
    from services.core.kit.storage import Storage
    from services.core.kit.uow import Database

log = structlog.get_logger("api")

PAGE = 200
MANIFEST = "manifest.json"
EDITION = 1
"""Of the manifest's form."""


class Outbox:
    """What `zipfile` writes, until it is sent. Not seekable: sizes and checksums follow each entry."""

    def __init__(self) -> None:
        self._chunks = bytearray()

    def write(self, chunk: bytes) -> int:
        """Keeps it."""
        self._chunks += chunk
        return len(chunk)

    def flush(self) -> None:
        """There is nothing behind."""

    def take(self) -> bytes:
        """Gives out what there is."""
        taken, self._chunks = bytes(self._chunks), bytearray()
        return taken


async def pack(
    database: "Database",
    storage: "Storage",
    *,
    subject_type: str,
    subject_id: UUID,
    fence: Fence | None,
    now: datetime,
    about: Mapping[str, Any],
) -> AsyncIterator[bytes]:
    """The archive, chunk by chunk. `about`: what the manifest says of the subject; `now`: the time that its entries bear.

    It holds a connection for the reading of a page, never while bytes travel. Files attached meanwhile may or may not be in it; the
    manifest lists what is.
    """
    outbox = Outbox()
    stamp = now.astimezone(SHANGHAI).timetuple()[:6]
    with tempfile.TemporaryFile("w+b") as notes, zipfile.ZipFile(outbox, "w") as archive:  # type: ignore[call-overload]
        head = {
            "edition": EDITION,
            "subject": {"type": subject_type, "id": str(subject_id)},
            "packed_at": now.isoformat(),
        }
        notes.write(_json({**head, **about})[:-1] + b',"files":[')
        number = 0
        async for row in _files(database, subject_type, subject_id):
            number += 1
            name = f"{number:05d}-{row['sha256'][:12]}.{SUFFIXES[Media(row['media_type'])][0]}"
            found: dict[str, Any] = {}
            async for chunk in _original(archive, outbox, storage, row, zipfile.ZipInfo(name, stamp), found):
                yield chunk
            notes.write((b"" if number == 1 else b",") + b"\n" + _json({"name": name, **_noted(row, fence), **found}))
        notes.write(b"\n]}\n")
        with archive.open(_entry(zipfile.ZipInfo(MANIFEST, stamp), notes.tell()), "w") as entry:
            notes.seek(0)
            while chunk := notes.read(2**18):
                entry.write(chunk)
                yield outbox.take()
        archive.close()
        yield outbox.take()


async def _files(database: "Database", subject_type: str, subject_id: UUID) -> AsyncIterator[Any]:
    position, file_id = -1, UUID(int=0)
    while True:
        async with database.read() as connection:
            rows = await connection.fetch(queries.EVIDENCE, subject_type, subject_id, position, file_id, PAGE)
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        position, file_id = rows[-1]["position"], rows[-1]["id"]


async def _original(
    archive: zipfile.ZipFile,
    outbox: Outbox,
    storage: "Storage",
    row: Any,
    info: zipfile.ZipInfo,
    found: dict[str, Any],
) -> AsyncIterator[bytes]:
    """Puts one original into the archive, and what was found of it into `found`: whether it is there, and what it was."""
    digest = hashlib.sha256()
    chunks = storage.open(row["key"])
    try:
        first = await anext(chunks, b"")
    except BlobGone:
        log.error("a blob that a row names is gone", key=row["key"])
        found.update(packed=False, intact=False)
        return
    with archive.open(_entry(info, row["size"]), "w") as entry:
        chunk = first
        while chunk:
            digest.update(chunk)
            entry.write(chunk)
            yield outbox.take()
            chunk = await anext(chunks, b"")
    found.update(packed=True, intact=digest.hexdigest() == row["sha256"])


def _entry(info: zipfile.ZipInfo, size: int) -> zipfile.ZipInfo:
    info.file_size = size  # told beforehand, so that only a large one takes the longer form
    info.external_attr = 0o600 << 16
    return info


def _noted(row: Any, fence: Fence | None) -> dict[str, Any]:
    """What is known of a file. None of the times and places is a proof by itself; that is why there are several."""
    fix, camera = queries.fix_of(row), queries.camera_place(row)
    where = whereabouts(fix=fix, accuracy=row["fix_accuracy"], camera=camera, fence=fence)
    return {
        "file_id": str(row["id"]),
        "sha256": row["sha256"],
        "size": row["size"],
        "media_type": row["media_type"],
        "received_at": row["created_at"].isoformat(),
        "device_taken_at": _moment(row["device_taken_at"]),
        "camera_taken_at": _moment(row["taken_at"]),
        "device_fix": None if fix is None else {**asdict(fix), "accuracy": row["fix_accuracy"]},
        "camera_place": None if camera is None else asdict(camera),
        "whereabouts": asdict(where),
        "sent_by": {"kind": row["owner_kind"], "id": str(row["owner_id"])},
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
