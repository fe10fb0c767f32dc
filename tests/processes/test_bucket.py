"""Blobs in a bucket: the same promises as the folder's, against an S3 that is a process of its own; and the service upon it."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.api.app import create_app
from services.core.files import housekeeping, uploads
from services.core.kit.bucket import Bucket
from services.core.kit.settings import Settings
from services.core.kit.storage import SHARDS, BlobGone, one, read
from services.core.kit.stores import storage_of
from services.core.kit.uow import SYSTEM, Database
from tests.support.moto import KEYS, make_bucket, serving
from tests.support.people import sign_in_resident
from tests.support.pictures import jpeg
from tests.support.tus import begun, id_of, send

pytestmark = pytest.mark.processes
CONTENT = bytes(range(256)) * 50_000  # 12.8 MB: in parts


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3."""
    with serving(tmp_path_factory.mktemp("moto") / "moto.log") as address:
        yield address


@pytest.fixture
def own(settings: Settings, s3: str) -> Settings:
    """Settings that lead to a bucket of this test alone."""
    return settings.model_copy(update=make_bucket(s3, f"files-{uuid4().hex}"))


@pytest.fixture
def bucket(own: Settings) -> Bucket:
    """That bucket."""
    storage = storage_of(own)
    assert isinstance(storage, Bucket)
    return storage


async def test_what_was_put_is_given_back_whole_and_in_parts(bucket: Bucket) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(CONTENT), 100_000):
            yield CONTENT[start : start + 100_000]

    blob = await bucket.put(pieces())
    assert (blob.sha256, blob.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert blob.key.endswith(blob.sha256)
    assert await read(bucket, blob.key) == CONTENT
    for start, length in ((7, 300_000), (0, 10), (len(CONTENT) - 3, None), (len(CONTENT) - 3, 100)):
        end = None if length is None else start + length
        assert (
            b"".join([part async for part in bucket.open(blob.key, start=start, length=length)]) == CONTENT[start:end]
        )
    assert [part async for part in bucket.open(blob.key, start=len(CONTENT))] == []
    assert [part async for part in bucket.open(blob.key, length=0)] == []


async def test_what_breaks_off_leaves_nothing(bucket: Bucket) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the very one
        await bucket.put(broken())
    later = datetime.now(UTC) + timedelta(hours=1)
    assert [key for shard in range(SHARDS) for key in await bucket.older(shard, than=later)] == []


async def test_a_blob_that_is_gone_says_so_and_may_be_deleted_again(bucket: Bucket) -> None:
    blob = await bucket.put(one(b"a"))
    await bucket.delete(blob.key)
    await bucket.delete(blob.key)
    for start in (0, 1):
        with pytest.raises(BlobGone):
            assert [part async for part in bucket.open(blob.key, start=start)] == []
    for key in ("", "../../etc/passwd", "ab/cd/x", "/" + blob.key):
        with pytest.raises(ValueError, match="not a key"):
            await bucket.delete(key)
        with pytest.raises(ValueError, match="not a key"):
            await read(bucket, key)


async def test_only_what_is_old_is_told(bucket: Bucket) -> None:
    blobs = [await bucket.put(one(bytes([number]))) for number in range(3)]
    shard = int(blobs[0].key[:2], 16)
    now = datetime.now(UTC)
    assert await bucket.older(shard, than=now - timedelta(hours=1)) == []
    assert blobs[0].key in await bucket.older(shard, than=now + timedelta(hours=1))


async def test_a_store_that_is_away_is_an_error_of_the_network(settings: Settings) -> None:
    away = Bucket("none", endpoint="http://127.0.0.1:9", region="us-east-1", **KEYS)
    with pytest.raises(ConnectionError):
        await away.put(one(b"a"))


async def test_the_service_upon_a_bucket(own: Settings, database: Database) -> None:
    """Sent in pieces, examined, rendered, read in part, let go and swept."""
    app = create_app(own)
    async with app.router.lifespan_context(app):
        client, mine = await sign_in_resident(app, database), app.state.database
        content = jpeg(640, 480, seed=3)
        at = await begun(client, len(content))
        for start, end in ((0, 1000), (1000, len(content))):
            assert (await send(client, at, start, content[start:end])).status_code == 204
        async with mine.begin(SYSTEM) as uow:
            await uploads.finish(uow, upload_id=id_of(at))
        file_id = (await client.get(at)).json()["file_id"]
        async with mine.begin(SYSTEM) as uow:
            await housekeeping.make_renditions(uow, file_id=UUID(file_id))
        path = f"/v1/files/{file_id}"
        assert (await client.get(f"{path}/content")).content == content
        part = await client.get(f"{path}/content", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, content[10:20])
        assert (await client.get(f"{path}/thumbnail")).status_code == 200
        bucket: Bucket = mine.storage
        async with database.read() as connection:
            keys = await connection.fetch("SELECT key FROM file_part WHERE file_id = $1", UUID(file_id))
        assert len(keys) == 3
        for row in keys:
            await bucket.delete(row["key"])
        assert (await client.get(f"{path}/content")).status_code == 404
