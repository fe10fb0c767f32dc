"""What the demonstration prints: discrepancies, ranking, points, reasons, what each step took."""

import time
from collections.abc import Callable
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from services.cli.demo.play import Json, Played
from services.cli.demo.residents import Residents
from services.cli.demo.sequel import Sequel

OUTCOMES = {
    "in": "[green]实施 in[/green]",
    "reserve": "[yellow]谋划 reserve[/yellow]",
    "later": "储备 later",
    "not_ranked": "[red]不参加排名 not ranked[/red]",
}
LISTS = {
    "implement": "[green]实施 implement[/green]",
    "reserve": "[yellow]谋划 reserve[/yellow]",
    "later": "储备 later",
}
CHANGES = {
    "confirmed": "",
    "dropped": "[red]退出 dropped[/red]",
    "supplemented": "[green]增补 supplemented[/green]",
    "adjusted": "调整 adjusted",
}
COUNTED = ("total", "taking_part", "in_favour")
KEYS = {
    "compound.land_area": ("占地 land", "m²"),
    "compound.pipe": ("管网 pipes", "m"),
    "compound.road": ("道路 roads", "m²"),
    "compound.green": ("绿化 green", "m²"),
    "compound.parking": ("车位 parking", "个"),
    "compound.households": ("户数 households", "户"),
}


class Stages:
    """Runs the steps one by one, shows the one under way, and remembers what each took."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.took: list[tuple[str, str, float]] = []

    def step(self, who: str, what: str, do: Callable[[], str]) -> None:
        """One step; `do` says in a few words what came of it."""
        started = time.monotonic()
        with self.console.status(f"{who}：{what} …"):
            came = do()
        seconds = time.monotonic() - started
        self.took.append((who, what, seconds))
        self.console.print(f"[green]✓[/green] {who}：{what} — {came} [dim]{seconds:.2f} s[/dim]")

    def summary(self) -> None:
        """Where the time went."""
        table = Table(title="各步用时 What each step took", title_justify="left")
        for column in ("谁 who", "做什么 what", "秒 s"):
            table.add_column(column, justify="right" if column.startswith("秒") else "left")
        for who, what, seconds in self.took:
            table.add_row(who, what, f"{seconds:.2f}")
        table.add_row("", "合计 total", f"{sum(seconds for _, _, seconds in self.took):.2f}")
        self.console.print(table)


def discrepancies(console: Console, played: Played) -> None:
    """Where the report's totals and its printed parts do not agree (S17: 底数不清)."""
    table = Table(title=f"{played.county.name}：报告合计与分项不符之处 discrepancies", title_justify="left")
    for column in (
        "种类 kind",
        "组 group",
        "指标 figure",
        "报告 reported",
        "分项合计 parts",
        "差 difference",
        "说明 note",
    ):
        table.add_column(column)
    for found in played.discrepancies:
        title, unit = KEYS.get(found.get("key", ""), (found.get("key", ""), ""))
        table.add_row(
            found["kind"], found.get("group", ""), title, _number(found.get("reported")), _number(found.get("summed")),
            f"{_number(found.get('difference'))} {unit}" if "difference" in found else "", _note(found),
        )  # fmt: skip
    console.print(table)


def _note(found: Json) -> str:
    if found.get("missing"):
        return "未印出 not printed：" + "、".join(found["missing"])
    if "label" in found:
        return f"一行两名 two names in one line：“{found['label']}”"
    return ""


def _number(text: str | None) -> str:
    return "" if text is None else f"{Decimal(text):,}"


def ranking(console: Console, played: Played) -> None:
    """The ranking with points by dimension, and the sentence why."""
    dimensions = played.public["dimensions"]
    table = Table(title=f"{played.public['round']['title']}：公示排名 published ranking", title_justify="left")
    for column in ("名次", "小区 compound"):
        table.add_column(column)
    for dimension in dimensions:
        table.add_column(f"{dimension['title']}\n/{dimension['points']}", justify="right")
    table.add_column("总分 total", justify="right")
    table.add_column("结果 outcome")
    for result in played.public["results"]:
        table.add_row(
            str(result["rank"] or "—"), "、".join(result["compounds"]),
            *(result["dimensions"].get(dimension["id"], "") for dimension in dimensions),
            result["total"], OUTCOMES[result["outcome"]],
        )  # fmt: skip
    console.print(table)
    for result in played.public["results"]:
        console.print(f"  {result['sentence']['zh']}")
        console.print(f"  [dim]{result['sentence']['en']}[/dim]")
    marked = sorted({one["zh"] for result in played.public["results"] for one in result["synthetic"]})
    console.print(f"[yellow]合成数据（仅演示）synthetic, not from the source：{'、'.join(marked)}[/yellow]")


