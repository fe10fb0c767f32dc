"""A project's plan as it is printed: a page, and a sheet of works and funding."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.core.kit.exact import decimal_text, exact_sum, round_half_up
from services.web import pages
from services.web.sheets import Cell, Column, sheet
from services.web.words import BUILDING_OPTIONS, CATEGORIES, FUNDING, Words

COLUMNS = [
    Column("部分", "Part", 16),
    Column("内容或来源", "Works or source", 36),
    Column("类别", "Category", 18),
    Column("数量", "Quantity", 12),
    Column("单位", "Unit", 8),
    Column("金额（元）", "Amount (yuan)", 18),
    Column("占比", "Share", 10),
]


def page_of(language: str, project: Mapping[str, Any], plan: Mapping[str, Any]) -> bytes:
    """The page. `project`: no, title, region_name, compounds, client_unit; `plan`: a stored version."""
    shown = {
        **{name: plan[name] for name in ("number", "budget", "management_mode", "synthetic", "digest", "made_at")},
        "lines": [{**item, "options": _options(item)} for item in plan["items"]],
        "cost": _cost(plan),
        "funding": [{**line, "share": _share(line, plan)} for line in plan["funding"]],
    }
    about = {
        **{name: project[name] for name in ("no", "title", "client_unit")},
        "region": project["region_name"],
        "compounds": _names(project),
    }
    return pages.page("plan", language, project=about, plan=shown)


def sheet_of(project: Mapping[str, Any], plan: Mapping[str, Any]) -> bytes:
    """The sheet; always the same bytes for the same version."""
    foot = [f"方案 Plan: {project['no']} 第 {plan['number']} 版 version {plan['number']} SHA-256 {plan['digest']}"]
    if plan["synthetic"]:
        foot.append("演示数据，不作为决策依据。Synthetic: this plan decides nothing.")
    return sheet(
        title=project["title"],
        under=f"{project['no']} {project['region_name']} {'、'.join(_names(project))}",
        columns=COLUMNS,
        rows=_rows(plan),
        foot=foot,
        made_at=plan["made_at"],
    )


def _rows(plan: Mapping[str, Any]) -> list[Sequence[Cell]]:
    works, funding = "改造内容 Works", "资金筹集 Funding"
    rows: list[Sequence[Cell]] = []
    for item in plan["items"]:
        category = " ".join(CATEGORIES[item["category"]])
        options = "".join(f"; {' '.join(words)}: {count}" for words, count in _options(item))
        title = f"{item['title']}{options}"
        rows.append([works, title, category, Decimal(item["quantity"]), item["unit"], Decimal(item["cost"]), None])
    rows.append([works, "合计 Total", None, None, None, _cost(plan), None])
    rows += [
        [funding, " ".join(FUNDING[line["source"]]), None, None, None, Decimal(line["amount"]), _share(line, plan)]
        for line in plan["funding"]
    ]
    rows.append(["总投资 Budget", None, None, None, None, plan["budget"], None])
    return rows


def _options(item: Mapping[str, Any]) -> list[tuple[Words, int]]:
    """At how many buildings a line of works comes in which way, where it differs from building to building."""
    counts = Counter(one["option"] for one in item.get("buildings", ()))
    return [(words, counts[option]) for option, words in BUILDING_OPTIONS.items() if counts[option]]


def _cost(plan: Mapping[str, Any]) -> Decimal:
    return exact_sum(Decimal(item["cost"]) for item in plan["items"])


def _share(line: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """A payer's part of the budget in percent, to two places; a plan with funding has a budget, or all of it is nothing."""
    whole = plan["budget"]
    return f"{decimal_text(round_half_up(Fraction(line['amount']) * 100 / Fraction(whole), 2))}%" if whole else "—"


def _names(project: Mapping[str, Any]) -> list[str]:
    return [compound["name"] for compound in project["compounds"] or []]
