"""What a run is given and what it finds: plain immutable records. Money in yuan, areas in m², points with four decimals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from services.core.facts.catalogue import Value

BUDGET = "project.budget"
FLOOR_AREA = "compound.floor_area"


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A project as it was frozen.

    `exceptions`: ids of soft gates that a person has excepted. `conflicts`: facts whose sources differ and that nobody has
    adjudicated. `carry_over`: None, or how many times in a row it was already preferred after missing a plan and improving.
    """

    project_id: str
    no: str
    title: str
    partition: str
    facts: Mapping[str, Value | None]
    exceptions: frozenset[str] = frozenset()
    conflicts: tuple[str, ...] = ()
    carry_over: int | None = None


@dataclass(frozen=True, slots=True)
class IndicatorPoints:
    """Points of one indicator, the fact that gave them (None where missing), and their share of what it can give."""

    indicator: str
    fact: str
    value: str | None
    points: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a result came out as it did: a stable code and plain figures, from which the sentences are made."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found for one project. `rank` is within the partition, None when it is not ranked.

    `missing`: facts of the rubric that gave no points because nobody recorded them. `carried`: the kind of carry-over that
    touched it.
    """

    project_id: str
    no: str
    title: str
    partition: str
    rank: int | None
    total: Decimal
    outcome: Outcome
    points: tuple[IndicatorPoints, ...]
    dimensions: Mapping[str, Decimal]
    failed_gates: tuple[str, ...]
    excepted_gates: tuple[str, ...]
    missing: tuple[str, ...]
    conflicts: tuple[str, ...]
    carried: str | None
    reason: Reason
