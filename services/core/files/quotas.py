"""How much may be sent: by one person within a day, on one project's account in all."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files.errors import FileQuotaUsedUp, ProjectSpaceUsedUp

if TYPE_CHECKING:
    from services.core.kit.uow import UnitOfWork

# Two uploads of one person's take turns, so the quota holds and the same photograph is kept once.
MY_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('file:' || $1::uuid::text, 0))"
# What is on its way counts whole from the beginning, and goes on counting when it was refused or given up: its bytes came.
SENT_SINCE = """
SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS bytes FROM (
  SELECT size FROM file WHERE owner_id = $1 AND created_at > $2
  UNION ALL SELECT length FROM upload WHERE owner_id = $1 AND created_at > $2 AND state <> 'done') AS sent
"""
KEPT_FOR_PROJECT = """
SELECT coalesce(sum(size), 0)::bigint FROM (
  SELECT size FROM file WHERE project_id = $1 AND deleted_at IS NULL
  UNION ALL SELECT length FROM upload WHERE project_id = $1 AND state IN ('receiving', 'examining')) AS kept
"""


@dataclass(frozen=True, slots=True)
class Quota:
    """What one person may send within 24 hours."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Account:
    """A project that a file is kept for, and how many bytes are kept for one."""

    project_id: UUID
    bytes: int


async def take_turn(uow: "UnitOfWork", owner_id: UUID) -> None:
    """Lets one after the other of a person's uploads through, until the transaction ends."""
    await uow.driver.execute(MY_TURN, owner_id)


async def must_have_room(
    uow: "UnitOfWork", *, owner_id: UUID, size: int, quota: Quota, account: Account | None
) -> None:
    """FileQuotaUsedUp, ProjectSpaceUsedUp. To be asked in the owner's turn."""
    sent = await uow.driver.fetchrow(SENT_SINCE, owner_id, uow.now - timedelta(days=1))
    if sent["files"] >= quota.files or sent["bytes"] + size > quota.bytes:
        raise FileQuotaUsedUp(headers={"Retry-After": "3600"})
    if account is not None:
        await take_turn(uow, account.project_id)
        if await uow.driver.fetchval(KEPT_FOR_PROJECT, account.project_id) + size > account.bytes:
            raise ProjectSpaceUsedUp
