"""What everybody may read of selection without a token. A published ranking is served as stored bytes."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from services.api.deps import Page, Reader
from services.api.selection.schemas import PublicRoundPage
from services.core.kit.errors import NotFound
from services.core.selection import queries

router = APIRouter(prefix="/public/rounds", tags=["public"])
NEWEST = UUID(int=2**128 - 1)
FRESH_SECONDS = 1.0
KEPT = 256


class Shown:
    """One published ranking, its answers made once."""

    __slots__ = ("etag", "fresh_until", "same", "whole")

    def __init__(self, etag: str, content: bytes) -> None:
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        self.etag = etag
        self.whole = Response(content, headers=headers, media_type="application/json")
        self.same = Response(None, 304, headers=headers)
        self.fresh_until = 0.0


_kept: dict[tuple[str, str | None], Shown] = {}


async def _look(request: Request, round_id: UUID, partition: str | None, known: Shown | None) -> Shown:
    """The ranking as published now. The database sends the bytes only when they differ from those at hand."""
    wanted = {"round_id": round_id, "known": known.etag if known is not None else ""}
    async with request.app.state.database.read() as reader:
        if partition is None:
            row = await queries.SNAPSHOT.first(reader, **wanted)
        else:
            row = await queries.SNAPSHOT_PART.first(reader, partition=partition, **wanted)
    if row is None:
        raise NotFound
    return Shown(row["etag"], row["content"]) if row["content"] is not None or known is None else known


@router.get("", response_model=PublicRoundPage)
async def list_published(reader: Reader, page: Page, region: Annotated[UUID | None, Query()] = None) -> Response:
    """Published rounds, the latest first."""
    (before,) = page.after((UUID,)) or (NEWEST,)
    rows = await queries.PUBLISHED.all(reader, before=before, region_id=region, limit=page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["publication_id"],))


async def get_published_ranking(request: Request) -> Response:
    """The published ranking, whole or of one partition, at most a second old. `If-None-Match` spares the bytes.

    The whole names the partitions; a large one leaves the results to them (`results` is null).
    """
    named: str = request.path_params["round_id"]
    partition = request.query_params.get("partition") if request.scope["query_string"] else None
    key = (named, partition)
    shown = _kept.get(key)
    now = time.monotonic()
    if shown is None or shown.fresh_until < now:
        shown = await _look(request, _id_of(named), partition, shown)
        shown.fresh_until = now + FRESH_SECONDS
        if len(_kept) >= KEPT and key not in _kept:
            _kept.clear()
        _kept[key] = shown
    wanted = request.headers.get("if-none-match")
    if wanted is not None and (wanted.strip() == "*" or shown.etag in (_strong(part) for part in wanted.split(","))):
        return shown.same
    return shown.whole


class StoredRoute(APIRoute):
    """A route in the API's document that answers stored bytes: FastAPI's solving of parameters would cost half its time."""

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], **documented: Any) -> None:
        super().__init__(path, endpoint, **documented)
        self.app = self._answer

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """HEAD as GET (RFC 9110 section 9.1; the server leaves out the body). The document names GET alone."""
        await (self._answer if scope["method"] == "HEAD" else super().handle)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.endpoint(Request(scope, receive))
        await response(scope, receive, send)


ranking = StoredRoute(
    "/public/rounds/{round_id}/ranking",
    get_published_ranking,
    tags=["public"],
    response_model=dict[str, Any],
    responses={304: {"description": "unchanged"}},
    openapi_extra={
        "parameters": [
            {"name": "round_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
            {"name": "partition", "in": "query", "required": False, "schema": {"type": "string", "maxLength": 64}},
        ]
    },
)


def _id_of(named: str) -> UUID:
    """The id that a path names in its one spelling: others would fill what is kept with copies."""
    with suppress(ValueError):
        if str(UUID(named)) == named:
            return UUID(named)
    raise NotFound


def _strong(tag: str) -> str:
    """A tag as If-None-Match compares it (weakly, RFC 9110 section 13.1.2)."""
    return tag.strip().removeprefix("W/")
