"""semantics.md, *Deadlines*, sentence by sentence, each at its edges: what a clock's limit is, and which days did not count."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.core.clocks import rules
from services.core.clocks.terms import Terms
from services.core.kit.calendar import DAY, SHANGHAI, WorkCalendar, has_ended

CALENDAR = WorkCalendar.default()
SAME_DAY: dict[str, Any] = {"limit": {"days": 0}}
CUT_OFF = {**SAME_DAY, "cut_off": "17:00"}


def at(text: str) -> datetime:
    """Shanghai's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def workdays(days: int) -> dict[str, Any]:
    return {"limit": {"days": days, "unit": "workday"}}


def days(number: int, **more: Any) -> dict[str, Any]:
    return {"limit": {"days": number, "unit": "calendar"}, **more}


def march(*numbers: int) -> list[date]:
    return [date(2026, 3, number) for number in numbers]


@pytest.mark.parametrize(
    ("terms", "started", "last", "skipped"),
    [
        pytest.param(workdays(1), "2026-03-02T00:00", "2026-03-03", [], id="day 1 is the day after, from its first minute"),
        pytest.param(workdays(1), "2026-03-02T23:59:59", "2026-03-03", [], id="as from its last"),
        pytest.param(workdays(5), "2026-03-02T10:00", "2026-03-09", march(7, 8), id="the n-th working day"),
        pytest.param(days(7), "2026-03-02T10:00", "2026-03-09", [], id="from + n"),
        pytest.param(days(5), "2026-03-02T10:00", "2026-03-09", march(7, 8), id="no working day: the next one"),
        pytest.param(days(5, roll=False), "2026-03-02T10:00", "2026-03-07", [], id="unless roll is false"),
        pytest.param(days(5), "2026-02-09T10:00", "2026-02-14", [], id="a Saturday that is worked is one"),
        pytest.param(
            workdays(3), "2026-02-12T10:00", "2026-02-24", [date(2026, 2, n) for n in range(15, 24)], id="every day skipped"
        ),
        pytest.param(SAME_DAY, "2026-03-08T23:59", "2026-03-08", [], id="0 days: the same day, a Sunday too"),
        pytest.param(CUT_OFF, "2026-03-06T17:00", "2026-03-06", [], id="at the cut-off it is not after it"),
        pytest.param(CUT_OFF, "2026-03-06T17:00:01", "2026-03-09", march(7, 8), id="after it: the next working day"),
        pytest.param(CUT_OFF, "2026-03-08T16:00", "2026-03-08", [], id="before it on a Sunday: that Sunday"),
        pytest.param(CUT_OFF, "2026-03-08T18:00", "2026-03-09", [], id="after it on a Sunday: Monday"),
        pytest.param({**workdays(1), "cut_off": "17:00"}, "2026-03-02T18:00", "2026-03-03", [], id="of 0 days alone"),
    ],
)  # fmt: skip
def test_the_last_day_and_what_did_not_count(
    terms: dict[str, Any], started: str, last: str, skipped: list[date]
) -> None:
    due = rules.due(CALENDAR, Terms.model_validate(terms), started_at=at(started))
    assert due == rules.Due(due.at, provisional=False, skipped=tuple(skipped))
    assert due.at == at(last) + DAY, "due means 24:00 of that day in Asia/Shanghai"
    assert not has_ended(date.fromisoformat(last), due.at - timedelta(microseconds=1))
    assert has_ended(date.fromisoformat(last), due.at), "at least N days are met once the due day has ended"


@pytest.mark.parametrize(
    ("terms", "pause", "last", "skipped"),
    [
        (workdays(2), ("2026-03-03T00:00", "2026-03-03T23:59"), "2026-03-04", []),
        (workdays(2), ("2026-03-03T23:59", "2026-03-04T00:01"), "2026-03-05", march(3)),
        (workdays(2), ("2026-03-04T10:00", "2026-03-06T10:00"), "2026-03-06", march(4, 5)),
        (workdays(5), ("2026-03-06T18:00", "2026-03-09T09:00"), "2026-03-10", march(6, 7, 8)),
        (days(3), ("2026-03-03T10:00", "2026-03-05T10:00"), "2026-03-09", march(3, 4, 7, 8)),
        (days(5), ("2026-03-09T10:00", "2026-03-10T10:00"), "2026-03-10", march(7, 8, 9)),
        (SAME_DAY, ("2026-03-02T11:00", "2026-03-02T12:00"), "2026-03-02", []),
        (SAME_DAY, ("2026-03-02T11:00", "2026-03-03T12:00"), "2026-03-03", []),
    ],
)
def test_a_day_counts_only_if_the_clock_runs_at_its_end(
    terms: dict[str, Any], pause: tuple[str, str], last: str, skipped: list[date]
) -> None:
    """From Monday 2 March 2026, 10:00."""
    pauses = [(at(pause[0]), at(pause[1]))]
    due = rules.due(CALENDAR, Terms.model_validate(terms), started_at=at("2026-03-02T10:00"), pauses=pauses)
    assert (rules.last_day(due.at), list(due.skipped)) == (date.fromisoformat(last), skipped)


def test_hours_are_of_the_wall_clock_and_stand_while_it_is_paused() -> None:
    terms = Terms.model_validate({"limit": {"hours": 3}})
    started = at("2026-03-07T23:00")
    assert rules.due(CALENDAR, terms, started_at=started) == rules.Due(at("2026-03-08T02:00"))
    pause = (at("2026-03-07T23:30"), at("2026-03-08T00:15"))
    assert rules.due(CALENDAR, terms, started_at=started, pauses=[pause]).at == at("2026-03-08T02:45")


@pytest.mark.parametrize(
    ("terms", "more", "last"),
    [(workdays(3), 5, "2026-03-09"), (days(3), 5, "2026-03-09"), (days(3, roll=False), 5, "2026-03-07")],
)
def test_an_extension_is_the_new_number_from_the_original_day(terms: dict[str, Any], more: int, last: str) -> None:
    """However late it is granted; and the pauses before it count as ever."""
    limit, started = Terms.model_validate(terms), at("2026-03-02T10:00")
    assert rules.last_day(rules.due(CALENDAR, limit, started_at=started).at) == date(2026, 3, 5)
    longer = rules.due(CALENDAR, limit, started_at=started, days=more)
    assert rules.last_day(longer.at) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("terms", "started", "last", "provisional"),
    [
        (workdays(1), "2026-12-30T10:00", "2026-12-31", False),
        (workdays(1), "2026-12-31T10:00", "2027-01-01", True),
        (workdays(2), "2026-12-31T10:00", "2027-01-04", True),
        (days(1, roll=False), "2026-12-31T10:00", "2027-01-01", True),
        (SAME_DAY, "2026-12-31T10:00", "2026-12-31", False),
    ],
)
def test_past_the_announced_days_monday_to_friday_count_provisionally(
    terms: dict[str, Any], started: str, last: str, provisional: bool
) -> None:
    due = rules.due(CALENDAR, Terms.model_validate(terms), started_at=at(started).astimezone(UTC))
    assert (rules.last_day(due.at), due.provisional) == (date.fromisoformat(last), provisional)
