"""Jobs through the ledger against arq alone, each side's worker a process of its own: `python -m bench.jobs ours|arq`."""

import asyncio
import os
import sys
import time
from typing import Any, ClassVar, cast

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func

from services.core.kit.jobs import Job
from services.core.kit.queue import deserialize, serialize
from services.core.kit.settings import load
from services.core.kit.uow import UnitOfWork
from services.worker.__main__ import POLL_SECONDS, run
from services.worker.runtime import task

FLOOR_QUEUE = "bench:arq"
STARTED = "bench:started"
DONE = "bench:done"


class Nothing(Job):
    """A job that does nothing but say when it started."""

    name: ClassVar[str] = "bench.nothing"
    number: int


_redis: list[ArqRedis] = []


async def redis() -> ArqRedis:
    """A connection for marks, one a process."""
    if not _redis:
        _redis.append(await create_pool(RedisSettings.from_dsn(os.environ["REDIS_URL"]), job_serializer=serialize))
    return _redis[0]


async def mark(number: int) -> None:
    """Notes when this job started, and counts it."""
    started = time.time()
    marks = await redis()
    async with marks.pipeline(transaction=False) as pipe:
        pipe.hset(STARTED, str(number), repr(started))
        pipe.incr(DONE)
        await pipe.execute()


@task(Nothing)
async def nothing(_uow: UnitOfWork, job: Nothing) -> None:
    """Marks."""
    await mark(job.number)


async def bare(_context: dict[str, Any], number: int) -> None:
    """The floor's job: the same marks."""
    await mark(number)


async def run_bare() -> None:
    """arq alone, configured alike."""
    pool = await create_pool(
        RedisSettings.from_dsn(os.environ["REDIS_URL"]), job_serializer=serialize, job_deserializer=deserialize
    )
    worker = Worker(
        [func(cast("WorkerCoroutine", bare), name="bench.bare")],
        queue_name=FLOOR_QUEUE,
        redis_pool=pool,
        max_jobs=load().worker_jobs,
        poll_delay=POLL_SECONDS,
        keep_result=0,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    await worker.async_run()


if __name__ == "__main__":
    asyncio.run(run(load()) if sys.argv[1] == "ours" else run_bare())
