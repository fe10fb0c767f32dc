"""The sweep: finds what is due by an index and does each once, in batches, however long nobody was there to do it.

A batch locks its clocks (SKIP LOCKED: two sweeps at once share the work) and then reads what is still to be done about them, so
what another sweep has just done is seen as done. First limits that have passed are put on record; then people are told: of each
clock one message to those who handle it and one up the ladder, however many steps it stands for. In quiet hours telling is put off.

A clock that cannot be reckoned with (terms that this version of the program does not read) is told in the log and looked at again
an hour later: the others do not wait for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from services.core.clocks import planning, rules
from services.core.clocks.events import ClockEscalated, ClockOverdue, ClockReminder, ClockUrged
from services.core.clocks.planning import HeldClock
from services.core.clocks.rules import State, Step, StepKind
from services.core.kit.calendar import WorkCalendar
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from asyncpg import Record

BATCH = 1000
BROKEN_AGAIN_IN = timedelta(hours=1)
log = structlog.get_logger("worker")

# One row for each due step, in the order of the index; the lock is on the clock, the steps are read again under it.
CLAIM = f"""
SELECT {planning.COLUMNS}
FROM clock_step s JOIN clock c ON c.id = s.clock_id
WHERE s.done_at IS NULL AND s.due_at <= $1
ORDER BY s.due_at LIMIT $2
FOR NO KEY UPDATE OF c SKIP LOCKED
"""
PENDING = """
SELECT clock_id, revision, kind, number, due_at, late FROM clock_step
WHERE clock_id = ANY ($1::uuid[]) AND done_at IS NULL AND due_at <= $2
ORDER BY due_at, kind, number
"""
DONE = """
UPDATE clock_step s SET done_at = $1, late = d.late, joined = d.joined
FROM unnest($2::uuid[], $3::int[], $4::text[], $5::int[], $6::boolean[], $7::boolean[])
       AS d(clock_id, revision, kind, number, late, joined)
WHERE s.clock_id = d.clock_id AND s.revision = d.revision AND s.kind = d.kind AND s.number = d.number
"""
SET_ASIDE = "UPDATE clock_step SET due_at = $2 WHERE clock_id = ANY ($1::uuid[]) AND done_at IS NULL AND due_at < $2"
PUT_OFF = """
UPDATE clock_step s SET due_at = d.until, late = d.late
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::boolean[], $6::timestamptz[])
       AS d(clock_id, revision, kind, number, late, until)
WHERE s.clock_id = d.clock_id AND s.revision = d.revision AND s.kind = d.kind AND s.number = d.number
"""


@dataclass(slots=True)
class _Batch:
    """Clocks of a batch; those whose limit has passed, with what follows that; those that cannot be reckoned with."""

    clocks: dict[UUID, HeldClock] = field(default_factory=dict)
    passed: list[HeldClock] = field(default_factory=list)
    follows: list[tuple[UUID, int, Step]] = field(default_factory=list)
    broken: list[UUID] = field(default_factory=list)


@dataclass(slots=True)
class _Telling:
    """What a batch writes about its steps."""

    done: list[tuple[Any, ...]] = field(default_factory=list)
    put_off: list[tuple[Any, ...]] = field(default_factory=list)


async def sweep(uow: UnitOfWork, *, limit: int = BATCH, calendar: WorkCalendar | None = None) -> bool:
    """Does one batch of what is due; whether there may be more (then the caller comes again in another transaction)."""
    rows = await uow.driver.fetch(CLAIM, uow.now, limit)
    batch = _reckoned(rows, uow.now, calendar or WorkCalendar.default())
    clocks = batch.clocks
    if batch.broken:
        await uow.driver.execute(SET_ASIDE, batch.broken, uow.now + BROKEN_AGAIN_IN)
    if batch.passed:
        await planning.breach(uow, batch.passed)
        await planning.add_steps(uow, batch.follows)
    of_clock: dict[UUID, list[Record]] = {}
    for step in await uow.driver.fetch(PENDING, list(clocks), uow.now):
        of_clock.setdefault(step["clock_id"], []).append(step)
    telling = _Telling()
    for clock_id, steps in of_clock.items():
        _tell(uow, clocks[clock_id], steps, telling)
    if telling.done:
        await uow.driver.execute(DONE, uow.now, *_columns(telling.done))
    if telling.put_off:
        await uow.driver.execute(PUT_OFF, *_columns(telling.put_off))
    await uow.flush()
    return len(rows) == limit


def _reckoned(rows: "Iterable[Record]", now: datetime, calendar: WorkCalendar) -> _Batch:
    batch = _Batch()
    for row in {row["id"]: row for row in rows}.values():
        try:
            clock = HeldClock.of(row)
            passed = clock.state is State.RUNNING and clock.due_at <= now
            follows = rules.after(calendar, clock.terms, due_at=clock.due_at) if passed else []
        except Exception as error:  # whatever it was, it is of this clock alone
            log.error("a clock cannot be swept", clock=str(row["id"]), exc_info=error)
            batch.broken.append(row["id"])
            continue
        batch.clocks[clock.id] = clock
        if passed:
            batch.passed.append(clock)
            batch.follows += [(clock.id, clock.revision, step) for step in follows]
    return batch


def _tell(uow: UnitOfWork, clock: HeldClock, steps: "list[Record]", telling: _Telling) -> None:
    told_at = rules.allowed(clock.terms.quiet, uow.now)
    late = {_key(step): step["late"] or rules.is_late(step["due_at"], uow.now) for step in steps}
    if told_at > uow.now:
        telling.put_off += [(*key, was_late, told_at) for key, was_late in late.items()]
        return
    by_kind: dict[str, list[Record]] = {}
    for step in steps:
        by_kind.setdefault(step["kind"], []).append(step)
    told: set[tuple[Any, ...]] = set()

    def tell(kinds: Iterable[StepKind]) -> "Record | None":
        """The last of the first kind that is there: it speaks for all the others."""
        speaking = next((by_kind[kind][-1] for kind in kinds if kind in by_kind), None)
        if speaking is not None:
            told.add(_key(speaking))
        return speaking

    common: dict[str, Any] = {"clock_id": clock.id, "key": clock.kind, "due_at": clock.due_at}
    if (near := tell([StepKind.OVERDUE, StepKind.REMINDER])) is not None:
        reminders = len(by_kind.get(StepKind.REMINDER, ()))
        was_late = late[_key(near)]
        if near["kind"] == StepKind.OVERDUE:
            planning.record(uow, clock, ClockOverdue(**common, reminders=reminders, late=was_late))
        else:
            planning.record(uow, clock, ClockReminder(**common, number=near["number"], late=was_late))
    if (rung := tell([StepKind.ESCALATION])) is not None:
        number = rung["number"]
        planning.record(
            uow,
            clock,
            ClockEscalated(
                **common,
                rung=number,
                to=[clock.terms.escalation[step["number"] - 1].to for step in by_kind[StepKind.ESCALATION]],
                late=late[_key(rung)],
            ),
        )
    if (urged := tell([StepKind.URGE])) is not None:
        planning.record(uow, clock, ClockUrged(**common, number=urged["number"]))
    telling.done += [(*key, was_late, key not in told) for key, was_late in late.items()]


def _key(step: "Record") -> tuple[UUID, int, str, int]:
    return step["clock_id"], step["revision"], step["kind"], step["number"]


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
