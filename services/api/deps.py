"""What routes ask for: a reader, a unit of work (idempotent by header), the version they match, a page of a list."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from services.api.problems import language_of, problem_response
from services.api.security import authenticate
from services.core.kit import idempotency, paging
from services.core.kit.errors import DomainError, Kind, VersionMissing, VersionStale
from services.core.kit.uow import Actor, Database, StoredAnswer, UnitOfWork

if TYPE_CHECKING:
    import asyncpg


class IdempotencyKeyInvalid(DomainError):
    code, kind = "idempotency-key-invalid", Kind.MALFORMED
    title_zh, title_en = (
        "Idempotency-Key 须为 1 至 255 个可见字符",
        "Idempotency-Key must be 1 to 255 visible characters",
    )


class SecretToldOnce(DomainError):
    code, kind = "secret-told-once", Kind.CONFLICT
    title_zh, title_en = (
        "此请求已办结，其中的密码或密钥只显示一次",
        "This was done already; its secret is told only once",
    )


TOLD_ONCE = "told-once"
"""Marks a stored answer whose body held a secret: its value is the record's id."""


class Replay(Exception):
    """Not an error: the request was answered before, and gets that answer again."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


def _until_answered(request: Request) -> AsyncExitStack:
    """What FastAPI closes when the route has made its answer, and before that leaves: where dependencies of scope `function` end.

    Entered by hand: a dependency that yields is wrapped in two more context managers and a cancel scope (docs/adr/0035).
    """
    stack: AsyncExitStack = request.scope["fastapi_function_astack"]
    return stack


async def get_reader(request: Request) -> "asyncpg.Connection":
    """A driver connection for single-statement reads."""
    connection: asyncpg.Connection = await _until_answered(request).enter_async_context(
        request.app.state.database.read()
    )
    return connection


Reader = Annotated[Any, Depends(get_reader)]


def _key_of(header: str) -> str:
    key = header.removeprefix('"').removesuffix('"') if header.startswith('"') else header
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyInvalid
    return key


async def _begun(request: Request, idempotency_key: str | None, *, alone: bool) -> UnitOfWork:
    principal = await authenticate(request)
    database: Database = request.app.state.database
    actor = Actor(principal.kind, principal.id, request.scope["request_id"])
    key = None if idempotency_key is None else _key_of(idempotency_key)
    # Read whole before a connection is taken: who stops in mid-body must not hold one. An upload has been taken off the wire
    # already, and left what tells it from another.
    body: bytes = b"" if key is None else getattr(request.state, "upload_digest", None) or await request.body()
    uow = await _until_answered(request).enter_async_context(database.begin(actor, alone=alone and key is None))
    if key is not None:
        query = request.scope["query_string"]
        target = b"%s %s?%s\n" % (request.method.encode(), request.scope["path"].encode(), query)
        digest = hashlib.sha256(target + body).hexdigest()
        uow.answer, answered = await idempotency.claim(
            uow.driver, uow.vault, principal_id=principal.id, key=key, digest=digest
        )
        if answered:
            raise Replay(uow.answer)
    return uow


async def get_uow(request: Request, idempotency_key: Annotated[str | None, Header()] = None) -> UnitOfWork:
    """The unit of work of a signed-in request. Committed before the answer leaves, so a 201 is true."""
    return await _begun(request, idempotency_key, alone=False)


async def get_lone_uow(request: Request, idempotency_key: Annotated[str | None, Header()] = None) -> UnitOfWork:
    """The same where one statement is all that the route does: its own transaction, unless an answer is to be kept with it."""
    return await _begun(request, idempotency_key, alone=True)


Uow = Annotated[UnitOfWork, Depends(get_uow)]
LoneUow = Annotated[UnitOfWork, Depends(get_lone_uow)]


async def get_key(idempotency_key: Annotated[str | None, Header()] = None) -> str | None:
    """The key of a request without a principal: what tells its repetitions from somebody else's equal words."""
    return None if idempotency_key is None else _key_of(idempotency_key)


