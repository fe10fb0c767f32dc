"""Pure rules of clocks: when one is due, when who is told, how many days are left. Source: semantics.md, *Deadlines*."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.core.clocks.terms import Quiet, Span, Terms
from services.core.kit.calendar import (
    DAY,
    SHANGHAI,
    Pause,
    Unit,
    WorkCalendar,
    day_of,
    deadline,
    deadline_in_hours,
    end_of,
    is_after_cut_off,
)

LATE_AFTER = timedelta(minutes=15)
"""A step done later than this after its moment was missed at first, and is told as late."""

INSTANT = timedelta(microseconds=1)


class State(StrEnum):
    """Of a clock. `missed`: its limit passed and it is not met yet; met or cancelled later, its breach stays."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


OPEN = (State.RUNNING, State.PAUSED, State.MISSED)
"""States in which a clock waits to be met."""


class StepKind(StrEnum):
    """What happens at a moment of a clock. `breach` is put on record at once; the others tell people, never in quiet hours."""

    REMINDER = "reminder"
    BREACH = "breach"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    URGE = "urge"


class Decision(StrEnum):
    """What became of a request to extend. `lapsed`: the limit passed before anybody decided."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Due:
    """The first instant that is too late; the days that did not count; whether the calendar there is not announced yet."""

    at: datetime
    provisional: bool = False
    skipped: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do at a moment; `number` tells those of a kind apart, from 1."""

    kind: StepKind
    number: int
    at: datetime


def due(
    calendar: WorkCalendar,
    terms: Terms,
    *,
    started_at: datetime,
    days: int | None = None,
    pauses: Sequence[tuple[datetime, datetime]] = (),
) -> Due:
    """When the limit ends. `days`: the number that an extension gave, counted from the same start; `pauses`: those that ended.

    A day counts if the clock runs at its end, so a pause takes away the days from the one it began on to the one before it ended.
    """
    if terms.until is not None:
        return Due(terms.until)
    limit = terms.limit
    assert limit is not None  # noqa: S101 - one of the two is given
    if limit.hours is not None:
        return Due(deadline_in_hours(started_at, limit.hours, pauses))
    counted = limit.days if days is None else days
    assert counted is not None  # noqa: S101 - a limit without hours is in days
    first = deadline(
        calendar,
        start=day_of(started_at),
        days=counted,
        unit=limit.unit,
        roll=terms.roll,
        pauses=[Pause(day_of(since), day_of(until)) for since, until in pauses if day_of(since) != day_of(until)],
        after_cut_off=terms.cut_off is not None and is_after_cut_off(started_at, terms.cut_off),
    )
    return Due(end_of(first.due).astimezone(UTC), first.provisional, first.skipped)


def before(
    calendar: WorkCalendar, terms: Terms, *, started_at: datetime, due_at: datetime, now: datetime
) -> list[Step]:
    """What is to be done up to the limit: reminders and, at the limit itself, the breach.

    A reminder whose moment is not after the start, or that quiet hours would move past the limit, has no place; one whose moment
    has passed already (the limit has just moved) is for now.
    """
    steps = []
    for number, span in enumerate(terms.reminders, 1):
        moment = _so_long_before(calendar, span, due_at)
        told_at = allowed(terms.quiet, max(moment, now))
        if moment > started_at and told_at < due_at:
            steps.append(Step(StepKind.REMINDER, number, told_at))
    return [*steps, Step(StepKind.BREACH, 1, due_at)]


def after(calendar: WorkCalendar, terms: Terms, *, due_at: datetime) -> list[Step]:
    """What is to be done once the limit has passed: those who handle it are told, then the ladder, rung by rung."""
    return [
        Step(StepKind.OVERDUE, 1, allowed(terms.quiet, due_at)),
        *(
            Step(StepKind.ESCALATION, number, allowed(terms.quiet, _so_long_after(calendar, rung.after, due_at)))
            for number, rung in enumerate(terms.escalation, 1)
        ),
    ]


def allowed(quiet: Quiet | None, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours that it lies in."""
    if quiet is None or quiet.since == quiet.until:
        return at
    local = at.astimezone(SHANGHAI)
    hour = local.time()
    over_midnight = quiet.since > quiet.until
    if over_midnight:
        if quiet.until <= hour < quiet.since:
            return at
    elif not quiet.since <= hour < quiet.until:
        return at
    morrow = over_midnight and hour >= quiet.since
    return datetime.combine(local.date() + (DAY if morrow else timedelta()), quiet.until, SHANGHAI)


def last_day(due_at: datetime) -> date:
    """The day on which the limit ends: 24:00 of a day belongs to that day."""
    return day_of(due_at - INSTANT)


def days_left(calendar: WorkCalendar, unit: Unit, *, now: datetime, due_at: datetime) -> int:
    """Days of the unit after today up to the last one; 0 on the last day; below 0 the days since."""
    today, last = day_of(now), last_day(due_at)
    low, high = min(today, last), max(today, last)
    span = (high - low).days
    if unit is Unit.WORKDAY:
        span = sum(calendar.is_workday(low + DAY * offset) for offset in range(1, span + 1))
    return span if last >= today else -span


def is_late(moment: datetime, now: datetime) -> bool:
    """Whether a step that is done now was missed at its moment."""
    return now - moment > LATE_AFTER


def _so_long_before(calendar: WorkCalendar, span: Span, due_at: datetime) -> datetime:
    """Hours: by the wall clock. Days: the beginning of the n-th day of the unit counted back, the last day being the first."""
    if span.hours is not None:
        return due_at - timedelta(hours=span.hours)
    if not span.days:
        return due_at
    return _start_of(_nth(calendar, span, last_day(due_at) + DAY, -DAY))


def _so_long_after(calendar: WorkCalendar, span: Span, due_at: datetime) -> datetime:
    """Hours: by the wall clock. Days: the beginning of the n-th day of the unit after the last day."""
    if span.hours is not None:
        return due_at + timedelta(hours=span.hours)
    if not span.days:
        return due_at
    return max(due_at, _start_of(_nth(calendar, span, last_day(due_at), DAY)))


def _nth(calendar: WorkCalendar, span: Span, day: date, step: timedelta) -> date:
    """The n-th day of the span's unit from `day` (which is not counted) in the direction of `step`."""
    counted = 0
    while counted < (span.days or 0):
        day += step
        counted += span.unit is Unit.CALENDAR or calendar.is_workday(day)
    return day


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
