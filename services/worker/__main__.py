"""`python -m services.worker`: the composition root of a worker process."""

import asyncio
import contextlib
import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any, cast

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.typing import StartupShutdown
from arq.worker import Worker
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisSlow

from services.core.kit import logs
from services.core.kit.database import create_engine
from services.core.kit.jobs import Rung
from services.core.kit.queue import FUNCTION, QUEUE, deserialize, serialize
from services.core.kit.settings import Settings, load
from services.core.kit.uow import Database
from services.worker import loops, tasks
from services.worker.runtime import functions

POLL_SECONDS = 0.02


def redis_settings(settings: Settings) -> RedisSettings:
    """Where Redis is; a hiccup is retried, and the supervisor restarts a worker that gave up."""
    given = RedisSettings.from_dsn(settings.redis_url.get_secret_value())
    given.conn_retries, given.conn_retry_delay = 30, 1
    given.retry_on_timeout, given.retry_on_error = True, [RedisGone, RedisSlow]
    return given


async def run(settings: Settings) -> None:
    """Works until told to stop."""
    for module in pkgutil.iter_modules(tasks.__path__):
        importlib.import_module(f"{tasks.__name__}.{module.name}")
    redis: ArqRedis = await create_pool(
        redis_settings(settings), default_queue_name=QUEUE, job_serializer=serialize, job_deserializer=deserialize
    )

    async def ring(rung: Sequence[Rung]) -> None:
        with contextlib.suppress(RedisError, OSError):
            for one in rung:
                await redis.enqueue_job(FUNCTION, str(one.job_id), _job_id=str(one.job_id))

    engine = create_engine(settings, application="jiugai-worker", pool_size=2 * settings.worker_jobs + 4)
    database = Database(engine, doorbell=ring)
    running: list[asyncio.Task[None]] = []

    async def on_startup(context: dict[str, Any]) -> None:
        context["database"] = database
        running.extend(loops.start(database, redis))

    async def on_shutdown(_context: dict[str, Any]) -> None:
        for loop in running:
            loop.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await database.close()

    worker = Worker(
        functions(),
        queue_name=QUEUE,
        redis_pool=redis,
        on_startup=cast("StartupShutdown", on_startup),
        on_shutdown=cast("StartupShutdown", on_shutdown),
        max_jobs=settings.worker_jobs,
        poll_delay=POLL_SECONDS,
        keep_result=0,
        job_completion_wait=10,
        health_check_interval=15,
        expires_extra_ms=7 * 86_400_000,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    try:
        await worker.async_run()
    finally:
        with contextlib.suppress(RedisError, OSError):
            await worker.close()


def main() -> None:
    """Starts the worker of this process's environment."""
    settings = load()
    logs.configure(settings.jiugai_log_level)
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(run(settings))


if __name__ == "__main__":
    main()
