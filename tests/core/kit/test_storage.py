"""The folder of blobs: whole or not at all, found by an unguessable key, nobody else's, swept by age."""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.core.kit.storage import CHUNK, INCOMING, SHARDS, BlobGone, Folder, one, read

CONTENT = bytes(range(256)) * 4096  # more than one chunk
LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A storage in a folder that is not there yet."""
    return Folder(tmp_path / "not" / "yet")


async def keys_of(folder: Folder, *, than: datetime) -> list[str]:
    """What every shard tells of."""
    return [key for shard in range(SHARDS) for key in await folder.older(shard, than=than)]


async def test_what_was_put_is_given_back_whole_and_in_parts(folder: Folder) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(CONTENT), 100_000):
            yield CONTENT[start : start + 100_000]

    blob = await folder.put(pieces())
    assert (blob.sha256, blob.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert len(CONTENT) > CHUNK
    assert await read(folder, blob.key) == CONTENT
    assert b"".join([part async for part in folder.open(blob.key, start=7, length=300_000)]) == CONTENT[7:300_007]
    assert b"".join([part async for part in folder.open(blob.key, start=len(CONTENT) - 3)]) == CONTENT[-3:]
    assert b"".join([part async for part in folder.open(blob.key, start=len(CONTENT))]) == b""
    assert b"".join([part async for part in folder.open(blob.key, length=0)]) == b""


async def test_equal_contents_are_two_blobs_whose_names_tell_the_content(folder: Folder) -> None:
    first, second = await folder.put(one(b"same")), await folder.put(one(b"same"))
    assert first.key != second.key
    assert first.key.endswith(first.sha256)
    assert second.sha256 == first.sha256
    await folder.delete(first.key)
    assert await read(folder, second.key) == b"same"


async def test_a_blob_is_its_users_alone(folder: Folder) -> None:
    blob = await folder.put(one(b"a face"))
    path = folder.root / blob.key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_what_breaks_off_leaves_nothing(folder: Folder) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await folder.put(broken())
    assert list((folder.root / INCOMING).iterdir()) == []
    assert await keys_of(folder, than=LATER) == []


async def test_a_blob_that_is_gone_says_so_and_may_be_deleted_again(folder: Folder) -> None:
    blob = await folder.put(one(b"x"))
    await folder.delete(blob.key)
    await folder.delete(blob.key)
    with pytest.raises(BlobGone):
        await read(folder, blob.key)


@pytest.mark.parametrize("key", ["../../etc/passwd", "ab/cd/x", "/etc/passwd", "", "incoming/" + "a" * 32])
async def test_no_key_leads_out_of_the_folder(folder: Folder, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await read(folder, key)
    with pytest.raises(ValueError, match="not a key"):
        await folder.delete(key)


async def test_only_what_is_old_is_told_and_half_written_leftovers_go_by_themselves(folder: Folder) -> None:
    old, young = await folder.put(one(b"old")), await folder.put(one(b"young"))
    left, fresh = folder.root / INCOMING / ("ab" * 16), folder.root / INCOMING / ("cd" * 16)
    left.write_bytes(b"h")
    fresh.write_bytes(b"h")
    long_ago = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for path in (folder.root / old.key, left):
        os.utime(path, (long_ago, long_ago))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert await keys_of(folder, than=yesterday) == [old.key]
    assert not left.exists()
    assert fresh.exists()
    assert sorted(await keys_of(folder, than=LATER)) == sorted([old.key, young.key])
