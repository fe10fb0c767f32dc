"""The count of a vote, from the ledger each time: there are no counters that could go wrong.

semantics.md: a recount from the ledger at any time equals the published figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.core.kit.exact import decimal_text, parse_fraction
from services.core.policy.law import Threshold, Thresholds
from services.core.votes.lifecycle import UNSEALED
from services.core.votes.rules import Count, Tally, judge
from services.core.votes.statements import RECOUNT, TALLY

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class MatterCount:
    """A matter with its tally; `against` is what said no, the rest of those taking part abstained."""

    matter: Mapping[str, Any]
    tally: Tally
    against: Count


@dataclass(frozen=True, slots=True)
class Counted:
    """A whole count. `contradicting`: heads whose co-owners do not agree; `unconfirmed`: papers that wait for a second person."""

    matters: tuple[MatterCount, ...]
    contradicting: int
    unconfirmed: int


def thresholds_of(stored: Mapping[str, Mapping[str, Any]]) -> Thresholds:
    """The thresholds that a matter has pinned."""
    quorum, approval = (
        Threshold(parse_fraction(part["heads"]), parse_fraction(part["area"]), part["strict"])
        for part in (stored["quorum"], stored["approval"])
    )
    return Thresholds(quorum, approval)


async def count(driver: "asyncpg.Connection", vote: "asyncpg.Record") -> Counted:
    """The count of a vote (a row of `queries.WHOLE`) as the ledger stands now."""
    return _counted(vote, await driver.fetch(TALLY, vote["id"]))


async def recount(driver: "asyncpg.Connection", vote: "asyncpg.Record") -> tuple[Counted, str]:
    """The same with the SHA-256 over what every head counts with: two counts of the same ballots have the same."""
    rows = await driver.fetch(RECOUNT, vote["id"])
    return _counted(vote, rows), rows[0]["digest"]


def _counted(vote: "asyncpg.Record", rows: "Sequence[asyncpg.Record]") -> Counted:
    total = Count(vote["heads"] or 0, vote["area"] or Decimal(0))
    return Counted(
        tuple(_matter(matter, total, row) for matter, row in zip(vote["matter_list"], rows, strict=True)),
        rows[0]["contradicting"],
        rows[0]["unconfirmed"],
    )


def _matter(matter: Mapping[str, Any], total: Count, row: "asyncpg.Record") -> MatterCount:
    tally = judge(
        thresholds_of(matter["thresholds"]),
        total=total,
        taking_part=Count(row["heads"], row["area"]),
        in_favour=Count(row["heads_in_favour"], row["area_in_favour"]),
    )
    return MatterCount(matter, tally, Count(row["heads_against"], row["area_against"]))


def is_sealed(vote: Mapping[str, Any]) -> bool:
    """Whether choices may not be told yet, to nobody."""
    return vote["status"] not in UNSEALED


def document(counted: Counted, *, sealed: bool) -> list[dict[str, Any]]:
    """Every matter with its figures; while sealed only who takes part, and what is missing there."""
    return [_document(one, sealed=sealed) for one in counted.matters]


def _document(one: MatterCount, *, sealed: bool) -> dict[str, Any]:
    tally = one.tally
    shown: dict[str, Any] = {
        "no": one.matter["no"],
        "kind": one.matter["kind"],
        "title": one.matter["title"],
        "rule": one.matter["rule"],
        "thresholds": one.matter["thresholds"],
        "total": _count(tally.total),
        "taking_part": _count(tally.taking_part),
        "quorum": {"heads": tally.quorum.heads, "area": tally.quorum.area, "met": tally.quorum.met},
        "quorum_missing": _count(tally.quorum_missing),
        "in_favour": None,
        "against": None,
        "abstaining": None,
        "approval": None,
        "approval_missing": None,
        "passed": None,
    }
    if not sealed:
        abstaining = Count(
            tally.taking_part.heads - tally.in_favour.heads - one.against.heads,
            tally.taking_part.area - tally.in_favour.area - one.against.area,
        )
        shown |= {
            "in_favour": _count(tally.in_favour),
            "against": _count(one.against),
            "abstaining": _count(abstaining),
            "approval": {"heads": tally.approval.heads, "area": tally.approval.area, "met": tally.approval.met},
            "approval_missing": _count(tally.approval_missing),
            "passed": tally.passed,
        }
    return shown


def _count(count: Count) -> dict[str, Any]:
    return {"heads": count.heads, "area": decimal_text(count.area)}
