"""How long a warranty lasts by law, until which day, and what a ticket may go through."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.aftercare.warranty_rules import (
    LEAST_MONTHS,
    MOVES,
    OVER,
    SETTLED,
    Action,
    Length,
    Liability,
    Season,
    State,
    Verdict,
    Work,
    after,
    ends_on,
    last_day,
    length_errors,
    liability_after,
)
from services.core.kit.calendar import WorkCalendar

HEATING = Season((11, 15), (3, 15))
COOLING = Season((6, 1), (9, 30))


@pytest.mark.parametrize(
    ("work", "least"),
    [
        (Work.WATERPROOFING, 60),
        (Work.ELECTRICAL, 24),
        (Work.PLUMBING, 24),
        (Work.EQUIPMENT, 24),
        (Work.DECORATION, 24),
    ],
)
def test_no_term_is_shorter_than_the_laws(work: Work, least: int) -> None:
    assert length_errors(work, Length(months=least)) == []
    assert length_errors(work, Length(months=least + 1)) == []
    (error,) = length_errors(work, Length(months=least - 1))
    assert error.pointer == "/months"
    assert str(least) in error.zh


@pytest.mark.parametrize("work", [Work.INFRASTRUCTURE, Work.STRUCTURE, Work.OTHER])
def test_what_the_design_or_the_contract_says_has_no_number_in_the_law(work: Work) -> None:
    assert work not in LEAST_MONTHS
    assert length_errors(work, Length(months=1)) == []


def test_heating_and_cooling_count_whole_seasons() -> None:
    assert length_errors(Work.HEATING_COOLING, Length(seasons=2, season=HEATING)) == []
    for wrong in (
        Length(months=24),
        Length(seasons=1, season=HEATING),
        Length(seasons=2),
        Length(months=24, seasons=2, season=HEATING),
    ):
        assert [error.pointer for error in length_errors(Work.HEATING_COOLING, wrong)] == ["/seasons"]
    assert [error.pointer for error in length_errors(Work.OTHER, Length(seasons=2, season=HEATING))] == ["/months"]
    assert [error.pointer for error in length_errors(Work.OTHER, Length())] == ["/months"]


@pytest.mark.parametrize(
    ("accepted", "months", "last"),
    [
        (date(2024, 3, 15), 24, date(2026, 3, 15)),
        (date(2024, 2, 29), 60, date(2029, 2, 28)),  # no such day: the last of the month (Civil Code art. 202)
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2025, 12, 1), 1, date(2026, 1, 1)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
    ],
)
def test_months_end_on_the_day_of_that_number(accepted: date, months: int, last: date) -> None:
    assert ends_on(accepted, Length(months=months)) == last


@pytest.mark.parametrize(
    ("accepted", "season", "last"),
    [
        (date(2025, 10, 1), HEATING, date(2027, 3, 15)),
        (date(2025, 11, 15), HEATING, date(2027, 3, 15)),  # on its first day it is whole
        (date(2025, 11, 16), HEATING, date(2028, 3, 15)),  # a season under way does not count
        (date(2026, 1, 10), HEATING, date(2028, 3, 15)),
        (date(2026, 5, 31), COOLING, date(2027, 9, 30)),
        (date(2026, 6, 2), COOLING, date(2028, 9, 30)),
    ],
)
def test_seasons_end_with_the_second_whole_one(accepted: date, season: Season, last: date) -> None:
    assert ends_on(accepted, Length(seasons=2, season=season)) == last


def test_a_term_that_ends_on_a_holiday_ends_with_the_next_working_day() -> None:
    calendar = WorkCalendar.default()
    assert last_day(date(2026, 1, 5), calendar) == date(2026, 1, 5)  # a Monday
    assert last_day(date(2025, 10, 1), calendar) == date(2025, 10, 9)  # National Day and Mid-Autumn
    assert last_day(date(2025, 1, 26), calendar) == date(2025, 1, 26)  # a Sunday that is worked


@given(accepted=st.dates(date(2000, 1, 1), date(2060, 12, 31)), months=st.integers(1, 1200))
def test_a_longer_term_never_ends_earlier(accepted: date, months: int) -> None:
    assert accepted < ends_on(accepted, Length(months=months)) < ends_on(accepted, Length(months=months + 1))


def test_repair_waits_for_nobody() -> None:
    for state, liability in product((State.REPORTED, State.ACCEPTED, State.DISPUTED), Liability):
        assert after(Action.REPAIR, state, liability) is State.REPAIRING


def test_a_dispute_goes_on_beside_the_repair_and_keeps_the_ticket_open() -> None:
    assert after(Action.DISPUTE, State.REPAIRING, Liability.OPEN) is State.REPAIRING
    assert after(Action.PASSED, State.REPAIRING, Liability.DISPUTED) is State.RECHECKED
    assert after(Action.CLOSE, State.RECHECKED, Liability.DISPUTED) is None
    assert after(Action.SETTLE, State.RECHECKED, Liability.DISPUTED) is State.RECHECKED
    assert liability_after(Action.SETTLE, Liability.DISPUTED, Verdict.OTHERS) is Liability.OTHERS
    assert after(Action.CLOSE, State.RECHECKED, Liability.OTHERS) is State.CLOSED


def test_what_is_settled_is_not_argued_about_again() -> None:
    for state in State:
        assert after(Action.DISPUTE, state, Liability.CONTRACTOR) is None
        assert after(Action.ACCEPT, state, Liability.OTHERS) is None
        assert after(Action.SETTLE, state, Liability.ACCEPTED) is None


def test_nothing_leads_away_from_the_end_and_no_way_ends_in_between() -> None:
    reached = {(State.REPORTED, Liability.OPEN)}
    while True:
        more = {
            (found, liability_after(action, liability, verdict))
            for (state, liability) in reached
            for action in Action
            for verdict in (Verdict if action is Action.SETTLE else (None,))
            if (found := after(action, state, liability)) is not None
        }
        if more <= reached:
            break
        reached |= more
    assert {state for state, _ in reached} == set(State)
    for state, liability in reached:
        possible = [action for action in Action if after(action, state, liability) is not None]
        assert bool(possible) == (state not in OVER)
    assert {liability for state, liability in reached if state is State.CLOSED} == SETTLED
    assert {state for _, state in MOVES} & OVER == set()
