"""The legal floors of votes: what is as strict as the law passes, what is laxer is named."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.policy.law import (
    LEGAL_FLOORS,
    LaxerThanLaw,
    MatterKind,
    Threshold,
    Thresholds,
    refuse_laxer_than_law,
)

HALF, TWO_THIRDS, THREE_QUARTERS = Fraction(1, 2), Fraction(2, 3), Fraction(3, 4)
QUORUM = Threshold(TWO_THIRDS, TWO_THIRDS)


def test_the_floors_are_those_of_the_civil_code() -> None:
    assert set(LEGAL_FLOORS) == set(MatterKind)
    more_than_half = {MatterKind.ORDINARY, MatterKind.USE_REPAIR_FUND}
    for kind, floor in LEGAL_FLOORS.items():
        assert floor.quorum == QUORUM
        least = (
            Threshold(HALF, HALF, strict=True) if kind in more_than_half else Threshold(THREE_QUARTERS, THREE_QUARTERS)
        )
        assert floor.approval == least


@pytest.mark.parametrize("kind", list(MatterKind))
def test_the_law_itself_and_unanimity_pass(kind: MatterKind) -> None:
    refuse_laxer_than_law(kind, LEGAL_FLOORS[kind])
    everybody = Threshold(Fraction(1), Fraction(1))
    refuse_laxer_than_law(kind, Thresholds(everybody, everybody))


def test_a_little_more_than_half_need_not_be_strict() -> None:
    refuse_laxer_than_law(MatterKind.ORDINARY, Thresholds(QUORUM, Threshold(Fraction(51, 100), Fraction(501, 1000))))


@pytest.mark.parametrize(
    ("kind", "thresholds", "pointer"),
    [
        (MatterKind.ORDINARY, Thresholds(QUORUM, Threshold(HALF, HALF)), "/approval/heads"),
        (MatterKind.ORDINARY, Thresholds(QUORUM, Threshold(Fraction(6, 10), HALF)), "/approval/area"),
        (MatterKind.ALTER_OR_REBUILD, Thresholds(QUORUM, Threshold(TWO_THIRDS, THREE_QUARTERS)), "/approval/heads"),
        (
            MatterKind.RAISE_REPAIR_FUND,
            Thresholds(Threshold(Fraction(666, 1000), TWO_THIRDS), Threshold(THREE_QUARTERS, THREE_QUARTERS)),
            "/quorum/heads",
        ),
        (
            MatterKind.COMMON_PARTS_USE_OR_BUSINESS,
            Thresholds(Threshold(TWO_THIRDS, HALF), Threshold(THREE_QUARTERS, THREE_QUARTERS)),
            "/quorum/area",
        ),
    ],
)
def test_what_is_laxer_is_refused_with_its_place(kind: MatterKind, thresholds: Thresholds, pointer: str) -> None:
    with pytest.raises(LaxerThanLaw) as refusal:
        refuse_laxer_than_law(kind, thresholds)
    assert refusal.value.pointer == pointer
    assert "278" in refusal.value.en
    assert "二百七十八" in refusal.value.zh


SHARES = st.fractions(0, 1, max_denominator=100)
THRESHOLDS = st.builds(
    Thresholds, st.builds(Threshold, SHARES, SHARES), st.builds(Threshold, SHARES, SHARES, st.booleans())
)


@given(st.sampled_from(MatterKind), THRESHOLDS)
def test_whatever_is_let_through_passes_no_vote_that_the_law_would_not(
    kind: MatterKind, thresholds: Thresholds
) -> None:
    floor = LEGAL_FLOORS[kind]
    pairs = [
        (own, least, law.strict and not ours.strict)
        for ours, law in ((thresholds.quorum, floor.quorum), (thresholds.approval, floor.approval))
        for own, least in ((ours.heads, law.heads), (ours.area, law.area))
    ]
    lawful = all(own > least or (own == least and not must_exceed) for own, least, must_exceed in pairs)
    try:
        refuse_laxer_than_law(kind, thresholds)
    except LaxerThanLaw:
        assert not lawful
    else:
        assert lawful
