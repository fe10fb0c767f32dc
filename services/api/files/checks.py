"""Routes of contents that wait to be judged by a person, and WeChat's push of what it thinks."""

import hashlib
import hmac
import json
import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from services.api.deps import AnonymousUow, IfMatch, Page, Reader, Uow, etag, reply
from services.api.files.schemas import CheckOut, CheckPage, ChecksWanted, CheckWithText, DecideIn
from services.api.security import Access, requires
from services.core.files import checking, queries
from services.core.files.checking import Verdict
from services.core.files.rules import CheckState, state_suggested
from services.core.identity.access import Permission
from services.core.kit.errors import DomainError, Kind, NotFound
from services.core.kit.settings import Settings
from services.wechat.client import suggested

router = APIRouter(tags=["content checks"])

Checking = Annotated[Access, requires(Permission.CONTENT_CHECK)]
FIRST = UUID(int=0)
SKEW_SECONDS = 600


class PushRefused(DomainError):
    code, kind = "push-refused", Kind.FORBIDDEN
    title_zh, title_en = "签名不符或已过时", "The signature is wrong or too old"


class PushUnreadable(DomainError):
    code, kind = "push-unreadable", Kind.MALFORMED
    title_zh = "只接收明文模式的 JSON 推送"
    title_en = "Only plain-mode JSON pushes are taken"


@router.get("/v1/content-checks", response_model=CheckPage)
async def list_checks(
    access: Checking, reader: Reader, page: Page, wanted: Annotated[ChecksWanted, Query()]
) -> Response:
    """Texts and photographs of residents, the oldest first; `state=review` for those that wait for a person."""
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.CHECKS.all(
        reader, state=wanted.state, after=after, limit=page.limit + 1, **access.scope.parameters
    )
    items = [{name: row[name] for name in CheckOut.model_fields} for row in rows]
    return page.answer(items, lambda last: (last["id"],))


@router.get("/v1/content-checks/{check_id}", response_model=CheckWithText)
async def get_check(request: Request, access: Checking, reader: Reader, check_id: UUID) -> Response:
    """One, with its text while that waits to be judged; a photograph is at `/v1/files/{subject_id}/rendition`."""
    row = await queries.check_in(reader, check_id=check_id, scope=access.scope)
    text = None
    if row["text_sealed"] is not None:
        cipher = request.app.state.database.vault.cipher
        text = cipher.open(row["text_sealed"], table="content_check", column="text_sealed", row=check_id).decode()
    out = CheckWithText(**{name: row[name] for name in CheckOut.model_fields}, text=text)
    return Response(out.model_dump_json(), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.post("/v1/content-checks/{check_id}/decide", response_model=CheckOut)
async def decide(access: Checking, version: IfMatch, check_id: UUID, body: DecideIn, uow: Uow) -> Response:
    """Lets a content pass or refuses it; also one that was judged before. Refused, it is gone from the public within a minute.

    409 `content-check-pending` while WeChat is asked.
    """
    await checking.decide(
        uow, scope=access.scope, check_id=check_id, state=body.state, reason=body.reason, version=version
    )
    row = await queries.check_in(uow.driver, check_id=check_id, scope=access.scope)
    out = CheckOut(**{name: row[name] for name in CheckOut.model_fields})
    return reply(uow, 200, out, version=out.version)


async def get_signed(
    request: Request,
    signature: Annotated[str, Query(max_length=100)] = "",
    timestamp: Annotated[str, Query(max_length=20)] = "",
    nonce: Annotated[str, Query(max_length=100)] = "",
) -> None:
    """PushRefused unless it is WeChat that calls, now: sha1 over token, timestamp and nonce in their order as text.

    Without a token there is no such address.
    """
    settings: Settings = request.app.state.settings
    if settings.wechat_push_token is None:
        raise NotFound
    token = settings.wechat_push_token.get_secret_value()
    expected = hashlib.sha1("".join(sorted([token, timestamp, nonce])).encode()).hexdigest()  # noqa: S324 - WeChat's choice
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise PushRefused
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > SKEW_SECONDS:
        raise PushRefused


@router.get("/wechat/push", dependencies=[Depends(get_signed)], response_class=PlainTextResponse)
async def verify_push(echostr: Annotated[str, Query(max_length=200)]) -> PlainTextResponse:
    """How WeChat makes sure that this address is ours: what it sends comes back."""
    return PlainTextResponse(echostr)


@router.post("/wechat/push", dependencies=[Depends(get_signed)], response_class=PlainTextResponse)
async def take_push(request: Request, uow: AnonymousUow) -> PlainTextResponse:
    """What WeChat tells by itself. The result of an image is taken (`wxa_media_check`, version 2); other events are thanked for.

    An answer other than `success` makes WeChat send it again: for a result that came before its question was written down.
    """
    told = _told(await request.body())
    if told.get("Event") == "wxa_media_check":
        trace_id = told.get("trace_id")
        if not isinstance(trace_id, str):
            raise PushUnreadable
        verdict = Verdict(CheckState.REVIEW)
        if told.get("errcode", 0) == 0:
            said = suggested(told)
            verdict = Verdict(state_suggested(said.suggest), said.label)
        await checking.answered(uow, trace_id=trace_id, verdict=verdict)
    return PlainTextResponse("success")


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        raise PushUnreadable from None
    if not isinstance(told, dict) or "Encrypt" in told:
        raise PushUnreadable
    return told
