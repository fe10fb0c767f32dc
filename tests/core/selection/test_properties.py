"""What holds for every round: order never matters, caps are never exceeded, more points never hurt, replay gives the same bytes."""

import json
from collections import defaultdict
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.exact import canonical_json, decimal_text
from services.core.policy.schema import Policy, canonical
from services.core.selection.bundle import build, candidate_from, parameters_from
from services.core.selection.candidates import Candidate, Caps, Outcome, RoundParameters
from services.core.selection.choice import choose, demand
from services.core.selection.rules import Contest, run
from services.core.selection.sentences import Sentences
from tests.support.rounds import candidate, many_candidates, parameters, policies, policy


@given(policies(), parameters(), many_candidates(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_never_matters(
    chosen: Policy, limits: RoundParameters, given_: Any, random: Any
) -> None:
    shuffled = list(given_)
    random.shuffle(shuffled)
    results, again = run(chosen, limits, given_), run(chosen, limits, shuffled)
    assert results == again
    assert build(chosen, limits, given_, results) == build(chosen, limits, shuffled, again)


@given(policies(), parameters(), many_candidates())
def test_a_bundle_replays_to_the_same_bytes(chosen: Policy, limits: RoundParameters, given_: list[Candidate]) -> None:
    bundle = build(chosen, limits, given_, run(chosen, limits, given_))
    lines = [json.loads(line) for line in bundle.splitlines()]
    assert b"".join(canonical_json(line) + b"\n" for line in lines) == bundle
    inputs = lines[1]["inputs"]
    policy_again = Policy.model_validate(inputs["policy"])
    limits_again = parameters_from(inputs["round"])
    given_again = [candidate_from(line["candidate"]) for line in lines if "candidate" in line]
    again = build(policy_again, limits_again, given_again, run(policy_again, limits_again, given_again))
    assert again == bundle
    assert canonical(policy_again) == canonical(chosen)


@given(policies(), parameters(), many_candidates())
def test_partitions_computed_one_by_one_give_what_all_together_give(
    chosen: Policy, limits: RoundParameters, given_: list[Candidate]
) -> None:
    contest, apart = Contest(chosen, limits), []
    for partition in sorted({one.partition for one in given_}):
        apart += contest.results([one for one in given_ if one.partition == partition])
    assert apart == run(chosen, limits, given_)


@given(policies(), parameters(), many_candidates())
def test_caps_hold_and_ranks_are_dense(chosen: Policy, limits: RoundParameters, given_: list[Candidate]) -> None:
    rows = {row.partition: row for row in limits.caps}
    facts = {one.no: one.facts for one in given_}
    results = run(chosen, limits, given_)
    assert sorted(one.no for one in results) == sorted(facts)
    partitions = defaultdict(list)
    for one in results:
        partitions[one.partition].append(one)
    for partition, members in partitions.items():
        ranked = [one for one in members if one.rank is not None]
        assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
        assert all((one.rank is None) == bool(one.failed_gates or one.conflicts) for one in members)
        taken = [facts[one.no] for one in members if one.outcome is Outcome.IN]
        caps = rows.get(partition) or rows.get(None) or Caps()
        assert caps.count is None or len(taken) <= caps.count
        assert caps.budget is None or sum(Fraction(one["project.budget"]) for one in taken) <= caps.budget
        assert caps.floor_area is None or sum(Fraction(one["compound.floor_area"]) for one in taken) <= caps.floor_area
        assert sum(one.outcome is Outcome.RESERVE for one in members) <= limits.reserve
        waiting = [one.outcome for one in ranked if one.outcome is not Outcome.IN]
        assert waiting == sorted(waiting, key=[Outcome.RESERVE, Outcome.LATER].index)


@given(policies(), parameters(), many_candidates())
def test_totals_are_the_sum_of_rounded_points(chosen: Policy, limits: RoundParameters, given_: list[Candidate]) -> None:
    rule = chosen.selection.carry_over if chosen.selection else None
    for result in run(chosen, limits, given_):
        points = sum(Fraction(one.points) for one in result.points)
        bonus = rule.points if rule is not None and rule.points is not None and result.carried else Fraction(0)
        assert Fraction(result.total) == points + bonus
        assert sum(map(Fraction, result.dimensions.values())) == points
        assert all(one.points >= 0 for one in result.points)
        assert points <= 100


@given(st.fractions(0, 1, max_denominator=1000), st.fractions(0, 1, max_denominator=1000), many_candidates())
def test_a_worse_state_never_costs_points_or_rank_under_a_rising_curve(
    low: Fraction, high: Fraction, others: list[Candidate]
) -> None:
    low, high = sorted((low, high))
    mine = candidate("mine", facilities__basic__defect_share=f"{low.numerator}/{low.denominator}")
    more = mine._replace(facts={**mine.facts, "facilities.basic.defect_share": decimal_text(high)})
    before = next(one for one in run(policy(), RoundParameters("", 1), [*others, mine]) if one.no == "mine")
    after = next(one for one in run(policy(), RoundParameters("", 1), [*others, more]) if one.no == "mine")
    assert after.total >= before.total
    assert after.rank is not None
    assert before.rank is not None
    assert after.rank <= before.rank


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(0, 10), st.integers(0, 200), st.integers(0, 4))
def test_stopping_chooses_the_longest_beginning_and_skipping_contains_it(
    budgets: list[int], count: int, budget: int, reserve: int
) -> None:
    demands = [demand(Fraction(one)) for one in budgets]
    caps = Caps(None, count, Fraction(budget))
    stop = [one.outcome is Outcome.IN for one in choose(demands, caps, over_cap="stop", reserve=reserve)]
    skip = [one.outcome is Outcome.IN for one in choose(demands, caps, over_cap="skip", reserve=reserve)]
    length = sum(stop)
    assert stop == [place < length for place in range(len(budgets))]
    assert skip[:length] == stop[:length]
    if length < len(budgets):
        assert length == count or sum(budgets[: length + 1]) > budget


@given(policies(), parameters(), many_candidates())
def test_every_result_has_a_sentence_in_both_languages(
    chosen: Policy, limits: RoundParameters, given_: list[Candidate]
) -> None:
    words = Sentences(chosen)
    for result in run(chosen, limits, given_):
        zh, en = words.of(result)
        assert zh.endswith("。")
        assert en.endswith(".")
        assert "None" not in zh + en
        assert zh.startswith("未参加排名" if result.rank is None else f"第 {result.rank} 名")
