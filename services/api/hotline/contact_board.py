"""The contact board of a site: written by staff, read and printed by everybody."""

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.api.deps import IfMatch, Reader, Uow, etag, reply
from services.api.hotline.schemas import OpenName
from services.api.printed import HTML, page_response
from services.api.problems import language_of
from services.api.security import Access, requires
from services.api.wire import In
from services.core.hotline import contact_board
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.web import hotline as printed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

router = APIRouter(tags=["complaints"])
Reading = Annotated[Access, requires(Permission.DESK_READ)]
Writing = Annotated[Access, requires(Permission.DESK_WRITE)]


class BoardLineIn(In):
    """What for, which desk, and who answers there; a number has no place in either: the desk has its telephone."""

    duty: Annotated[OpenName, Field(examples=["施工单位"])]
    desk_id: UUID
    who: Annotated[OpenName, Field(examples=["项目部值班员"])] | None = None


class BoardIn(In):
    """The whole board; twelve lines at most, which fit the mini-program's 32 KB. `hours`: when somebody answers."""

    hours: Annotated[OpenName, Field(examples=["每日 8:00–18:00"])] | None = None
    lines: list[BoardLineIn] = Field(min_length=1, max_length=12)


class BoardLine(BaseModel):
    """Whom to turn to for what; the telephone is the desk's."""

    duty: str
    who: str | None
    desk: str
    organisation: str | None
    phone: str | None


class BoardLineOut(BoardLine):
    """The same for staff, with the desk's id."""

    desk_id: UUID


class BoardOut(BaseModel):
    """A site's board for staff; `version` 0, without lines, while nobody has made it."""

    project_id: UUID
    hours: str | None
    lines: list[BoardLineOut]
    version: int


class PublicBoardOut(BaseModel):
    """A site's board. `form`: where to complain about this site without signing in; the printed code leads there."""

    project_id: UUID
    project_no: str
    project_title: str
    hours: str | None
    lines: list[BoardLine]
    form: str
    changed_on: date


def _out(board: "asyncpg.Record", lines: "Sequence[asyncpg.Record]") -> BoardOut:
    told = [BoardLineOut.model_validate(dict(line)) for line in lines]
    return BoardOut(project_id=board["project_id"], hours=board["hours"], lines=told, version=board["version"])


@router.get("/v1/projects/{project_id}/contact-board", response_model=BoardOut)
async def get_board(access: Reading, reader: Reader, project_id: UUID) -> Response:
    """The board as it may be edited."""
    out = _out(*await contact_board.board_in(reader, scope=access.scope, project_id=project_id))
    return Response(out.model_dump_json(), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/v1/projects/{project_id}/contact-board", response_model=BoardOut)
async def put_board(access: Writing, uow: Uow, match: IfMatch, project_id: UUID, body: BoardIn) -> Response:
    """The board anew; the first one takes `If-Match: "0"`. Every desk on it has to have a telephone of its own."""
    await contact_board.put(
        uow,
        scope=access.scope,
        project_id=project_id,
        version=match,
        hours=body.hours,
        lines=[contact_board.Line(one.duty, one.desk_id, one.who) for one in body.lines],
    )
    out = _out(*await contact_board.board_in(uow.driver, scope=access.scope, project_id=project_id))
    return reply(uow, 200, out, version=out.version)


def form_address(request: Request, project_id: UUID) -> str:
    """Where a site's complaint form is: a page of its own, which the mini-program opens as its own where WeChat scans it."""
    return f"{request.app.state.settings.jiugai_public_url.rstrip('/')}/public/projects/{project_id}/complaint-form"


def _public(request: Request, board: "asyncpg.Record", lines: "Sequence[asyncpg.Record]") -> PublicBoardOut:
    return PublicBoardOut(
        project_id=board["project_id"],
        project_no=board["no"],
        project_title=board["title"],
        hours=board["hours"],
        lines=[BoardLine.model_validate(dict(line)) for line in lines],
        form=form_address(request, board["project_id"]),
        changed_on=day_of(board["changed_at"]),
    )


@router.get("/public/projects/{project_id}/contact-board", tags=["public"])
async def get_public_board(request: Request, reader: Reader, project_id: UUID) -> PublicBoardOut:
    """Whom to turn to at a site, once its board was made: duties, desks and their telephones, nobody's own number."""
    return _public(request, *await contact_board.board_of(reader, project_id=project_id))


@router.get(
    "/public/projects/{project_id}/contact-board/page", response_class=Response, responses=HTML, tags=["public"]
)
async def get_board_page(request: Request, reader: Reader, project_id: UUID) -> Response:
    """The same to print and put up at the site, with the QR code of its complaint form."""
    board = _public(request, *await contact_board.board_of(reader, project_id=project_id))
    language = language_of(request.headers.get("accept-language"))
    content = await asyncio.to_thread(printed.contact_board, language, board=board.model_dump())
    return page_response(request, content)
