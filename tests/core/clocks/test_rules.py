"""When a clock is due and when people are told: by cases over the holidays of 2025 and 2026, and past the calendar's end.

The days are the State Council's: Spring Festival 28 January to 4 February 2025 (working 26 January and 8 February), National Day
and Mid-Autumn 1 to 8 October 2025 (28 September, 11 October), Spring Festival 15 to 23 February 2026 (14 and 28 February),
National Day 1 to 7 October 2026 (20 September, 10 October).
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.core.clocks import rules
from services.core.clocks.rules import StepKind
from services.core.clocks.terms import Extension, Quiet, Rung, Span, Terms, promised
from services.core.kit.calendar import DAY, SHANGHAI, Unit, WorkCalendar, day_of

CALENDAR = WorkCalendar.default()
NIGHT = Quiet.model_validate({"since": "22:00", "until": "08:00"})


def at(text: str) -> datetime:
    """Shanghai's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def workdays(days: int) -> Span:
    return Span(days=days, unit=Unit.WORKDAY)


REPLY_3, REPLY_13 = Terms(limit=workdays(3)), Terms(limit=workdays(13))
CALENDAR_7 = Terms(limit=Span(days=7))
STIFF_7 = Terms(limit=Span(days=7), roll=False)
URGENT = Terms.model_validate({"limit": {"days": 0}, "cut_off": "17:00"})
HOURS_2 = Terms(limit=Span(hours=2))


@pytest.mark.parametrize(
    ("terms", "started", "last", "skipped", "provisional"),
    [
        # Spring Festival 2025
        (REPLY_3, "2025-01-24T10:00", "2025-02-05", 9, False),
        (REPLY_3, "2025-01-27T23:59", "2025-02-07", 8, False),
        (REPLY_3, "2025-02-05T09:00", "2025-02-08", 0, False),
        (REPLY_13, "2025-01-22T10:00", "2025-02-14", 10, False),
        (CALENDAR_7, "2025-01-23T10:00", "2025-02-05", 6, False),
        (STIFF_7, "2025-01-23T10:00", "2025-01-30", 0, False),
        (URGENT, "2025-01-27T16:00", "2025-01-27", 0, False),
        (URGENT, "2025-01-27T17:01", "2025-02-05", 8, False),
        # National Day and Mid-Autumn 2025
        (REPLY_3, "2025-09-26T10:00", "2025-09-30", 1, False),
        (REPLY_3, "2025-09-30T10:00", "2025-10-11", 8, False),
        (REPLY_13, "2025-09-25T10:00", "2025-10-20", 12, False),
        (CALENDAR_7, "2025-09-25T10:00", "2025-10-09", 7, False),
        # Spring Festival 2026
        (REPLY_3, "2026-02-12T10:00", "2026-02-24", 9, False),
        (REPLY_3, "2026-02-13T10:00", "2026-02-25", 9, False),
        (REPLY_13, "2026-02-06T10:00", "2026-03-03", 12, False),
        (CALENDAR_7, "2026-02-09T10:00", "2026-02-24", 8, False),
        (URGENT, "2026-02-14T17:30", "2026-02-24", 9, False),
        # National Day 2026
        (REPLY_3, "2026-09-18T10:00", "2026-09-22", 1, False),
        (REPLY_3, "2026-09-30T10:00", "2026-10-10", 7, False),
        (REPLY_13, "2026-09-23T10:00", "2026-10-19", 13, False),
        (STIFF_7, "2026-09-25T10:00", "2026-10-02", 0, False),
        # Past the end of what is announced Monday to Friday count, provisionally.
        (REPLY_3, "2026-12-28T10:00", "2026-12-31", 0, False),
        (REPLY_3, "2026-12-29T10:00", "2027-01-01", 0, True),
        (REPLY_13, "2026-12-22T10:00", "2027-01-08", 4, True),
        (CALENDAR_7, "2026-12-26T10:00", "2027-01-04", 2, True),
        (URGENT, "2026-12-31T18:00", "2027-01-01", 0, True),
    ],
)
def test_a_limit_ends_with_its_last_day(terms: Terms, started: str, last: str, skipped: int, provisional: bool) -> None:
    due = rules.due(CALENDAR, terms, started_at=at(started))
    assert due.at == at(last) + DAY
    assert rules.last_day(due.at) == date.fromisoformat(last)
    assert due.provisional is provisional
    assert len(due.skipped) == skipped, due.skipped


def test_hours_run_by_the_wall_clock_and_holidays_do_not_stop_them() -> None:
    assert rules.due(CALENDAR, HOURS_2, started_at=at("2025-01-28T23:30")).at == at("2025-01-29T01:30")


def test_a_promise_made_elsewhere_is_kept_as_it_is() -> None:
    until = datetime(2026, 10, 3, 4, 0, tzinfo=UTC)
    terms = promised(until, like=REPLY_3)
    assert rules.due(CALENDAR, terms, started_at=at("2026-09-30T10:00")) == rules.Due(until)
    assert terms.counts is None


