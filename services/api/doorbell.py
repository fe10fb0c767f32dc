"""Rings the worker's bell in Redis. Best effort by design: a bell that fails is rung again by the worker's relay."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from uuid import UUID

import structlog
from arq.connections import ArqRedis
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError

from services.core.kit.queue import FUNCTION, QUEUE, serialize

log = structlog.get_logger("doorbell")
AT_ONCE = 4
QUIET_SECONDS = 1.0


class RedisDoorbell:
    """A few connections, short time-outs; while Redis is away nothing is tried for a second, so that it costs a request nothing."""

    def __init__(self, url: str) -> None:
        pool: ConnectionPool = ConnectionPool.from_url(url, socket_timeout=2, socket_connect_timeout=1)
        self._redis = ArqRedis(connection_pool=pool, default_queue_name=QUEUE, job_serializer=serialize)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._quiet_until = 0.0

    async def ring(self, rung: Sequence[UUID]) -> None:
        """Queues each job's id; says once when Redis is gone, and once when it is back."""
        async with self._turn:
            if time.monotonic() < self._quiet_until:
                return
            try:
                for job_id in rung:
                    await self._redis.enqueue_job(FUNCTION, str(job_id), _job_id=str(job_id))
            except (RedisError, OSError) as error:
                if not self._quiet_until:
                    log.warning("redis does not answer; the relay will ring later", error=type(error).__name__)
                self._quiet_until = time.monotonic() + QUIET_SECONDS
                return
            if self._quiet_until:
                log.warning("redis answers again")
                self._quiet_until = 0.0

    async def close(self) -> None:
        """Closes the pool."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose(close_connection_pool=True)
