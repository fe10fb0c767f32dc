"""The complaint form of a site, where its QR code leads: a page that runs nothing, for whoever has a browser and no account."""

import asyncio
import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.api.deps import Reader
from services.api.hotline.public import count_intake
from services.api.hotline.schemas import SiteIn
from services.api.identity.proofs import NO_STORE
from services.api.printed import HTML
from services.api.problems import STATUS, RequestMalformed, language_of, translate
from services.core.hotline import contact_board, intake, queries, rules
from services.core.kit.errors import DomainError
from services.core.kit.uow import Actor
from services.core.projects.queries import compounds_by_project
from services.web import hotline as pages
from services.web.pages import FORM_POLICY

router = APIRouter(prefix="/public/projects/{project_id}/complaint-form", tags=["public"])
FIELDS = ("category", "description", "address", "compound_id")
DOCUMENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["category", "description", "key"],
                    "properties": {name: {"type": "string"} for name in (*FIELDS, "phone", "key")},
                }
            }
        },
    }
}


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))


def _page(content: bytes, status: int = 200) -> Response:
    """Nothing of it is kept: a form has a key of its own, and the answer tells a code."""
    headers = {**NO_STORE, "Content-Security-Policy": FORM_POLICY, "Vary": "Accept-Language"}
    return Response(content, status, headers, media_type="text/html; charset=utf-8")


@router.get("", response_class=Response, responses=HTML)
async def get_complaint_form(request: Request, reader: Reader, project_id: UUID) -> Response:
    """The form of a site that has a contact board."""
    board, _lines = await contact_board.board_of(reader, project_id=project_id)
    compounds = (await compounds_by_project(reader, [project_id]))[project_id]
    categories = await reader.fetch(queries.LIVE_CATEGORIES)
    content = await asyncio.to_thread(
        pages.complaint_form,
        _language(request),
        project=board,
        compounds=compounds,
        categories=categories,
        key=secrets.token_urlsafe(24),
    )
    return _page(content)


async def get_said(request: Request, project_id: UUID) -> Any:
    """What the form says and its key, read whole before a transaction begins; or why it says nothing."""
    try:
        return _said(project_id, await request.form())
    except DomainError as refusal:
        return refusal
    except ValidationError as wrong:
        return translate(RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]))


def _said(project_id: UUID, form: Any) -> tuple[SiteIn, str]:
    values = dict(form.multi_items())
    if len(values) != len(form.multi_items()) or not all(isinstance(value, str) for value in values.values()):
        raise RequestMalformed
    key, phone = values.get("key", ""), values.get("phone", "").strip()
    if not 16 <= len(key) <= 64 or not key.isascii():
        raise RequestMalformed
    given = {name: values[name] for name in FIELDS if values.get(name, "").strip()}
    said = SiteIn.model_validate({**given, "project_id": project_id, "contact": {"phone": phone} if phone else {}})
    return said, key


@router.post("", response_class=Response, responses=HTML, dependencies=[Depends(count_intake)], openapi_extra=DOCUMENT)
async def send_complaint_form(request: Request, project_id: UUID, said: Annotated[Any, Depends(get_said)]) -> Response:
    """Takes in what the form says, as `POST /public/complaints` does; the page tells the code, or why it was not taken."""
    language = _language(request)
    try:
        if isinstance(said, DomainError):
            raise said
        body, key = said
        actor = Actor("anonymous", None, request.scope["request_id"])
        async with request.app.state.database.begin(actor) as uow:
            await contact_board.board_of(uow.driver, project_id=project_id)
            taken = await intake.take_in(uow, body.said(key))
    except DomainError as refusal:
        content = await asyncio.to_thread(pages.complaint_refused, language, told=_told(refusal, language))
        return _page(content, STATUS[refusal.kind])
    code = rules.printed(taken.code)
    content = await asyncio.to_thread(pages.complaint_taken, language, code=code, repeated=taken.repeated)
    return _page(content, 200 if taken.repeated else 201)


def _told(refusal: DomainError, language: str) -> str:
    chinese = language == "zh"
    places = [one.zh if chinese else one.en for one in refusal.errors]
    return "; ".join([refusal.title_zh if chinese else refusal.title_en, *places])
