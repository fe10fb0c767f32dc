"""Routes of Open311 GeoReport v2: anybody reads, who has a client's key hands over. XML or JSON by the suffix of the address."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.api.deps import Reader
from services.api.identity.proofs import NO_STORE
from services.api.open311 import faults as _faults  # noqa: F401 - says how refusals are answered here
from services.api.open311 import shown
from services.api.open311.formats import Format, Record, answer
from services.api.open311.schemas import ATTRIBUTE, ListQuery, RequestIn
from services.api.problems import RouteNotFound, language_of
from services.core.hotline import open311, open311_queries, open311_rules, rules
from services.core.hotline.open311_errors import ApiKeyRefused, RequestInputInvalid
from services.core.hotline.open311_queries import Wanted
from services.core.identity import keys
from services.core.identity.access import Permission
from services.core.kit.invalid import InvalidAt
from services.core.kit.scope import Scope
from services.core.kit.uow import Actor, UnitOfWork

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/open311/v2", tags=["open311"], default_response_class=Response)

SERVICES, REQUESTS = "services", "service_requests"


async def get_format(suffix: str) -> Format:
    """How the answer is to be written; there is nothing at an address with another suffix."""
    if suffix not in set(Format):
        raise RouteNotFound
    return Format(suffix)


async def get_language(request: Request) -> str:
    """`zh` or `en`."""
    return language_of(request.headers.get("accept-language"))


async def get_jurisdiction(reader: Reader, jurisdiction_id: str | None = None) -> tuple[str, str]:
    """The paths of the region that was named, everywhere without one."""
    return await open311_queries.jurisdiction(reader, code=(jurisdiction_id or "").strip() or None)


Written = Annotated[Format, Depends(get_format)]
Language = Annotated[str, Depends(get_language)]
Jurisdiction = Annotated[tuple[str, str], Depends(get_jurisdiction)]


@router.get("/discovery.{suffix}")
async def get_discovery(request: Request, form: Written) -> Response:
    """Where the service is, in which formats, and how to get a key."""
    settings = request.app.state.settings
    production = settings.jiugai_env == "production"
    return answer(form, "discovery", shown.discovery(address=settings.jiugai_public_url, production=production))


@router.get("/services.{suffix}")
async def list_services(form: Written, language: Language, reader: Reader, _within: Jurisdiction) -> Response:
    """What a request can be about; the same in every jurisdiction."""
    rows = await open311_queries.services(reader)
    return answer(form, SERVICES, [shown.service(row, language) for row in rows])


@router.get("/services/{service_code}.{suffix}")
async def get_service(form: Written, reader: Reader, service_code: str, _within: Jurisdiction) -> Response:
    """What a service asks for beyond the form: nothing."""
    row = await open311_queries.service(reader, code=service_code)
    return answer(form, "service_definition", shown.definition(row))


@router.get("/requests.{suffix}")
async def list_requests(
    form: Written, language: Language, reader: Reader, wanted: Annotated[ListQuery, Query()]
) -> Response:
    """Requests by their ids; else the newest thousand of ninety days, by service, status, time and jurisdiction."""
    if wanted.service_request_id is not None:
        rows = await open311_queries.numbered(reader, numbers=wanted.service_request_id)
    else:
        rows = await _found(reader, wanted)
    return answer(form, REQUESTS, [shown.request(row, language) for row in rows])


async def _found(reader: "asyncpg.Connection", wanted: ListQuery) -> "list[asyncpg.Record]":
    try:
        start, end = open311_rules.span(wanted.start_date, wanted.end_date, now=datetime.now(UTC))
    except InvalidAt as wrong:
        raise RequestInputInvalid.at(wrong.pointer, zh=wrong.zh, en=wrong.en) from wrong
    paths = await open311_queries.jurisdiction(reader, code=wanted.jurisdiction_id)
    return await open311_queries.listed(
        reader, Wanted(paths=paths, services=wanted.service_code, open=wanted.open, start=start, end=end)
    )


@router.get("/requests/{service_request_id}.{suffix}")
async def get_request(
    *,
    form: Written,
    language: Language,
    reader: Reader,
    service_request_id: str,
    _within: Jurisdiction,
) -> Response:
    """One request, as an array of one."""
    row = await open311_queries.one(reader, number=service_request_id)
    return answer(form, REQUESTS, [shown.request(row, language)])


@router.get("/tokens/{token}.{suffix}")
async def get_token(form: Written, reader: Reader, token: str, _within: Jurisdiction) -> Response:
    """The id behind a token. Ids are given at once, so an id is its own token; nothing else is one."""
    row = await open311_queries.one(reader, number=token)
    return answer(form, REQUESTS, [{"service_request_id": row["no"], "token": row["no"]}])


async def get_fields(request: Request) -> dict[str, Any]:
    """The form's fields that are not empty, each at most once; read whole before a connection is taken."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RequestInputInvalid(
            zh="须以 application/x-www-form-urlencoded 提交", en="send application/x-www-form-urlencoded"
        )
    fields: dict[str, Any] = {"attributes": []}
    asked = [("jurisdiction_id", one) for one in request.query_params.getlist("jurisdiction_id")]
    for name, value in [*asked, *(await request.form()).multi_items()]:
        if not isinstance(value, str) or not value.strip():
            continue
        attribute = ATTRIBUTE.fullmatch(name)
        if attribute is not None:
            fields["attributes"].append((attribute[1], value))
        elif fields.setdefault(name, value) != value:
            raise RequestInputInvalid(zh="同一参数重复", en="a parameter was repeated")
    return fields


