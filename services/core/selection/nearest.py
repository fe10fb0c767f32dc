"""The nearest change that would alter what a run found for one project: exact, and proved by running the rules again. Pure.

Each change is single: one fact, the gates that fail, or one cap; everything else stays as it was frozen. It is the least one of its
kind on a grid on which figures are recorded (whole numbers; shares and decimals in steps of 0.0001; yuan in fen).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from services.core.facts.catalogue import Value, text_of
from services.core.kit.exact import decimal_text
from services.core.policy.rubric import Indicator
from services.core.policy.schema import Policy
from services.core.selection.candidates import Candidate, Caps, Outcome, Result, RoundParameters
from services.core.selection.choice import MEASURES, SCALE, Amount, Budgeted, amount, choose, demand_of, limits_of
from services.core.selection.inversion import LEAST, down, giving, grid, meeting
from services.core.selection.rules import Contest

MOST_STEPS = 200
"""Most cap values that are tried; a cap that needs more is not named."""


class Kind(StrEnum):
    """What would have to be different, in the order in which it is told.

    `gates`: everything that fails, met; `exception`: the one soft gate that fails, excepted; `indicator`: a fact that gives points;
    `priority`: one that gives precedence; `demand`: what the project asks of a cap; `cap`: the cap itself.
    """

    GATES = "gates"
    EXCEPTION = "exception"
    INDICATOR = "indicator"
    PRIORITY = "priority"
    DEMAND = "demand"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Step:
    """One figure: `name` is the indicator, gate, fact or cap. `before` None: nothing was recorded; `after` None: an exception."""

    name: str
    fact: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change and what the rules then find: points gained, rank, outcome. Only `gates` has more than one step."""

    kind: Kind
    steps: tuple[Step, ...]
    gained: Decimal
    rank: int | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a project that is in leads the first one that would displace it; losing less keeps it in, losing more does not."""

    lead: Decimal
    over: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """For a project that is not in: changes, the nearest first. For one that is: what keeps it there, and its margin in points.

    `kept_by` is `place` where it would be in even as the last, `precedence` where priority or carry-over puts it first.
    `adjudicate`: facts whose conflict holds it back; what they will be is not for a rule to guess, so no change is named.
    """

    result: Result
    changes: tuple[Change, ...] = ()
    kept_by: Literal["points", "place", "precedence"] | None = None
    margin: Margin | None = None
    adjudicate: tuple[str, ...] = ()


def nearest(policy: Policy, parameters: RoundParameters, candidates: Sequence[Candidate], project_id: str) -> Nearest:
    """What would alter a project's outcome. `candidates`: all of its partition; KeyError when the project is not among them."""
    partition = _Partition(policy, parameters, candidates, project_id)
    now = partition.now
    if now.conflicts:
        return Nearest(now, adjudicate=now.conflicts)
    if now.outcome is Outcome.IN:
        return _kept(partition)
    if now.outcome is Outcome.NOT_RANKED:
        return Nearest(now, changes=tuple(_gates(partition)))
    found = [*_points(partition), *_priority(partition), *_demand(partition), *_caps(partition)]
    order = list(Kind)
    return Nearest(now, changes=tuple(sorted(found, key=lambda one: (order.index(one.kind), one.gained))))


_Tried = dict[Fraction, Change | None]


class _Partition:
    """One partition of a round, and what the rules find in it when something about one project or the caps is different."""

    def __init__(
        self, policy: Policy, parameters: RoundParameters, candidates: Sequence[Candidate], project_id: str
    ) -> None:
        self.policy, self.parameters, self.project_id = policy, parameters, project_id
        by_id = {one.project_id: one for one in candidates}
        self.mine = by_id.pop(project_id)
        self.others = list(by_id.values())
        self._carried = {one.project_id for one in candidates if one.carry_over is not None}
        rows = {row.partition: row for row in parameters.caps}
        self.caps = rows.get(self.mine.partition) or rows.get(None) or Caps(self.mine.partition)
        self._contest = Contest(
            policy, parameters
        )  # remembers what values gave: one project changes, the others do not
        self.results = self._contest.results(candidates)
        self.now = self._mine(self.results)

    @property
    def over_cap(self) -> Literal["skip", "stop"]:
        """What becomes of those after one that does not fit."""
        assert self.policy.selection is not None  # noqa: S101 - the contest has refused such a policy
        return self.policy.selection.over_cap

    @property
    def ahead(self) -> Sequence[Result]:
        """Who is ranked before the project."""
        return self.results[: (self.now.rank or 1) - 1]

    @property
    def is_carried_by_tier(self) -> bool:
        """Whether its place among others may depend on more than the order of totals."""
        rule = self.policy.selection.carry_over if self.policy.selection else None
        return rule is not None and rule.kind == "tier" and self.is_carried(self.project_id)

    def is_carried(self, project_id: str) -> bool:
        """Whether carry-over may prefer a project."""
        return project_id in self._carried

    def found(self, mine: Candidate, parameters: RoundParameters | None = None) -> Result:
        """What the rules find for the project as changed."""
        contest = self._contest if parameters is None else Contest(self.policy, parameters)
        return self._mine(contest.results([*self.others, mine]))

    def _mine(self, results: Sequence[Result]) -> Result:
        return next(one for one in results if one.project_id == self.project_id)

    def without(self) -> list[Result]:
        """The ranking of all the others, as if the project were not there."""
        return [one for one in self._contest.results(self.others) if one.rank is not None]

    def with_fact(self, fact: str, value: Value) -> Candidate:
        """The project with one fact changed."""
        return self.mine._replace(facts={**self.mine.facts, fact: text_of(value)})

    def tried(self, kind: Kind, name: str, fact: str, value: Value) -> Change | None:
        """The change of one fact, if the project is in after it."""
        result = self.found(self.with_fact(fact, value))
        if result.outcome is not Outcome.IN:
            return None
        return self.change(kind, [self.step(name, fact, value)], result)

    def step(self, name: str, fact: str, value: Value) -> Step:
        return Step(name, fact, self.mine.facts.get(fact), text_of(value))

    def change(self, kind: Kind, steps: Sequence[Step], result: Result) -> Change:
        return Change(kind, tuple(steps), result.total - self.now.total, result.rank, result.outcome)


