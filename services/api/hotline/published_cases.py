"""Cases that were made public: staff's side of it, the map of them, and what was answered at a site."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.hotline.schemas import OpenText
from services.api.hotline.shown import NamedOut
from services.api.security import Access, requires
from services.api.small import Cut, cut
from services.api.wire import In, PageOnly
from services.core.hotline import public_rules, publishing
from services.core.hotline.public_rules import Box
from services.core.hotline.publishing import Told
from services.core.hotline.rules import State
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.exact import decimal_text
from services.core.kit.paging import instant
from services.core.kit.uow import UnitOfWork

router = APIRouter(tags=["complaints"])
Reading = Annotated[Access, requires(Permission.COMPLAINT_READ)]
Handling = Annotated[Access, requires(Permission.COMPLAINT_HANDLE)]
NEWEST = UUID(int=2**128 - 1)
NEVER = datetime.max.replace(tzinfo=UTC)
GEOJSON, FEED = "application/geo+json", "application/feed+json"


class PublishIn(In):
    """What everybody is to read, in staff's words: they name nobody, no door, no number. `answer`: once there is one."""

    question: Annotated[OpenText, Field(max_length=300, examples=["有居民反映 3 栋一带楼道漏水。"])]
    answer: Annotated[OpenText, Field(max_length=1000, examples=["已于 11 月 20 日更换立管。"])] | None = None


class PublicationOut(BaseModel):
    """What is public of a complaint; `public` false: nothing, or nothing any more. `version` is the complaint's."""

    complaint_id: UUID
    public: bool
    question: str | None
    answer: str | None
    published_at: datetime | None
    answered_at: datetime | None
    version: int


class AnswerOut(BaseModel):
    """A public case that was answered. Its id leads to no complaint; `asked_on`: the day on which it came in."""

    id: UUID
    category: NamedOut
    question: str
    answer: str
    asked_on: date
    answered_at: datetime


class AnswersPage(BaseModel):
    """A page of what was answered at a site, the latest first."""

    items: list[AnswerOut]
    next_cursor: str | None
    has_more: bool


class SpotOut(BaseModel):
    """Where a case is shown: the middle of its cell of the grid (RFC 7946; WGS-84, longitude first)."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class CaseOut(BaseModel):
    """What the map tells of a case."""

    category: NamedOut
    state: State
    project_id: UUID | None
    question: str
    asked_on: date
    answered_on: date | None


class FeatureOut(BaseModel):
    """A case on the map."""

    type: Literal["Feature"] = "Feature"
    id: UUID
    geometry: SpotOut
    properties: CaseOut


class MapOut(BaseModel):
    """A page of the map as a GeoJSON feature collection, the latest case first; `cell`: the grid's width in degrees, as text."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    cell: str
    features: list[FeatureOut]
    next_cursor: str | None
    has_more: bool


class Format(StrEnum):
    """As a page of the API, or as a JSON Feed 1.1 for a feed reader."""

    JSON = "json"
    FEED = "feed"


def _edges(given: str) -> Box:
    """Four numbers west, south, east, north (RFC 7946 section 5); InvalidAt-like refusal as a ValueError of two texts."""
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError:
        raise ValueError("应为 西,南,东,北 四个数", "must be four numbers: west,south,east,north") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError("四至不正确", "must lie between -180,-90 and 180,90, west of east and south of north")
    if max(east - west, north - south) > public_rules.WIDEST:
        raise ValueError(
            f"跨度至多 {public_rules.WIDEST} 度", f"may span at most {public_rules.WIDEST} degrees each way"
        )
    return Box(west, south, east, north)


class MapQuery(In):
    """Which cases: of a rectangle of WGS-84 `west,south,east,north`, of a category or those below it, of a project."""

    bbox: Annotated[str | None, Field(max_length=120, examples=["121.50,29.80,121.60,29.90"])] = None
    category: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = None
    project: UUID | None = None
    limit: Any = None
    cursor: Any = None

    def box(self) -> Box | None:
        """The rectangle; InputInvalid for what is none."""
        if self.bbox is None:
            return None
        try:
            return _edges(self.bbox)
        except ValueError as wrong:
            raise InputInvalid.at("?bbox", zh=str(wrong.args[0]), en=str(wrong.args[-1])) from wrong


class AnswersQuery(PageOnly):
    """In which form."""

    format: Format = Format.JSON


@router.get("/v1/complaints/{complaint_id}/publication", response_model=PublicationOut)
async def get_publication(access: Reading, reader: Reader, complaint_id: UUID) -> Response:
    """What is public of it."""
    row = await publishing.publication_of(reader, scope=access.scope, complaint_id=complaint_id)
    out = PublicationOut.model_validate(dict(row))
    return Response(out.model_dump_json(), headers={"ETag": etag(out.version)}, media_type="application/json")


