"""Errors as GeoReport v2 has them: an array of code and description, and three statuses.

404 for what is not there, 403 for the api_key, 400 for whatever else is the caller's; `code` then tells more (429: later). What is
ours stays 500 or 503, for a client that reads 400 as its own mistake would not try again.
"""

from fastapi import Request, Response

from services.api.open311.formats import Format, answer
from services.api.problems import FORMS, STATUS, language_of
from services.core.kit.errors import DomainError, Kind

PREFIX = "/open311/"
REFUSED = frozenset({Kind.FORBIDDEN, Kind.UNAUTHENTICATED})


def fault(request: Request, refusal: DomainError, status: int | None) -> Response:
    """The answer of a refusal; `status` where it is not the refusal's own."""
    code = status or STATUS[refusal.kind]
    if code < 500:
        status = 404 if refusal.kind is Kind.NOT_FOUND else 403 if refusal.kind in REFUSED else 400
    language = language_of(request.headers.get("accept-language"))
    headers = {**refusal.headers, "Content-Language": "zh-CN" if language == "zh" else "en"}
    title, detail = (refusal.title_zh, refusal.zh) if language == "zh" else (refusal.title_en, refusal.en)
    described = [_told(place.pointer, place.zh if language == "zh" else place.en) for place in refusal.errors]
    return answer(
        Format.of(request.url.path),
        "errors",
        [{"code": code, "description": one} for one in described or [_told(title, detail)]],
        status=status or code,
        headers=headers,
    )


def _told(what: str, more: str | None) -> str:
    return ": ".join(part for part in (what.lstrip("/?"), more) if part)


FORMS[PREFIX] = fault
