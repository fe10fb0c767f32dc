"""Discrepancies, computed on reading: printed totals that their parts do not give, labels that fit no or several compounds, and
sources that differ. One list, in a fixed order, page by page.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.facts import queries as fact_queries
from services.core.facts.rules import Figure
from services.core.kit.exact import parse_fraction
from services.core.kit.scope import Scope
from services.core.territory import queries, rules
from services.core.territory.rules import FindingKind

if TYPE_CHECKING:
    import asyncpg

IN_SCOPE = """EXISTS (SELECT 1 FROM unnest($1::text[], $2::text[]) AS scope(low, high)
                WHERE r.region_path >= scope.low AND r.region_path < scope.high)"""

PARTS = f"""
(SELECT jsonb_agg(jsonb_build_array(
          l.label, CASE WHEN t.key = '{rules.COUNT_KEY}' THEN l.counts_as::text ELSE l.figures ->> t.key END) ORDER BY l.position)
 FROM report_line l WHERE l.report_id = t.report_id AND l."group" = t."group")
"""
TOTALS = f"""
SELECT r.region_path, r.id AS report_id, r.title, r.source, t.id AS total_id, t.position, t."group", t.key, t.value, t.reason,
       t.document, t.resolved_at, {PARTS} AS parts
FROM report r JOIN report_total t ON t.report_id = r.id
WHERE {IN_SCOPE} AND (r.region_path, r.id, t.position) > ($3, $4::uuid, $5::bigint)
  AND ($6::uuid IS NULL OR EXISTS (SELECT 1 FROM report_line l WHERE l.report_id = r.id AND l."group" = t."group"
                                                                AND l.compound_id = $6))
  AND ($7::uuid IS NULL OR r.id = $7) AND ($8 OR t.resolved_at IS NULL)
ORDER BY r.region_path, r.id, t.position LIMIT $9
"""
# Coarse, and in the form of rules.normal_name; the rule itself decides.
PLAIN = "regexp_replace(normalize({}, NFKC), '\\s', '', 'g')"
OPEN_LINES = f"""
SELECT r.region_path, r.id AS report_id, r.title, r.source, l.position, l.id AS line_id, l."group", l.label, l.note
FROM report r JOIN report_line l ON l.report_id = r.id
WHERE {IN_SCOPE} AND l.compound_id IS NULL AND (r.region_path, r.id, l.position) > ($3, $4::uuid, $5::bigint)
  AND ($6::text IS NULL OR starts_with($6, r.region_path)) AND ($7::uuid IS NULL OR r.id = $7)
  AND ($8::text IS NULL OR strpos({PLAIN.format("l.label")}, $8) > 0 OR strpos($8, {PLAIN.format("l.label")}) > 0)
ORDER BY r.region_path, r.id, l.position LIMIT $9
"""
# Each name is taken into that form once, not once for every line.
MAY_MEAN = f"""
WITH line AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS line(line_id, label, low, high)),
named AS MATERIALIZED (
  SELECT place.low, c.id, c.no, c.name, {PLAIN.format("c.name")} AS plain
  FROM (SELECT DISTINCT low, high FROM line) AS place
  JOIN compound c ON c.region_path >= place.low AND c.region_path < place.high
  WHERE c.closed_at IS NULL)
