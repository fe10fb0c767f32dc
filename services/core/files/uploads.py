"""Use cases of files that come in pieces (tus 1.0): announced, received at whatever offset they stand, examined when all is there.

Nobody holds an upload while its bytes travel. They are stored first, as a blob of their own; then one statement counts them if
the upload still stands where they begin. Of two requests at one offset the second finds it moved, and its blob is nobody's:
nothing is ever torn, no lock outlives a lost connection, and what was counted is on the disk.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from services.core.files import service
from services.core.files.errors import FileRefused, UploadMoved, UploadTooFine, UploadTooLong
from services.core.files.events import UploadBegun, UploadRefused, UploadTerminated
from services.core.files.examining import examine, refused
from services.core.files.jobs import FinishUpload
from services.core.files.queries import fix_of
from services.core.files.quotas import Account, Quota, must_have_room, take_turn
from services.core.files.rules import MOST_PIECES, UPLOAD_FOR, UploadState
from services.core.files.service import NOTHING_TOLD, Examined, Told
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.storage import Blob, BlobGone, read
from services.core.kit.uow import Actor, UnitOfWork

if TYPE_CHECKING:
    import asyncpg

ADD = """
INSERT INTO upload (id, owner_kind, owner_id, project_id, length, received, pieces, state, metadata_sealed, suffix, sha256,
                    device_taken_at, fix_lat, fix_lon, fix_crs, fix_accuracy, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, 0, 0, 'receiving', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
# Of two that begin where it stands, the second waits for the first, looks again, and finds that it moved.
RECEIVE = """
WITH grown AS (
  UPDATE upload SET received = received + $4, pieces = pieces + 1, expires_at = $6,
    state = CASE WHEN received + $4 = length THEN 'examining' ELSE state END
  WHERE id = $1 AND owner_id = $2 AND state = 'receiving' AND received = $3 AND received + $4 <= length
    AND pieces < $8 AND expires_at > $7
  RETURNING received, length, expires_at),
piece AS (INSERT INTO upload_piece (upload_id, start, size, key) SELECT $1, $3, $4, $5 FROM grown)
SELECT * FROM grown
"""
ONE = """
SELECT id, length, received, pieces, state, metadata_sealed, file_id, refused_zh, refused_en, created_at, expires_at FROM upload
WHERE id = $1 AND owner_id = $2 AND state <> 'terminated' AND expires_at > $3
"""
TERMINATE = """
WITH ended AS (
  UPDATE upload SET state = 'terminated', file_id = NULL, refused_zh = NULL, refused_en = NULL, metadata_sealed = NULL
  WHERE id = $1 AND owner_id = $2 AND state <> 'terminated' AND expires_at > $3 RETURNING id, received),
pieces AS (DELETE FROM upload_piece USING ended WHERE upload_id = ended.id)
SELECT received FROM ended
"""
TO_EXAMINE = "SELECT * FROM upload WHERE id = $1 AND state = 'examining' FOR UPDATE"
PIECES = "SELECT key, size FROM upload_piece WHERE upload_id = $1 ORDER BY start"
END = """
WITH pieces AS (DELETE FROM upload_piece WHERE upload_id = $1)
UPDATE upload SET state = $2, file_id = $3, refused_zh = $4, refused_en = $5 WHERE id = $1
"""
FORGET = """
WITH past AS (SELECT id FROM upload WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
pieces AS (DELETE FROM upload_piece USING past WHERE upload_id = past.id),
gone AS (DELETE FROM upload USING past WHERE upload.id = past.id)
SELECT count(*) FROM past
"""
AT_ONCE = 1000
EXAMINING = asyncio.Semaphore(2)
"""So many uploads of this process are in its memory at once."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What is said of an upload before its first byte. `suffix`: how its name ends; `metadata`: the header as it came."""

    length: int
    metadata: str = ""
    suffix: str = ""
    sha256: str | None = None
    told: Told = NOTHING_TOLD


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload stands."""

    received: int
    length: int
    expires_at: datetime


async def begin(
    uow: UnitOfWork, *, announced: Announced, quota: Quota, account: Account | None, first: Blob | None = None
) -> tuple[UUID, Progress]:
    """Announces an upload of the actor's, with its first bytes where they came along. Its whole length counts from now on.

    FileQuotaUsedUp, ProjectSpaceUsedUp, UploadTooLong; FileRefused for one without bytes, which no file of ours is.
    """
    if announced.length == 0:
        raise refused("文件是空的", "it is empty")
    owner_id, upload_id = service.owner_of(uow), new_id()
    await take_turn(uow, owner_id)
    await must_have_room(uow, owner_id=owner_id, size=announced.length, quota=quota, account=account)
    sealed = None
    if announced.metadata:
        sealed = uow.vault.cipher.seal(
            announced.metadata.encode(), table="upload", column="metadata_sealed", row=upload_id
        )
    told, until = announced.told, uow.now + UPLOAD_FOR
    await uow.driver.execute(
        ADD,
        upload_id,
        uow.actor.kind,
        owner_id,
        account.project_id if account else None,
        announced.length,
        sealed,
        announced.suffix,
        announced.sha256,
        told.taken_at,
        told.fix.lat if told.fix else None,
        told.fix.lon if told.fix else None,
        told.fix.crs if told.fix else None,
        told.accuracy,
        uow.now,
        until,
    )
    uow.record(UploadBegun(length=announced.length), subject="upload", subject_id=upload_id, region_path="")
    if first is None:
        return upload_id, Progress(0, announced.length, until)
    return upload_id, await receive(uow, upload_id=upload_id, offset=0, blob=first)


async def receive(uow: UnitOfWork, *, upload_id: UUID, offset: int, blob: Blob) -> Progress:
    """Counts bytes that lie in the storage as those from `offset` on. With the last of them the worker's turn comes.

    NotFound, UploadMoved, UploadTooLong, UploadTooFine: then the blob is nobody's.
    """
    owner_id = service.owner_of(uow)
    row = await uow.driver.fetchrow(
        RECEIVE, upload_id, owner_id, offset, blob.size, blob.key, uow.now + UPLOAD_FOR, uow.now, MOST_PIECES
    )
    if row is None:
        _say_why(await one_of(uow.driver, upload_id=upload_id, owner_id=owner_id, now=uow.now), offset, blob)
    if row["received"] == row["length"]:
        uow.enqueue(FinishUpload(upload_id=upload_id))
    return Progress(row["received"], row["length"], row["expires_at"])


def _say_why(row: "asyncpg.Record", offset: int, blob: Blob) -> NoReturn:
    if row["state"] != UploadState.RECEIVING or row["received"] != offset:
        raise UploadMoved
    raise UploadTooLong if offset + blob.size > row["length"] else UploadTooFine


async def one_of(
    connection: "asyncpg.Connection", *, upload_id: UUID, owner_id: UUID | None, now: datetime
) -> "asyncpg.Record":
    """An upload, for its sender alone; NotFound for everybody else, and once its time is over."""
    row = await connection.fetchrow(ONE, upload_id, owner_id, now)
    if row is None:
        raise NotFound
    return row


async def terminate(uow: UnitOfWork, *, upload_id: UUID) -> None:
    """Its sender gives an upload up; the file that it became stays. NotFound."""
    received = await uow.driver.fetchval(TERMINATE, upload_id, service.owner_of(uow), uow.now)
    if received is None:
        raise NotFound
    uow.record(UploadTerminated(received=received), subject="upload", subject_id=upload_id, region_path="")


async def finish(uow: UnitOfWork, *, upload_id: UUID) -> None:
    """Makes a file of an upload whose bytes are all there, as if its sender had sent it at once; or says why it is none.

    Nothing when it was given up meanwhile.
    """
    row = await uow.driver.fetchrow(TO_EXAMINE, upload_id)
    if row is None:
        return
    uow.actor = Actor(row["owner_kind"], row["owner_id"], uow.actor.request_id)
    pieces = await uow.driver.fetch(PIECES, upload_id)
    try:
        async with EXAMINING:
            examined = await _examined(uow, row, [piece["key"] for piece in pieces])
    except FileRefused as refusal:
        (place,) = refusal.errors
        await uow.driver.execute(END, upload_id, UploadState.REFUSED, None, place.zh, place.en)
        uow.record(UploadRefused(length=row["length"]), subject="upload", subject_id=upload_id, region_path="")
        return
    whole = Blob(pieces[0]["key"], examined.sha256, row["length"]) if len(pieces) == 1 else None
    told = Told(row["device_taken_at"], fix_of(row), row["fix_accuracy"])
    file_id, _ = await service.keep(uow, examined=examined, blob=whole, told=told, project_id=row["project_id"])
    await uow.driver.execute(END, upload_id, UploadState.DONE, file_id, None, None)


async def _examined(uow: UnitOfWork, row: "asyncpg.Record", keys: list[str]) -> Examined:
    try:
        content = b"".join([await read(uow.storage, key) for key in keys])
    except BlobGone:
        raise refused("服务器上的内容已丢失，请重新上传", "its bytes were lost here: send it anew") from None
    name = f"file.{row['suffix']}" if row["suffix"] else ""
    found = await asyncio.to_thread(examine, content, file_name=name, pdf=row["owner_kind"] != "resident")
    if row["sha256"] not in {None, found.sha256}:
        raise refused("内容与所报的 SHA-256 不符", "its SHA-256 is not the one that was announced")
    return found


async def forget(uow: UnitOfWork, *, at_most: int = AT_ONCE) -> int:
    """Lets go of uploads whose time is over; how many. Their blobs go with the next sweep."""
    gone: int = await uow.driver.fetchval(FORGET, uow.now, at_most)
    return gone
