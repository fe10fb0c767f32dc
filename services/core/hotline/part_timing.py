"""The clock of a desk that takes part (协办), as its people handle it: stopped, run again, put off. The reporter's promise runs on.

What of it is said stands in the history, for staff: the reporter was promised nothing by this desk.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.clocks import extending
from services.core.clocks import service as clocks
from services.core.hotline import assigning, desk_queries, steps
from services.core.hotline.desk_errors import AssignmentNotLive
from services.core.hotline.desk_rules import LIVE, Part
from services.core.hotline.errors import ExtensionNotAsked
from services.core.hotline.promises import ASSIGNMENT, REPLY
from services.core.hotline.rules import Act
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

ASKED = """
SELECT e.id FROM clock c JOIN clock_extension e ON e.clock_id = c.id
WHERE c.subject_type = 'assignment' AND c.subject_id = $1 AND c.kind = 'reply' AND e.decision = 'asked'
"""


async def pause(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID, reason: str, document: str
) -> None:
    """The desk's clock stands still, for a reason of the policy and with the paper that shows it.

    NotFound, NotOnDuty; AssignmentNotLive also for the leading desk, which runs by the case's own clock; see `clocks.pause`.
    """
    held, one = await _part(uow, scope, complaint_id, assignment_id)
    await clocks.pause(
        uow, subject_type=ASSIGNMENT, subject_id=assignment_id, kind=REPLY, reason=reason, document=document
    )
    await steps.step(uow, held, Act.PAUSE, desk_id=one["desk_id"], moves=False)


async def resume(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID) -> None:
    """It runs again."""
    held, one = await _part(uow, scope, complaint_id, assignment_id)
    await clocks.resume(uow, subject_type=ASSIGNMENT, subject_id=assignment_id, kind=REPLY)
    await steps.step(uow, held, Act.RESUME, desk_id=one["desk_id"], moves=False)


async def ask_extension(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID, days: int, reason: str
) -> UUID:
    """Asks for more time for the desk's part, before its limit; the request's id. See `extending.ask_extension`."""
    held, one = await _part(uow, scope, complaint_id, assignment_id)
    extension_id = await extending.ask_extension(
        uow, subject_type=ASSIGNMENT, subject_id=assignment_id, kind=REPLY, days=days, reason=reason
    )
    await steps.step(uow, held, Act.EXTEND, text=reason, desk_id=one["desk_id"], moves=False)
    return extension_id


async def decide_extension(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID, approve: bool, ground: str | None
) -> None:
    """Another person than who asked grants it or not. NotFound; ExtensionNotAsked; see `extending.decide_extension`."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    one = await uow.driver.fetchrow(desk_queries.ASSIGNMENT, complaint_id, assignment_id)
    if one is None:
        raise NotFound
    extension_id = await uow.driver.fetchval(ASKED, assignment_id)
    if extension_id is None:
        raise ExtensionNotAsked
    await extending.decide_extension(
        uow,
        subject_type=ASSIGNMENT,
        subject_id=assignment_id,
        extension_id=extension_id,
        approve=approve,
        ground=ground,
    )
    await steps.step(uow, held, Act.EXTEND, text=ground, desk_id=one["desk_id"], moves=False)


async def _part(
    uow: UnitOfWork, scope: Scope, complaint_id: UUID, assignment_id: UUID
) -> "tuple[asyncpg.Record, asyncpg.Record]":
    """The case, its row held, and a desk's part of it at which the caller is on duty."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    one = await assigning.own(uow, complaint_id, assignment_id)
    if one["part"] != Part.CO or one["state"] not in LIVE:
        raise AssignmentNotLive(state=one["state"])
    return held, one
