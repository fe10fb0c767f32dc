"""Routes of a complaint's clocks: shown, stopped, put off, urged. Translate only."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.api.clocks.schemas import ClocksOut, ExtensionDecisionIn, ExtensionIn, PauseIn, clocks_out
from services.api.deps import IfMatch, Reader, Uow, reply
from services.api.hotline.router import Handling, Reading, changed
from services.api.hotline.shown import ComplaintOut
from services.api.security import Access, requires
from services.core.clocks import queries as clocks
from services.core.hotline import part_timing, queries, timing
from services.core.hotline.promises import COMPLAINT
from services.core.identity.access import Permission

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])
Supervising = Annotated[Access, requires(Permission.COMPLAINT_SUPERVISE)]


class UrgedOut(BaseModel):
    """How often it was urged by now."""

    number: int


class AskedOut(BaseModel):
    """An extension that was asked for."""

    extension_id: UUID


@router.get("/{complaint_id}/clock", response_model=ClocksOut)
async def get_clocks(access: Reading, reader: Reader, complaint_id: UUID) -> Response:
    """Every promise of a complaint: how many days are left, pauses, extensions, what was missed."""
    await queries.complaint_of(reader, scope=access.scope, complaint_id=complaint_id)
    rows = await clocks.of_subjects(reader, subject_type=COMPLAINT, subject_ids=[complaint_id])
    out = clocks_out(rows, now=datetime.now(UTC))
    return Response(out.model_dump_json(), media_type="application/json")


@router.post("/{complaint_id}/pause", response_model=ComplaintOut)
async def pause_clock(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID, body: PauseIn) -> Response:
    """Stops the clock of the reply, for a reason that the policy names."""
    await timing.pause(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        version=match,
        reason=body.reason,
        document=body.document,
    )
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/resume", response_model=ComplaintOut)
async def resume_clock(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID) -> Response:
    """Lets it run again."""
    await timing.resume(uow, scope=access.scope, complaint_id=complaint_id, version=match)
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/extend", status_code=201, response_model=AskedOut)
async def ask_extension(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID, body: ExtensionIn) -> Response:
    """Asks for more time, before the limit and within what the policy allows."""
    extension_id = await timing.ask_extension(
        uow, scope=access.scope, complaint_id=complaint_id, version=match, days=body.days, reason=body.reason
    )
    return reply(uow, 201, AskedOut(extension_id=extension_id), location=f"/v1/complaints/{complaint_id}/clock")


@router.post("/{complaint_id}/decide-extension", response_model=ComplaintOut)
async def decide_extension(access: Supervising, uow: Uow, complaint_id: UUID, body: ExtensionDecisionIn) -> Response:
    """Another person grants it, and the reporter is told; or does not, and says why."""
    await timing.decide_extension(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        approve=body.approve,
        ground=body.ground,
    )
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/assignments/{assignment_id}/pause", response_model=ComplaintOut)
async def pause_part(access: Handling, uow: Uow, complaint_id: UUID, assignment_id: UUID, body: PauseIn) -> Response:
    """Stops the clock of a desk that takes part; the reporter's promise runs on."""
    await part_timing.pause(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        assignment_id=assignment_id,
        reason=body.reason,
        document=body.document,
    )
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/assignments/{assignment_id}/resume", response_model=ComplaintOut)
async def resume_part(access: Handling, uow: Uow, complaint_id: UUID, assignment_id: UUID) -> Response:
    """Lets it run again."""
    await part_timing.resume(uow, scope=access.scope, complaint_id=complaint_id, assignment_id=assignment_id)
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/assignments/{assignment_id}/extend", status_code=201, response_model=AskedOut)
async def ask_extension_of_part(
    access: Handling, uow: Uow, complaint_id: UUID, assignment_id: UUID, body: ExtensionIn
) -> Response:
    """Asks for more time for a desk that takes part, before its limit and within what the policy allows."""
    extension_id = await part_timing.ask_extension(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        assignment_id=assignment_id,
        days=body.days,
        reason=body.reason,
    )
    where = f"/v1/complaints/{complaint_id}/assignments"
    return reply(uow, 201, AskedOut(extension_id=extension_id), location=where)


@router.post("/{complaint_id}/assignments/{assignment_id}/decide-extension", response_model=ComplaintOut)
async def decide_extension_of_part(
    access: Supervising, uow: Uow, complaint_id: UUID, assignment_id: UUID, body: ExtensionDecisionIn
) -> Response:
    """Another person grants it; or does not, and says why."""
    await part_timing.decide_extension(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        assignment_id=assignment_id,
        approve=body.approve,
        ground=body.ground,
    )
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/urge", response_model=UrgedOut)
async def urge_reply(access: Reading, uow: Uow, complaint_id: UUID) -> Response:
    """Urges a reply, as often a day as the policy allows."""
    number = await timing.urge(uow, scope=access.scope, complaint_id=complaint_id)
    return reply(uow, 200, UrgedOut(number=number))
