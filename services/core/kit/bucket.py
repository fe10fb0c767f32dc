"""Blobs in a bucket of an S3-compatible store, behind the interface of `storage`.

A key ends in the digest of its content, which is known only at the end: what comes goes to a temporary file of this machine first,
so a large one takes the disk's room and not the memory's.
"""

import asyncio
import hashlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from services.core.kit.storage import CHUNK, KEY, Blob, BlobGone

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

AT_ONCE = 2
"""Parts of one large blob that travel at the same time: each is five megabytes of memory."""


class Bucket:
    """One bucket, which must be there. It is nobody else's: what no row names is swept.

    Errors of the network go up as ConnectionError.
    """

    def __init__(
        self, bucket: str, *, endpoint: str | None, region: str, access_key: str | None, secret_key: str | None
    ) -> None:
        given: dict[str, Any] = {"region": region, "virtual_hosted_style_request": endpoint is None}
        if endpoint is not None:
            given["endpoint"] = endpoint
        if access_key is not None and secret_key is not None:
            given |= {"access_key_id": access_key, "secret_access_key": secret_key}
        client: ClientConfig = {
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
        }
        retry: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
        self._store = S3Store(bucket, client_options=client, retry_config=retry, **given)

    async def put(self, content: AsyncIterator[bytes]) -> Blob:
        """As Storage says."""
        prefix, digest, size = secrets.token_hex(16), hashlib.sha256(), 0
        with await asyncio.to_thread(tempfile.TemporaryFile) as file:
            async for chunk in content:
                await asyncio.to_thread(_absorb, file, digest, chunk)
                size += len(chunk)
            await asyncio.to_thread(file.seek, 0)
            key = f"{prefix[:2]}/{prefix[2:4]}/{prefix}.{digest.hexdigest()}"
            with _away():
                await obstore.put_async(self._store, key, file, max_concurrency=AT_ONCE)
        return Blob(key, digest.hexdigest(), size)

    async def open(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """As Storage says."""
        _must_be_ours(key)
        if length == 0:
            return
        with _away(key):
            # A range that begins past the end is an error there, and nothing at all here.
            if start and (await obstore.head_async(self._store, key))["size"] <= start:
                return
            end = None if length is None else start + length
            part: Any = {"offset": start} if end is None else (start, end)
            got = await obstore.get_async(self._store, key, options={"range": part} if start or end else None)
            async for chunk in got.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    async def delete(self, key: str) -> None:
        """As Storage says."""
        _must_be_ours(key)
        with _away():
            await obstore.delete_async(self._store, key)

    async def older(self, shard: int, *, than: datetime) -> list[str]:
        """As Storage says. Parts of blobs that were never finished are the bucket's own rule's (AbortIncompleteMultipartUpload)."""
        found: list[str] = []
        with _away():
            async for page in obstore.list(self._store, prefix=f"{shard:02x}", chunk_size=1000):
                found += [one["path"] for one in page if one["last_modified"] < than and KEY.fullmatch(one["path"])]
        return found


def _must_be_ours(key: str) -> None:
    if not KEY.fullmatch(key):
        raise ValueError("not a key of this storage")


def _absorb(file: Any, digest: Any, chunk: bytes) -> None:
    digest.update(chunk)
    file.write(chunk)


@contextmanager
def _away(key: str = "") -> Iterator[None]:
    """Errors in our words: a blob that is not there, a store that does not answer."""
    try:
        yield
    except FileNotFoundError:
        raise BlobGone(key) from None
    except BaseError as error:
        raise ConnectionError("the storage of files does not answer") from error
