"""Statistics of complaints: for staff as counted, of any days; for everybody by months that are over, small figures hidden."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from services.api.deps import Page, Reader
from services.api.printed import XLSX, sheet_response
from services.api.security import Access, requires
from services.api.small import cut
from services.api.turns import Turns
from services.api.wire import In
from services.core.desks.queries import desk_of
from services.core.hotline import statistics
from services.core.hotline import statistics_rules as rules
from services.core.hotline.public_errors import StatisticsTooLong
from services.core.hotline.statistics import By, Key, Named, Row
from services.core.hotline.statistics_rules import DEFINITIONS, RECEIVED, Counted, Figure, Measure, Shown
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.exact import decimal_text, round_half_up
from services.core.kit.paging import whole
from services.core.projects.queries import place
from services.core.territory.queries import narrowed
from services.web import sheets

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.uow import Database

router = APIRouter(tags=["complaints"])
Reading = Annotated[Access, requires(Permission.COMPLAINT_READ)]
LONGEST = timedelta(days=366)
MOST = 1000
"""Groups of an answer."""


class FigureOut(BaseModel):
    """Of `of` cases, `count`; `share` exactly, as a decimal or a fraction, null of none."""

    count: int
    of: int
    share: str | None


class GroupOut(BaseModel):
    """A group. `key` and `title` null: cases that have none (no project, no desk yet)."""

    key: str | None
    title: str | None
    received: int
    measures: dict[Measure, FigureOut]


class TextsOut(BaseModel):
    """In both languages."""

    zh: str
    en: str


class DefinitionOut(BaseModel):
    """What a measure divides by what, and whom it leaves out."""

    title: TextsOut
    numerator: TextsOut
    denominator: TextsOut
    left_out: TextsOut


class DefinitionsOut(BaseModel):
    """What every figure means."""

    received: TextsOut
    measures: dict[Measure, DefinitionOut]


class StatisticsOut(BaseModel):
    """Complaints that came in on the days from `first` to `last`, both included, together and by group."""

    first: date
    last: date
    by: By
    definitions: DefinitionsOut
    total: GroupOut
    items: list[GroupOut]


class PublicGroupOut(BaseModel):
    """The same as everybody may see it: null where a figure is hidden."""

    key: str | None
    title: str | None
    received: int | None
    measures: dict[Measure, FigureOut | None]


class PublicStatisticsOut(BaseModel):
    """A month's figures of a region. Hidden are those of fewer than `hidden_below` cases, and what would give them away."""

    month: str
    by: By
    hidden_below: int
    definitions: DefinitionsOut
    total: PublicGroupOut
    items: list[PublicGroupOut]
    next_cursor: str | None
    has_more: bool


class StatisticsQuery(In):
    """Of which complaints: those of days (Asia/Shanghai; this month so far, unless said), a region, a project, a desk."""

    first: date | None = None
    last: date | None = None
    by: By = By.REGION
    region_id: UUID | None = None
    project_id: UUID | None = None
    desk_id: UUID | None = None
    limit: Any = None
    cursor: Any = None

    def days(self) -> tuple[date, date]:
        """The first and the last day; InputInvalid for none, and for more than a year."""
        last = self.last or day_of(datetime.now(UTC))
        first = self.first or last.replace(day=1)
        if not timedelta(0) <= last - first < LONGEST or first.year < FIRST_YEAR:
            raise InputInvalid.at(
                "?last", zh="应不早于起始日，且至多 366 天", en="must not be before the first, nor a year after it"
            )
        return first, last


FIRST_YEAR = 2000


class PublicBy(StrEnum):
    """What the public's figures are grouped by."""

    REGION = "region"
    PROJECT = "project"
    ORGANISATION = "organisation"
    DESK = "desk"


