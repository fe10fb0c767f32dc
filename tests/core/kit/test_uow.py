"""The unit of work: all of it or nothing, committed before anybody is told, rung after."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Response
from sqlalchemy import select
from starlette.types import Message, Receive, Scope, Send

from services.api.app import create_app
from services.api.deps import Uow, reply
from services.core.kit.database import create_engine
from services.core.kit.errors import NotFound
from services.core.kit.events import Event, EventRow
from services.core.kit.ids import new_id
from services.core.kit.jobs import Job, JobRow
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Actor, Database, UnitOfWork
from tests.support.people import make_region, sign_in


class Tried(Event):
    """An event of these tests."""

    kind: ClassVar[str] = "trial.tried"
    n: int


class Try(Job):
    """A job of these tests."""

    name: ClassVar[str] = "trial.try"
    n: int


LEDGERS = """
SELECT (SELECT count(*) FROM event WHERE subject_id = $1) AS events,
       (SELECT count(*) FROM audit_entry WHERE target_id = $1) AS entries,
       (SELECT count(*) FROM job WHERE payload ->> 'n' = $2) AS jobs
"""


async def found(database: Database, subject: UUID, number: int) -> tuple[int, int, int]:
    async with database.read() as connection:
        return tuple(await connection.fetchrow(LEDGERS, subject, str(number)))


def act(uow: UnitOfWork, subject: UUID, number: int, *, run_at: datetime | None = None) -> None:
    uow.record(Tried(n=number), subject="trial", subject_id=subject, region_path="1.")
    uow.enqueue(Try(n=number), run_at=run_at)


@pytest.fixture
async def rung() -> list[UUID]:
    """What was rung for."""
    return []


@pytest.fixture
async def ringing(settings: Settings, rung: list[UUID]) -> Any:
    """A small pool whose doorbell only notes."""

    async def note(given: Sequence[UUID]) -> None:
        rung.extend(given)

    made = Database(create_engine(settings, application="test", pool_size=2), doorbell=note)
    yield made
    await made.close()


async def test_event_audit_and_job_are_written_together_and_the_bell_rings_after(
    ringing: Database, rung: list[UUID]
) -> None:
    subject, number = new_id(), new_id().int % 10**9
    actor = Actor("staff", new_id(), "request-1")
    async with ringing.begin(actor) as uow:
        act(uow, subject, number)
        await uow.flush()
        assert await found(ringing, subject, number) == (0, 0, 0)
        assert rung == []
    assert await found(ringing, subject, number) == (1, 1, 1)
    await asyncio.sleep(0)
    assert len(rung) == 1
    async with ringing.begin(SYSTEM) as uow:
        event = (await uow.session.scalars(select(EventRow).where(EventRow.subject_id == subject))).one()
        job = (await uow.session.scalars(select(JobRow).where(JobRow.id == rung[0]))).one()
    assert (event.actor_kind, event.actor_id, event.request_id) == ("staff", actor.id, "request-1")
    assert (event.kind, event.schema_version, event.data, event.seq) == ("trial.tried", 1, {"n": number}, None)
    assert (job.payload, job.attempts, job.request_id) == ({"n": number}, 0, "request-1")
    assert job.rung_at == job.run_at == event.occurred_at


async def test_what_raises_leaves_nothing_and_rings_for_nothing(ringing: Database, rung: list[UUID]) -> None:
    subject, number = new_id(), new_id().int % 10**9

    async def refused() -> None:
        async with ringing.begin(SYSTEM) as uow:
            act(uow, subject, number)
            row = {"kind": "k", "schema_version": 1, "subject_type": "t", "subject_id": subject, "region_path": ""}
            uow.session.add(EventRow(id=new_id(), data={}, actor_kind="system", occurred_at=uow.now, **row))
            await uow.flush()
            raise NotFound

    with pytest.raises(NotFound):
        await refused()
    assert await found(ringing, subject, number) == (0, 0, 0)
    assert rung == []


async def test_orm_driver_and_connection_share_the_transaction(ringing: Database) -> None:
    subject = new_id()
    async with ringing.begin(SYSTEM) as uow:
        await uow.driver.execute("SELECT set_config('jiugai.trial', $1, true)", str(subject))
        told = (await uow.connection.exec_driver_sql("SELECT current_setting('jiugai.trial')")).scalar()
        ours = [await uow.driver.fetchval("SELECT pg_backend_pid()")]
        ours.append((await uow.connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar())
        ours.append((await (await uow.session.connection()).exec_driver_sql("SELECT pg_backend_pid()")).scalar())
    assert told == str(subject)
    assert len(set(ours)) == 1


async def test_flushing_twice_writes_once(ringing: Database, rung: list[UUID]) -> None:
    subject, number = new_id(), new_id().int % 10**9
    async with ringing.begin(SYSTEM) as uow:
        act(uow, subject, number)
        await uow.flush()
        await uow.flush()
        act(uow, subject, number)
    assert await found(ringing, subject, number) == (2, 2, 2)
    await asyncio.sleep(0)
    assert len(set(rung)) == 2


async def test_a_job_for_later_is_not_rung_for_now(ringing: Database, rung: list[UUID]) -> None:
    subject, number = new_id(), new_id().int % 10**9
    later = datetime.now(UTC) + timedelta(hours=1)
    async with ringing.begin(SYSTEM) as uow:
        act(uow, subject, number, run_at=later)
    await asyncio.sleep(0)
    assert rung == []
    async with ringing.read() as connection:
        row = await connection.fetchrow("SELECT run_at, rung_at FROM job WHERE payload ->> 'n' = $1", str(number))
    assert (row["run_at"], row["rung_at"]) == (later, None)


async def test_cancelled_and_refused_work_gives_its_connections_back(ringing: Database) -> None:
    subject, number = new_id(), new_id().int % 10**9

    async def slow() -> None:
        async with ringing.begin(SYSTEM) as uow:
            act(uow, subject, number)
            await uow.flush()
            await uow.driver.execute("SELECT pg_sleep(30)")

    for _ in range(6):  # three times the pool
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(5), ringing.begin(SYSTEM) as one, ringing.begin(SYSTEM) as other:
        assert await one.driver.fetchval("SELECT 1") + await other.driver.fetchval("SELECT 1") == 2
    assert await found(ringing, subject, number) == (0, 0, 0)


async def test_a_commit_that_the_database_refuses_is_told(ringing: Database, rung: list[UUID]) -> None:
    """A deferred constraint speaks at the commit itself."""
    async with ringing.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "CREATE TABLE IF NOT EXISTS trial_deferred (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
        )

    async def refused() -> None:
        async with ringing.begin(SYSTEM) as uow:
            uow.enqueue(Try(n=1))
            await uow.driver.execute("INSERT INTO trial_deferred VALUES (1), (1)")

    with pytest.raises(Exception, match="trial_deferred_n_key"):
        await refused()
    await asyncio.sleep(0)
    assert rung == []
    async with ringing.begin(SYSTEM) as uow:
        assert await uow.driver.fetchval("SELECT count(*) FROM trial_deferred") == 0
        await uow.driver.execute("DROP TABLE trial_deferred")


async def test_connections_that_the_server_closed_are_replaced(ringing: Database, database: Database) -> None:
    async with ringing.begin(SYSTEM) as one, ringing.begin(SYSTEM) as other:
        pids = [await uow.driver.fetchval("SELECT pg_backend_pid()") for uow in (one, other)]
    async with database.read() as connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", pids)
    await asyncio.sleep(0.2)
    async with ringing.begin(SYSTEM) as uow:
        assert await uow.driver.fetchval("SELECT pg_backend_pid()") not in pids


class Told:
    """An application that looks into the database, from another connection, at the moment an answer starts to leave."""

    def __init__(self, app: FastAPI, database: Database, subject: UUID, number: int) -> None:
        self.app, self.database, self.subject, self.number = app, database, subject, number
        self.seen: list[tuple[int, int, int]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on, looking."""

        async def look(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.seen.append(await found(self.database, self.subject, self.number))
            await send(message)

        await self.app(scope, receive, look)


async def test_a_statement_that_is_alone_is_committed_as_it_ends(ringing: Database) -> None:
    added = "INSERT INTO sequence_counter (name, last) VALUES ($1, 1)"
    name = f"alone-{new_id().int % 10**9}"
    async with ringing.begin(SYSTEM, alone=True) as uow:
        await uow.driver.execute(added, name)
        assert not uow.driver.is_in_transaction()
        async with ringing.read() as reader:
            assert await reader.fetchval("DELETE FROM sequence_counter WHERE name = $1 RETURNING last", name) == 1


async def test_beside_a_statement_that_is_alone_no_ledger_is_written(ringing: Database, rung: list[UUID]) -> None:
    subject, number = new_id(), new_id().int % 10**9
    with pytest.raises(RuntimeError, match="second commit"):
        async with ringing.begin(SYSTEM, alone=True) as uow:
            act(uow, subject, number)
    assert (await found(ringing, subject, number), rung) == ((0, 0, 0), [])


@pytest.mark.parametrize(("outcome", "status", "there"), [("done", 201, (1, 1, 1)), ("refused", 404, (0, 0, 0))])
async def test_the_commit_comes_before_the_answer(
    settings: Settings, database: Database, outcome: str, status: int, there: tuple[int, int, int]
) -> None:
    subject, number = new_id(), new_id().int % 10**9
    router = APIRouter()

    @router.post("/trial/{outcome}")
    async def trial(uow: Uow, outcome: str) -> Response:
        act(uow, subject, number)
        await uow.flush()
        if outcome == "refused":
            raise NotFound
        return reply(uow, 201)

    app = create_app(settings)
    app.include_router(router)
    async with app.router.lifespan_context(app):
        somebody = await sign_in(app, database, "street", await make_region(database, "street", None))
        told = Told(app, database, subject, number)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(told), base_url="http://test", headers=somebody.headers
        ) as client:
            answer = await client.post(f"/trial/{outcome}")
    assert answer.status_code == status
    assert told.seen == [there]


@pytest.mark.parametrize("nameless", [False, True])
async def test_an_event_of_each_of_many_subjects_is_what_one_by_one_would_be(
    database: Database, monkeypatch: pytest.MonkeyPatch, nameless: bool
) -> None:
    monkeypatch.setattr(Tried, "nameless", nameless)
    alone, many = new_id(), [new_id(), new_id()]
    async with database.begin(Actor("staff", new_id(), "request-1")) as uow:
        uow.record(Tried(n=7), subject="trial", subject_id=alone, region_path="1.2.")
        await uow.record_each(Tried(n=7), subject="trial", subjects=[(one, "1.2.") for one in many])
        await uow.record_each(Tried(n=7), subject="trial", subjects=[])
    for table, subject in (("event", "subject_id"), ("audit_entry", "target_id")):
        async with database.read() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM {table} WHERE {subject} = ANY ($1) ORDER BY id", [alone, *many]
            )
        assert [row[subject] for row in rows] == [alone, *many]
        told = [{key: value for key, value in row.items() if key not in ("id", subject, "seq")} for row in rows]
        assert told[0] == told[1] == told[2]
