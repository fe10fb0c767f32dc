"""Rank and choice: who comes before whom, who fits the caps, what is kept in reserve. No two ranks are equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from services.core.policy.form import Condition
from services.core.policy.rubric import TieBreak
from services.core.policy.schema import CarryOver
from services.core.selection.candidates import BUDGET, FLOOR_AREA, Caps, Outcome
from services.core.selection.scoring import Scored

MEASURES: Mapping[str, str | None] = {"count": None, "budget": BUDGET, "floor_area": FLOOR_AREA}
"""Each cap and the fact that it limits; a count takes one for every project."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a project takes of the caps; None where it was not recorded, which fits no cap on it."""

    budget: Fraction | None = None
    floor_area: Fraction | None = None


@dataclass(frozen=True, slots=True)
class OverCap:
    """A cap that a project did not fit: the limit, what those before it had taken, what it asks (None: not recorded)."""

    cap: str
    limit: Fraction
    used: Fraction
    asks: Fraction | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of the project at one place of the ranking. `stopped_by`: the place that stopped all after it."""

    outcome: Outcome
    over: tuple[OverCap, ...] = ()
    stopped_by: int | None = None


class Budgeted:
    """Caps with what was already taken of them."""

    def __init__(self, limits: Mapping[str, Fraction | int | None], share: Fraction = Fraction(1)) -> None:
        self._limits = {cap: Fraction(limit) * share for cap, limit in limits.items() if limit is not None}
        self._used = dict.fromkeys(self._limits, Fraction(0))

    def over(self, demand: Demand) -> tuple[OverCap, ...]:
        """The caps that a demand does not fit beside what was taken; empty when it fits all."""
        asked = self._asked(demand)
        return tuple(
            OverCap(cap, limit, self._used[cap], asked[cap])
            for cap, limit in self._limits.items()
            if (asks := asked[cap]) is None or self._used[cap] + asks > limit
        )

    def take(self, demand: Demand) -> None:
        """Counts a demand that fits as taken."""
        asked = self._asked(demand)
        for cap in self._limits:
            self._used[cap] += asked[cap] or 0

    @staticmethod
    def _asked(demand: Demand) -> dict[str, Fraction | None]:
        return {"count": Fraction(1), "budget": demand.budget, "floor_area": demand.floor_area}


def limits_of(caps: Caps) -> dict[str, Fraction | int | None]:
    """The limits of a row of caps by name."""
    return {"count": caps.count, "budget": caps.budget, "floor_area": caps.floor_area}


def demand_of(facts: Mapping[str, Any]) -> Demand:
    """What a project with these facts takes of the caps."""
    return Demand(facts.get(BUDGET), facts.get(FLOOR_AREA))


def choose(ranked: Sequence[Demand], caps: Caps, *, over_cap: Literal["skip", "stop"], reserve: int) -> list[Chosen]:
    """For each place of a ranking, whether it is in, reserve or later. Caps are inclusive and never exceeded.

    `skip`: who does not fit is passed over and the next is tried. `stop`: nobody after it is tried.
    """
    taken = Budgeted(limits_of(caps))
    chosen: list[Chosen] = []
    waiting, stopped_by = 0, None
    for place, demand in enumerate(ranked):
        over = taken.over(demand) if stopped_by is None else ()
        if stopped_by is None and not over:
            taken.take(demand)
            chosen.append(Chosen(Outcome.IN))
            continue
        waiting += 1
        chosen.append(Chosen(Outcome.RESERVE if waiting <= reserve else Outcome.LATER, over, stopped_by))
        if over_cap == "stop" and stopped_by is None:
            stopped_by = place
    return chosen


@dataclass(frozen=True, slots=True)
class Order:
    """How a policy orders projects."""

    priority: tuple[Condition, ...]
    tie_break: tuple[TieBreak, ...]
    carry_over: CarryOver | None

    def steps(self, scored: Scored) -> list[tuple[str, Any]]:
        """What is compared, first to last, each with its name; smaller values come first. Carry-over by tier stands outside."""
        steps: list[tuple[str, Any]] = [
            (condition.fact, not condition.met_by(scored.candidate.facts.get(condition.fact)))
            for condition in self.priority
        ]
        steps.append(("total", -scored.total))
        if self.carry_over is not None and self.carry_over.kind == "tie_break":
            steps.append(("carry_over", not scored.is_carried))
        steps += [(one.fact, _tie_key(scored, one)) for one in self.tie_break]
        steps.append(("project.no", scored.candidate.no))
        return steps

    def rank(self, scored: Sequence[Scored], caps: Caps, *, over_cap: str) -> tuple[list[Scored], frozenset[str]]:
        """The projects of one partition in rank order, and the ids of those that carry-over put before the others.

        At most the rule's share of each cap goes before; who does not fit it is ranked like everybody.
        """
        ranked = sorted(scored, key=lambda one: [value for _, value in self.steps(one)])
        rule = self.carry_over
        if rule is None or rule.kind != "tier" or rule.share is None:
            return ranked, frozenset()
        taken = Budgeted(limits_of(caps), rule.share)
        before: list[Scored] = []
        for one in ranked:
            if not one.is_carried:
                continue
            demand = demand_of(one.candidate.facts)
            if not taken.over(demand):
                taken.take(demand)
                before.append(one)
            elif over_cap == "stop":
                break
        ids = frozenset(one.candidate.project_id for one in before)
        return before + [one for one in ranked if one.candidate.project_id not in ids], ids


def _tie_key(scored: Scored, rule: TieBreak) -> Any:
    """A key that sorts in the declared order, and what is missing last in either."""
    value = scored.score_of(rule.fact)
    if value is None:
        return (1, 0)
    descends = rule.order == "desc"
    if isinstance(value, str):
        # The mark at the end puts a longer number before its own beginning, as descending order wants.
        return (0, [*(-ord(mark) for mark in value), 1] if descends else [*map(ord, value), -1])
    return (0, -value if descends else value + 0)
