"""Pure rules of warranty (domain.md C4): how long it lasts by law, until which day, and what a ticket goes through.

建设工程质量管理条例 (State Council Decree 279) art. 40: under normal use the least terms are
1. infrastructure, foundations and main structure: the reasonable life that the design documents state;
2. roof waterproofing, and the proofing of wet rooms, rooms and outer walls against leaks: 5 years;
3. heating and cooling: 2 heating or cooling seasons;
4. electrical lines, water pipes, installed equipment, decoration: 2 years;
anything else as the parties agree. The term counts from the day of successful acceptance (竣工验收合格之日), not from hand-over.
"""

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.core.kit.calendar import WorkCalendar
from services.core.kit.errors import FieldError


class Work(StrEnum):
    """What was built, as art. 40 tells works apart."""

    INFRASTRUCTURE = "infrastructure"
    STRUCTURE = "structure"
    WATERPROOFING = "waterproofing"
    HEATING_COOLING = "heating_cooling"
    ELECTRICAL = "electrical"
    PLUMBING = "plumbing"
    EQUIPMENT = "equipment"
    DECORATION = "decoration"
    OTHER = "other"


BY_DESIGN = frozenset({Work.INFRASTRUCTURE, Work.STRUCTURE})
"""Whose least term is what the design documents state: whoever records it names the document, and no number is the law's."""

LEAST_MONTHS: Mapping[Work, int] = {
    Work.WATERPROOFING: 60,
    Work.ELECTRICAL: 24,
    Work.PLUMBING: 24,
    Work.EQUIPMENT: 24,
    Work.DECORATION: 24,
}
LEAST_SEASONS = 2
MOST_MONTHS = 1200


@dataclass(frozen=True, slots=True)
class Season:
    """A heating or cooling season of the place, by month and day, both included; it may run over the turn of the year.

    No season begins or ends on 29 February.
    """

    begins: tuple[int, int]
    ends: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Length:
    """How long a warranty lasts: so many months, or so many whole seasons."""

    months: int | None = None
    seasons: int | None = None
    season: Season | None = None


def length_errors(work: Work, length: Length) -> list[FieldError]:
    """What is wrong with a term: heating and cooling count seasons, all others months, and neither less than the law."""
    if work is Work.HEATING_COOLING:
        if length.months is not None or length.seasons is None or length.season is None:
            return [_at("/seasons", "供热与供冷系统按采暖期、供冷期计", "heating and cooling count seasons")]
        if length.seasons < LEAST_SEASONS:
            return [_at("/seasons", "不得少于 2 个采暖期、供冷期", "must be at least 2 seasons by law")]
        return []
    if length.months is None or length.seasons is not None or length.season is not None:
        return [_at("/months", "按月计，不按采暖期、供冷期计", "counts months and no seasons")]
    least = LEAST_MONTHS.get(work, 1)
    if length.months < least:
        return [_at("/months", f"不得少于法定 {least} 个月", f"must be at least {least} months by law")]
    return []


def ends_on(accepted_on: date, length: Length) -> date:
    """The last day: the day of that number after so many months (Civil Code art. 202), or the end of the last season.

    A season under way on the day of acceptance is not whole and does not count.
    """
    if length.months is not None:
        return _months_later(accepted_on, length.months)
    assert length.season is not None  # noqa: S101 - `length_errors` lets no other length through
    assert length.seasons is not None  # noqa: S101 - the same
    first = date(accepted_on.year, *length.season.begins)
    if first < accepted_on:
        first = first.replace(year=first.year + 1)
    last = first.replace(year=first.year + length.seasons - 1)
    over = length.season.ends < length.season.begins
    return date(last.year + over, *length.season.ends)


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    month += 1
    return date(year, month, min(start.day, gregorian.monthrange(year, month)[1]))


def last_day(ends: date, calendar: WorkCalendar) -> date:
    """Until when a defect is in time: a term that ends on a holiday ends with the next working day (Civil Code art. 203)."""
    while not calendar.is_workday(ends):
        ends += timedelta(days=1)
    return ends


