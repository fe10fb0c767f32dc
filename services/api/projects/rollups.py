"""Routes of roll-ups: what the projects of a region come to, by the regions below it, as an answer or as a table."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader
from services.api.projects.schemas import RollupOut, RollupQuery
from services.api.security import Access, requires
from services.core.exchange import delimited
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text
from services.core.projects import rollups
from services.core.projects.rollups import Place, Wanted
from services.core.projects.rules import STAGE_TITLES, FundingSource, Stage
from services.core.projects.sums import Sums

router = APIRouter(prefix="/v1/rollups", tags=["rollups"])

STARTED, ACCEPTED, HANDED_OVER = Stage.WORKS, Stage.ACCEPTED, Stage.HANDED_OVER
HEADERS = [
    "代码 code", "地区 region", "项目 projects", *(f"{zh} {en}" for zh, en in STAGE_TITLES.values()), "小区 compounds",
    "户数 households", "户数未知项目 households unknown", "建筑面积 floor area (m2)", "面积未知项目 floor area unknown",
    "预算 budget (yuan)", "无方案项目 without plan", "含合成数据项目 synthetic", *(f"资金 {one}" for one in FundingSource),
]  # fmt: skip


@router.get("/projects", response_model=RollupOut)
async def get_project_rollup(
    access: Annotated[Access, requires(Permission.PROJECT_READ)],
    reader: Reader,
    page: Page,
    query: Annotated[RollupQuery, Query()],
) -> Response:
    """Sums over a region's subtree, whole and by the regions of a level below it. `as_of` is at most some minutes ago."""
    (after_path,) = page.after((str,)) or ("",)
    found = await rollups.read(
        reader, scope=access.scope, wanted=_wanted(query), after_path=after_path, limit=page.limit + 1
    )
    return page.answer(
        [_place(place) for place in found.parts],
        lambda row: (row["path"],),
        as_of=found.as_of,
        group=found.group,
        whole=_place(found.whole),
        elsewhere=found.elsewhere,
    )


@router.get("/projects.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def get_project_rollup_table(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], reader: Reader, query: Annotated[RollupQuery, Query()]
) -> Response:
    """The same as a table: the whole region first, then every region of the level. UTF-8 with a mark, for spreadsheets."""
    found = await rollups.read_all(reader, scope=access.scope, wanted=_wanted(query))
    as_of = "" if found.as_of is None else found.as_of.isoformat()
    return Response(
        _table([found.whole, *found.parts], as_of),
        headers={"Content-Disposition": 'attachment; filename="projects.csv"'},
        media_type="text/csv; charset=utf-8",
    )


def _wanted(query: RollupQuery) -> Wanted:
    return Wanted(query.region, query.group, query.stage, query.year)


def _place(place: Place) -> dict[str, Any]:
    return {
        "region_id": place.id,
        "code": place.code,
        "name": place.name,
        "level": place.level,
        "path": place.path,
        **_sums(place.sums),
    }


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "projects": sums.projects,
        "by_stage": sums.by_stage,
        "compounds": sums.compounds,
        "households": sums.households,
        "households_unknown": sums.households_unknown,
        "floor_area": decimal_text(sums.floor_area),
        "floor_area_unknown": sums.floor_area_unknown,
        "budget": decimal_text(sums.budget),
        "without_plan": sums.without_plan,
        "funding": {source: decimal_text(amount) for source, amount in sums.funding.items()},
        "synthetic": sums.synthetic,
        "progress": {
            "planned": sums.at_least(Stage.PLANNED),
            "started": sums.at_least(STARTED),
            "accepted": sums.at_least(ACCEPTED),
            "handed_over": sums.at_least(HANDED_OVER),
            "started_share": _share(sums, STARTED),
            "accepted_share": _share(sums, ACCEPTED),
            "handed_over_share": _share(sums, HANDED_OVER),
        },
    }


def _share(sums: Sums, stage: Stage) -> str | None:
    share = sums.share(stage)
    return None if share is None else decimal_text(share)


def _table(places: Iterable[Place], as_of: str) -> bytes:
    lines = [delimited.line([*HEADERS, "截至 as of"])]
    for place in places:
        sums = place.sums
        cells = [
            place.code or "", place.name, sums.projects, *sums.by_stage.values(), sums.compounds, sums.households,
            sums.households_unknown, decimal_text(sums.floor_area), sums.floor_area_unknown,
            decimal_text(sums.budget), sums.without_plan, sums.synthetic,
            *(decimal_text(sums.funding.get(source, 0)) for source in FundingSource), as_of,
        ]  # fmt: skip
        lines.append(delimited.line(map(str, cells)))
    return "".join(lines).encode("utf-8-sig")
