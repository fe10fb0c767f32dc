"""Routes of handling by desks: translate only."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow
from services.api.hotline.desk_schemas import (
    ArbitrateIn,
    AssignIn,
    AssignmentOut,
    AssignmentPage,
    ContactIn,
    DeskCasesPage,
    DeskCasesQuery,
    DeskCountsOut,
    DeskItemOut,
    FinishIn,
    RefusalOut,
    RefuseIn,
    WaitingOut,
    WaitingPage,
)
from services.api.hotline.router import changed
from services.api.hotline.shown import ComplaintOut
from services.api.ownership.shown import FIRST, Opening
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.clocks.rules import days_left
from services.core.hotline import assigning, desk_queries, queries, rules, sealing
from services.core.identity.access import Permission
from services.core.kit.calendar import Unit, WorkCalendar, day_of, end_of
from services.core.kit.errors import NotFound
from services.core.kit.paging import instant
from services.core.kit.vault import Vault

router = APIRouter(prefix="/v1", tags=["complaints"])

Reading = Annotated[Access, requires(Permission.COMPLAINT_READ)]
Assigning = Annotated[Access, requires(Permission.COMPLAINT_ASSIGN)]
Handling = Annotated[Access, requires(Permission.COMPLAINT_HANDLE)]
Supervising = Annotated[Access, requires(Permission.COMPLAINT_SUPERVISE)]
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@router.post("/complaints/{complaint_id}/assign", response_model=ComplaintOut)
async def assign_complaint(
    access: Assigning, uow: Uow, complaint_id: UUID, version: IfMatch, body: AssignIn
) -> Response:
    """Sends it to the desk that leads and those that take part, in place of whoever had it. Its own clock runs on as it began."""
    await assigning.assign(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        version=version,
        desk_id=body.desk_id,
        co_desk_ids=body.co_desk_ids,
        text=body.text,
    )
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/contact", response_model=ComplaintOut)
async def contact_reporter(access: Handling, uow: Uow, complaint_id: UUID, body: ContactIn) -> Response:
    """The leading desk has spoken with the reporter."""
    await assigning.contact(uow, scope=access.scope, complaint_id=complaint_id, text=body.text)
    return await changed(access, uow, complaint_id)


@router.get("/complaints/{complaint_id}/assignments", response_model=AssignmentPage)
async def list_assignments(
    access: Reading, reader: Reader, page: Page, complaint_id: UUID, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """Every desk that has or had it, by which rule or by whom, with its clocks and what it sent back."""
    await queries.complaint_of(reader, scope=access.scope, complaint_id=complaint_id)
    (after,) = page.after((UUID,)) or (FIRST,)
    rows = await reader.fetch(desk_queries.OF_COMPLAINT, complaint_id, after, page.limit + 1)
    return page.answer([_assignment(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


@router.post("/complaints/{complaint_id}/assignments/{assignment_id}/sign-in", response_model=ComplaintOut)
async def sign_in(access: Handling, uow: Uow, complaint_id: UUID, assignment_id: UUID) -> Response:
    """Somebody on duty at the desk takes note of it."""
    await assigning.sign_in(uow, scope=access.scope, complaint_id=complaint_id, assignment_id=assignment_id)
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/assignments/{assignment_id}/finish", response_model=ComplaintOut)
async def finish_part(access: Handling, uow: Uow, complaint_id: UUID, assignment_id: UUID, body: FinishIn) -> Response:
    """A desk that takes part has done its part."""
    await assigning.finish(
        uow, scope=access.scope, complaint_id=complaint_id, assignment_id=assignment_id, text=body.text
    )
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/assignments/{assignment_id}/refuse", response_model=ComplaintOut)
async def refuse_assignment(
    access: Handling, uow: Uow, complaint_id: UUID, assignment_id: UUID, body: RefuseIn
) -> Response:
    """Sends it back (退单), in time and with a ground; the arbiter decides."""
    await assigning.refuse(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        assignment_id=assignment_id,
        ground=body.ground,
        text=body.text,
    )
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/assignments/{assignment_id}/arbitrate", response_model=ComplaintOut)
async def arbitrate(
    access: Supervising, uow: Uow, complaint_id: UUID, assignment_id: UUID, body: ArbitrateIn
) -> Response:
    """Decides about what was sent back: there it stays."""
    await assigning.arbitrate(
        uow,
        scope=access.scope,
        complaint_id=complaint_id,
        assignment_id=assignment_id,
        desk_id=body.desk_id,
        text=body.text,
    )
    return await changed(access, uow, complaint_id)


@router.get("/refusals", response_model=WaitingPage)
async def list_refusals(
    access: Supervising, reader: Reader, page: Page, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """What was sent back and waits for an arbiter."""
    (after,) = page.after((UUID,)) or (FIRST,)
    rows = await reader.fetch(desk_queries.WAITING, after, access.scope.lows, access.scope.highs, page.limit + 1)
    items = [WaitingOut.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["id"],))


@router.get("/desks/{desk_id}/complaints", response_model=DeskCasesPage)
async def list_cases(
    *,
    access: Reading,
    reader: Reader,
    vault: Opening,
    page: Page,
    desk_id: UUID,
    _wanted: Annotated[DeskCasesQuery, Query()],
) -> Response:
    """What the desk has to do: the overdue first."""
    since, after = page.after((instant, UUID)) or (LONG_AGO, FIRST)
    now = datetime.now(UTC)
    scope = access.scope
    found = await reader.fetch(
        desk_queries.PAGE, desk_id, since, after, page.limit + 1, now, end_of(day_of(now)), scope.lows, scope.highs
    )
    if not found:
        raise NotFound
    rows = [row for row in found if row["assignment_id"] is not None]
    keys = {row["assignment_id"]: row["queue_at"].isoformat() for row in rows}
    return page.answer(
        [_case(vault, row, now) for row in rows],
        lambda row: (keys[row["assignment_id"]], row["assignment_id"]),
        counts={name: found[0][name] for name in DeskCountsOut.model_fields},
    )


def _assignment(row: Mapping[str, Any]) -> AssignmentOut:
    refusal = None if row["ground"] is None else RefusalOut.model_validate(dict(row))
    return AssignmentOut.model_validate({**row, "refusal": refusal})


def _case(vault: Vault, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A `DeskItemOut`, made plainly: a desk's list is what its people look at all day."""
    words = sealing.opened(vault, sealing.COMPLAINT, sealing.DESCRIPTION, row["id"], row)
    paused = row["clock"] == "paused"
    due_at = None if paused else row["due_at"]
    left = None
    if due_at is not None:
        left = days_left(WorkCalendar.default(), Unit(row["unit"] or Unit.CALENDAR), now=now, due_at=due_at)
    return {
        **{name: row[name] for name in _PLAIN},
        "excerpt": None if words is None else rules.excerpt(words),
        "due_at": due_at,
        "paused": paused,
        "overdue": due_at is not None and now >= due_at,
        "days_left": left,
    }


_PLAIN = tuple(
    name for name in DeskItemOut.model_fields if name not in {"excerpt", "due_at", "paused", "overdue", "days_left"}
)
