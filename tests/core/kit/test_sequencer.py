"""The sequencer: dense numbers in order, nothing skipped by who pages, whatever commits late."""

import asyncio
from typing import ClassVar
from uuid import UUID

from services.core.kit import feed, sequencer
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import SYSTEM, Database

SUBJECT = new_id()


class Happened(Event):
    """An event of these tests."""

    kind: ClassVar[str] = "trial.happened"
    who: int
    n: int


async def happen(database: Database, who: int, n: int, *, region_path: str = "1.") -> None:
    async with database.begin(SYSTEM) as uow:
        uow.record(Happened(who=who, n=n), subject="trial", subject_id=SUBJECT, region_path=region_path)


async def number(database: Database, table: str = "event") -> int:
    async with database.engine.begin() as connection:
        return await sequencer.number(connection, table)


async def number_all(database: Database) -> None:
    """Until every committed row has its number."""
    while True:
        async with database.read() as connection:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM event WHERE seq IS NULL)"):
                return
        await number(database)


async def numbers(database: Database) -> list[int]:
    async with database.read() as connection:
        return [row["seq"] for row in await connection.fetch("SELECT seq FROM event ORDER BY id")]


async def test_numbers_are_dense_and_in_order(fresh_database: Database) -> None:
    for n in range(5):
        await happen(fresh_database, 0, n)
    await number_all(fresh_database)
    for n in range(5):
        await happen(fresh_database, 0, n)
    await number_all(fresh_database)
    assert await numbers(fresh_database) == list(range(1, 11))
    assert await number(fresh_database) == 0


async def test_a_reader_misses_nothing_beside_writers_two_sequencers_and_a_long_transaction(
    fresh_database: Database,
) -> None:
    writers, each = 6, 40
    read: list[tuple[int, UUID, int]] = []
    finished, all_but_one = asyncio.Event(), asyncio.Event()

    async def write(who: int) -> None:
        for n in range(each):
            await happen(fresh_database, who, n)

    async def sequence() -> None:
        while not finished.is_set():
            await number(fresh_database)
            await asyncio.sleep(0.002)

    async def follow() -> None:
        after = 0
        while len(read) < writers * each + 1:
            async with fresh_database.read() as connection:
                page = await feed.read(connection, scope=Scope(("1.",)), after=after, kinds=None, limit=7)
            read.extend((row["seq"], row["id"], row["id"].int) for row in page.rows)
            after = page.reached
            if len(read) >= writers * each:
                all_but_one.set()
            await asyncio.sleep(0.001)

    async with asyncio.timeout(60):
        background = [asyncio.create_task(sequence()), asyncio.create_task(sequence()), asyncio.create_task(follow())]
        async with fresh_database.begin(SYSTEM) as late:
            late.record(Happened(who=-1, n=0), subject="trial", subject_id=SUBJECT, region_path="1.")
            await late.flush()
            await asyncio.gather(*(write(who) for who in range(writers)))
            await all_but_one.wait()
            early = len(read)
        await background[2]
        finished.set()
        await asyncio.gather(*background)

    assert early == writers * each, "a long transaction delays its own rows alone"
    assert [seq for seq, _, _ in read] == list(range(1, writers * each + 2)), "dense, in order, each once"
    assert len({event_id for _, event_id, _ in read}) == len(read)
    assert read[-1][2] == min(key for _, _, key in read), "the oldest id came last, as it was committed last"
    async with fresh_database.read() as connection:
        rows = await connection.fetch("SELECT data ->> 'who' AS who, (data ->> 'n')::int AS n FROM event ORDER BY seq")
    for who in range(writers):
        assert [row["n"] for row in rows if row["who"] == str(who)] == list(range(each)), "each writer's own order"


async def test_one_sequencer_at_a_time(fresh_database: Database) -> None:
    await happen(fresh_database, 0, 0)
    await number(fresh_database)  # makes the counter
    async with fresh_database.engine.begin() as holder:
        assert await sequencer.number(holder, "event") == 1
        await happen(fresh_database, 0, 1)
        async with asyncio.timeout(5):
            assert await number(fresh_database) == 0
    assert await number(fresh_database) == 1
    assert await numbers(fresh_database) == [1, 2]


async def test_a_sequencer_that_dies_gives_its_numbers_back(fresh_database: Database) -> None:
    await happen(fresh_database, 0, 0)
    await number(fresh_database)
    async with fresh_database.engine.connect() as dying:
        assert await sequencer.number(dying, "event") == 1
        await dying.rollback()
    assert await numbers(fresh_database) == [None]
    await number_all(fresh_database)
    assert await numbers(fresh_database) == [1]


async def test_more_than_a_batch_is_numbered_in_order(fresh_database: Database) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        for n in range(sequencer.BATCH + 10):
            uow.record(Happened(who=0, n=n), subject="trial", subject_id=SUBJECT, region_path="1.")
    await number(fresh_database)
    assert await number(fresh_database) == sequencer.BATCH
    assert await number(fresh_database) == 10
    async with fresh_database.read() as connection:
        assert await connection.fetchval("SELECT bool_and(seq = (data ->> 'n')::int + 1) FROM event")
    async with fresh_database.engine.connect() as reader:
        assert await sequencer.last_number(reader, "event") == sequencer.BATCH + 10


async def test_the_feed_moves_past_what_is_not_for_its_reader(fresh_database: Database) -> None:
    for n in range(4):
        await happen(fresh_database, 0, n, region_path="2." if n else "1.7.")
    await number_all(fresh_database)
    async with fresh_database.read() as connection:
        page = await feed.read(connection, scope=Scope(("1.",)), after=0, kinds=None, limit=10)
        assert ([row["seq"] for row in page.rows], page.reached, page.has_more) == ([1], 4, False)
        page = await feed.read(connection, scope=Scope(("9.",)), after=0, kinds=None, limit=10)
        assert (list(page.rows), page.reached, page.has_more) == ([], 4, False)
        page = await feed.read(connection, scope=Scope(("2.",)), after=0, kinds=None, limit=2)
        assert ([row["seq"] for row in page.rows], page.reached, page.has_more) == ([2, 3], 3, True)
        page = await feed.read(connection, scope=Scope(("2.",)), after=900, kinds=None, limit=2)
        assert (list(page.rows), page.reached, page.has_more) == ([], 900, False)


async def test_one_call_looks_at_a_bounded_stretch(fresh_database: Database) -> None:
    """A reader far behind, with nothing for it, is led on page by page."""
    last = feed.LOOK_AT + 5
    async with fresh_database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            """INSERT INTO event (id, kind, schema_version, subject_type, subject_id, region_path, data, actor_kind,
                                  occurred_at, seq)
               SELECT gen_random_uuid(), 'trial.happened', 1, 'trial', $1, CASE n WHEN $2 THEN '1.' ELSE '2.' END, '{}', 'system',
                      now(), n FROM generate_series(1, $2::bigint) AS n""",
            SUBJECT, last,
        )  # fmt: skip
        await uow.driver.execute("INSERT INTO sequence_counter VALUES ('event', $1)", last)
    async with fresh_database.read() as connection:
        first = await feed.read(connection, scope=Scope(("1.",)), after=0, kinds=None, limit=10)
        assert (list(first.rows), first.reached, first.has_more) == ([], feed.LOOK_AT, True)
        second = await feed.read(connection, scope=Scope(("1.",)), after=first.reached, kinds=None, limit=10)
        assert ([row["seq"] for row in second.rows], second.reached, second.has_more) == ([last], last, False)
