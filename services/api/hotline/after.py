"""Routes of what follows an answer: ratings, taking up again, call-backs, supervision. Translate only."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.api.deps import AnonymousUow, IfMatch, Page, Reader, Uow, reply
from services.api.hotline.after_schemas import (
    AfterOut,
    CallBackIn,
    CallBackItem,
    CallBackPage,
    FindingIn,
    HoldIn,
    PhoneIn,
    RatingIn,
    ReopenByCodeIn,
    ReopenIn,
    RoundsOut,
    StaffReopenIn,
    SupervisionOut,
    SupervisionPage,
    SupervisionQuery,
    SureIn,
)
from services.api.hotline.public import count_intake
from services.api.hotline.router import Reading, Writing, changed
from services.api.hotline.shown import ComplaintOut
from services.api.identity.proofs import NO_STORE, Counted
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.hotline import after, after_queries, calling_back, contacts, queries, retention, rules, supervising
from services.core.hotline.rules import State
from services.core.hotline.speaking import Own
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.territory.queries import bounds

router = APIRouter(tags=["complaints"])
ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]
Supervising = Annotated[Access, requires(Permission.COMPLAINT_SUPERVISE)]
NONE = UUID(int=0)
STANDS = "SELECT state, reopened FROM complaint WHERE id = $1 OR code = $2"


@router.post("/v1/me/complaints/{own_complaint_id}/rate", response_model=AfterOut)
async def rate_own(access: ResidentMe, uow: Uow, own_complaint_id: UUID, body: RatingIn) -> Response:
    """Rates the answer to one of the caller's own; once for each answer that it got."""
    await after.rate(uow, Own(access.principal.id, own_complaint_id), rating=body.rating())
    return await _stands(uow, complaint_id=own_complaint_id)


@router.post("/v1/me/complaints/{own_complaint_id}/reopen", response_model=AfterOut)
async def reopen_own(access: ResidentMe, uow: Uow, own_complaint_id: UUID, body: ReopenIn) -> Response:
    """Has one of the caller's own taken up again: within the policy's days, as often as it allows."""
    await after.reopen_own(uow, Own(access.principal.id, own_complaint_id), text=body.text, file_ids=body.files)
    return await _stands(uow, complaint_id=own_complaint_id)


@router.post("/public/complaints/{code}/rate", response_model=AfterOut, dependencies=[Counted, Depends(count_intake)])
async def rate_by_code(uow: AnonymousUow, code: str, body: RatingIn) -> Response:
    """The same by the complaint's code."""
    await after.rate(uow, Own(code=code), rating=body.rating())
    return await _stands(uow, code=code)


@router.post("/public/complaints/{code}/reopen", response_model=AfterOut, dependencies=[Counted, Depends(count_intake)])
async def reopen_by_code(uow: AnonymousUow, code: str, body: ReopenByCodeIn) -> Response:
    """The same by the complaint's code."""
    await after.reopen_own(uow, Own(code=code), text=body.text)
    return await _stands(uow, code=code)


@router.post("/v1/complaints/{complaint_id}/reopen", response_model=ComplaintOut)
async def reopen_complaint(
    access: Supervising, uow: Uow, match: IfMatch, complaint_id: UUID, body: StaffReopenIn
) -> Response:
    """Takes it up again, whatever the limits of reporters are."""
    await after.reopen(
        uow, scope=access.scope, complaint_id=complaint_id, version=match, text=body.text, file_ids=body.files
    )
    return await changed(access, uow, complaint_id)


@router.get("/v1/complaints/{complaint_id}/rounds", response_model=RoundsOut)
async def list_complaint_rounds(access: Reading, reader: Reader, complaint_id: UUID) -> Response:
    """What followed each answer of a complaint."""
    await queries.complaint_of(reader, scope=access.scope, complaint_id=complaint_id)
    rows = await reader.fetch(after_queries.ROUNDS, complaint_id)
    out = RoundsOut.model_validate({"items": [dict(row) for row in rows]})
    return Response(out.model_dump_json(), media_type="application/json")


@router.post("/v1/complaints/{complaint_id}/call-back", response_model=ComplaintOut)
async def record_call_back(access: Writing, uow: Uow, complaint_id: UUID, body: CallBackIn) -> Response:
    """A call to the reporter of a closed complaint, by somebody who did not answer it."""
    await calling_back.record(uow, scope=access.scope, complaint_id=complaint_id, said=body.said(), text=body.text)
    return await changed(access, uow, complaint_id)


