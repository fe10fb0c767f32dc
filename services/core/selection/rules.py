"""A selection round computed: gates, points, rank, choice, and why. Pure and exact; the order of input never matters.

The same policy, parameters, facts and RULES_VERSION give the same results and the same bytes (semantics.md, *Scores*, *Choice*).
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from services.core.kit.exact import decimal_text
from services.core.policy.rubric import Rubric
from services.core.policy.schema import CarryOver, Policy
from services.core.selection.candidates import (
    Candidate,
    Caps,
    IndicatorPoints,
    Outcome,
    Reason,
    Result,
    RoundParameters,
)
from services.core.selection.choice import MEASURES, Chosen, Order, choose, demand_of
from services.core.selection.scoring import Scored, Scorer

__all__ = [
    "RULES_VERSION",
    "Candidate",
    "Caps",
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


def run(policy: Policy, parameters: RoundParameters, candidates: Iterable[Candidate]) -> list[Result]:
    """What a round finds for every candidate, by partition and rank, then those not ranked by their number.

    RoundImpossible when the policy has no rubric or selection, or when a project, its number, or a partition's caps come twice.
    """
    if policy.rubric is None or policy.selection is None:
        raise RoundImpossible("the policy has no rubric or no selection")
    if len({row.partition for row in parameters.caps}) != len(parameters.caps):
        raise RoundImpossible("a partition has caps twice")
    given = _distinct(candidates)
    rule = policy.selection.carry_over
    scorer = Scorer(policy.rubric, policy.selection_gates, rule)
    order = Order(tuple(one.condition for one in policy.priority), policy.rubric.tie_break, rule)
    rows = {row.partition: row for row in parameters.caps}
    results: list[Result] = []
    for partition, members in groupby(given, key=lambda one: one.partition):
        scored = [scorer.score(one) for one in members]
        caps = rows.get(partition) or rows.get(None) or Caps(partition)
        over_cap = policy.selection.over_cap
        ranked, before = order.rank([one for one in scored if one.is_ranked], caps, over_cap=over_cap)
        demands = [demand_of(one.candidate.facts) for one in ranked]
        chosen = choose(demands, caps, over_cap=over_cap, reserve=parameters.reserve)
        reasons = _Reasons(order, ranked, chosen, before)
        for place, (one, choice) in enumerate(zip(ranked, chosen, strict=True)):
            results.append(_result(one, place + 1, choice.outcome, _carried(rule, one, before), reasons.of(place)))
        for one in scored:
            if not one.is_ranked:
                reason = _why_not_ranked(policy, one)
                results.append(_result(one, None, Outcome.NOT_RANKED, _carried(rule, one, before), reason))
    return results


def score(rubric: Rubric, candidates: Iterable[Candidate]) -> list[Scored]:
    """Candidates with their points in rank order, by a rubric alone: no gates, no caps, one ranking."""
    scorer = Scorer(rubric)
    ranked, _ = Order((), rubric.tie_break, None).rank(
        [scorer.score(one) for one in _distinct(candidates)], Caps(), over_cap="skip"
    )
    return ranked


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    given = sorted(candidates, key=lambda one: (one.partition, one.no))
    if len({one.no for one in given}) != len(given) or len({one.project_id for one in given}) != len(given):
        raise RoundImpossible("a project or its number comes twice")
    return given


def _carried(rule: CarryOver | None, scored: Scored, before: frozenset[str]) -> str | None:
    """The kind of carry-over that touched a project: by tier only those that it put before others."""
    if rule is None or not scored.is_carried:
        return None
    return rule.kind if rule.kind != "tier" or scored.candidate.project_id in before else None


def _result(scored: Scored, rank: int | None, outcome: Outcome, carried: str | None, reason: Reason) -> Result:
    candidate = scored.candidate
    return Result(
        project_id=candidate.project_id,
        no=candidate.no,
        title=candidate.title,
        partition=candidate.partition,
        rank=rank,
        total=scored.total,
        outcome=outcome,
        points=scored.points,
        dimensions=scored.dimensions,
        failed_gates=scored.failed_gates,
        excepted_gates=scored.excepted_gates,
        missing=tuple(sorted({one.fact for one in scored.points if one.value is None})),
        conflicts=tuple(sorted(set(candidate.conflicts))),
        carried=carried,
        reason=reason,
    )


def _why_not_ranked(policy: Policy, scored: Scored) -> Reason:
    """`conflict` names the facts in conflict; `gate` names each gate that fails, its fact, and whether it is hard."""
    if scored.candidate.conflicts:
        return Reason("conflict", {"facts": sorted(set(scored.candidate.conflicts))})
    failed = [gate for gate in policy.selection_gates if gate.id in scored.failed_gates]
    return Reason(
        "gate",
        {
            "gates": [
                {
                    "id": gate.id,
                    "fact": gate.condition.fact,
                    "hard": gate.hard,
                    "missing": _is_missing(scored, gate.condition.fact),
                }
                for gate in failed
            ]
        },
    )


def _is_missing(scored: Scored, fact: str) -> bool:
    return scored.candidate.facts.get(fact) is None


class _Reasons:
    """Why each place of one partition's ranking came out so, compared with the nearest one on the other side of the line."""

    def __init__(
        self, order: Order, ranked: Sequence[Scored], chosen: Sequence[Chosen], before: frozenset[str]
    ) -> None:
        self._order, self._ranked, self._chosen, self._before = order, ranked, chosen, before
        self._last_in_before = _running([choice.outcome is Outcome.IN for choice in chosen])
        behind = _running([choice.outcome is not Outcome.IN for choice in reversed(chosen)])
        self._first_out_after = [None if one is None else len(chosen) - 1 - one for one in reversed(behind)]

    def of(self, place: int) -> Reason:
        """`in`; or `cap` (what it did not fit, what was not recorded), or `stopped` (who stopped all after it)."""
        choice = self._chosen[place]
        params: dict[str, Any] = {"of": len(self._ranked)}
        if choice.outcome is Outcome.IN:
            return Reason("in", params | self._versus(place, self._first_out_after[place]))
        params |= self._versus(self._last_in_before[place], place)
        if choice.stopped_by is not None:
            return Reason("stopped", params | {"stopped_by": self._ranked[choice.stopped_by].candidate.no})
        params["over"] = [
            {
                "cap": one.cap,
                "limit": decimal_text(one.limit),
                "used": decimal_text(one.used),
                "asks": None if one.asks is None else decimal_text(one.asks),
                "fact": MEASURES[one.cap],
            }
            for one in choice.over
        ]
        return Reason("cap", params)

    def _versus(self, winner: int | None, loser: int | None) -> dict[str, Any]:
        """What put the one at `winner` before the one at `loser`; nothing where there is no such pair."""
        if winner is None or loser is None:
            return {}
        ahead, behind = self._ranked[winner], self._ranked[loser]
        versus: dict[str, Any] = {"ahead": ahead.candidate.no, "behind": behind.candidate.no}
        if (ahead.candidate.project_id in self._before) != (behind.candidate.project_id in self._before):
            return {"versus": versus | {"by": "carry_over"}}
        steps = zip(self._order.steps(ahead), self._order.steps(behind), strict=True)
        versus["by"] = next(name for (name, mine), (_, theirs) in steps if mine != theirs)
        if versus["by"] == "total":
            versus["gap"] = decimal_text(ahead.total - behind.total)
            leads = [
                (mine.points - theirs.points, mine.indicator)
                for mine, theirs in zip(ahead.points, behind.points, strict=True)
            ]
            most, indicator = max(leads, key=lambda lead: lead[0])
            bonus = ahead.bonus - behind.bonus
            versus |= (
                {"bonus": decimal_text(bonus)} if bonus > most else {"indicator": indicator, "lead": decimal_text(most)}
            )
        return {"versus": versus}


def _running(marks: Sequence[bool]) -> list[int | None]:
    """For each place, the nearest marked place before it."""
    nearest: list[int | None] = []
    last: int | None = None
    for place, marked in enumerate(marks):
        nearest.append(last)
        if marked:
            last = place
    return nearest
