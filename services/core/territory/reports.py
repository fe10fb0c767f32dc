"""Departments' printed statements: filed as they are, their figures pushed as facts of their source, their lines settled by people.

A report is never changed. Which compound a line means is settled at filing when its label is exactly one compound's name (or the
filer names the compound), else by a person with a reason; only then do its figures become facts about that compound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.core.facts import catalogue
from services.core.facts.rules import Kind
from services.core.facts.service import NewFact, push
from services.core.kit.errors import FieldError, InputInvalid, NotFound
from services.core.kit.exact import NotExact, decimal_text, parse_decimal
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import findings, queries, rules
from services.core.territory.errors import CompoundClosed, LineCompoundTaken, LineSettled, TotalAgrees, TotalSettled
from services.core.territory.events import ReportFiled, ReportLineResolved, ReportTotalResolved
from services.core.territory.models import Report, ReportLine, ReportTotal

COMPOUNDS_BELOW = """
SELECT id, name, region_path FROM compound WHERE region_path >= $1 AND region_path < $2 AND closed_at IS NULL
"""
LOCK_LINE = """
SELECT l.id, l.figures, l.compound_id, r.id AS report_id, r.source, r.as_of, r.region_path
FROM report_line l JOIN report r ON r.id = l.report_id
WHERE l.id = $1 AND l.report_id = $2
  AND EXISTS (SELECT 1 FROM unnest($3::text[], $4::text[]) AS scope(low, high)
              WHERE r.region_path >= scope.low AND r.region_path < scope.high)
FOR UPDATE OF l
"""

LOCK_TOTAL = f"""
SELECT t.value, t.resolved_at, r.region_path, {findings.PARTS} AS parts
FROM report_total t JOIN report r ON r.id = t.report_id
WHERE t.id = $1 AND t.report_id = $2
  AND EXISTS (SELECT 1 FROM unnest($3::text[], $4::text[]) AS scope(low, high)
              WHERE r.region_path >= scope.low AND r.region_path < scope.high)
FOR UPDATE OF t
"""
RESOLVE_TOTAL = "UPDATE report_total SET reason = $2, document = $3, resolved_by = $4, resolved_at = $5 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line as printed; `figures` by fact key, None or left out where not printed."""

    label: str
    group: str
    figures: Mapping[str, object]
    counts_as: int = 1
    note: str | None = None
    compound_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PrintedTotal:
    """One total as printed, of the lines of a group; `key` is a fact key or `rules.COUNT_KEY`."""

    group: str
    key: str
    value: object


async def file_report(
    uow: UnitOfWork,
    *,
    scope: Scope,
    deciding: Scope,
    region_id: UUID,
    title: str,
    source: str,
    as_of: date | None,
    lines: Sequence[PrintedLine],
    totals: Sequence[PrintedTotal],
) -> UUID:
    """Files a statement about a region of the scope, and pushes the figures of every line whose compound is beyond doubt.

    InputInvalid names every wrong place; NotFound when a named compound is closed or stands outside the region; SourceOfAnother
    when a figure would replace one that somebody else recorded in the source's name, unless the filer may decide between sources
    there (`deciding`).
    """
    region = await queries.region_in(uow.driver, region_id=region_id, scope=scope)
    figures, values = _checked(lines, totals)
    rows = await uow.driver.fetch(COMPOUNDS_BELOW, region["path"], Scope((region["path"],)).highs[0])
    below = {row["id"]: row["name"] for row in rows}
    paths = {row["id"]: row["region_path"] for row in rows}
    meant = _meant(lines, below)
    report = Report(
        id=new_id(),
        region_id=region_id,
        region_path=region["path"],
        title=title,
        source=source,
        as_of=as_of,
        filed_by=uow.actor.id,
        filed_at=uow.now,
    )
    uow.session.add(report)
    await uow.session.flush()
    printed = [
        ReportLine(
            id=new_id(),
            report_id=report.id,
            position=position,
            group=line.group,
            label=line.label,
            counts_as=line.counts_as,
            figures=of_line,
            note=line.note,
            compound_id=compound_id,
        )
        for position, (line, of_line, compound_id) in enumerate(zip(lines, figures, meant, strict=True))
    ]
    uow.session.add_all(printed)
    uow.session.add_all(
        ReportTotal(report_id=report.id, position=position, group=total.group, key=total.key, value=value)
        for position, (total, value) in enumerate(zip(totals, values, strict=True))
    )
    await uow.session.flush()
    # The lines hold their compounds now: one that was closed before that is seen here, none can be closed after.
    if await uow.driver.fetch(queries.CLOSED, [compound_id for compound_id in meant if compound_id is not None]):
        raise CompoundClosed
    said = [
        fact
        for line in printed
        if line.compound_id is not None
        for fact in _facts(
            line.figures,
            at=(report.id, line.id),
            compound_id=line.compound_id,
            region_path=paths[line.compound_id],
            source=source,
            as_of=as_of,
            pointer=f"/lines/{line.position}/figures",
        )
    ]
    await push(uow, said, deciding=deciding)
    uow.record(
        ReportFiled(lines=len(lines), open_lines=meant.count(None)),
        subject="report",
        subject_id=report.id,
        region_path=region["path"],
    )
    return report.id


