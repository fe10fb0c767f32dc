"""Curves and conditions the other way round: the value of a fact that gives so many points, or that just meets a condition. Pure.

Values lie on the grid on which figures are named: whole numbers; yuan in fen; shares and other decimals in steps of 0.0001.
"""

from fractions import Fraction
from math import ceil, floor

from services.core.facts.catalogue import CATALOGUE, Value, ValueInvalid, ValueType, text_of, value_of
from services.core.kit.exact import round_half_up
from services.core.policy.form import Condition
from services.core.policy.rubric import BandsCurve, CountCurve, FlagCurve, Indicator, LinearCurve
from services.core.selection.candidates import BUDGET, PLACES
from services.core.selection.scoring import exact_points

LEAST = Fraction(1, 10**PLACES)
"""The least difference of two totals."""


def giving(indicator: Indicator, before: Value | None, points: Fraction) -> Value | None:
    """The recordable value nearest to `before` that gives an indicator at least so many points after rounding."""
    fitting = [
        value
        for value in _candidates(indicator, points)
        if _is_recordable(indicator.fact, value)
        and Fraction(round_half_up(exact_points(indicator, value), PLACES)) >= points
    ]
    if not fitting:
        return None
    if not isinstance(before, Fraction):
        return min(fitting, key=lambda value: exact_points(indicator, value))
    start = before
    return min(fitting, key=lambda value: abs(value - start) if isinstance(value, Fraction) else 0)


def _candidates(indicator: Indicator, points: Fraction) -> list[Value]:
    """Where a curve first gives so many points: half up, so from half a step of the last place below them."""
    step, needed = grid(indicator.fact), points - LEAST / 2
    match indicator.curve:
        case FlagCurve():
            return [True]
        case LinearCurve(start=start, end=end):
            if not 0 < needed <= indicator.points:
                return []
            at = start + needed / indicator.points * (end - start)
            return [up(at, step) if end > start else down(at, step)]
        case CountCurve(each=each):
            return [up(needed / each, step)] if each else []
        case BandsCurve(bands=bands):
            limits = [limit for band in bands for limit in (band.at_most, band.at_least) if limit is not None]
            return [
                value
                for limit in limits
                for value in (down(limit, step), down(limit, step) + step, up(limit, step), up(limit, step) - step)
            ]


def meeting(condition: Condition, known: Value | None) -> Value | None:
    """The value that just meets a condition; `known`, which another condition on the fact asks for, where it meets this too."""
    if known is not None and condition.met_by(known):
        return known
    if condition.flag is not None:
        value: Value = condition.flag
    elif condition.at_least is not None:
        value = up(condition.at_least, grid(condition.fact))
    else:
        value = down(condition.at_most or Fraction(0), grid(condition.fact))
    return value if condition.met_by(value) and _is_recordable(condition.fact, value) else None


def grid(fact: str) -> Fraction:
    """The steps in which a figure is named."""
    if CATALOGUE[fact].value_type in (ValueType.INTEGER, ValueType.YEAR):
        return Fraction(1)
    return Fraction(1, 100) if fact == BUDGET else LEAST


def up(number: Fraction, step: Fraction) -> Fraction:
    """The least multiple of a step that is not below a number."""
    return ceil(number / step) * step


def down(number: Fraction, step: Fraction) -> Fraction:
    """The greatest multiple of a step that is not above a number."""
    return floor(number / step) * step


def _is_recordable(fact: str, value: Value) -> bool:
    try:
        value_of(CATALOGUE[fact], text_of(value))
    except ValueInvalid:
        return False
    return True
