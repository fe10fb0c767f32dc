"""Rings for jobs whose bell was lost: Redis away or flushed, a worker killed, a job that waits for its time."""

from datetime import UTC, datetime

from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix

from services.core.kit.jobs import due_unrung
from services.core.kit.queue import FUNCTION
from services.core.kit.uow import Database


async def relay_once(database: Database, redis: ArqRedis) -> int:
    """Rings for every due job that nobody works on; how many.

    A row that was free to lock has no living worker. When arq still marks it as under way, that worker was killed: its mark
    would hold the job back for the longest time-out of all, so it is removed. A second start is harmless, the row decides.
    """
    async with database.engine.begin() as connection:
        rung = await due_unrung(connection, now=datetime.now(UTC))
    for job_id in map(str, rung):
        if await redis.enqueue_job(FUNCTION, job_id, _job_id=job_id) is None:
            await redis.delete(in_progress_key_prefix + job_id)
    return len(rung)