class PublicQuery(In):
    """Of which month that is over (the last one, unless said), of which region (everything, unless said)."""

    month: Annotated[str | None, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-10"])] = None
    region: UUID | None = None
    by: PublicBy = PublicBy.REGION
    limit: Any = None
    cursor: Any = None

    def first(self) -> date:
        """The first day of the month; InputInvalid for one that is not over."""
        this = day_of(datetime.now(UTC)).replace(day=1)
        if self.month is None:
            return (this - timedelta(days=1)).replace(day=1)
        first = date.fromisoformat(f"{self.month}-01")
        if first >= this:
            raise InputInvalid.at("?month", zh="该月尚未结束", en="is not over yet")
        return first


# --- staff


@router.get("/v1/complaints/statistics")
async def get_statistics(access: Reading, reader: Reader, wanted: Annotated[StatisticsQuery, Query()]) -> StatisticsOut:
    """Response, replies in time, resolution and satisfaction, each with its definition; at most a thousand groups."""
    first, last = wanted.days()
    groups, names = await _counted(reader, access, wanted, first, last)
    return StatisticsOut(
        first=first,
        last=last,
        by=wanted.by,
        definitions=_definitions(),
        total=_group(None, rules.total(groups.values())),
        items=[_group(one, groups[one.key]) for one in names],
    )


@router.get("/v1/complaint-statistics", response_class=Response, responses=XLSX)
async def export_statistics(request: Request, access: Reading, wanted: Annotated[StatisticsQuery, Query()]) -> Response:
    """The same as a sheet, its definitions below it."""
    first, last = wanted.days()
    async with request.app.state.database.read() as reader:
        groups, names = await _counted(reader, access, wanted, first, last)
    content = await asyncio.to_thread(_sheet, groups, names, f"{first} – {last}", datetime.now(UTC))
    response = sheet_response(content, "complaint-statistics")
    response.headers["Cache-Control"] = "no-store"
    return response


async def _counted(
    reader: "asyncpg.Connection", access: Access, wanted: StatisticsQuery, first: date, last: date
) -> tuple[dict[Key, Counted], list[Named]]:
    if wanted.project_id is not None:
        await place(reader, project_id=wanted.project_id, scope=access.scope)
    if wanted.desk_id is not None:
        await desk_of(reader, desk_id=wanted.desk_id, scope=access.scope)
    scope = await narrowed(reader, region_id=wanted.region_id, scope=access.scope)
    rows = await statistics.count(
        reader,
        first=first,
        last=last,
        lows=scope.lows,
        highs=scope.highs,
        project_id=wanted.project_id,
        desk_id=wanted.desk_id,
        by=(wanted.by,),
    )
    groups = statistics.grouped(rows, wanted.by, above=rules.common(scope.paths))
    if len(groups) > MOST:
        raise StatisticsTooLong(most=MOST)
    return groups, await statistics.named(reader, groups, wanted.by)


def _group(one: Named | None, counted: Counted) -> GroupOut:
    return GroupOut(
        key=one and one.told,
        title=one and one.title,
        received=counted.received,
        measures={measure: _figure(counted.measures[measure]) for measure in Measure},
    )


def _figure(figure: Figure) -> FigureOut:
    share = figure.share
    return FigureOut(count=figure.count, of=figure.of, share=None if share is None else decimal_text(share))


def _texts(texts: tuple[str, str]) -> TextsOut:
    return TextsOut(zh=texts[0], en=texts[1])


def _definitions() -> DefinitionsOut:
    return DefinitionsOut(
        received=_texts(RECEIVED),
        measures={
            measure: DefinitionOut(
                title=_texts(one.title),
                numerator=_texts(one.numerator),
                denominator=_texts(one.denominator),
                left_out=_texts(one.left_out),
            )
            for measure, one in DEFINITIONS.items()
        },
    )


def _sheet(groups: Mapping[Key, Counted], names: Sequence[Named], under: str, made_at: datetime) -> bytes:
    columns = [sheets.Column("分组", "Group", 30), sheets.Column("受理", "Received", 10)]
    for one in DEFINITIONS.values():
        columns += [
            sheets.Column(f"{one.title[0]}：分子", f"{one.title[1]}: of these", 12),
            sheets.Column("分母", "of", 10),
            sheets.Column("%", "%", 10),
        ]
    foot = [f"受理 Received: {' / '.join(RECEIVED)}"]
    for one in DEFINITIONS.values():
        parts = (one.title, one.numerator, one.denominator, one.left_out)
        foot += [" | ".join(part[0] for part in parts), " | ".join(part[1] for part in parts)]
    return sheets.sheet(
        title="诉求统计 Statistics of complaints",
        under=under,
        columns=columns,
        rows=[
            *(_line(one.title or "（无） none", groups[one.key]) for one in names),
            _line("合计 Total", rules.total(groups.values())),
        ],
        foot=foot,
        made_at=made_at,
    )


def _line(title: str, counted: Counted) -> list[sheets.Cell]:
    line: list[sheets.Cell] = [title, counted.received]
    for measure in DEFINITIONS:
        figure = counted.measures[measure]
        percent = None if figure.share is None else round_half_up(figure.share * 100, 2)
        line += [figure.count, figure.of, percent]
    return line


# --- everybody


class Counts:
    """What was counted of a month, for ten minutes: a month that is over hardly changes, and counting it costs."""

    SECONDS, MOST = 600, 8

    def __init__(self) -> None:
        self._turns = Turns("statistics", at_once=1, most_waiting=20)
        self._known: OrderedDict[tuple[date, By], tuple[float, list[tuple[Row, Counted]]]] = OrderedDict()

    async def of(self, database: "Database", first: date, by: By) -> list[tuple[Row, Counted]]:
        """Complaints of the month that begins on this day, by region and `by`. TemporarilyUnavailable when too many ask."""
        known = self._fresh(first, by)
        if known is not None:
            return known
        async with self._turns.turn():
            known = self._fresh(first, by)
            if known is not None:
                return known
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            async with database.read() as reader:
                rows = await statistics.count(
                    reader, first=first, last=last, lows=[""], highs=[EVERYTHING], by=(By.REGION, by)
                )
            self._known[first, by] = (time.monotonic() + self.SECONDS, rows)
            if len(self._known) > self.MOST:
                self._known.popitem(last=False)
            return rows

    def _fresh(self, first: date, by: By) -> list[tuple[Row, Counted]] | None:
        until, rows = self._known.get((first, by), (0.0, []))
        return rows if until > time.monotonic() else None

    def clear(self) -> None:
        """Forgets everything."""
        self._known.clear()


EVERYTHING = "\U0010ffff"
"""After every path."""


@router.get("/public/complaints/statistics", response_model=PublicStatisticsOut, tags=["public"])
async def get_public_statistics(request: Request, page: Page, wanted: Annotated[PublicQuery, Query()]) -> Response:
    """A month's figures of a region by what lies in it, its projects, organisations or desks.

    Whole months that are over, and figures of five cases at least: neither one figure, nor the difference of several of a region,
    its parts and what it is part of, tells of fewer. Ten minutes old at most; a page is at most 32 KB.
    """
    first, by, database = wanted.first(), By(wanted.by), request.app.state.database
    path = ""
    if wanted.region is not None:
        async with database.read() as reader:
            path = await statistics.path_of(reader, region_id=wanted.region)
    rows = await request.app.state.statistics.of(database, first, by)
    seen = statistics.shown_of(rows, path)
    groups = statistics.grouped(rows, by, above=path)
    shown = rules.table(groups, seen)
    async with database.read() as reader:
        names = await statistics.named(reader, groups, by)
    (after,) = page.after((whole,)) or (0,)
    items = [_public(one, shown[one.key]).model_dump(mode="json") for one in names[after : after + page.limit + 1]]
    told = {
        "month": f"{first:%Y-%m}",
        "by": by,
        "hidden_below": rules.LEAST,
        "definitions": _definitions().model_dump(),
        "total": _public(None, seen).model_dump(mode="json"),
    }
    found = cut(page, items, lambda item: (after + items.index(dict(item)) + 1,), beside=len(to_json(told)))
    told |= {"items": found.rows, "next_cursor": found.cursor, "has_more": found.cursor is not None}
    return Response(to_json(told), headers=found.headers, media_type="application/json")


def _public(one: Named | None, shown: Shown) -> PublicGroupOut:
    figures = {measure: shown.measures[measure] for measure in Measure}
    return PublicGroupOut(
        key=one and one.told,
        title=one and one.title,
        received=shown.received,
        measures={measure: None if figure is None else _figure(figure) for measure, figure in figures.items()},
    )
