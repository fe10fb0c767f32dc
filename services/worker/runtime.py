"""Binds tasks to jobs and runs them: the only place, with `__main__`, that knows arq (docs/adr/0003 tells its exit)."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import structlog
from arq.typing import WorkerCoroutine
from arq.worker import Function, func
from sqlalchemy.exc import SQLAlchemyError

from services.core.kit.jobs import FINISH, LOCK, Job, record_failure
from services.core.kit.logs import describe
from services.core.kit.queue import FUNCTION
from services.core.kit.uow import Actor, Database, UnitOfWork

log = structlog.get_logger("worker")
J = TypeVar("J", bound=Job)
Body = Callable[[UnitOfWork, J], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Task:
    """A job and the function that does it."""

    job: type[Job]
    body: Callable[[UnitOfWork, Any], Awaitable[None]]


TASKS: dict[str, Task] = {}


def task(job: type[J]) -> Callable[[Body[J]], Body[J]]:
    """Declares the function that does `job`. It runs in the transaction that also removes the job from the ledger."""

    def declare(body: Body[J]) -> Body[J]:
        if job.name in TASKS:
            raise RuntimeError(f"two tasks for {job.name}")
        TASKS[job.name] = Task(job, body)
        return body

    return declare


async def perform(context: dict[str, Any], job_id: str) -> None:
    """Does one job of the ledger. Gone or being done already: nothing. Failure: rolled back, counted, tried again later."""
    database: Database = context["database"]
    try:
        async with database.begin(Actor("system")) as uow:
            row = await LOCK.first(uow.driver, job_id=UUID(job_id))
            if row is None:
                return
            found = TASKS.get(row["name"])
            if found is None:  # a newer program's job: it waits, backs off, and is seen when it never comes
                raise RuntimeError(f"no task for {row['name']}")
            uow.actor = Actor("system", None, row["request_id"])
            async with asyncio.timeout(found.job.timeout_seconds):
                await found.body(uow, found.job.model_validate(row["payload"]))
            await FINISH.all(uow.driver, job_id=UUID(job_id))
    except Exception as error:  # noqa: BLE001 - whatever it was, the ledger must know
        await _failed(database, job_id, error)


async def _failed(database: Database, job_id: str, error: Exception) -> None:
    try:
        async with database.engine.begin() as connection:
            dead = await record_failure(connection, job_id=UUID(job_id), error=describe(error), now=datetime.now(UTC))
    except (SQLAlchemyError, OSError):
        # The database is away: the row stands as it was, and the relay rings for it again.
        log.warning("job failed and could not be noted", job=job_id)
        return
    log.error("job failed", job=job_id, dead=dead, exc_info=error)


def collect_rarely() -> None:
    """Looks for cyclic garbage once in 50,000 objects, and never among what was there at the start: a job that holds many objects
    at once, an import or a run, otherwise spends a sixth of its time on being searched for cycles that it does not make.
    """
    gc.freeze()
    gc.set_threshold(50_000)


def functions() -> list[Function]:
    """What arq calls. Retries are the ledger's matter; a job that no task is bound to fails there, and is seen."""
    longest = max((found.job.timeout_seconds for found in TASKS.values()), default=60)
    performing = cast("WorkerCoroutine", perform)
    return [func(performing, name=FUNCTION, timeout=longest + 5, max_tries=100, keep_result=0)]