SELECT l.line_id, n.id, n.no, n.name FROM line l JOIN named n ON n.low = l.low
WHERE strpos(l.label, n.plain) > 0 OR strpos(n.plain, l.label) > 0
ORDER BY n.no
"""
BATCH = 200
FIRST = ("", UUID(int=0), -1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A compound that a printed label may mean."""

    id: UUID
    no: str
    name: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One discrepancy. `place`: region path, id and position or key: its place in the list of its kind."""

    kind: FindingKind
    place: tuple[str, UUID, int | str]
    report: "asyncpg.Record | None" = None
    total: rules.TotalFinding | None = None
    candidates: tuple[Candidate, ...] = ()
    figures: tuple[Figure, ...] = ()


async def of_totals(
    driver: "asyncpg.Connection",
    *,
    scope: Scope,
    kinds: Collection[FindingKind],
    after: tuple[str, UUID, int] = FIRST,
    compound_id: UUID | None = None,
    report_id: UUID | None = None,
    settled: bool = False,
    limit: int,
) -> list[Finding]:
    """Mismatched and incomplete totals of reports about regions of the scope, after a place; with those that a person settled."""
    found: list[Finding] = []
    while len(found) < limit:
        rows = await driver.fetch(TOTALS, scope.lows, scope.highs, *after, compound_id, report_id, settled, BATCH)
        for row in rows:
            after = (row["region_path"], row["report_id"], row["position"])
            finding = finding_of(row)
            if finding is not None and finding.kind in kinds:
                found.append(Finding(finding.kind, after, report=row, total=finding))
        if len(rows) < BATCH:
            break
    return found[:limit]


async def of_lines(
    driver: "asyncpg.Connection",
    *,
    scope: Scope,
    after: tuple[str, UUID, int] = FIRST,
    compound: tuple[str, str] | None = None,
    report_id: UUID | None = None,
    limit: int,
) -> list[Finding]:
    """Lines of reports that nobody has assigned to a compound yet, with those they may mean, after a place.

    `compound`: the region path and the name of one that they may mean; few others come with those that do.
    """
    path, name = compound or (None, None)
    wanted = None if name is None else rules.normal_name(name)
    rows = await driver.fetch(OPEN_LINES, scope.lows, scope.highs, *after, path, report_id, wanted, limit)
    candidates = await candidates_of(driver, rows)
    return [
        Finding(
            FindingKind.AMBIGUOUS,
            (row["region_path"], row["report_id"], row["position"]),
            report=row,
            candidates=candidates[row["line_id"]],
        )
        for row in rows
    ]


async def of_facts(
    driver: "asyncpg.Connection",
    *,
    scope: Scope,
    after: tuple[str, UUID, str] = ("", UUID(int=0), ""),
    compound_id: UUID | None = None,
    limit: int,
) -> list[Finding]:
    """Open compounds of the scope whose sources differ undecided, after a place. Nobody decides about closed ones any more."""
    found: list[Finding] = []
    while len(found) < limit:
        conflicts = await fact_queries.conflicts(
            driver,
            subject_type="compound",
            lows=scope.lows,
            highs=scope.highs,
            subject_id=compound_id,
            after=after,
            limit=limit,
        )
        subjects = [conflict.subject_id for conflict in conflicts]
        closed = {row["id"] for row in await driver.fetch(queries.CLOSED, subjects)}
        found += [
            Finding(
                FindingKind.CONFLICT,
                (conflict.region_path, conflict.subject_id, conflict.key),
                figures=conflict.figures,
            )
            for conflict in conflicts
            if conflict.subject_id not in closed
        ]
        if len(conflicts) < limit:
            break
        after = (conflicts[-1].region_path, conflicts[-1].subject_id, conflicts[-1].key)
    return found[:limit]


async def of_compound(
    driver: "asyncpg.Connection", *, scope: Scope, compound_id: UUID, path: str, name: str
) -> list[Finding]:
    """Everything open about one compound: its sources' conflicts, totals that it is part of, lines that may mean it."""
    limit = 200
    conflicts = await of_facts(driver, scope=scope, compound_id=compound_id, limit=limit)
    totals = await of_totals(driver, scope=scope, kinds=frozenset(FindingKind), compound_id=compound_id, limit=limit)
    lines = await of_lines(driver, scope=scope, compound=(path, name), limit=limit)
    return conflicts + totals + [line for line in lines if any(one.id == compound_id for one in line.candidates)]


async def of_report(driver: "asyncpg.Connection", *, report_id: UUID, path: str) -> list[Finding]:
    """Everything that does not fit in one report, settled or not."""
    scope, limit = Scope((path,)), 2000  # more than the totals and lines that one report may have
    totals = await of_totals(
        driver, scope=scope, kinds=frozenset(FindingKind), report_id=report_id, settled=True, limit=limit
    )
    return totals + await of_lines(driver, scope=scope, report_id=report_id, limit=limit)


async def candidates_of(
    driver: "asyncpg.Connection", lines: "Sequence[Mapping[str, Any]]"
) -> dict[UUID, tuple[Candidate, ...]]:
    """The compounds that each line (line_id, label, region_path of its report) may mean."""
    found: dict[UUID, dict[UUID, Candidate]] = {line["line_id"]: {} for line in lines}
    scopes = [Scope((line["region_path"],)) for line in lines]
    rows = await driver.fetch(
        MAY_MEAN,
        [line["line_id"] for line in lines],
        [rules.normal_name(line["label"]) for line in lines],
        [scope.lows[0] for scope in scopes],
        [scope.highs[0] for scope in scopes],
    )
    for row in rows:
        found[row["line_id"]][row["id"]] = Candidate(row["id"], row["no"], row["name"])
    meant = {}
    for line in lines:
        candidates = found[line["line_id"]]
        names = rules.Names({candidate.id: candidate.name for candidate in candidates.values()})
        meant[line["line_id"]] = tuple(candidates[one] for one in names.meant_by(line["label"]))
    return meant


def finding_of(total: "asyncpg.Record") -> rules.TotalFinding | None:
    """What is wrong with a total (value, parts); None when its parts give it."""
    return rules.total_finding(parse_fraction(total["value"]), _parts(total["parts"]))


def _parts(lines: list[list[str | None]] | None) -> list[rules.Part]:
    return [rules.Part(label or "", None if value is None else parse_fraction(value)) for label, value in lines or ()]
