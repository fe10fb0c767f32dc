"""Routes of a resident's own complaints: 随手拍, and what became of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.clocks.schemas import faces
from services.api.deps import Page, Reader, Uow, etag, reply
from services.api.hotline import shown
from services.api.hotline.router import taken_answer
from services.api.hotline.schemas import AddIn, OwnComplaintIn, WithdrawIn
from services.api.hotline.shown import OwnComplaintOut, OwnComplaintPage, TakenOut
from services.api.ownership.shown import Opening
from services.api.security import Access, requires
from services.api.small import fitting
from services.api.wire import PageOnly
from services.core.clocks import queries as clocks
from services.core.hotline import intake, queries, speaking, timing
from services.core.hotline.promises import COMPLAINT
from services.core.hotline.speaking import Own
from services.core.identity.access import Permission
from services.core.kit.uow import UnitOfWork

router = APIRouter(prefix="/v1/me/complaints", tags=["me"])
ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]
NEWEST = UUID(int=2**128 - 1)
LINES = 30
"""Of the history, or as many of them as fit the mini-program's 32 KB (`shown.fitting`). Older ones are the staff's to read."""
MOST = 40
"""On a page, for the same reason; fewer where they are long (`fitting`)."""


@router.get("", response_model=OwnComplaintPage)
async def list_own_complaints(
    access: ResidentMe, reader: Reader, vault: Opening, page: Page, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """The caller's complaints, the latest first; at most 40 a page, and no more than fit the mini-program's 32 KB."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after((UUID,)) or (NEWEST,)
    rows = await reader.fetch(queries.OWN_LIST, access.principal.id, before, page.limit + 1)
    items = [shown.own_item(vault, row).model_dump() for row in rows]
    return fitting(page, items).answer(items, lambda row: (row["id"],))


@router.post("", status_code=201, response_model=TakenOut, responses={200: {"model": TakenOut}})
async def complain(access: ResidentMe, uow: Uow, body: OwnComplaintIn) -> Response:
    """Says what is wrong, at any time, bound to a property or not. The same again while it is open is the one that stands (200)."""
    taken = await intake.take_in_as_resident(
        uow, body.own(), resident_id=access.principal.id, property_id=body.property_id
    )
    return taken_answer(uow, taken, "/v1/me/complaints")


@router.get("/{own_complaint_id}", response_model=OwnComplaintOut)
async def get_own_complaint(access: ResidentMe, reader: Reader, vault: Opening, own_complaint_id: UUID) -> Response:
    """One of the caller's own, with the latest lines of its history."""
    row = await queries.own(reader, resident_id=access.principal.id, complaint_id=own_complaint_id)
    history = await reader.fetch(queries.OWN_HISTORY, own_complaint_id, LINES)
    promises = await clocks.of_subjects(reader, subject_type=COMPLAINT, subject_ids=[own_complaint_id])
    out = shown.own_complaint(vault, row, history, faces(promises, now=datetime.now(UTC)))
    return Response(out.model_dump_json(), headers={"ETag": etag(out.version)}, media_type="application/json")


async def _own_answer(uow: UnitOfWork, resident_id: UUID, own_complaint_id: UUID) -> Response:
    row = await queries.own(uow.driver, resident_id=resident_id, complaint_id=own_complaint_id)
    history = await uow.driver.fetch(queries.OWN_HISTORY, own_complaint_id, LINES)
    promises = await clocks.of_subjects(uow.driver, subject_type=COMPLAINT, subject_ids=[own_complaint_id])
    out = shown.own_complaint(uow.vault, row, history, faces(promises, now=uow.now))
    return reply(uow, 200, out, version=row["version"])


@router.post("/{own_complaint_id}/add", response_model=OwnComplaintOut)
async def add_to_own(access: ResidentMe, uow: Uow, own_complaint_id: UUID, body: AddIn) -> Response:
    """Adds words and photographs to one of the caller's own."""
    own = Own(access.principal.id, own_complaint_id)
    await speaking.add(uow, own, text=body.text, file_ids=body.files)
    return await _own_answer(uow, access.principal.id, own_complaint_id)


@router.post("/{own_complaint_id}/withdraw", response_model=OwnComplaintOut)
async def withdraw_own(access: ResidentMe, uow: Uow, own_complaint_id: UUID, body: WithdrawIn) -> Response:
    """Takes one of the caller's own back."""
    await speaking.withdraw(uow, Own(access.principal.id, own_complaint_id), text=body.text)
    return await _own_answer(uow, access.principal.id, own_complaint_id)


@router.post("/{own_complaint_id}/urge", response_model=OwnComplaintOut)
async def urge_own(access: ResidentMe, uow: Uow, own_complaint_id: UUID) -> Response:
    """Urges a reply to one of the caller's own, as often a day as the policy allows."""
    await timing.urge_own(uow, Own(access.principal.id, own_complaint_id))
    return await _own_answer(uow, access.principal.id, own_complaint_id)
