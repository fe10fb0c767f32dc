"""An annual plan as a sheet: what holds now beside what was confirmed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.web.sheets import Cell, Column, sheet
from services.web.words import ENTRY_KINDS, GROUNDS, LISTS

COLUMNS = [
    Column("项目编号", "No.", 16),
    Column("项目", "Project", 28),
    Column("列入", "List", 16),
    Column("名次", "Rank", 7),
    Column("建设单位", "Client unit", 24),
    Column("总投资（元）", "Budget (yuan)", 18),
    Column("建筑面积（平方米）", "Floor area (m²)", 16),
    Column("记录", "Entry", 18),
    Column("事由", "Ground", 18),
    Column("文号", "Document", 24),
    Column("确认时列入", "Confirmed as", 16),
    Column("确认时总投资（元）", "Confirmed budget (yuan)", 18),
    Column("确认时建设单位", "Confirmed client unit", 24),
]


def sheet_of(
    region: str,
    year: int,
    entries: Sequence[Mapping[str, Any]],
    totals: Mapping[str, Mapping[str, Any]],
    changed_at: datetime | None,
) -> bytes:
    """The entries in the order of regions and numbers; the foot has the totals of the three lists."""
    foot = [
        f"{' '.join(LISTS[name])}: {one['projects']} 个项目 projects, {one['budget']} 元 yuan, {one['floor_area']} m²"
        for name, one in totals.items()
    ]
    return sheet(
        title=f"{region}{year}年度城镇老旧小区改造计划",
        under=f"Annual plan {year}, {region}",
        columns=COLUMNS,
        rows=(_row(entry) for entry in entries),
        foot=foot,
        made_at=changed_at or datetime(year, 1, 1, tzinfo=UTC),
    )


def _row(entry: Mapping[str, Any]) -> list[Cell]:
    return [
        entry["no"],
        entry["title"],
        _list(entry["list"]),
        entry["rank"],
        entry["client_unit"],
        entry["budget"],
        entry["floor_area"],
        " ".join(ENTRY_KINDS[entry["kind"]]),
        _ground(entry["ground"]),
        entry["document"],
        _list(entry["baseline_list"]),
        entry["baseline_budget"],
        entry["baseline_client_unit"],
    ]


def _list(name: str | None) -> str:
    return "—" if name is None else " ".join(LISTS[name])


def _ground(name: str | None) -> str | None:
    return None if name is None else " ".join(GROUNDS.get(name, (name,)))
