"""Policies that say what comes before works: the cities as they stand, and every rule of these leaves with its place."""

import pytest

from services.core.clocks.terms import Span
from services.core.kit.calendar import Unit
from services.core.policy.leaves import Duration
from services.core.policy.works import promised
from tests.core.policy.test_consulting import CITIES, faults, text_of


def test_liuzhou_asks_its_departments_and_chengdu_its_utilities() -> None:
    liuzhou, chengdu = CITIES["liuzhou"].works, CITIES["chengdu"].works
    assert liuzhou is not None
    assert liuzhou.review is not None
    assert {one.id for one in liuzhou.review.departments} >= {"housing", "finance", "police", "fire"}
    assert liuzhou.excepted == ("review",)
    assert chengdu is not None
    assert chengdu.utilities is not None
    assert chengdu.excepted == ("utilities",)


@pytest.mark.parametrize(
    ("city", "old", "new", "pointer"),
    [
        ("liuzhou", "{id: fire,", "{id: police,", "/works/review/departments/5/id"),
        ("liuzhou", "excepted: [review]", "excepted: [commitments]", "/works/excepted/0"),
        ("liuzhou", "excepted: [review]", "excepted: [review, review]", "/works/excepted/1"),
        ("liuzhou", "{open: {days: 5, unit: workday}", "{open: {hours: 5}", "/works/objections/open"),
        ("chengdu", "{answer: {days: 10, unit: workday}", "{answer: {days: 10}", "/works/utilities/answer"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(city: str, old: str, new: str, pointer: str) -> None:
    text = text_of(city)
    assert old in text
    assert [place for _, place in faults(text.replace(old, new, 1))] == [pointer]


def test_an_answer_is_promised_in_its_unit() -> None:
    assert promised(Duration(hours=4)).limit == Span(hours=4)
    assert promised(Duration(days=10, unit="workday")).limit == Span(days=10, unit=Unit.WORKDAY)