Fields = Annotated[dict[str, Any], Depends(get_fields)]


@dataclass(frozen=True, slots=True)
class Caller:
    """The client whose key it is, and where it may take requests in."""

    key_id: UUID
    client_id: UUID
    scope: Scope


async def get_caller(request: Request, fields: Fields) -> Caller:
    """Who hands over; asked before a transaction begins. Each key has so many a minute."""
    async with request.app.state.database.read() as connection:
        found = await keys.holder(connection, str(fields.get("api_key", "")))
    if found is None:
        raise ApiKeyRefused
    key_id, principal = found
    scope = principal.scope(Permission.COMPLAINT_TRANSFER)
    if not scope.paths:
        raise ApiKeyRefused
    request.state.principal_id = principal.id
    request.app.state.open311.hit(str(key_id))
    return Caller(key_id, principal.id, scope)


Calling = Annotated[Caller, Depends(get_caller)]


async def get_request_in(fields: Fields, _by: Calling) -> RequestIn:
    """The form as it must be; looked at once the key is known to be good."""
    try:
        return RequestIn.model_validate(fields)
    except ValidationError as wrong:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]) from wrong


async def get_uow(request: Request, caller: Calling) -> AsyncIterator[UnitOfWork]:
    """The unit of work of the client."""
    actor = Actor("client", caller.client_id, request.scope["request_id"])
    async with request.app.state.database.begin(actor) as uow:
        await keys.mark_used(uow, key_id=caller.key_id)
        yield uow


FORM_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["api_key", "service_code"],
                    "properties": {
                        "api_key": {"type": "string"},
                        **{name: {"type": "string"} for name in RequestIn.model_fields if name != "attributes"},
                        "attribute[code]": {"type": "string"},
                    },
                }
            }
        },
    }
}


@router.post("/requests.{suffix}", status_code=201, openapi_extra=FORM_DOCUMENT)
async def post_request(
    *,
    form: Written,
    language: Language,
    caller: Calling,
    body: Annotated[RequestIn, Depends(get_request_in)],
    uow: Annotated[UnitOfWork, Depends(get_uow, scope="function")],
) -> Response:
    """Hands over a request. The same again of the same client within the hour is the one that stands (200).

    The notice tells the code with which its reporter follows it, adds, urges and rates; once, for who made it.
    """
    taken = await open311.post(uow, body.said(), client_id=caller.client_id, scope=caller.scope)
    notice = None if taken.repeated else _notice(taken.code, language)
    told: list[Record] = [shown.taken(taken.no, notice)]
    return answer(form, REQUESTS, told, status=200 if taken.repeated else 201, headers=NO_STORE)


def _notice(code: str, language: str) -> str:
    printed = rules.printed(code)
    if language == "en":
        return f"Received. With the code {printed} its reporter follows it, adds to it, urges and rates."
    return f"已受理。查询码 {printed}，凭此查看进度、补充、催办、评价。"
