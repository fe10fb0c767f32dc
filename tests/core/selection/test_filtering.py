"""Who competes, by table: the last day of applications of a year, every limit of a filter at its edge, words for each reason."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest

from services.core.facts.catalogue import Value
from services.core.selection.filtering import Exclusion, Filter, Why, apply_until, calendar_of, words

NOON = datetime(2026, 10, 31, 4, tzinfo=UTC)
FACTS: dict[str, Value] = {
    "compound.built_year": Fraction(2000),
    "compound.households": Fraction(100),
    "compound.self_built_share": Fraction(1, 3),
}


@pytest.mark.parametrize(
    ("month_day", "year", "day"),
    [
        ("10-31", 2027, date(2026, 10, 31)),
        (None, 2027, None),
        ("02-29", 2025, date(2024, 2, 29)),
        ("02-29", 2027, date(2026, 2, 28)),
        ("02-30", 2027, date(2026, 2, 28)),
    ],
)
def test_the_last_day_lies_in_the_year_before_the_plan(month_day: str | None, year: int, day: date | None) -> None:
    assert apply_until(month_day, year) == day


def excluded(asked: dict[str, Any], **over: Any) -> list[tuple[Why, str, str]]:
    given: dict[str, Any] = {"region_path": "1.2.3.", "compounds": 1, "applied_at": NOON, "fact": FACTS.get, **over}
    wanted = Filter.of(
        {"stage": "applied", **asked}, apply_until=asked.get("apply_until"), paths=asked.get("regions", ())
    )
    return [(one.why, one.asked, one.found) for one in wanted.why_excluded(**given)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, []),
        ({"apply_until": date(2026, 10, 31)}, []),
        ({"apply_until": date(2026, 10, 30)}, [(Why.LATE, "2026-10-30", "2026-10-31")]),
        ({"regions": ["1.2."]}, []),
        ({"regions": ["1.20.", "1.2.3."]}, []),
        ({"regions": ["1.2.30."]}, [(Why.REGION, "", "")]),
        ({"clusters": "none"}, []),
        ({"clusters": "only"}, [(Why.CLUSTER, "only", "1")]),
        ({"built_before": 2000}, []),
        ({"built_before": 1999}, [(Why.BUILT, "1999", "2000")]),
        ({"min_households": 100}, []),
        ({"min_households": 101}, [(Why.HOUSEHOLDS, "101", "100")]),
        ({"max_self_built_share": "1/3"}, []),
        ({"max_self_built_share": "0.333333"}, [(Why.SELF_BUILT, "0.333333", "1/3")]),
    ],
)
def test_every_limit_at_its_edge(asked: dict[str, Any], found: list[tuple[Why, str, str]]) -> None:
    assert excluded(asked) == found


def test_what_is_not_known_excludes_nobody() -> None:
    strict = {
        "apply_until": date(2020, 1, 1), "built_before": 1900, "min_households": 10**6, "max_self_built_share": "0",
    }  # fmt: skip
    assert len(excluded(strict)) == 4
    assert excluded(strict, applied_at=None, fact={}.get) == []


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        (Exclusion(Why.LATE, "2026-10-31", "2026-11-01"), "2026-11-01", "after the last day 2026-10-31"),
        (Exclusion(Why.REGION, "", ""), "区域", "outside"),
        (Exclusion(Why.CLUSTER, "only", "1"), "只收片区", "for clusters"),
        (Exclusion(Why.CLUSTER, "none", "3"), "3 个小区", "cluster of 3"),
        (Exclusion(Why.BUILT, "2000", "2008"), "2008", "after 2000"),
        (Exclusion(Why.HOUSEHOLDS, "100", "9"), "9 户", "fewer than 100"),
        (Exclusion(Why.SELF_BUILT, "0.5", "2/3"), "2/3", "more than 0.5"),
        (
            Exclusion(Why.CONFLICT, "", "compound.built_year,compound.households"),
            "建成年代、户数",
            "Year built and Hou",
        ),
    ],
)
def test_every_reason_is_told_in_both_languages(reason: Exclusion, zh: str, en: str) -> None:
    told = words(reason.document())
    assert zh in told[0]
    assert en in told[1]


def test_the_last_day_of_applications_counts_whole() -> None:
    day = date(2026, 10, 31)
    for minute, stage in (
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), "applying"),
        (NOON.replace(hour=16), "to_freeze"),
    ):
        assert calendar_of("draft", apply_until=day, notice_until=None, now=minute) == stage
    assert calendar_of("draft", apply_until=None, notice_until=None, now=NOON) == "to_freeze"
    assert calendar_of("reopened", apply_until=None, notice_until=day, now=NOON) == "choosing"
    assert calendar_of("confirmed", apply_until=None, notice_until=day, now=NOON) == "decided"
