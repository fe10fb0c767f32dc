"""Organisation numbers and routing rules, by table."""

from dataclasses import replace
from datetime import datetime, time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.desks.rules import (
    WHY_NOT,
    Case,
    Conditions,
    Rule,
    Unmet,
    around,
    check_hours,
    conditions_of,
    credit_code,
    route,
    stored,
    unmet,
)
from services.core.kit.calendar import SHANGHAI, WorkCalendar
from services.core.kit.invalid import InvalidAt

CALENDAR = WorkCalendar.default()
PROJECT, FIRM = UUID(int=7), UUID(int=8)
# Monday 5 January 2026, ten o'clock.
CASE = Case(("leak.roof", "leak"), "1.2.3.", "phone", datetime(2026, 1, 5, 10, tzinfo=SHANGHAI), PROJECT, FIRM)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("91110000600037341L", "91110000600037341L"),
        ("91350100M000100Y43", "91350100M000100Y43"),  # GB 32100-2015, the standard's own example
        ("11100000000013127D", "11100000000013127D"),
        (" 9111 0000-600037341l ", "91110000600037341L"),
        ("９１１１００００６０００３７３４１Ｌ", "91110000600037341L"),
    ],
)
def test_a_credit_code_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert credit_code(typed) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        "91110000600037342L",  # a digit
        "91110000600037314L",  # two places changed
        "911100006000373411",  # the check digit
        "91110000600037341",
        "9111000060003734IL",  # I is no letter of these codes
        "911A0000600037341L",
        "",
    ],
)
def test_a_wrong_credit_code_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidAt):
        credit_code(wrong)


@pytest.mark.parametrize(
    ("conditions", "missing"),
    [
        (Conditions(), None),
        (Conditions(categories=frozenset({"leak.roof"})), None),
        (Conditions(categories=frozenset({"leak"})), None),
        (Conditions(categories=frozenset({"leak.wall", "noise"})), Unmet.CATEGORY),
        (Conditions(regions=frozenset({"1.2."})), None),
        (Conditions(regions=frozenset({"1.2.3.4.", "1.20."})), Unmet.REGION),
        (Conditions(projects=frozenset({PROJECT})), None),
        (Conditions(projects=frozenset({FIRM})), Unmet.PROJECT),
        (Conditions(organisations=frozenset({FIRM})), None),
        (Conditions(organisations=frozenset({PROJECT})), Unmet.ORGANISATION),
        (Conditions(channels=frozenset({"phone", "open311"})), None),
        (Conditions(channels=frozenset({"open311"})), Unmet.CHANNEL),
        (Conditions(weekdays=frozenset({1})), None),
        (Conditions(weekdays=frozenset({6, 7})), Unmet.WEEKDAY),
        (Conditions(working_day=True), None),
        (Conditions(working_day=False), Unmet.WORKING_DAY),
        (Conditions(since=time(10), until=time(10, 1)), None),
        (Conditions(since=time(8), until=time(10)), Unmet.HOURS),  # the end is excluded
        (Conditions(since=time(22), until=time(10, 1)), None),  # over midnight
        (Conditions(since=time(10, 1), until=time(9)), Unmet.HOURS),
    ],
)
def test_each_condition_is_asked(conditions: Conditions, missing: Unmet | None) -> None:
    assert unmet(conditions, CASE, CALENDAR) == (() if missing is None else (missing,))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (datetime(2026, 1, 4, 10, tzinfo=SHANGHAI), True),  # a Sunday that is worked for New Year
        (datetime(2026, 1, 2, 10, tzinfo=SHANGHAI), False),  # a Friday off
        (datetime.fromisoformat("2026-01-04T16:30:00+00:00"), True),  # Monday in Shanghai already
    ],
)
def test_working_days_are_those_of_the_state_council(day: datetime, works: bool) -> None:
    assert (unmet(Conditions(working_day=True), replace(CASE, at=day), CALENDAR) == ()) is works


def test_every_condition_that_fails_is_named_in_both_languages() -> None:
    none = Conditions(
        frozenset({"x"}),
        frozenset({"9."}),
        frozenset({FIRM}),
        frozenset({PROJECT}),
        frozenset({"x"}),
        frozenset({7}),
        False,
        time(1),
        time(2),
    )
    assert unmet(none, CASE, CALENDAR) == tuple(Unmet)
    assert all(zh and en for zh, en in (WHY_NOT[one] for one in Unmet))


def rule(number: int, path: str, position: int = 0, *, default: bool = False, asks: str | None = "leak") -> Rule:
    conditions = Conditions() if default else Conditions(categories=frozenset({asks or "leak"}))
    return Rule(UUID(int=number), 1, path, position, default, conditions)


def test_the_nearest_region_is_tried_first_and_defaults_last() -> None:
    rules = [
        rule(1, "1.", default=True),
        rule(2, "1.2.3.", default=True),
        rule(3, "1."),
        rule(4, "1.2.", 5),
        rule(5, "1.2.", 4, asks="noise"),
    ]
    chosen, tried = route(rules, CASE, CALENDAR)
    assert chosen is not None
    assert chosen.id.int == 4
    assert [(one.rule.id.int, one.unmet) for one in tried] == [(5, (Unmet.CATEGORY,)), (4, ())]
    noise = replace(CASE, categories=("other",))
    chosen, tried = route(rules, noise, CALENDAR)
    assert chosen is not None
    assert [one.rule.id.int for one in tried] == [5, 4, 3, 2]


def test_without_a_rule_a_case_goes_nowhere() -> None:
    chosen, tried = route([rule(1, "1.", asks="noise")], CASE, CALENDAR)
    assert chosen is None
    assert len(tried) == 1


@given(st.permutations([rule(number, "1.2.", number % 3) for number in range(1, 7)]))
def test_the_order_in_which_rules_come_does_not_matter(rules: list[Rule]) -> None:
    chosen, _ = route(rules, CASE, CALENDAR)
    assert chosen is not None
    assert chosen.id.int == 3


def test_conditions_come_back_as_they_were_stored() -> None:
    whole = Conditions(
        frozenset({"leak", "noise"}),
        frozenset({"1.2."}),
        frozenset({PROJECT}),
        frozenset({FIRM}),
        frozenset({"phone"}),
        frozenset({1, 7}),
        True,
        time(22),
        time(6, 30),
    )
    assert conditions_of(stored(whole, {"1.2.": UUID(int=1)})) == whole
    assert conditions_of(stored(Conditions(), {})) == Conditions()
    assert stored(Conditions(), {}) == {}


def test_hours_have_two_ends() -> None:
    for one_sided in (Conditions(since=time(8)), Conditions(until=time(8)), Conditions(since=time(8), until=time(8))):
        with pytest.raises(InvalidAt):
            check_hours(one_sided)
    check_hours(Conditions(since=time(22), until=time(6)))
    check_hours(Conditions())


def test_the_regions_around_a_place() -> None:
    assert around("1.23.456.") == ["1.", "1.23.", "1.23.456."]
    assert around("1.") == ["1."]
