"""Routes of signing in: staff by password, clients by OAuth 2 client credentials (RFC 6749 section 4.4)."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Request, Response
from pydantic_core import to_json

from services.api.deps import AnonymousUow, Uow, reply
from services.api.identity.proofs import (
    NO_STORE,
    Counted,
    Forgetting,
    Me,
    TokenLifetimes,
    get_cipher,
    get_openid,
    get_sign_in_proof,
    refusal_answer,
    secret_answer,
)
from services.api.identity.schemas import ClientTokenOut, RefreshIn, SignInIn, TokensOut, WeChatSignInIn
from services.api.problems import language_of
from services.core.identity import sign_in as use
from services.core.identity.resident_sign_in import sign_in_resident
from services.core.identity.sign_in import PasswordProof
from services.core.identity.tokens import Lifetimes, Tokens
from services.core.kit.crypto import FieldCipher
from services.core.kit.errors import DomainError

router = APIRouter(tags=["sign-in"])


def _user_agent(request: Request) -> str:
    given = request.headers.get("user-agent", "")
    return "".join(character for character in given if character.isprintable())[:200]


def _tokens_answer(request: Request, tokens: Tokens | DomainError, lifetimes: Lifetimes) -> Response:
    if isinstance(tokens, DomainError):
        return refusal_answer(request, tokens)
    assert tokens.refresh_token is not None  # noqa: S101 - only clients get none
    return secret_answer(
        200,
        TokensOut(
            access_token=tokens.access_token,
            expires_in=int(lifetimes.access.total_seconds()),
            refresh_token=tokens.refresh_token,
            refresh_expires_in=int(lifetimes.refresh.total_seconds()),
            session_id=tokens.session_id,
        ),
    )


@router.post("/v1/auth/staff", response_model=TokensOut, dependencies=[Counted])
async def sign_in(
    *,
    request: Request,
    body: SignInIn,
    proof: Annotated[PasswordProof, Depends(get_sign_in_proof)],
    cipher: Annotated[FieldCipher, Depends(get_cipher)],
    lifetimes: TokenLifetimes,
    uow: AnonymousUow,
) -> Response:
    """Signs a member of staff in. `otp-required` (401) says that the password was right and a code is wanted as well."""
    tokens = await use.sign_in(
        uow, proof=proof, otp=body.otp, cipher=cipher, lifetimes=lifetimes, user_agent=_user_agent(request)
    )
    return _tokens_answer(request, tokens, lifetimes)


@router.post("/v1/auth/wechat", response_model=TokensOut, dependencies=[Counted])
async def sign_in_from_wechat(
    *,
    request: Request,
    body: WeChatSignInIn,  # noqa: ARG001 - read by the dependency that asks WeChat
    openid: Annotated[str, Depends(get_openid)],
    lifetimes: TokenLifetimes,
    uow: AnonymousUow,
) -> Response:
    """Signs a resident in with the code of `wx.login`; the first time makes his account. `session_key` stays with nobody.

    401 `wechat-code-refused`: call `wx.login` again. 503 `wechat-unavailable`: the same request may succeed in a moment.
    """
    tokens = await sign_in_resident(
        uow,
        openid=openid,
        language=language_of(request.headers.get("accept-language")),
        user_agent=_user_agent(request),
        lifetimes=lifetimes,
    )
    return _tokens_answer(request, tokens, lifetimes)


@router.post("/v1/auth/refresh", response_model=TokensOut, dependencies=[Counted, Forgetting])
async def refresh(request: Request, body: RefreshIn, lifetimes: TokenLifetimes, uow: AnonymousUow) -> Response:
    """The next pair of tokens. A refresh token that comes again later than a lost answer explains ends the session."""
    tokens = await use.refresh(uow, refresh_token=body.refresh_token, lifetimes=lifetimes)
    return _tokens_answer(request, tokens, lifetimes)


@router.post("/v1/auth/sign-out", status_code=204, dependencies=[Forgetting])
async def sign_out(access: Me, uow: Uow) -> Response:
    """Ends the session of this token."""
    principal = access.principal
    if principal.session_id is not None:
        await use.sign_out(uow, kind=principal.kind, principal_id=principal.id, session_id=principal.session_id)
    return reply(uow, 204)


@dataclass(frozen=True, slots=True)
class OAuthRefusal(Exception):
    """An error answer of RFC 6749 section 5.2."""

    error: str
    description: str
    challenge: bool = False

    def answer(self) -> Response:
        """Its HTTP form; a client that failed to authenticate by header is told the scheme."""
        headers = {**NO_STORE, "WWW-Authenticate": 'Basic realm="jiugai"'} if self.challenge else NO_STORE
        body = to_json({"error": self.error, "error_description": self.description})
        return Response(body, 401 if self.error == "invalid_client" else 400, headers, media_type="application/json")


async def get_form(request: Request) -> "dict[str, str] | OAuthRefusal":
    """The form, read whole before a transaction begins: who stops in mid-body must hold no connection."""
    try:
        return await _form(request)
    except OAuthRefusal as refusal:
        return refusal


async def _form(request: Request) -> dict[str, str]:
    """The parameters of the form, each at most once."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthRefusal("invalid_request", "send application/x-www-form-urlencoded")
    items = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    form = dict(items)
    if len(form) != len(items):
        raise OAuthRefusal("invalid_request", "a parameter was repeated")
    return form


