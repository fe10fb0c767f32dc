"""One request or one task is one transaction. Use cases take a unit of work and never commit.

Events, audit entries, jobs and the stored answer of an idempotent request are collected while the use case runs and written
by one statement just before the commit: all of them, or none.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.util.concurrency import greenlet_spawn

from services.core.kit import lending
from services.core.kit.events import Event
from services.core.kit.ids import new_id, new_id_text
from services.core.kit.jobs import Job
from services.core.kit.lending import Reader, lend

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.storage import Storage
    from services.core.kit.vault import Vault

Doorbell = Callable[[Sequence[UUID]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: staff, client (a department's system) or system (the worker, the command line)."""

    kind: str
    id: UUID | None = None
    request_id: str | None = None


SYSTEM = Actor("system")


@dataclass(slots=True)
class StoredAnswer:
    """The answer that a repeated request gets again (`Idempotency-Key`)."""

    principal_id: UUID
    key: str
    fingerprint: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def place(self) -> dict[str, Any]:
        """Where its body is sealed for."""
        return {"table": "idempotent_answer", "column": "body", "row": uuid5(self.principal_id, self.key)}


FLUSH_LEDGERS = """
WITH
e AS (INSERT INTO event (id, kind, schema_version, subject_type, subject_id, region_path, data,
                         actor_kind, actor_id, request_id, occurred_at)
      SELECT x.id, x.kind, x.schema_version, x.subject_type, x.subject_id, x.region_path, x.data,
             $4, CASE WHEN NOT x.nameless THEN $5::uuid END, CASE WHEN NOT x.nameless THEN $6 END, $7
      FROM jsonb_to_recordset($1::text::jsonb) AS x(id uuid, kind text, schema_version int, nameless boolean, subject_type text,
                                                    subject_id uuid, region_path text, data jsonb)),
a AS (INSERT INTO audit_entry (id, at, actor_kind, actor_id, action, outcome, target_type, target_id, region_path,
                               details, request_id)
      SELECT x.id, $7, $4, CASE WHEN NOT x.nameless THEN $5::uuid END, x.action, x.outcome, x.target_type, x.target_id,
             x.region_path, x.details, CASE WHEN NOT x.nameless THEN $6 END
      FROM jsonb_to_recordset($2::text::jsonb) AS x(id uuid, action text, outcome text, nameless boolean, target_type text,
                                                    target_id uuid, region_path text, details jsonb)),
j AS (INSERT INTO job (id, name, payload, run_at, rung_at, attempts, request_id, created_at)
      SELECT x.id, x.name, x.payload, coalesce(x.run_at, $7), CASE WHEN x.run_at IS NULL THEN $7 END, 0, $6, $7
      FROM jsonb_to_recordset($3::text::jsonb) AS x(id uuid, name text, payload jsonb, run_at timestamptz))
INSERT INTO idempotent_answer (principal_id, key, fingerprint, status, headers, body, created_at)
SELECT $8::uuid, $9::text, $10::text, $11::int, $12::text::jsonb, $13::bytea, $7 WHERE $8::uuid IS NOT NULL
"""

# The same event, and its audit entry, of many subjects: lists as one text each, for the driver encodes an array element by element.
RECORD_EACH = """
WITH x AS (SELECT * FROM ROWS FROM (string_to_table($1, ' '), string_to_table($2, ' '), string_to_table($3, ' '),
                                    string_to_table($4, ' ')) AS x(event_id, audit_id, subject_id, region_path)),
e AS (INSERT INTO event (id, kind, schema_version, subject_type, subject_id, region_path, data,
                         actor_kind, actor_id, request_id, occurred_at)
      SELECT x.event_id::uuid, $5, $6, $7, x.subject_id::uuid, x.region_path, $8::text::jsonb,
             $9, CASE WHEN NOT $10::boolean THEN $11::uuid END, CASE WHEN NOT $10::boolean THEN $12 END, $13 FROM x)
INSERT INTO audit_entry (id, at, actor_kind, actor_id, action, outcome, target_type, target_id, region_path, details, request_id)
SELECT x.audit_id::uuid, $13, $9, CASE WHEN NOT ($10 AND $9 = 'resident') THEN $11 END, $5, 'done', $7, x.subject_id::uuid,
       x.region_path, $8::text::jsonb, CASE WHEN NOT ($10 AND $9 = 'resident') THEN $12 END FROM x
"""


