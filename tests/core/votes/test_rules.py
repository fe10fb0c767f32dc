"""Votes of owners: golden vectors, the edges of thresholds, and what must hold for every vote."""

import json
from decimal import Decimal
from fractions import Fraction
from operator import ge, gt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.exact import decimal_text, parse_fraction
from services.core.policy.law import LEGAL_FLOORS, MatterKind, Threshold, Thresholds
from services.core.votes.rules import (
    Ballot,
    Choice,
    Count,
    Tally,
    VoteInputInvalid,
    VotingOwner,
    VotingProperty,
    judge,
    tally,
)

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "votes.json").read_text(encoding="utf-8")
)
REBUILD = LEGAL_FLOORS[MatterKind.ALTER_OR_REBUILD]


def owner(name: str, *areas: str) -> VotingOwner:
    return VotingOwner(name, tuple(VotingProperty(f"{name}-{n}", Decimal(area)) for n, area in enumerate(areas)))


def thresholds_of(given_thresholds: dict[str, Any]) -> Thresholds:
    quorum, approval = (
        Threshold(parse_fraction(part["heads"]), parse_fraction(part["area"]), part.get("strict", False))
        for part in (given_thresholds["quorum"], given_thresholds["approval"])
    )
    return Thresholds(quorum, approval)


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: vector["name"])
def test_golden_vectors(vector: dict[str, Any]) -> None:
    roll = [
        VotingOwner(one["owner"], tuple(VotingProperty(p["id"], Decimal(p["area"])) for p in one["properties"]))
        for one in vector["roll"]
    ]
    ballots = [Ballot(one["owner"], Choice(one["choice"])) for one in vector["ballots"]]
    found = tally(thresholds_of(vector["thresholds"]), roll, ballots)
    counts = {name: getattr(found, name) for name in ("total", "taking_part", "in_favour")}
    assert {
        "heads": {name: count.heads for name, count in counts.items()},
        "area": {name: decimal_text(count.area) for name, count in counts.items()},
        "quorum": {"heads": found.quorum.heads, "area": found.quorum.area, "met": found.quorum.met},
        "approval": {"heads": found.approval.heads, "area": found.approval.area, "met": found.approval.met},
        "passed": found.passed,
    } == vector["expect"]


def test_an_empty_roll_never_passes() -> None:
    nothing_asked = Thresholds(Threshold(Fraction(0), Fraction(0)), Threshold(Fraction(0), Fraction(0)))
    assert not tally(nothing_asked, [], []).passed
    assert not tally(nothing_asked, [owner("a", "80")], []).passed


def test_many_digits_are_not_rounded_away() -> None:
    large = "9" * 28
    roll = [owner("a", large), owner("b", large), owner("c", large), owner("d", large + ".01")]
    ballots = [
        Ballot("a", Choice.APPROVE),
        Ballot("b", Choice.APPROVE),
        Ballot("c", Choice.APPROVE),
        Ballot("d", Choice.REJECT),
    ]
    found = tally(REBUILD, roll, ballots)
    assert found.approval.heads
    assert not found.approval.area


def test_what_is_missing_is_named() -> None:
    roll = [owner(str(number), "80.00") for number in range(9)]
    found = tally(REBUILD, roll, [Ballot(str(number), Choice.APPROVE) for number in range(5)])
    assert found.quorum_missing == Count(1, Decimal("80.00"))
    assert found.approval_missing == Count(0, Decimal("0.00"))
    found = tally(REBUILD, roll, [Ballot(str(number), Choice.REJECT) for number in range(6)])
    assert found.quorum_missing == Count(0, Decimal("0.00"))
    assert found.approval_missing == Count(5, Decimal("360.00"))


@pytest.mark.parametrize(
    ("roll", "ballots", "pointer"),
    [
        ([owner("a", "80")], [Ballot("b", Choice.APPROVE)], "/ballots/0/owner"),
        ([owner("a", "80")], [Ballot("a", Choice.APPROVE), Ballot("a", Choice.APPROVE)], "/ballots/1/owner"),
        ([owner("a", "80"), owner("a", "60")], [], "/roll/1/owner"),
        (
            [
                owner("a", "80"),
                VotingOwner("b", (VotingProperty("b-0", Decimal(1)), VotingProperty("a-0", Decimal(80)))),
            ],
            [],
            "/roll/1/properties/1/id",
        ),
    ],
)
def test_a_roll_or_ballot_that_cannot_be_counted_is_named(
    roll: list[VotingOwner], ballots: list[Ballot], pointer: str
) -> None:
    with pytest.raises(VoteInputInvalid) as refusal:
        tally(REBUILD, roll, ballots)
    assert refusal.value.pointer == pointer


