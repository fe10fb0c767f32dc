"""A page of one county reads what the county has, not what the nation has: lists walk an index from where the county begins."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.core.exchange import queries as imports
from services.core.facts.queries import CONFLICTS
from services.core.kit.database import Statement
from services.core.kit.scope import Scope
from services.core.kit.uow import Database
from services.core.projects.queries import listing
from services.core.territory import queries as territory

COUNTIES, EACH = 900, 20
COUNTY = Scope((f"1.{COUNTIES}.",))
LOW, HIGH = COUNTY.lows[0], COUNTY.highs[0]
PLACES = f"generate_series(1, {COUNTIES}) AS county, generate_series(1, {EACH}) AS n"
STOCK = (
    f"""INSERT INTO project (id, no, title, region_id, region_path, stage, version, created_at)
    SELECT gen_random_uuid(), county || '-' || n, '项目', gen_random_uuid(), '1.' || county || '.',
           CASE WHEN n % 20 = 0 THEN 'works' ELSE 'draft' END, 1, now() FROM {PLACES}""",
    f"""INSERT INTO compound (id, no, name, region_id, region_path, version, created_at)
    SELECT gen_random_uuid(), county || '-' || n, '小区', gen_random_uuid(), '1.' || county || '.', 1, now() FROM {PLACES}""",
    f"""INSERT INTO fact (id, subject_type, subject_id, region_path, key, value, kind, source, source_rows, recorded_at)
    SELECT gen_random_uuid(), 'compound', gen_random_uuid(), '1.' || county || '.', 'compound.households', n::text, 'attested',
           '普查', '[]', now() FROM {PLACES}""",
    f"""INSERT INTO data_import (id, region_id, region_path, kind, mode, dry_run, file_name, file_sha256, file_bytes, may_decide,
                             state, rows_read, rows_bad, created, changed, unchanged, findings, made_by_kind, made_at)
    SELECT gen_random_uuid(), gen_random_uuid(), '1.' || county || '.', 'compounds', 'good_rows', false, '', '', 1, false,
           CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'done' END, 0, 0, 0, 0, 0, 0, 'staff', now() FROM {PLACES}""",
)


def walks() -> Iterator[tuple[str, str, list[Any]]]:
    """Lists of one county, first pages."""

    def of(statement: Statement, **values: Any) -> tuple[str, list[Any]]:
        given = {"q": None, "limit": 21, "after_path": "", "after_no": "", **COUNTY.parameters, **values}
        return statement.sql, statement.arguments(given)

    for stage in (None, "works", "handed_over"):
        listed = listing(of_region=False, of_stage=stage is not None)
        yield f"projects {stage}", *of(listed, scope_low=LOW, scope_high=HIGH, stage=stage)
    yield "compounds", *of(territory.COMPOUNDS, low=LOW, high=HIGH, closed=False)
    for state in (None, "failed", "running"):
        listed = imports.listing(of_kind=False, in_state=state is not None)
        yield f"imports {state}", *of(listed, low=LOW, high=HIGH, before=UUID(int=2**128 - 1), state=state)
    first = ("", UUID(int=0), "")
    yield "conflicts", CONFLICTS, ["compound", None, COUNTY.lows, COUNTY.highs, *first, 21, LOW, HIGH]


@pytest.fixture
async def stocked(fresh_database: Database) -> Database:
    """A nation of small counties."""
    async with fresh_database.read() as connection:
        await connection.execute("SET session_replication_role = 'replica'")
        for statement in STOCK:
            await connection.execute(statement)
        await connection.execute("SET session_replication_role = 'origin'")
        await connection.execute("VACUUM ANALYZE project, compound, fact, data_import")
    return fresh_database


async def pages_read(connection: asyncpg.Connection, sql: str, arguments: list[Any]) -> int:
    """How many pages of the database a statement looks at."""
    [(plan,)] = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *arguments)
    root = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return int(root["Shared Hit Blocks"]) + int(root["Shared Read Blocks"])


async def test_a_page_of_a_county_reads_no_more_than_the_county(stocked: Database) -> None:
    async with stocked.read() as connection:
        looked = {name: await pages_read(connection, sql, arguments) for name, sql, arguments in walks()}
        whole = await connection.fetchval("SELECT pg_relation_size('project') / 8192")
    assert whole > 200
    assert {name: pages for name, pages in looked.items() if pages > 100} == {}
