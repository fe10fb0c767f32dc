"""Which figure holds: by kind, by agreement, by a person's decision."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.facts.rules import RANK, Decision, Figure, Kind, effective, values_digest

MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)


def figure(number: int, value: str, kind: Kind = Kind.ATTESTED) -> Figure:
    return Figure(
        fact_id=UUID(int=number),
        key="compound.households",
        value=value,
        kind=kind,
        source=f"source {number}",
        document=None,
        source_rows=(),
        observed_on=None,
        recorded_at=MORNING + timedelta(hours=number),
    )


def test_sources_that_agree_hold_and_the_latest_is_shown() -> None:
    holding = effective([figure(1, "120"), figure(2, "120")])
    assert (holding.value, holding.fact_id, holding.conflict, holding.replaced) == ("120", UUID(int=2), (), ())


@pytest.mark.parametrize(
    ("higher", "lower"),
    [(Kind.COUNTED, Kind.ATTESTED), (Kind.COUNTED, Kind.SYNTHETIC), (Kind.ATTESTED, Kind.SYNTHETIC)],
)
def test_a_lower_kind_yields_and_is_shown_as_replaced(higher: Kind, lower: Kind) -> None:
    holding = effective([figure(2, "500", lower), figure(1, "120", higher)])
    assert (holding.value, holding.kind, holding.conflict) == ("120", higher, ())
    assert [other.value for other in holding.replaced] == ["500"]


def test_differing_sources_of_one_kind_hold_nothing() -> None:
    torn = effective([figure(1, "120"), figure(2, "121"), figure(3, "7", Kind.SYNTHETIC)])
    assert (torn.value, torn.kind, torn.fact_id, torn.adjudicated) == (None, None, None, False)
    assert {other.value for other in torn.conflict} == {"120", "121"}
    assert [other.value for other in torn.replaced] == ["7"]


def test_a_decision_holds_until_a_new_value_comes() -> None:
    figures = [figure(1, "120"), figure(2, "121")]
    decision = Decision(figures[0].source, figures[0].value, values_digest(figures))
    decided = effective(figures, decision)
    assert (decided.value, decided.adjudicated, decided.fact_id) == ("120", True, UUID(int=1))
    assert [other.value for other in decided.replaced] == ["121"]
    assert effective([*figures, figure(3, "121")], decision).value == "120", "who joins a known value changes nothing"
    assert effective([*figures, figure(3, "122")], decision).conflict, "a new value opens it again"
    assert effective([*figures, figure(3, "9", Kind.SYNTHETIC)], decision).value == "120"


def test_a_decision_falls_with_the_figure_that_it_chose() -> None:
    figures = [figure(1, "120"), figure(2, "121"), figure(3, "120")]
    decision = Decision(figures[0].source, figures[0].value, values_digest(figures))
    assert effective(figures[1:], decision).conflict, "the chosen source has said something else meanwhile"


def test_a_counted_figure_ends_the_quarrel_of_lower_ones() -> None:
    quarrel = [figure(1, "120"), figure(2, "121")]
    assert effective([*quarrel, figure(3, "119", Kind.COUNTED)]).value == "119"


figures_of_three = st.lists(
    st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(list(Kind))), min_size=1, max_size=4
)


@given(figures_of_three)
def test_the_order_of_figures_never_matters(said: list[tuple[str, Kind]]) -> None:
    figures = [figure(number, value, kind) for number, (value, kind) in enumerate(said)]
    assert len({repr(effective(list(order))) for order in permutations(figures)}) == 1


@given(figures_of_three)
def test_every_figure_is_accounted_for(said: list[tuple[str, Kind]]) -> None:
    figures = [figure(number, value, kind) for number, (value, kind) in enumerate(said)]
    found = effective(figures)
    highest = max(RANK[one.kind] for one in figures)
    assert {one.fact_id for one in found.replaced} == {one.fact_id for one in figures if RANK[one.kind] < highest}
    assert (found.value is None) == bool(found.conflict)
    assert bool(found.conflict) == (len({one.value for one in figures if RANK[one.kind] == highest}) > 1)
