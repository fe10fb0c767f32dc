"""Numbers committed events and audit entries, and seals the audit. Run every few tens of milliseconds by one worker at a time."""

from datetime import datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.kit.audit import GENESIS, AuditBatch, chain_hash, entries, merkle_root
from services.core.kit.events import SequenceCounter

TABLES = ("event", "audit_entry")
BATCH = 5000
SEAL_AT_MOST = 1000  # hashed in one go, on the worker's event loop

# Looks before it inserts: ON CONFLICT alone would wait for whoever is changing the row.
FIRST = text(
    """
    INSERT INTO sequence_counter (name, last) SELECT CAST(:table AS text), 0
    WHERE NOT EXISTS (SELECT FROM sequence_counter WHERE name = CAST(:table AS text)) ON CONFLICT DO NOTHING
    """
)


async def number(connection: AsyncConnection, table: str) -> int:
    """Numbers up to `BATCH` committed rows of `table` in order of their ids; how many. 0 too when another sequencer is at it.

    Must be its own transaction: the counter's row lock, held to the commit, is what keeps numbers dense and in commit order.
    """
    if table not in TABLES:
        raise ValueError(table)
    held = (
        await connection.execute(
            select(SequenceCounter.last).where(SequenceCounter.name == table).with_for_update(skip_locked=True)
        )
    ).one_or_none()
    if held is None:
        await connection.execute(FIRST, {"table": table})
        return 0
    numbered = await connection.execute(
        text(
            f"""
            WITH fresh AS (SELECT id, row_number() OVER (ORDER BY id) AS n
                           FROM (SELECT id FROM {table} WHERE seq IS NULL ORDER BY id LIMIT :batch) AS unnumbered),
                 done AS (UPDATE {table} SET seq = :last + fresh.n FROM fresh WHERE {table}.id = fresh.id RETURNING 1),
                 counted AS (SELECT count(*) AS n FROM done)
            UPDATE sequence_counter SET last = last + counted.n FROM counted
            WHERE name = :table AND counted.n > 0 RETURNING counted.n
            """
        ),
        {"batch": BATCH, "last": held.last, "table": table},
    )
    return numbered.scalar_one_or_none() or 0


async def seal(connection: AsyncConnection, *, now: datetime) -> int:
    """Seals the numbered audit entries that no batch holds yet; how many. The counter's lock makes one sealer at a time."""
    counter = (
        await connection.execute(
            select(SequenceCounter.last).where(SequenceCounter.name == "audit_entry").with_for_update(skip_locked=True)
        )
    ).one_or_none()
    if counter is None:
        return 0
    newest = (
        await connection.execute(
            select(AuditBatch.no, AuditBatch.last_seq, AuditBatch.hash).order_by(AuditBatch.no.desc()).limit(1)
        )
    ).one_or_none()
    no, sealed, previous = newest if newest is not None else (0, 0, GENESIS)
    last = min(counter.last, sealed + SEAL_AT_MOST)
    if last <= sealed:
        return 0
    root = merkle_root(await entries(connection, sealed + 1, last))
    await connection.execute(
        insert(AuditBatch).values(
            no=no + 1,
            first_seq=sealed + 1,
            last_seq=last,
            root=root,
            previous=previous,
            hash=chain_hash(previous, root, sealed + 1, last),
            sealed_at=now,
        )
    )
    return int(last - sealed)


async def last_number(connection: AsyncConnection, table: str) -> int:
    """The newest number given in `table`."""
    statement = select(func.coalesce(func.max(SequenceCounter.last), 0)).where(SequenceCounter.name == table)
    return (await connection.execute(statement)).scalar_one()
