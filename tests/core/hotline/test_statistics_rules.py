"""What of the hotline's statistics everybody may see: nothing of fewer than five cases, nor by subtraction."""

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.hotline.statistics_rules import (
    DEFINITIONS,
    LEAST,
    Counted,
    Figure,
    Measure,
    Shown,
    chain,
    child,
    common,
    seen,
    summed,
    table,
    total,
)


def counted(received: int, **measures: tuple[int, int]) -> Counted:
    """A group; a measure that is not named is of none."""
    figures = {measure: Figure(*measures.get(measure, (0, 0))) for measure in Measure}
    return Counted(received, figures)


def shown(groups: Mapping[str, Counted]) -> dict[str, Shown]:
    """The table of a whole that has nothing above it."""
    return table(groups, seen(total(groups.values())))


def sizes(groups: Mapping[str, Counted]) -> dict[str, int | None]:
    """How many came in, as it is shown."""
    return {key: one.received for key, one in shown(groups).items()}


def test_every_measure_has_a_definition_in_both_languages() -> None:
    assert set(DEFINITIONS) == set(Measure)
    for one in DEFINITIONS.values():
        for zh, en in (one.title, one.numerator, one.denominator, one.left_out):
            assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
            assert en.isascii()


def test_shares_are_exact() -> None:
    assert Figure(1, 3).share == Fraction(1, 3)
    assert Figure(0, 0).share is None
    assert (counted(1, response=(1, 3)) + counted(2, response=(1, 4))).measures[Measure.RESPONSE] == Figure(2, 7)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"a": 5, "b": 9}, {"a": 5, "b": 9}),
        ({"a": 4, "b": 9, "c": 20}, {"a": None, "b": None, "c": 20}),  # c's smaller neighbour goes with it
        ({"a": 4, "b": 9, "c": 9, "d": 20}, {"a": None, "b": None, "c": None, "d": 20}),  # equals are not told apart
        ({"a": 2, "b": 3, "c": 20}, {"a": None, "b": None, "c": 20}),  # five together
        ({"a": 1, "b": 2, "c": 6, "d": 20}, {"a": None, "b": None, "c": None, "d": 20}),  # three together are too few
        ({"a": 0, "b": 9}, {"a": 0, "b": 9}),  # nobody is nobody
        ({"a": 4, "b": 0, "c": 8}, {"a": None, "b": 0, "c": None}),
        ({"a": 4}, {"a": None}),
    ],
)
def test_small_groups_and_what_would_give_them_away(given: dict[str, int], told: dict[str, int | None]) -> None:
    assert sizes({key: counted(received) for key, received in given.items()}) == told


def test_a_few_who_did_not_are_as_few_as_a_few_who_did() -> None:
    groups = {
        "a": counted(20, on_time=(18, 20)),
        "b": counted(30, on_time=(20, 30)),
        "c": counted(40, on_time=(20, 40)),
    }
    told = {key: one.measures[Measure.ON_TIME] for key, one in shown(groups).items()}
    assert told == {"a": None, "b": None, "c": Figure(20, 40)}
    assert sizes(groups) == {"a": 20, "b": 30, "c": 40}


def test_who_was_heard_is_one_group_of_people() -> None:
    """Resolved and content are said by the same: the one shown would tell how many the other is of."""
    groups = {"a": counted(20, resolution=(8, 16), satisfaction=(14, 16)), "b": counted(90)}
    measures = shown(groups)["a"].measures
    assert measures[Measure.RESOLUTION] is None
    assert measures[Measure.SATISFACTION] is None


def test_a_group_whose_size_is_hidden_tells_nothing_else() -> None:
    groups = {"a": counted(4), "b": counted(7, on_time=(7, 7)), "c": counted(50, on_time=(25, 50))}
    assert shown(groups)["b"] == Shown(None, dict.fromkeys(Measure) | {Measure.RESPONSE: None})
    assert shown(groups)["c"].received == 50


def test_where_the_whole_is_hidden_so_are_its_parts() -> None:
    parts = {"a": counted(10, response=(5, 10)), "b": counted(10, response=(5, 10))}
    whole = Shown(None, dict.fromkeys(Measure))
    assert all(one == Shown(None, dict.fromkeys(Measure)) for one in table(parts, whole).values())
    partly = Shown(20, {**dict.fromkeys(Measure, Figure()), Measure.RESPONSE: None})
    assert [(one.received, one.measures[Measure.RESPONSE]) for one in table(parts, partly).values()] == [(10, None)] * 2


def test_paths() -> None:
    assert chain("") == []
    assert chain("1.") == [""]
    assert list(chain("1.22.3.")) == ["", "1.", "1.22."]
    assert child("1.22.3.", "") == "1."
    assert child("1.22.3.", "1.") == "1.22."
    assert child("1.22.", "1.22.") == "1.22."
    assert common(["1.2.", "1.22."]) == "1."
    assert common(["1.2."]) == "1.2."
    assert common([]) == ""
    assert common(["1.", "2."]) == ""
    assert summed([("x", counted(1)), ("y", counted(2)), ("x", counted(3))], str)["x"].received == 4


SMALL = st.lists(st.integers(0, 12), min_size=1, max_size=6)


@given(SMALL)
def test_no_small_figure_follows_from_what_is_shown(received: list[int]) -> None:
    """Whoever knows the total and all that is shown finds a sum of several, and no small one."""
    groups = {str(number): counted(one) for number, one in enumerate(received)}
    told, whole = sizes(groups), seen(total(groups.values())).received
    hidden = [key for key, one in told.items() if one is None]
    for key, one in told.items():
        assert one is None or not 0 < one < LEAST
        assert one is None or one == groups[key].received
    if whole is None:
        assert len(hidden) == len(groups)
        return
    left = whole - sum(one for one in told.values() if one is not None)
    assert not 0 < left < LEAST
    assert (len(hidden) > 1 and left >= LEAST) or not hidden, "a single hidden group follows from the total"