class UnitOfWork:
    """One transaction and what it will tell the world. `now` is the only clock of a use case (UTC, fixed at the start)."""

    def __init__(
        self,
        engine: AsyncEngine,
        pooled: Any,
        actor: Actor,
        now: datetime,
        vault: "Vault | None",
        storage: "Storage | None" = None,
        *,
        alone: bool = False,
    ) -> None:
        self.driver: asyncpg.Connection = pooled.driver_connection
        self.actor = actor
        self.now = now
        self._engine, self._pooled, self._vault, self._storage = engine, pooled, vault, storage
        self._alone = alone
        self._connection: AsyncConnection | None = None
        self.answer: StoredAnswer | None = None
        self._answered = False
        self._session: AsyncSession | None = None
        self._events: list[dict[str, Any]] = []
        self._audit: list[dict[str, Any]] = []
        self._jobs: list[dict[str, Any]] = []
        self._rung: list[UUID] = []

    @property
    def connection(self) -> AsyncConnection:
        """SQLAlchemy's connection of this transaction, made when first asked for (many requests never do)."""
        if self._connection is None:
            sync_engine = self._engine.sync_engine
            self._connection = AsyncConnection(self._engine, Connection(sync_engine, connection=self._pooled))
        return self._connection

    @property
    def vault(self) -> "Vault":
        """What personal data is sealed and found with."""
        if self._vault is None:
            raise RuntimeError("this process was started without the keys of personal data")
        return self._vault

    @property
    def storage(self) -> "Storage":
        """Where blobs are put. What was put by a transaction that fails is swept a day later."""
        if self._storage is None:
            raise RuntimeError("this process was started without a storage of files")
        return self._storage

    @property
    def session(self) -> AsyncSession:
        """The ORM session of this transaction, made when first asked for."""
        if self._session is None:
            self._session = AsyncSession(
                bind=self.connection, expire_on_commit=False, join_transaction_mode="control_fully", autoflush=True
            )
        return self._session

    def record(self, happened: Event, *, subject: str, subject_id: UUID, region_path: str) -> None:
        """Records an event, and the audit entry of the act that it tells of."""
        data = happened.model_dump(mode="json")
        self._events.append(
            {
                "id": new_id_text(),
                "kind": happened.kind,
                "schema_version": happened.schema_version,
                "nameless": happened.nameless,
                "subject_type": subject,
                "subject_id": str(subject_id),
                "region_path": region_path,
                "data": data,
            }
        )
        self.audit(
            happened.kind,
            target=subject,
            target_id=subject_id,
            region_path=region_path,
            details=data,
            nameless=happened.nameless,
        )

    async def record_each(self, happened: Event, *, subject: str, subjects: Sequence[tuple[UUID, str]]) -> None:
        """Records the same event of many subjects, given with the paths of their regions: what `record` does of each, at once and
        at a fraction of its cost.
        """
        if not subjects:
            return
        await self.driver.execute(
            RECORD_EACH,
            " ".join([new_id_text() for _ in subjects]),
            " ".join([new_id_text() for _ in subjects]),
            " ".join([str(subject_id) for subject_id, _ in subjects]),
            " ".join([path for _, path in subjects]),
            happened.kind,
            happened.schema_version,
            subject,
            happened.model_dump_json(),
            self.actor.kind,
            happened.nameless,
            self.actor.id,
            self.actor.request_id,
            self.now,
        )

    def audit(
        self,
        action: str,
        *,
        target: str,
        target_id: UUID | None,
        region_path: str = "",
        details: dict[str, Any] | None = None,
        outcome: str = "done",
        nameless: bool = False,
    ) -> None:
        """Adds an audit entry of its own, for what is no event: a sign-in, a reading of personal data, a refusal.

        `nameless`: it does not tell which resident it was; of all others it does.
        """
        self._audit.append(
            {
                "id": new_id_text(),
                "action": action,
                "outcome": outcome,
                "nameless": nameless and self.actor.kind == "resident",
                "target_type": target,
                "target_id": None if target_id is None else str(target_id),
                "region_path": region_path,
                "details": details or {},
            }
        )

    def enqueue(self, job: Job, *, run_at: datetime | None = None) -> UUID:
        """Writes a job in this transaction; it starts right after the commit, or at `run_at`."""
        job_id = new_id()
        if run_at is None:
            self._rung.append(job_id)
        self._jobs.append(
            {
                "id": str(job_id),
                "name": job.name,
                "payload": job.model_dump(mode="json"),
                "run_at": None if run_at is None else run_at.isoformat(),
            }
        )
        return job_id

    @asynccontextmanager
    async def snapshot(self) -> "AsyncIterator[asyncpg.Connection]":
        """A connection beside this one that reads what is committed now, and nothing later however many statements it runs."""
        async with Reader(self._engine) as driver, driver.transaction(isolation="repeatable_read", readonly=True):
            yield driver

    async def flush(self) -> None:
        """Sends ORM changes and the collected ledgers to the database, still inside the transaction. May be called again."""
        if self._session is not None:
            await self._session.flush()
        answer = self.answer if self.answer is not None and self.answer.status and not self._answered else None
        if not (self._events or self._audit or self._jobs or answer):
            return
        if self._alone:
            raise RuntimeError("a ledger beside a statement that is alone would be a second commit")
        await self.driver.execute(
            FLUSH_LEDGERS,
            json.dumps(self._events, ensure_ascii=False),
            json.dumps(self._audit, ensure_ascii=False),
            json.dumps(self._jobs, ensure_ascii=False),
            self.actor.kind,
            self.actor.id,
            self.actor.request_id,
            self.now,
            answer.principal_id if answer else None,
            answer.key if answer else None,
            answer.fingerprint if answer else None,
            answer.status if answer else None,
            json.dumps(answer.headers) if answer else None,
            self.vault.cipher.seal(answer.body, **answer.place) if answer else None,
        )
        self._events, self._audit, self._jobs = [], [], []
        self._answered = self._answered or answer is not None

    @property
    def to_ring(self) -> list[UUID]:
        """The jobs whose bell is to be rung after the commit."""
        return self._rung

    async def end(self, *, commit: bool) -> None:
        """Commits or rolls back, and gives the connection back to the pool."""
        if self._session is not None:
            self._session.expunge_all()
        adapter = self._pooled.dbapi_connection
        transaction = adapter._transaction  # noqa: SLF001 - docs/adr/0011; None when alone, or once the server is gone
        try:
            if transaction is not None:
                await adapter._call_and_discard(transaction.commit if commit else transaction.rollback)  # noqa: SLF001
        except BaseException:
            # Whether it was committed is not known, and the connection is not fit for anybody else.
            await greenlet_spawn(self._pooled.invalidate)
            raise
        finally:
            self._pooled.close()