async def resolve_line(
    uow: UnitOfWork, *, scope: Scope, report_id: UUID, line_id: UUID, compound_id: UUID, reason: str
) -> None:
    """A person settles, with a reason, which compound of the report's region a line means; its figures become facts.

    `scope` is where the person may decide between sources: the figures replace what others recorded in the source's name.
    """
    line = await uow.driver.fetchrow(LOCK_LINE, line_id, report_id, scope.lows, scope.highs)
    if line is None:
        raise NotFound
    if line["compound_id"] is not None:
        raise LineSettled
    compound = await queries.standing(uow.driver, compound_id=compound_id, scope=scope.within(line["region_path"]))
    try:
        await uow.driver.execute(
            "UPDATE report_line SET compound_id = $2, reason = $3, resolved_by = $4, resolved_at = $5 WHERE id = $1",
            line_id,
            compound_id,
            reason,
            uow.actor.id,
            uow.now,
        )
    except asyncpg.UniqueViolationError as taken:
        raise LineCompoundTaken from taken
    said = _facts(
        line["figures"],
        at=(report_id, line_id),
        compound_id=compound_id,
        region_path=compound["region_path"],
        source=line["source"],
        as_of=line["as_of"],
        pointer="/compound_id",
    )
    await push(uow, said, deciding=scope)
    uow.record(
        ReportLineResolved(line_id=line_id, compound_id=compound_id),
        subject="report",
        subject_id=report_id,
        region_path=line["region_path"],
    )


async def resolve_total(
    uow: UnitOfWork, *, scope: Scope, report_id: UUID, total_id: UUID, reason: str, document: str | None
) -> None:
    """A person settles why a printed total and its parts differ; it leaves the list of what is open, the report shows why.

    NotFound outside the scope, TotalAgrees when there is nothing to settle, TotalSettled when somebody has settled it.
    """
    total = await uow.driver.fetchrow(LOCK_TOTAL, total_id, report_id, scope.lows, scope.highs)
    if total is None:
        raise NotFound
    if total["resolved_at"] is not None:
        raise TotalSettled
    if findings.finding_of(total) is None:
        raise TotalAgrees
    await uow.driver.execute(RESOLVE_TOTAL, total_id, reason, document, uow.actor.id, uow.now)
    uow.record(
        ReportTotalResolved(total_id=total_id),
        subject="report",
        subject_id=report_id,
        region_path=total["region_path"],
    )


def _meant(lines: Sequence[PrintedLine], below: Mapping[UUID, str]) -> list[UUID | None]:
    """Each line's compound: the one its filer names, else the one whose name the label is beyond doubt."""
    named = {line.compound_id for line in lines if line.compound_id is not None}
    if not named <= below.keys():
        raise NotFound
    others = {compound_id: name for compound_id, name in below.items() if compound_id not in named}
    by_name = rules.Names(others).settled([line.label for line in lines])
    return [line.compound_id or found for line, found in zip(lines, by_name, strict=True)]


def _checked(lines: Sequence[PrintedLine], totals: Sequence[PrintedTotal]) -> tuple[list[dict[str, Any]], list[str]]:
    """Canonical figures of each line and canonical values of each total; InputInvalid names every wrong place."""
    wrong: list[FieldError] = []
    figures: list[dict[str, Any]] = []
    for position, line in enumerate(lines):
        canonical = {
            key: _parsed(key, value, f"/lines/{position}/figures/{key}", wrong)
            for key, value in line.figures.items()
            if value is not None
        }
        figures.append(canonical)
    named = [line.compound_id for line in lines if line.compound_id is not None]
    if len(set(named)) < len(named):
        wrong.append(FieldError("/lines", "两行指向同一小区", "name one compound twice"))
    groups = {line.group for line in lines}
    values, seen = [], set()
    for position, total in enumerate(totals):
        if total.group not in groups:
            wrong.append(FieldError(f"/totals/{position}/group", "没有这一组的行", "is a group without lines"))
        if (total.group, total.key) in seen:
            wrong.append(
                FieldError(f"/totals/{position}", "同组同项合计重复", "repeats a total of the same group and key")
            )
        seen.add((total.group, total.key))
        values.append(_parsed(total.key, total.value, f"/totals/{position}/value", wrong, total=True))
    if wrong:
        raise InputInvalid(errors=wrong)
    return figures, values


def _parsed(key: str, value: object, pointer: str, wrong: list[FieldError], *, total: bool = False) -> str:
    if total and key == rules.COUNT_KEY:
        return _count(value, pointer, wrong)
    entry = catalogue.entry(key)
    if entry is None or entry.subject is not catalogue.Subject.COMPOUND:
        wrong.append(FieldError(pointer, "目录中没有这一项", "is no figure of compounds in the catalogue"))
    elif total and entry.aggregation is not catalogue.Aggregation.SUM:
        wrong.append(FieldError(pointer, "这一项不可加总", "is no figure that adds up"))
    else:
        try:
            return catalogue.parse_value(entry, value)
        except catalogue.ValueInvalid as invalid:
            wrong.append(FieldError(pointer, invalid.zh, invalid.en))
    return ""


def _count(value: object, pointer: str, wrong: list[FieldError]) -> str:
    try:
        number = parse_decimal(value)
    except NotExact as invalid:
        wrong.append(FieldError(pointer, invalid.zh, invalid.en))
        return ""
    if number < 0 or number != number.to_integral_value():
        wrong.append(FieldError(pointer, "应为不小于 0 的整数", "must be a whole number of at least 0"))
    return decimal_text(number)


def _facts(
    figures: Mapping[str, str],
    *,
    at: tuple[UUID, UUID],
    compound_id: UUID,
    region_path: str,
    source: str,
    as_of: date | None,
    pointer: str,
) -> list[NewFact]:
    """The figures of a line as facts of the report's source; `at`: the report and the line, kept as where they come from."""
    report_id, line_id = at
    return [
        NewFact(
            subject_type="compound",
            subject_id=compound_id,
            region_path=region_path,
            key=key,
            value=value,
            kind=Kind.ATTESTED,
            source=source,
            source_rows=[{"report_id": str(report_id), "line_id": str(line_id)}],
            observed_on=as_of,
            pointer=pointer,
        )
        for key, value in sorted(figures.items())
    ]
