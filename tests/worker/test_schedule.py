"""The schedule: each tick once, over all workers; the newest one missed is caught up."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from services.core.kit.jobs import Job
from services.core.kit.uow import Database
from services.worker.schedule import Recurring, schedule_once

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Hourly(Job):
    """A job of these tests."""

    name: ClassVar[str] = "trial.hourly"


class Daily(Job):
    """A job of these tests."""

    name: ClassVar[str] = "trial.daily"


OURS = [Recurring(Hourly(), timedelta(hours=1)), Recurring(Daily(), timedelta(days=1))]


async def made(database: Database) -> Counter[str]:
    async with database.read() as connection:
        return Counter(row["name"] for row in await connection.fetch("SELECT name FROM job"))


async def test_a_tick_is_taken_once_over_two_workers(fresh_database: Database) -> None:
    for minute in (0, 1, 59):
        now = NOON + timedelta(minutes=minute)
        await asyncio.gather(*(schedule_once(fresh_database, OURS, now=now) for _ in range(4)))
        assert await made(fresh_database) == {"trial.hourly": 1, "trial.daily": 1}
    assert await schedule_once(fresh_database, OURS, now=NOON + timedelta(hours=1)) == 1
    assert await made(fresh_database) == {"trial.hourly": 2, "trial.daily": 1}


async def test_after_downtime_the_newest_tick_is_caught_up_once(fresh_database: Database) -> None:
    assert await schedule_once(fresh_database, OURS, now=NOON) == 2
    back = NOON + timedelta(days=2, hours=5, minutes=17)
    assert [await schedule_once(fresh_database, OURS, now=back) for _ in range(2)] == [2, 0]
    assert await made(fresh_database) == {"trial.hourly": 2, "trial.daily": 2}


async def test_a_tick_that_cannot_be_written_is_not_lost(fresh_database: Database) -> None:
    """The slot and its job are one transaction."""
    async with fresh_database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE job ADD CONSTRAINT trial CHECK (name <> 'trial.hourly')")
    with pytest.raises(Exception, match="trial"):
        await schedule_once(fresh_database, OURS, now=NOON)
    async with fresh_database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE job DROP CONSTRAINT trial")
    assert await schedule_once(fresh_database, OURS, now=NOON) == 2
    assert await made(fresh_database) == {"trial.hourly": 1, "trial.daily": 1}


def test_ticks_are_counted_from_midnight() -> None:
    daily = Recurring(Daily(), timedelta(days=1))
    assert daily.slot(NOON) == datetime(2026, 11, 21, tzinfo=UTC)
    assert daily.slot(datetime(2026, 11, 21, tzinfo=UTC)) == datetime(2026, 11, 21, tzinfo=UTC)
    assert Recurring(Hourly(), timedelta(hours=1)).slot(NOON - timedelta(microseconds=1)) == NOON - timedelta(hours=1)
