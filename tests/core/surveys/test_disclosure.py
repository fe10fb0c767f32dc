"""No small cell of a published result can be told from what is shown, not even by who knows the rule that hid it."""

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.surveys.disclosure import LEAST, shown, shown_of_several, shown_total


def named(counts: tuple[int, ...]) -> dict[str, int]:
    return {f"c{index}": count for index, count in enumerate(counts)}


def with_total(total: int, cells: int) -> Iterator[tuple[int, ...]]:
    """Every table of so many cells with this total."""
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in with_total(total - first, cells - 1))


@given(st.lists(st.integers(0, 9), min_size=2, max_size=4))
def test_a_hidden_small_cell_could_be_another_number(counts: list[int]) -> None:
    """The attacker knows the total and the rule: he keeps every table that would have been published just so."""
    seen = shown(named(tuple(counts)))
    if sum(counts) < LEAST:
        assert set(seen.values()) == {None}, "and the total is hidden itself"
        return
    possible = [table for table in with_total(sum(counts), len(counts)) if shown(named(table)) == seen]
    for index, count in enumerate(counts):
        if count < LEAST:
            assert len({table[index] for table in possible}) > 1, (counts, seen)


@given(st.integers(LEAST, 14), st.data())
def test_a_hidden_choice_of_several_could_be_another_number(answered: int, data: st.DataObject) -> None:
    """The same where each chose several: he knows how many answered, and so how many did not choose what is shown."""
    counts = data.draw(st.tuples(*[st.integers(0, answered)] * 3))
    seen = shown_of_several(named(counts), answered)
    possible = [
        table for table in product(range(answered + 1), repeat=3) if shown_of_several(named(table), answered) == seen
    ]
    for index, count in enumerate(counts):
        if min(count, answered - count) < LEAST:
            assert len({table[index] for table in possible}) > 1, (counts, seen)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((60, 25, 5), (60, 25, 5)),
        ((60, 25, 4), (60, None, None)),
        ((60, 25, 0), (60, None, None)),
        ((60, 25, 25, 1), (60, None, None, None)),
        ((60, 3, 1), (None, None, None)),
        ((4, 4), (None, None)),
    ],
)
def test_what_hides_a_small_cell(counts: tuple[int, ...], expected: tuple[int | None, ...]) -> None:
    assert tuple(shown(named(counts)).values()) == expected


def test_who_did_not_choose_is_a_cell_too() -> None:
    assert shown_of_several({"a": 97, "b": 50, "c": 40, "d": 20}, 99) == {"a": None, "b": 50, "c": 40, "d": None}


def test_a_small_total_is_hidden() -> None:
    assert (shown_total(LEAST), shown_total(LEAST - 1)) == (LEAST, None)