class State(StrEnum):
    """Where a ticket stands. `disputed`: nobody repairs yet and the contractor says that it is not his to do."""

    REPORTED = "reported"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    REPAIRING = "repairing"
    RECHECKED = "rechecked"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Liability(StrEnum):
    """Whose the defect is. It may be disputed while the repair goes on: repair first (北京, domain.md C4)."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    CONTRACTOR = "contractor"
    OTHERS = "others"


class Action(StrEnum):
    """What is done about a ticket."""

    ACCEPT = "accept"
    DISPUTE = "dispute"
    SETTLE = "settle"
    REPAIR = "repair"
    PASSED = "passed"
    FAILED = "failed"
    CLOSE = "close"
    WITHDRAW = "withdraw"


class Verdict(StrEnum):
    """How a dispute is settled: the defect is the contractor's, or others' (use, other works)."""

    CONTRACTOR = "contractor"
    OTHERS = "others"


UNREPAIRED = frozenset({State.REPORTED, State.ACCEPTED, State.DISPUTED})
"""Nobody has begun to repair."""
OVER = frozenset({State.CLOSED, State.WITHDRAWN})
SETTLED = frozenset({Liability.ACCEPTED, Liability.CONTRACTOR, Liability.OTHERS})
EXPLAINED = frozenset({Action.DISPUTE, Action.SETTLE, Action.FAILED, Action.WITHDRAW})
"""Actions that need words."""

MOVES: Mapping[tuple[Action, State], State] = {
    (Action.ACCEPT, State.REPORTED): State.ACCEPTED,
    (Action.ACCEPT, State.DISPUTED): State.ACCEPTED,
    (Action.ACCEPT, State.REPAIRING): State.REPAIRING,
    (Action.ACCEPT, State.RECHECKED): State.RECHECKED,
    (Action.DISPUTE, State.REPORTED): State.DISPUTED,
    (Action.DISPUTE, State.ACCEPTED): State.DISPUTED,
    (Action.DISPUTE, State.REPAIRING): State.REPAIRING,
    (Action.DISPUTE, State.RECHECKED): State.RECHECKED,
    (Action.SETTLE, State.DISPUTED): State.ACCEPTED,
    (Action.SETTLE, State.REPAIRING): State.REPAIRING,
    (Action.SETTLE, State.RECHECKED): State.RECHECKED,
    # Repair first: neither silence nor a dispute holds it up.
    (Action.REPAIR, State.REPORTED): State.REPAIRING,
    (Action.REPAIR, State.ACCEPTED): State.REPAIRING,
    (Action.REPAIR, State.DISPUTED): State.REPAIRING,
    (Action.PASSED, State.REPAIRING): State.RECHECKED,
    (Action.FAILED, State.REPAIRING): State.REPAIRING,
    (Action.CLOSE, State.RECHECKED): State.CLOSED,
    (Action.WITHDRAW, State.REPORTED): State.WITHDRAWN,
    (Action.WITHDRAW, State.ACCEPTED): State.WITHDRAWN,
    (Action.WITHDRAW, State.DISPUTED): State.WITHDRAWN,
}


def after(action: Action, state: State, liability: Liability) -> State | None:
    """Where an action leads; None when it may not happen now. Whose the defect is has to be open to what is said about it."""
    said = {
        Action.ACCEPT: {Liability.OPEN, Liability.DISPUTED},
        Action.DISPUTE: {Liability.OPEN, Liability.ACCEPTED},
        Action.SETTLE: {Liability.DISPUTED},
        Action.CLOSE: SETTLED,
    }
    if action in said and liability not in said[action]:
        return None
    return MOVES.get((action, state))


def liability_after(action: Action, liability: Liability, verdict: Verdict | None) -> Liability:
    """Whose the defect is after an action."""
    if action is Action.ACCEPT:
        return Liability.ACCEPTED
    if action is Action.DISPUTE:
        return Liability.DISPUTED
    if verdict is not None:
        return Liability(verdict)
    return liability


def month_day(day: tuple[int, int]) -> str:
    """A day of every year as it is stored and written: 11-15."""
    return f"{day[0]:02d}-{day[1]:02d}"


def _at(pointer: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, zh, en)
