"""Runs migrations: one at a time over all processes, each in its own transaction, giving up rather than blocking the city."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.core.models import metadata

LOCK = 7_218_040_001  # any number; the same for every process that migrates


def run(connection: Connection) -> None:
    """Migrates on a connection, under an advisory lock and with time-outs."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        include_object=lambda _object, name, kind, _reflected, _to: kind != "table" or name != "alembic_version",
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    """Connects by DATABASE_URL (any `postgresql…://` form)."""
    _, _, rest = os.environ["DATABASE_URL"].partition("://")
    engine = create_async_engine(f"postgresql+asyncpg://{rest}")
    async with engine.connect() as connection:
        await connection.execute(text("SET statement_timeout = '10min'"))
        await connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
        # From here on: the one who migrates waits but briefly for a table, the others wait as long as he takes.
        await connection.execute(text("SET lock_timeout = '4s'"))
        await connection.commit()
        await connection.run_sync(run)
        await connection.commit()
        await connection.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))
        await connection.commit()
    await engine.dispose()


asyncio.run(run_online())
