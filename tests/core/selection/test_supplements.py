"""Which reserve takes a place: by rank, with a reason for each that is skipped, caps never exceeded."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.selection.candidates import Caps, RoundParameters
from services.core.selection.choice import Amount, amount_text, demand
from services.core.selection.plan_rules import Held, first_over, taken
from services.core.selection.supplement_rules import Reserve, first_that_passes, weigh

GOOD = Reserve("id-1", "1", "甲", 1, "library", True, False, False, (), {}, True, demand(Fraction(10), Fraction(100)))

FAILED = {"plan_vote": ("方案二次表决", "vote on the plan"), "plan": ("方案", "plan")}


def parameters(**caps: Any) -> RoundParameters:
    return RoundParameters("330200", 2027, (Caps("A", **caps),))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"may_enter": False, "stage": "draft"}, ["stage"]),
        ({"on_notice": True}, ["on_notice"]),
        ({"refused": True}, ["objection"]),
        ({"conflicts": ("compound.households",)}, ["conflict"]),
        ({"failed_gates": FAILED}, ["gate"]),
        ({"is_ready": False}, ["not_ready"]),
        ({"demand": demand(Fraction(50), Fraction(100))}, []),
        ({"demand": demand(Fraction("50.01"), Fraction(100))}, ["cap"]),
        ({"demand": demand(None, Fraction(100))}, ["cap"]),
        ({"demand": demand(Fraction(51), Fraction(201))}, ["cap", "cap"]),
        ({"may_enter": False, "failed_gates": FAILED, "is_ready": False}, ["stage", "gate", "not_ready"]),
    ],
)
def test_every_reason_is_told_in_both_languages(change: dict[str, Any], codes: list[str]) -> None:
    held = [Held("x", "A", None, None), Held("y", "B", None, None)]
    room = taken(parameters(count=2, budget=Fraction(50), floor_area=Fraction(200)), "A", held)
    (only,) = weigh([replace(GOOD, **change)], room)
    told = only.document()
    assert [one["code"] for one in told["reasons"]] == codes
    assert told["passes"] is (not codes)
    assert all(one["zh"] and one["en"] for one in told["reasons"])


def test_what_is_left_is_told() -> None:
    held = [Held("x", "A", Decimal("30.5"), None)]
    (only,) = weigh(
        [replace(GOOD, demand=demand(Fraction(20), None))], taken(parameters(budget=Fraction(50)), "A", held)
    )
    (reason,) = only.document()["reasons"]
    assert (reason["left"], reason["asks"]) == ("19.5", "20")
    assert "19.5" in reason["zh"]
    assert "19.5" in reason["en"]


def test_gates_go_by_their_names() -> None:
    (only,) = weigh([replace(GOOD, failed_gates=FAILED)], taken(parameters(), "A", ()))
    (reason,) = only.document()["reasons"]
    assert reason == {
        "code": "gate",
        "gates": ["plan_vote", "plan"],
        "zh": "条件未满足：方案二次表决、方案",
        "en": "gates not passed: vote on the plan, plan",
    }


def test_the_first_by_rank_that_passes_takes_the_place() -> None:
    reserves = [
        replace(GOOD, no="3", rank=3),
        replace(GOOD, no="2", rank=2),
        replace(GOOD, no="1", rank=1, is_ready=False),
    ]
    weighed = weigh(reserves, taken(parameters(), "A", []))
    chosen = first_that_passes(weighed)
    assert [one.reserve.no for one in weighed] == ["1", "2", "3"]
    assert chosen is not None
    assert chosen.reserve.no == "2"
    assert first_that_passes(weigh([replace(GOOD, is_ready=False)], taken(parameters(), "A", []))) is None


AMOUNTS = st.sampled_from([None, *(Fraction(number, 4) for number in (0, 1, 30, 41, 200))])


@st.composite
def reserves(draw: st.DrawFn) -> list[Reserve]:
    ranks = draw(st.lists(st.integers(1, 20), unique=True, max_size=8))
    return [
        Reserve(
            f"id-{rank}", str(rank), "项目", rank, "library",
            draw(st.booleans()),
            draw(st.sampled_from([False, False, True])),
            draw(st.sampled_from([False, False, True])),
            draw(st.sampled_from([(), (), ("compound.households",)])),
            draw(st.sampled_from([{}, {}, FAILED])),
            draw(st.sampled_from([True, True, False])),
            demand(draw(AMOUNTS), draw(AMOUNTS)),
        )
        for rank in ranks
    ]  # fmt: skip


@given(reserves(), st.randoms(), st.none() | st.integers(0, 3), AMOUNTS, AMOUNTS, st.lists(AMOUNTS, max_size=3))
def test_caps_are_never_exceeded_and_nobody_is_passed_over_without_a_reason(
    given_reserves: list[Reserve],
    random: Any,
    count: int | None,
    budget: Fraction | None,
    floor_area: Fraction | None,
    held_budgets: list[Fraction | None],
) -> None:
    rules = parameters(count=count, budget=budget, floor_area=floor_area)
    held: list[Held] = []
    for number, amount in enumerate(held_budgets):  # what a round has let in keeps its caps
        one = Held(f"in-{number}", "A", None if amount is None else _decimal(amount), _decimal(Fraction(1)))
        if not taken(rules, "A", held).over(one.demand):
            held.append(one)
    room = taken(rules, "A", held)
    weighed = weigh(given_reserves, room)
    shuffled = list(given_reserves)
    random.shuffle(shuffled)
    assert [one.document() for one in weigh(shuffled, room)] == [one.document() for one in weighed]
    assert [one.reserve.rank for one in weighed] == sorted(one.rank for one in given_reserves)
    chosen = first_that_passes(weighed)
    if chosen is None:
        assert all(one.reasons for one in weighed)
        return
    reserve = chosen.reserve
    assert (reserve.may_enter, reserve.is_ready, *reserve.conflicts, *reserve.failed_gates) == (True, True)
    assert all(one.reasons for one in weighed if one.reserve.rank < reserve.rank)
    _, money, area = map(_decimal, reserve.demand)
    entered = Held(reserve.project_id, "A", money, area)
    assert first_over(rules, [*held, entered]) is None


def _decimal(billionths: Amount | None) -> Decimal | None:
    return None if billionths is None else Decimal(amount_text(billionths))
