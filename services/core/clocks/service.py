"""Use cases of clocks: start, meet, cancel, pause, resume, urge. Called by the domain that knows the subject.

That domain has checked who acts and that the subject is his to act on; free text (`document`, `reason`) comes checked for personal
numbers. Every change is made under the lock of the clock's row, so of a use case and a sweep at once one waits for the other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.core.clocks import planning, rules
from services.core.clocks.errors import (
    ClockInputInvalid,
    ClockNotOpen,
    ClockNotPaused,
    ClockNotRunning,
    ClockRanOut,
    ClockUnderWay,
    UrgedEnough,
)
from services.core.clocks.events import ClockPaused, ClockResumed, ClockUrged
from services.core.clocks.planning import HeldClock
from services.core.clocks.rules import State, StepKind
from services.core.clocks.terms import Terms
from services.core.kit.calendar import WorkCalendar, day_of
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork

START = """
WITH given AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS c(
    id uuid, subject_type text, subject_id uuid, region_path text, kind text, policy_version_id uuid, terms jsonb,
    started_at timestamptz, due_at timestamptz, provisional boolean, skipped date[], calendar text, steps jsonb)
), added AS (
  INSERT INTO clock (id, subject_type, subject_id, region_path, kind, policy_version_id, terms, started_at, due_at, provisional,
                     skipped, calendar, revision, state, created_at)
  SELECT id, subject_type, subject_id, region_path, kind, policy_version_id, terms, started_at, due_at, provisional, skipped,
         calendar, 1, 'running', $2 FROM given
  ON CONFLICT (subject_id, kind, subject_type) WHERE state IN ('running', 'paused', 'missed') DO NOTHING
  RETURNING id
), planned AS (
  INSERT INTO clock_step (clock_id, revision, kind, number, due_at)
  SELECT added.id, 1, s.kind, s.number, s.due_at
  FROM added JOIN given USING (id)
       CROSS JOIN jsonb_to_recordset(given.steps) AS s(kind text, number int, due_at timestamptz)
)
SELECT count(*) FROM added
"""
# Locked first and by itself: what a sweep that was waited for has written is seen by the statement that follows.
OPEN = """
SELECT id FROM clock
WHERE subject_type = $1 AND subject_id = $2 AND ($3::text IS NULL OR kind = $3) AND state IN ('running', 'paused', 'missed')
ORDER BY id FOR NO KEY UPDATE
"""
CANCEL = """
WITH undone AS (DELETE FROM clock_step WHERE done_at IS NULL AND clock_id = ANY ($1::uuid[])),
     resumed AS (UPDATE clock_pause SET ended_at = $2 WHERE ended_at IS NULL AND clock_id = ANY ($1::uuid[])),
     lapsed AS (UPDATE clock_extension SET decision = 'lapsed', decided_at = $2
                WHERE decision = 'asked' AND clock_id = ANY ($1::uuid[]))
UPDATE clock SET state = 'cancelled', cancelled_at = $2 WHERE id = ANY ($1::uuid[])
"""
PAUSE = """
WITH stopped AS (UPDATE clock SET state = 'paused' WHERE id = $2),
     undone AS (DELETE FROM clock_step WHERE clock_id = $2 AND done_at IS NULL AND kind <> 'urge')
