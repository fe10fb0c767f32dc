"""Points of projects: each indicator computed exactly and rounded once, half up, to four places; gates asked first.

Many projects are scored together, a column of texts at a time: texts repeat, and what one gave is remembered.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction
from functools import partial
from itertools import repeat
from typing import TypeVar

from services.core.facts.catalogue import CATALOGUE, Value, aggregated_value
from services.core.policy.rubric import BandsCurve, CountCurve, FlagCurve, Indicator, LinearCurve, Rubric
from services.core.policy.schema import CarryOver, Gate
from services.core.selection.candidates import MOST_REMEMBERED, UNIT, Candidate, Scored

__all__ = ["ByText", "Columns", "Scored", "Scorer", "exact_points", "units_of"]

T = TypeVar("T")


class ByText(dict[str | None, T]):
    """What the texts of one fact come to (None: not recorded), each computed once."""

    def __init__(self, fact: str, compute: Callable[[Value | None], T]) -> None:
        super().__init__()
        self._entry, self._compute = CATALOGUE[fact], compute

    def __missing__(self, text: str | None) -> T:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        found = self[text] = self._compute(None if text is None else aggregated_value(self._entry, text))
        return found

    def each(self, texts: Iterable[str | None]) -> list[T]:
        """What every text comes to, in their order."""
        return list(map(self.__getitem__, texts))


class Columns(dict[str, Sequence[str | None]]):
    """The texts of facts of many candidates, a column each: points, gates and ties share them.

    Those of `facts` are made at once, candidate by candidate, which reads each one's facts while they are at hand; another one
    when it is first asked for.
    """

    def __init__(self, candidates: Sequence[Candidate], facts: Collection[str] = ()) -> None:
        columns = zip(*[tuple(map(one.facts.get, facts)) for one in candidates], strict=True)
        super().__init__(zip(facts, columns, strict=False))  # without candidates there is no column
        self.candidates = candidates

    def __missing__(self, fact: str) -> Sequence[str | None]:
        found = self[fact] = [one.facts.get(fact) for one in self.candidates]
        return found


def exact_points(indicator: Indicator, value: Value) -> Fraction:
    """The points that a value gives, before rounding. TypeError when the value is not of the fact's type."""
    curve = indicator.curve
    if isinstance(curve, FlagCurve):
        if not isinstance(value, bool):
            raise TypeError(f"{indicator.fact} is no flag")
        return indicator.points if value else Fraction(0)
    if not isinstance(value, Fraction):
        raise TypeError(f"{indicator.fact} is no number")
    match curve:
        case LinearCurve():
            position = (value - curve.start) / (curve.end - curve.start)
            return indicator.points * min(max(position, Fraction(0)), Fraction(1))
        case BandsCurve():
            return next((band.points for band in curve.bands if band.holds(value)), curve.otherwise)
        case CountCurve():
            return min(curve.each * value, indicator.points)


def units_of(points: Fraction) -> int:
    """Points that are not negative as whole ten-thousandths, rounded half up (四舍五入)."""
    units: int = (2 * UNIT * points.numerator + points.denominator) // (2 * points.denominator)
    return units


def _indicator_units(indicator: Indicator, value: Value | None) -> int:
    return 0 if value is None else units_of(exact_points(indicator, value))


class Scorer:
    """Scores candidates under one rubric; remembers what a text gave from one call to the next."""

    def __init__(self, rubric: Rubric, gates: Sequence[Gate] = (), carry_over: CarryOver | None = None) -> None:
        self._rubric = rubric
        self._facts = [indicator.fact for indicator in rubric.indicators]
        self._units = [ByText(one.fact, partial(_indicator_units, one)) for one in rubric.indicators]
        ends = [
            sum(len(one.indicators) for one in rubric.dimensions[: end + 1]) for end in range(len(rubric.dimensions))
        ]
        self._dimensions = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self._gates = [(gate.id, gate.hard, gate.condition) for gate in gates]
        self._met = [ByText(condition.fact, condition.met_by) for _, _, condition in self._gates]
        self.facts = tuple({*self._facts, *(condition.fact for _, _, condition in self._gates)})
        self._carry_over = carry_over
        self._bonus = units_of((carry_over and carry_over.points) or Fraction(0))

    def units(self, columns: Columns) -> list[list[int]]:
        """Points of every indicator, in units."""
        return [known.each(columns[fact]) for known, fact in zip(self._units, self._facts, strict=True)]

    def dimension_units(self, units: Sequence[Sequence[int]]) -> list[list[int]]:
        """Points of every dimension, given those of its indicators."""
        return [list(map(sum, zip(*units[part], strict=True))) for part in self._dimensions]

    def scores(self, columns: Columns) -> list[Scored]:
        """Points of every candidate, dimension by dimension, and the gates that it fails or passes by exception."""
        candidates, units = columns.candidates, self.units(columns)
        dimensions = self.dimension_units(units)
        carried = [self._is_carried(one) for one in candidates]
        bonus = [self._bonus if one else 0 for one in carried]
        return list(
            map(
                Scored,
                candidates,
                repeat(self._rubric),
                zip(*units, strict=True),
                zip(*dimensions, strict=True),
                bonus,
                map(sum, zip(*dimensions, bonus, strict=True)),
                *self._gated(columns),
                self._missing(columns),
                carried,
            )
        )

    def _is_carried(self, candidate: Candidate) -> bool:
        rule, times = self._carry_over, candidate.carry_over
        return rule is not None and times is not None and times < rule.rounds

    def _gated(self, columns: Columns) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """For every candidate the gates that fail, and those that it passes by exception."""
        candidates = columns.candidates
        failed: list[tuple[str, ...]] = [()] * len(candidates)
        excepted = failed.copy()
        for (gate, hard, condition), known in zip(self._gates, self._met, strict=True):
            met = known.each(columns[condition.fact])
            for place in [place for place, holds in enumerate(met) if not holds]:
                passes = not hard and gate in candidates[place].exceptions
                told = excepted if passes else failed
                told[place] = (*told[place], gate)
        return failed, excepted

    def _missing(self, columns: Columns) -> list[tuple[str, ...]]:
        missing: list[tuple[str, ...]] = [()] * len(columns.candidates)
        for fact in sorted(set(self._facts)):
            texts = columns[fact]
            if None not in texts:
                continue
            for place in [place for place, text in enumerate(texts) if text is None]:
                missing[place] = (*missing[place], fact)
        return missing
