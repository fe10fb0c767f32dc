"""Legal deadlines: which day a term ends on, by the working days that the State Council announces.

Sources: Civil Code of the People's Republic of China, art. 201 (day 1 is the day after), art. 203 (a last day that is a
holiday moves to the day after the holiday); the State Council's yearly notices of holidays, as packaged by `chinesecalendar`.
All days are days in Asia/Shanghai.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from zoneinfo import ZoneInfo

from chinese_calendar import constants

from services.core.kit.invalid import InvalidAt

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
MAX_DAYS = 3660
MAX_HOURS = 24 * MAX_DAYS
MAX_PAUSES = 100
LAST_DAY = date(2100, 12, 31)


class DeadlineInputInvalid(InvalidAt):
    """A term that cannot be computed."""


class Unit(StrEnum):
    """What is counted."""

    WORKDAY = "workday"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stopped on day `start` and ran again on day `end`: the ends of `start` … the day before `end` do not count."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Deadline:
    """A term ends with the end (24:00, Asia/Shanghai) of `due`.

    `skipped` are the days after the start and before `due` that did not count, so that the days of the term and these make up
    the whole span. `provisional`: a day used lies after the confirmed end of the calendar.
    """

    due: date
    provisional: bool
    skipped: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Working days: `exceptions` where a day differs from Monday to Friday; confirmed between the two ends, both included.

    `version` names what it says: what was computed by a calendar of another version may come out differently now.
    """

    exceptions: Mapping[date, bool]
    confirmed_from: date
    confirmed_until: date
    version: str = field(init=False)

    def __post_init__(self) -> None:
        said = "".join(f"{day}{works:d}" for day, works in sorted(self.exceptions.items()))
        digest = sha256(f"{self.confirmed_from}{said}".encode()).hexdigest()
        object.__setattr__(self, "version", f"{self.confirmed_until}-{digest[:8]}")

    @classmethod
    def default(cls) -> "WorkCalendar":
        """The calendar that is packaged with the service."""
        return _packaged()

    @classmethod
    def of_rows(
        cls, rows: Iterable[tuple[date, bool]], *, confirmed_from: date, confirmed_until: date
    ) -> "WorkCalendar":
        """A calendar of stored rows (day, is it a working day); rows that say what Monday to Friday says are allowed."""
        return cls(MappingProxyType(dict(rows)), confirmed_from, confirmed_until)

    def is_workday(self, day: date) -> bool:
        """Whether `day` is a working day; Monday to Friday where nothing is announced."""
        return self.exceptions.get(day, day.weekday() < 5)


@cache
def _packaged() -> WorkCalendar:
    exceptions = dict.fromkeys(constants.holidays, False) | dict.fromkeys(constants.workdays, True)
    first, last = min(exceptions), max(exceptions)
    return WorkCalendar(MappingProxyType(exceptions), date(first.year, 1, 1), date(last.year, 12, 31))


def deadline(
    calendar: WorkCalendar,
    *,
    start: date,
    days: int,
    unit: Unit,
    roll: bool = True,
    pauses: Sequence[Pause] = (),
    after_cut_off: bool = False,
) -> Deadline:
    """The day on which a term of `days` from `start` ends; day 1 is the day after `start`.

    Working days: the n-th of them. Calendar days: the n-th, moved to the next working day when it is none, unless `roll` is
    false. No days: `start` itself, or the next working day when it began `after_cut_off`. A day counts only if the clock runs
    at its end. An extension is the same call with the new number of days and the original `start`.
    DeadlineInputInvalid names what is out of bounds (pointers `/from`, `/days`, `/pauses/…`).
    """
    _check(calendar, start=start, days=days, pauses=pauses)
    stopped = _stopped(pauses)
    due = start
    skipped: list[date] = []
    if days == 0:
        if after_cut_off or due in stopped:
            due = _next(calendar, due, stopped, skipped)
        return Deadline(due, due > calendar.confirmed_until, tuple(skipped))
    counted = 0
    while counted < days:
        due += DAY
        if due not in stopped and (unit is Unit.CALENDAR or calendar.is_workday(due)):
            counted += 1
        else:
            skipped.append(due)
    if unit is Unit.CALENDAR and roll and not calendar.is_workday(due):
        skipped.append(due)
        due = _next(calendar, due, stopped, skipped)
    return Deadline(due, due > calendar.confirmed_until, tuple(skipped))


