"""Rank and choice: who comes before whom, who fits the caps, what is kept in reserve. No two ranks are equal."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from operator import neg, not_
from typing import Any, Literal, NamedTuple

from services.core.facts.catalogue import CATALOGUE, MAX_PLACES, Value
from services.core.kit.exact import billionths_text, decimal_text
from services.core.policy.form import Condition
from services.core.policy.rubric import Rubric
from services.core.policy.schema import CarryOver
from services.core.selection.candidates import BUDGET, FLOOR_AREA, Caps, Outcome, Scored
from services.core.selection.scoring import ByText, Columns

MEASURES: Mapping[str, str | None] = {"count": None, "budget": BUDGET, "floor_area": FLOOR_AREA}
"""Each cap and the fact that it limits; every project takes one of a count."""
SCALE: int = 10**MAX_PLACES
Amount = Fraction | int
"""A figure in billionths: a whole number for every figure as it is recorded."""
Demand = tuple[Amount | None, ...]
"""What a project takes of each of MEASURES; None where it was not recorded, which fits no cap on it."""


class OverCap(NamedTuple):
    """A cap that a project did not fit: the limit, what those before it had taken, what it asks (None: not recorded)."""

    cap: str
    limit: Amount
    used: Amount
    asks: Amount | None


class Chosen(NamedTuple):
    """What became of the project at one place of the ranking. `stopped_by`: the place that stopped all after it."""

    outcome: Outcome
    over: tuple[OverCap, ...] = ()
    stopped_by: int | None = None


CHOSEN = Chosen(Outcome.IN)


class Budgeted:
    """Caps with what was already taken of them."""

    def __init__(self, limits: Mapping[str, Fraction | int | None], share: Fraction = Fraction(1)) -> None:
        self._limits = [
            (place, cap, amount(limit * share))
            for place, cap in enumerate(MEASURES)
            if (limit := limits.get(cap)) is not None
        ]
        self._used: list[Amount] = [0] * len(MEASURES)

    def over(self, demand: Demand) -> tuple[OverCap, ...]:
        """The caps that a demand does not fit beside what was taken; empty when it fits all."""
        used = self._used
        return tuple(
            [
                OverCap(cap, limit, used[place], asks)
                for place, cap, limit in self._limits
                if (asks := demand[place]) is None or used[place] + asks > limit
            ]
        )

    def take(self, demand: Demand) -> None:
        """Counts a demand that fits as taken."""
        for place, _, _ in self._limits:
            self._used[place] += demand[place] or 0


def amount(number: Fraction | int) -> Amount:
    """A number in billionths."""
    scaled = Fraction(number) * SCALE
    return scaled.numerator if scaled.denominator == 1 else scaled


@lru_cache(maxsize=1 << 16)
def amount_text(billionths: Amount) -> str:
    """The one text of so many billionths."""
    return billionths_text(billionths) if isinstance(billionths, int) else decimal_text(billionths / SCALE)


def demand(budget: Fraction | None = None, floor_area: Fraction | None = None) -> Demand:
    """What a project of this budget and floor area takes of the caps."""
    return (SCALE, None if budget is None else amount(budget), None if floor_area is None else amount(floor_area))


def demand_of(facts: Mapping[str, str]) -> Demand:
    """What a project with these facts takes of the caps."""
    return (SCALE, _amount_of(facts.get(BUDGET)), _amount_of(facts.get(FLOOR_AREA)))


def _amount_of(text: str | None) -> Amount | None:
    if text is None:
        return None
    whole, _, part = text.partition(".")
    if len(part) > MAX_PLACES or "/" in text:
        return amount(Fraction(text))
    return int(whole + part.ljust(MAX_PLACES, "0"))


def limits_of(caps: Caps) -> dict[str, Fraction | int | None]:
    """The limits of a row of caps by name."""
    return {"count": caps.count, "budget": caps.budget, "floor_area": caps.floor_area}


def choose(ranked: Sequence[Demand], caps: Caps, *, over_cap: Literal["skip", "stop"], reserve: int) -> list[Chosen]:
    """For each place of a ranking, whether it is in, reserve or later. Caps are inclusive and never exceeded.

    `skip`: who does not fit is passed over and the next is tried. `stop`: nobody after it is tried.
    """
    taken = Budgeted(limits_of(caps))
    chosen: list[Chosen] = []
    waiting, stopped_by = 0, None
    for place, asks in enumerate(ranked):
        over = taken.over(asks) if stopped_by is None else ()
        if stopped_by is None and not over:
            taken.take(asks)
            chosen.append(CHOSEN)
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
        self._priority = [(one.fact, ByText(one.fact, partial(_unmet, one))) for one in priority]
        self._ties = [
            (one, ByText(one.fact, partial(_tie_key, one.order == "desc")) if one.fact in CATALOGUE else None)
            for one in rubric.tie_break
        ]
        self._places = {f"score.{dimension.id}": place for place, dimension in enumerate(rubric.dimensions)}
        self.names = (
            *(condition.fact for condition in priority),
            "total",
            *(("carry_over",) if self._by_tie else ()),
            *(one.fact for one in rubric.tie_break),
            "project.no",
        )

    def keys(self, columns: Columns, scored: Sequence[Scored]) -> list[Key]:
        """The key of every project, given in the order of their columns."""
        return self.keys_of(
            columns,
            [one.total_units for one in scored],
            list(zip(*(one.dimension_units for one in scored), strict=True)),
            [one.is_carried for one in scored],
        )

    def keys_of(
        self, texts: Columns, totals: Sequence[int], dimensions: Sequence[Sequence[int]], carried: Sequence[bool]
    ) -> list[Key]:
        """The key of every project, from columns."""
        numbers = [one.no for one in texts.candidates]
        columns: list[Iterable[Any]] = [known.each(texts[fact]) for fact, known in self._priority]
        columns.append(map(neg, totals))
        if self._by_tie:
            columns.append(map(not_, carried))
        for rule, known in self._ties:
            if rule.fact in self._places:
                points = dimensions[self._places[rule.fact]] if dimensions else ()
                columns.append(map(neg, points) if rule.order == "desc" else points)
            elif rule.fact == "project.no":
                columns.append(map(partial(_text_key, rule.order == "desc"), numbers))
            elif known is not None:
                columns.append(known.each(texts[rule.fact]))
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
        asks = demand_of(one.candidate.facts)
        if not taken.over(asks):
            taken.take(asks)
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
