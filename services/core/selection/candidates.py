"""What a run is given and what it finds: plain immutable records. Money in yuan, areas in m², points with four decimals.

Inside, points are whole ten-thousandths (`…_units`); whoever reads them gets exact decimals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from services.core.facts.catalogue import CATALOGUE, Value, aggregated_value
from services.core.kit.exact import round_half_up
from services.core.policy.rubric import Rubric

BUDGET = "project.budget"
FLOOR_AREA = "compound.floor_area"
PLACES = 4
UNIT: int = 10**PLACES
"""How many units a point has."""
MOST_REMEMBERED = 100_000
"""How many texts, or what came of them, are kept before all are forgotten."""


def points_of(units: int) -> Decimal:
    """Units as points, with exactly four decimals."""
    return Decimal(f"{units}E-{PLACES}")


class _PointsTexts(dict[int, str]):
    """Texts of points that were told already: asked four times for every project, so a plain look-up."""

    def __missing__(self, units: int) -> str:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        whole, rest = divmod(abs(units), UNIT)
        sign = "-" if units < 0 else ""
        text = self[units] = f"{sign}{whole}.{rest:04d}".rstrip("0") if rest else f"{sign}{whole}"
        return text


points_text: Callable[[int], str] = _PointsTexts().__getitem__
"""Units as the one text of that many points: no trailing zeros."""


class Outcome(StrEnum):
    """What became of a project. Liuzhou's three lists: 实施 = in, 谋划 = reserve, 储备 = later."""

    IN = "in"
    RESERVE = "reserve"
    LATER = "later"
    NOT_RANKED = "not_ranked"


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of one partition, inclusive; what is absent does not limit. The row without a partition holds for all without one."""

    partition: str | None = None
    count: int | None = None
    budget: Fraction | None = None
    floor_area: Fraction | None = None


@dataclass(frozen=True, slots=True)
class RoundParameters:
    """What a round decides beside the policy. `reserve` is how many of those not in are kept ready, in each partition."""

    region: str
    year: int
    caps: tuple[Caps, ...] = ()
    reserve: int = 0


class Candidate(NamedTuple):
    """A project as it was frozen.

    `facts`: the canonical text of every fact that is recorded. `exceptions`: ids of soft gates that a person has excepted.
    `conflicts`: facts whose sources differ and that nobody has adjudicated. `carry_over`: None, or how many times in a row it was
    already preferred after missing a plan and improving.
    """

    project_id: str
    no: str
    title: str
    partition: str
    facts: Mapping[str, str]
    exceptions: frozenset[str] = frozenset()
    conflicts: tuple[str, ...] = ()
    carry_over: int | None = None

    def value(self, key: str) -> Value | None:
        """The exact value of a fact, None where it is not recorded."""
        text = self.facts.get(key)
        return None if text is None else aggregated_value(CATALOGUE[key], text)


@dataclass(frozen=True, slots=True)
class IndicatorPoints:
    """Points of one indicator, the fact that gave them (None where missing), and their share of what it can give."""

    indicator: str
    fact: str
    value: str | None
    points: Decimal
    share: Decimal


class Reason(NamedTuple):
    """Why a result came out as it did: a stable code and plain figures, from which the sentences are made."""

    code: str
    params: Mapping[str, Any] = MappingProxyType({})


class Scored(NamedTuple):
    """A candidate with its points. `is_carried`: carry-over may prefer it. The bonus is already part of the total.

    `missing`: facts of the rubric that gave no points because nobody recorded them.
    """

    candidate: Candidate
    rubric: Rubric
    units: tuple[int, ...]
    dimension_units: tuple[int, ...]
    bonus_units: int
    total_units: int
    failed_gates: tuple[str, ...]
    excepted_gates: tuple[str, ...]
    missing: tuple[str, ...]
    is_carried: bool

    @property
    def is_ranked(self) -> bool:
        """Whether it takes part in the ranking: no gate fails, no figure is in conflict."""
        return not self.failed_gates and not self.candidate.conflicts

    @property
    def points(self) -> tuple[IndicatorPoints, ...]:
        """Points of every indicator, in the order of the rubric."""
        return indicator_points(self.rubric, self.units, self.candidate.facts)

    @property
    def dimensions(self) -> dict[str, Decimal]:
        """Points of every dimension."""
        return {
            one.id: points_of(units) for one, units in zip(self.rubric.dimensions, self.dimension_units, strict=True)
        }

    @property
    def total(self) -> Decimal:
        """All points together."""
        return points_of(self.total_units)


def indicator_points(rubric: Rubric, units: Sequence[int], facts: Mapping[str, str]) -> tuple[IndicatorPoints, ...]:
    """Points as they are kept, each with its indicator and the fact that gave them."""
    told = []
    for indicator, one in zip(rubric.indicators, units, strict=True):
        share = Fraction(one, UNIT) / indicator.points if indicator.points else Fraction(0)
        told.append(
            IndicatorPoints(
                indicator.id,
                indicator.fact,
                facts.get(indicator.fact),
                points_of(one),
                round_half_up(share, PLACES),
            )
        )
    return tuple(told)


class Result(NamedTuple):
    """What a run found for one project. `rank` is within the partition, None when it is not ranked.

    `carried`: the kind of carry-over that touched it.
    """

    scored: Scored
    rank: int | None
    outcome: Outcome
    carried: str | None
    reason: Reason

    @property
    def project_id(self) -> str:
        """Which project."""
        return self.scored.candidate.project_id

    @property
    def no(self) -> str:
        """The project's number."""
        return self.scored.candidate.no

    @property
    def title(self) -> str:
        """The project's title."""
        return self.scored.candidate.title

    @property
    def partition(self) -> str:
        """The partition in which it competes."""
        return self.scored.candidate.partition

    @property
    def total(self) -> Decimal:
        """All points together, the bonus among them."""
        return self.scored.total

    @property
    def points(self) -> tuple[IndicatorPoints, ...]:
        """Points of every indicator, in the order of the rubric."""
        return self.scored.points

    @property
    def dimensions(self) -> dict[str, Decimal]:
        """Points of every dimension."""
        return self.scored.dimensions

    @property
    def failed_gates(self) -> tuple[str, ...]:
        """Ids of gates that keep it out of the ranking."""
        return self.scored.failed_gates

    @property
    def excepted_gates(self) -> tuple[str, ...]:
        """Ids of soft gates that it passes by exception."""
        return self.scored.excepted_gates

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts of the rubric that gave no points because nobody recorded them."""
        return self.scored.missing

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Facts whose sources differ and that nobody has adjudicated."""
        return tuple(sorted(set(self.scored.candidate.conflicts)))
