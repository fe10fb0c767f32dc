"""Rings the worker's bell in Redis. Best effort by design: a bell that fails is rung again by the worker's relay."""

import contextlib
from collections.abc import Sequence

import structlog
from arq.connections import ArqRedis
from redis.asyncio.connection import BlockingConnectionPool
from redis.exceptions import RedisError

from services.core.kit.jobs import Rung
from services.core.kit.queue import FUNCTION, QUEUE, serialize

log = structlog.get_logger("doorbell")


class RedisDoorbell:
    """One small pool; short time-outs, so that a dead Redis costs a request nothing."""

    def __init__(self, url: str) -> None:
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url, max_connections=4, timeout=2, socket_timeout=2, socket_connect_timeout=1
        )
        self._redis = ArqRedis(connection_pool=pool, default_queue_name=QUEUE, job_serializer=serialize)
        self._down = False

    async def ring(self, rung: Sequence[Rung]) -> None:
        """Queues each job's id; says once when Redis is gone, and once when it is back."""
        try:
            for one in rung:
                await self._redis.enqueue_job(FUNCTION, str(one.job_id), _job_id=str(one.job_id))
        except (RedisError, OSError) as error:
            if not self._down:
                log.warning("redis does not answer; the relay will ring later", error=type(error).__name__)
            self._down = True
            return
        if self._down:
            log.warning("redis answers again")
            self._down = False

    async def close(self) -> None:
        """Closes the pool."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose(close_connection_pool=True)
