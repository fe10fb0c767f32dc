"""The rows of exports, page by page: the forms that imports take, filled in; and the discrepancies of a region, to work through."""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.exchange import ballots, rolls_export
from services.core.exchange.forms import (
    BALLOTS,
    CATEGORIES,
    COMPOUNDS,
    FIGURES,
    FORMS,
    PROJECTS,
    PROPERTIES,
    QUANTITIES,
    YES_NO,
    ImportKind,
)
from services.core.exchange.pages import Export, Reading, Value
from services.core.exchange.regions import Regions
from services.core.exchange.rolls_export import People
from services.core.facts.catalogue import CATALOGUE, ValueType
from services.core.facts.rules import Kind
from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.territory import findings
from services.core.territory.findings import Finding
from services.core.territory.rules import FindingKind

if TYPE_CHECKING:
    import asyncpg

PAGE = 1000
DISCREPANCIES = "discrepancies"
EXPORTS = (*FORMS, DISCREPANCIES)

COMPOUND_PAGE = """
SELECT id, no, name, address, region_id, region_path FROM compound
WHERE region_path >= $1 AND region_path < $2 AND (region_path, no) > ($3, $4) AND closed_at IS NULL
ORDER BY region_path, no LIMIT $5
"""
STATED = """
SELECT subject_id, key, value, kind, source, document, observed_on FROM fact
WHERE subject_id = ANY ($1::uuid[]) AND superseded_at IS NULL AND kind <> 'counted'
"""
PROJECT_PAGE = """
SELECT p.no, p.title, p.region_id, p.region_path, p.client_unit, v.items,
       array(SELECT c.no FROM project_compound x JOIN compound c ON c.id = x.compound_id
             WHERE x.project_id = p.id ORDER BY c.no) AS compounds
FROM project p LEFT JOIN plan_version v ON v.project_id = p.id AND v.number = p.plan_number
WHERE p.region_path >= $1 AND p.region_path < $2 AND (p.region_path, p.no) > ($3, $4) ORDER BY p.region_path, p.no LIMIT $5
"""
NAMES = "SELECT id, no, name FROM compound WHERE id = ANY ($1::uuid[])"

KINDS: dict[FindingKind, str] = {
    FindingKind.CONFLICT: "来源不一致 conflict",
    FindingKind.MISMATCH: "分项与合计不符 mismatch",
    FindingKind.INCOMPLETE: "分项不全 incomplete",
    FindingKind.AMBIGUOUS: "所指小区不明 ambiguous",
}
DISCREPANCY_TITLES = (
    "种类\nKind", "小区编号\nCompound no.", "小区名称\nCompound name", "指标\nFact", "报表\nReport", "来源\nSource",
    "分组或行\nGroup or line",
    "报表合计\nReported", "分项之和\nSum of parts", "差额\nDifference", "缺项\nMissing", "各方数据\nFigures",
)  # fmt: skip


def export(kind: ImportKind | str, *, reading: Reading, region_path: str, places: Regions, people: People) -> Export:
    """The table of one kind below a region; `people`: how those in it are shown."""
    if kind == ImportKind.COMPOUNDS:
        return Export(tuple(column.header for column in COMPOUNDS.columns), _compounds(reading, region_path, places))
    if kind == ImportKind.PROJECTS:
        return Export(tuple(column.header for column in PROJECTS.columns), _projects(reading, region_path, places))
    if kind == ImportKind.QUANTITIES:
        return Export(tuple(column.header for column in QUANTITIES.columns), _quantities(reading, region_path))
    if kind == ImportKind.PROPERTIES:
        pages = rolls_export.pages(reading, region_path, people)
        return Export(tuple(column.header for column in PROPERTIES.columns), pages)
    if kind == ImportKind.BALLOTS:
        return Export(tuple(column.header for column in BALLOTS.columns), ballots.pages(reading, region_path))
    return Export(DISCREPANCY_TITLES, _discrepancies(reading, Scope((region_path,))))


async def _pages(reading: Reading, statement: str, region_path: str) -> "AsyncIterator[list[asyncpg.Record]]":
    within = Scope((region_path,))
    after = ("", "")
    while True:
        async with reading() as connection:
            rows = await connection.fetch(statement, within.lows[0], within.highs[0], *after, PAGE)
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = (rows[-1]["region_path"], rows[-1]["no"])


