"""`python -m services.worker`: the composition root of a worker process."""

import asyncio
import contextlib
import importlib
import pkgutil
import signal
from collections.abc import Sequence
from uuid import UUID

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError

from services.core.kit import logs
from services.core.kit.database import create_engine
from services.core.kit.queue import FUNCTION, QUEUE, deserialize, serialize
from services.core.kit.settings import Settings, load
from services.core.kit.stores import storage_of
from services.core.kit.uow import Database
from services.core.kit.vault import open_vault
from services.wechat.client import WeChat
from services.worker import loops, tasks
from services.worker.checks import checker_of
from services.worker.runtime import collect_rarely, functions
from services.worker.schedule import schedule_of

log = structlog.get_logger("worker")

POLL_SECONDS = 0.02
REDIS_AGAIN_SECONDS = 1.0
SILENCE_SECONDS = 5  # nothing that is asked of Redis waits there; a connection that says nothing for so long is dead
STOPPING_SECONDS = 10


def redis_of(settings: Settings) -> ArqRedis:
    """A connection pool that connects when first used: a worker starts, and does what needs no Redis, while Redis is away.

    A connection that was cut without a word (a fail-over, a forgotten NAT entry) is given up after `SILENCE_SECONDS`.
    """
    pool: ConnectionPool = ConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=2,
        socket_timeout=SILENCE_SECONDS,
        socket_keepalive=True,
        retry_on_timeout=True,
    )
    return ArqRedis(
        connection_pool=pool, default_queue_name=QUEUE, job_serializer=serialize, job_deserializer=deserialize
    )


async def run(settings: Settings) -> None:
    """Works until told to stop. Losing Redis stops neither the sequencer nor the other loops, and jobs only until it is back."""
    for module in pkgutil.iter_modules(tasks.__path__):
        importlib.import_module(f"{tasks.__name__}.{module.name}")
    collect_rarely()
    redis = redis_of(settings)

    async def ring(rung: Sequence[UUID]) -> None:
        with contextlib.suppress(RedisError, OSError):
            for job_id in rung:
                await redis.enqueue_job(FUNCTION, str(job_id), _job_id=str(job_id))

    engine = create_engine(settings, application="jiugai-worker", pool_size=2 * settings.worker_jobs + 4)
    storage = storage_of(settings)
    database = Database(engine, doorbell=ring, vault=open_vault(settings), storage=storage)
    wechat = WeChat.of(settings)
    running = loops.start(
        database, redis, schedule_of(settings), checker=checker_of(wechat), public_url=settings.jiugai_public_url
    )
    try:
        await serve(settings, database, redis)
    finally:
        for loop in running:
            loop.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if wechat is not None:
            await wechat.close()
        await database.close()
        with contextlib.suppress(RedisError, OSError):
            await redis.aclose(close_connection_pool=True)


async def serve(settings: Settings, database: Database, redis: ArqRedis) -> None:
    """Runs arq; begins anew when it gave up because Redis went away."""
    away = False
    while True:
        worker = Worker(
            functions(),
            queue_name=QUEUE,
            redis_pool=redis,
            ctx={"database": database},
            max_jobs=settings.worker_jobs,
            poll_delay=POLL_SECONDS,
            keep_result=0,
            job_completion_wait=STOPPING_SECONDS,
            health_check_interval=15,
            expires_extra_ms=7 * 86_400_000,
            job_serializer=serialize,
            job_deserializer=deserialize,
        )
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            if not away:
                log.warning("redis does not answer; jobs wait, the rest goes on", error=type(error).__name__)
            away = True
        if not worker.allow_pick_jobs:  # told to stop, and Redis went away while jobs ended
            if worker.tasks:
                await asyncio.wait(worker.tasks.values(), timeout=STOPPING_SECONDS)
            return
        # Jobs under way go on in PostgreSQL; what they would tell Redis is nobody's loss.
        _left = asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        await pause()
        if away and await answers(redis):
            log.warning("redis answers again")
            away = False


async def pause() -> None:
    """A moment in which signals still end the process: arq's handlers belong to a worker that is gone."""
    loop, current = asyncio.get_running_loop(), asyncio.current_task()
    assert current is not None  # noqa: S101 - this runs in a task
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, current.cancel)
    await asyncio.sleep(REDIS_AGAIN_SECONDS)


async def answers(redis: ArqRedis) -> bool:
    """Whether Redis is there."""
    with contextlib.suppress(RedisError, OSError):
        await redis.ping()
        return True
    return False


def main() -> None:
    """Starts the worker of this process's environment."""
    settings = load()
    logs.configure(settings.jiugai_log_level)
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(run(settings))


if __name__ == "__main__":
    main()
