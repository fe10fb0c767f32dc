"""What several experts' scores of one project come to: exact means, deviations, who must look again. Pure.

Nobody's score counts before it is given, none after its expert declared a conflict of interest. A mean is never rounded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

LEAST_TO_DROP = 5
"""From so many scores on the highest and the lowest may be left out."""

Expert = TypeVar("Expert")


class PanelStatus(StrEnum):
    """`reviewing`: everybody has scored, and those whose scores lie far from the mean confirm them or judge again."""

    OPEN = "open"
    REVIEWING = "reviewing"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Terms:
    """How scores become a fact. `deviation_limit`: in points of the scale, inclusive; None asks nobody to look again."""

    scale: int
    least: int
    drops_extremes: bool = False
    deviation_limit: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What one expert gave. `flagged`: it lay far from the mean; `reviewed`: it was confirmed or judged again since."""

    points: Fraction
    flagged: bool = False
    reviewed: bool = False

    @property
    def stands(self) -> bool:
        """Whether it counts: one that was flagged only after it was looked at again."""
        return not self.flagged or self.reviewed


@dataclass(frozen=True, slots=True)
class Verdict(Generic[Expert]):
    """What the scores of one project come to. `share` is None where fewer stand than the panel needs.

    `mean` is that of the `counted` scores: those that stand, where asked without the highest and the lowest.
    """

    mean: Fraction | None
    share: Fraction | None
    standing: int
    counted: frozenset[Expert]
    deviations: Mapping[Expert, Fraction]


def deviations(scores: Mapping[Expert, Score]) -> dict[Expert, Fraction]:
    """By how much each score differs from the mean of all of them."""
    if not scores:
        return {}
    mean = sum((score.points for score in scores.values()), Fraction(0)) / len(scores)
    return {expert: score.points - mean for expert, score in scores.items()}


def to_review(terms: Terms, scores: Mapping[Expert, Score]) -> frozenset[Expert]:
    """Whose scores of a project lie further from the mean than the panel's limit."""
    limit = terms.deviation_limit
    if limit is None:
        return frozenset()
    return frozenset(expert for expert, by in deviations(scores).items() if abs(by) > limit)


def verdict(terms: Terms, scores: Mapping[Expert, Score]) -> Verdict[Expert]:
    """What a project's scores come to. Of several equal extremes one is left out; which one changes no mean."""
    ranked = sorted((expert for expert, score in scores.items() if score.stands), key=lambda one: scores[one].points)
    standing = len(ranked)
    if terms.drops_extremes and standing >= LEAST_TO_DROP:
        ranked = ranked[1:-1]
    counted = ranked if standing >= terms.least else []
    mean = sum((scores[one].points for one in counted), Fraction(0)) / len(counted) if counted else None
    return Verdict(
        mean=mean,
        share=None if mean is None else mean / terms.scale,
        standing=standing,
        counted=frozenset(counted),
        deviations=deviations(scores),
    )
