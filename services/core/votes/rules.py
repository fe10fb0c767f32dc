"""How a vote of owners is counted. Pure and exact: heads are integers, areas decimals, shares fractions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from services.core.kit.exact import exact_sum, round_half_up
from services.core.kit.invalid import InvalidAt
from services.core.policy.law import Threshold, Thresholds

RULES_VERSION = 1
"""Raised by hand when a rule changes what a vote comes to; certificates name it."""


class Choice(StrEnum):
    """What a ballot says. Abstaining takes part; silence is no ballot."""

    APPROVE = "approve"
    REJECT = "reject"
    ABSTAIN = "abstain"


class VoteInputInvalid(InvalidAt):
    """A roll or ballots that cannot be counted."""


@dataclass(frozen=True, slots=True)
class VotingProperty:
    """One flat, shop or garage with its exclusive area in m2."""

    id: str
    area: Decimal


@dataclass(frozen=True, slots=True)
class VotingOwner:
    """One head: a distinct set of co-owners, with all properties that exactly this set owns."""

    owner: str
    properties: tuple[VotingProperty, ...]


@dataclass(frozen=True, slots=True)
class Ballot:
    """The valid ballot of one voting owner on one matter."""

    owner: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Count:
    """Heads and exclusive area in m2."""

    heads: int
    area: Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a threshold is reached by heads and by area; both are needed."""

    heads: bool
    area: bool

    @property
    def met(self) -> bool:
        """Reached by both."""
        return self.heads and self.area


@dataclass(frozen=True, slots=True)
class Tally:
    """The outcome on one matter with every figure that decided it.

    `quorum_missing`: heads and area that must still take part. `approval_missing`: those in favour that are still missing
    among the ones taking part now. Areas in m2, rounded up to the hundredth.
    """

    total: Count
    taking_part: Count
    in_favour: Count
    quorum: Verdict
    approval: Verdict
    quorum_missing: Count
    approval_missing: Count

    @property
    def passed(self) -> bool:
        """Quorum and approval, each by heads and by area."""
        return self.quorum.met and self.approval.met


def tally(thresholds: Thresholds, roll: Sequence[VotingOwner], ballots: Sequence[Ballot]) -> Tally:
    """The result of a vote; the order of roll and ballots never matters.

    VoteInputInvalid names an owner or a property listed twice, a ballot of somebody who is not on the roll, a second ballot.
    """
    areas = _areas(roll)
    seen: set[str] = set()
    taking_part: list[Decimal] = []
    in_favour: list[Decimal] = []
    for index, ballot in enumerate(ballots):
        if ballot.owner not in areas:
            raise VoteInputInvalid(f"/ballots/{index}/owner", "不在业主名册上", "is not on the roll")
        if ballot.owner in seen:
            raise VoteInputInvalid(f"/ballots/{index}/owner", "该业主已有一张选票", "has a ballot already")
        seen.add(ballot.owner)
        taking_part.append(areas[ballot.owner])
        if ballot.choice is Choice.APPROVE:
            in_favour.append(areas[ballot.owner])
    return judge(
        thresholds, total=_count(list(areas.values())), taking_part=_count(taking_part), in_favour=_count(in_favour)
    )


def judge(thresholds: Thresholds, *, total: Count, taking_part: Count, in_favour: Count) -> Tally:
    """The result from counts made elsewhere. An empty roll, or nobody taking part, never passes."""
    return Tally(
        total=total,
        taking_part=taking_part,
        in_favour=in_favour,
        quorum=_verdict(thresholds.quorum, taking_part, total),
        approval=_verdict(thresholds.approval, in_favour, taking_part),
        quorum_missing=_missing(thresholds.quorum, taking_part, total),
        approval_missing=_missing(thresholds.approval, in_favour, taking_part),
    )


def _areas(roll: Sequence[VotingOwner]) -> dict[str, Decimal]:
    areas: dict[str, Decimal] = {}
    listed: set[str] = set()
    for index, owner in enumerate(roll):
        if owner.owner in areas:
            raise VoteInputInvalid(f"/roll/{index}/owner", "业主在名册上重复", "is on the roll twice")
        for position, piece in enumerate(owner.properties):
            if piece.id in listed:
                raise VoteInputInvalid(
                    f"/roll/{index}/properties/{position}/id", "房屋在名册上重复", "is on the roll twice"
                )
            listed.add(piece.id)
        areas[owner.owner] = exact_sum([piece.area for piece in owner.properties])
    return areas


def _count(areas: Sequence[Decimal]) -> Count:
    return Count(len(areas), exact_sum(areas))


def _verdict(threshold: Threshold, part: Count, whole: Count) -> Verdict:
    return Verdict(
        heads=_reached(threshold.heads, threshold.strict, Fraction(part.heads), Fraction(whole.heads)),
        area=_reached(threshold.area, threshold.strict, Fraction(part.area), Fraction(whole.area)),
    )


def _reached(share: Fraction, strict: bool, part: Fraction, whole: Fraction) -> bool:
    if whole <= 0:
        return False
    return part > share * whole if strict else part >= share * whole


def _missing(threshold: Threshold, part: Count, whole: Count) -> Count:
    return Count(
        _least(threshold.heads * whole.heads - part.heads, threshold.strict),
        round_half_up(
            Fraction(
                _least((threshold.area * Fraction(whole.area) - Fraction(part.area)) * 100, threshold.strict), 100
            ),
            2,
        ),
    )


def _least(gap: Fraction, strict: bool) -> int:
    """The least whole number, 0 or more, that closes the gap, or exceeds it when strict."""
    return max(0, floor(gap) + 1 if strict else ceil(gap))
