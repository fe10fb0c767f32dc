"""Connections lent by SQLAlchemy's pool and given back, without a greenlet where nothing has to wait (docs/adr/0035)."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util.concurrency import in_greenlet

if TYPE_CHECKING:
    import asyncpg


class _NotReady(Exception):
    """No connection can be had without waiting for the server."""


async def lend(engine: AsyncEngine) -> Any:
    """A pooled connection: at once where one lies ready, else by SQLAlchemy's greenlets. The engine has to be `watch`ed.

    It is given back by its `close`, which waits for nothing when no transaction is open.
    """
    pool: Any = engine.sync_engine.pool
    if pool.checkedin():
        with suppress(_NotReady):
            return pool.connect()
    return await engine.raw_connection()


def watch(engine: AsyncEngine) -> None:
    """Has the pool replace what the server closed, and connect only where that can wait."""
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "do_connect", _connect_in_greenlet)


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """A pooled connection whose server went away is replaced at check-out, without a ping on every use."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError


def _connect_in_greenlet(*_: Any) -> None:
    """Elsewhere the pool takes back what it was about to lend, and `lend` asks again."""
    if not in_greenlet():
        raise _NotReady


class Reader:
    """`async with database.read() as connection:` an asyncpg connection for single-statement reads."""

    __slots__ = ("_engine", "_pooled")

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> "asyncpg.Connection":
        self._pooled = await lend(self._engine)
        return self._pooled.driver_connection

    async def __aexit__(self, *_: object) -> None:
        self._pooled.close()
