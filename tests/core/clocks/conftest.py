"""Clocks in a database of the test alone (a sweep takes whatever is due), at whatever time the test says it is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.core.clocks import extending, recomputing, rules, service, sweeping
from services.core.clocks.service import Met, NewClock, Started
from services.core.clocks.terms import Terms
from services.core.kit.calendar import SHANGHAI, WorkCalendar
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Actor, Database
from services.core.policy import service as policies

PATH = "1.2.3."


def at(text: str) -> datetime:
    """Shanghai's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class Clocks:
    """Use cases at a time, one transaction each."""

    database: Database
    policy_version_id: UUID
    officer: Actor = field(default_factory=lambda: Actor("staff", new_id()))
    head: Actor = field(default_factory=lambda: Actor("staff", new_id()))

    async def start(
        self,
        when: str,
        terms: Terms,
        *,
        subject: UUID | None = None,
        subject_type: str = "complaint",
        kind: str = "reply",
        since: str | None = None,
    ) -> tuple[UUID, Started]:
        """A clock of a subject of its own, unless one is given."""
        subject = subject or new_id()
        async with self.database.begin(self.officer, now=at(when)) as uow:
            started = await service.start(
                uow,
                subject_type=subject_type,
                subject_id=subject,
                region_path=PATH,
                kind=kind,
                terms=terms,
                policy_version_id=self.policy_version_id,
                started_at=None if since is None else at(since),
            )
        return subject, started

    async def start_many(self, when: str, terms: Terms, number: int) -> list[UUID]:
        """So many subjects with a clock each."""
        subjects = [new_id() for _ in range(number)]
        async with self.database.begin(SYSTEM, now=at(when)) as uow:
            new = [NewClock("complaint", one, PATH, "reply", terms, self.policy_version_id) for one in subjects]
            await service.start_all(uow, new)
        return subjects

    def _of(self, subject: UUID, subject_type: str, kind: str = "reply") -> dict[str, Any]:
        return {"subject_type": subject_type, "subject_id": subject, "kind": kind}

    async def meet(self, when: str, subject: UUID, kind: str = "reply", subject_type: str = "complaint") -> Met | None:
        async with self.database.begin(self.officer, now=at(when)) as uow:
            return await service.meet(uow, **self._of(subject, subject_type, kind))

    async def cancel(self, when: str, subject: UUID) -> int:
        async with self.database.begin(self.officer, now=at(when)) as uow:
            return await service.cancel(uow, subject_type="complaint", subject_id=subject)

    async def pause(
        self, when: str, subject: UUID, reason: str = "waiting_for_citizen", subject_type: str = "complaint"
    ) -> UUID:
        async with self.database.begin(self.officer, now=at(when)) as uow:
            of = self._of(subject, subject_type)
            return await service.pause(uow, **of, reason=reason, document="来信〔2026〕3号")

    async def resume(self, when: str, subject: UUID, subject_type: str = "complaint") -> rules.Due:
        async with self.database.begin(self.officer, now=at(when)) as uow:
            return await service.resume(uow, **self._of(subject, subject_type))

    async def ask(self, when: str, subject: UUID, days: int, subject_type: str = "complaint") -> UUID:
        async with self.database.begin(self.officer, now=at(when)) as uow:
            of = self._of(subject, subject_type)
            return await extending.ask_extension(uow, **of, days=days, reason="须会同管线单位现场确认")

    async def decide(
        self,
        when: str,
        subject: UUID,
        extension: UUID,
        *,
        approve: bool = True,
        by: Actor | None = None,
        subject_type: str = "complaint",
    ) -> rules.Due | None:
        async with self.database.begin(by or self.head, now=at(when)) as uow:
            return await extending.decide_extension(
                uow, subject_type=subject_type, subject_id=subject, extension_id=extension, approve=approve
            )

    async def urge(self, when: str, subject: UUID) -> int:
        async with self.database.begin(self.officer, now=at(when)) as uow:
            return await service.urge(uow, **self._of(subject, "complaint"))

    async def sweep(self, when: str, *, limit: int = sweeping.BATCH) -> int:
        """Batches until nothing is due; how many."""
        batches, more = 0, True
        while more:
            async with self.database.begin(SYSTEM, now=at(when)) as uow:
                more = await sweeping.sweep(uow, limit=limit)
            batches += 1
        return batches

    async def recompute(self, when: str, calendar: WorkCalendar) -> list[recomputing.Recomputed]:
        async with self.database.begin(SYSTEM, now=at(when)) as uow:
            return await recomputing.recompute(uow, calendar=calendar)

    async def fetch(self, query: str, *given: Any) -> list[asyncpg.Record]:
        async with self.database.read() as reader:
            return list(await reader.fetch(query, *given))

    async def told(self, subject: UUID) -> list[tuple[str, dict[str, Any]]]:
        """The events of a subject, in order: kind and data."""
        rows = await self.fetch("SELECT kind, data FROM event WHERE subject_id = $1 ORDER BY id", subject)
        return [(row["kind"].removeprefix("clock."), row["data"]) for row in rows]

    async def kinds(self, subject: UUID) -> list[str]:
        return [kind for kind, _ in await self.told(subject)]

    async def counted(self, subjects: Iterable[UUID]) -> Counter[tuple[UUID, str]]:
        """How often each kind of event was told of each subject."""
        rows = await self.fetch("SELECT subject_id, kind FROM event WHERE subject_id = ANY ($1)", list(subjects))
        return Counter((row["subject_id"], row["kind"]) for row in rows)

    async def clock(self, subject: UUID, kind: str = "reply") -> asyncpg.Record:
        """The newest clock of a kind."""
        [row] = await self.fetch(
            "SELECT * FROM clock WHERE subject_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1", subject, kind
        )
        return row

    async def breaches(self, subject: UUID) -> list[asyncpg.Record]:
        return await self.fetch(
            "SELECT b.* FROM clock_breach b JOIN clock c ON c.id = b.clock_id WHERE c.subject_id = $1 ORDER BY b.due_at",
            subject,
        )

    async def steps(self, subject: UUID) -> list[asyncpg.Record]:
        return await self.fetch(
            "SELECT s.* FROM clock_step s JOIN clock c ON c.id = s.clock_id WHERE c.subject_id = $1"
            " ORDER BY s.revision, s.due_at, s.kind, s.number",
            subject,
        )


@pytest.fixture
async def clocks(fresh_database: Database) -> Clocks:
    """The use cases, on an empty database with a policy to pin."""
    async with fresh_database.begin(SYSTEM) as uow:
        await policies.store_packaged(uow)
        found = await uow.driver.fetchval("SELECT id FROM policy_version WHERE policy_id = 'jiaozuo'")
    return Clocks(fresh_database, found)
