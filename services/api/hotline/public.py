"""Routes of complaints without a token: from the code at a site, and what a complaint's own code opens."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.api.clocks.schemas import faces
from services.api.deps import AnonymousUow, Key, Reader
from services.api.files import serving
from services.api.hotline import shown
from services.api.hotline.router import taken_answer
from services.api.hotline.schemas import AddByCodeIn, SiteIn, WithdrawIn
from services.api.hotline.shown import PublicComplaintOut, TakenOut
from services.api.identity.proofs import NO_STORE, Counted
from services.api.ownership.shown import Opening
from services.core.clocks import queries as clocks
from services.core.files import queries as files
from services.core.files.rules import Part
from services.core.hotline import intake, queries, sealing, speaking, timing
from services.core.hotline.promises import COMPLAINT
from services.core.hotline.speaking import Own
from services.core.kit.errors import NotFound
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/public/complaints", tags=["public"])
LINES = 30


async def count_intake(request: Request) -> None:
    """Counts what one client address sends in without a token."""
    request.app.state.complaints.hit(request.client.host if request.client else "unknown")


@router.post(
    "",
    status_code=201,
    response_model=TakenOut,
    responses={200: {"model": TakenOut}},
    dependencies=[Depends(count_intake)],
)
async def complain_at_site(uow: AnonymousUow, key: Key, body: SiteIn) -> Response:
    """Says what is wrong without signing in, where the category allows it; a few a minute from one address.

    The answer's code is the only way back to it. Sent again with the same Idempotency-Key, it is the one that stands (200).
    """
    taken = await intake.take_in(uow, body.said(key))
    answer = taken_answer(uow, taken, "/public/complaints")
    answer.headers.update(NO_STORE)
    del answer.headers["Location"]
    return answer


@router.get("/{code}", response_model=PublicComplaintOut, dependencies=[Counted])
async def follow_complaint(reader: Reader, vault: Opening, code: str) -> Response:
    """How far it is and what was told; nothing of who said it, nor his words. Attempts are counted per address."""
    row = await queries.by_code(reader, code=code)
    history = await reader.fetch(queries.FOLLOWED_HISTORY, row["id"], LINES)
    promises = await clocks.of_subjects(reader, subject_type=COMPLAINT, subject_ids=[row["id"]])
    out = shown.public_complaint(vault, row, history, faces(promises, now=datetime.now(UTC)))
    return Response(out.model_dump_json(), headers=NO_STORE, media_type="application/json")


@router.get("/{code}/files/{file_id}/rendition", response_class=Response, dependencies=[Counted])
async def get_followed_rendition(request: Request, reader: Reader, code: str, file_id: UUID) -> Response:
    """A photograph that the code's history names; 404 for any other. Attempts are counted per address."""
    return await _shown(request, reader, code, file_id, Part.RENDITION)


@router.get("/{code}/files/{file_id}/thumbnail", response_class=Response, dependencies=[Counted])
async def get_followed_thumbnail(request: Request, reader: Reader, code: str, file_id: UUID) -> Response:
    """The same, small."""
    return await _shown(request, reader, code, file_id, Part.THUMBNAIL)


async def _shown(request: Request, reader: "asyncpg.Connection", code: str, file_id: UUID, part: Part) -> Response:
    entry_id = await queries.followed_file(reader, code=code, file_id=file_id)
    row = await files.SHOWN_PART.first(
        reader, file_id=file_id, part=part, subject_type=sealing.ENTRY, subject_id=entry_id
    )
    if row is None:
        raise NotFound
    return await serving.blob(request, row, part)


async def _followed(uow: UnitOfWork, code: str) -> Response:
    row = await queries.by_code(uow.driver, code=code)
    history = await uow.driver.fetch(queries.FOLLOWED_HISTORY, row["id"], LINES)
    promises = await clocks.of_subjects(uow.driver, subject_type=COMPLAINT, subject_ids=[row["id"]])
    out = shown.public_complaint(uow.vault, row, history, faces(promises, now=uow.now))
    return Response(out.model_dump_json(), headers=NO_STORE, media_type="application/json")


@router.post("/{code}/add", response_model=PublicComplaintOut, dependencies=[Counted, Depends(count_intake)])
async def add_by_code(uow: AnonymousUow, code: str, body: AddByCodeIn) -> Response:
    """Adds to what was said; the words are for staff, this page does not show them."""
    await speaking.add(uow, Own(code=code), text=body.text)
    return await _followed(uow, code)


@router.post("/{code}/withdraw", response_model=PublicComplaintOut, dependencies=[Counted])
async def withdraw_by_code(uow: AnonymousUow, code: str, body: WithdrawIn) -> Response:
    """Takes it back."""
    await speaking.withdraw(uow, Own(code=code), text=body.text)
    return await _followed(uow, code)


@router.post("/{code}/urge", response_model=PublicComplaintOut, dependencies=[Counted])
async def urge_by_code(uow: AnonymousUow, code: str) -> Response:
    """Urges a reply, as often a day as the policy allows."""
    await timing.urge_own(uow, Own(code=code))
    return await _followed(uow, code)
