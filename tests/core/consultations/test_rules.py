"""Rules of consultation: whom a round asks, when it is through, what a lift lacks, which texts go out to nobody."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.consultations import rules
from services.core.consultations.rules import Answer, Door, Matter, Outcome
from services.core.ownership.rules import holds_personal_number
from services.core.policy.consulting import Asker, AskingRound, Lift, Signatures
from services.core.policy.loader import load_packaged

CITIES = {one.policy.id: one.policy for one in load_packaged()}
TWO_THIRDS = Signatures(heads=Fraction(2, 3), area=Fraction(2, 3))
ELSEWHERE = Lift(
    actors=(Asker.NEIGHBOURHOOD_COMMITTEE,), signatures=TWO_THIRDS, no_objection=True, appraisal_at_least="B"
)
SIGNED_BY_ALL = rules.signed([Door(1, Decimal(50), Answer.AGREE)])

areas = st.decimals(min_value="0.01", max_value="500", places=2)
flats = st.lists(st.builds(Door, st.integers(0, 5), areas, st.sampled_from([None, *Answer])), min_size=1, max_size=12)


def test_rounds_are_those_of_the_policy() -> None:
    yichang, shanghai, beijing, ningbo = (CITIES[one] for one in ("yichang", "shanghai", "beijing", "ningbo"))
    assert len(rules.rounds_of(yichang, Matter.PLAN)) == 3
    assert rules.rounds_of(yichang, Matter.DUTIES) == ()
    assert len(rules.rounds_of(beijing, Matter.DUTIES)) == 1
    assert [one.actors for one in rules.rounds_of(shanghai, Matter.LIFT)] == [(Asker.NEIGHBOURHOOD_COMMITTEE,)]
    assert rules.rounds_of(shanghai, Matter.PLAN) == ()
    assert all(rules.rounds_of(ningbo, matter) == () for matter in Matter)
    assert rules.share_wanted(yichang, Matter.PLAN) == 1
    assert rules.share_wanted(beijing, Matter.DUTIES) == Fraction(2, 3)
    assert rules.share_wanted(yichang, Matter.LIFT) is None


@pytest.mark.parametrize(
    ("agreed", "doors", "wanted", "through"),
    [
        (2, 3, Fraction(2, 3), True),
        (538, 808, Fraction(2, 3), False),
        (539, 808, Fraction(2, 3), True),
        (807, 808, Fraction(1), False),
        (808, 808, Fraction(1), True),
        (0, 0, Fraction(1), False),
        (0, 0, Fraction(0), False),
    ],
)
def test_enough_is_exact_and_nobody_is_not_enough(agreed: int, doors: int, wanted: Fraction, through: bool) -> None:
    assert rules.is_through(agreed, doors, wanted) is through


def test_who_comes_to_a_door() -> None:
    alone = AskingRound(title="一", actors=(Asker.GRID_STAFF, Asker.STREET))
    together = AskingRound(title="三", actors=(Asker.GRID_STAFF, Asker.STREET), together=True)
    assert rules.visitors_error(alone, [Asker.STREET], "/v") is None
    assert rules.visitors_error(together, [Asker.STREET, Asker.GRID_STAFF], "/v") is None
    for asking, visitors in (
        (alone, [Asker.OWNERS_COMMITTEE]),
        (together, [Asker.STREET]),
        (together, [Asker.STREET, Asker.GRID_STAFF, Asker.OWNERS_COMMITTEE]),
    ):
        wrong = rules.visitors_error(asking, visitors, "/v")
        assert wrong is not None
        assert wrong.pointer == "/v"


def test_nobody_at_home_says_nothing() -> None:
    assert set(rules.SAID) == set(Outcome) - {Outcome.NOT_HOME}


@given(flats)
def test_signatures_are_counted_by_head_and_by_area_exactly(doors: list[Door]) -> None:
    found = rules.signed(doors)
    owners = {door.owner for door in doors}
    unwilling = {door.owner for door in doors if door.answer != Answer.AGREE}
    assert (found.heads, found.heads_signed) == (len(owners), len(owners - unwilling))
    assert found.area == sum(door.area for door in doors if door.area is not None)
    heads, area = (gate for gate in rules.lift_gates(ELSEWHERE, found, objections=0, grade="A")[:2])
    assert heads.met is (Fraction(found.heads_signed, found.heads) >= Fraction(2, 3))
    assert area.met is (Fraction(found.area_signed) / Fraction(found.area) >= Fraction(2, 3))
    for gate in (heads, area):
        assert (gate.missing is None) is gate.met


@given(flats)
def test_what_is_told_to_be_missing_is_just_enough(doors: list[Door]) -> None:
    found = rules.signed(doors)
    heads, area = rules.lift_gates(ELSEWHERE, found, objections=0, grade="A")[:2]
    if heads.missing is not None:
        lacking = int(heads.missing["en"].split(" ", 1)[0])
        assert Fraction(found.heads_signed + lacking, found.heads) >= Fraction(2, 3)
        assert Fraction(found.heads_signed + lacking - 1, found.heads) < Fraction(2, 3)
    if area.missing is not None:
        short = Fraction(area.missing["en"].split(" ", 1)[0])
        assert (Fraction(found.area_signed) + short) / Fraction(found.area) >= Fraction(2, 3)
        assert (Fraction(found.area_signed) + short - Fraction(1, 100)) / Fraction(found.area) < Fraction(2, 3)


@pytest.mark.parametrize(("grade", "met"), [(None, False), ("A", True), ("B", True), ("C", False), ("D", False)])
def test_the_house_has_to_be_of_the_grade_or_better(grade: str | None, met: bool) -> None:
    *_, objection, appraisal = rules.lift_gates(ELSEWHERE, SIGNED_BY_ALL, objections=1, grade=grade)
    assert (objection.met, appraisal.met) == (False, met)


def test_what_the_policy_does_not_ask_is_no_gate() -> None:
    shanghai = CITIES["shanghai"].lift
    assert shanghai is not None
    told = rules.lift_gates(shanghai, rules.signed([]), objections=0, grade=None)
    assert [(gate.id, gate.met) for gate in told] == [("heads", False), ("area", False), ("no_objection", True)]
    empty = rules.lift_gates(ELSEWHERE, rules.signed([]), objections=0, grade="A")
    assert [gate.met for gate in empty] == [False, False, True, True], "nobody is no two thirds"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("请致电13812341234。", True),
        ("11010519491231002X", True),
        ("电话+8613812341234", True),
        ("0086 138-1234-1234", True),
        ("110105 19491231 002x", True),
        ("１３８１２３４１２３４", True),
        ("方案编号 138123412345678", False),
        ("12345 热线", False),
        ("26 个车位", False),
        ("2026年11月01日", False),
    ],
)
def test_numbers_that_belong_to_one_person_are_seen(text: str, held: bool) -> None:
    assert holds_personal_number(text) is held
