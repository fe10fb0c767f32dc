"""The ledger of jobs: backs off, dies after its attempts, lives again when an operator says so."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest

from services.core.kit import jobs
from services.core.kit.ids import new_id
from services.core.kit.jobs import Job
from services.core.kit.uow import SYSTEM, Database

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Weed(Job):
    """A job of these tests."""

    name: ClassVar[str] = "trial.weed"


async def add(database: Database, *, now: datetime = NOW) -> UUID:
    job_id = new_id()
    async with database.engine.begin() as connection:
        await jobs.add(connection, Weed(), job_id=job_id, now=now)
    return job_id


async def fail(database: Database, job_id: UUID, *, now: datetime = NOW, error: str = "it broke") -> bool:
    async with database.engine.begin() as connection:
        return await jobs.record_failure(connection, job_id=job_id, error=error, now=now)


async def due(database: Database, *, now: datetime, limit: int = 500) -> list[UUID]:
    async with database.engine.begin() as connection:
        return await jobs.due_unrung(connection, now=now, limit=limit)


async def row(database: Database, job_id: UUID) -> dict[str, object] | None:
    async with database.read() as connection:
        found = await connection.fetchrow("SELECT * FROM job WHERE id = $1", job_id)
    return None if found is None else dict(found)


def test_waits_grow_and_are_bounded() -> None:
    assert [jobs.back_off(n).total_seconds() for n in (1, 2, 3, 8, 9, 10, 60)] == [2, 4, 8, 256, 512, 600, 600]


async def test_a_failure_waits_longer_each_time_and_the_last_is_final(fresh_database: Database) -> None:
    job_id = await add(fresh_database)
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        assert await fail(fresh_database, job_id, error=f"failure {attempt}") is (attempt == jobs.MAX_ATTEMPTS)
        found = await row(fresh_database, job_id)
        assert found is not None
        assert (found["attempts"], found["last_error"]) == (attempt, f"failure {attempt}")
        assert (found["run_at"], found["rung_at"]) == (NOW + timedelta(seconds=2**attempt), None)
        assert (found["failed_at"] is not None) is (attempt == jobs.MAX_ATTEMPTS)
    assert await due(fresh_database, now=NOW + timedelta(days=1)) == []


async def test_a_job_that_is_gone_cannot_fail(fresh_database: Database) -> None:
    assert await fail(fresh_database, new_id()) is False


async def test_a_dead_job_is_listed_shown_replayed_and_discarded(fresh_database: Database) -> None:
    living, dead, doomed = [await add(fresh_database) for _ in range(3)]
    for job_id in (doomed, dead):
        for _ in range(jobs.MAX_ATTEMPTS):
            await fail(fresh_database, job_id, now=NOW if job_id == doomed else NOW + timedelta(minutes=1))
    async with fresh_database.engine.begin() as connection:
        assert [found["id"] for found in await jobs.dead_jobs(connection)] == [doomed, dead]
        assert [found["id"] for found in await jobs.dead_jobs(connection, limit=1)] == [doomed]
        assert await jobs.dead_job(connection, job_id=living) is None
        shown = await jobs.dead_job(connection, job_id=dead)
        assert shown is not None
        assert (shown["name"], shown["payload"], shown["attempts"]) == ("trial.weed", {}, jobs.MAX_ATTEMPTS)
        for job_id in (living, new_id()):
            assert not await jobs.replay_dead(connection, job_id=job_id, now=NOW)
            assert not await jobs.discard_dead(connection, job_id=job_id)
        assert await jobs.replay_dead(connection, job_id=dead, now=NOW + timedelta(hours=1))
        assert await jobs.discard_dead(connection, job_id=doomed)
    replayed = await row(fresh_database, dead)
    assert replayed is not None
    assert (replayed["attempts"], replayed["failed_at"]) == (0, None)
    assert await row(fresh_database, doomed) is None
    assert set(await due(fresh_database, now=NOW + timedelta(hours=1))) == {living, dead}


async def test_the_bell_is_owed_when_due_once_and_again_after_a_while(fresh_database: Database) -> None:
    job_id = await add(fresh_database)
    assert await due(fresh_database, now=NOW - timedelta(seconds=1)) == []
    assert await due(fresh_database, now=NOW) == [job_id]
    assert await due(fresh_database, now=NOW + jobs.RING_AGAIN_AFTER) == []
    later = NOW + jobs.RING_AGAIN_AFTER + timedelta(seconds=1)
    assert await due(fresh_database, now=later) == [job_id]


async def test_a_job_that_somebody_works_on_is_not_rung_for(fresh_database: Database) -> None:
    busy, free = [await add(fresh_database) for _ in range(2)]
    async with fresh_database.begin(SYSTEM) as uow:
        assert await jobs.LOCK.first(uow.driver, job_id=busy) is not None
        assert list(await due(fresh_database, now=NOW)) == [free]
        async with fresh_database.begin(SYSTEM) as other:
            assert await jobs.LOCK.first(other.driver, job_id=busy) is None


async def test_the_oldest_are_rung_first_and_no_more_than_asked(fresh_database: Database) -> None:
    ids = [await add(fresh_database, now=NOW - timedelta(minutes=minutes)) for minutes in range(5)]
    assert set(await due(fresh_database, now=NOW, limit=2)) == set(ids[3:])


@pytest.mark.parametrize("error", ["x" * 5000, "坏" * 5000])
async def test_a_long_error_is_cut(fresh_database: Database, error: str) -> None:
    job_id = await add(fresh_database)
    await fail(fresh_database, job_id, error=error)
    found = await row(fresh_database, job_id)
    assert found is not None
    assert found["last_error"] == error[:2000]
