"""Test databases: one migrated template per state of the migrations, cloned in a tenth of a second."""

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "jiugai_test_"


def on(url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(on(url, "postgres"))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _names(url: str) -> set[str]:
    connection = await asyncpg.connect(on(url, "postgres"))
    try:
        return {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
    finally:
        await connection.close()


def _fingerprint() -> str:
    content = b"".join(path.read_bytes() for path in sorted((ROOT / "migrations").rglob("*.py")))
    return hashlib.sha256(content).hexdigest()[:12]


def _finished(run: str) -> bool:
    """Whether the test run that made a database (its name holds the process) has ended."""
    with contextlib.suppress(ValueError, ProcessLookupError, PermissionError):
        os.kill(int(run), 0)
        return False
    return True


def template(url: str) -> str:
    """The name of the migrated template on this server, made when it is not there."""
    name = f"{PREFIX}template_{_fingerprint()}"
    existing = asyncio.run(_names(url))
    stale = [
        other
        for other in existing
        if other.startswith(PREFIX) and "_template_" not in other and _finished(other.split("_")[2])
    ]
    asyncio.run(_execute(url, *(f'DROP DATABASE IF EXISTS "{other}" WITH (FORCE)' for other in stale)))
    if name not in existing:
        making = f"{PREFIX}{os.getpid()}_making"
        asyncio.run(_execute(url, f'DROP DATABASE IF EXISTS "{making}"', f'CREATE DATABASE "{making}"'))
        subprocess.run(
            [sys.executable, "-c", "from alembic import command; from services.core.kit.schema_version import"
             " alembic_config; command.upgrade(alembic_config(), 'head')"],
            check=True, env={**os.environ, "DATABASE_URL": on(url, making)}, cwd=ROOT,
        )  # fmt: skip
        try:
            asyncio.run(_execute(url, f'ALTER DATABASE "{making}" RENAME TO "{name}"'))
        except asyncpg.DuplicateDatabaseError:  # another run made the same template meanwhile
            asyncio.run(_execute(url, f'DROP DATABASE "{making}"'))
    return name


async def clone(url: str, source: str) -> str:
    """A new database like `source`; its URL."""
    name = f"{PREFIX}{os.getpid()}_{uuid4().hex[:8]}"
    await _execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
    return on(url, name)


async def drop(url: str) -> None:
    """Removes a cloned database, whoever is still connected."""
    await _execute(url, f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')


@contextlib.contextmanager
def cloned(url: str, source: str) -> Iterator[str]:
    """A clone for as long as the block lasts."""
    made = asyncio.run(clone(url, source))
    try:
        yield made
    finally:
        asyncio.run(drop(made))