@router.post("/v1/me/complaints/{own_complaint_id}/contact", response_model=AfterOut)
async def change_own_contact(access: ResidentMe, uow: Uow, own_complaint_id: UUID, body: PhoneIn) -> Response:
    """Says under which other number the caller is reached about one of his own; it holds once staff made sure."""
    await contacts.ask_own(uow, Own(access.principal.id, own_complaint_id), phone=body.phone)
    return await _stands(uow, complaint_id=own_complaint_id)


@router.post(
    "/public/complaints/{code}/contact", response_model=AfterOut, dependencies=[Counted, Depends(count_intake)]
)
async def change_contact_by_code(uow: AnonymousUow, code: str, body: PhoneIn) -> Response:
    """The same by the complaint's code."""
    await contacts.ask_own(uow, Own(code=code), phone=body.phone)
    return await _stands(uow, code=code)


@router.post("/v1/complaints/{complaint_id}/contact-change", response_model=ComplaintOut)
async def change_contact(access: Writing, uow: Uow, complaint_id: UUID, body: PhoneIn) -> Response:
    """Writes down another number of a reporter, for another person to make sure."""
    await contacts.ask(uow, scope=access.scope, complaint_id=complaint_id, phone=body.phone)
    return await changed(access, uow, complaint_id)


@router.post("/v1/complaints/{complaint_id}/contact-change/decide", response_model=ComplaintOut)
async def decide_contact_change(access: Writing, uow: Uow, complaint_id: UUID, body: SureIn) -> Response:
    """The number is the reporter's, or nobody could make sure."""
    await contacts.decide(uow, scope=access.scope, complaint_id=complaint_id, confirm=body.confirm, heard=body.phone)
    return await changed(access, uow, complaint_id)


@router.post("/v1/complaints/{complaint_id}/hold", status_code=204)
async def hold_complaint(access: Supervising, uow: Uow, complaint_id: UUID, body: HoldIn) -> Response:
    """Keeps all of it, whatever the policy's days are, until another person releases it."""
    await retention.hold(uow, scope=access.scope, complaint_id=complaint_id, reason=body.reason)
    return reply(uow, 204)


@router.post("/v1/complaints/{complaint_id}/release", status_code=204)
async def release_complaint(access: Supervising, uow: Uow, complaint_id: UUID) -> Response:
    """It is forgotten at its time again."""
    await retention.lift(uow, scope=access.scope, complaint_id=complaint_id)
    return reply(uow, 204)


@router.get("/v1/call-backs", response_model=CallBackPage)
async def list_call_backs(
    access: Writing, reader: Reader, page: Page, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """Reporters of the caller's regions who are to be called."""
    rows = await _page(after_queries.CALL_BACKS, access, reader, page)
    items = [CallBackItem.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    paths = {str(row["id"]): row["region_path"] for row in rows}
    answer: Response = page.answer(items, lambda row: (paths[row["id"]], row["id"]))
    return answer


@router.get("/v1/complaint-supervisions", response_model=SupervisionPage)
async def list_supervisions(
    access: Reading, reader: Reader, page: Page, wanted: Annotated[SupervisionQuery, Query()]
) -> Response:
    """What dissatisfied reporters of the caller's regions have supervisors look into."""
    rows = await _page(after_queries.SUPERVISIONS, access, reader, page, wanted.state, wanted.desk_id)
    items = [SupervisionOut.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    paths = {str(row["id"]): row["region_path"] for row in rows}
    answer: Response = page.answer(items, lambda row: (paths[row["id"]], row["id"]))
    return answer


@router.post("/v1/complaint-supervisions/{supervision_id}/settle", response_model=SupervisionOut)
async def settle_supervision(
    access: Supervising, uow: Uow, match: IfMatch, supervision_id: UUID, body: FindingIn
) -> Response:
    """Says what the supervisor found."""
    await supervising.settle(
        uow, scope=access.scope, supervision_id=supervision_id, version=match, finding=body.finding
    )
    row = await uow.driver.fetchrow(after_queries.SUPERVISION, supervision_id)
    return reply(uow, 200, SupervisionOut.model_validate(dict(row)), version=row["version"])


async def _page(sql: str, access: Access, reader: Any, page: Any, *wanted: Any) -> Any:
    path, after_id = page.after((str, UUID)) or ("", NONE)
    low, high = bounds(access.scope).values()
    scope = access.scope
    return await reader.fetch(sql, low, high, path, after_id, scope.lows, scope.highs, *wanted, page.limit + 1)


async def _stands(uow: Any, *, complaint_id: UUID | None = None, code: str | None = None) -> Response:
    row = await uow.driver.fetchrow(STANDS, complaint_id, None if code is None else rules.typed(code))
    if row is None:
        raise NotFound
    answer = reply(uow, 200, AfterOut(state=State(row["state"]), round=row["reopened"]))
    if code is not None:
        answer.headers.update(NO_STORE)
    return answer