Key = Annotated[str | None, Depends(get_key)]


async def get_anonymous_uow(request: Request) -> UnitOfWork:
    """The unit of work of a request without a principal (signing in)."""
    database: Database = request.app.state.database
    actor = Actor("anonymous", None, request.scope["request_id"])
    return await _until_answered(request).enter_async_context(database.begin(actor))


AnonymousUow = Annotated[UnitOfWork, Depends(get_anonymous_uow)]


def etag(version: int) -> str:
    """The strong validator of a record's version (RFC 9110 section 8.8.3)."""
    return f'"{version}"'


async def get_match(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version that the caller read. 428 when missing; what is no version of ours is stale."""
    if if_match is None or if_match.strip() == "*":
        raise VersionMissing
    text = if_match.strip()
    inner = text[1:-1]
    if not (text.startswith('"') and text.endswith('"') and inner.isascii() and inner.isdigit() and len(inner) < 10):
        raise VersionStale
    return int(inner)


IfMatch = Annotated[int, Depends(get_match)]


def reply(
    uow: UnitOfWork,
    status: int,
    body: BaseModel | None = None,
    *,
    version: int | None = None,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer of a write, kept beside the write itself when the request carries an Idempotency-Key."""
    content = b"" if body is None else body.model_dump_json(by_alias=True).encode()
    headers = dict(headers or {})
    if version is not None:
        headers["ETag"] = etag(version)
    if location is not None:
        headers["Location"] = location
    if uow.answer is not None:
        uow.answer.status, uow.answer.headers, uow.answer.body = status, headers, content
    return Response(content or None, status, headers, media_type="application/json" if content else None)


async def replay(request: Request, stored: Exception) -> Response:
    """The stored answer, marked as such; of one that held a secret nothing was stored but the record's id."""
    assert isinstance(stored, Replay)  # noqa: S101 - registered for this class alone
    answer = stored.answer
    if TOLD_ONCE in answer.headers:
        told = SecretToldOnce(id=answer.headers[TOLD_ONCE], headers={"Idempotency-Replayed": "true"})
        language = language_of(request.headers.get("accept-language"))
        return problem_response(told, language=language, request_id=request.scope["request_id"])
    kind = {"Content-Type": "application/json"} if answer.body else {}
    return Response(answer.body or None, answer.status, {**kind, **answer.headers, "Idempotency-Replayed": "true"})


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page of a list: how many, and after which row."""

    limit: int
    cursor: str | None
    request: Request

    def after(self, kinds: Sequence[Callable[[str], Any]]) -> list[Any] | None:
        """The keys of the row before this page, or None for the first page."""
        return None if self.cursor is None else paging.decode(self.cursor, kinds)

    def answer(
        self, rows: Sequence[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], Sequence[Any]], **more: Any
    ) -> Response:
        """`{items, next_cursor, has_more}` from up to `limit + 1` rows, with the Link header (RFC 8288)."""
        items = rows[: self.limit]
        has_more = len(rows) > self.limit
        cursor = paging.encode(key(items[-1])) if has_more else None
        headers = {}
        if cursor is not None:
            headers["Link"] = f'<{self.request.url.include_query_params(cursor=cursor)}>; rel="next"'
        body = {"items": items, "next_cursor": cursor, "has_more": has_more, **more}
        return Response(to_json(body), headers=headers, media_type="application/json")


async def get_page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> PageQuery:
    """The page that the query asks for."""
    return PageQuery(limit, cursor, request)


Page = Annotated[PageQuery, Depends(get_page)]


def validated_response(request: Request, content: bytes, tag: str, *, max_age: int = 0) -> Response:
    """Stored bytes with their ETag; 304 without a body when the caller has them (`If-None-Match`)."""
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache"}
    known = request.headers.get("if-none-match")
    if known is not None and (
        known.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in known.split(","))
    ):
        return Response(None, 304, headers)
    return Response(content, headers=headers, media_type="application/json")
