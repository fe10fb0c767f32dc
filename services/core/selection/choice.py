"""Rank and choice: who comes before whom, who fits the caps, what is kept in reserve. No two ranks are equal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from operator import neg, not_
from typing import Any, Literal

from services.core.facts.catalogue import MAX_PLACES, Value
from services.core.policy.form import Condition
from services.core.policy.rubric import Rubric
from services.core.policy.schema import CarryOver
from services.core.selection.candidates import BUDGET, FLOOR_AREA, Caps, Outcome, Scored
from services.core.selection.scoring import Remembered

MEASURES: Mapping[str, str | None] = {"count": None, "budget": BUDGET, "floor_area": FLOOR_AREA}
"""Each cap and the fact that it limits; a count takes one for every project."""
SCALE: int = 10**MAX_PLACES


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
    """Caps with what was already taken of them. Counted in billionths: whole numbers for every figure as it is recorded."""

    def __init__(self, limits: Mapping[str, Fraction | int | None], share: Fraction = Fraction(1)) -> None:
        shares = {cap: Fraction(limit) * share for cap, limit in limits.items() if limit is not None}
        self._limits = {cap: (limit, _scaled(limit)) for cap, limit in shares.items()}
        self._used: dict[str, Fraction | int] = dict.fromkeys(self._limits, 0)

    def over(self, demand: Demand) -> tuple[OverCap, ...]:
        """The caps that a demand does not fit beside what was taken; empty when it fits all."""
        return tuple(
            OverCap(cap, limit, Fraction(self._used[cap], SCALE), None if asks is None else Fraction(asks, SCALE))
            for cap, (limit, most) in self._limits.items()
            if (asks := _asked(demand, cap)) is None or self._used[cap] + asks > most
        )

    def take(self, demand: Demand) -> None:
        """Counts a demand that fits as taken."""
        for cap in self._limits:
            self._used[cap] += _asked(demand, cap) or 0


def _asked(demand: Demand, cap: str) -> Fraction | int | None:
    if cap == "count":
        return SCALE
    asks = demand.budget if cap == "budget" else demand.floor_area
    return None if asks is None else _scaled(asks)


def _scaled(number: Fraction) -> Fraction | int:
    numerator, denominator = number.as_integer_ratio()
    times, rest = divmod(SCALE, denominator)
    return number * SCALE if rest else numerator * times


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


Key = tuple[Any, ...]
"""What a project is ordered by, first to last; smaller comes first."""


class Order:
    """How a policy orders projects. `names`: what is compared, step by step; carry-over by tier stands outside."""

    def __init__(self, rubric: Rubric, priority: Sequence[Condition] = (), carry_over: CarryOver | None = None) -> None:
        self._rule = carry_over
        self._by_tie = carry_over is not None and carry_over.kind == "tie_break"
        self._priority = [(one.fact, Remembered(partial(_unmet, one))) for one in priority]
        self._ties = [(one, Remembered(partial(_tie_key, one.order == "desc"))) for one in rubric.tie_break]
        self._places = {f"score.{dimension.id}": place for place, dimension in enumerate(rubric.dimensions)}
        self.names = (
            *(condition.fact for condition in priority),
            "total",
            *(("carry_over",) if self._by_tie else ()),
            *(one.fact for one in rubric.tie_break),
            "project.no",
        )

    def keys(self, scored: Sequence[Scored]) -> list[Key]:
        """The key of every project."""
        return self.keys_of(
            [one.candidate.facts for one in scored],
            [one.total_units for one in scored],
            list(zip(*(one.dimension_units for one in scored), strict=True)),
            [one.is_carried for one in scored],
            [one.candidate.no for one in scored],
        )

    def keys_of(
        self,
        facts: Sequence[Mapping[str, Value | None]],
        totals: Sequence[int],
        dimensions: Sequence[Sequence[int]],
        carried: Sequence[bool],
        numbers: Sequence[str],
    ) -> list[Key]:
        """The key of every project, from columns."""
        columns: list[Iterable[Any]] = [known.each([one.get(fact) for one in facts]) for fact, known in self._priority]
        columns.append(map(neg, totals))
        if self._by_tie:
            columns.append(map(not_, carried))
        for rule, known in self._ties:
            if rule.fact in self._places:
                points = dimensions[self._places[rule.fact]] if dimensions else ()
                columns.append(map(neg, points) if rule.order == "desc" else points)
            elif rule.fact == "project.no":
                columns.append(map(partial(_text_key, rule.order == "desc"), numbers))
            else:
                columns.append(known.each([one.get(rule.fact) for one in facts]))
        return list(zip(*columns, numbers, strict=True))

    def rank(
        self, scored: Sequence[Scored], keys: Sequence[Key], caps: Caps, *, over_cap: str
    ) -> tuple[list[Scored], list[Key], frozenset[str]]:
        """The projects of one partition, given with their keys, in rank order; and the ids of those that carry-over put first.

        At most the rule's share of each cap goes before; who does not fit it is ranked like everybody.
        """
        order = sorted(range(len(scored)), key=keys.__getitem__)
        ranked, ids = [scored[place] for place in order], frozenset[str]()
        if self._rule is not None and self._rule.kind == "tier" and self._rule.share is not None:
            ids = _before(ranked, Budgeted(limits_of(caps), self._rule.share), over_cap=over_cap)
            order.sort(key=lambda place: scored[place].candidate.project_id not in ids)
            ranked = [scored[place] for place in order]
        return ranked, [keys[place] for place in order], ids


def _before(ranked: Sequence[Scored], taken: Budgeted, *, over_cap: str) -> frozenset[str]:
    before: set[str] = set()
    for one in ranked:
        if not one.is_carried:
            continue
        demand = demand_of(one.candidate.facts)
        if not taken.over(demand):
            taken.take(demand)
            before.add(one.candidate.project_id)
        elif over_cap == "stop":
            break
    return frozenset(before)


def _unmet(condition: Condition, value: Value | None) -> bool:
    return not condition.met_by(value)


def _tie_key(descends: bool, value: Value | None) -> Key:
    """A key that sorts in the declared order, and what is missing last in either."""
    if value is None:
        return (1, 0)
    if isinstance(value, str):
        return (0, _text_key(descends, value))
    number = value.numerator if value.denominator == 1 else value
    return (0, -number if descends else number)


def _text_key(descends: bool, text: str) -> Any:
    # The mark at the end puts a longer text before its own beginning, as descending order wants.
    return [*(-ord(mark) for mark in text), 1] if descends else text
