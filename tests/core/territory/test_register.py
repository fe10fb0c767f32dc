"""Rules of a compound's sheets: what counts as defective or missing, what a limit says, which code held when."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.territory.facilities import defect_share
from services.core.territory.rules import (
    Condition,
    DrawingKind,
    DrawingState,
    Verdict,
    all_of,
    at_most,
    code_spans,
    is_defective,
    missing_drawings,
)

DAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("condition", "severity", "defective"),
    [
        ("sound", 0, False),
        ("worn", 1, False),
        ("worn", 2, False),
        ("worn", 3, True),
        ("broken", 1, True),
        ("broken", 3, True),
        ("missing", 1, True),
    ],
)
def test_what_is_missing_broken_or_worn_beyond_use_is_defective(condition: str, severity: int, defective: bool) -> None:
    assert is_defective(condition, severity) is defective


@given(st.lists(st.tuples(st.sampled_from(Condition), st.integers(1, 3)), min_size=1))
def test_a_share_of_defects_is_exact_and_worse_items_never_lower_it(found: list[tuple[Condition, int]]) -> None:
    items = [{"condition": condition, "severity": severity} for condition, severity in found]
    share = defect_share(items)
    assert share * len(items) == sum(is_defective(condition, severity) for condition, severity in found)
    worse = defect_share([{"condition": Condition.MISSING, "severity": 3}, *items[1:]])
    assert worse in {share, share + Fraction(1, len(items))}


def test_only_what_is_at_hand_is_not_missing() -> None:
    assert missing_drawings({}) == list(DrawingKind)
    states = dict(zip(DrawingKind, [*DrawingState, *DrawingState], strict=False))
    assert [states[kind] for kind in missing_drawings(states)] == ["missing", "resurvey_ordered"] * 2


@pytest.mark.parametrize(
    ("value", "limit", "said"),
    [("2/3", "2/3", Verdict.YES), ("0.6667", "2/3", Verdict.NO), ("0", "0", Verdict.YES), (None, "1", Verdict.UNKNOWN)],
)
def test_a_limit_is_included_and_compared_exactly(value: str | None, limit: str, said: Verdict) -> None:
    assert at_most(None if value is None else Fraction(value), Fraction(limit)) is said


def test_one_no_decides_and_nothing_asked_is_a_yes() -> None:
    yes, no, unknown = Verdict.YES, Verdict.NO, Verdict.UNKNOWN
    assert all_of([]) is yes
    assert all_of([yes, yes]) is yes
    assert all_of([yes, unknown]) is unknown
    assert all_of([unknown, no]) is no


@given(st.lists(st.sampled_from(["110101", "110102", "110103", None]), min_size=1, max_size=6), st.booleans())
def test_codes_cover_time_without_gap_or_overlap(codes: list[str | None], ended: bool) -> None:
    days = [DAY + timedelta(days=30 * number) for number in range(1, len(codes) + 1)]
    *former, last = codes
    until = days[-1] if ended else None
    spans = code_spans(last, since=DAY, until=until, changes=list(zip(days, former, strict=False)))
    assert [span.code for span in spans] == [code for code in codes if code is not None]
    starts = [DAY, *days]
    expected = [(starts[n], days[n] if n < len(former) else until) for n, code in enumerate(codes) if code is not None]
    assert [(span.since, span.until) for span in spans] == expected
