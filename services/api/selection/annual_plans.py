"""Routes of annual plans and of a project's way through the years: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, PageQuery, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.selection.annual_schemas import (
    AdjustIn,
    EntryOut,
    LineageOut,
    PlanPage,
    PlanQuery,
    PublicPlanPage,
)
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text
from services.core.projects import queries as projects
from services.core.selection import adjusting, plan_queries
from services.web.words import GROUNDS

router = APIRouter(tags=["selection"])
FIRST = ("", "")
Year = Annotated[int, Path(ge=2000, le=2100)]
PUBLIC = ("no", "title", "stage", "list", "kind", "rank", "client_unit", "ground", "document")
OURS = ("plan_id", "project_id", "run_id", "partition", "supplement_id", "at")


def _text(number: Any) -> str | None:
    return None if number is None else decimal_text(number)


def _public_item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in PUBLIC},
        "budget": _text(row["budget"]),
        "floor_area": _text(row["floor_area"]),
        "baseline": {
            "list": row["baseline_list"],
            "budget": _text(row["baseline_budget"]),
            "client_unit": row["baseline_client_unit"],
        },
    }


def _supplement(row: Mapping[str, Any]) -> dict[str, Any]:
    zh, en = GROUNDS.get(row["ground"], (row["ground"], row["ground"]))
    return {**row, "ground_zh": zh, "ground_en": en}


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_public_item(row), **{name: row[name] for name in OURS}, "version": row["number"]}


async def _rows(reader: Any, page: PageQuery, where: dict[str, Any], query: PlanQuery) -> list[Any]:
    path, no = page.after((str, str)) or FIRST
    rows: list[Any] = await plan_queries.PLAN.all(
        reader,
        after_path=path,
        after_no=no,
        list=query.list,
        changed=query.changed,
        limit=page.limit + 1,
        **where,
    )
    return rows


def _answer(page: PageQuery, rows: list[Any], items: list[dict[str, Any]], **more: Any) -> Response:
    """A page whose cursor is made of its last row: what everybody reads does not carry it."""
    last = rows[: page.limit][-1] if rows else {}
    return page.answer(items, lambda _item: (last["region_path"], last["no"]), **more)


async def _whole(reader: Any, region: Mapping[str, Any], year: int, where: dict[str, Any]) -> dict[str, Any]:
    """What is told of a plan beside its items."""
    return {
        "region_id": region["id"],
        "region_name": region["name"],
        "year": year,
        "totals": await plan_queries.totals(reader, plan_queries.TOTALS, **where),
        "baseline": await plan_queries.totals(reader, plan_queries.BASELINE_TOTALS, **where),
    }


@router.get("/v1/plans/{year}", response_model=PlanPage)
async def get_plan(
    access: Annotated[Access, requires(Permission.PLAN_READ)],
    reader: Reader,
    page: Page,
    year: Year,
    query: Annotated[PlanQuery, Query()],
) -> Response:
    """The plan of a year in a region's subtree as it holds now, beside what was confirmed."""
    region = await plan_queries.region_of(reader, scope=access.scope, region_id=query.region)
    where = {"year": year, **plan_queries.places(region["path"], access.scope)}
    rows = await _rows(reader, page, where, query)
    return _answer(page, rows, [_item(row) for row in rows], **await _whole(reader, region, year, where))


@router.get("/public/plans/{year}", response_model=PublicPlanPage, tags=["public"])
async def get_public_plan(reader: Reader, page: Page, year: Year, query: Annotated[PlanQuery, Query()]) -> Response:
    """The plan of a year for everybody, with the supplements published since that stopped or added a project of the page."""
    region = await plan_queries.region_of(reader, scope=None, region_id=query.region)
    where = {"year": year, **plan_queries.places(region["path"], None)}
    rows = await _rows(reader, page, where, query)
    shown = [row["project_id"] for row in rows[: page.limit]]
    supplements = await plan_queries.SUPPLEMENTED.all(reader, year=year, project_ids=shown)
    return _answer(
        page,
        rows,
        [_public_item(row) for row in rows],
        supplements=[_supplement(row) for row in supplements],
        **await _whole(reader, region, year, where),
    )


@router.post("/v1/plans/{year}/adjust", status_code=201, response_model=EntryOut)
async def adjust_plan(
    access: Annotated[Access, requires(Permission.PLAN_ADJUST)],
    uow: Uow,
    year: Year,
    version: IfMatch,
    body: AdjustIn,
) -> Response:
    """Another budget or client unit for one project of the plan; `If-Match` is the entry's version."""
    made = await adjusting.adjust(uow, scope=access.scope, year=year, version=version, adjustment=body.adjustment())
    out = EntryOut(
        id=made.id,
        plan_id=made.plan_id,
        project_id=made.project_id,
        kind=made.kind,
        list=made.list,
        budget=_text(made.budget),
        client_unit=made.client_unit,
        document=made.document,
        version=made.number,
    )
    return reply(uow, 201, out, version=made.number)


@router.get("/v1/projects/{project_id}/lineage", response_model=LineageOut)
async def get_lineage(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], reader: Reader, project_id: UUID
) -> Response:
    """A project's way over the years: 申报 → 入库 → 计划 → 调整, in order of time."""
    await projects.place(reader, scope=access.scope, project_id=project_id)
    steps = [
        {**dict(row), "budget": _text(row["budget"])} for row in await reader.fetch(plan_queries.LINEAGE, project_id)
    ]
    return Response(to_json({"project_id": project_id, "steps": steps}), media_type="application/json")
