"""Routes of complaints for staff: taken in by telephone or transfer, listed, read, put right, revealed. Translate only."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.hotline import shown
from services.api.hotline.schemas import AboutIn, CallIn, RevealIn, TransferIn
from services.api.hotline.shown import (
    CallTakenOut,
    ComplaintOut,
    ComplaintPage,
    ComplaintQuery,
    HistoryPage,
    RevealedOut,
    TakenOut,
)
from services.api.identity.proofs import NO_STORE
from services.api.ownership.shown import FIRST, Opening
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.desks.queries import desk_of
from services.core.hotline import intake, queries, service
from services.core.hotline.duty import Reach
from services.core.hotline.intake import Partner, Reporter, Taken
from services.core.hotline.rules import Channel
from services.core.identity.access import Permission
from services.core.kit.errors import NotAllowed
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects.queries import place
from services.core.territory.queries import bounds, compound_in, narrowed

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1", tags=["complaints"])

Reading = Annotated[Access, requires(Permission.COMPLAINT_READ)]
Writing = Annotated[Access, requires(Permission.COMPLAINT_WRITE)]
Handling = Annotated[Access, requires(Permission.COMPLAINT_HANDLE)]


def reach_of(access: Access) -> Reach:
    """Where the caller may do what with complaints."""
    where = access.principal.scope
    assigns, supervises = where(Permission.COMPLAINT_ASSIGN), where(Permission.COMPLAINT_SUPERVISE)
    return Reach(access.scope, where(Permission.COMPLAINT_WRITE), Scope.of((*assigns.paths, *supervises.paths)))


def taken_answer(uow: UnitOfWork, taken: Taken, where: str) -> Response:
    """201 for a new complaint, 200 for one that stood before."""
    return reply(uow, 200 if taken.repeated else 201, shown.taken(taken), location=f"{where}/{taken.id}")


def call_answer(uow: UnitOfWork, taken: Taken) -> Response:
    """The same for staff who take it from somebody: with the time before."""
    out = CallTakenOut(**dict(shown.taken(taken)), repeat_of_id=taken.repeat_of_id)
    return reply(uow, 200 if taken.repeated else 201, out, location=f"/v1/complaints/{taken.id}")


async def changed(access: Access, uow: UnitOfWork, complaint_id: UUID) -> Response:
    """The complaint as it stands after a write."""
    row = await queries.complaint_of(uow.driver, scope=access.scope, complaint_id=complaint_id)
    return reply(uow, 200, shown.complaint(uow.vault, row), version=row["version"])


async def listed(
    reader: "asyncpg.Connection", access: Access, wanted: ComplaintQuery, *, after: list[Any] | None, limit: int
) -> "list[asyncpg.Record]":
    """Rows of the caller's region that are wanted, after a key; NotFound for a region, compound, project or desk outside."""
    if wanted.compound_id is not None:
        await compound_in(reader, compound_id=wanted.compound_id, scope=access.scope)
    if wanted.project_id is not None:
        await place(reader, project_id=wanted.project_id, scope=access.scope)
    if wanted.desk_id is not None:
        await desk_of(reader, desk_id=wanted.desk_id, scope=access.scope)
    scope = await narrowed(reader, region_id=wanted.region_id, scope=access.scope)
    low, high = bounds(scope).values()
    rows: list[asyncpg.Record] = await reader.fetch(
        queries.LIST,
        low,
        high,
        *(after or ("", FIRST)),
        scope.lows,
        scope.highs,
        wanted.state,
        wanted.open,
        wanted.category,
        wanted.kind,
        wanted.channel,
        wanted.hazard,
        wanted.compound_id,
        wanted.project_id,
        wanted.no,
        access.principal.id if wanted.mine else None,
        wanted.desk_id,
        wanted.overdue,
        limit,
    )
    return rows


@router.get("/complaints", response_model=ComplaintPage)
async def list_complaints(
    access: Reading, reader: Reader, vault: Opening, page: Page, wanted: Annotated[ComplaintQuery, Query()]
) -> Response:
    """Complaints of the caller's region."""
    rows = await listed(reader, access, wanted, after=page.after((str, UUID)), limit=page.limit + 1)
    paths = {row["id"]: row["region_path"] for row in rows}
    items = [shown.item(vault, row).model_dump() for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("/complaints", status_code=201, response_model=CallTakenOut, responses={200: {"model": CallTakenOut}})
async def take_call(access: Writing, uow: Uow, body: CallIn) -> Response:
    """Enters what a caller says; the code is told to him. The same again while it is open is the one that stands (200).

    A matter that was closed within the policy's days is told, with the time before.
    """
    taken = await intake.take_in(uow, body.call(), scope=access.scope)
    return call_answer(uow, taken)


@router.post("/complaint-transfers", status_code=201, response_model=TakenOut, responses={200: {"model": TakenOut}})
async def take_transfer(
    access: Annotated[Access, requires(Permission.COMPLAINT_TRANSFER)], uow: Uow, body: TransferIn
) -> Response:
    """What the 12345 line hands over. The same id again is the same complaint (200), with other words 409.

    Its deadline is the first promise. How it goes on is told by `complaint.*` events of `/v1/events`, with its id.
    """
    if access.principal.kind != "client":
        raise NotAllowed
    said = body.intake(
        Channel.TRANSFER_12345,
        reporter=Reporter(name=body.contact.name, phone=body.contact.phone),
        kind=body.kind,
        partner=Partner(access.principal.id, body.ref, body.due_at),
    )
    taken = await intake.take_in(uow, said, scope=access.scope)
    return taken_answer(uow, taken, "/v1/complaints")


@router.get("/complaints/{complaint_id}", response_model=ComplaintOut)
async def get_complaint(access: Reading, reader: Reader, vault: Opening, complaint_id: UUID) -> Response:
    """One complaint."""
    row = await queries.complaint_of(reader, scope=access.scope, complaint_id=complaint_id)
    out = shown.complaint(vault, row)
    return Response(out.model_dump_json(), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.get("/complaints/{complaint_id}/history", response_model=HistoryPage)
async def list_history(
    access: Reading,
    reader: Reader,
    vault: Opening,
    page: Page,
    complaint_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Everything that happened to it, the oldest first."""
    await queries.complaint_of(reader, scope=access.scope, complaint_id=complaint_id)
    (after,) = page.after((UUID,)) or (FIRST,)
    rows = await reader.fetch(queries.HISTORY, complaint_id, after, page.limit + 1)
    return page.answer([shown.entry(vault, row).model_dump() for row in rows], lambda row: (row["id"],))


@router.put("/complaints/{complaint_id}", response_model=ComplaintOut)
async def correct_complaint(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID, body: AboutIn) -> Response:
    """Puts right what it is about: category, kind, project, line of its plan, whose work."""
    await service.correct(uow, reach=reach_of(access), complaint_id=complaint_id, version=match, about=body.about())
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/reveal", response_model=RevealedOut)
async def reveal_reporter(access: Handling, uow: Uow, complaint_id: UUID, body: RevealIn) -> Response:
    """Shows whom to call, and his words whole, for a purpose. Each reading is audited; the answer is stored nowhere."""
    fields = await service.reveal(
        uow, reach=reach_of(access), complaint_id=complaint_id, purpose=body.purpose, fields=body.fields
    )
    out = RevealedOut.model_validate({"complaint_id": complaint_id, "fields": fields})
    return Response(to_json(out), headers=NO_STORE, media_type="application/json")