def _rival(partition: _Partition) -> Result | None:
    """The best ranked of the others that the project has to come before to be in; None when it would be in even as the last.

    What those before it take of the caps only grows with their number, so there is one such place.
    """
    taken = Budgeted(limits_of(partition.caps))
    mine = demand_of(partition.mine.facts)
    rival = None
    for other in partition.without():
        if taken.over(mine):
            return rival
        rival = other
        asks = demand_of(other.scored.candidate.facts)
        if not taken.over(asks):
            taken.take(asks)
        elif partition.over_cap == "stop":
            return rival
    return rival if taken.over(mine) else None


def _kept(partition: _Partition) -> Nearest:
    """What keeps a project in. Who stands before its rival by points alone is displaced when it loses more than its lead."""
    rival = _rival(partition)
    if partition.is_carried_by_tier:
        return Nearest(partition.now, kept_by="precedence")
    if rival is None:
        return Nearest(partition.now, kept_by="place")
    mine, theirs = partition.mine, rival.scored.candidate
    conditions = [one.condition for one in partition.policy.priority]
    if any(one.met_by(mine.value(one.fact)) != one.met_by(theirs.value(one.fact)) for one in conditions):
        return Nearest(partition.now, kept_by="precedence")
    return Nearest(partition.now, kept_by="points", margin=Margin(partition.now.total - rival.total, rival.no))


def _gates(partition: _Partition) -> Iterator[Change]:
    """All gates that fail, met at their limits; and the recorded exception, where one soft gate is all that fails."""
    failed = [gate for gate in partition.policy.selection_gates if gate.id in partition.now.failed_gates]
    values: dict[str, Value] = {}
    steps = []
    for gate in failed:
        value = meeting(gate.condition, values.get(gate.condition.fact))
        if value is None:
            return
        values[gate.condition.fact] = value
        steps.append(partition.step(gate.id, gate.condition.fact, value))
    texts = {fact: text_of(value) for fact, value in values.items()}
    result = partition.found(partition.mine._replace(facts={**partition.mine.facts, **texts}))
    if result.outcome is not Outcome.NOT_RANKED:
        yield partition.change(Kind.GATES, steps, result)
    if len(failed) == 1 and not failed[0].hard:
        [gate] = failed
        excepted = partition.found(partition.mine._replace(exceptions=partition.mine.exceptions | {gate.id}))
        before = partition.mine.facts.get(gate.condition.fact)
        yield partition.change(Kind.EXCEPTION, [Step(gate.id, gate.condition.fact, before, None)], excepted)


def _points(partition: _Partition) -> Iterator[Change]:
    """For each indicator, the least change that gives the points it takes."""
    gains = _gains(partition)
    rubric = partition.policy.rubric
    if rubric is None or not gains:
        return
    points = {one.indicator: Fraction(one.points) for one in partition.now.points}
    for indicator in rubric.indicators:
        tried: _Tried = {}

        def settles(gain: Fraction, indicator: Indicator = indicator, tried: _Tried = tried) -> bool:
            value = giving(indicator, partition.mine.value(indicator.fact), points[indicator.id] + gain)
            tried[gain] = (
                None if value is None else partition.tried(Kind.INDICATOR, indicator.id, indicator.fact, value)
            )
            return value is None or tried[gain] is not None  # more than it can give: nothing to look for beyond

        place = bisect_left(gains, True, key=settles)
        if place < len(gains) and (found := tried[gains[place]]) is not None:
            yield found


