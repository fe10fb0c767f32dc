"""A selection round computed: gates, points, rank, choice, and why. Pure and exact; the order of input never matters.

The same policy, parameters, facts and RULES_VERSION give the same results and the same bytes (semantics.md, *Scores*, *Choice*).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, groupby
from operator import ne, sub
from typing import Any

from services.core.policy.rubric import Rubric
from services.core.policy.schema import Policy
from services.core.selection.candidates import (
    Candidate,
    Caps,
    IndicatorPoints,
    Outcome,
    Reason,
    Result,
    RoundParameters,
    Scored,
    points_text,
)
from services.core.selection.choice import MEASURES, Chosen, Key, Order, amount_text, choose, demand_of
from services.core.selection.scoring import Columns, Scorer

__all__ = [
    "RULES_VERSION",
    "Candidate",
    "Caps",
    "Contest",
    "IndicatorPoints",
    "Outcome",
    "Reason",
    "Result",
    "RoundParameters",
    "run",
    "score",
]

RULES_VERSION = 1
"""Raised by hand when a rule changes what comes out; a test pins it to the results on fixed inputs."""


class RoundImpossible(ValueError):
    """A round that cannot be computed: the policy chooses nothing, or two candidates or caps are the same one."""


class Contest:
    """A round under one policy and its parameters, computed partition by partition; what values gave is remembered between them.

    RoundImpossible when the policy has no rubric or selection, or a partition's caps come twice.
    """

    def __init__(self, policy: Policy, parameters: RoundParameters) -> None:
        if policy.rubric is None or policy.selection is None:
            raise RoundImpossible("the policy has no rubric or no selection")
        self._caps = {row.partition: row for row in parameters.caps}
        if len(self._caps) != len(parameters.caps):
            raise RoundImpossible("a partition has caps twice")
        self._gates = {gate.id: (gate.condition.fact, gate.hard) for gate in policy.selection_gates}
        self._indicators = tuple(one.id for one in policy.rubric.indicators)
        self._selection, self._rule = policy.selection, policy.selection.carry_over
        self._reserve = parameters.reserve
        self._scorer = Scorer(policy.rubric, policy.selection_gates, self._rule)
        self._order = Order(policy.rubric, tuple(one.condition for one in policy.priority), self._rule)

    def results(self, candidates: Iterable[Candidate]) -> list[Result]:
        """What is found for every candidate of some partitions, which have to be whole: by partition and rank, then those not
        ranked by their number. RoundImpossible when a project or its number comes twice.
        """
        columns = Columns(_distinct(candidates), self._scorer.facts)
        scored = self._scorer.scores(columns)
        results: list[Result] = []
        keyed = zip(scored, self._order.keys(columns, scored), strict=True)
        for partition, members in groupby(keyed, key=lambda one: one[0].candidate.partition):
            results += self._of_partition(partition, list(members))
        return results

    def _of_partition(self, partition: str, members: Sequence[tuple[Scored, Key]]) -> Iterator[Result]:
        caps = self._caps.get(partition) or self._caps.get(None) or Caps(partition)
        over_cap = self._selection.over_cap
        able = [(one, key) for one, key in members if one.is_ranked]
        ranked, keys, before = self._order.rank(
            [one for one, _ in able], [key for _, key in able], caps, over_cap=over_cap
        )
        demands = [demand_of(one.candidate.facts) for one in ranked]
        chosen = choose(demands, caps, over_cap=over_cap, reserve=self._reserve)
        reasons = _Reasons(self._order.names, self._indicators, ranked, keys, chosen, before)
        for place, (one, choice) in enumerate(zip(ranked, chosen, strict=True)):
            yield Result(one, place + 1, choice.outcome, self._carried(one, before), reasons.of(place))
        for one, _ in members:
            if not one.is_ranked:
                reason = self._why_not_ranked(one)
                yield Result(one, None, Outcome.NOT_RANKED, self._carried(one, before), reason)

    def _carried(self, scored: Scored, before: frozenset[str]) -> str | None:
        """The kind of carry-over that touched a project: by tier only those that it put before others."""
        rule = self._rule
        if rule is None or not scored.is_carried:
            return None
        return rule.kind if rule.kind != "tier" or scored.candidate.project_id in before else None

    def _why_not_ranked(self, scored: Scored) -> Reason:
        """`conflict` names the facts in conflict; `gate` names each gate that fails, its fact, and whether it is hard."""
        if scored.candidate.conflicts:
            return Reason("conflict", {"facts": sorted(set(scored.candidate.conflicts))})
        failed = [(gate, *self._gates[gate]) for gate in scored.failed_gates]
        return Reason(
            "gate",
            {
                "gates": [
                    {"id": gate, "fact": fact, "hard": hard, "missing": fact not in scored.candidate.facts}
                    for gate, fact, hard in failed
                ]
            },
        )


def run(policy: Policy, parameters: RoundParameters, candidates: Iterable[Candidate]) -> list[Result]:
    """What a round finds for every candidate, by partition and rank, then those not ranked by their number.

    RoundImpossible when the policy has no rubric or selection, or when a project, its number, or a partition's caps come twice.
    """
    return Contest(policy, parameters).results(candidates)


def score(rubric: Rubric, candidates: Iterable[Candidate]) -> list[Scored]:
    """Candidates with their points in rank order, by a rubric alone: no gates, no caps, one ranking."""
    columns, order = Columns(_distinct(candidates)), Order(rubric)
    scored = Scorer(rubric).scores(columns)
    return order.rank(scored, order.keys(columns, scored), Caps(), over_cap="skip")[0]


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    given = sorted(candidates, key=lambda one: (one.partition, one.no))
    if len({one.no for one in given}) != len(given) or len({one.project_id for one in given}) != len(given):
        raise RoundImpossible("a project or its number comes twice")
    return given


class _Reasons:
    """Why each place of one partition's ranking came out so, compared with the nearest one on the other side of the line."""

    def __init__(
        self,
        names: Sequence[str],
        indicators: Sequence[str],
        ranked: Sequence[Scored],
        keys: Sequence[Key],
        chosen: Sequence[Chosen],
        before: frozenset[str],
    ) -> None:
        self._names, self._indicators = names, indicators
        self._ranked, self._keys, self._chosen, self._before = ranked, keys, chosen, before
        self._last_in_before = _running([choice.outcome is Outcome.IN for choice in chosen])
        behind = _running([choice.outcome is not Outcome.IN for choice in reversed(chosen)])
        self._first_out_after = [None if one is None else len(chosen) - 1 - one for one in reversed(behind)]

    def of(self, place: int) -> Reason:
        """`in`; or `cap` (what it did not fit, what was not recorded), or `stopped` (who stopped all after it)."""
        choice = self._chosen[place]
        params: dict[str, Any] = {"of": len(self._ranked)}
        is_in = choice.outcome is Outcome.IN
        nearest = self._first_out_after[place] if is_in else self._last_in_before[place]
        if nearest is not None:
            params["versus"] = self._versus(place, nearest) if is_in else self._versus(nearest, place)
        if is_in:
            return Reason("in", params)
        if choice.stopped_by is not None:
            return Reason("stopped", params | {"stopped_by": self._ranked[choice.stopped_by].candidate.no})
        params["over"] = [
            {
                "cap": one.cap,
                "limit": amount_text(one.limit),
                "used": amount_text(one.used),
                "asks": None if one.asks is None else amount_text(one.asks),
                "fact": MEASURES[one.cap],
            }
            for one in choice.over
        ]
        return Reason("cap", params)

    def _versus(self, winner: int, loser: int) -> dict[str, Any]:
        """What put the one at `winner` before the one at `loser`."""
        ahead, behind = self._ranked[winner], self._ranked[loser]
        versus: dict[str, Any] = {"ahead": ahead.candidate.no, "behind": behind.candidate.no}
        if (ahead.candidate.project_id in self._before) != (behind.candidate.project_id in self._before):
            versus["by"] = "carry_over"
            return versus
        versus["by"] = next(compress(self._names, map(ne, self._keys[winner], self._keys[loser])))
        if versus["by"] == "total":
            versus["gap"] = points_text(ahead.total_units - behind.total_units)
            leads = list(map(sub, ahead.units, behind.units))
            most, bonus = max(leads), ahead.bonus_units - behind.bonus_units
            if bonus > most:
                versus["bonus"] = points_text(bonus)
            else:
                versus["indicator"], versus["lead"] = self._indicators[leads.index(most)], points_text(most)
        return versus


def _running(marks: Sequence[bool]) -> list[int | None]:
    """For each place, the nearest marked place before it."""
    nearest: list[int | None] = []
    last: int | None = None
    for place, marked in enumerate(marks):
        nearest.append(last)
        if marked:
            last = place
    return nearest
