"""How discrepancies are told, and how their one list is paged over its three parts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.api.facts.schemas import AmbiguousOut, CandidateOut, ConflictOut, FigureOut, SettledOut, TotalOut
from services.core.kit import paging
from services.core.kit.errors import CursorInvalid
from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.territory import findings
from services.core.territory.findings import Finding
from services.core.territory.rules import FindingKind

if TYPE_CHECKING:
    import asyncpg

TOTALS, LINES, FACTS = 0, 1, 2
NOWHERE = ("", UUID(int=0), "")
SUMS = frozenset({FindingKind.MISMATCH, FindingKind.INCOMPLETE})
CURSOR: list[Callable[[str], Any]] = [paging.whole, str, UUID, str]


async def page_of(
    driver: "asyncpg.Connection", *, scope: Scope, kind: FindingKind | None, after: list[Any] | None, limit: int
) -> list[Finding]:
    """Up to `limit` findings after a cursor: totals, then lines, then conflicts, each in the order of its places."""
    part, path, subject, last = after or (TOTALS, *NOWHERE)
    if part not in (TOTALS, LINES, FACTS):
        raise CursorInvalid
    found: list[Finding] = []
    if part == TOTALS and (kind is None or kind in SUMS):
        kinds = SUMS if kind is None else {kind}
        begin = findings.FIRST if after is None else (path, subject, _position(last))
        found += await findings.of_totals(driver, scope=scope, kinds=kinds, after=begin, limit=limit)
    if part <= LINES and kind in (None, FindingKind.AMBIGUOUS) and len(found) < limit:
        begin = (path, subject, _position(last)) if part == LINES else findings.FIRST
        found += await findings.of_lines(driver, scope=scope, after=begin, limit=limit - len(found))
    if kind in (None, FindingKind.CONFLICT) and len(found) < limit:
        keyed = (path, subject, last) if part == FACTS else NOWHERE
        found += await findings.of_facts(driver, scope=scope, after=keyed, limit=limit - len(found))
    return found


def keys_of(finding: Finding) -> tuple[Any, ...]:
    """The cursor's keys of a finding."""
    part = TOTALS if finding.kind in SUMS else LINES if finding.kind is FindingKind.AMBIGUOUS else FACTS
    return (part, *finding.place)


def told(finding: Finding) -> ConflictOut | TotalOut | AmbiguousOut:
    """A finding as an answer."""
    if finding.report is None:
        return ConflictOut(
            kind=FindingKind.CONFLICT,
            compound_id=finding.place[1],
            key=str(finding.place[2]),
            figures=[FigureOut.model_validate(figure) for figure in finding.figures],
        )
    report = finding.report
    where = {
        "report_id": report["report_id"],
        "report_title": report["title"],
        "source": report["source"],
        "group": report["group"],
    }
    if finding.total is None:
        return AmbiguousOut(
            **where,
            kind=FindingKind.AMBIGUOUS,
            line_id=report["line_id"],
            label=report["label"],
            note=report["note"],
            candidates=[CandidateOut.model_validate(candidate) for candidate in finding.candidates],
        )
    return TotalOut(
        **where,
        kind=FindingKind.INCOMPLETE if finding.kind is FindingKind.INCOMPLETE else FindingKind.MISMATCH,
        total_id=report["total_id"],
        key=report["key"],
        reported=decimal_text(finding.total.reported),
        summed=decimal_text(finding.total.summed),
        difference=decimal_text(finding.total.difference),
        missing=list(finding.total.missing),
        settled=None if report["resolved_at"] is None else SettledOut(**report),
    )


def _position(text: str) -> int:
    try:
        return paging.whole(text)
    except ValueError as wrong:
        raise CursorInvalid from wrong
