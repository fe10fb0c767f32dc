"""Routes of a resident's own: properties, family, requests, consents, his data, the end of his account."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic_core import to_json

from services.api.deps import Page, Reader, Uow, reply
from services.api.identity.proofs import NO_STORE, Counted, Forgetting, refusal_answer, secret_answer, wechat_of
from services.api.residents.schemas import (
    AskOut,
    BindIn,
    BoundOut,
    ByCodeIn,
    ByPhoneIn,
    ByRequestIn,
    ConsentIn,
    ConsentOut,
    ConsentsOut,
    EraseAskedOut,
    EraseIn,
    InvitationOut,
    MyPropertyOut,
    MyPropertyPage,
    MyRequestPage,
)
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.consultations import queries as consultations
from services.core.files import queries as files
from services.core.hotline import speaking
from services.core.identity.access import Permission
from services.core.kit.errors import DomainError
from services.core.kit.invalid import InvalidAt
from services.core.kit.uow import UnitOfWork
from services.core.ownership.rules import phone_number
from services.core.residents import account, asking, codes, consents, queries, service
from services.core.residents.rules import INVITATION_HOLDS, Topic, printed
from services.core.surveys import residents as surveys
from services.core.votes import objection_queries, reading

if TYPE_CHECKING:
    from collections.abc import Sequence

router = APIRouter(prefix="/v1/me", tags=["me"])
MOST = 12
"""Rows on a page: with the longest names, numbers, family and reasons it fits the mini-program's 32 KB."""
GIVEN = {
    "ballots": reading.CAST_BY_RESIDENT,
    "vote_objections": objection_queries.OBJECTED_BY_RESIDENT,
    "survey_answers": surveys.ANSWERED_BY,
    "consultation_answers": consultations.SAID_BY_RESIDENT,
    "lifts": consultations.LIFTS_BY_RESIDENT,
    "files": files.SENT_BY_RESIDENT,
}
"""What a resident gave to the domains above, by its name in the export."""
ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]


async def get_number(request: Request, access: ResidentMe, body: BindIn) -> str | DomainError | None:
    """The phone number that WeChat tells for the code, asked with consent alone, and before a transaction begins.

    A refusal is handed on, not raised: a repeated request finds its code used up, and is to get its first answer all the same.
    """
    if not isinstance(body, ByPhoneIn):
        return None
    try:
        async with request.app.state.database.read() as reader:
            await consents.require(reader, resident_id=access.principal.id, topic=Topic.PHONE_MATCHING)
        return await wechat_of(request).phone_number(body.phone_code)
    except DomainError as refusal:
        return refusal


