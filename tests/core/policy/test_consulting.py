"""Policies that say how residents are asked: the cities as their sources tell, and every rule of these leaves with its place."""

from fractions import Fraction
from importlib.resources import files

import pytest

from services.core.policy.consulting import Asker
from services.core.policy.loader import load_packaged, load_policy
from services.core.policy.loader_errors import PolicyMalformed
from services.core.policy.schema import json_schema

CITIES = {one.policy.id: one.policy for one in load_packaged()}


def text_of(city: str) -> str:
    return (files("services.core.policy") / "cities" / f"{city}.yaml").read_text("utf-8")


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(PolicyMalformed) as refused:
        load_policy(text)
    return [(fault.line, fault.pointer) for fault in refused.value.faults]


def test_yichang_asks_in_three_rounds_up_to_everybody() -> None:
    policy = CITIES["yichang"]
    assert policy.consultation is not None
    assert policy.consultation.agree_at_least == 1
    assert [(one.actors, one.together) for one in policy.consultation.rounds] == [
        ((Asker.OWNERS_COMMITTEE,), False),
        ((Asker.GRID_STAFF,), False),
        ((Asker.NEIGHBOURHOOD_COMMITTEE, Asker.GRID_STAFF, Asker.OWNERS_COMMITTEE), True),
    ]
    [gate] = policy.gates
    assert (gate.condition.fact, gate.condition.at_least) == ("consultation.plan.agree_of_all_share", Fraction(1))
    assert (gate.hard, gate.gates) == (False, "plan")


def test_a_lift_elsewhere_needs_two_thirds_no_objection_and_grade_b() -> None:
    lift = CITIES["yichang"].lift
    assert lift is not None
    assert lift.illustrative
    assert (lift.signatures.heads, lift.signatures.area) == (Fraction(2, 3), Fraction(2, 3))
    assert (lift.no_objection, lift.appraisal_at_least, lift.start) == (True, "B", None)


def test_shanghai_obliges_the_community_to_begin() -> None:
    lift = CITIES["shanghai"].lift
    assert lift is not None
    assert lift.start is not None
    assert (lift.start.days, lift.start.unit, lift.start.illustrative) == (10, "workday", True)
    assert (lift.no_objection, lift.appraisal_at_least) == (True, None)
    assert lift.signatures.illustrative


@pytest.mark.parametrize("city", ["zhuhai", "chengdu"])
def test_the_vote_of_zhuhai_and_chengdu_gates_the_works_after_its_result_was_published(city: str) -> None:
    policy = CITIES[city]
    assert [(gate.condition.fact, gate.hard, gate.gates) for gate in policy.gates] == [
        ("vote.plan.passed", True, "works"),
        ("vote.plan.result_published", True, "works"),
    ]
    assert policy.selection_gates == ()
    assert policy.votes is not None
    assert policy.votes["renovation_plan"].assurance == "on_site"
    assert policy.notices is not None
    assert policy.notices["vote_result"].illustrative


def test_beijing_plans_only_what_residents_agree_on() -> None:
    policy = CITIES["beijing"]
    assert policy.duties is not None
    assert [duty.id for duty in policy.duties.items] == ["cooperate", "demolish", "pay_fees", "repair_fund"]
    assert policy.duties.illustrative
    assert [gate.condition.fact for gate in policy.selection_gates] == [
        "survey.join.agree_of_all_share",
        "plan.complete",
        "governance.management_mode_agreed",
        "governance.duties_agreed",
    ]
    assert all(gate.hard for gate in policy.gates)
    assert policy.consultation is not None
    assert Asker.COMMUNITY_PLANNER in policy.consultation.rounds[0].actors


@pytest.mark.parametrize(
    ("city", "old", "new", "pointer"),
    [
        ("yichang", "actors: [owners_committee]", "actors: []", "/consultation/rounds/0/actors"),
        ("yichang", "actors: [grid_staff]", "actors: [grid_staff, grid_staff]", "/consultation/rounds/1/actors/1"),
        ("yichang", "actors: [grid_staff]", "actors: [volunteers]", "/consultation/rounds/1/actors/0"),
        ("yichang", "actors: [grid_staff]", "actors: [grid_staff], together: true", "/consultation/rounds/1/together"),
        ("yichang", '  agree_at_least: "1"', '  agree_at_least: "1.01"', "/consultation/agree_at_least"),
        ("yichang", 'heads: "2/3", area: "2/3"', 'heads: "2/3"', "/lift/signatures/area"),
        ("yichang", "no_objection: true", "no_objection: false", "/lift/no_objection"),
        ("yichang", "appraisal_at_least: B", "appraisal_at_least: D", "/lift/appraisal_at_least"),
        ("shanghai", "{days: 10, unit: workday, illustrative: true}", "{hours: 48}", "/lift/start/hours"),
        ("shanghai", "  actors: [neighbourhood_committee]\n", "", "/lift/actors"),
        ("beijing", "id: pay_fees", "id: demolish", "/duties/items/2/id"),
        ("beijing", "fact: governance.duties_agreed, is: true", "fact: governance.duties_agreed", "/gates/3"),
        ("zhuhai", 'heads: "3/4"', 'heads: "2/3"', "/votes/renovation_plan/approval/heads"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(city: str, old: str, new: str, pointer: str) -> None:
    text = text_of(city)
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    found = faults(text.replace(old, new, 1))
    assert [place for _, place in found] == [pointer]
    assert abs(found[0][0] - line) <= 2


def test_the_leaves_stand_in_the_published_form() -> None:
    schema = json_schema()
    assert {"consultation", "duties", "lift"} <= set(schema["properties"])
    assert set(schema["$defs"]["Asker"]["enum"]) == {asker.value for asker in Asker}
    assert set(schema["$defs"]["Lift"]["required"]) == {"actors", "signatures"}
