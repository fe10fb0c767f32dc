"""Who calls and where they may: the token, the permission of the route, the scope that goes into every query."""

import time
from collections import OrderedDict
from dataclasses import dataclass

from fastapi import Request, Security
from fastapi.security import HTTPBearer, SecurityScopes
from fastapi.security.utils import get_authorization_scheme_param

from services.core.identity.access import Permission, Principal
from services.core.identity.queries import principal_by_token
from services.core.identity.tokens import token_digest
from services.core.kit.errors import DomainError, Kind, NotAllowed
from services.core.kit.scope import Scope
from services.core.kit.uow import Actor


class NotSignedIn(DomainError):
    code, kind = "not-signed-in", Kind.UNAUTHENTICATED
    title_zh, title_en = "请先登录，或登录已过期", "Sign in first, or sign in again"


class PasswordChangeRequired(DomainError):
    code, kind = "password-change-required", Kind.FORBIDDEN
    title_zh = "请先修改临时密码（PUT /v1/me/password），再办理业务"
    title_en = "Change the temporary password first (PUT /v1/me/password)"


class PrincipalCache:
    """Principals by token for at most `seconds` (one second): a revocation or a new grant is felt that late at most."""

    def __init__(self, seconds: float, size: int = 10_000) -> None:
        self.seconds, self.size = seconds, size
        self._known: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    def get(self, key: str) -> Principal | None:
        """The principal, while fresh."""
        known = self._known.get(key)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    def put(self, key: str, principal: Principal) -> None:
        """Remembers, and forgets the oldest past `size`."""
        self._known[key] = (time.monotonic() + self.seconds, principal)
        self._known.move_to_end(key)
        if len(self._known) > self.size:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forgets everybody (after a change made by this very process)."""
        self._known.clear()


async def authenticate(request: Request) -> Principal:
    """The principal of the bearer token, looked up once a request. NotSignedIn.

    The route asks (its permission), and its unit of work. A second look would also take a second connection while the unit of work
    holds one: enough such requests empty the pool.
    """
    seen: Principal | None = getattr(request.state, "principal", None)
    if seen is not None:
        return seen
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    state = request.app.state
    digest = token_digest(token)
    principal: Principal | None = state.principals.get(digest)
    if principal is None:
        async with state.database.read() as connection:
            principal = await principal_by_token(connection, digest)
        if principal is None:
            raise NotSignedIn
        state.principals.put(digest, principal)
    request.state.principal = principal
    request.state.principal_id = principal.id
    state.per_principal.hit(str(principal.id))
    return principal


@dataclass(frozen=True, slots=True)
class Access:
    """A principal and the part of the region tree where it has the route's permission."""

    principal: Principal
    scope: Scope


class Authorization(HTTPBearer):
    """Lets through who has the route's permission somewhere; where, is for the query. A refusal is audited.

    The scheme of the document and the check in one: each dependency more is solved anew for every request.
    """

    async def __call__(self, needed: SecurityScopes, request: Request) -> Access:  # type: ignore[override]
        """The caller and where he may. NotSignedIn, PasswordChangeRequired, NotAllowed."""
        principal = await authenticate(request)
        permission = Permission(needed.scopes[0])
        if permission is Permission.ME:
            return Access(principal, Scope())
        if principal.must_change_password:
            raise PasswordChangeRequired
        if permission not in principal.permissions:
            actor = Actor(principal.kind, principal.id, request.scope["request_id"])
            async with request.app.state.database.begin(actor) as uow:
                uow.audit(permission, target="permission", target_id=None, outcome="refused")
            raise NotAllowed(permission=permission)
        return Access(principal, principal.scope(permission))


authorize = Authorization(scheme_name="token", description="POST /v1/auth/staff or /oauth/token gives one")


def requires(permission: Permission) -> object:
    """The route's declaration of its permission; it shows in the OpenAPI document as the scope of the token."""
    return Security(authorize, scopes=[permission.value])
