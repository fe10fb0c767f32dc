"""What the worker does for files: unused uploads go, orphans are swept, and nothing that is used is touched."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.core.files import housekeeping, queries, uploads
from services.core.files.examining import examine
from services.core.files.jobs import SweepOrphans
from services.core.files.quotas import Quota
from services.core.files.rules import Part
from services.core.files.service import attach, release, share, take
from services.core.files.uploads import Announced
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.storage import SHARDS, Folder, one
from services.core.kit.uow import SYSTEM, Actor, Database
from tests.support.pictures import jpeg

QUOTA = Quota(1000, 2**30)
CLERK = Actor("staff", new_id())
DAYS = timedelta(days=3)


async def taken(database: Database, seed: int, *, at: datetime | None = None) -> UUID:
    """A clerk's file."""
    async with database.begin(CLERK, now=at) as uow:
        file_id, _ = await take(uow, examined=examine(jpeg(seed=seed), file_name="a.jpg", pdf=True), quota=QUOTA)
    return file_id


async def there(database: Database, file_id: UUID) -> bool:
    """Whether a file can still be read."""
    async with database.read() as connection:
        return await queries.PART.first(connection, file_id=file_id, part=Part.ORIGINAL) is not None


async def use(database: Database, file_id: UUID, subject_id: UUID) -> None:
    """Something uses the file."""
    async with database.begin(CLERK) as uow:
        await attach(uow, file_ids=[file_id], subject_type="test", subject_id=subject_id, region_path="1.")


async def sweep(database: Database) -> int:
    """All shards, each asking for the next."""
    swept, shard = 0, 0
    while True:
        async with database.begin(SYSTEM) as uow:
            swept += await housekeeping.sweep(uow, SweepOrphans(shard=shard))
            following = [SweepOrphans.model_validate(job["payload"]) for job in uow._jobs]
        if not following:
            assert shard == SHARDS - 1
            return swept
        (shard,) = (job.shard for job in following)


def age(folder: Folder) -> None:
    """Every blob is three days old."""
    moment = (datetime.now(UTC) - DAYS).timestamp()
    for path in folder.root.rglob("*.*"):
        os.utime(path, (moment, moment))


@pytest.fixture
def own(fresh_database: Database, tmp_path: Path) -> Database:
    """A database and a storage of this test alone."""
    fresh_database.storage = Folder(tmp_path / "files")
    return fresh_database


async def test_what_nothing_used_in_a_day_goes_with_all_its_blobs(own: Database) -> None:
    assert isinstance(own.storage, Folder)
    unused, used, fresh = [await taken(own, seed) for seed in range(3)]
    subject_id = new_id()
    await use(own, used, subject_id)
    for file_id in (unused, used):
        async with own.begin(SYSTEM) as uow:
            await housekeeping.make_renditions(uow, file_id=file_id)
    async with own.begin(SYSTEM) as uow:
        assert await housekeeping.forget_unused(uow) == 0, "not yet"
    async with own.begin(SYSTEM, now=datetime.now(UTC) + timedelta(hours=23)) as uow:
        assert await housekeeping.forget_unused(uow) == 0
    async with own.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE file SET expires_at = now() - interval '1 second' WHERE id = $1", unused)
    async with own.begin(SYSTEM) as uow:
        assert await housekeeping.forget_unused(uow) == 1
    assert [await there(own, one) for one in (unused, used, fresh)] == [False, True, True]
    assert await sweep(own) == 0, "blobs so young may belong to somebody's transaction"
    age(own.storage)
    assert await sweep(own) == 3
    assert len(list(own.storage.root.rglob("*.*"))) == 4
    # Let go, it follows.
    async with own.begin(SYSTEM) as uow:
        await release(uow, subject_type="test", subject_ids=[subject_id])
    async with own.begin(SYSTEM, now=datetime.now(UTC) + timedelta(seconds=1)) as uow:
        assert await housekeeping.forget_unused(uow) == 1
    assert not await there(own, used)