class Database:
    """The pool of one process: units of work to write, readers to read."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        doorbell: Doorbell | None = None,
        vault: "Vault | None" = None,
        storage: "Storage | None" = None,
    ) -> None:
        self.engine, self.vault, self.storage = engine, vault, storage
        self._doorbell = doorbell
        self._ringing: set[asyncio.Task[None]] = set()
        lending.watch(engine)

    def begin(self, actor: Actor, *, now: datetime | None = None, alone: bool = False) -> "Transaction":
        """A unit of work: committed when the block ends, rolled back when it raises.

        `alone`: one statement on the driver does all of it, its event and audit entry too, and is its own transaction; beginning
        and committing would be two journeys more to the database than the statement takes. Nothing may be collected.
        """
        return Transaction(self, actor, now or datetime.now(UTC), alone=alone)

    def read(self) -> Reader:
        """A driver connection outside any transaction, for reads of one statement each."""
        return Reader(self.engine)

    def ring(self, rung: list[UUID]) -> None:
        """Rings for committed jobs without waiting; the relay heals whatever gets lost here."""
        if rung and self._doorbell is not None:
            task = asyncio.ensure_future(self._doorbell(rung))
            self._ringing.add(task)
            task.add_done_callback(self._ringing.discard)

    async def close(self) -> None:
        """Waits for the bells under way and closes the pool."""
        if self._ringing:
            await asyncio.gather(*self._ringing, return_exceptions=True)
        await self.engine.dispose()


class Transaction:
    """`async with database.begin(actor) as uow:` one transaction."""

    __slots__ = ("_actor", "_alone", "_database", "_now", "_uow")

    def __init__(self, database: Database, actor: Actor, now: datetime, *, alone: bool) -> None:
        self._database, self._actor, self._now, self._alone = database, actor, now, alone

    async def __aenter__(self) -> UnitOfWork:
        pooled = await lend(self._database.engine)
        try:
            if not self._alone:
                # SQLAlchemy's adapter starts the driver's transaction at its own first statement; ours may come before that.
                await pooled.dbapi_connection._start_transaction()  # noqa: SLF001 - docs/adr/0011
        except BaseException:
            await greenlet_spawn(pooled.invalidate)
            raise
        held = self._database
        self._uow = UnitOfWork(held.engine, pooled, self._actor, self._now, held.vault, held.storage, alone=self._alone)
        return self._uow

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            await self._uow.end(commit=False)
            return
        try:
            await self._uow.flush()
        except BaseException:
            await self._uow.end(commit=False)
            raise
        await self._uow.end(commit=True)
        self._database.ring(self._uow.to_ring)
