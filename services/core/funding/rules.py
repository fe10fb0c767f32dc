"""How money is divided. Pure and exact: everything adds up to the fen that was there (largest remainder, ties in list order)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm
from types import MappingProxyType

from services.core.kit.exact import decimal_text, exact_sum, fen_of, yuan_of
from services.core.kit.invalid import InvalidAt, pointer_to

PERFORMANCE = "performance"
"""The one factor that is not multiplied by the coefficient of fiscal difficulty."""


class DivisionInputInvalid(InvalidAt):
    """Money that cannot be divided as asked."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A dated formula for central money: weights by factor, from the day on which it applies."""

    id: str
    title_zh: str
    title_en: str
    source: str
    since: date
    weights: Mapping[str, Decimal]


def _weights(**weights: str) -> Mapping[str, Decimal]:
    return MappingProxyType({factor: Decimal(weight) for factor, weight in weights.items()})


FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        formula.id: formula
        for formula in (
            Formula(
                "2019-31",
                "面积、户数、楼栋数、小区数",
                "Area, households, buildings, compounds",
                "财综〔2019〕31号",
                date(2019, 1, 1),
                _weights(area="0.4", households="0.4", buildings="0.1", compounds="0.1"),
            ),
            Formula(
                "2019-31-performance",
                "面积、户数、楼栋数、小区数、绩效",
                "Area, households, buildings, compounds, performance",
                "财综〔2019〕31号",
                date(2020, 1, 1),
                _weights(area="0.4", households="0.3", buildings="0.1", compounds="0.1", performance="0.1"),
            ),
            Formula(
                "2024-15",
                "改造任务、绩效",
                "Renewal tasks, performance",
                "财综〔2024〕15号",
                date(2024, 1, 1),
                _weights(tasks="0.8", performance="0.2"),
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class RegionFactors:
    """One region's figures: coefficient of fiscal difficulty, value of each factor, and its performance where that is weighed."""

    name: str
    coefficient: Decimal
    factors: Mapping[str, Decimal]
    performance: Decimal | None = None


def apportion(amount: Decimal, areas: Sequence[Decimal]) -> list[Decimal]:
    """`amount` (yuan) divided by area, in the order of `areas`; the shares add up to it to the fen.

    DivisionInputInvalid when there is no area to divide by.
    """
    if not areas or exact_sum(areas) <= 0:
        raise DivisionInputInvalid("/properties", "面积合计为零，无法分摊", "have no area to divide by")
    return [yuan_of(fen) for fen in largest_remainder(fen_of(amount), [Fraction(area) for area in areas])]


def allocate(total: Decimal, weights: Mapping[str, Decimal], regions: Sequence[RegionFactors]) -> list[Decimal]:
    """`total` (yuan) divided over regions by weighted factors, in their order; the shares add up to it to the fen.

    Each factor's value times the region's coefficient counts by its part of the sum over all regions; performance without the
    coefficient. DivisionInputInvalid when weights do not add up to exactly 1, a figure is missing, or a factor is zero everywhere.
    """
    if exact_sum(weights.values()) != 1:
        reached = decimal_text(exact_sum(weights.values()))
        raise DivisionInputInvalid("/weights", f"权重合计须为 1，现为 {reached}", f"must add up to 1, not to {reached}")
    parts = [Fraction(0)] * len(regions)
    for factor, weight in weights.items():
        values = [_value(factor, region, index) for index, region in enumerate(regions)]
        whole = sum(values, Fraction(0))
        if whole <= 0:
            raise DivisionInputInvalid(
                pointer_to("weights", factor),
                f"因素“{factor}”在各地区均为零",
                f"the factor {factor} is zero everywhere",
            )
        scale = Fraction(weight) / whole
        parts = [part + scale * value for part, value in zip(parts, values, strict=True)]
    return [yuan_of(fen) for fen in largest_remainder(fen_of(total), parts)]


def largest_remainder(total: int, parts: Sequence[Fraction]) -> list[int]:
    """`total` whole units in proportion to `parts` (at least one above zero): each its whole share, what is left by the largest
    remainder; of equal remainders the earlier in the list comes first."""
    common = lcm(*{part.denominator for part in parts})
    whole_parts = [part.numerator * (common // part.denominator) for part in parts]
    whole = sum(whole_parts)
    shares, remainders = [], []
    for part in whole_parts:
        share, remainder = divmod(total * part, whole)
        shares.append(share)
        remainders.append(remainder)
    by_remainder = sorted(range(len(parts)), key=lambda index: -remainders[index])
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _value(factor: str, region: RegionFactors, index: int) -> Fraction:
    """A region's value of a factor, weighed by its coefficient where the formula says so."""
    if factor == PERFORMANCE:
        if region.performance is None:
            raise DivisionInputInvalid(pointer_to("regions", index, PERFORMANCE), "必填", "is required")
        return Fraction(region.performance)
    if factor not in region.factors:
        raise DivisionInputInvalid(pointer_to("regions", index, "factors", factor), "必填", "is required")
    return Fraction(region.factors[factor]) * Fraction(region.coefficient)
