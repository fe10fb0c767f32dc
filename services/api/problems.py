"""RFC 9457 problem answers in the caller's language. The offending input is never echoed."""

import re
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services.api.validation_texts import field_errors
from services.core.kit.errors import DomainError, InputInvalid, Kind
from services.core.kit.idempotency import RequestInFlight

STATUS: dict[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD: 405,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_TYPE: 415,
    Kind.INVALID: 422,
    Kind.PRECONDITION_MISSING: 428,
    Kind.TOO_MANY: 429,
    Kind.MISMATCH: 460,  # of tus: a checksum
    Kind.UNAVAILABLE: 503,
}

log = structlog.get_logger("api")

FORMS: dict[str, Callable[[Request, DomainError, int | None], Response]] = {}
"""How refusals are answered at addresses that begin so, where a protocol has a form of its own for them."""


class Internal(DomainError):
    code, kind = "internal", Kind.CONFLICT
    title_zh, title_en = (
        "系统内部错误，请凭请求编号联系管理员",
        "Internal error; give the request id to the administrator",
    )


class RouteNotFound(DomainError):
    code, kind = "route-not-found", Kind.NOT_FOUND
    title_zh, title_en = "没有这个地址", "There is no such address"


class MethodNotAllowed(DomainError):
    code, kind = "method-not-allowed", Kind.METHOD
    title_zh, title_en = "该地址不支持这种操作", "This address does not support that method"


class RequestMalformed(DomainError):
    code, kind = "request-malformed", Kind.MALFORMED
    title_zh, title_en = "无法读懂这个请求", "The request cannot be read"


class RequestTooLarge(DomainError):
    code, kind = "request-too-large", Kind.TOO_LARGE
    title_zh, title_en = "提交的内容过大", "The request is too large"


class TooManyRequests(DomainError):
    code, kind = "too-many-requests", Kind.TOO_MANY
    title_zh, title_en = "操作过于频繁，请稍后再试", "Too many requests; slow down"


class TemporarilyUnavailable(DomainError):
    code, kind = "temporarily-unavailable", Kind.UNAVAILABLE
    title_zh, title_en = "系统暂时不可用，请稍后重试", "Temporarily unavailable; try again in a moment"


def language_of(accept: str | None) -> str:
    """`zh` or `en` by Accept-Language (RFC 9110 section 12.5.4); Chinese when in doubt."""
    best, chosen = 0.0, "zh"
    for part in (accept or "").split(","):
        tag, _, weight = part.strip().partition(";")
        known = tag.strip().lower()[:2]
        match = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        quality = float(match.group(1)) if match else 1.0
        if known in {"zh", "en"} and quality > best:
            best, chosen = quality, known
    return chosen


def problem_document(error: DomainError, *, status: int, language: str, request_id: str | None) -> dict[str, Any]:
    """The members of a problem answer."""
    chinese = language == "zh"
    document: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title_zh if chinese else error.title_en,
        "status": status,
    }
    detail = error.zh if chinese else error.en
    if detail:
        document["detail"] = detail
    if error.errors:
        document["errors"] = [
            {"pointer": place.pointer, "detail": place.zh if chinese else place.en} for place in error.errors
        ]
    document.update(error.extra)
    if request_id:
        document["request_id"] = request_id
    return document


def problem_response(
    error: DomainError, *, language: str, request_id: str | None, status: int | None = None
) -> Response:
    """A whole problem answer."""
    status = status or STATUS[error.kind]
    headers = dict(error.headers)
    headers["Content-Language"] = "zh-CN" if language == "zh" else "en"
    if error.kind is Kind.UNAUTHENTICATED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    body = to_json(problem_document(error, status=status, language=language, request_id=request_id))
    return Response(body, status, headers, media_type="application/problem+json")


def translate(error: BaseException) -> DomainError:
    """The refusal that stands for an error of a library; `Internal` when nothing better is known."""
    match error:
        case DomainError():
            return error
        case RequestValidationError():
            return RequestMalformed() if _unreadable(error) else InputInvalid(errors=field_errors(error.errors()))
        case HTTPException(__cause__=DomainError() as refusal):  # raised while FastAPI read the body
            return refusal
        case HTTPException(status_code=404):
            return RouteNotFound()
        case HTTPException(status_code=405):
            return MethodNotAllowed(headers=dict(error.headers or {}))
        case HTTPException() | ClientDisconnect():
            return RequestMalformed()
        case AsyncAdapt_asyncpg_dbapi.Error(
            __cause__=Exception() as cause
        ):  # the pool's own, while it connects or commits
            return translate(cause)
        case DBAPIError() if error.orig is not None and error.orig.__cause__ is not None:
            return translate(error.orig.__cause__)
        case asyncpg.UniqueViolationError() if error.constraint_name == "pk_idempotent_answer":
            return RequestInFlight(headers={"Retry-After": "1"})
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return InputInvalid()
        case (
            asyncpg.PostgresConnectionError()
            | asyncpg.CannotConnectNowError()
            | asyncpg.TooManyConnectionsError()
            | asyncpg.AdminShutdownError()
            | asyncpg.CrashShutdownError()
            | asyncpg.DeadlockDetectedError()
            | asyncpg.SerializationError()
            | asyncpg.LockNotAvailableError()
            | asyncpg.QueryCanceledError()
            | asyncpg.InterfaceError()
            | asyncpg.InternalClientError()  # a connection cut in mid-answer
            | PoolTimeout()
            | ConnectionError()
            | TimeoutError()
        ):
            return TemporarilyUnavailable(headers={"Retry-After": "1"})
        case _:
            return Internal()


def _unreadable(error: RequestValidationError) -> bool:
    return any(item["type"] == "json_invalid" for item in error.errors())


async def handle(request: Request, error: Exception) -> Response:
    """The one handler of every error that a route lets through."""
    refusal = translate(error)
    request_id = request.scope.get("request_id")
    if isinstance(refusal, Internal):
        log.error("request failed", request_id=request_id, route=request.scope.get("route_path"), exc_info=error)
    status = 500 if isinstance(refusal, Internal) else None
    for beginning, form in FORMS.items():
        if request.url.path.startswith(beginning):
            return form(request, refusal, status)
    language = language_of(request.headers.get("accept-language"))
    return problem_response(refusal, language=language, request_id=request_id, status=status)


def install(app: FastAPI) -> None:
    """Every error of `app` becomes a problem answer."""
    for kind in (DomainError, RequestValidationError, HTTPException, DBAPIError, asyncpg.PostgresError, PoolTimeout):
        app.add_exception_handler(kind, handle)
    for kind in (asyncpg.InterfaceError, ConnectionError, TimeoutError):
        app.add_exception_handler(kind, handle)