async def test_a_blob_of_a_failed_transaction_is_an_orphan(own: Database) -> None:
    assert isinstance(own.storage, Folder)

    class Broken(Exception):
        pass

    async def fails() -> None:
        async with own.begin(CLERK) as uow:
            await take(uow, examined=examine(jpeg(seed=9), file_name="", pdf=False), quota=QUOTA)
            raise Broken

    with pytest.raises(Broken):
        await fails()
    kept = await taken(own, 10)
    await own.storage.put(one(b"nobody's"))
    age(own.storage)
    assert await sweep(own) == 2
    assert await there(own, kept)


async def test_what_is_shared_stays_for_the_other(own: Database) -> None:
    file_id, first, second = await taken(own, 20), new_id(), new_id()
    await use(own, file_id, first)
    async with own.begin(SYSTEM) as uow:
        await share(uow, file_ids=[file_id], source=("test", first), target=("test", second))
    with pytest.raises(NotFound):
        async with own.begin(SYSTEM) as uow:
            await share(uow, file_ids=[file_id], source=("test", new_id()), target=("test", second))
    async with own.begin(SYSTEM) as uow:
        await release(uow, subject_type="test", subject_ids=[first])
    async with own.begin(SYSTEM, now=datetime.now(UTC) + DAYS) as uow:
        assert await housekeeping.forget_unused(uow) == 0
    async with own.begin(SYSTEM) as uow:
        await release(uow, subject_type="test", subject_ids=[second])
    async with own.begin(SYSTEM, now=datetime.now(UTC) + DAYS) as uow:
        assert await housekeeping.forget_unused(uow) == 1


async def test_a_file_being_attached_is_passed_over(own: Database) -> None:
    """The sweep and an intake at the same moment, on two connections: the file is used, or gone and refused; never both."""
    file_id = await taken(own, 30)
    later = datetime.now(UTC) + DAYS
    async with own.begin(CLERK) as uow:
        await attach(uow, file_ids=[file_id], subject_type="test", subject_id=new_id(), region_path="1.")
        async with own.begin(SYSTEM, now=later) as other:
            assert await housekeeping.forget_unused(other) == 0
    assert await there(own, file_id)
    gone = await taken(own, 31)
    async with own.begin(SYSTEM, now=later) as other:
        assert await housekeeping.forget_unused(other) == 1
    with pytest.raises(NotFound):
        await use(own, gone, new_id())
    again = await taken(own, 31)
    assert again != gone, "sent again it is another file"


async def test_pieces_stay_while_their_upload_does(own: Database) -> None:
    assert isinstance(own.storage, Folder)
    piece = await own.storage.put(one(b"abcd"))
    nobodys = await own.storage.put(one(b"abcd"))
    async with own.begin(CLERK) as uow:
        upload_id, progress = await uploads.begin(uow, announced=Announced(8), quota=QUOTA, account=None, first=piece)
    assert progress.received == 4
    age(own.storage)
    assert await sweep(own) == 1
    assert [path.name for path in own.storage.root.rglob("*.*")] == [piece.key.rpartition("/")[2]]
    assert nobodys.key != piece.key
    async with own.begin(SYSTEM, now=datetime.now(UTC) + DAYS + timedelta(minutes=1)) as uow:
        assert await uploads.forget(uow) == 1
        assert await uow.driver.fetchval("SELECT count(*) FROM upload WHERE id = $1", upload_id) == 0
    assert await sweep(own) == 1


async def test_a_lost_piece_refuses_the_upload_and_asks_for_it_anew(own: Database) -> None:
    assert own.storage is not None
    piece = await own.storage.put(one(b"abcd"))
    async with own.begin(CLERK) as uow:
        upload_id, _ = await uploads.begin(uow, announced=Announced(4), quota=QUOTA, account=None, first=piece)
    await own.storage.delete(piece.key)
    async with own.begin(SYSTEM) as uow:
        await uploads.finish(uow, upload_id=upload_id)
        row = await uow.driver.fetchrow("SELECT state, refused_en FROM upload WHERE id = $1", upload_id)
    assert (row["state"], row["refused_en"]) == ("refused", "its bytes were lost here: send it anew")