def _credentials(header: str | None, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret from HTTP Basic or the body, not from both (RFC 6749 section 2.3)."""
    in_body = form.get("client_id"), form.get("client_secret")
    if header is None:
        if not in_body[0] or not in_body[1]:
            raise OAuthRefusal("invalid_client", "no client credentials were sent", challenge=True)
        return in_body[0], in_body[1]
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise OAuthRefusal("invalid_client", "authenticate by HTTP Basic or in the body", challenge=True)
    if in_body[1] is not None:
        raise OAuthRefusal("invalid_request", "credentials were sent in two ways")
    try:
        client_id, found, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise OAuthRefusal("invalid_client", "the Authorization header cannot be read", challenge=True) from wrong
    if not found:
        raise OAuthRefusal("invalid_client", "the Authorization header cannot be read", challenge=True)
    return unquote_plus(client_id), unquote_plus(secret)


FORM_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "const": "client_credentials"},
                        "client_id": {"type": "string", "description": "unless sent by HTTP Basic"},
                        "client_secret": {"type": "string", "description": "unless sent by HTTP Basic"},
                        "scope": {"type": "string", "description": "not used; the answer's scope says what was given"},
                    },
                }
            }
        },
    }
}


@router.post("/oauth/token", response_model=ClientTokenOut, openapi_extra=FORM_DOCUMENT, dependencies=[Counted])
async def oauth_token(
    request: Request,
    form: Annotated[Any, Depends(get_form)],
    lifetimes: TokenLifetimes,
    uow: AnonymousUow,
) -> Response:
    """An access token for a department's client. Errors are those of RFC 6749 section 5.2, not problem documents."""
    header = request.headers.get("authorization")
    try:
        if isinstance(form, OAuthRefusal):
            raise form
        grant_type = form.get("grant_type")
        if not grant_type:
            raise OAuthRefusal("invalid_request", "grant_type is missing")
        if grant_type != "client_credentials":
            raise OAuthRefusal("unsupported_grant_type", "only client_credentials is served")
        client_id, secret = _credentials(header, form)
    except OAuthRefusal as refusal:
        return refusal.answer()
    given = await use.sign_in_client(
        uow, client_id=client_id, secret=secret, user_agent=_user_agent(request), lifetimes=lifetimes
    )
    if given is None:
        return OAuthRefusal("invalid_client", "unknown client or wrong secret", challenge=True).answer()
    return secret_answer(
        200,
        ClientTokenOut(
            access_token=given.tokens.access_token,
            expires_in=int(lifetimes.access.total_seconds()),
            scope=" ".join(given.permissions),
        ),
    )
