"""What every change of a clock does to the row, its steps and its breach; the caller holds the row's lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from services.core.clocks import rules
from services.core.clocks.events import ClockBreached
from services.core.clocks.rules import State, Step, StepKind
from services.core.clocks.terms import Terms
from services.core.kit.calendar import WorkCalendar
from services.core.kit.events import Event
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from asyncpg import Record

COLUMNS = """
c.id, c.subject_type, c.subject_id, c.region_path, c.kind, c.terms::text AS terms, c.started_at, c.days, c.due_at, c.provisional,
c.skipped, c.revision, c.state
"""
LOCKED = f"""
SELECT {COLUMNS} FROM clock c
WHERE c.subject_type = $1 AND c.subject_id = $2 AND c.kind = $3 AND c.state IN ('running', 'paused', 'missed')
FOR NO KEY UPDATE
"""
PAUSES = "SELECT started_at, ended_at FROM clock_pause WHERE clock_id = $1 AND ended_at IS NOT NULL ORDER BY started_at"
MOVE = """
WITH undone AS (DELETE FROM clock_step WHERE clock_id = $1 AND done_at IS NULL AND kind <> 'urge')
UPDATE clock SET due_at = $2, provisional = $3, skipped = $4, calendar = $5, days = $6, revision = $7, state = 'running'
WHERE id = $1
"""
# A step of this revision that was done stays done.
ADD_STEPS = """
INSERT INTO clock_step (clock_id, revision, kind, number, due_at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::timestamptz[])
ON CONFLICT DO NOTHING
"""
# Nothing is left to be done or decided about a clock that has ended.
END = """
WITH undone AS (DELETE FROM clock_step WHERE clock_id = $1 AND done_at IS NULL),
     lapsed AS (UPDATE clock_extension SET decision = 'lapsed', decided_at = $2 WHERE clock_id = $1 AND decision = 'asked')
UPDATE clock SET state = 'met', met_at = $2 WHERE id = $1
"""
# One statement each, joined to plain arrays by whole keys: in one statement the planner once took seconds for a thousand clocks.
# What was asked and not decided in time lapses with the limit.
MISS = "UPDATE clock c SET state = 'missed' FROM unnest($1::uuid[]) AS i(id) WHERE c.id = i.id"
LAPSE = """
UPDATE clock_extension e SET decision = 'lapsed', decided_at = $2 FROM unnest($1::uuid[]) AS i(id)
WHERE e.clock_id = i.id AND e.decision = 'asked'
"""
BREACH_FOUND = """
UPDATE clock_step s SET done_at = $3, late = $3 - s.due_at > $4
FROM unnest($1::uuid[], $2::int[], $5::text[], $6::int[]) AS d(clock_id, revision, kind, number)
WHERE s.clock_id = d.clock_id AND s.revision = d.revision AND s.kind = d.kind AND s.number = d.number
"""
ADD_BREACHES = """
INSERT INTO clock_breach (clock_id, region_path, due_at, found_at)
SELECT *, $4::timestamptz FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
"""


@dataclass(frozen=True, slots=True)
class HeldClock:
    """A clock whose row this transaction has locked."""

    id: UUID
    subject_type: str
    subject_id: UUID
    region_path: str
    kind: str
    terms: Terms
    started_at: datetime
    days: int | None
    due_at: datetime
    provisional: bool
    skipped: list[date]
    revision: int
    state: State

    @classmethod
    def of(cls, row: "Record") -> Self:
        """From a row of `COLUMNS`."""
        given: dict[str, Any] = {**row, "terms": _terms(row["terms"]), "state": State(row["state"])}
        return cls(**given)


@lru_cache(maxsize=256)
def _terms(text: str) -> Terms:
    """Thousands of clocks run by the same few terms, which never change."""
    return Terms.model_validate_json(text)


async def locked(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str) -> HeldClock | None:
    """The open clock of a kind, locked; None where there is none."""
    row = await uow.driver.fetchrow(LOCKED, subject_type, subject_id, kind)
    return None if row is None else HeldClock.of(row)


async def due_now(uow: UnitOfWork, clock: HeldClock, calendar: WorkCalendar, *, days: int | None) -> rules.Due:
    """The limit by the pauses that have ended and `days` (None: those of the terms)."""
    pauses = [(row["started_at"], row["ended_at"]) for row in await uow.driver.fetch(PAUSES, clock.id)]
    return rules.due(calendar, clock.terms, started_at=clock.started_at, days=days, pauses=pauses)


async def move(uow: UnitOfWork, clock: HeldClock, due: rules.Due, calendar: WorkCalendar, *, days: int | None) -> None:
    """The clock runs to another limit, and what is to be done is planned anew; for the same limit nothing is done twice."""
    revision = clock.revision + (due.at != clock.due_at)
    await uow.driver.execute(
        MOVE, clock.id, due.at, due.provisional, list(due.skipped), calendar.version, days, revision
    )
    steps = rules.before(calendar, clock.terms, started_at=clock.started_at, due_at=due.at, now=uow.now)
    await add_steps(uow, [(clock.id, revision, step) for step in steps])


async def breach(uow: UnitOfWork, clocks: Sequence[HeldClock]) -> None:
    """Running clocks whose limit has passed: on record for ever."""
    ids = [clock.id for clock in clocks]
    await uow.driver.execute(MISS, ids)
    await uow.driver.execute(LAPSE, ids, uow.now)
    revisions, kinds, numbers = [clock.revision for clock in clocks], [StepKind.BREACH.value] * len(ids), [1] * len(ids)
    await uow.driver.execute(BREACH_FOUND, ids, revisions, uow.now, rules.LATE_AFTER, kinds, numbers)
    paths, limits = [clock.region_path for clock in clocks], [clock.due_at for clock in clocks]
    await uow.driver.execute(ADD_BREACHES, ids, paths, limits, uow.now)
    for clock in clocks:
        record(uow, clock, ClockBreached(clock_id=clock.id, key=clock.kind, due_at=clock.due_at))


async def add_steps(uow: UnitOfWork, steps: Iterable[tuple[UUID, int, Step]]) -> None:
    """Plans steps of clocks at their revisions."""
    rows = [(clock_id, revision, step.kind, step.number, step.at) for clock_id, revision, step in steps]
    if rows:
        await uow.driver.execute(ADD_STEPS, *map(list, zip(*rows, strict=True)))


def as_rows(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Steps as JSON."""
    return [{"kind": step.kind, "number": step.number, "due_at": step.at.isoformat()} for step in steps]


def record(uow: UnitOfWork, clock: HeldClock, happened: Event) -> None:
    """An event, told of the clock's subject."""
    uow.record(happened, subject=clock.subject_type, subject_id=clock.subject_id, region_path=clock.region_path)
