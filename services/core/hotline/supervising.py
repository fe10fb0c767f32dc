"""Supervision (督办): who is dissatisfied with an answer is heard by somebody who did not give it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.core.hotline import steps
from services.core.hotline.after_errors import SupervisionSettled
from services.core.hotline.after_events import SupervisionEnded, SupervisionOpened
from services.core.hotline.after_rules import Cause, SupervisionState
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

# The nearest desk that supervises the place; without one it waits for whoever may supervise there.
DESK = """
SELECT id FROM desk WHERE role = 'supervision' AND closed_at IS NULL AND starts_with($1, region_path)
ORDER BY length(region_path) DESC, id LIMIT 1
"""
OPEN = """
INSERT INTO complaint_supervision (id, complaint_id, round, cause, compound_id, region_path, desk_id, state, version, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', 1, $8)
ON CONFLICT (complaint_id, round) DO NOTHING RETURNING id
"""
LOCK = """
SELECT id, complaint_id, round, region_path, state, version FROM complaint_supervision s
WHERE id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                          WHERE s.region_path >= scope.low AND s.region_path < scope.high)
FOR NO KEY UPDATE
"""
SETTLE = """
UPDATE complaint_supervision SET state = 'settled', version = version + 1, finding = $2, settled_by = $3, settled_at = $4
WHERE id = $1
"""


async def begin(uow: UnitOfWork, held: Mapping[str, Any], cause: Cause) -> None:
    """The supervising desk of the place is to look into this round, once however often somebody complains of it."""
    desk_id = await uow.driver.fetchval(DESK, held["region_path"])
    supervision_id = new_id()
    opened = await uow.driver.fetchval(
        OPEN,
        supervision_id,
        held["id"],
        held["reopened"],
        cause,
        held["compound_id"],
        held["region_path"],
        desk_id,
        uow.now,
    )
    if opened is None:
        return
    uow.record(
        SupervisionOpened(supervision_id=supervision_id, round=held["reopened"], cause=cause, desk_id=desk_id),
        subject="complaint",
        subject_id=held["id"],
        region_path=held["region_path"],
    )


async def settle(uow: UnitOfWork, *, scope: Scope, supervision_id: UUID, version: int, finding: str) -> None:
    """What the supervisor found. Whether it is taken up again is an act of its own. NotFound, VersionStale, SupervisionSettled;
    ComplaintInputInvalid for a personal number.
    """
    held = await uow.driver.fetchrow(LOCK, supervision_id, scope.lows, scope.highs)
    if held is None:
        raise NotFound
    if held["version"] != version:
        raise VersionStale
    if held["state"] == SupervisionState.SETTLED:
        raise SupervisionSettled
    steps.check_words(finding, "/finding")
    await uow.driver.execute(SETTLE, supervision_id, finding, uow.actor.id, uow.now)
    uow.record(
        SupervisionEnded(supervision_id=supervision_id, round=held["round"]),
        subject="complaint",
        subject_id=held["complaint_id"],
        region_path=held["region_path"],
    )
