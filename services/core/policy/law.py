"""What the law demands of a vote of owners, and that no policy asks for less.

Source: Civil Code of the People's Republic of China, art. 278: owners of two thirds of the exclusive area and two thirds of the
heads take part; of those taking part, more than half are in favour, for items 6 to 8 three quarters, each by area and by heads.
It stands here, below consultation, because a policy is checked against it when it is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from services.core.kit.invalid import InvalidAt


class MatterKind(StrEnum):
    """What a matter on a ballot paper decides; the law sets the least for each."""

    ORDINARY = "ordinary"
    USE_REPAIR_FUND = "use_repair_fund"
    RAISE_REPAIR_FUND = "raise_repair_fund"
    ALTER_OR_REBUILD = "alter_or_rebuild"
    COMMON_PARTS_USE_OR_BUSINESS = "common_parts_use_or_business"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Shares between 0 and 1 that are reached (`>=`), or exceeded (`>`) when strict, by heads and by area."""

    heads: Fraction
    area: Fraction
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Quorum: of all owners, those taking part. Approval: of those taking part, those in favour."""

    quorum: Threshold
    approval: Threshold


class LaxerThanLaw(InvalidAt):
    """A threshold below the legal floor; `pointer` is the place in the thresholds."""


_QUORUM = Threshold(Fraction(2, 3), Fraction(2, 3))
_MORE_THAN_HALF = Thresholds(_QUORUM, Threshold(Fraction(1, 2), Fraction(1, 2), strict=True))
_THREE_QUARTERS = Thresholds(_QUORUM, Threshold(Fraction(3, 4), Fraction(3, 4)))

LEGAL_FLOORS: Mapping[MatterKind, Thresholds] = MappingProxyType(
    {
        MatterKind.ORDINARY: _MORE_THAN_HALF,
        MatterKind.USE_REPAIR_FUND: _MORE_THAN_HALF,
        MatterKind.RAISE_REPAIR_FUND: _THREE_QUARTERS,
        MatterKind.ALTER_OR_REBUILD: _THREE_QUARTERS,
        MatterKind.COMMON_PARTS_USE_OR_BUSINESS: _THREE_QUARTERS,
    }
)


def laxities(kind: MatterKind, thresholds: Thresholds) -> list[LaxerThanLaw]:
    """Every threshold that is below what the law asks for this kind."""
    floor = LEGAL_FLOORS[kind]
    found = []
    for part, ours, law in (
        ("quorum", thresholds.quorum, floor.quorum),
        ("approval", thresholds.approval, floor.approval),
    ):
        for basis, own, least in (("heads", ours.heads, law.heads), ("area", ours.area, law.area)):
            if own < least or (own == least and law.strict and not ours.strict):
                sign, chinese, english = (">", "须超过", "more than") if law.strict else (">=", "不得低于", "at least")
                found.append(
                    LaxerThanLaw(
                        f"/{part}/{basis}",
                        f"低于法定下限：{chinese} {least}（民法典第二百七十八条，{sign} {least}）",
                        f"laxer than the law, which asks for {english} {least} (Civil Code art. 278)",
                    )
                )
    return found


def refuse_laxer_than_law(kind: MatterKind, thresholds: Thresholds) -> None:
    """Passes thresholds at least as strict as the law for this kind; LaxerThanLaw names the first that is not."""
    for laxer in laxities(kind, thresholds):
        raise laxer