def deadline_in_hours(start: datetime, hours: int, pauses: Sequence[tuple[datetime, datetime]] = ()) -> datetime:
    """The instant `hours` of wall clock after `start`, not counting the time between each pause and its end."""
    if not 0 <= hours <= MAX_HOURS:
        raise DeadlineInputInvalid("/hours", f"应在 0 与 {MAX_HOURS} 之间", f"must be between 0 and {MAX_HOURS}")
    due = start + timedelta(hours=hours)
    seen = start
    for stop, resume in sorted(pauses):
        began = max(stop, seen)
        if began < due and began < resume:
            due += resume - began
            seen = resume
    return due


def end_of(day: date) -> datetime:
    """The end (24:00) of a day in Asia/Shanghai: the first instant that is too late; of the last day there is, its last instant."""
    if day == date.max:
        return datetime.combine(day, time.max, SHANGHAI)
    return datetime.combine(day + DAY, time(), SHANGHAI)


def day_of(instant: datetime) -> date:
    """The day in Asia/Shanghai on which an instant lies."""
    return instant.astimezone(SHANGHAI).date()


def has_ended(due: date, now: datetime) -> bool:
    """Whether "at least N days" ending on `due` are met: only once that day has ended."""
    return now >= end_of(due)


def is_after_cut_off(instant: datetime, cut_off: time) -> bool:
    """Whether what begins at `instant` begins later than the policy's hour of that day."""
    return instant.astimezone(SHANGHAI).time() > cut_off


def _next(calendar: WorkCalendar, day: date, stopped: set[date], skipped: list[date]) -> date:
    """The first working day after `day` at whose end the clock runs; those passed over are added to `skipped`."""
    day += DAY
    while day in stopped or not calendar.is_workday(day):
        skipped.append(day)
        day += DAY
    return day


def _stopped(pauses: Sequence[Pause]) -> set[date]:
    """The days at whose end the clock does not run; each is visited once, however the pauses overlap."""
    stopped: set[date] = set()
    reached = date.min
    for pause in sorted(pauses, key=lambda pause: pause.start):
        first = max(pause.start, reached)
        stopped.update(first + timedelta(days=offset) for offset in range((pause.end - first).days))
        reached = max(reached, pause.end)
    return stopped


def _check(calendar: WorkCalendar, *, start: date, days: int, pauses: Sequence[Pause]) -> None:
    earliest = calendar.confirmed_from
    if not earliest <= start <= LAST_DAY:
        raise DeadlineInputInvalid("/from", *_between(earliest, LAST_DAY))
    if not 0 <= days <= MAX_DAYS:
        raise DeadlineInputInvalid("/days", f"应在 0 与 {MAX_DAYS} 之间", f"must be between 0 and {MAX_DAYS}")
    if len(pauses) > MAX_PAUSES:
        raise DeadlineInputInvalid("/pauses", f"至多 {MAX_PAUSES} 项", f"may have at most {MAX_PAUSES} items")
    for index, pause in enumerate(pauses):
        if not earliest <= pause.start <= LAST_DAY:
            raise DeadlineInputInvalid(f"/pauses/{index}/from", *_between(earliest, LAST_DAY))
        if not pause.start <= pause.end <= LAST_DAY:
            raise DeadlineInputInvalid(f"/pauses/{index}/to", *_between(pause.start, LAST_DAY))


def _between(first: date, last: date) -> tuple[str, str]:
    return f"应在 {first} 与 {last} 之间", f"must be between {first} and {last}"
