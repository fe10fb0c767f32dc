"""What the worker does for files: renditions, uploads that nothing used, blobs that nothing names."""

import asyncio
from uuid import UUID

from services.core.files import images, queries
from services.core.files.jobs import SweepOrphans
from services.core.files.rules import ORPHAN_FOR, PHOTOS, RENDITION_SIDE, THUMBNAIL_SIDE, Media, Part
from services.core.kit.storage import SHARDS, one, read
from services.core.kit.uow import UnitOfWork

ADD_PART = """
INSERT INTO file_part (file_id, part, key, sha256, size, media_type) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (file_id, part) DO NOTHING
"""
# The parts go, the row stays as a tombstone. Whoever attaches a file holds its row; it is passed over then.
FORGET = """
WITH past AS (
  SELECT id FROM file WHERE expires_at < $1 AND deleted_at IS NULL LIMIT $2 FOR UPDATE SKIP LOCKED),
gone AS (
  UPDATE file SET deleted_at = $1, taken_at = NULL, taken_lat = NULL, taken_lon = NULL, device_taken_at = NULL, fix_lat = NULL,
    fix_lon = NULL, fix_crs = NULL, fix_accuracy = NULL
  FROM past WHERE file.id = past.id
  RETURNING file.id),
parts AS (DELETE FROM file_part p USING gone WHERE p.file_id = gone.id)
SELECT count(*) FROM gone
"""
NAMED = """
SELECT key FROM file_part WHERE key = ANY ($1::text[]) UNION ALL SELECT key FROM upload_piece WHERE key = ANY ($1::text[])
"""
AT_ONCE = 1000


async def make_renditions(uow: UnitOfWork, *, file_id: UUID) -> None:
    """Makes the rendition and the thumbnail of a photograph; nothing when it went meanwhile."""
    row = await queries.PART.first(uow.driver, file_id=file_id, part=Part.ORIGINAL)
    if row is None or row["media_type"] not in PHOTOS:
        return
    content = await read(uow.storage, row["key"])
    for part, side in ((Part.RENDITION, RENDITION_SIDE), (Part.THUMBNAIL, THUMBNAIL_SIDE)):
        content = await asyncio.to_thread(images.shrink, content, side)  # the thumbnail is made of the rendition
        blob = await uow.storage.put(one(content))
        await uow.driver.execute(ADD_PART, file_id, part, blob.key, blob.sha256, blob.size, Media.JPEG)


async def forget_unused(uow: UnitOfWork, *, at_most: int = AT_ONCE) -> int:
    """Lets go of files whose time is over; how many. Their blobs go with the next sweep."""
    gone: int = await uow.driver.fetchval(FORGET, uow.now, at_most)
    return gone


async def sweep(uow: UnitOfWork, job: SweepOrphans) -> int:
    """Deletes the orphans of one shard and asks for the next; how many."""
    keys = await uow.storage.older(job.shard, than=uow.now - ORPHAN_FOR)
    swept = 0
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        named = {row["key"] for row in await uow.driver.fetch(NAMED, some)}
        for key in some:
            if key not in named:
                await uow.storage.delete(key)
                swept += 1
    if job.shard + 1 < SHARDS:
        uow.enqueue(SweepOrphans(shard=job.shard + 1))
    return swept
