"""Signing in, refreshing, signing out. Refusals are returned, not raised: the failure that they count must be committed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from services.core.identity import passwords
from services.core.identity.access import ALLOWS, Role
from services.core.identity.errors import OtpRequired, OtpWrong, RefreshRefused, SignInRefused
from services.core.identity.models import Client, RefreshToken, Resident, RoleGrant, Session, Staff
from services.core.identity.rules import Attempts, common_path, normal_username, totp_match
from services.core.identity.tokens import Lifetimes, Tokens, issue, open_session, same_digest, token_digest
from services.core.kit.crypto import FieldCipher
from services.core.kit.database import Statement
from services.core.kit.errors import DomainError
from services.core.kit.uow import Actor, Database, UnitOfWork

if TYPE_CHECKING:
    import asyncpg

BY_USERNAME = Statement(
    select(Staff.id, Staff.username, Staff.password_hash).where(Staff.username == bindparam("username"))
)
BY_ID = Statement(select(Staff.id, Staff.username, Staff.password_hash).where(Staff.id == bindparam("staff_id")))


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """What became of trying a password, before any transaction: argon2 takes too long to hold one open meanwhile."""

    staff_id: UUID | None
    username: str
    known_hash: str | None
    matches: bool


async def prove_by_username(database: Database, *, username: str, password: str) -> PasswordProof:
    """Tries a password for a username; takes as long for a name that nobody has."""
    name = normal_username(username)
    async with database.read() as connection:
        row = await BY_USERNAME.first(connection, username=name)
    return await _prove(row, name, password)


async def prove_own(database: Database, *, staff_id: UUID, password: str) -> PasswordProof:
    """Tries the password of somebody who is signed in already."""
    async with database.read() as connection:
        row = await BY_ID.first(connection, staff_id=staff_id)
    return await _prove(row, "", password)


async def _prove(row: "asyncpg.Record | None", name: str, password: str) -> PasswordProof:
    if row is None:
        return PasswordProof(None, name, None, await passwords.verify(password, None))
    matches = await passwords.verify(password, row["password_hash"])
    return PasswordProof(row["id"], row["username"], row["password_hash"], matches)


async def home_path(uow: UnitOfWork, kind: str, principal_id: UUID) -> str:
    """Where the audit of an account belongs: the smallest subtree over its live grants."""
    grants = await uow.session.scalars(
        select(RoleGrant.region_path).where(
            RoleGrant.principal_kind == kind, RoleGrant.principal_id == principal_id, RoleGrant.ended_at.is_(None)
        )
    )
    return common_path(grants.all())


async def accept(uow: UnitOfWork, proof: PasswordProof, *, action: str) -> Staff | None:
    """The account, its row locked, when the proof holds; None when it does not, after counting and auditing the failure.

    While an account is locked nothing is counted and nothing accepted, the right password included: an answer that told
    it apart would let the guessing go on through the lock.
    """
    staff = None if proof.staff_id is None else await uow.session.get(Staff, proof.staff_id, with_for_update=True)
    if staff is None:
        uow.audit(action, target="staff", target_id=None, outcome="refused")
        return None
    usable = staff.disabled_at is None and not attempts_of(staff).locked(uow.now)
    if usable and proof.matches and staff.password_hash == proof.known_hash:
        return staff
    await refuse(uow, staff, action=action, counted=usable)
    return None


async def refuse(uow: UnitOfWork, staff: Staff, *, action: str, counted: bool) -> None:
    """Audits a refused attempt, and counts it towards the lock when it is to be."""
    attempts = attempts_of(staff)
    if counted:
        attempts = attempts.after_failure(uow.now)
        keep_attempts(staff, attempts)
    uow.audit(
        action,
        target="staff",
        target_id=staff.id,
        region_path=await home_path(uow, "staff", staff.id),
        details={"locked": attempts.locked(uow.now)},
        outcome="refused",
    )


def attempts_of(staff: Staff) -> Attempts:
    """The account's failures so far."""
    return Attempts(staff.failed_attempts, staff.failing_since, staff.lock_count, staff.locked_until)


def keep_attempts(staff: Staff, attempts: Attempts) -> None:
    """Writes failures back."""
    staff.failed_attempts, staff.failing_since = attempts.failed, attempts.since
    staff.lock_count, staff.locked_until = attempts.locks, attempts.locked_until


def totp_secret(staff: Staff, cipher: FieldCipher) -> bytes:
    """The account's secret for one-time codes."""
    assert staff.totp_secret is not None  # noqa: S101 - callers look first
    return cipher.open(staff.totp_secret, table="staff", column="totp_secret", row=staff.id)


def use_code(staff: Staff, code: str, *, cipher: FieldCipher, now: datetime) -> bool:
    """Whether the code is right; a right one is used up."""
    step = totp_match(totp_secret(staff, cipher), code, now=now, last_step=staff.totp_last_step)
    if step is None:
        return False
    staff.totp_last_step = step
    return True


async def sign_in(
    uow: UnitOfWork,
    *,
    proof: PasswordProof,
    otp: str | None,
    cipher: FieldCipher,
    lifetimes: Lifetimes,
    user_agent: str,
) -> Tokens | DomainError:
    """A session for the right password (and code, where the account has an authenticator), or the refusal to answer with."""
    action = "staff.sign_in"
    staff = await accept(uow, proof, action=action)
    if staff is None:
        return SignInRefused()
    if staff.totp_confirmed_at is not None:
        if otp is None:
            return OtpRequired()
        if not use_code(staff, otp, cipher=cipher, now=uow.now):
            await refuse(uow, staff, action=action, counted=True)
            return OtpWrong()
    keep_attempts(staff, Attempts())
    tokens = await open_session(uow, kind="staff", principal_id=staff.id, user_agent=user_agent, lifetimes=lifetimes)
    uow.actor = Actor("staff", staff.id, uow.actor.request_id)
    home = await home_path(uow, "staff", staff.id)
    uow.audit(
        action, target="staff", target_id=staff.id, region_path=home, details={"session_id": str(tokens.session_id)}
    )
    return tokens


