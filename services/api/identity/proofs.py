"""What is worked out before a transaction begins: argon2 takes a tenth of a second, in which no connection is held."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from services.api.deps import TOLD_ONCE
from services.api.identity.schemas import PasswordChangeIn, PasswordIn, SignInIn, TotpRemoveIn, WeChatSignInIn
from services.api.problems import language_of, problem_response
from services.api.security import Access, requires
from services.core.identity import passwords
from services.core.identity.access import Permission
from services.core.identity.account import check_new_password
from services.core.identity.sign_in import PasswordProof, prove_by_username, prove_own
from services.core.identity.tokens import Lifetimes
from services.core.kit.crypto import FieldCipher, field_cipher
from services.core.kit.errors import DomainError, InputInvalid, NotAllowed
from services.core.kit.uow import UnitOfWork
from services.wechat.client import WeChat
from services.wechat.errors import WeChatNotConfigured

Me = Annotated[Access, requires(Permission.ME)]


async def get_cipher(request: Request) -> FieldCipher:
    """The cipher of secrets at rest."""
    return field_cipher(request.app.state.settings)


async def get_lifetimes(request: Request) -> Lifetimes:
    """How long tokens live here."""
    return Lifetimes.of(request.app.state.settings)


async def count_attempt(request: Request) -> None:
    """Counts an attempt at a secret per client address; past the limit it is not even looked at."""
    request.app.state.sign_ins.hit(request.client.host if request.client else "unknown")


async def get_staff_access(access: Me) -> Access:
    """The caller, when a member of staff: a client has neither password nor authenticator."""
    if access.principal.kind != "staff":
        raise NotAllowed
    return access


Cipher = Annotated[FieldCipher, Depends(get_cipher)]
TokenLifetimes = Annotated[Lifetimes, Depends(get_lifetimes)]
StaffMe = Annotated[Access, Depends(get_staff_access)]
Counted = Depends(count_attempt)


async def forget_principals(request: Request) -> AsyncIterator[None]:
    """Once it is committed, what is changed here is felt by this process's next request, not a second later."""
    yield
    request.app.state.principals.clear()


Forgetting = Depends(forget_principals, scope="function")


async def get_sign_in_proof(request: Request, body: SignInIn) -> PasswordProof:
    """The password tried for the username."""
    return await prove_by_username(request.app.state.database, username=body.username, password=body.password)


def wechat_of(request: Request) -> WeChat:
    """The client of WeChat; WeChatNotConfigured where no mini-program is set."""
    client: WeChat | None = request.app.state.wechat
    if client is None:
        raise WeChatNotConfigured
    return client


async def get_openid(request: Request, body: WeChatSignInIn) -> str:
    """Whom WeChat says the code stands for; asked before a transaction begins."""
    return await wechat_of(request).openid(body.code)


async def get_own_proof(request: Request, body: PasswordIn, access: StaffMe) -> PasswordProof:
    """The caller's password tried."""
    return await prove_own(request.app.state.database, staff_id=access.principal.id, password=body.password)


async def get_removal_proof(request: Request, body: TotpRemoveIn, access: StaffMe) -> PasswordProof:
    """The caller's password tried."""
    return await prove_own(request.app.state.database, staff_id=access.principal.id, password=body.password)


@dataclass(frozen=True, slots=True)
class NewPasswordProof:
    """The old password tried, the new one accepted and hashed."""

    proof: PasswordProof
    new_hash: str


async def get_change_proof(request: Request, body: PasswordChangeIn, access: StaffMe) -> NewPasswordProof:
    """The old password tried and, when it is right, the new one checked and hashed."""
    proof = await prove_own(request.app.state.database, staff_id=access.principal.id, password=body.current_password)
    if not proof.matches:
        return NewPasswordProof(proof, "")
    check_new_password(body.new_password, username=proof.username, pointer="/new_password")
    if body.new_password == body.current_password:
        raise InputInvalid.at("/new_password", zh="新密码不得与原密码相同", en="the new password is the old one")
    return NewPasswordProof(proof, await passwords.hash_password(body.new_password))


@dataclass(frozen=True, slots=True)
class Temporary:
    """A password to hand over and its hash."""

    password: str
    hash: str


async def get_temporary(_access: Annotated[Access, requires(Permission.STAFF_WRITE)]) -> Temporary:
    """A fresh temporary password, for who may manage staff."""
    password = passwords.temporary_password()
    return Temporary(password, await passwords.hash_password(password))


TemporaryPassword = Annotated[Temporary, Depends(get_temporary)]
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def secret_answer(status: int, body: BaseModel, *, uow: UnitOfWork | None = None, **headers: str) -> Response:
    """An answer that holds a secret: kept by no cache, and not in the database either.

    The same request again (`Idempotency-Key`) does nothing twice: it is told so, with the record's id.
    """
    if uow is not None and uow.answer is not None:
        uow.answer.status, uow.answer.headers = 409, {TOLD_ONCE: str(getattr(body, "id", ""))}
    return Response(body.model_dump_json(), status, {**NO_STORE, **headers}, media_type="application/json")


def refusal_answer(request: Request, refusal: DomainError) -> Response:
    """A refusal that is answered rather than raised, so that the transaction which counted the failure commits."""
    language = language_of(request.headers.get("accept-language"))
    return problem_response(refusal, language=language, request_id=request.scope["request_id"])
