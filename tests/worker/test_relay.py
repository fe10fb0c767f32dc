"""The relay: whatever happens to Redis, every due job is rung for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from redis.asyncio import Redis

from services.core.kit import jobs
from services.core.kit.jobs import Job
from services.core.kit.queue import FUNCTION, QUEUE, deserialize
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from services.worker.__main__ import redis_of
from services.worker.relay import relay_once


class Wait(Job):
    """The job of these tests."""

    name: ClassVar[str] = "trial.wait"


@pytest.fixture
async def queue(settings: Settings, redis: Redis) -> AsyncIterator[ArqRedis]:
    """The worker's own connection, on an emptied Redis."""
    pool = redis_of(settings)
    yield pool
    await pool.aclose(close_connection_pool=True)


async def enqueue(database: Database, *, run_at: datetime | None = None) -> UUID:
    async with database.begin(SYSTEM) as uow:
        return uow.enqueue(Wait(), run_at=run_at)


async def queued(queue: ArqRedis) -> set[str]:
    return {job_id.decode() for job_id in await queue.zrange(QUEUE, 0, -1)}


async def rung_long_ago(database: Database) -> None:
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE job SET rung_at = now() - $1::interval", jobs.RING_AGAIN_AFTER * 2)


async def test_a_job_that_nobody_rang_for_is_rung_for(fresh_database: Database, queue: ArqRedis) -> None:
    job_id = await enqueue(fresh_database, run_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await relay_once(fresh_database, queue) == 1
    assert await queued(queue) == {str(job_id)}
    job = deserialize(await queue.get(job_key_prefix + str(job_id)))
    assert (job["f"], job["a"]) == (FUNCTION, [str(job_id)])
    assert await relay_once(fresh_database, queue) == 0


async def test_what_was_rung_for_just_now_is_left_alone_and_a_flush_is_healed(
    fresh_database: Database, queue: ArqRedis
) -> None:
    ids = {str(await enqueue(fresh_database)) for _ in range(5)}
    assert await relay_once(fresh_database, queue) == 0
    await rung_long_ago(fresh_database)
    assert await relay_once(fresh_database, queue) == 5
    assert await queued(queue) == ids
    await queue.flushdb()
    await rung_long_ago(fresh_database)
    assert await relay_once(fresh_database, queue) == 5
    assert await queued(queue) == ids


async def test_what_still_waits_in_redis_is_not_queued_twice(fresh_database: Database, queue: ArqRedis) -> None:
    await enqueue(fresh_database)
    for _ in range(3):
        await rung_long_ago(fresh_database)
        await relay_once(fresh_database, queue)
    assert await queue.zcard(QUEUE) == 1


async def test_a_job_for_later_waits_for_its_time(fresh_database: Database, queue: ArqRedis) -> None:
    await enqueue(fresh_database, run_at=datetime.now(UTC) + timedelta(hours=1))
    assert await relay_once(fresh_database, queue) == 0
    assert await queued(queue) == set()


async def test_the_mark_of_a_killed_worker_is_removed_and_that_of_a_living_one_stays(
    fresh_database: Database, queue: ArqRedis
) -> None:
    killed, living = [await enqueue(fresh_database) for _ in range(2)]
    await rung_long_ago(fresh_database)
    await relay_once(fresh_database, queue)
    marks = [in_progress_key_prefix + str(job_id) for job_id in (killed, living)]
    for mark in marks:
        await queue.set(mark, b"1")
    await rung_long_ago(fresh_database)
    async with fresh_database.begin(SYSTEM) as working:
        assert await jobs.LOCK.first(working.driver, job_id=living) is not None
        assert await relay_once(fresh_database, queue) == 1
    assert [await queue.exists(mark) for mark in marks] == [0, 1]
    assert str(killed) in await queued(queue)
