"""Routes of warranty: translate only."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.aftercare.warranty_schemas import (
    NewTermIn,
    NoteIn,
    RecheckIn,
    SettleIn,
    TermIn,
    TermOut,
    TermPage,
    TermQuery,
    TicketIn,
    TicketItem,
    TicketOut,
    TicketPage,
    TicketQuery,
    WhyIn,
)
from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.core.aftercare import warranty, warranty_queries
from services.core.aftercare.warranty_rules import Action, last_day
from services.core.identity.access import Permission
from services.core.kit.calendar import WorkCalendar, day_of
from services.core.territory.queries import bounds

router = APIRouter(prefix="/v1", tags=["aftercare"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.WARRANTY_READ)]
Writing = Annotated[Access, requires(Permission.WARRANTY_WRITE)]
Handling = Annotated[Access, requires(Permission.WARRANTY_HANDLE)]
Settling = Annotated[Access, requires(Permission.WARRANTY_SETTLE)]


@router.get("/warranty-terms", response_model=TermPage)
async def list_terms(access: Reading, reader: Reader, page: Page, query: Annotated[TermQuery, Query()]) -> Response:
    """Warranties of the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await warranty_queries.TERMS.all(
        reader,
        **query.model_dump(exclude={"limit", "cursor"}),
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **bounds(access.scope),
        **access.scope.parameters,
    )
    paths, today = {str(row["id"]): row["region_path"] for row in rows}, day_of(datetime.now(UTC))
    items = [_term(row, today).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("/warranty-terms", status_code=201, response_model=TermOut)
async def record_term(access: Writing, uow: Uow, body: NewTermIn) -> Response:
    """Records how long an item of accepted works is under warranty, and whose."""
    term_id = await warranty.record(
        uow, scope=access.scope, compound_id=body.compound_id, project_id=body.project_id, terms=body.terms()
    )
    return await _term_answer(access, uow, term_id, 201)


@router.get("/warranty-terms/{term_id}", response_model=TermOut)
async def get_term(access: Reading, reader: Reader, term_id: UUID) -> Response:
    """One warranty."""
    row = await warranty_queries.term_of(reader, scope=access.scope, term_id=term_id)
    content = _term(row, day_of(datetime.now(UTC))).model_dump_json()
    return Response(content, headers={"ETag": f'"{row["version"]}"'}, media_type="application/json")


@router.put("/warranty-terms/{term_id}", response_model=TermOut)
async def correct_term(access: Writing, uow: Uow, term_id: UUID, version: IfMatch, body: TermIn) -> Response:
    """Corrects what was recorded; tickets stay as they were taken."""
    await warranty.correct(uow, scope=access.scope, term_id=term_id, version=version, terms=body.terms())
    return await _term_answer(access, uow, term_id, 200)


@router.get("/warranty-tickets", response_model=TicketPage)
async def list_tickets(access: Reading, reader: Reader, page: Page, query: Annotated[TicketQuery, Query()]) -> Response:
    """Defects reported in the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await warranty_queries.TICKETS.all(
        reader,
        **query.model_dump(exclude={"limit", "cursor"}),
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **bounds(access.scope),
        **access.scope.parameters,
    )
    paths = {str(row["id"]): row["region_path"] for row in rows}
    items = [TicketItem.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("/warranty-tickets", status_code=201, response_model=TicketOut)
async def report_defect(access: Handling, uow: Uow, body: TicketIn) -> Response:
    """Takes a defect, by itself or out of a complaint; after the last day refused, or taken as paid."""
    ticket_id = await warranty.report(
        uow, scope=access.scope, term_id=body.term_id, defect=body.reported(), paid=body.paid
    )
    return await _ticket_answer(access, uow, ticket_id, 201)


@router.get("/warranty-tickets/{ticket_id}", response_model=TicketOut)
async def get_ticket(access: Reading, reader: Reader, ticket_id: UUID) -> Response:
    """One ticket with its way so far."""
    out = await _ticket(reader, access, ticket_id)
    return Response(out.model_dump_json(), headers={"ETag": f'"{out.version}"'}, media_type="application/json")


@router.post("/warranty-tickets/{ticket_id}/accept", response_model=TicketOut)
async def accept_ticket(access: Handling, uow: Uow, ticket_id: UUID, version: IfMatch, body: NoteIn) -> Response:
    """The contractor says that the defect is his."""
    return await _act(access, uow, ticket_id, version, Action.ACCEPT, note=body.note)


@router.post("/warranty-tickets/{ticket_id}/dispute", response_model=TicketOut)
async def dispute_ticket(access: Handling, uow: Uow, ticket_id: UUID, version: IfMatch, body: WhyIn) -> Response:
    """The contractor says that it is not; a repair goes on."""
    return await _act(access, uow, ticket_id, version, Action.DISPUTE, note=body.note)


@router.post("/warranty-tickets/{ticket_id}/settle", response_model=TicketOut)
async def settle_ticket(access: Settling, uow: Uow, ticket_id: UUID, version: IfMatch, body: SettleIn) -> Response:
    """Settles a dispute, by a document."""
    more = {"note": body.note, "verdict": body.verdict, "document": body.document}
    return await _act(access, uow, ticket_id, version, Action.SETTLE, **more)


@router.post("/warranty-tickets/{ticket_id}/repair", response_model=TicketOut)
async def repair_ticket(access: Handling, uow: Uow, ticket_id: UUID, version: IfMatch, body: NoteIn) -> Response:
    """The repair begins, whoever it will turn out to be for."""
    return await _act(access, uow, ticket_id, version, Action.REPAIR, note=body.note)


@router.post("/warranty-tickets/{ticket_id}/recheck", response_model=TicketOut)
async def recheck_ticket(access: Handling, uow: Uow, ticket_id: UUID, version: IfMatch, body: RecheckIn) -> Response:
    """Somebody looks whether it is repaired; if not, the repair goes on."""
    action = Action.PASSED if body.passed else Action.FAILED
    return await _act(access, uow, ticket_id, version, action, note=body.note)


@router.post("/warranty-tickets/{ticket_id}/close", response_model=TicketOut)
async def close_ticket(access: Handling, uow: Uow, ticket_id: UUID, version: IfMatch, body: NoteIn) -> Response:
    """Ends it, once it was rechecked and nobody disputes it."""
    return await _act(access, uow, ticket_id, version, Action.CLOSE, note=body.note)


@router.post("/warranty-tickets/{ticket_id}/withdraw", response_model=TicketOut)
async def withdraw_ticket(access: Handling, uow: Uow, ticket_id: UUID, version: IfMatch, body: WhyIn) -> Response:
    """Ends one that was reported by mistake, before anybody repairs."""
    return await _act(access, uow, ticket_id, version, Action.WITHDRAW, note=body.note)


async def _act(access: Access, uow: Uow, ticket_id: UUID, version: int, action: Action, **more: Any) -> Response:
    await warranty.act(uow, scope=access.scope, ticket_id=ticket_id, version=version, action=action, **more)
    return await _ticket_answer(access, uow, ticket_id, 200)


async def _ticket_answer(access: Access, uow: Uow, ticket_id: UUID, status: int) -> Response:
    out = await _ticket(uow.driver, access, ticket_id)
    location = f"/v1/warranty-tickets/{ticket_id}" if status == 201 else None
    return reply(uow, status, out, version=out.version, location=location)


async def _ticket(driver: Any, access: Access, ticket_id: UUID) -> TicketOut:
    row = await warranty_queries.ticket_of(driver, scope=access.scope, ticket_id=ticket_id)
    entries = await warranty_queries.ENTRIES.all(driver, ticket_id=ticket_id)
    return TicketOut.model_validate({**row, "entries": [dict(one) for one in entries]})


async def _term_answer(access: Access, uow: Uow, term_id: UUID, status: int) -> Response:
    row = await warranty_queries.term_of(uow.driver, scope=access.scope, term_id=term_id)
    location = f"/v1/warranty-terms/{term_id}" if status == 201 else None
    return reply(uow, status, _term(row, day_of(uow.now)), version=row["version"], location=location)


def _term(row: Mapping[str, Any], today: date) -> TermOut:
    last = last_day(row["ends_on"], WorkCalendar.default())
    days_left = (last - today).days if today <= last else None
    return TermOut.model_validate({**row, "last_day": last, "days_left": days_left})
