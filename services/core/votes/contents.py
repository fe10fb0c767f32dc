"""What a menu vote proposes to renovate: what is badly worn and much wanted enters (domain.md S2)."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import Uuid, bindparam, select

from services.core.kit.database import Statement
from services.core.kit.exact import decimal_text, parse_fraction, round_half_up
from services.core.territory.models import Facility
from services.core.votes import queries

if TYPE_CHECKING:
    import asyncpg

SEVERITIES = Statement(
    select(Facility.area, Facility.name, Facility.severity).where(
        Facility.compound_id == bindparam("compound_id", type_=Uuid()), Facility.superseded_at.is_(None)
    )
)


async def proposed(driver: "asyncpg.Connection", vote: "asyncpg.Record") -> list[dict[str, Any]]:
    """The facilities that a vote asked about, by severity × demand, the greatest first; by their number among equals.

    What passed and is worn (severity above 0) is proposed. Severity is what the record says now, none for what left it.
    """
    result = await queries.RESULTS.first(driver, vote_id=vote["id"])
    assert result is not None  # noqa: S101 - asked only once a result is told
    rows = await SEVERITIES.all(driver, compound_id=vote["compound_id"])
    severities = {(row["area"], row["name"]): row["severity"] for row in rows}
    figures = {one["no"]: one for one in result["matters"]}
    items = [
        (_demand(figures[matter["no"]]), severities.get((matter["area"], matter["item"])), matter)
        for matter in vote["matter_list"]
        if matter["item"] is not None
    ]
    items.sort(key=lambda one: (-one[0] * (one[1] or 0), one[2]["no"]))
    return [
        {
            "no": matter["no"],
            "area": matter["area"],
            "item": matter["item"],
            "severity": severity,
            "demand": decimal_text(round_half_up(demand, 4)),
            "weight": decimal_text(round_half_up(demand * (severity or 0), 4)),
            "passed": figures[matter["no"]]["passed"],
            "proposed": figures[matter["no"]]["passed"] and bool(severity),
        }
        for demand, severity, matter in items
    ]


def _demand(figures: Mapping[str, Any]) -> Fraction:
    """Those in favour over those taking part, the smaller of heads and area."""
    shares = []
    for basis in ("heads", "area"):
        whole = parse_fraction(figures["taking_part"][basis])
        shares.append(parse_fraction(figures["in_favour"][basis]) / whole if whole else Fraction(0))
    return min(shares)