AREAS = st.integers(0, 10**7).map(lambda hundredths: str(Decimal(hundredths).scaleb(-2)))
SHARES = st.fractions(0, 1, max_denominator=12)
THRESHOLDS = st.builds(
    Thresholds, st.builds(Threshold, SHARES, SHARES), st.builds(Threshold, SHARES, SHARES, st.booleans())
)
ROLLS = st.lists(st.lists(AREAS, min_size=1, max_size=3), max_size=12).map(
    lambda owners: [owner(f"o{number}", *areas) for number, areas in enumerate(owners)]
)


@st.composite
def votes(draw: st.DrawFn) -> tuple[Thresholds, list[VotingOwner], list[Ballot]]:
    roll = draw(ROLLS)
    choices = draw(st.lists(st.none() | st.sampled_from(Choice), min_size=len(roll), max_size=len(roll)))
    cast = zip(roll, choices, strict=True)
    return draw(THRESHOLDS), roll, [Ballot(one.owner, choice) for one, choice in cast if choice is not None]


@given(votes(), st.randoms())
def test_the_order_of_roll_and_ballots_never_matters(
    vote: tuple[Thresholds, list[VotingOwner], list[Ballot]], random: Any
) -> None:
    thresholds, roll, ballots = vote
    found = tally(thresholds, roll, ballots)
    random.shuffle(roll)
    random.shuffle(ballots)
    assert tally(thresholds, roll, ballots) == found


@given(votes())
def test_the_result_agrees_with_the_wording_of_the_law(
    vote: tuple[Thresholds, list[VotingOwner], list[Ballot]],
) -> None:
    thresholds, roll, ballots = vote
    found = tally(thresholds, roll, ballots)
    areas = {one.owner: sum((Fraction(piece.area) for piece in one.properties), Fraction(0)) for one in roll}
    part = [areas[ballot.owner] for ballot in ballots]
    favour = [areas[ballot.owner] for ballot in ballots if ballot.choice is Choice.APPROVE]
    asked = thresholds.approval
    reach = gt if asked.strict else ge
    assert found.passed == (
        len(roll) > 0
        and len(part) > 0
        and sum(part) > 0
        and len(part) >= thresholds.quorum.heads * len(roll)
        and sum(part) >= thresholds.quorum.area * sum(areas.values())
        and reach(len(favour), asked.heads * len(part))
        and reach(sum(favour), asked.area * sum(part))
    )


@given(votes())
def test_turning_a_ballot_to_approval_never_hurts(vote: tuple[Thresholds, list[VotingOwner], list[Ballot]]) -> None:
    thresholds, roll, ballots = vote
    if tally(thresholds, roll, ballots).passed:
        approving = [Ballot(ballot.owner, Choice.APPROVE) for ballot in ballots]
        assert tally(thresholds, roll, approving).passed


@given(votes())
def test_exactly_what_is_missing_is_enough(vote: tuple[Thresholds, list[VotingOwner], list[Ballot]]) -> None:
    thresholds, roll, ballots = vote
    found = tally(thresholds, roll, ballots)
    if found.total.area == 0:
        return
    quorum = _with(found, taking_part=found.quorum_missing, in_favour=Count(0, Decimal(0)))
    reached = judge(thresholds, total=quorum[0], taking_part=quorum[1], in_favour=quorum[2]).quorum
    assert reached.met
    none_missing = found.quorum_missing == Count(0, Decimal("0.00"))
    assert none_missing == found.quorum.met
    if found.taking_part.area > 0:
        approval = _with(found, taking_part=Count(0, Decimal(0)), in_favour=found.approval_missing)
        assert judge(thresholds, total=approval[0], taking_part=approval[1], in_favour=approval[2]).approval.met
        assert (found.approval_missing == Count(0, Decimal("0.00"))) == found.approval.met


def _with(found: Tally, *, taking_part: Count, in_favour: Count) -> tuple[Count, Count, Count]:
    return (
        found.total,
        Count(found.taking_part.heads + taking_part.heads, found.taking_part.area + taking_part.area),
        Count(found.in_favour.heads + in_favour.heads, found.in_favour.area + in_favour.area),
    )
