"""The ledger of jobs: rows in PostgreSQL decide, whatever rings the bell only makes them start sooner.

A use case writes a row in its own transaction. A worker locks the row, works and deletes it in one transaction, so an effect
inside PostgreSQL happens once however often the bell rings. Failure backs off; after `MAX_ATTEMPTS` the row is a dead letter.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Index, String, Text, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed, Statement

MAX_ATTEMPTS = 8
RING_AGAIN_AFTER = timedelta(seconds=10)


class Job(BaseModel):
    """A piece of work for the worker: a stable name and a typed payload, known to both sides. Named as a command."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    timeout_seconds: ClassVar[int] = 60


class JobRow(Keyed, Base):
    """One job that is not yet done. Done jobs leave no row; what they did is in the domain's tables and the audit."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "run_at", postgresql_where=text("failed_at IS NULL")),
        Index("ix_job_dead", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )

    name: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]]
    run_at: Mapped[datetime]
    rung_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    failed_at: Mapped[datetime | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]


class ScheduleSlot(Base):
    """A tick of the schedule that has been turned into a job; its key makes a tick happen once over all workers."""

    __tablename__ = "schedule_slot"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    slot_at: Mapped[datetime] = mapped_column(primary_key=True)


LOCK = Statement(
    select(JobRow.id, JobRow.name, JobRow.payload, JobRow.attempts, JobRow.request_id)
    .where(JobRow.id == bindparam("job_id"), JobRow.failed_at.is_(None))
    .with_for_update(skip_locked=True)
)
DEAD = select(*JobRow.__table__.columns).where(JobRow.failed_at.is_not(None))
FINISH = Statement(delete(JobRow).where(JobRow.id == bindparam("job_id")))


def back_off(attempts: int) -> timedelta:
    """How long after its n-th failure a job waits: 2, 4, 8 … seconds, at most ten minutes."""
    return timedelta(seconds=min(2**attempts, 600))


async def record_failure(connection: AsyncConnection, *, job_id: UUID, error: str, now: datetime) -> bool:
    """Counts a failure in a transaction of its own, after the work was rolled back. True when the job is dead now."""
    row = (await connection.execute(select(JobRow.attempts).where(JobRow.id == job_id).with_for_update())).one_or_none()
    if row is None:
        return False
    attempts = row.attempts + 1
    dead: bool = attempts >= MAX_ATTEMPTS
    await connection.execute(
        update(JobRow)
        .where(JobRow.id == job_id)
        .values(
            attempts=attempts,
            last_error=error[:2000],
            rung_at=None,
            run_at=now + back_off(attempts),
            failed_at=now if dead else None,
        )
    )
    return dead


async def due_unrung(connection: AsyncConnection, *, now: datetime, limit: int = 500) -> list[UUID]:
    """Stamps due jobs whose bell was never rung, or long ago, and that nobody works on (their rows are free); their ids."""
    free = (
        select(JobRow.id)
        .where(
            JobRow.failed_at.is_(None),
            JobRow.run_at <= now,
            func.coalesce(JobRow.rung_at, text("'-infinity'::timestamptz")) < now - RING_AGAIN_AFTER,
        )
        .order_by(JobRow.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    stamped = update(JobRow).where(JobRow.id.in_(free)).values(rung_at=now).returning(JobRow.id)
    return list(await connection.scalars(stamped))


async def claim_slot(connection: AsyncConnection, *, name: str, slot_at: datetime) -> bool:
    """True for exactly one caller a tick, over all processes and restarts."""
    claimed = await connection.execute(
        upsert(ScheduleSlot).values(name=name, slot_at=slot_at).on_conflict_do_nothing().returning(ScheduleSlot.name)
    )
    return claimed.one_or_none() is not None


async def forget_slots(connection: AsyncConnection, *, before: datetime) -> None:
    """Forgets ticks older than `before`, which nobody can claim any more."""
    await connection.execute(delete(ScheduleSlot).where(ScheduleSlot.slot_at < before))


async def dead_jobs(connection: AsyncConnection, *, limit: int = 100) -> list[RowMapping]:
    """Jobs that failed for good, the oldest first."""
    statement = DEAD.order_by(JobRow.failed_at).limit(limit)
    return list((await connection.execute(statement)).mappings())


async def dead_job(connection: AsyncConnection, *, job_id: UUID) -> RowMapping | None:
    """One job that failed for good, or None."""
    return (await connection.execute(DEAD.where(JobRow.id == job_id))).mappings().one_or_none()


async def replay_dead(connection: AsyncConnection, *, job_id: UUID, now: datetime) -> bool:
    """Gives a dead job a fresh start. False when there is no such dead job."""
    replayed = await connection.execute(
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.failed_at.is_not(None))
        .values(attempts=0, failed_at=None, rung_at=None, run_at=now)
        .returning(JobRow.id)
    )
    return replayed.one_or_none() is not None


async def discard_dead(connection: AsyncConnection, *, job_id: UUID) -> bool:
    """Removes a dead job for good. False when there is no such dead job."""
    discarded = await connection.execute(
        delete(JobRow).where(JobRow.id == job_id, JobRow.failed_at.is_not(None)).returning(JobRow.id)
    )
    return discarded.one_or_none() is not None


async def add(connection: AsyncConnection, job: Job, *, job_id: UUID, now: datetime) -> None:
    """Writes one job outside a unit of work (the schedule does)."""
    await connection.execute(
        insert(JobRow).values(
            id=job_id, name=job.name, payload=job.model_dump(mode="json"), run_at=now, rung_at=None, created_at=now
        )
    )