async def _compounds(reading: Reading, region_path: str, places: Regions) -> AsyncIterator[list[list[Value]]]:
    """A line for each compound and statement: figures of one source, document and day. Counted figures are nobody's to state."""
    async for rows in _pages(reading, COMPOUND_PAGE, region_path):
        async with reading() as connection:
            facts = await connection.fetch(STATED, [row["id"] for row in rows])
        stated: dict[UUID, dict[tuple[Any, ...], dict[str, str]]] = {}
        for fact in facts:
            statement = (fact["source"], fact["document"], fact["observed_on"], fact["kind"])
            stated.setdefault(fact["subject_id"], {}).setdefault(statement, {})[fact["key"]] = fact["value"]
        lines: list[list[Value]] = []
        for row in rows:
            begin = [row["no"], row["name"], places.label(row["region_id"]), row["address"]]
            statements = stated.get(row["id"]) or {(None, None, None, None): {}}
            for statement in sorted(statements, key=lambda one: tuple(map(str, one))):
                source, document, observed_on, kind = statement
                figures = [_figure(column.key, statements[statement].get(column.key)) for column in FIGURES]
                made_up = YES_NO[0] if kind == Kind.SYNTHETIC else None
                lines.append([*begin, *figures, source, document, observed_on, made_up])
        yield lines


def _figure(key: str, value: str | None) -> Value:
    if value is None:
        return None
    kind = CATALOGUE[key].value_type
    if kind is ValueType.FLAG:
        return YES_NO[0] if value == "true" else YES_NO[1]
    return value if kind is ValueType.TEXT or "/" in value else Decimal(value)


async def _projects(reading: Reading, region_path: str, places: Regions) -> AsyncIterator[list[list[Value]]]:
    async for rows in _pages(reading, PROJECT_PAGE, region_path):
        yield [
            [row["no"], row["title"], places.label(row["region_id"]), "、".join(row["compounds"]), row["client_unit"]]
            for row in rows
        ]


async def _quantities(reading: Reading, region_path: str) -> AsyncIterator[list[list[Value]]]:
    async for rows in _pages(reading, PROJECT_PAGE, region_path):
        yield [
            [
                row["no"], item["title"], item["menu_item"], CATEGORIES[item["category"]][0], Decimal(item["quantity"]),
                item["unit"], Decimal(item["cost"]),
            ]
            for row in rows
            for item in row["items"] or ()
        ]  # fmt: skip


async def _discrepancies(reading: Reading, scope: Scope) -> AsyncIterator[list[list[Value]]]:
    """Totals, then lines, then conflicts between sources, as the list of discrepancies has them."""

    async def totals(connection: "asyncpg.Connection", after: tuple[Any, ...] | None) -> list[Finding]:
        kinds = {FindingKind.MISMATCH, FindingKind.INCOMPLETE}
        return await findings.of_totals(connection, scope=scope, kinds=kinds, after=after or findings.FIRST, limit=PAGE)

    async def lines(connection: "asyncpg.Connection", after: tuple[Any, ...] | None) -> list[Finding]:
        return await findings.of_lines(connection, scope=scope, after=after or findings.FIRST, limit=PAGE)

    async def facts(connection: "asyncpg.Connection", after: tuple[Any, ...] | None) -> list[Finding]:
        return await findings.of_facts(connection, scope=scope, after=after or ("", UUID(int=0), ""), limit=PAGE)

    for part in (totals, lines, facts):
        after: tuple[Any, ...] | None = None
        while True:
            async with reading() as connection:
                found = await part(connection, after)
                conflicts = [one.place[1] for one in found if one.kind is FindingKind.CONFLICT]
                names = {row["id"]: row for row in await connection.fetch(NAMES, conflicts)}
            if found:
                yield [_discrepancy(one, names) for one in found]
            if len(found) < PAGE:
                break
            after = found[-1].place


def _discrepancy(finding: Finding, names: Mapping[UUID, Any]) -> list[Value]:
    if finding.report is None:
        compound, entry = names[finding.place[1]], CATALOGUE[str(finding.place[2])]
        figures = "；".join(f"{figure.source}：{figure.value}" for figure in finding.figures)
        return [KINDS[finding.kind], compound["no"], compound["name"], entry.title_zh, *[None] * 7, figures]
    report, total = finding.report, finding.total
    where = [report["title"], report["source"]]
    if total is None:
        candidates = "；".join(f"{one.no} {one.name}" for one in finding.candidates)
        return [KINDS[finding.kind], None, None, None, *where, report["label"], *[None] * 4, candidates]
    counted = CATALOGUE.get(report["key"])
    sums = [decimal_text(number) for number in (total.reported, total.summed, total.difference)]
    title = "小区数" if counted is None else counted.title_zh
    return [KINDS[finding.kind], None, None, title, *where, report["group"], *sums, "、".join(total.missing), None]