def _gains(partition: _Partition) -> list[Fraction]:
    """The points that may be needed, ascending: as many as the rival, or the least bit more. More points never hurt.

    Under carry-over by tier a project may also get in by overtaking another one that is carried.
    """
    total = Fraction(partition.now.total)
    rival = _rival(partition)
    rivals = [rival] if rival is not None else []
    if partition.is_carried_by_tier:
        rivals += [one for one in partition.without() if partition.is_carried(one.project_id)]
    leads = {Fraction(one.total) - total for one in rivals}
    return sorted(gain for lead in leads for gain in {lead, lead + LEAST} if gain > 0)


def _priority(partition: _Partition) -> Iterator[Change]:
    """Each priority that the project lacks, met."""
    for one in partition.policy.priority:
        value = None if one.condition.met_by(partition.mine.value(one.fact)) else meeting(one.condition, None)
        found = None if value is None else partition.tried(Kind.PRIORITY, one.fact, one.fact, value)
        if found is not None:
            yield found


def _demand(partition: _Partition) -> Iterator[Change]:
    """Each cap that it does not fit: the most that it could ask and be in where it stands."""
    for over in partition.now.reason.params.get("over", ()):
        fact = over["fact"]
        left = None if fact is None else down(Fraction(over["limit"]) - Fraction(over["used"]), grid(fact))
        if left is not None and left > 0:
            found = partition.tried(Kind.DEMAND, over["cap"], fact, left)
            if found is not None:
                yield found


def _caps(partition: _Partition) -> Iterator[Change]:
    """Each cap of the partition: the least that it would have to be, the others as they are."""
    for name, limit in limits_of(partition.caps).items():
        if limit is None:
            continue
        needed = _least_count(partition) if name == "count" else _least_limit(partition, name, Fraction(limit))
        if needed is None:
            continue
        raised = _with_limit(replace(partition.caps, partition=partition.mine.partition), name, needed)
        rows = tuple(row for row in partition.parameters.caps if row.partition != partition.mine.partition)
        result = partition.found(partition.mine, replace(partition.parameters, caps=(*rows, raised)))
        if result.outcome is Outcome.IN:
            step = Step(name, MEASURES[name], decimal_text(Fraction(limit)), decimal_text(needed))
            yield partition.change(Kind.CAP, [step], result)


def _with_limit(caps: Caps, name: str, limit: Fraction) -> Caps:
    match name:
        case "count":
            return replace(caps, count=int(limit))
        case "budget":
            return replace(caps, budget=limit)
        case _:
            return replace(caps, floor_area=limit)


def _least_count(partition: _Partition) -> Fraction | None:
    """The least count with which the project is chosen where it stands.

    A count refuses nobody before it is full: those before the project take what they would without it.
    """
    taken, ahead = Budgeted(limits_of(replace(partition.caps, count=None))), 0
    for other in partition.ahead:
        asks = demand_of(other.scored.candidate.facts)
        if not taken.over(asks):
            taken.take(asks)
            ahead += 1
        elif partition.over_cap == "stop":
            return None
    return None if taken.over(demand_of(partition.mine.facts)) else Fraction(ahead + 1)


def _least_limit(partition: _Partition, name: str, limit: Fraction) -> Fraction | None:
    """The least limit with which the project is chosen where it stands.

    A higher limit may let in somebody before it, who then takes of every cap: so the limits at which the choice of those before it
    changes are tried one after the other. Between two of them nothing changes but whether the project itself fits.
    """
    demands = [demand_of(one.scored.candidate.facts) for one in partition.ahead]
    mine, place = demand_of(partition.mine.facts), list(MEASURES).index(name)
    asks = mine[place]
    if asks is None:
        return None
    least = amount(limit)
    for _ in range(MOST_STEPS):
        caps = _with_limit(partition.caps, name, Fraction(least) / SCALE)
        taken = Budgeted(limits_of(caps))
        used: Amount = 0
        admitting: list[Amount] = []
        chosen = choose(demands, caps, over_cap=partition.over_cap, reserve=0)
        for demand, choice in zip(demands, chosen, strict=True):
            own = demand[place]
            if choice.outcome is Outcome.IN:
                taken.take(demand)
                used += own or 0
            elif own is not None and [one.cap for one in choice.over] == [name]:
                admitting.append(used + own)  # this cap alone holds it back
        is_open = partition.over_cap == "skip" or all(one.outcome is Outcome.IN for one in chosen)
        fits_others = all(one.cap == name for one in taken.over(mine))
        needed = max(least, used + asks)
        if is_open and fits_others and (not admitting or needed < min(admitting)):
            return Fraction(needed) / SCALE
        if not admitting:
            return None
        least = min(admitting)
    return None
