"""Names on printed lines, and totals against their parts."""

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.territory import rules
from services.core.territory.models import Level
from services.core.territory.rules import BELOW, FindingKind, Names, Part, normal_name, total_finding

NAMES = {UUID(int=1): "万利小区", UUID(int=2): "釜山新村", UUID(int=3): "南岳新村"}


def parts(*values: int | None) -> list[Part]:
    return [Part(f"line {number}", None if value is None else Fraction(value)) for number, value in enumerate(values)]


def test_parts_that_add_up_are_no_finding() -> None:
    assert total_finding(Fraction(7), parts(3, 4)) is None
    assert total_finding(Fraction("0.3"), [Part("a", Fraction("0.1")), Part("b", Fraction("0.2"))]) is None


def test_a_mismatch_tells_both_figures_and_the_difference() -> None:
    found = total_finding(Fraction(7655), parts(7000, 681))
    assert found is not None
    assert (found.kind, found.reported, found.summed, found.difference) == (
        FindingKind.MISMATCH,
        Fraction(7655),
        Fraction(7681),
        Fraction(-26),
    )


def test_a_part_not_printed_makes_it_incomplete_and_tells_what_it_would_hold() -> None:
    found = total_finding(Fraction(74125), parts(71625, None))
    assert found is not None
    assert (found.kind, found.difference, found.missing) == (
        FindingKind.INCOMPLETE,
        Fraction(2500),
        ("line 1",),
    )


def test_printed_parts_above_the_total_are_a_mismatch_whatever_is_missing() -> None:
    found = total_finding(Fraction(10), parts(11, None))
    assert found is not None
    assert (found.kind, found.difference) == (FindingKind.MISMATCH, Fraction(-1))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.integers(-100, 100))
def test_the_difference_is_exact(values: list[int], off: int) -> None:
    found = total_finding(Fraction(sum(values) + off), parts(*values))
    assert (found.difference if found else 0) == off


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("南岳新村", [3]),
        (" 南岳 新村", [3]),
        ("万利小区釜山新村", [1, 2]),
        ("新村", [2, 3]),
        ("东苑小区", []),
    ],
)
def test_whom_a_label_may_mean(label: str, expected: list[int]) -> None:
    assert [one.int for one in Names(NAMES).meant_by(label)] == expected


def test_an_exact_name_beats_a_longer_one() -> None:
    assert Names({UUID(int=1): "万利小区", UUID(int=2): "万利"}).meant_by("万利") == [UUID(int=2)]


def test_only_what_is_beyond_doubt_is_settled() -> None:
    assert Names(NAMES).settled(["南岳新村", "万利小区釜山新村", "万利小区"]) == [UUID(int=3), None, UUID(int=1)]
    assert Names(NAMES).settled(["南岳新村", "南岳新村"]) == [None, None], "two lines cannot both be the compound"
    assert Names({UUID(int=1): "同名", UUID(int=2): "同名"}).settled(["同名"]) == [None]


def test_each_name_of_a_long_report_is_normalised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compounds = {UUID(int=number): f"小区 {number}" for number in range(1, 5_001)}
    normalised: list[str] = []

    def counted(name: str) -> str:
        normalised.append(name)
        return normal_name(name)

    monkeypatch.setattr(rules, "normal_name", counted)
    found = Names(compounds).settled([f"小区{number}" for number in range(1, 1_001)])
    assert found == [UUID(int=number) for number in range(1, 1_001)]
    assert len(normalised) == 6_000


def test_every_level_knows_what_may_stand_below_it() -> None:
    assert set(BELOW) == set(Level)
