"""Repeated requests: the first answer is stored in the transaction of the write itself and given again.

An answer may hold what somebody wrote, or the code that opens his case: its body is sealed for its place, as such fields are. What
was asked is told by a fingerprint under the key of blind indexes: from a plain one a telephone number in it could be guessed.

The header is that of draft-ietf-httpapi-idempotency-key-header-07 (expired, yet what everybody does): a quoted string, or bare.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import LargeBinary, String, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.crypto import CannotDecrypt
from services.core.kit.database import Base
from services.core.kit.errors import DomainError, Kind
from services.core.kit.uow import StoredAnswer
from services.core.kit.vault import Vault

if TYPE_CHECKING:
    import asyncpg

KEPT_FOR = timedelta(hours=48)
REQUEST = "idempotent_request"


class IdempotentAnswer(Base):
    """The answer that a principal got under one of its keys. Kept for `KEPT_FOR`."""

    __tablename__ = "idempotent_answer"

    principal_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)


class RequestInFlight(DomainError):
    code, kind = "request-in-flight", Kind.CONFLICT
    title_zh, title_en = "同一请求正在处理中，请稍候再试", "The same request is being worked on; try again in a moment"


class KeyReused(DomainError):
    code, kind = "idempotency-key-reused", Kind.INVALID
    title_zh, title_en = (
        "同一 Idempotency-Key 已用于另一内容的请求",
        "This Idempotency-Key was used for another request",
    )


class AnswerGone(DomainError):
    code, kind = "idempotent-answer-gone", Kind.CONFLICT
    title_zh, title_en = (
        "此请求已办结，其答复已不能再次给出",
        "This was done already; its answer cannot be given again",
    )


LOCK_AND_LOOK = """
SELECT pg_try_advisory_xact_lock(hashtextextended($1::uuid::text || ' ' || $2, 0)) AS locked,
       fingerprint, status, headers, body
FROM (SELECT 1) AS one LEFT JOIN idempotent_answer ON principal_id = $1 AND key = $2
"""


async def claim(
    driver: "asyncpg.Connection", vault: Vault, *, principal_id: UUID, key: str, digest: str
) -> tuple[StoredAnswer, bool]:
    """The stored answer and True when this request (`digest`) was answered before; else an empty one to fill in and False.

    RequestInFlight, KeyReused; AnswerGone for an answer that was stored under another key of personal data, or by a program that
    sealed none.

    The look's snapshot may be older than its lock. When the last holder committed in between, storing the answer breaks the
    primary key, everything is rolled back and the caller hears `RequestInFlight`: the constraint decides, not the look.
    """
    prints = [index.hex() for index in vault.found_under(REQUEST, digest, within=principal_id)]
    row = await driver.fetchrow(LOCK_AND_LOOK, principal_id, key)
    if row["status"] is None:
        if not row["locked"]:
            raise RequestInFlight(headers={"Retry-After": "1"})
        return StoredAnswer(principal_id, key, prints[0]), False
    # Answers from before 2026-11-22 were kept with the plain digest.
    if row["fingerprint"] not in {*prints, digest}:
        raise KeyReused
    stored = StoredAnswer(principal_id, key, row["fingerprint"], row["status"], row["headers"])
    try:
        stored.body = vault.cipher.open(row["body"], **stored.place)
    except CannotDecrypt:
        raise AnswerGone from None
    return stored, True


async def forget_old(connection: AsyncConnection, *, now: datetime) -> int:
    """Deletes answers past their time; how many."""
    old = await connection.execute(
        delete(IdempotentAnswer).where(IdempotentAnswer.created_at < now - KEPT_FOR).returning(text("1"))
    )
    return len(old.all())