async def _changed(access: Access, uow: UnitOfWork, complaint_id: UUID) -> Response:
    row = await publishing.publication_of(uow.driver, scope=access.scope, complaint_id=complaint_id)
    return reply(uow, 200, PublicationOut.model_validate(dict(row)), version=row["version"])


@router.post("/v1/complaints/{complaint_id}/publish", response_model=PublicationOut)
async def publish(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID, body: PublishIn) -> Response:
    """Makes a case public in staff's own words, or changes them. Never the reporter's words, photographs or place."""
    told = Told(body.question, body.answer)
    await publishing.publish(uow, scope=access.scope, complaint_id=complaint_id, version=match, told=told)
    return await _changed(access, uow, complaint_id)


@router.post("/v1/complaints/{complaint_id}/unpublish", response_model=PublicationOut)
async def unpublish(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID) -> Response:
    """Takes it back from everybody."""
    await publishing.unpublish(uow, scope=access.scope, complaint_id=complaint_id, version=match)
    return await _changed(access, uow, complaint_id)


@router.get(
    "/public/complaints.geojson",
    response_class=Response,
    response_model=MapOut,
    responses={200: {"content": {GEOJSON: {"schema": {"type": "object"}}}}},
    tags=["public"],
)
async def get_map(reader: Reader, page: Page, wanted: Annotated[MapQuery, Query()]) -> Response:
    """Public cases on a map, without anything of who asked: positions are the middles of cells of 0.002°, never the place itself.

    Rectangles are compared with those middles too. A page is at most 32 KB.
    """
    (before,) = page.after((UUID,)) or (NEWEST,)
    rows = await publishing.on_map(
        reader,
        box=wanted.box(),
        category=wanted.category,
        project_id=wanted.project,
        before=before,
        limit=page.limit + 1,
    )
    found = cut(page, [_feature(row).model_dump(mode="json") for row in rows], lambda feature: (feature["id"],))
    told = {
        "type": "FeatureCollection",
        "cell": decimal_text(Fraction(1, public_rules.PER_DEGREE)),
        "features": found.rows,
        "next_cursor": found.cursor,
        "has_more": found.cursor is not None,
    }
    return Response(to_json(told), headers=found.headers, media_type=GEOJSON)


@router.get(
    "/public/projects/{project_id}/answers",
    response_model=AnswersPage,
    responses={200: {"content": {FEED: {"schema": {"type": "object"}}}}},
    tags=["public"],
)
async def list_answers(
    request: Request, reader: Reader, page: Page, project_id: UUID, wanted: Annotated[AnswersQuery, Query()]
) -> Response:
    """What residents asked at a site and were answered, as far as it was made public; the latest answer first (C3).

    404 while nothing of the site ever was public. A page is at most 32 KB.
    """
    project = await publishing.project_of(reader, project_id=project_id)
    at, before = page.after((instant, UUID)) or (NEVER, NEWEST)
    rows = await publishing.answered(reader, project_id=project_id, before=(at, before), limit=page.limit + 1)
    found = cut(
        page, [_answer(row).model_dump(mode="json") for row in rows], lambda row: (row["answered_at"], row["id"])
    )
    if wanted.format is Format.FEED:
        return Response(to_json(_feed(request, project, found)), headers=found.headers, media_type=FEED)
    told = {"items": found.rows, "next_cursor": found.cursor, "has_more": found.cursor is not None}
    return Response(to_json(told), headers=found.headers, media_type="application/json")


def _feed(request: Request, project: Mapping[str, Any], found: Cut) -> dict[str, Any]:
    """JSON Feed 1.1 (https://jsonfeed.org/version/1.1)."""
    more = {} if found.next_url is None else {"next_url": found.next_url}
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{project['title']} 诉求答复 Answers",
        "feed_url": str(request.url),
        "language": "zh-CN",
        **more,
        "items": [
            {
                "id": f"urn:uuid:{row['id']}",
                "title": row["category"]["title_zh"],
                "content_text": f"{row['question']}\n\n{row['answer']}",
                "date_published": row["answered_at"],
                "tags": [row["category"]["code"]],
            }
            for row in found.rows
        ],
    }


def _category(row: Mapping[str, Any]) -> NamedOut:
    return NamedOut(code=row["category"], title_zh=row["category_zh"], title_en=row["category_en"])


def _answer(row: Mapping[str, Any]) -> AnswerOut:
    return AnswerOut(
        id=row["id"],
        category=_category(row),
        question=row["question"],
        answer=row["answer"],
        asked_on=day_of(row["created_at"]),
        answered_at=row["answered_at"],
    )


def _feature(row: Mapping[str, Any]) -> FeatureOut:
    return FeatureOut(
        id=row["id"],
        geometry=SpotOut(coordinates=(row["lon"], row["lat"])),
        properties=CaseOut(
            category=_category(row),
            state=row["state"],
            project_id=row["project_id"],
            question=row["question"],
            asked_on=day_of(row["created_at"]),
            answered_on=None if row["answered_at"] is None else day_of(row["answered_at"]),
        ),
    )