def residents(console: Console, decided: Residents) -> None:
    """What the residents of a county decided, with the figures that decided it."""
    name = decided.play.county.name
    table = Table(title=f"{name}：意愿调查 survey（计数 counted；业主合成 synthetic owners）", title_justify="left")
    for column in ("小区 compound", "户数 households", "作答 answered", "占全部 of all", "同意 for it"):
        table.add_column(column, justify="left" if column.startswith("小区") else "right")
    for one in decided.surveys:
        agreed = next(option["responses"] for option in one["questions"][0]["choices"] if option["id"] == "yes")
        table.add_row(one["name"], str(one["units"]), str(one["counted"]), one["share"], str(agreed))
    console.print(table)
    table = Table(title=f"{name}：业主表决 owner votes（人数 heads / 专有部分面积 m²）", title_justify="left")
    for column in ("小区 compound", "事项 matter", "全体 all", "参与 taking part", "同意 in favour", "结果 outcome"):
        table.add_column(column)
    for vote in decided.votes:
        for matter in vote["matters"]:
            figures = [f"{matter[key]['heads']} / {_number(matter[key]['area'])}" for key in COUNTED]
            told = "[green]通过 passed[/green]" if matter["passed"] else "[red]未通过 not passed[/red]"
            table.add_row(vote["name"], vote["title"], *figures, told)
    console.print(table)
    table = Table(title=f"{name}：三轮征询 three rounds", title_justify="left")
    for column in ("小区 compound", "第一轮 1st", "第二轮 2nd", "第三轮 3rd", "同意 agreed"):
        table.add_column(column)
    for one in decided.rounds:
        rounds = [f"{stage['targets']} → {stage['agreed']}" for stage in one["rounds"]]
        table.add_row(one["name"], *rounds, *["—"] * (3 - len(rounds)), f"{one['agreed']} / {one['doors']}")
    console.print(table)


def plan(console: Console, sequel: Sequel) -> None:
    """The plan of the year as everybody reads it, with what was dropped and supplemented since it was confirmed."""
    year = sequel.play.county.year
    table = Table(title=f"{year} 年度计划 annual plan", title_justify="left")
    for column in ("名单 list", "项目 project", "名次 rank", "总投资 budget", "变化 change", "文号 document"):
        table.add_column(column)
    for one in sequel.plan["items"]:
        table.add_row(
            LISTS.get(one["list"], "[red]退出 dropped[/red]"), f"{one['no']} {one['title']}", str(one["rank"]),
            _number(one["budget"]), CHANGES[one["kind"]], one["document"] or "",
        )  # fmt: skip
    console.print(table)
    for one in sequel.supplement["candidates"]:
        told = "增补 enters" if one["passes"] else "；".join(reason["zh"] for reason in one["reasons"])
        console.print(f"  {one['rank']} {one['no']} {told}")


def next_year(console: Console, sequel: Sequel) -> None:
    """The ranking of the next year, with who was preferred for having improved."""
    year = sequel.play.county.year + 1
    table = Table(title=f"{year} 年排名 ranking of the next year", title_justify="left")
    for column in ("名次 rank", "项目 project", "总分 total", "滚动 carried over", "结果 outcome"):
        table.add_column(column)
    for row in sequel.next_ranking:
        table.add_row(
            str(row["rank"] or "—"), f"{row['no']} {row['title']}", str(row["total"]),
            "优先 preferred" if row["reason"]["carried"] else "", OUTCOMES[row["outcome"]],
        )  # fmt: skip
    console.print(table)


def points(console: Console, played: Played) -> None:
    """Every point of the first of the ranking, with its fact and where that came from."""
    first = played.results[0]
    table = Table(title=f"{first['title']}：每一分的来历 where each point comes from", title_justify="left")
    for column in ("指标 indicator", "事实 fact", "值 value", "得分 points", "来源 source", "性质 kind"):
        table.add_column(column)
    for one in first["indicators"]:
        behind = one["source"] or {}
        sources = sorted({str(source["source"]) for source in behind.get("sources", [])})
        table.add_row(
            one["title"], one["fact"], str(one["value"]), one["points"], "；".join(sources), str(behind.get("kind", ""))
        )
    console.print(table)
