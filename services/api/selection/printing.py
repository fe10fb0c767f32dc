"""Routes of what is printed: the page for the public notice (公示), a ranking and an annual plan as sheets."""

import asyncio
from collections import OrderedDict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import from_json

from services.api.deps import Reader
from services.api.printed import HTML, XLSX, page_response, sheet_response
from services.api.problems import language_of
from services.api.security import Access, requires
from services.api.turns import Turns
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import Database
from services.core.selection import plan_queries, printing
from services.core.selection.snapshot import how_to_object
from services.web import annual_plans, pages, rankings

router = APIRouter(tags=["selection"])

TURNS = Turns("printing_turns", at_once=1, most_waiting=16)
Partition = Annotated[str | None, Query(min_length=1, max_length=64)]
Year = Annotated[int, Path(ge=2000, le=2100)]
KEPT = 64

# A publication never changes, so neither does its page; the last day of its notice does when the holidays are announced.
_pages: OrderedDict[tuple[UUID, date, bool, str | None, str], bytes] = OrderedDict()


@router.get("/public/rounds/{round_id}/notice", response_class=Response, responses=HTML, tags=["public"])
async def get_notice(request: Request, round_id: UUID, partition: Partition = None) -> Response:
    """The published ranking as a page fit for posting, in Chinese or English (`Accept-Language`)."""
    database: Database = request.app.state.database
    language = language_of(request.headers.get("accept-language"))
    async with database.read() as reader:
        published = await printing.published(reader, round_id=round_id)
    key = (published.publication_id, published.notice.until, published.notice.provisional, partition, language)
    content = _pages.get(key)
    if content is None:
        async with TURNS.turn():
            async with database.read() as reader:
                found = await printing.ranking(
                    reader, scope=Scope((published.region_path,)), run_id=published.run_id, partition=partition
                )
            content = await asyncio.to_thread(
                pages.page, "notice", language, ranking=found.page, notice=published.notice_document
            )
        _pages[key] = content
        while len(_pages) > KEPT:
            _pages.popitem(last=False)
    return page_response(request, content)


@router.get("/public/supplements/{supplement_id}/notice", response_class=Response, responses=HTML, tags=["public"])
async def get_supplement_notice(request: Request, reader: Reader, supplement_id: UUID) -> Response:
    """A published supplement as a page fit for posting, in Chinese or English (`Accept-Language`)."""
    row = await plan_queries.PUBLISHED_SUPPLEMENT.first(reader, supplement_id=supplement_id)
    if row is None:
        raise NotFound
    shown = from_json(row["content"])
    content = pages.page(
        "supplement_notice",
        language_of(request.headers.get("accept-language")),
        shown=shown,
        status=row["status"],
        published_at=datetime.fromisoformat(shown["notice"]["published_at"]),
        until=row["notice_until"],
        provisional=row["provisional"],
        how_to_object=how_to_object(row["notice_until"]),
    )
    return page_response(request, content)


@router.get("/public/plans/{year}/notice", response_class=Response, responses=HTML, tags=["public"])
async def get_plan_notice(request: Request, year: Year, region: Annotated[UUID, Query()]) -> Response:
    """The plan of a year in a region's subtree as a page fit for posting, in Chinese or English (`Accept-Language`)."""
    database: Database = request.app.state.database
    language = language_of(request.headers.get("accept-language"))
    async with TURNS.turn():
        async with database.read() as reader:
            plan = await printing.plan_page(reader, region_id=region, year=year)
        content = await asyncio.to_thread(pages.page, "annual_plan", language, plan=plan)
    return page_response(request, content)


@router.get("/v1/runs/{run_id}/ranking.xlsx", response_class=Response, responses=XLSX)
async def get_ranking_sheet(
    access: Annotated[Access, requires(Permission.ROUND_READ)],
    request: Request,
    run_id: UUID,
    partition: Partition = None,
) -> Response:
    """What a run found as a sheet, headings in both languages; always the same bytes."""
    database: Database = request.app.state.database
    async with TURNS.turn():
        async with database.read() as reader:
            found = await printing.ranking(reader, scope=access.scope, run_id=run_id, partition=partition)
        content = await asyncio.to_thread(rankings.sheet_of, found.document, found.results, found.finished_at)
    return sheet_response(content, f"ranking-{run_id}")


@router.get("/v1/plans/{year}.xlsx", response_class=Response, responses=XLSX)
async def get_plan_sheet(
    access: Annotated[Access, requires(Permission.PLAN_READ)],
    request: Request,
    year: Year,
    region: Annotated[UUID, Query()],
) -> Response:
    """The plan of a year in a region's subtree as a sheet: what holds now beside what was confirmed."""
    database: Database = request.app.state.database
    async with TURNS.turn():
        async with database.read() as reader:
            plan = await printing.plan_of_year(reader, scope=access.scope, region_id=region, year=year)
        content = await asyncio.to_thread(
            annual_plans.sheet_of, plan.region_name, plan.year, plan.entries, plan.totals, plan.changed_at
        )
    return sheet_response(content, f"plan-{year}")
