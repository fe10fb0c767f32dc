"""What is printed of a consultation: the form for a door, with a QR code, and the list for those who go from door to door."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.web import pages
from services.web.codes import code_of
from services.web.sheets import Cell, Column, sheet
from services.web.words import ANSWERS, ASKERS, CONSULTED, PROPERTY_KINDS, VISIT_OUTCOMES

COLUMNS = [
    Column("楼栋", "Building", 10),
    Column("单元", "Entrance", 10),
    Column("房号", "Door", 10),
    Column("类型", "Kind", 14),
    Column("业主", "Owners", 18),
    Column("目前意见", "Says now", 18),
    Column("本轮上门次数", "Visits in this round", 12),
    Column("最近上门", "Last visit", 14),
    Column("最近结果", "Last outcome", 18),
    Column("上门日期", "Visited on", 14),
    Column("上门人员", "Visitors", 18),
    Column("结果", "Outcome", 18),
    Column("意见建议", "Opinion", 40),
]


def form(
    language: str,
    *,
    consultation: Mapping[str, Any],
    asking: Mapping[str, Any],
    doors: Sequence[Mapping[str, Any] | None],
    duties: Sequence[str],
    address: str,
) -> bytes:
    """The form to fill in: one for each door, blank for None."""
    chinese = language == "zh"
    return pages.page(
        "consultation_form",
        language,
        consultation=consultation,
        matter=CONSULTED[consultation["matter"]][0 if chinese else 1],
        asking=asking,
        actors=[ASKERS[one][0 if chinese else 1] for one in asking["actors"]],
        doors=doors,
        duties=duties,
        address=address,
        code=code_of(address),
    )


def sheet_of(
    consultation: Mapping[str, Any], asking: Mapping[str, Any], doors: Sequence[Mapping[str, Any]], made_at: datetime
) -> bytes:
    """The doors of a round in the order in which one walks, with columns to write in."""
    actors = "、".join(" ".join(ASKERS[one]) for one in asking["actors"])
    return sheet(
        title=f"{consultation['compound_name']} {asking['title']}",
        under=f"{' '.join(CONSULTED[consultation['matter']])}; {actors}",
        columns=COLUMNS,
        rows=(_row(door) for door in doors),
        foot=[f"征询 Consultation {consultation['id']}; 第 {asking['number']} 轮 round {asking['number']}"],
        made_at=made_at,
    )


def _row(door: Mapping[str, Any]) -> list[Cell]:
    visited_on = door["last_visited_on"]
    return [
        door["building_no"],
        door["entrance_no"],
        door["door_no"],
        " ".join(PROPERTY_KINDS[door["kind"]]),
        "、".join(door["owners"]),
        "—" if door["answer"] is None else " ".join(ANSWERS[door["answer"]]),
        door["attempts"],
        None if visited_on is None else visited_on.isoformat(),
        None if door["last_outcome"] is None else " ".join(VISIT_OUTCOMES[door["last_outcome"]]),
        None,
        None,
        None,
        None,
    ]
