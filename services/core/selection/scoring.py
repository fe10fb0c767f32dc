"""Points of a project: each indicator computed exactly and rounded once, half up, to four places; gates asked first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.core.facts.catalogue import Value, text_of
from services.core.kit.exact import round_half_up
from services.core.policy.rubric import BandsCurve, CountCurve, FlagCurve, Indicator, LinearCurve, Rubric
from services.core.policy.schema import CarryOver, Gate
from services.core.selection.candidates import Candidate, IndicatorPoints

PLACES = 4


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its points. `is_carried`: carry-over may prefer it. `bonus` is already part of `total`."""

    candidate: Candidate
    points: tuple[IndicatorPoints, ...]
    dimensions: Mapping[str, Decimal]
    bonus: Decimal
    total: Decimal
    failed_gates: tuple[str, ...]
    excepted_gates: tuple[str, ...]
    is_carried: bool

    @property
    def is_ranked(self) -> bool:
        """Whether it takes part in the ranking: no gate fails, no figure is in conflict."""
        return not self.failed_gates and not self.candidate.conflicts

    def score_of(self, fact: str) -> Value | None:
        """What a tie-break compares: a dimension's points, the project's number, or a fact."""
        if fact == "project.no":
            return self.candidate.no
        if fact.startswith("score."):
            return Fraction(self.dimensions[fact.removeprefix("score.")])
        return self.candidate.facts.get(fact)


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


class Scorer:
    """Scores candidates under one rubric; remembers what a value gave, since values repeat over projects."""

    def __init__(self, rubric: Rubric, gates: Sequence[Gate] = (), carry_over: CarryOver | None = None) -> None:
        self._rubric = rubric
        self._indicators = [(indicator, dict[Value | None, IndicatorPoints]()) for indicator in rubric.indicators]
        self._sizes = [(dimension.id, len(dimension.indicators)) for dimension in rubric.dimensions]
        self._gates = [(gate.id, gate.hard, gate.condition) for gate in gates]
        self._carry_over = carry_over

    def score(self, candidate: Candidate) -> Scored:
        """A candidate's points, dimension by dimension, and the gates that it fails or passes by exception."""
        facts = candidate.facts
        points = tuple(
            known.get(facts.get(indicator.fact)) or self._points(indicator, facts.get(indicator.fact), known)
            for indicator, known in self._indicators
        )
        dimensions, start = {}, 0
        for name, size in self._sizes:
            dimensions[name] = sum((one.points for one in points[start : start + size]), Decimal("0.0000"))
            start += size
        failed: list[str] = []
        excepted: list[str] = []
        for gate, hard, condition in self._gates:
            if not condition.met_by(facts.get(condition.fact)):
                passes = not hard and gate in candidate.exceptions
                (excepted if passes else failed).append(gate)
        rule = self._carry_over
        is_carried = rule is not None and candidate.carry_over is not None and candidate.carry_over < rule.rounds
        gives = rule.points if rule is not None and is_carried else None
        bonus = round_half_up(gives or Fraction(0), PLACES)
        total = sum(dimensions.values(), bonus)
        return Scored(candidate, points, dimensions, bonus, total, tuple(failed), tuple(excepted), is_carried)

    @staticmethod
    def _points(
        indicator: Indicator, value: Value | None, known: dict[Value | None, IndicatorPoints]
    ) -> IndicatorPoints:
        points = round_half_up(Fraction(0) if value is None else exact_points(indicator, value), PLACES)
        share = round_half_up(Fraction(points) / indicator.points, PLACES) if indicator.points else Decimal("0.0000")
        text = None if value is None else text_of(value)
        known[value] = IndicatorPoints(indicator.id, indicator.fact, text, points, share)
        return known[value]