@router.get("/properties", response_model=MyPropertyPage)
async def list_properties(
    access: ResidentMe, reader: Reader, page: Page, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """The properties for which the resident stands by the register of today; at most 12 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (after,) = page.after([UUID]) or [None]
    rows = await reader.fetch(queries.MINE, access.principal.id, after, page.limit + 1)
    return page.answer([_property(row).model_dump() for row in rows], lambda row: (row["id"],))


@router.post("/properties", status_code=201, response_model=BoundOut, dependencies=[Counted])
async def bind(
    request: Request,
    access: ResidentMe,
    body: BindIn,
    number: Annotated[str | DomainError | None, Depends(get_number)],
    uow: Uow,
) -> Response:
    """Binds by the registered phone number, by a code, or asks the community.

    By phone: everything where that number is one person's alone. 409 `consent-missing`, `binding-code-wrong`; 429 after five wrong
    codes; 422 `phone-code-refused`: tap again.
    """
    resident_id = access.principal.id
    match body:
        case ByRequestIn():
            asked = asking.Asked(body.compound_id, body.building or "", body.door, body.name)
            request_id = await asking.ask(uow, resident_id=resident_id, asked=asked)
            return reply(uow, 201, BoundOut(bound=[], request_id=request_id))
        case ByCodeIn():
            bound = await codes.redeem(uow, resident_id=resident_id, given=body.code)
            if isinstance(bound, DomainError):
                return refusal_answer(request, bound)
            return reply(uow, 201, BoundOut(bound=await _properties(uow, resident_id, [bound])))
        case ByPhoneIn():
            if isinstance(number, DomainError):
                raise number
            return reply(uow, 201, await _by_phone(uow, resident_id, number or ""))


async def _by_phone(uow: UnitOfWork, resident_id: UUID, number: str) -> BoundOut:
    try:
        known = phone_number(number)
    except InvalidAt:  # a foreign number: no register has it
        return BoundOut(bound=[])
    found = await service.bind_by_phone(uow, resident_id=resident_id, number=known)
    ask = [AskOut(compound_id=one["compound_id"], compound_name=one["compound_name"]) for one in found.ask]
    bound = await _properties(uow, resident_id, found.bound[:MOST])
    return BoundOut(bound=bound, more=len(found.bound) > MOST, ask=ask)


async def _properties(uow: UnitOfWork, resident_id: UUID, binding_ids: "Sequence[UUID]") -> list[MyPropertyOut]:
    rows = await uow.driver.fetch(queries.MINE_BY_ID, resident_id, list(binding_ids))
    return [_property(row) for row in rows]


def _property(row: Mapping[str, Any]) -> MyPropertyOut:
    return MyPropertyOut.model_validate(dict(row))


@router.delete("/properties/{binding_id}", status_code=204)
async def unbind(access: ResidentMe, binding_id: UUID, uow: Uow) -> Response:
    """Ends a binding of one's own with the family that it invited, or one of that family's."""
    await service.unbind(uow, resident_id=access.principal.id, binding_id=binding_id)
    return reply(uow, 204)


@router.post("/properties/{binding_id}/invite", status_code=201, response_model=InvitationOut)
async def invite(access: ResidentMe, binding_id: UUID, uow: Uow) -> Response:
    """A code for one of the family, who sees and answers for the household. It holds a week; a newer one ends it."""
    code = await codes.invite(uow, resident_id=access.principal.id, binding_id=binding_id)
    out = InvitationOut(id=binding_id, code=printed(code), expires_at=uow.now + INVITATION_HOLDS)
    return secret_answer(201, out, uow=uow)


@router.get("/requests", response_model=MyRequestPage)
async def list_requests(
    request: Request, access: ResidentMe, reader: Reader, page: Page, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """What the resident asked communities, and what they answered; at most 12 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after([UUID]) or [None]
    rows = await reader.fetch(queries.MY_REQUESTS, access.principal.id, before, page.limit + 1)
    vault = request.app.state.database.vault
    hidden = {"name_sealed", "reason_sealed"}
    items = [
        {**{name: value for name, value in row.items() if name not in hidden}, "reason": asking.reason_of(vault, row)}
        for row in rows
    ]
    return page.answer(items, lambda row: (row["id"],))


@router.delete("/requests/{request_id}", status_code=204)
async def withdraw_request(access: ResidentMe, request_id: UUID, uow: Uow) -> Response:
    """Takes a request back that nobody has answered yet."""
    await asking.withdraw(uow, resident_id=access.principal.id, request_id=request_id)
    return reply(uow, 204)


@router.get("/consents", response_model=ConsentsOut)
async def list_consents(access: ResidentMe, reader: Reader) -> Response:
    """Each text as it reads now, and what the resident said to this version; a new version reads as not answered."""
    rows = await reader.fetch(consents.MINE, access.principal.id)
    return Response(to_json(_consents(rows, access.principal.language)), media_type="application/json")


@router.post("/consents", status_code=201, response_model=ConsentsOut)
async def answer_consent(access: ResidentMe, body: ConsentIn, uow: Uow) -> Response:
    """Gives, refuses or withdraws consent to a version of a text. Voting and surveys need none."""
    resident_id = access.principal.id
    await consents.answer(uow, resident_id=resident_id, topic=body.topic, number=body.number, said=body.answer)
    rows = await uow.driver.fetch(consents.MINE, resident_id)
    return reply(uow, 201, _consents(rows, access.principal.language))


def _consents(rows: "Sequence[Mapping[str, Any]]", language: str) -> ConsentsOut:
    return ConsentsOut(
        items=[
            ConsentOut(
                topic=row["topic"],
                number=row["number"],
                title=row[f"title_{language}"],
                body=row[f"body_{language}"],
                published_at=row["published_at"],
                answer=row["answer"],
                answered_at=row["at"],
            )
            for row in rows
        ]
    )


@router.post("/export", dependencies=[Counted])
async def export_own_data(access: ResidentMe, uow: Uow) -> Response:
    """Everything that is kept of the resident, as JSON (个人信息保护法 第四十五条). Stored nowhere; the taking is audited."""
    resident_id = access.principal.id
    data = await account.own_data(uow, resident_id=resident_id)
    for part, told in GIVEN.items():
        data[part] = [dict(row) for row in await uow.driver.fetch(told, resident_id)]
    data["complaints"] = await speaking.own_words(uow, resident_id=resident_id)
    headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(to_json(data), headers=headers, media_type="application/json")


@router.post("/erase", status_code=202, response_model=EraseAskedOut, dependencies=[Counted, Forgetting])
async def erase(access: ResidentMe, body: EraseIn, uow: Uow) -> Response:
    """Without a confirmation: says what to send back within ten minutes (202). With it: erases the account for good (204)."""
    resident_id = access.principal.id
    if body.confirmation is not None:
        await account.erase(uow, resident_id=resident_id, confirmation=body.confirmation)
        await surveys.forget_words(uow, resident_id=resident_id)
        for forget in (consultations.FORGET_WORDS, objection_queries.FORGET_WORDS):
            await uow.driver.execute(forget, resident_id)
        await speaking.forget_words(uow, resident_id=resident_id)
        return reply(uow, 204)
    confirmation = await account.ask_erasure(uow, resident_id=resident_id)
    out = EraseAskedOut(id=resident_id, confirmation=confirmation, confirm_until=uow.now + account.CONFIRM_WITHIN)
    return secret_answer(202, out, uow=uow)