INSERT INTO clock_pause (id, clock_id, reason, document, started_at, paused_by) VALUES ($1, $2, $3, $4, $5, $6)
"""
RESUME = """
UPDATE clock_pause SET ended_at = greatest(started_at, $2), resumed_by = $3 WHERE clock_id = $1 AND ended_at IS NULL RETURNING id
"""
URGED_TODAY = "SELECT count(*) FILTER (WHERE urged_on = $2), count(*) FROM clock_urging WHERE clock_id = $1"
URGE = """
INSERT INTO clock_urging (id, clock_id, urged_on, urged_at, urged_by_kind, urged_by) VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class NewClock:
    """A clock to start. `started_at`: from when it counts, where that is not now: a re-route keeps the first promise."""

    subject_type: str
    subject_id: UUID
    region_path: str
    kind: str
    terms: Terms
    policy_version_id: UUID
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The promise as it is told."""

    clock_id: UUID
    due: rules.Due


@dataclass(frozen=True, slots=True)
class Met:
    """A clock that was met; `late` when its limit had passed."""

    clock_id: UUID
    late: bool


async def start(
    uow: UnitOfWork,
    *,
    subject_type: str,
    subject_id: UUID,
    region_path: str,
    kind: str,
    terms: Terms,
    policy_version_id: UUID,
    started_at: datetime | None = None,
    calendar: WorkCalendar | None = None,
) -> Started:
    """Starts one clock. See `start_all`."""
    new = NewClock(subject_type, subject_id, region_path, kind, terms, policy_version_id, started_at)
    return (await start_all(uow, [new], calendar=calendar))[0]


async def start_all(
    uow: UnitOfWork, clocks: Sequence[NewClock], *, calendar: WorkCalendar | None = None
) -> list[Started]:
    """Starts clocks, each with what is to be done up to its limit, in one statement.

    ClockUnderWay when one of the same kind is open for a subject: the caller's transaction is to end.
    """
    calendar = calendar or WorkCalendar.default()
    started, rows = [], []
    for clock in clocks:
        started_at = clock.started_at or uow.now
        due = rules.due(calendar, clock.terms, started_at=started_at)
        steps = rules.before(calendar, clock.terms, started_at=started_at, due_at=due.at, now=uow.now)
        clock_id = new_id()
        started.append(Started(clock_id, due))
        rows.append(
            {
                "id": str(clock_id),
                "subject_type": clock.subject_type,
                "subject_id": str(clock.subject_id),
                "region_path": clock.region_path,
                "kind": clock.kind,
                "policy_version_id": str(clock.policy_version_id),
                "terms": clock.terms.model_dump(mode="json", exclude_defaults=True),
                "started_at": started_at.isoformat(),
                "due_at": due.at.isoformat(),
                "provisional": due.provisional,
                "skipped": [day.isoformat() for day in due.skipped],
                "calendar": calendar.version,
                "steps": planning.as_rows(steps),
            }
        )
    if await uow.driver.fetchval(START, json.dumps(rows), uow.now) != len(rows):
        raise ClockUnderWay
    return started


async def meet(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str) -> Met | None:
    """What was promised is done now. None where no clock of the kind is open. A paused clock runs again first.

    After the limit it counts as late: a breach that no sweep has found yet is put on record here.
    """
    clock = await planning.locked(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    if clock is None:
        return None
    late = clock.state is State.MISSED
    if clock.state is State.PAUSED:
        await _run_again(uow, clock, WorkCalendar.default())  # never late: it stood still before its limit
    elif clock.state is State.RUNNING and uow.now >= clock.due_at:
        await planning.breach(uow, [clock])  # and nobody need be told any more
        late = True
    await uow.driver.execute(planning.END, clock.id, uow.now)
    return Met(clock.id, late)


async def cancel(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str | None = None) -> int:
    """Nothing is waited for any more: open clocks of the subject end, of one kind or all; how many. Breaches stay."""
    ids = [row["id"] for row in await uow.driver.fetch(OPEN, subject_type, subject_id, kind)]
    if ids:
        await uow.driver.execute(CANCEL, ids, uow.now)
    return len(ids)


async def pause(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str, reason: str, document: str) -> UUID:
    """The clock stands still from now on, with a reason of its terms and the document that shows it; the pause's id.

    ClockNotOpen, ClockNotRunning when it is paused already, ClockRanOut after its limit, ClockInputInvalid for another reason.
    """
    clock = await running(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    if reason not in clock.terms.pauses:
        raise ClockInputInvalid.at("/reason", zh="现行政策不允许以此为由暂停", en="is no reason to pause by its policy")
    pause_id = new_id()
    await uow.driver.execute(PAUSE, pause_id, clock.id, reason, document, uow.now, uow.actor.id)
    planning.record(uow, clock, ClockPaused(clock_id=clock.id, key=clock.kind, pause_id=pause_id))
    return pause_id


async def resume(
    uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str, calendar: WorkCalendar | None = None
) -> rules.Due:
    """The clock runs again; until when. ClockNotOpen, ClockNotPaused."""
    clock = await _open(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    if clock.state is not State.PAUSED:
        raise ClockNotPaused
    return await _run_again(uow, clock, calendar or WorkCalendar.default())


async def urge(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str) -> int:
    """Somebody who is concerned asks to hurry (催办); the how many-th time. In quiet hours it is told when they end.

    ClockNotOpen; UrgedEnough beyond what the terms allow in a day (none where they allow none).
    """
    clock = await _open(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    today = day_of(uow.now)
    on_day, ever = await uow.driver.fetchrow(URGED_TODAY, clock.id, today)
    if on_day >= clock.terms.urges_per_day:
        raise UrgedEnough
    number: int = ever + 1
    urged_by = None if uow.actor.kind == "resident" else uow.actor.id  # what the subject forgets of him no clock keeps
    await uow.driver.execute(URGE, new_id(), clock.id, today, uow.now, uow.actor.kind, urged_by)
    told_at = rules.allowed(clock.terms.quiet, uow.now)
    if told_at == uow.now:
        planning.record(uow, clock, ClockUrged(clock_id=clock.id, key=clock.kind, number=number, due_at=clock.due_at))
    else:
        uow.audit(
            "clock.urge_noted",
            target=clock.subject_type,
            target_id=clock.subject_id,
            region_path=clock.region_path,
            details={"clock_id": str(clock.id), "number": number},
            nameless=ClockUrged.nameless,
        )
        await planning.add_steps(uow, [(clock.id, clock.revision, rules.Step(StepKind.URGE, number, told_at))])
    return number


async def _run_again(uow: UnitOfWork, clock: HeldClock, calendar: WorkCalendar) -> rules.Due:
    pause_id = await uow.driver.fetchval(RESUME, clock.id, uow.now, uow.actor.id)
    due = await planning.due_now(uow, clock, calendar, days=clock.days)
    await planning.move(uow, clock, due, calendar, days=clock.days)
    planning.record(
        uow,
        clock,
        ClockResumed(clock_id=clock.id, key=clock.kind, pause_id=pause_id, due_at=due.at, provisional=due.provisional),
    )
    return due


async def _open(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str) -> HeldClock:
    clock = await planning.locked(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    if clock is None:
        raise ClockNotOpen
    return clock


async def running(uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str) -> HeldClock:
    """The clock of a kind that runs and has not reached its limit, locked. ClockNotOpen, ClockNotRunning, ClockRanOut."""
    clock = await _open(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    if clock.state is State.PAUSED:
        raise ClockNotRunning
    if clock.state is State.MISSED or uow.now >= clock.due_at:
        raise ClockRanOut
    return clock
