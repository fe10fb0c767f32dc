"""Two entries of the register were one person: the register merges them, and whoever is bound follows."""

from uuid import UUID

from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import merging

VOID_CODES = "UPDATE binding_code SET voided_at = $2 WHERE person_id = $1 AND used_at IS NULL AND voided_at IS NULL"
FOLLOW = "UPDATE binding SET person_id = $2 WHERE person_id = $1"


async def merge_entries(
    uow: UnitOfWork, *, scope: Scope, person_id: UUID, version: int, other_id: UUID, reason: str
) -> bool:
    """Merges as `ownership.merging.merge` does, with its refusals; False while it waits for a second person."""
    merged = await merging.merge(
        uow, scope=scope, person_id=person_id, version=version, other_id=other_id, reason=reason
    )
    if merged:
        await follow(uow, gone_id=other_id, kept_id=person_id)
    return merged


async def follow(uow: UnitOfWork, *, gone_id: UUID, kept_id: UUID) -> None:
    """Who was bound as the entry that goes is bound as the one that stays; codes that were printed for it are void."""
    await uow.driver.execute(VOID_CODES, gone_id, uow.now)
    await uow.driver.execute(FOLLOW, gone_id, kept_id)
