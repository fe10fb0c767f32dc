"""A ranking as a sheet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.web.sheets import Cell, Column, sheet
from services.web.words import OUTCOMES


def sheet_of(document: Mapping[str, Any], results: Sequence[Mapping[str, Any]], made_at: datetime) -> bytes:
    """The results in rank order, one row each; the foot names policy, run and their digests."""
    dimensions = document["dimensions"]
    columns = [
        Column("分区", "Partition", 14),
        Column("名次", "Rank", 7),
        Column("项目编号", "No.", 16),
        Column("项目", "Project", 24),
        Column("小区", "Compounds", 28),
        Column("户数", "Households", 10),
        Column("总投资（元）", "Budget (yuan)", 16),
        *(Column(one["title"], f"{one['id']} ({one['points']})", 12) for one in dimensions),
        Column("总分", "Total", 10),
        Column("列入", "List", 14),
        Column("说明", "Why", 40),
        Column("", "Why, in English", 40),
        Column("演示数据", "Synthetic figures", 16),
    ]
    policy, run = document["policy"], document["run"]
    foot = [
        f"政策 Policy: {policy['name']} {policy['title']} SHA-256 {policy['digest']}",
        f"计算 Run: {run['id']} SHA-256 {run['digest']}; 规则版本 rules version {run['rules_version']}",
    ]
    if document["illustrative"]:
        foot.append("评分细则为示例，非该市正式文件所定。The rubric is illustrative; no document of the city sets it.")
    return sheet(
        title=document["title"],
        under=f"{document['region']} {document['year']}",
        columns=columns,
        rows=(_row(one, [part["id"] for part in dimensions]) for one in results),
        foot=foot,
        made_at=made_at,
    )


def _row(one: Mapping[str, Any], dimensions: Sequence[str]) -> list[Cell]:
    return [
        one["partition"],
        one["rank"],
        one["no"],
        one["title"],
        "、".join(one["compounds"]),
        _number(one["households"]),
        _number(one["budget"]),
        *(Decimal(one["dimensions"][name]) for name in dimensions),
        Decimal(one["total"]),
        " ".join(OUTCOMES[one["outcome"]]),
        one["sentence"]["zh"],
        one["sentence"]["en"],
        "、".join(fact["zh"] for fact in one["synthetic"]),
    ]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