@pytest.mark.parametrize(
    ("pauses", "last"),
    [
        ([("2026-09-28T10:00", "2026-09-28T18:00")], "2026-10-08"),  # within a day: its end was run through
        ([("2026-09-28T10:00", "2026-09-29T09:00")], "2026-10-09"),
        ([("2026-09-28T10:00", "2026-09-29T09:00"), ("2026-09-29T10:00", "2026-09-30T10:00")], "2026-10-10"),
        ([("2026-10-01T10:00", "2026-10-07T10:00")], "2026-10-08"),  # holidays count neither way
        ([("2026-10-01T10:00", "2026-10-09T10:00")], "2026-10-09"),
    ],
)
def test_a_pause_takes_the_days_at_whose_end_it_stood(pauses: list[tuple[str, str]], last: str) -> None:
    """Four working days from Friday 25 September (a holiday, Mid-Autumn): 28, 29, 30 September, 8 October."""
    taken = [(at(since), at(until)) for since, until in pauses]
    due = rules.due(CALENDAR, Terms(limit=workdays(4)), started_at=at("2026-09-25T10:00"), pauses=taken)
    assert rules.last_day(due.at) == date.fromisoformat(last)


def test_an_extension_counts_from_the_first_day_and_keeps_the_pauses() -> None:
    started, pause = at("2026-02-10T10:00"), (at("2026-02-11T10:00"), at("2026-02-13T10:00"))
    short = rules.due(CALENDAR, Terms(limit=workdays(5)), started_at=started, pauses=[pause])
    long = rules.due(CALENDAR, Terms(limit=workdays(5)), started_at=started, days=8, pauses=[pause])
    assert (rules.last_day(short.at), rules.last_day(long.at)) == (date(2026, 2, 26), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-03-03T21:59", "2026-03-03T21:59"),
        ("2026-03-03T22:00", "2026-03-04T08:00"),
        ("2026-03-04T00:00", "2026-03-04T08:00"),
        ("2026-03-04T07:59", "2026-03-04T08:00"),
        ("2026-03-04T08:00", "2026-03-04T08:00"),
    ],
)
def test_nobody_is_told_at_night(moment: str, told: str) -> None:
    assert rules.allowed(NIGHT, at(moment)) == at(told)


def test_quiet_hours_may_lie_within_a_day() -> None:
    noon = Quiet.model_validate({"since": "12:00", "until": "14:00"})
    assert rules.allowed(noon, at("2026-03-03T12:30")) == at("2026-03-03T14:00")
    assert rules.allowed(noon, at("2026-03-03T14:00")) == at("2026-03-03T14:00")
    assert rules.allowed(None, at("2026-03-03T03:00")) == at("2026-03-03T03:00")


LADDER = (Rung(after=workdays(1), to="department_lead"), Rung(after=workdays(5), to="district_lead"))
FULL = Terms(limit=workdays(3), reminders=(workdays(2), workdays(1), Span(hours=1)), escalation=LADDER, quiet=NIGHT)


def test_reminders_come_on_the_days_before_and_the_last_one_in_the_morning() -> None:
    """Due at the end of 24 February 2026, after the festival: a working day before it is the 24th itself, two the 14th."""
    started = at("2026-02-12T10:00")
    due = rules.due(CALENDAR, FULL, started_at=started)
    steps = rules.before(CALENDAR, FULL, started_at=started, due_at=due.at, now=started)
    assert [(step.kind, step.number, step.at) for step in steps] == [
        (StepKind.REMINDER, 1, at("2026-02-14T08:00")),
        (StepKind.REMINDER, 2, at("2026-02-24T08:00")),
        # An hour before midnight is quiet, and the morning after is past the limit: it has no place.
        (StepKind.BREACH, 1, at("2026-02-25T00:00")),
    ]


def test_the_ladder_climbs_by_working_days_and_sleeps_at_night() -> None:
    """Due at the end of 30 September 2026, the eve of the holidays."""
    steps = rules.after(CALENDAR, FULL, due_at=at("2026-10-01T00:00"))
    assert [(step.kind, step.number, step.at) for step in steps] == [
        (StepKind.OVERDUE, 1, at("2026-10-01T08:00")),
        (StepKind.ESCALATION, 1, at("2026-10-08T08:00")),
        (StepKind.ESCALATION, 2, at("2026-10-13T08:00")),
    ]


def test_no_reminder_comes_before_its_clock_has_started() -> None:
    started = at("2026-03-03T10:00")
    terms = Terms(limit=Span(hours=2), reminders=(workdays(1), Span(hours=3), Span(hours=1)))
    due = rules.due(CALENDAR, terms, started_at=started)
    steps = rules.before(CALENDAR, terms, started_at=started, due_at=due.at, now=started)
    assert [(step.kind, step.number) for step in steps] == [(StepKind.REMINDER, 3), (StepKind.BREACH, 1)]


