"""The nearest change: what is named does alter the outcome, half of it does not, and caps are the least that would do."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.facts.catalogue import CATALOGUE, aggregated_value
from services.core.kit.exact import decimal_text
from services.core.policy.schema import Policy
from services.core.selection.candidates import Candidate, Caps, Outcome, Result, RoundParameters
from services.core.selection.inversion import grid
from services.core.selection.nearest import Change, Kind, Margin, nearest
from services.core.selection.nearest_sentences import change_sentence, summary
from services.core.selection.rules import run
from tests.support.rounds import RUBRIC, candidate, many_candidates, parameters, policies, policy

ONE = RoundParameters("330200", 2027, (Caps(None, 1),), 1)


def of(found: Sequence[Change], kind: Kind, name: str | None = None) -> Change:
    """The one change of a kind."""
    [change] = [one for one in found if one.kind is kind and (name is None or one.steps[0].name == name)]
    return change


def figures(change: Change) -> tuple[str | None, str | None]:
    return change.steps[0].before, change.steps[0].after


def outcome(policy_: Policy, limits: RoundParameters, mine: Candidate, others: Sequence[Candidate]) -> Result:
    return next(one for one in run(policy_, limits, [*others, mine]) if one.project_id == mine.project_id)


def changed(mine: Candidate, **texts: str) -> Candidate:
    return mine._replace(facts={**mine.facts, **texts})


def test_each_curve_is_turned_round_to_the_least_that_wins_the_place() -> None:
    first = candidate("A", compound__hazards="2", facilities__basic__defect_share="0.6")  # 18 + 14 points of need
    mine = candidate("B", compound__built_year="1990", governance__party_organisation="false")
    found = nearest(policy(), ONE, [first, mine], mine.project_id)
    assert (found.result.rank, found.result.outcome) == (2, Outcome.RESERVE)
    # A leads by 7 (hazards) + 3 (defects) + 9 (year) + 15 (party) = 34 points.
    assert [one.kind for one in found.changes] == [Kind.CAP], "no single indicator gives 34 points"
    near = candidate("B", facilities__basic__defect_share="0.5")
    found = nearest(policy(), ONE, [first, near], near.project_id)
    # 10 points behind. Approval at 0.775 would give just those, and lose the tie to the greater need.
    assert figures(of(found.changes, Kind.INDICATOR, "basic")) == ("0.5", "0.8334")
    assert of(found.changes, Kind.INDICATOR, "basic").gained == Decimal("10.0020")
    assert figures(of(found.changes, Kind.INDICATOR, "hazards")) == ("1", "3")
    assert figures(of(found.changes, Kind.INDICATOR, "approval")) == ("0.875", "0.7749")
    assert all(one.rank == 1 and one.outcome is Outcome.IN for one in found.changes if one.kind is Kind.INDICATOR)
    assert [one.steps[0].name for one in found.changes] == ["basic", "approval", "hazards", "count"], (
        "fewest points first"
    )


@pytest.mark.parametrize(
    ("year", "after"),
    [("1995", "1980"), ("1981", "1980"), ("2006", "1980"), (None, "1980")],
)
def test_bands_name_the_nearest_limit(year: str | None, after: str) -> None:
    chosen = policy(gates=[])
    first = candidate("A", compound__built_year="1985", compound__hazards="2")
    mine = candidate("B", compound__built_year=year)
    found = nearest(chosen, ONE, [first, mine], mine.project_id)
    assert figures(of(found.changes, Kind.INDICATOR, "built")) == (year, after)


def test_flags_and_missing_figures() -> None:
    chosen = policy(gates=[])
    first = candidate("A")
    mine = candidate("B", governance__party_organisation=None)
    found = nearest(chosen, ONE, [first, mine], mine.project_id)
    # All equal but 15 points: with the flag the project number decides, for A.
    assert [one for one in found.changes if one.steps[0].name == "party"] == []
    found = nearest(chosen, ONE, [candidate("C"), mine], mine.project_id)
    change = of(found.changes, Kind.INDICATOR, "party")
    assert (figures(change), change.gained) == ((None, "true"), Decimal("15.0000"))


def test_gates_are_met_together_and_a_soft_one_may_be_excepted() -> None:
    others = [candidate("A", compound__hazards="9"), candidate("B")]
    both = candidate("C", vote__plan__passed=None, survey__join__agree_of_all_share="0.5")
    found = nearest(policy(), ONE, [*others, both], both.project_id)
    [change] = found.changes
    assert [(one.name, one.before, one.after) for one in change.steps] == [
        ("plan_vote", None, "true"),
        ("willing", "0.5", "0.6667"),
    ]
    assert (change.rank, change.outcome) == (3, Outcome.LATER)
    soft = candidate("C", survey__join__agree_of_all_share="0.5")
    found = nearest(policy(), ONE, [*others, soft], soft.project_id)
    assert [one.kind for one in found.changes] == [Kind.GATES, Kind.EXCEPTION]
    assert change_sentence(policy(), found.changes[1])[0] == "若对“居民意愿”作出例外决定，列第 3 名，留待以后（储备）。"
    assert summary(policy(), found)[1] == (
        "If “Willing households” were 66.67% (now 50%), it would be ranked 3, left for later."
    )


def test_a_conflict_is_left_to_a_person() -> None:
    mine = candidate("C", conflicts=("compound.households",), vote__plan__passed=None)
    found = nearest(policy(), ONE, [candidate("A"), mine], mine.project_id)
    assert (found.changes, found.adjudicate) == ((), ("compound.households",))
    assert summary(policy(), found)[0] == "须先裁定数据来源不一致的“户数”。"


def test_what_a_project_asks_may_be_too_much() -> None:
    limits = RoundParameters("330200", 2027, (Caps(None, budget=Fraction(150)),))
    mine = candidate("B", project__budget="100")
    found = nearest(policy(), limits, [candidate("A", project__budget="99.5"), mine], mine.project_id)
    assert figures(of(found.changes, Kind.DEMAND)) == ("100", "50.5")
    assert figures(of(found.changes, Kind.CAP)) == ("150", "199.5")
    unknown = candidate("B", project__budget=None)
    found = nearest(policy(), limits, [candidate("A", project__budget="99.5"), unknown], unknown.project_id)
    assert figures(of(found.changes, Kind.DEMAND)) == (None, "50.5")
    assert [one.kind for one in found.changes if one.kind is Kind.CAP] == []


def test_a_higher_cap_may_first_let_in_somebody_before() -> None:
    """100 is taken. With 140 B (40) would come in, so C (30) needs 170; without B it would need 130 – below where B comes in."""
    limits = RoundParameters("330200", 2027, (Caps(None, budget=Fraction(105)),))
    others = [candidate("A", project__budget="100"), candidate("B", project__budget="40")]
    mine = candidate("C", project__budget="30")
    assert figures(of(nearest(policy(), limits, [*others, mine], "id-C").changes, Kind.CAP)) == ("105", "130")
    wider = candidate("C", project__budget="45")
    assert figures(of(nearest(policy(), limits, [*others, wider], "id-C").changes, Kind.CAP)) == ("105", "185")
    stop = policy(selection={"partition": "county", "over_cap": "stop"})
    assert figures(of(nearest(stop, limits, [*others, mine], "id-C").changes, Kind.CAP)) == ("105", "170")


def test_priority_is_named_where_points_cannot_help() -> None:
    chosen = policy(priority=[{"fact": "governance.committee"}])
    mine = candidate("B", governance__committee="false", compound__hazards="9")
    found = nearest(chosen, ONE, [candidate("A"), mine], mine.project_id)
    assert [one.kind for one in found.changes] == [Kind.PRIORITY, Kind.CAP]
    kept = nearest(chosen, ONE, [candidate("A"), mine], "id-A")
    assert (kept.kept_by, kept.margin) == ("precedence", None)


def test_a_project_that_is_in_has_a_margin_or_needs_none() -> None:
    mine = candidate("A", compound__hazards="2")
    found = nearest(policy(), ONE, [mine, candidate("B")], mine.project_id)
    assert (found.kept_by, found.margin, found.changes) == ("points", Margin(Decimal("7.0000"), "B"), ())
    assert summary(policy(), found)[0] == "领先 B 7 分；失分少于 7 分仍列入计划，多于则由其取代。"
    assert nearest(policy(), RoundParameters("", 2027), [mine, candidate("B")], mine.project_id).kept_by == "place"


SCALE = {
    "scale": "100000",
    "dimensions": [
        {"id": "all", "title": "一", "indicators": [
            {"id": "pipe", "title": "管网", "fact": "compound.pipe", "points": "100000",
             "curve": {"kind": "linear", "from": "0", "to": "100000"}},
        ]},
    ],
}  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(10_000, 40_000)), min_size=2, max_size=7),
    st.integers(0, 150),
    st.sampled_from(["skip", "stop"]),
    st.data(),
)
def test_less_than_the_margin_keeps_a_project_in_and_more_does_not(
    drawn: list[tuple[int, int]], budget: int, over_cap: str, data: st.DataObject
) -> None:
    chosen = policy(rubric=SCALE, gates=[], selection={"partition": "county", "over_cap": over_cap})
    limits = RoundParameters("", 2027, (Caps(None, budget=Fraction(budget)),))
    given_ = [
        candidate(str(place), project__budget=str(asks), compound__pipe=str(points))
        for place, (asks, points) in enumerate(drawn)
    ]
    for result in run(chosen, limits, given_):
        if result.outcome is not Outcome.IN:
            continue
        found = nearest(chosen, limits, given_, result.project_id)
        mine = next(one for one in given_ if one.project_id == result.project_id)
        others = [one for one in given_ if one is not mine]
        for step in (Fraction(-1, 10_000), Fraction(1, 10_000)):
            loss = Fraction(10_000 - 1) if found.margin is None else Fraction(found.margin.lead) + step
            if loss < 0:
                continue
            left = max(Fraction(0), Fraction(result.total) - loss)
            lower = mine._replace(facts={**mine.facts, "compound.pipe": decimal_text(left)})
            expected = found.margin is None or step < 0
            assert (outcome(chosen, limits, lower, others).outcome is Outcome.IN) == expected


def affects_only_points(chosen: Policy, fact: str) -> bool:
    """Whether a fact of the rubric decides nothing else, so that less of it cannot alter the outcome in another way."""
    assert chosen.rubric is not None
    others = {one.fact for one in chosen.rubric.tie_break} | {one.fact for one in chosen.priority}
    return fact not in others | {gate.condition.fact for gate in chosen.selection_gates}


@given(policies(), parameters(), many_candidates())
def test_what_is_named_alters_the_outcome_and_a_step_less_does_not(
    chosen: Policy, limits: RoundParameters, given_: list[Candidate]
) -> None:
    for result in run(chosen, limits, given_):
        own = [one for one in given_ if one.partition == result.partition]
        mine = next(one for one in own if one.project_id == result.project_id)
        others = [one for one in own if one is not mine]
        found = nearest(chosen, limits, own, mine.project_id)
        assert found.result == result
        assert all(words[0].endswith("。") and words[1].endswith(".") for words in [summary(chosen, found)])
        for change in found.changes:
            after, terms = applied(chosen, limits, mine, change)
            again = outcome(chosen, terms, after, others)
            assert (again.rank, again.outcome) == (change.rank, change.outcome)
            assert again.total - result.total == change.gained
            assert again.outcome is not result.outcome
            for less in half(chosen, mine, change):
                assert outcome(chosen, limits, less, others).outcome is result.outcome


def applied(
    chosen: Policy, limits: RoundParameters, mine: Candidate, change: Change
) -> tuple[Candidate, RoundParameters]:
    """The candidate and the terms as a change names them, read from its texts alone."""
    if change.kind is Kind.EXCEPTION:
        return mine._replace(exceptions=mine.exceptions | {change.steps[0].name}), limits
    if change.kind is not Kind.CAP:
        return changed(mine, **{str(step.fact): str(step.after) for step in change.steps}), limits
    [step] = change.steps
    rows = {row.partition: row for row in limits.caps}
    own = rows.get(mine.partition) or rows[None]
    limit: Any = int(str(step.after)) if step.name == "count" else Fraction(str(step.after))
    row = replace(own, partition=mine.partition, **{step.name: limit})
    return mine, replace(limits, caps=(*(one for one in limits.caps if one.partition != mine.partition), row))


def half(chosen: Policy, mine: Candidate, change: Change) -> list[Candidate]:
    """The project half way to what a change names, where there is such a value on the grid of figures."""
    [step, *_] = change.steps
    if change.kind is not Kind.INDICATOR or step.before is None or step.fact is None:
        return []
    before, after = mine.value(step.fact), aggregated_value(CATALOGUE[step.fact], str(step.after))
    if (
        not isinstance(before, Fraction)
        or not isinstance(after, Fraction)
        or not affects_only_points(chosen, step.fact)
    ):
        return []
    step_size = grid(step.fact)
    steps = abs(after - before) / step_size
    if steps < 2:
        return []
    way = Fraction(int(steps / 2)) * step_size
    less = after - way if after > before else after + way
    return [mine._replace(facts={**mine.facts, step.fact: decimal_text(less)})]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=6),
    st.sampled_from(["skip", "stop"]),
    st.tuples(st.integers(0, 4) | st.none(), st.integers(0, 20) | st.none(), st.integers(0, 20) | st.none()),
)
def test_a_named_cap_is_the_least_that_would_do(
    drawn: list[tuple[int, int]], over_cap: str, limits_: tuple[int | None, int | None, int | None]
) -> None:
    """Against trying every whole limit, where all that is asked is whole."""
    chosen = policy(gates=[], selection={"partition": "county", "over_cap": over_cap})
    given_ = [
        candidate(str(place), project__budget=str(asks), compound__floor_area=str(area))
        for place, (asks, area) in enumerate(drawn)
    ]
    count, budget, area = limits_
    caps = Caps(None, count, None if budget is None else Fraction(budget), None if area is None else Fraction(area))
    for result in run(chosen, RoundParameters("", 2027, (caps,)), given_):
        if result.outcome is Outcome.IN:
            continue
        found = nearest(chosen, RoundParameters("", 2027, (caps,)), given_, result.project_id)
        named = {one.steps[0].name: one.steps[0].after for one in found.changes if one.kind is Kind.CAP}
        for name, limit in (("count", count), ("budget", budget), ("floor_area", area)):
            if limit is None:
                continue
            least = next((one for one in range(limit + 1, 60) if is_in(chosen, given_, caps, name, one, result)), None)
            assert named.get(name) == (None if least is None else str(least))


def is_in(chosen: Policy, given_: list[Candidate], caps: Caps, name: str, limit: int, result: Result) -> bool:
    given_limit: Any = limit if name == "count" else Fraction(limit)
    terms = RoundParameters("", 2027, (replace(caps, **{name: given_limit}),))
    return any(one.outcome is Outcome.IN for one in run(chosen, terms, given_) if one.project_id == result.project_id)


def test_the_rubric_of_these_tests_has_every_curve() -> None:
    kinds = {one["curve"]["kind"] for part in RUBRIC["dimensions"] for one in part["indicators"]}
    assert kinds == {"linear", "bands", "count", "flag"}


def test_the_least_count_is_named_however_many_come_before() -> None:
    given_ = [candidate(f"P{number:03}") for number in range(300)]
    limits = RoundParameters("330200", 2027, (Caps(None, count=2),), 0)
    found = nearest(policy(), limits, given_, given_[-1].project_id)
    assert found.result.rank == 300
    assert figures(of(found.changes, Kind.CAP, "count")) == ("2", "300")
