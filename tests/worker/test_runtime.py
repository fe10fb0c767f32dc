"""Tasks: the work and the end of its job are one transaction; whatever fails is counted and leaves nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from services.core.kit import jobs
from services.core.kit.errors import NotFound
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.jobs import Job
from services.core.kit.uow import Actor, Database, UnitOfWork
from services.worker import runtime


class Done(Event):
    """What the task of these tests leaves."""

    kind: ClassVar[str] = "trial.done"
    mark: str


class Do(Job):
    """The job of these tests."""

    name: ClassVar[str] = "trial.do"
    timeout_seconds: ClassVar[int] = 1
    mark: str


Trial = Callable[[UnitOfWork, Do], Awaitable[None]]


@pytest.fixture
def doing() -> Iterator[Callable[[Trial], None]]:
    """Says what the task does."""

    def declare(body: Trial) -> None:
        runtime.task(Do)(body)

    yield declare
    runtime.TASKS.pop(Do.name, None)


async def leave_mark(uow: UnitOfWork, job: Do) -> None:
    uow.record(Done(mark=job.mark), subject="trial", subject_id=new_id(), region_path="1.")
    await uow.flush()


async def enqueue(database: Database, mark: str) -> UUID:
    async with database.begin(Actor("staff", new_id(), "request-7")) as uow:
        return uow.enqueue(Do(mark=mark))


async def perform(database: Database, job_id: UUID) -> None:
    await runtime.perform({"database": database}, str(job_id))


async def state(database: Database, mark: str, job_id: UUID) -> tuple[int, Any]:
    """How often it was done, and the row of its job."""
    async with database.read() as connection:
        done = await connection.fetchval("SELECT count(*) FROM event WHERE data ->> 'mark' = $1", mark)
        return done, await connection.fetchrow("SELECT * FROM job WHERE id = $1", job_id)


async def test_done_once_and_gone(database: Database, doing: Callable[[Trial], None]) -> None:
    doing(leave_mark)
    mark = uuid4().hex
    job_id = await enqueue(database, mark)
    for _ in range(2):
        await perform(database, job_id)
    assert await state(database, mark, job_id) == (1, None)
    async with database.read() as connection:
        event = await connection.fetchrow("SELECT * FROM event WHERE data ->> 'mark' = $1", mark)
    assert (event["actor_kind"], event["actor_id"], event["request_id"]) == ("system", None, "request-7")


async def test_two_workers_at_once_do_it_once(database: Database, doing: Callable[[Trial], None]) -> None:
    async def slowly(uow: UnitOfWork, job: Do) -> None:
        await asyncio.sleep(0.05)
        await leave_mark(uow, job)

    doing(slowly)
    mark = uuid4().hex
    job_id = await enqueue(database, mark)
    await asyncio.gather(*(perform(database, job_id) for _ in range(5)))
    assert await state(database, mark, job_id) == (1, None)


async def _raise(uow: UnitOfWork, job: Do) -> None:
    await leave_mark(uow, job)
    raise NotFound


async def _hang(uow: UnitOfWork, job: Do) -> None:
    await leave_mark(uow, job)
    await asyncio.sleep(30)


async def _break_the_transaction(uow: UnitOfWork, job: Do) -> None:
    await leave_mark(uow, job)
    await uow.driver.execute("SELECT '13800138000'::int4 * 1000 / 0")


@pytest.mark.parametrize(
    ("body", "told"),
    [(_raise, "NotFound: not-found"), (_hang, "TimeoutError: "), (_break_the_transaction, "(sqlstate=22")],
)
async def test_a_failure_leaves_nothing_but_its_count(
    database: Database, doing: Callable[[Trial], None], body: Trial, told: str
) -> None:
    doing(body)
    mark = uuid4().hex
    job_id = await enqueue(database, mark)
    await perform(database, job_id)
    done, row = await state(database, mark, job_id)
    assert (done, row["attempts"], row["failed_at"], row["rung_at"]) == (0, 1, None, None)
    assert told in row["last_error"]
    assert "13800138000" not in row["last_error"]
    assert (row["run_at"] - row["created_at"]).total_seconds() >= 2


async def test_after_its_attempts_it_is_dead_and_after_a_replay_it_is_done(
    database: Database, doing: Callable[[Trial], None]
) -> None:
    healthy = False

    async def moody(uow: UnitOfWork, job: Do) -> None:
        await leave_mark(uow, job)
        if not healthy:
            raise RuntimeError("not today")

    doing(moody)
    mark = uuid4().hex
    job_id = await enqueue(database, mark)
    for _ in range(jobs.MAX_ATTEMPTS + 2):
        await perform(database, job_id)
    done, row = await state(database, mark, job_id)
    assert (done, row["attempts"], row["last_error"]) == (0, jobs.MAX_ATTEMPTS, "RuntimeError: not today")
    assert row["failed_at"] is not None
    healthy = True
    async with database.begin(Actor("system")) as uow:
        assert await jobs.replay_dead(uow.connection, job_id=job_id, now=uow.now)
    await perform(database, job_id)
    assert await state(database, mark, job_id) == (1, None)


async def test_a_job_without_a_task_and_one_with_another_payload_are_counted(
    database: Database, doing: Callable[[Trial], None]
) -> None:
    mark = uuid4().hex
    job_id = await enqueue(database, mark)
    await perform(database, job_id)
    assert (await state(database, mark, job_id))[1]["attempts"] == 1
    doing(leave_mark)
    async with database.begin(Actor("system")) as uow:
        await uow.driver.execute('UPDATE job SET payload = \'{"phone": "13800138000"}\' WHERE id = $1', job_id)
    await perform(database, job_id)
    done, row = await state(database, mark, job_id)
    assert (done, row["attempts"], row["last_error"]) == (0, 2, "ValidationError")


async def test_a_worker_that_is_stopped_leaves_the_job_as_it_was(
    database: Database, doing: Callable[[Trial], None]
) -> None:
    doing(_hang)
    mark = uuid4().hex
    job_id = await enqueue(database, mark)
    working = asyncio.create_task(perform(database, job_id))
    await asyncio.sleep(0.2)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    done, row = await state(database, mark, job_id)
    assert (done, row["attempts"], row["failed_at"]) == (0, 0, None)


def test_a_job_has_one_task(doing: Callable[[Trial], None]) -> None:
    doing(leave_mark)
    with pytest.raises(RuntimeError, match=r"trial\.do"):
        doing(leave_mark)


async def test_a_job_that_no_task_is_bound_to_is_counted_and_seen(database: Database) -> None:
    job_id = await enqueue(database, "nobody")
    await perform(database, job_id)
    async with database.read() as reader:
        row = await reader.fetchrow("SELECT attempts, last_error FROM job WHERE id = $1", job_id)
    assert (row["attempts"], row["last_error"]) == (1, "RuntimeError: no task for trial.do")
