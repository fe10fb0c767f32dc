"""The audit: append-only by trigger, and whatever gets past the triggers shows when the chain is recomputed."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from services.core.kit import audit, sequencer
from services.core.kit.audit import Checkpoint, chain_hash, merkle_root
from services.core.kit.ids import new_id
from services.core.kit.uow import Actor, Database


async def write(database: Database, count: int) -> None:
    async with database.begin(Actor("staff", new_id(), "request-1")) as uow:
        for n in range(count):
            uow.audit(
                "thing.done", target="thing", target_id=new_id(), region_path="1.2.",
                details={"n": n, "text": "改造", "list": [1, {"deep": None}], "share": 0.1},
            )  # fmt: skip


async def number(database: Database) -> None:
    for _ in range(2):  # the first call of all makes the counter
        async with database.engine.begin() as connection:
            await sequencer.number(connection, "audit_entry")


async def seal(database: Database) -> int:
    async with database.engine.begin() as connection:
        return await sequencer.seal(connection, now=datetime.now(UTC))


async def seal_batches(database: Database, *sizes: int) -> None:
    for size in sizes:
        await write(database, size)
        await number(database)
        assert await seal(database) == size


async def flaws(database: Database, kept: Checkpoint | None = None) -> list[tuple[int, str]]:
    """Every batch that is wrong, and why."""
    async with database.engine.connect() as connection:
        return [(no, flaw.en) async for no, flaw in audit.verify(connection, kept=kept) if flaw is not None]


async def newest(database: Database) -> Checkpoint:
    async with database.engine.connect() as connection:
        return await audit.checkpoint(connection)


async def tamper(database: Database, *statements: str) -> None:
    """What somebody does who owns the tables."""
    async with database.begin(Actor("system")) as uow:
        for statement in (
            "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
            "ALTER TABLE audit_batch DISABLE TRIGGER ALL",
            *statements,
        ):
            await uow.driver.execute(statement)


async def test_an_untouched_chain_verifies(fresh_database: Database) -> None:
    assert await flaws(fresh_database) == []
    assert await newest(fresh_database) == Checkpoint(0, audit.GENESIS)
    await seal_batches(fresh_database, 1, 2, 5, 8)
    assert await seal(fresh_database) == 0
    await write(fresh_database, 3)
    await number(fresh_database)
    assert await flaws(fresh_database) == []
    kept = await newest(fresh_database)
    assert kept.no == 4
    assert await flaws(fresh_database, kept) == []


async def test_the_root_is_that_of_rfc_9162() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(7)]

    def tree(part: list[bytes]) -> bytes:
        """Section 2.1.1: split at the largest power of two below the size."""
        if len(part) == 1:
            return part[0]
        split = 1 << (len(part) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + tree(part[:split]) + tree(part[split:])).digest()

    for size in range(1, 8):
        assert merkle_root(leaves[:size]) == tree(leaves[:size])
    assert merkle_root([]) == hashlib.sha256().digest()
    assert chain_hash(audit.GENESIS, leaves[0], 1, 23) != chain_hash(audit.GENESIS, leaves[0], 12, 3)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'thing.undone'",
        "actor_id = gen_random_uuid()",
        "actor_kind = 'system'",
        "outcome = 'refused'",
        "target_type = 'other'",
        "target_id = NULL",
        "region_path = '1.3.'",
        "details = details || '{\"n\": 7}'",
        "request_id = NULL",
        "at = at + interval '1 microsecond'",
        "id = gen_random_uuid()",
    ],
)
async def test_a_changed_entry_shows(fresh_database: Database, change: str) -> None:
    await seal_batches(fresh_database, 3, 3, 3)
    await tamper(fresh_database, f"UPDATE audit_entry SET {change} WHERE seq = 5")
    assert await flaws(fresh_database) == [(2, "an entry was changed after it was sealed")]


async def test_two_entries_that_changed_places_show(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 4)
    await tamper(fresh_database, "UPDATE audit_entry SET seq = -seq", "UPDATE audit_entry SET seq = 5 + seq")
    assert await flaws(fresh_database) == [(1, "an entry was changed after it was sealed")]


async def test_a_deleted_entry_shows(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 3, 3)
    await tamper(fresh_database, "DELETE FROM audit_entry WHERE seq = 4")
    assert await flaws(fresh_database) == [(2, "1 entries are missing")]


async def test_an_inserted_entry_shows(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 3, 3)
    await tamper(
        fresh_database,
        "UPDATE audit_entry SET seq = -seq - 1 WHERE seq >= 2",
        "UPDATE audit_entry SET seq = -seq WHERE seq < 0",
        "INSERT INTO audit_entry (id, at, actor_kind, actor_id, action, outcome, target_type, target_id, region_path,"
        " details, request_id, seq) SELECT gen_random_uuid(), at, actor_kind, actor_id, action, outcome, target_type, target_id,"
        " region_path, details, request_id, 2 FROM audit_entry WHERE seq = 1",
        "UPDATE sequence_counter SET last = 7 WHERE name = 'audit_entry'",
    )
    assert [no for no, _ in await flaws(fresh_database)] == [1, 2]


async def test_an_altered_batch_and_a_forged_one_show(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 2, 2, 2)
    await tamper(
        fresh_database,
        "UPDATE audit_entry SET action = 'thing.undone' WHERE seq = 3",
    )
    async with fresh_database.engine.connect() as connection:
        forged = merkle_root(await audit.entries(connection, 3, 4))
    await tamper(fresh_database, f"UPDATE audit_batch SET root = '\\x{forged.hex()}' WHERE no = 2")
    assert await flaws(fresh_database) == [(2, "the chain is broken here")]
    async with fresh_database.read() as connection:
        first = await connection.fetchval("SELECT hash FROM audit_batch WHERE no = 1")
    rehashed = chain_hash(first, forged, 3, 4)
    await tamper(fresh_database, f"UPDATE audit_batch SET hash = '\\x{rehashed.hex()}' WHERE no = 2")
    assert await flaws(fresh_database) == [(3, "the chain is broken here")]


async def test_a_missing_batch_shows(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 2, 2, 2)
    await tamper(fresh_database, "DELETE FROM audit_batch WHERE no = 2")
    assert await flaws(fresh_database) == [(2, "this batch is missing")]


async def test_a_tail_that_was_cut_off_shows_by_the_checkpoint_alone(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 2, 2, 2)
    kept = await newest(fresh_database)
    await tamper(
        fresh_database,
        "DELETE FROM audit_batch WHERE no = 3",
        "DELETE FROM audit_entry WHERE seq > 4",
        "UPDATE sequence_counter SET last = 4 WHERE name = 'audit_entry'",
    )
    assert await flaws(fresh_database) == []
    assert await flaws(fresh_database, kept) == [(3, "the chain ends here, and the checkpoint is of batch 3")]
    await seal_batches(fresh_database, 2)
    assert await flaws(fresh_database) == []
    assert await flaws(fresh_database, kept) == [(3, "this is not the batch of the checkpoint")]


async def test_numbered_entries_that_vanish_before_the_seal_show(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 2)
    await write(fresh_database, 3)
    await number(fresh_database)
    await tamper(fresh_database, "DELETE FROM audit_entry WHERE seq >= 4")
    assert await flaws(fresh_database) == [(2, "2 entries that no batch holds yet are missing")]
    assert await seal(fresh_database) == 3
    assert await flaws(fresh_database) == [(2, "2 entries are missing")]


async def test_a_long_backlog_is_sealed_in_steps(fresh_database: Database) -> None:
    await write(fresh_database, sequencer.SEAL_AT_MOST + 3)
    await number(fresh_database)
    assert [await seal(fresh_database) for _ in range(3)] == [sequencer.SEAL_AT_MOST, 3, 0]
    assert await flaws(fresh_database) == []


async def test_one_sealer_at_a_time(fresh_database: Database) -> None:
    await write(fresh_database, 4)
    await number(fresh_database)
    async with fresh_database.engine.begin() as holder:
        assert await sequencer.seal(holder, now=datetime.now(UTC)) == 4
        assert await seal(fresh_database) == 0
    assert await seal(fresh_database) == 0
    assert await flaws(fresh_database) == []


COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = 'audit_entry'::regclass AND attnum > 0 AND NOT attisdropped
"""


