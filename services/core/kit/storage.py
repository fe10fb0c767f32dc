"""Where blobs lie: one interface, a folder of this machine behind it, or a bucket (`bucket`). What a blob means is the database's.

A key is `ab/cd/<random>.<sha256>`: nobody guesses it, and it says what its content must be. A blob is written once and never
changed; what no row names is swept.
"""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

CHUNK = 2**18
SHARDS = 256
KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{28}\.[0-9a-f]{64}")
INCOMING = "incoming"


class BlobGone(Exception):
    """No blob has this key. A row that names it outlived its blob: the folder was lost, or is another's."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What was stored."""

    key: str
    sha256: str
    size: int


class Storage(Protocol):
    """Stores blobs and gives them back."""

    async def put(self, content: AsyncIterator[bytes]) -> Blob:
        """Stores what comes, whole or not at all."""

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of a blob, or `length` of them from `start`. BlobGone."""

    async def delete(self, key: str) -> None:
        """Deletes a blob; one that is gone already is deleted."""

    async def older(self, shard: int, *, than: datetime) -> list[str]:
        """Keys of one part in `SHARDS` of all blobs, of those stored before a moment."""


async def one(content: bytes) -> AsyncIterator[bytes]:
    """Content that is in memory already, as `put` takes it."""
    yield content


async def read(storage: Storage, key: str) -> bytes:
    """A whole blob. BlobGone."""
    return b"".join([chunk async for chunk in storage.open(key)])


class Folder:
    """A folder, made when first written to. Its blobs are this user's alone (0600, folders 0700).

    A blob is written beside its place, brought to the disk, and moved there in one step: who reads sees it whole or not at all.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    async def put(self, content: AsyncIterator[bytes]) -> Blob:
        """As Storage says. ENOSPC and its like go up as they are."""
        prefix = secrets.token_hex(16)
        beside = self.root / INCOMING / prefix
        digest, size = hashlib.sha256(), 0
        try:
            handle = await asyncio.to_thread(_created, beside)
            try:
                async for chunk in content:
                    size += len(chunk)
                    await asyncio.to_thread(_write, handle, digest, chunk)
                await asyncio.to_thread(os.fsync, handle)
            finally:
                await asyncio.to_thread(os.close, handle)
            key = f"{prefix[:2]}/{prefix[2:4]}/{prefix}.{digest.hexdigest()}"
            await asyncio.to_thread(_moved, beside, self.root / key)
        except BaseException:
            with suppress(FileNotFoundError):
                beside.unlink()  # at once: whoever cancelled this does not wait for a thread
            raise
        return Blob(key, digest.hexdigest(), size)

    async def open(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """As Storage says. The blob stays readable to the end even if it is deleted meanwhile."""
        path = self._path(key)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError:
            raise BlobGone(key) from None
        with file:
            await asyncio.to_thread(file.seek, start)
            left = length
            while left is None or left > 0:
                chunk = await asyncio.to_thread(file.read, CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    async def delete(self, key: str) -> None:
        """As Storage says."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def older(self, shard: int, *, than: datetime) -> list[str]:
        """As Storage says. What was never finished writing is deleted here too, by its age."""
        return await asyncio.to_thread(lambda: list(self._older(shard, than.timestamp())))

    def _older(self, shard: int, moment: float) -> Iterator[str]:
        for left in (self.root / INCOMING).glob(f"{shard:02x}*"):
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < moment:
                    left.unlink()
        for path in (self.root / f"{shard:02x}").glob("*/*"):
            key = path.relative_to(self.root).as_posix()
            with suppress(FileNotFoundError):
                if KEY.fullmatch(key) and path.stat().st_mtime < moment:
                    yield key

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("not a key of this storage")
        return self.root / key


def _created(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _write(handle: int, digest: Any, chunk: bytes) -> None:
    digest.update(chunk)
    view = memoryview(chunk)
    while view:
        view = view[os.write(handle, view) :]


def _moved(beside: Path, to: Path) -> None:
    """Into its place, and the place itself on the disk: a row that names it is committed only afterwards."""
    made = [folder for folder in (to.parent.parent, to.parent) if not folder.exists()]
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside.rename(to)
    for folder in {to.parent, *(one.parent for one in made)}:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
