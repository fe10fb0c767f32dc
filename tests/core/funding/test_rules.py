"""Money divided: golden vectors, refusals, and that shares always add up to the fen."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.funding.rules import (
    FORMULAS,
    DivisionInputInvalid,
    RegionFactors,
    allocate,
    apportion,
    largest_remainder,
)
from services.core.kit.exact import decimal_text, exact_sum

GOLDEN = Path(__file__).parents[2] / "golden"
ALLOCATIONS: list[dict[str, Any]] = json.loads((GOLDEN / "allocation.json").read_text(encoding="utf-8"))
APPORTIONMENTS: list[dict[str, Any]] = json.loads((GOLDEN / "apportion.json").read_text(encoding="utf-8"))


def decimals(numbers: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(number) for name, number in numbers.items()}


def region(name: str, coefficient: str, performance: str | None = None, **factors: str) -> RegionFactors:
    return RegionFactors(
        name, Decimal(coefficient), decimals(factors), None if performance is None else Decimal(performance)
    )


def golden_regions(vector: dict[str, Any]) -> list[RegionFactors]:
    return [region(one["name"], one["coefficient"], one["performance"], **one["factors"]) for one in vector["regions"]]


@pytest.mark.parametrize("vector", ALLOCATIONS, ids=lambda vector: f"{len(vector['weights'])} factors")
def test_golden_allocations(vector: dict[str, Any]) -> None:
    shares = allocate(Decimal(vector["total"]), decimals(vector["weights"]), golden_regions(vector))
    assert [decimal_text(share) for share in shares] == vector["shares"]


@pytest.mark.parametrize("vector", APPORTIONMENTS, ids=lambda vector: vector["amount"])
def test_golden_apportionments(vector: dict[str, Any]) -> None:
    shares = apportion(Decimal(vector["amount"]), [Decimal(one["area"]) for one in vector["properties"]])
    assert [format(share, "f") for share in shares] == vector["shares"]


@pytest.mark.parametrize(("formula", "vector"), [("2019-31", 0), ("2019-31-performance", 1)])
def test_dated_formulas_are_the_golden_weights(formula: str, vector: int) -> None:
    assert dict(FORMULAS[formula].weights) == decimals(ALLOCATIONS[vector]["weights"])


def test_every_dated_formula_adds_up_and_says_its_source() -> None:
    assert set(FORMULAS) == {"2019-31", "2019-31-performance", "2024-15"}
    for formula in FORMULAS.values():
        assert exact_sum(formula.weights.values()) == 1
        assert formula.source.startswith("财综〔")


def test_performance_counts_without_the_coefficient() -> None:
    regions = [region("a", "0.1", "50", tasks="1"), region("b", "0.9", "50", tasks="1")]
    shares = allocate(Decimal(100), FORMULAS["2024-15"].weights, regions)
    assert shares == [Decimal("18.00"), Decimal("82.00")]


def test_equal_remainders_go_to_the_first_in_the_list() -> None:
    assert apportion(Decimal("0.02"), [Decimal(1)] * 3) == [Decimal("0.01"), Decimal("0.01"), Decimal("0.00")]


@pytest.mark.parametrize(
    ("weights", "regions", "pointer"),
    [
        ({"area": "0.5", "households": "0.4"}, [region("a", "1", area="1", households="1")], "/weights"),
        ({"area": "0.5", "a/b": "0.5"}, [region("a", "1", **{"area": "1", "a/b": "0"})], "/weights/a~1b"),
        ({"area": "1"}, [region("a", "0", area="5"), region("b", "0", area="6")], "/weights/area"),
        ({"area": "1"}, [region("a", "1", area="5"), region("b", "1")], "/regions/1/factors/area"),
        ({"performance": "1"}, [region("a", "1", "5"), region("b", "1")], "/regions/1/performance"),
    ],
)
def test_what_cannot_be_divided_is_named(weights: dict[str, str], regions: list[RegionFactors], pointer: str) -> None:
    with pytest.raises(DivisionInputInvalid) as refusal:
        allocate(Decimal(100), decimals(weights), regions)
    assert refusal.value.pointer == pointer


@pytest.mark.parametrize("areas", [[], [Decimal(0), Decimal(0)]])
def test_no_area_to_divide_by_is_refused(areas: list[Decimal]) -> None:
    with pytest.raises(DivisionInputInvalid) as refusal:
        apportion(Decimal(100), areas)
    assert refusal.value.pointer == "/properties"


MONEY = st.integers(0, 10**16).map(lambda fen: Decimal(fen).scaleb(-2))
AREAS = st.lists(st.integers(0, 10**7).map(lambda hundredths: Decimal(hundredths).scaleb(-2)), min_size=1, max_size=30)


@given(MONEY, AREAS.filter(lambda areas: sum(areas) > 0))
def test_shares_add_up_and_stay_within_a_fen_of_the_exact_part(amount: Decimal, areas: list[Decimal]) -> None:
    shares = apportion(amount, areas)
    assert exact_sum(shares) == amount
    whole = sum(map(Fraction, areas), Fraction(0))
    for share, area in zip(shares, areas, strict=True):
        assert abs(Fraction(share) - Fraction(amount) * Fraction(area) / whole) < Fraction(1, 100)
        assert area > 0 or share == 0


@given(MONEY, AREAS.filter(lambda areas: sum(areas) > 0))
def test_a_larger_area_never_pays_less(amount: Decimal, areas: list[Decimal]) -> None:
    paid = sorted(zip(areas, apportion(amount, areas), strict=True))
    assert [share for _, share in paid] == sorted(share for _, share in paid)


FACTOR = st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2)


@given(
    MONEY,
    st.lists(st.tuples(st.decimals("0.01", 1, places=2), FACTOR, FACTOR, FACTOR), min_size=1, max_size=10),
    st.integers(0, 100),
)
def test_allocations_add_up_and_scale_does_not_matter(
    total: Decimal, figures: list[tuple[Decimal, Decimal, Decimal, Decimal]], percent: int
) -> None:
    weights = {
        "area": Decimal(percent).scaleb(-2) / 2,
        "households": Decimal(percent).scaleb(-2) / 2,
        "performance": 1 - Decimal(percent).scaleb(-2),
    }
    regions = [RegionFactors("r", c, {"area": a, "households": h}, p) for c, a, h, p in figures]
    shares = allocate(total, weights, regions)
    assert exact_sum(shares) == total
    tenfold = [RegionFactors("r", c * 2, {"area": a * 10, "households": h}, p) for c, a, h, p in figures]
    assert allocate(total, weights, tenfold) == shares


@given(
    st.integers(0, 10**6),
    st.lists(st.fractions(0, 1000, max_denominator=100), min_size=1).filter(any),
    st.integers(1, 9),
)
def test_largest_remainder_depends_on_proportions_alone(total: int, parts: list[Fraction], times: int) -> None:
    shares = largest_remainder(total, parts)
    assert sum(shares) == total
    assert largest_remainder(total, [part * times for part in parts]) == shares
