"""Legal deadlines: golden vectors, the calendar's edges, pauses, hours, and what must hold for every term."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit import calendar
from services.core.kit.calendar import Deadline, DeadlineInputInvalid, Pause, Unit, WorkCalendar, deadline

CHINA = WorkCalendar.default()
GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "deadlines.json").read_text(encoding="utf-8")
)
STARTS = st.dates(date(2024, 1, 1), date(2027, 6, 30))


def days_between(first: str, last: str) -> tuple[date, ...]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple(start + timedelta(days=offset) for offset in range((end - start).days + 1))


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: f"{vector['from']}+{vector['days']}{vector['unit']}")
def test_golden_vectors(vector: dict[str, Any]) -> None:
    found = deadline(
        CHINA,
        start=date.fromisoformat(vector["from"]),
        days=vector["days"],
        unit=Unit(vector["unit"]),
        roll=vector["roll"],
    )
    assert found.due == date.fromisoformat(vector["due"])
    assert not found.provisional


def test_the_packaged_calendar_ends_with_the_announced_year() -> None:
    assert CHINA.confirmed_from == date(2004, 1, 1)
    assert CHINA.confirmed_until == date(2026, 12, 31)
    assert CHINA.is_workday(date(2026, 2, 28))
    assert not CHINA.is_workday(date(2026, 2, 17))


def test_skipped_days_are_named() -> None:
    found = deadline(CHINA, start=date(2026, 9, 29), days=4, unit=Unit.CALENDAR)
    assert found == Deadline(date(2026, 10, 8), False, days_between("2026-10-03", "2026-10-07"))


def test_after_the_confirmed_end_monday_to_friday_count_provisionally() -> None:
    assert deadline(CHINA, start=date(2026, 12, 30), days=1, unit=Unit.WORKDAY) == Deadline(
        date(2026, 12, 31), False, ()
    )
    assert deadline(CHINA, start=date(2026, 12, 30), days=2, unit=Unit.WORKDAY) == Deadline(date(2027, 1, 1), True, ())


def test_rows_make_a_calendar_that_turns_the_provisional_into_the_confirmed() -> None:
    announced = WorkCalendar.of_rows(
        [(date(2027, 1, 1), False), (date(2027, 1, 2), False), (date(2027, 1, 3), True)],
        confirmed_from=date(2026, 1, 1),
        confirmed_until=date(2027, 12, 31),
    )
    assert deadline(announced, start=date(2026, 12, 30), days=2, unit=Unit.WORKDAY) == Deadline(
        date(2027, 1, 3), False, days_between("2027-01-01", "2027-01-02")
    )


def test_a_day_counts_only_if_the_clock_runs_at_its_end() -> None:
    pause = Pause(date(2026, 3, 10), date(2026, 3, 12))
    found = deadline(CHINA, start=date(2026, 3, 9), days=3, unit=Unit.WORKDAY, pauses=[pause])
    assert found == Deadline(
        date(2026, 3, 16), False, days_between("2026-03-10", "2026-03-11") + days_between("2026-03-14", "2026-03-15")
    )


def test_a_pause_within_one_day_changes_nothing_and_overlapping_pauses_count_once() -> None:
    plain = deadline(CHINA, start=date(2026, 3, 9), days=3, unit=Unit.WORKDAY)
    within = [Pause(date(2026, 3, 10), date(2026, 3, 10))]
    assert deadline(CHINA, start=date(2026, 3, 9), days=3, unit=Unit.WORKDAY, pauses=within) == plain
    overlapping = [Pause(date(2026, 3, 11), date(2026, 3, 13)), Pause(date(2026, 3, 10), date(2026, 3, 12))]
    joined = [Pause(date(2026, 3, 10), date(2026, 3, 13))]
    assert deadline(CHINA, start=date(2026, 3, 9), days=3, unit=Unit.WORKDAY, pauses=overlapping) == deadline(
        CHINA, start=date(2026, 3, 9), days=3, unit=Unit.WORKDAY, pauses=joined
    )


def test_a_rolled_day_is_never_one_on_which_the_clock_stands() -> None:
    pause = Pause(date(2026, 3, 16), date(2026, 3, 17))
    found = deadline(CHINA, start=date(2026, 3, 9), days=5, unit=Unit.CALENDAR, pauses=[pause])
    assert found == Deadline(date(2026, 3, 17), False, days_between("2026-03-14", "2026-03-16"))


@pytest.mark.parametrize("unit", list(Unit))
def test_no_days_end_with_the_same_day_unless_begun_after_the_cut_off(unit: Unit) -> None:
    saturday = date(2026, 3, 14)
    assert deadline(CHINA, start=saturday, days=0, unit=unit) == Deadline(saturday, False, ())
    late = deadline(CHINA, start=saturday, days=0, unit=unit, after_cut_off=True)
    assert late == Deadline(date(2026, 3, 16), False, (date(2026, 3, 15),))


def test_the_cut_off_is_an_hour_in_shanghai() -> None:
    assert not calendar.is_after_cut_off(datetime(2026, 3, 13, 9, 0, tzinfo=UTC), time(17))
    assert calendar.is_after_cut_off(datetime(2026, 3, 13, 9, 0, 1, tzinfo=UTC), time(17))


def test_at_least_n_days_are_met_once_the_due_day_has_ended() -> None:
    due = date(2026, 3, 13)
    assert calendar.end_of(due) == datetime(2026, 3, 13, 16, 0, tzinfo=UTC)
    assert not calendar.has_ended(due, datetime(2026, 3, 13, 15, 59, 59, tzinfo=UTC))
    assert calendar.has_ended(due, datetime(2026, 3, 13, 16, 0, tzinfo=UTC))
    assert calendar.day_of(datetime(2026, 3, 13, 16, 0, tzinfo=UTC)) == date(2026, 3, 14)


def test_hours_run_by_the_wall_clock_and_stand_in_pauses() -> None:
    start = datetime(2026, 3, 13, 20, 0, tzinfo=UTC)
    assert calendar.deadline_in_hours(start, 2) == start + timedelta(hours=2)
    pauses = [
        (start + timedelta(hours=1), start + timedelta(hours=4)),
        (start + timedelta(hours=2), start + timedelta(hours=5)),
        (start - timedelta(hours=9), start - timedelta(hours=8)),
        (start + timedelta(hours=90), start + timedelta(hours=91)),
    ]
    assert calendar.deadline_in_hours(start, 2, pauses) == start + timedelta(hours=6)
    with pytest.raises(DeadlineInputInvalid):
        calendar.deadline_in_hours(start, -1)


@pytest.mark.parametrize(
    ("start", "days", "pauses", "pointer"),
    [
        (date(2003, 12, 31), 5, [], "/from"),
        (date(2101, 1, 1), 5, [], "/from"),
        (date(2026, 1, 1), -1, [], "/days"),
        (date(2026, 1, 1), 3661, [], "/days"),
        (date(2026, 1, 1), 5, [Pause(date(2026, 1, 2), date(2026, 1, 1))], "/pauses/0/to"),
        (date(2026, 1, 1), 5, [Pause(date(2026, 1, 2), date(2999, 1, 1))], "/pauses/0/to"),
        (date(2026, 1, 1), 5, [Pause(date(1, 1, 1), date(2026, 1, 1))], "/pauses/0/from"),
        (date(2026, 1, 1), 5, [Pause(date(2026, 1, 2), date(2026, 1, 2))] * 101, "/pauses"),
    ],
)
def test_what_is_out_of_bounds_is_named(start: date, days: int, pauses: list[Pause], pointer: str) -> None:
    with pytest.raises(DeadlineInputInvalid) as refusal:
        deadline(CHINA, start=start, days=days, unit=Unit.WORKDAY, pauses=pauses)
    assert refusal.value.pointer == pointer
    assert refusal.value.zh
    assert refusal.value.en


@st.composite
def pauses_of(draw: st.DrawFn) -> list[Pause]:
    return [
        Pause(first, first + timedelta(days=draw(st.integers(0, 40)))) for first in draw(st.lists(STARTS, max_size=4))
    ]


@given(STARTS, st.integers(1, 90), st.sampled_from(Unit), st.booleans(), pauses_of())
def test_the_days_of_the_term_and_the_skipped_ones_make_up_the_span(
    start: date, days: int, unit: Unit, roll: bool, pauses: list[Pause]
) -> None:
    found = deadline(CHINA, start=start, days=days, unit=unit, roll=roll, pauses=pauses)
    assert (found.due - start).days == days + len(found.skipped)
    assert list(found.skipped) == sorted(set(found.skipped))
    assert all(start < day < found.due for day in found.skipped)
    assert not any(pause.start <= found.due < pause.end for pause in pauses)
    assert CHINA.is_workday(found.due) or (unit is Unit.CALENDAR and not roll)
    assert found.provisional == (found.due > CHINA.confirmed_until)


@given(STARTS, st.integers(1, 90), st.integers(0, 90), st.sampled_from(Unit), pauses_of())
def test_more_days_never_end_earlier(start: date, days: int, more: int, unit: Unit, pauses: list[Pause]) -> None:
    sooner = deadline(CHINA, start=start, days=days, unit=unit, pauses=pauses)
    later = deadline(CHINA, start=start, days=days + more, unit=unit, pauses=pauses)
    assert sooner.due <= later.due


@given(STARTS, st.integers(0, 40), st.integers(1, 60), st.sampled_from(Unit), pauses_of())
def test_a_later_start_never_ends_earlier(
    start: date, later_by: int, days: int, unit: Unit, pauses: list[Pause]
) -> None:
    early = deadline(CHINA, start=start, days=days, unit=unit, pauses=pauses)
    late = deadline(CHINA, start=start + timedelta(days=later_by), days=days, unit=unit, pauses=pauses)
    assert early.due <= late.due


@given(STARTS, st.integers(0, 60), st.sampled_from(Unit), pauses_of(), st.randoms())
def test_the_order_of_pauses_never_matters(
    start: date, days: int, unit: Unit, pauses: list[Pause], random: Any
) -> None:
    found = deadline(CHINA, start=start, days=days, unit=unit, pauses=pauses)
    random.shuffle(pauses)
    assert deadline(CHINA, start=start, days=days, unit=unit, pauses=pauses) == found
