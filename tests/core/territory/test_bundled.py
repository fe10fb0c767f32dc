"""The bundled list of regions, loaded into a real database."""

import asyncio
import time

from services.core.kit.uow import SYSTEM, Database
from services.core.territory.bundled import Loaded, bundled, load_regions
from services.core.territory.rules import BELOW


def test_the_list_is_a_tree() -> None:
    seen: dict[str, str] = {}
    for entry in bundled():
        assert entry["code"] not in seen
        if entry["parent_code"]:
            assert entry["level"] in BELOW[seen[entry["parent_code"]]]
        seen[entry["code"]] = entry["level"]
    levels = list(seen.values())
    assert (levels.count("nation"), levels.count("province")) == (1, 34)
    assert (levels.count("city"), levels.count("county")) == (333, 2845)


async def load(database: Database) -> Loaded:
    async with database.begin(SYSTEM) as uow:
        return await load_regions(uow)


async def test_loading_is_quick_and_adds_nothing_twice(fresh_database: Database) -> None:
    started = time.perf_counter()
    first = await load(fresh_database)
    assert time.perf_counter() - started < 3
    assert (first.added, first.known) == (len(bundled()), 0)
    second = await load(fresh_database)
    assert (second.added, second.known, second.renamed) == (0, len(bundled()), [])

    async with fresh_database.read() as connection:
        path = await connection.fetchval("SELECT path FROM region WHERE code = '520327'")
        above = await connection.fetch(
            "SELECT name FROM region WHERE starts_with($1, path) ORDER BY length(path)", path
        )
        events = await connection.fetch("SELECT kind, data FROM event")
    assert [row["name"] for row in above] == ["中华人民共和国", "贵州省", "遵义市", "凤冈县"]
    assert [row["kind"] for row in events] == ["region.list_loaded"]


async def test_two_loaders_at_once_make_one_tree(fresh_database: Database) -> None:
    both = await asyncio.gather(load(fresh_database), load(fresh_database))
    assert sorted(one.added for one in both) == [0, len(bundled())]


async def test_a_changed_name_is_told_and_kept(fresh_database: Database) -> None:
    await load(fresh_database)
    async with fresh_database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE region SET name = '全椒市' WHERE code = '341124'")
        await uow.driver.execute("UPDATE region SET valid_to = DATE '2026-06-30' WHERE code = '520327'")
    again = await load(fresh_database)
    assert again.renamed == [("341124", "全椒市", "全椒县")]
    assert again.added == 0, "a region that has ended does not come back because the list still has it"
