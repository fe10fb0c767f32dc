"""What a worker does besides jobs, for as long as it lives: relay, sequencer, schedule, messages, checks of contents."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import structlog
from arq.connections import ArqRedis

from services.core.files.checking import ContentChecker, check_once
from services.core.kit import sequencer
from services.core.kit.logs import describe
from services.core.kit.uow import Database
from services.worker.handout import hand_out_once
from services.worker.relay import relay_once
from services.worker.schedule import Recurring, schedule_once

log = structlog.get_logger("worker")
ANYTHING_NEW = (
    "SELECT EXISTS (SELECT FROM event WHERE seq IS NULL) OR EXISTS (SELECT FROM audit_entry WHERE seq IS NULL)"
)
SEAL_EVERY_SECONDS = 1.0


async def forever(name: str, seconds: float, once: Callable[[], Awaitable[object]]) -> None:
    """Calls `once` again and again, however it fails; waits longer after a failure, and says so."""
    pause = seconds
    while True:
        try:
            await once()
            pause = seconds
        except Exception as error:  # noqa: BLE001 - a loop that dies silently is worse than any error
            pause = min(max(pause, 0.5) * 2, 15.0)
            log.warning("loop failed", loop=name, error=describe(error), again_in=pause)
        await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - spreads the workers, decides nothing


async def number_once(database: Database) -> int:
    """Numbers what was committed since; how many rows. Costs one look when there is nothing."""
    async with database.read() as connection:
        if not await connection.fetchval(ANYTHING_NEW):
            return 0
    done = 0
    for table in sequencer.TABLES:
        async with database.engine.begin() as connection:
            done += await sequencer.number(connection, table)
    return done


async def seal_once(database: Database) -> int:
    """Seals what has been numbered of the audit, batch by batch; how many entries."""
    done = 0
    while True:
        async with database.engine.begin() as connection:
            sealed = await sequencer.seal(connection, now=datetime.now(UTC))
        done += sealed
        if sealed < sequencer.SEAL_AT_MOST:
            return done


def start(
    database: Database, redis: ArqRedis, schedule: Sequence[Recurring], *, checker: ContentChecker, public_url: str
) -> list[asyncio.Task[None]]:
    """Starts every loop; cancel the tasks to stop."""
    loops: list[tuple[str, float, Callable[[], Awaitable[object]]]] = [
        ("relay", 1.0, lambda: relay_once(database, redis)),
        ("sequencer", 0.05, lambda: number_once(database)),
        ("seal", SEAL_EVERY_SECONDS, lambda: seal_once(database)),
        ("messages", 0.25, lambda: hand_out_once(database)),
        ("content checks", 1.0, lambda: check_once(database, checker, public_url=public_url)),
        ("schedule", 5.0, lambda: schedule_once(database, schedule)),
    ]
    return [asyncio.create_task(forever(name, seconds, once), name=name) for name, seconds, once in loops]
