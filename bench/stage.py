"""What is measured: a database with the nation's projects, our API, the floor's, each a process of its own."""

import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from services.cli import embedded
from services.core.identity import tokens
from services.core.kit.database import create_engine
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.settings import load
from services.core.kit.uow import SYSTEM, Database, UnitOfWork
from services.core.policy.service import store_packaged
from services.core.projects.queries import listing
from services.core.territory.bundled import load_regions
from tests.support import databases
from tests.support.people import ADD_GRANT, ADD_STAFF, LIFETIMES
from tests.support.processes import Process, free_port, until

REGION_GOES_HERE = UUID(int=0)
UNCHECKED = "SET LOCAL session_replication_role = 'replica'"  # no trigger, no foreign key: what is seeded refers to what is there
# Those that hold no constraint: they are dropped and made again.
INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made_by FROM pg_index i
WHERE i.indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
NATION = 219_000  # compounds of the nation's five-year plan; one project each
LOGS = Path(".data/bench-logs")


@contextlib.contextmanager
def servers() -> Iterator[None]:
    """DATABASE_URL and REDIS_URL of this process point at real servers, the database a fresh one."""
    data = embedded.data_folder()
    begun = embedded.start(data)
    os.environ.update(begun.environment)
    admin = os.environ["DATABASE_URL"]
    template = databases.template(admin)
    try:
        with databases.cloned(admin, template) as url:
            os.environ["DATABASE_URL"] = url
            os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/14"
            os.environ.update(
                JIUGAI_LOG_LEVEL="INFO", RATE_PER_CLIENT_MINUTE="100000000", RATE_PER_PRINCIPAL_MINUTE="100000000"
            )
            yield
    finally:
        embedded.stop(data, only=begun.started, unless_used=True)


@contextlib.asynccontextmanager
async def in_bulk(database: Database, *tables: str) -> AsyncIterator[UnitOfWork]:
    """A transaction that adds millions of rows to tables: unchecked, indexed at its end all at once, then vacuumed and analysed."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            f"SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '256MB'; {UNCHECKED}"
        )
        indexes = await uow.driver.fetch(INDEXES, list(tables))
        for index in indexes:
            await uow.driver.execute(f"DROP INDEX {index['name']}")
        yield uow
        for index in indexes:
            await uow.driver.execute(index["made_by"], timeout=1800)
    async with database.read() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(f"VACUUM ANALYZE {', '.join(tables)}", timeout=1800)
        await connection.execute("RESET statement_timeout")


async def seed(database: Database) -> tuple[str, UUID]:
    """The nation's regions and `NATION` projects, spread over its counties; a token that sees all, and the nation's id."""
    async with database.begin(SYSTEM) as uow:
        await load_regions(uow)
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(UNCHECKED)
        counties = await uow.driver.fetch("SELECT id, path, code FROM region WHERE level = 'county' ORDER BY code")
        nation = await uow.driver.fetchrow("SELECT id, path FROM region WHERE level = 'nation'")
        now = datetime.now(UTC)
        rows = []
        for number in range(NATION):
            county = counties[number % len(counties)]
            no = f"{county['code']}-{number:06d}"
            rows.append((new_id(), no, f"{no} 老旧小区改造项目", county["id"], county["path"], "draft", 1, now))
        await uow.driver.copy_records_to_table(
            "project",
            records=rows,
            columns=["id", "no", "title", "region_id", "region_path", "stage", "version", "created_at"],
        )
        staff_id = new_id()
        await uow.driver.execute(ADD_STAFF, staff_id, "bench", "bench")
        await uow.driver.execute(ADD_GRANT, new_id(), staff_id, "city", nation["id"], nation["path"], None)
        issued = await tokens.open_session(
            uow, kind="staff", principal_id=staff_id, user_agent="bench", lifetimes=LIFETIMES
        )
    async with database.read() as connection:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CREATE TABLE floor_write (id uuid PRIMARY KEY, key text, value text, source text)")
    return issued.access_token, nation["id"]


@contextlib.asynccontextmanager
async def process(module: str, *, factory: str, environment: dict[str, str]) -> AsyncIterator[int]:
    """A uvicorn process of one worker; its port, once it answers."""
    port = free_port()
    LOGS.mkdir(parents=True, exist_ok=True)
    running = Process(
        [sys.executable, "-m", "uvicorn", f"{module}:{factory}", "--factory", "--port", str(port), "--no-access-log",
         "--log-level", "warning"],
        environment,
        LOGS / f"{module}.log",
    )  # fmt: skip
    running.start()
    try:
        await until(lambda: _answers(port), seconds=90, what=f"{module} answers")
        yield port
    finally:
        running.stop()


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
        return True
    return False


def engine() -> AsyncEngine:
    """A pool for the bench itself."""
    return create_engine(load(), application="jiugai-bench", pool_size=20)


def floor_query(scope: Scope) -> str:
    """How the floor is told its query: our own SQL, its arguments in order, and which of them is the region."""
    values = {
        "region_id": REGION_GOES_HERE, "scope_low": scope.lows[0], "scope_high": scope.highs[-1], "after_path": "",
        "after_no": "", "q": None, "limit": 21, **scope.parameters,
    }  # fmt: skip
    statement = listing(of_region=True, of_stage=False)
    arguments = statement.arguments(values)
    regions = [number for number, value in enumerate(arguments) if value == REGION_GOES_HERE]
    return json.dumps([statement.sql, [None if value == REGION_GOES_HERE else value for value in arguments], regions])
