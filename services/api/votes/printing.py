"""What is printed of a vote: the ballot paper, the notice to post, the certificate."""

import asyncio
import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.api.deps import Reader
from services.api.printed import HTML, page_response
from services.api.problems import language_of
from services.api.votes.router import Reading, is_resident, visible
from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.votes import finishing, queries, reading, service
from services.core.votes.errors import VoteNotFinal
from services.core.votes.lifecycle import TOLD, VoteStatus
from services.web import votes as printed

router = APIRouter(tags=["votes"])


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))


def _address(request: Request, vote_id: UUID) -> str:
    """Where a QR code leads: the public page, which the mini-program opens as its own (a rule of the platform's console)."""
    return f"{request.app.state.settings.jiugai_public_url.rstrip('/')}/public/votes/{vote_id}"


def _shown(vote: Any) -> dict[str, Any]:
    last_day = None if vote["closes_at"] is None else service.last_day(vote["closes_at"])
    return {**vote, "last_day": last_day, "area": None if vote["area"] is None else decimal_text(vote["area"])}


@router.get("/v1/votes/{vote_id}/ballot-paper", response_class=Response, responses=HTML)
async def get_ballot_paper(
    access: Reading,
    request: Request,
    reader: Reader,
    vote_id: UUID,
    owner_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """A paper to mark by hand: blank, or for one head (a resident: one of his own) with its doors and area."""
    vote, mine = await visible(reader, access, vote_id)
    doors: list[str] = []
    area = None
    if owner_id is not None:
        if is_resident(access) and owner_id not in {one.owner_id for one in mine or ()}:
            raise NotFound
        head = await reader.fetchrow(queries.HEAD, vote_id, owner_id)
        if head is None:
            raise NotFound
        doors, area = head["doors"], decimal_text(head["area"])
    content = await asyncio.to_thread(
        printed.ballot_paper,
        _language(request),
        vote=_shown(vote),
        doors=doors,
        area=area,
        address=_address(request, vote_id),
    )
    return page_response(request, content)


@router.get("/public/votes/{vote_id}/notice", response_class=Response, responses=HTML, tags=["public"])
async def get_vote_notice(request: Request, reader: Reader, vote_id: UUID) -> Response:
    """The notice that fits the stage, fit for posting: the roll, the vote, or its result. It names no owner and no door."""
    vote = await reading.PUBLIC.first(reader, vote_id=vote_id)
    if vote is None or vote["status"] == VoteStatus.CANCELLED:
        raise NotFound
    result = await queries.RESULTS.first(reader, vote_id=vote_id) if vote["status"] in TOLD else None
    content = await asyncio.to_thread(
        printed.notice,
        _language(request),
        vote=_shown(vote),
        result=None if result is None else dict(result),
        address=_address(request, vote_id),
    )
    return page_response(request, content)


@router.get("/v1/votes/{vote_id}/certificate/page", response_class=Response, responses=HTML)
async def get_certificate_page(access: Reading, request: Request, reader: Reader, vote_id: UUID) -> Response:
    """The certificate of a final result as a page to print, with the hash of the JSON that it shows."""
    await visible(reader, access, vote_id)
    found = await finishing.certificate_bytes(reader, vote_id)
    if found is None:
        raise VoteNotFinal
    content = await asyncio.to_thread(
        printed.certificate,
        _language(request),
        told=json.loads(found["certificate"]),
        digest=found["certificate_digest"],
        address=_address(request, vote_id),
    )
    return page_response(request, content)
