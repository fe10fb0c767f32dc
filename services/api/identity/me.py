"""Routes of one's own account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic_core import to_json

from services.api.deps import Page, Reader, Uow, reply
from services.api.identity.proofs import (
    Cipher,
    Counted,
    Forgetting,
    Me,
    NewPasswordProof,
    StaffMe,
    get_change_proof,
    get_own_proof,
    get_removal_proof,
    refusal_answer,
    secret_answer,
)
from services.api.identity.schemas import CodeIn, LanguageIn, MeOut, SessionPage, TotpEnrolOut, TotpRemoveIn
from services.api.security import Access, requires
from services.core.identity import account, queries, resident_sign_in
from services.core.identity.access import Permission
from services.core.identity.sign_in import PasswordProof
from services.core.kit.errors import DomainError

router = APIRouter(prefix="/v1/me", tags=["me"])
ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]


@router.get("", response_model=MeOut)
async def me(access: Me, reader: Reader) -> Response:
    """Who the token stands for, with roles, regions and permissions."""
    principal = access.principal
    row = await queries.ME.first(reader, session_id=principal.session_id)
    grants = await queries.MY_GRANTS.all(reader, kind=principal.kind, principal_id=principal.id)
    body = {
        "kind": principal.kind,
        "id": principal.id,
        "session_id": principal.session_id,
        **dict(row or {}),
        "grants": [dict(grant) for grant in grants],
        "permissions": sorted(principal.permissions),
    }
    return Response(to_json(body), media_type="application/json")


@router.put("/language", status_code=204, dependencies=[Forgetting])
async def choose_language(access: ResidentMe, body: LanguageIn, uow: Uow) -> Response:
    """The language in which a resident is written to."""
    await resident_sign_in.choose_language(uow, resident_id=access.principal.id, language=body.language)
    return reply(uow, 204)


@router.put("/password", status_code=204, dependencies=[Counted, Forgetting])
async def change_password(
    request: Request, access: StaffMe, proven: Annotated[NewPasswordProof, Depends(get_change_proof)], uow: Uow
) -> Response:
    """Replaces the caller's password and ends his other sessions."""
    refusal = await account.change_password(
        uow, principal=access.principal, proof=proven.proof, new_hash=proven.new_hash
    )
    if refusal is not None:
        return refusal_answer(request, refusal)
    return reply(uow, 204)


@router.post("/totp", status_code=201, response_model=TotpEnrolOut, dependencies=[Counted])
async def enrol_totp(
    request: Request, proof: Annotated[PasswordProof, Depends(get_own_proof)], cipher: Cipher, uow: Uow
) -> Response:
    """A secret for an authenticator, told once; it counts from `confirm` on."""
    made = await account.enrol_totp(uow, proof=proof, cipher=cipher)
    if isinstance(made, DomainError):
        return refusal_answer(request, made)
    return secret_answer(201, TotpEnrolOut(secret=made[0], uri=made[1]), uow=uow)


@router.post("/totp/confirm", status_code=204, dependencies=[Counted])
async def confirm_totp(access: StaffMe, body: CodeIn, cipher: Cipher, uow: Uow) -> Response:
    """Turns the authenticator on with a first code."""
    await account.confirm_totp(uow, staff_id=access.principal.id, code=body.otp, cipher=cipher)
    return reply(uow, 204)


@router.post("/totp/remove", status_code=204, dependencies=[Counted])
async def remove_totp(
    request: Request,
    body: TotpRemoveIn,
    proof: Annotated[PasswordProof, Depends(get_removal_proof)],
    cipher: Cipher,
    uow: Uow,
) -> Response:
    """Turns the authenticator off, for password and code."""
    refusal = await account.remove_totp(uow, proof=proof, code=body.otp, cipher=cipher)
    return reply(uow, 204) if refusal is None else refusal_answer(request, refusal)


@router.get("/sessions", response_model=SessionPage)
async def list_sessions(access: Me, reader: Reader, page: Page) -> Response:
    """The caller's sign-ins that still hold, the newest first."""
    principal = access.principal
    after = page.after([UUID])
    rows = await queries.MY_SESSIONS.all(
        reader,
        kind=principal.kind,
        principal_id=principal.id,
        before=None if after is None else after[0],
        count=page.limit + 1,
    )
    items = [{**dict(row), "current": row["id"] == principal.session_id} for row in rows]
    return page.answer(items, lambda row: [row["id"]])


@router.post("/sessions/{session_id}/revoke", status_code=204, dependencies=[Forgetting])
async def revoke_session(access: Me, session_id: UUID, uow: Uow) -> Response:
    """Ends one of the caller's sign-ins."""
    await account.revoke_own_session(uow, principal=access.principal, session_id=session_id)
    return reply(uow, 204)
