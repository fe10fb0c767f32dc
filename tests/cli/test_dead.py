"""`jiugai dead`: operators see what failed for good, try it again or drop it; both are on record."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.core.kit import jobs
from services.core.kit.database import create_engine
from services.core.kit.ids import new_id
from services.core.kit.jobs import Job
from services.core.kit.settings import load
from services.core.kit.uow import Database
from tests.support import databases

FAILED = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


class Weed(Job):
    """The job of these tests."""

    name: ClassVar[str] = "trial.weed"
    bed: int


@pytest.fixture
def environment(servers: dict[str, str], template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database of this test alone, in the environment."""
    with databases.cloned(servers["DATABASE_URL"], template) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("REDIS_URL", servers["REDIS_URL"])
        monkeypatch.setenv("JIUGAI_SECRET_KEY", "0123456789abcdef" * 4)
        yield


def in_database(do: Callable[[Database], Awaitable[Any]]) -> Any:
    """What `do` gives in the environment's database."""

    async def run() -> Any:
        database = Database(create_engine(load(), application="test", pool_size=2))
        try:
            return await do(database)
        finally:
            await database.close()

    return asyncio.run(run())


def kill_job(bed: int) -> UUID:
    """A job that failed for good."""

    async def do(database: Database) -> UUID:
        job_id = new_id()
        async with database.engine.begin() as connection:
            await jobs.add(connection, Weed(bed=bed), job_id=job_id, now=FAILED)
            for _ in range(jobs.MAX_ATTEMPTS):
                await jobs.record_failure(connection, job_id=job_id, error=f"RuntimeError: bed {bed}\nmore", now=FAILED)
        return job_id

    found: UUID = in_database(do)
    return found


def rows(statement: str) -> list[tuple[Any, ...]]:
    async def do(database: Database) -> list[tuple[Any, ...]]:
        async with database.read() as connection:
            return [tuple(row) for row in await connection.fetch(statement)]

    found: list[tuple[Any, ...]] = in_database(do)
    return found


def jiugai(*arguments: object) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    result = CliRunner().invoke(app, ["dead", *(str(argument) for argument in arguments)])
    return result.exit_code, result.output


@pytest.mark.usefixtures("environment")
def test_list_show_replay_discard() -> None:
    assert jiugai("list")[0] == 0
    one, other = kill_job(1), kill_job(2)

    code, printed = jiugai("list")
    assert code == 0
    assert printed.splitlines() == [
        f"{job_id}\ttrial.weed\t{jobs.MAX_ATTEMPTS}\t2026-11-21 16:30:00+08:00\tRuntimeError: bed {bed}"
        for bed, job_id in ((1, one), (2, other))
    ]
    assert len(jiugai("list", "--limit", 1)[1].splitlines()) == 1

    code, printed = jiugai("show", other)
    assert code == 0
    shown = json.loads(printed)
    assert (shown["id"], shown["payload"], shown["last_error"]) == (str(other), {"bed": 2}, "RuntimeError: bed 2\nmore")

    assert jiugai("replay", one, one)[0] == 0, "named twice is named once"
    assert jiugai("discard", other)[0] == 0
    assert rows("SELECT id, attempts, failed_at, rung_at FROM job") == [(one, 0, None, None)]
    assert rows("SELECT action, target_type, target_id, actor_kind FROM audit_entry ORDER BY id") == [
        ("job.replayed", "job", one, "system"),
        ("job.discarded", "job", other, "system"),
    ]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("command", ["show", "replay", "discard"])
def test_unknown_and_living_jobs_are_refused_and_nothing_is_done_by_half(command: str) -> None:
    dead = kill_job(1)
    unknown = uuid4()
    code, printed = jiugai(command, unknown) if command == "show" else jiugai(command, dead, unknown)
    assert code == 1
    assert str(unknown) in printed
    assert rows("SELECT id, attempts FROM job WHERE failed_at IS NOT NULL") == [(dead, jobs.MAX_ATTEMPTS)]
    assert rows("SELECT count(*) FROM audit_entry") == [(0,)]
    assert jiugai(command, "not-an-id")[0] == 2
