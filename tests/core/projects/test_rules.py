"""The table of moves: no way leads out of it, none past the plan of a year."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.core.projects.rules import ACTION_TITLES, ASKS, MOVES, STAGE_TITLES, Action, Stage

ACTIONS = st.lists(st.sampled_from(Action), max_size=25)
AFTER_PLAN = {Stage.WORKS, Stage.ACCEPTED, Stage.HANDED_OVER}


def walk(actions: list[Action]) -> list[Stage]:
    """The stages that a draft passes; what the table does not know leaves it where it is."""
    way = [Stage.DRAFT]
    for action in actions:
        way.append(MOVES.get((action, way[-1]), way[-1]))
    return way


@given(ACTIONS)
def test_works_need_a_plan_and_a_plan_needs_an_application(actions: list[Action]) -> None:
    way = walk(actions)
    for position, stage in enumerate(way):
        if stage in AFTER_PLAN:
            assert Stage.PLANNED in way[:position]
        if stage is Stage.PLANNED:
            assert Stage.APPLIED in way[:position]


@given(ACTIONS)
def test_what_has_ended_stays_ended_and_works_never_go_back(actions: list[Action]) -> None:
    way = walk(actions)
    order = [Stage.PLANNED, Stage.WORKS, Stage.ACCEPTED, Stage.HANDED_OVER]
    for before, after in pairwise(way):
        if before in {Stage.HANDED_OVER, Stage.DROPPED}:
            assert after is before
        elif before in order:
            assert after is Stage.DROPPED or order.index(after) - order.index(before) in {0, 1}


def test_every_stage_can_be_reached_and_is_told() -> None:
    assert {Stage.DRAFT, *MOVES.values()} == set(Stage) == set(STAGE_TITLES)
    assert {action for action, _ in MOVES} == set(Action) == set(ACTION_TITLES)
    assert set(ASKS) <= set(Action)
