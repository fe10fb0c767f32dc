"""Opaque tokens and secrets: 256 random bits behind a prefix that says what they are; kept as digests only."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

from services.core.kit.ids import new_id

if TYPE_CHECKING:
    from services.core.kit.settings import Settings
    from services.core.kit.uow import UnitOfWork

ACCESS, REFRESH, CLIENT_SECRET, CLIENT_KEY = "jga_", "jgr_", "jgs_", "jgk_"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long tokens live, and how long after its use a refresh token still counts as a lost answer."""

    access: timedelta
    refresh: timedelta
    grace: timedelta

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """As the settings say."""
        return cls(
            timedelta(minutes=settings.access_token_minutes),
            timedelta(days=settings.refresh_token_days),
            timedelta(seconds=settings.refresh_grace_seconds),
        )


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives. The only moment at which the tokens themselves are known."""

    session_id: UUID
    access_token: str
    access_expires_at: datetime
    refresh_token: str | None = None
    refresh_expires_at: datetime | None = None


def new_secret(prefix: str) -> str:
    """A fresh secret nobody can guess."""
    return prefix + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """Tokens are kept as SHA-256 only: who reads the database cannot use them."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Compares digests in constant time."""
    return hmac.compare_digest(one, other)


OPEN_SESSION = """
INSERT INTO session (id, principal_kind, principal_id, user_agent, created_at, refreshed_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $5, $6)
"""
ADD_ACCESS = "INSERT INTO access_token (digest, session_id, expires_at) VALUES ($1, $2, $3)"
ADD_REFRESH = "INSERT INTO refresh_token (digest, session_id, expires_at) VALUES ($1, $2, $3)"


async def open_session(
    uow: "UnitOfWork", *, kind: str, principal_id: UUID, user_agent: str, lifetimes: Lifetimes
) -> Tokens:
    """A new session with its first tokens. A client gets no refresh token (RFC 6749 section 4.4.3)."""
    session_id = new_id()
    refreshing = kind != "client"
    lasts = lifetimes.refresh if refreshing else lifetimes.access
    await uow.driver.execute(OPEN_SESSION, session_id, kind, principal_id, user_agent[:200], uow.now, uow.now + lasts)
    return await issue(uow, session_id=session_id, lifetimes=lifetimes, refreshing=refreshing)


async def issue(uow: "UnitOfWork", *, session_id: UUID, lifetimes: Lifetimes, refreshing: bool) -> Tokens:
    """Fresh tokens of a session."""
    access, access_expires = new_secret(ACCESS), uow.now + lifetimes.access
    await uow.driver.execute(ADD_ACCESS, token_digest(access), session_id, access_expires)
    if not refreshing:
        return Tokens(session_id, access, access_expires)
    refresh, refresh_expires = new_secret(REFRESH), uow.now + lifetimes.refresh
    await uow.driver.execute(ADD_REFRESH, token_digest(refresh), session_id, refresh_expires)
    return Tokens(session_id, access, access_expires, refresh, refresh_expires)
