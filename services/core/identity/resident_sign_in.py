"""A resident signs in: whoever holds a WeChat account holds the account here, made at its first sign-in."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import LargeBinary, String, bindparam, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.core.identity.errors import AccountDisabled
from services.core.identity.models import Resident
from services.core.identity.tokens import Lifetimes, Tokens, open_session
from services.core.kit.database import Statement
from services.core.kit.errors import DomainError
from services.core.kit.ids import new_id
from services.core.kit.uow import Actor, UnitOfWork

if TYPE_CHECKING:
    import asyncpg

OPENID = "wechat.openid"

KNOWN = Statement(
    select(Resident.id, Resident.openid_digest, Resident.disabled_at)
    .where(Resident.openid_digest == bindparam("digests", type_=ARRAY(LargeBinary)).any_())
    .with_for_update()
)
ADD = Statement(
    insert(Resident)
    .values(
        id=bindparam("id"),
        openid=bindparam("openid"),
        openid_digest=bindparam("digest"),
        index_key=bindparam("key"),
        language=bindparam("language"),
        failed_attempts=0,
        lock_count=0,
        created_at=bindparam("now"),
    )
    .on_conflict_do_nothing(index_elements=["openid_digest"])
)
RENEW = Statement(
    update(Resident)
    .where(Resident.id == bindparam("resident_id"))
    .values(openid_digest=bindparam("digest"), index_key=bindparam("key"))
)
STALE = Statement(
    select(Resident.id, Resident.openid)
    .where(Resident.index_key != bindparam("key", type_=String), Resident.openid.is_not(None))
    .order_by(Resident.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
SPEAK = Statement(
    update(Resident).where(Resident.id == bindparam("resident_id")).values(language=bindparam("language"))
)


async def sign_in_resident(
    uow: UnitOfWork, *, openid: str, language: str, user_agent: str, lifetimes: Lifetimes
) -> Tokens | DomainError:
    """A session for a WeChat account; AccountDisabled, returned so that its audit is committed, for one that was shut.

    Two first sign-ins at once make one account: the unique digest decides.
    """
    known = await _account(uow, openid=openid, language=language)
    resident_id: UUID = known["id"]
    uow.actor = Actor("resident", resident_id, uow.actor.request_id)
    if known["disabled_at"] is not None:
        uow.audit("resident.sign_in", target="resident", target_id=resident_id, outcome="refused")
        return AccountDisabled()
    tokens = await open_session(
        uow, kind="resident", principal_id=resident_id, user_agent=user_agent, lifetimes=lifetimes
    )
    uow.audit(
        "resident.sign_in",
        target="resident",
        target_id=resident_id,
        details={"session_id": str(tokens.session_id)},
    )
    return tokens


async def _account(uow: UnitOfWork, *, openid: str, language: str) -> "asyncpg.Record":
    """The account, its row locked; found under a former key of indexes it is written under the present one."""
    digest, key = uow.vault.index.of(OPENID, openid), uow.vault.index.key_id
    digests = uow.vault.found_under(OPENID, openid)
    known = await KNOWN.first(uow.driver, digests=digests)
    if known is None:
        resident_id = new_id()
        sealed = uow.vault.cipher.seal(openid.encode(), table="resident", column="openid", row=resident_id)
        await ADD.first(
            uow.driver, id=resident_id, openid=sealed, digest=digest, key=key, language=language, now=uow.now
        )
        known = await KNOWN.first(uow.driver, digests=digests)
        assert known is not None  # noqa: S101 - added here, or by whoever was in the way
    elif known["openid_digest"] != digest:
        await RENEW.first(uow.driver, resident_id=known["id"], digest=digest, key=key)
    return known


async def rewrite_digests(uow: UnitOfWork, *, at_most: int) -> int:
    """Makes digests of a former key anew under the present one, so that who stays away long is found again; how many were done."""
    index, cipher = uow.vault.index, uow.vault.cipher
    rows = await STALE.all(uow.driver, key=index.key_id, count=at_most)
    for row in rows:
        openid = cipher.open(row["openid"], table="resident", column="openid", row=row["id"]).decode()
        await RENEW.first(uow.driver, resident_id=row["id"], digest=index.of(OPENID, openid), key=index.key_id)
    return len(rows)


async def choose_language(uow: UnitOfWork, *, resident_id: UUID, language: str) -> None:
    """The language in which a resident is written to."""
    await SPEAK.first(uow.driver, resident_id=resident_id, language=language)
