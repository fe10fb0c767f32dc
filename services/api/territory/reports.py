"""Routes of departments' printed statements."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from services.api.deps import Page, Reader, Uow, reply
from services.api.facts.discrepancies import told
from services.api.facts.schemas import CandidateOut
from services.api.security import Access, requires
from services.api.territory.schemas import (
    ReportIn,
    ReportItem,
    ReportLineOut,
    ReportOut,
    ReportPage,
    ReportTotalOut,
    ResolveIn,
    ResolveTotalIn,
)
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.territory import findings, queries
from services.core.territory.reports import PrintedLine, PrintedTotal, file_report, resolve_line, resolve_total
from services.core.territory.rules import FindingKind

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1", tags=["territory", "reports"])


class ReportQuery(BaseModel):
    """Filters of the list: reports about a region or one below it."""

    model_config = ConfigDict(extra="forbid")
    region: UUID | None = None
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


@router.get("/reports", response_model=ReportPage)
async def list_reports(
    access: Annotated[Access, requires(Permission.FACT_READ)],
    reader: Reader,
    page: Page,
    wanted: Annotated[ReportQuery, Query()],
) -> Response:
    """Filed reports, by region and time of filing."""
    scope = await queries.narrowed(reader, region_id=wanted.region, scope=access.scope)
    after = page.after([str, UUID]) or ["", UUID(int=0)]
    rows = await queries.REPORTS.all(
        reader, after_path=after[0], after_id=after[1], limit=page.limit + 1, **scope.parameters
    )
    places = [(row["region_path"], row["id"]) for row in rows]
    return page.answer([_item(row) for row in rows], lambda _last: places[page.limit - 1])


@router.post("/reports", status_code=201, response_model=ReportOut)
async def add_report(access: Annotated[Access, requires(Permission.FACT_ATTEST)], uow: Uow, body: ReportIn) -> Response:
    """Files a statement as printed. Lines whose label is exactly one compound's name become facts of the report's source."""
    report_id = await file_report(
        uow,
        scope=access.scope,
        deciding=access.principal.scope(Permission.DISCREPANCY_ADJUDICATE),
        region_id=body.region_id,
        title=body.title,
        source=body.source,
        as_of=body.as_of,
        lines=[
            PrintedLine(line.label, line.group, line.figures, line.counts_as, line.note, line.compound_id)
            for line in body.lines
        ],
        totals=[PrintedTotal(total.group, total.key, total.value) for total in body.totals],
    )
    out = await _whole(uow.driver, report_id, access.scope)
    return reply(uow, 201, out, location=f"/v1/reports/{report_id}")


@router.get("/reports/{report_id}", response_model=ReportOut)
async def get_report(
    access: Annotated[Access, requires(Permission.FACT_READ)], reader: Reader, report_id: UUID
) -> Response:
    """One report as printed, with what each line means and what does not fit."""
    return Response(to_json(await _whole(reader, report_id, access.scope)), media_type="application/json")


@router.post("/reports/{report_id}/lines/{line_id}/resolve", response_model=ReportOut)
async def resolve(
    access: Annotated[Access, requires(Permission.DISCREPANCY_ADJUDICATE)],
    uow: Uow,
    report_id: UUID,
    line_id: UUID,
    body: ResolveIn,
) -> Response:
    """Settles which compound a line means; its figures become facts about that compound."""
    await resolve_line(
        uow,
        scope=access.scope,
        report_id=report_id,
        line_id=line_id,
        compound_id=body.compound_id,
        reason=body.reason,
    )
    return reply(uow, 200, await _whole(uow.driver, report_id, access.scope))


@router.post("/reports/{report_id}/totals/{total_id}/resolve", response_model=ReportOut)
async def resolve_printed_total(
    access: Annotated[Access, requires(Permission.DISCREPANCY_ADJUDICATE)],
    uow: Uow,
    report_id: UUID,
    total_id: UUID,
    body: ResolveTotalIn,
) -> Response:
    """Settles why a printed total and its parts differ; nothing printed changes."""
    await resolve_total(
        uow,
        scope=access.scope,
        report_id=report_id,
        total_id=total_id,
        reason=body.reason,
        document=body.document,
    )
    return reply(uow, 200, await _whole(uow.driver, report_id, access.scope))


def _item(row: "asyncpg.Record") -> dict[str, Any]:
    return {key: row[key] for key in ReportItem.model_fields}


async def _whole(driver: "asyncpg.Connection", report_id: UUID, scope: Scope) -> ReportOut:
    report = await queries.REPORT.first(driver, report_id=report_id, **scope.parameters)
    if report is None:
        raise NotFound
    lines = await queries.LINES.all(driver, report_id=report_id)
    totals = await queries.TOTALS.all(driver, report_id=report_id)
    found = await findings.of_report(driver, report_id=report_id, path=report["region_path"])
    candidates = {finding.place[2]: finding.candidates for finding in found if finding.kind is FindingKind.AMBIGUOUS}
    return ReportOut(
        **_item(report),
        lines=[
            ReportLineOut(
                **row,
                candidates=[CandidateOut.model_validate(one) for one in candidates.get(row["position"], ())],
            )
            for row in lines
        ],
        totals=[ReportTotalOut(**row) for row in totals],
        discrepancies=[told(finding) for finding in found],
    )