LOCK_REFRESH = Statement(
    select(
        RefreshToken.session_id,
        RefreshToken.used_at,
        RefreshToken.expires_at,
        Session.revoked_at,
        Session.principal_kind,
        Session.principal_id,
        func.coalesce(Staff.disabled_at, Resident.disabled_at, Resident.erased_at).label("disabled_at"),
    )
    .join(Session, Session.id == RefreshToken.session_id)
    .outerjoin(Staff, (Session.principal_kind == "staff") & (Staff.id == Session.principal_id))
    .outerjoin(Resident, (Session.principal_kind == "resident") & (Resident.id == Session.principal_id))
    .where(RefreshToken.digest == bindparam("digest"))
    .with_for_update(of=[RefreshToken, Session])
)
USED = Statement(
    update(RefreshToken).where(RefreshToken.digest == bindparam("of_digest")).values(used_at=bindparam("used"))
)
REFRESHED = Statement(
    update(Session)
    .where(Session.id == bindparam("session_id"))
    .values(refreshed_at=bindparam("refreshed"), expires_at=bindparam("expires"))
)


async def refresh(uow: UnitOfWork, *, refresh_token: str, lifetimes: Lifetimes) -> Tokens | DomainError:
    """The next pair of a session. Within the grace after its use a token buys again: a phone may have lost the answer.

    Used later, somebody copied it: the whole session ends, the thief's and the owner's tokens alike (RFC 9700 section 4.14.2).
    """
    digest = token_digest(refresh_token)
    row = await LOCK_REFRESH.first(uow.driver, digest=digest)
    if row is None or row["revoked_at"] or row["disabled_at"] or row["expires_at"] <= uow.now:
        return RefreshRefused()
    session_id, kind, principal_id = row["session_id"], row["principal_kind"], row["principal_id"]
    uow.actor = Actor(kind, principal_id, uow.actor.request_id)
    if row["used_at"] is not None and uow.now - row["used_at"] > lifetimes.grace:
        await end_sessions(uow, kind=kind, principal_id=principal_id, session_id=session_id)
        uow.audit(
            "session.refresh_token_reused",
            target="session",
            target_id=session_id,
            region_path=await home_path(uow, kind, principal_id),
            outcome="refused",
        )
        return RefreshRefused()
    if row["used_at"] is None:
        await USED.first(uow.driver, of_digest=digest, used=uow.now)
    await REFRESHED.first(uow.driver, session_id=session_id, refreshed=uow.now, expires=uow.now + lifetimes.refresh)
    return await issue(uow, session_id=session_id, lifetimes=lifetimes, refreshing=True)


async def end_sessions(
    uow: UnitOfWork, *, kind: str, principal_id: UUID, session_id: UUID | None = None, keep: UUID | None = None
) -> int:
    """Revokes one session of somebody, or all but `keep`; how many there were. Their tokens are worth nothing from now on."""
    statement = update(Session).where(
        Session.principal_kind == kind, Session.principal_id == principal_id, Session.revoked_at.is_(None)
    )
    if session_id is not None:
        statement = statement.where(Session.id == session_id)
    if keep is not None:
        statement = statement.where(Session.id != keep)
    ended = await uow.connection.execute(statement.values(revoked_at=uow.now).returning(Session.id))
    return len(ended.all())


async def sign_out(uow: UnitOfWork, *, kind: str, principal_id: UUID, session_id: UUID) -> None:
    """Ends the session that the request came with."""
    await end_sessions(uow, kind=kind, principal_id=principal_id, session_id=session_id)
    home = await home_path(uow, kind, principal_id)
    uow.audit("session.signed_out", target="session", target_id=session_id, region_path=home)


@dataclass(frozen=True, slots=True)
class ClientTokens:
    """An access token of a client, and what it may do with it."""

    tokens: Tokens
    permissions: tuple[str, ...]


async def sign_in_client(
    uow: UnitOfWork, *, client_id: str, secret: str, user_agent: str, lifetimes: Lifetimes
) -> ClientTokens | None:
    """An access token for a client's id and secret; None when they are wrong or the client is disabled."""
    digest = token_digest(secret)
    client = await uow.session.get(Client, known) if (known := _uuid(client_id)) is not None else None
    matches = same_digest(digest, client.secret_hash if client is not None else token_digest(""))
    if client is None or not matches or client.disabled_at is not None:
        target = None if client is None else client.id
        home = "" if client is None else await home_path(uow, "client", client.id)
        uow.audit("client.sign_in", target="client", target_id=target, region_path=home, outcome="refused")
        return None
    uow.actor = Actor("client", client.id, uow.actor.request_id)
    tokens = await open_session(uow, kind="client", principal_id=client.id, user_agent=user_agent, lifetimes=lifetimes)
    roles = await uow.session.scalars(
        select(RoleGrant.role).where(
            RoleGrant.principal_kind == "client", RoleGrant.principal_id == client.id, RoleGrant.ended_at.is_(None)
        )
    )
    allowed = sorted({permission.value for role in roles for permission in ALLOWS[Role(role)]})
    return ClientTokens(tokens, tuple(allowed))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