async def test_triggers_refuse_every_change_but_the_first_number(fresh_database: Database) -> None:
    await seal_batches(fresh_database, 2)
    await write(fresh_database, 1)
    async with fresh_database.read() as connection:
        columns = {row["attname"] for row in await connection.fetch(COLUMNS)}
        one: UUID = await connection.fetchval("SELECT id FROM audit_entry WHERE seq IS NULL")
    refused = [
        *(f"UPDATE audit_entry SET {column} = {column}" for column in columns - {"seq"}),
        "UPDATE audit_entry SET seq = 99 WHERE seq = 1",
        "UPDATE audit_entry SET seq = NULL",
        "DELETE FROM audit_entry WHERE seq IS NULL",
        "TRUNCATE audit_entry",
        "TRUNCATE audit_entry CASCADE",
        "INSERT INTO audit_entry (id, at, actor_kind, action, outcome, target_type, region_path, details, seq)"
        " VALUES (gen_random_uuid(), now(), 'system', 'a', 'done', 't', '', '{}', 3)",
        "UPDATE audit_batch SET root = root",
        "DELETE FROM audit_batch",
        "TRUNCATE audit_batch",
    ]
    async with fresh_database.read() as connection:
        for replica in ("origin", "replica"):
            await connection.execute(f"SET session_replication_role = {replica}")
            for statement in refused:
                with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                    await connection.execute(statement)
        await connection.execute("RESET session_replication_role")
        assert await connection.execute("UPDATE audit_entry SET seq = 3 WHERE id = $1", one) == "UPDATE 1"