def test_a_reminder_whose_moment_is_past_when_the_limit_moves_is_for_now() -> None:
    now = at("2026-03-05T15:00")
    terms = Terms(limit=workdays(3), reminders=(workdays(1),))
    steps = rules.before(CALENDAR, terms, started_at=at("2026-03-02T10:00"), due_at=at("2026-03-06T00:00"), now=now)
    assert steps[0].at == now


@pytest.mark.parametrize(
    ("unit", "now", "left"),
    [
        (Unit.WORKDAY, "2026-02-12T10:00", 3),
        (Unit.WORKDAY, "2026-02-20T10:00", 1),
        (Unit.WORKDAY, "2026-02-24T23:59", 0),
        (Unit.WORKDAY, "2026-02-25T00:00", -1),
        (Unit.WORKDAY, "2026-03-01T10:00", -4),
        (Unit.CALENDAR, "2026-02-12T10:00", 12),
        (Unit.CALENDAR, "2026-02-26T10:00", -2),
    ],
)
def test_days_left_are_of_the_unit_of_the_limit(unit: Unit, now: str, left: int) -> None:
    """Due at the end of 24 February 2026."""
    assert rules.days_left(CALENDAR, unit, now=at(now), due_at=at("2026-02-25T00:00")) == left


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"limit": {"days": 3}, "until": "2026-01-01T00:00:00Z"},
        {"limit": {}},
        {"limit": {"days": 3, "hours": 2}},
        {"until": "2026-01-01T00:00:00Z", "pauses": ["waiting"]},
        {"until": "2026-01-01T00:00:00Z", "extension": {"max_days": 9, "times": 1}},
        {"limit": {"hours": 3}, "extension": {"max_days": 9, "times": 1}},
        {"limit": {"days": 3}, "pauses": ["Wartet"]},
    ],
)
def test_terms_that_do_not_fit_together_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Terms.model_validate(wrong)


moments = st.integers(0, 1_250 * 86_400).map(lambda seconds: at("2024-01-01") + timedelta(seconds=seconds))
spans = st.one_of(
    st.builds(Span, days=st.integers(0, 30), unit=st.sampled_from(Unit)), st.builds(Span, hours=st.integers(0, 400))
)
any_terms = st.builds(
    Terms,
    limit=spans,
    reminders=st.lists(spans, max_size=4).map(tuple),
    escalation=st.lists(st.builds(Rung, after=spans, to=st.just("lead")), max_size=4).map(tuple),
    quiet=st.none() | st.builds(Quiet, since=st.times(), until=st.times()),
)


@given(any_terms, moments)
def test_whatever_the_terms_nothing_is_done_before_the_start_nor_told_before_the_limit(
    terms: Terms, started: datetime
) -> None:
    due = rules.due(CALENDAR, terms, started_at=started)
    first = rules.before(CALENDAR, terms, started_at=started, due_at=due.at, now=started)
    assert first[-1] == rules.Step(StepKind.BREACH, 1, due.at)
    assert all(started < step.at < due.at for step in first[:-1])
    later = rules.after(CALENDAR, terms, due_at=due.at)
    assert all(step.at >= due.at for step in later)
    assert all(rules.allowed(terms.quiet, step.at) == step.at for step in [*first[:-1], *later])
    keys = [(step.kind, step.number) for step in [*first, *later]]
    assert len(keys) == len(set(keys))


@given(
    st.builds(Span, days=st.integers(1, 30), unit=st.just(Unit.WORKDAY)),
    moments,
    st.integers(0, 20),
    st.integers(1, 20),
)
def test_a_pause_never_takes_time_that_was_left(span: Span, started: datetime, after: int, long: int) -> None:
    """Who resumes has at least what the clock had when it stopped: never is it due in the past."""
    terms = Terms(limit=span)
    plain = rules.due(CALENDAR, terms, started_at=started)
    stopped = started + timedelta(days=after)
    if stopped >= plain.at:
        return
    resumed = stopped + timedelta(days=long)
    due = rules.due(CALENDAR, terms, started_at=started, pauses=[(stopped, resumed)])
    assert due.at > resumed
    assert due.at >= plain.at
    assert day_of(resumed) <= rules.last_day(due.at)


def test_an_extension_has_a_ceiling_of_at_least_a_day() -> None:
    with pytest.raises(ValidationError):
        Extension(max_days=0, times=1)


def test_who_stops_it_a_hundred_times_a_day_can_still_answer() -> None:
    """What was stopped and ran again within a day took nothing: it is no pause that the calendar counts."""
    moments = [at("2026-03-03T09:00") + timedelta(minutes=2 * n) for n in range(150)]
    pauses = [(since, since + timedelta(minutes=1)) for since in moments]
    due = rules.due(CALENDAR, REPLY_3, started_at=at("2026-03-02T10:00"), pauses=pauses)
    assert rules.last_day(due.at) == date(2026, 3, 5)
