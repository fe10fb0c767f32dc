"""What a resident does with his account as a whole: takes his data along, or has it erased (个人信息保护法 45, 47)."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.core.identity.sign_in import end_sessions
from services.core.identity.tokens import same_digest, token_digest
from services.core.kit.uow import UnitOfWork
from services.core.residents import asking, consents, queries, service
from services.core.residents.errors import EraseUnconfirmed
from services.core.residents.events import ResidentErased

CONFIRM_WITHIN = timedelta(minutes=10)
ACCOUNT = "SELECT id, language, created_at, erase_asked_at, erase_digest FROM resident WHERE id = $1"
SESSIONS = """
SELECT user_agent, created_at, refreshed_at FROM session
WHERE principal_kind = 'resident' AND principal_id = $1 ORDER BY id
"""
ASK = "UPDATE resident SET erase_asked_at = $2, erase_digest = $3 WHERE id = $1"
TOMBSTONE = """
UPDATE resident SET openid = NULL, openid_digest = NULL, language = 'zh', erase_asked_at = NULL, erase_digest = NULL,
                    failed_attempts = 0, failing_since = NULL, lock_count = 0, locked_until = NULL, erased_at = $2
WHERE id = $1
"""
FORGET_REASONS = "UPDATE binding_request SET reason_sealed = NULL WHERE resident_id = $1"
FORGET_DEVICES = "UPDATE session SET user_agent = '' WHERE principal_kind = 'resident' AND principal_id = $1"
FORGET_ANSWERS = "DELETE FROM idempotent_answer WHERE principal_id = $1"
EVERYTHING = 10_000


async def own_data(uow: UnitOfWork, *, resident_id: UUID) -> dict[str, Any]:
    """What this part of the system keeps of a resident, in the clear, for himself alone. The taking is audited."""
    driver, vault = uow.driver, uow.vault
    account = await driver.fetchrow(ACCOUNT, resident_id)
    uow.audit("resident.exported", target="resident", target_id=resident_id)
    return {
        "account": {"id": account["id"], "language": account["language"], "created_at": account["created_at"]},
        "bindings": [dict(row) for row in await driver.fetch(queries.MY_BINDINGS, resident_id)],
        "requests": [
            {
                "id": row["id"],
                "compound_name": row["compound_name"],
                "building": row["building"],
                "door": row["door"],
                "name": asking.name_of(vault, row),
                "state": row["state"],
                "reason": asking.reason_of(vault, row),
                "created_at": row["created_at"],
                "decided_at": row["decided_at"],
            }
            for row in await driver.fetch(queries.MY_REQUESTS, resident_id, None, EVERYTHING)
        ],
        "consents": [dict(row) for row in await driver.fetch(consents.HISTORY, resident_id)],
        "sessions": [dict(row) for row in await driver.fetch(SESSIONS, resident_id)],
    }


async def ask_erasure(uow: UnitOfWork, *, resident_id: UUID) -> str:
    """What confirms the erasure when it is sent back within ten minutes: a request that is merely repeated erases nobody."""
    await service.locked_resident(uow, resident_id)
    confirmation = secrets.token_urlsafe(18)
    await uow.driver.execute(ASK, resident_id, uow.now, token_digest(confirmation))
    uow.audit("resident.erasure_asked", target="resident", target_id=resident_id)
    return confirmation


async def erase(uow: UnitOfWork, *, resident_id: UUID, confirmation: str) -> None:
    """The account becomes a tombstone: `openid` gone, bindings and sessions ended, requests taken back, names forgotten.

    Ballots, answers to surveys and what was counted from them stay under the tombstone's id (第四十七条第二款); own words in them
    are forgotten by the domains that keep them (`FORGET_WORDS`), which the caller asks.
    Who signs in later gets a fresh account. EraseUnconfirmed for a confirmation that is wrong or too old.
    """
    await service.locked_resident(uow, resident_id)
    account = await uow.driver.fetchrow(ACCOUNT, resident_id)
    asked_at, digest = account["erase_asked_at"], account["erase_digest"]
    if digest is None or not same_digest(token_digest(confirmation), digest) or uow.now - asked_at > CONFIRM_WITHIN:
        raise EraseUnconfirmed
    ended = await service.end_all(uow, resident_id=resident_id)
    await asking.withdraw_all(uow, resident_id=resident_id)
    await end_sessions(uow, kind="resident", principal_id=resident_id)
    for forget in (FORGET_REASONS, FORGET_DEVICES, FORGET_ANSWERS):
        await uow.driver.execute(forget, resident_id)
    await uow.driver.execute(TOMBSTONE, resident_id, uow.now)
    uow.record(ResidentErased(bindings=ended), subject="resident", subject_id=resident_id, region_path="")
