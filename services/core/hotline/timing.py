"""The clock of a reply as staff and reporters handle it: stopped, put off, urged. The clock itself is `clocks`' matter."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.clocks import extending
from services.core.clocks import service as clocks
from services.core.hotline import assigning, speaking, steps
from services.core.hotline.errors import ExtensionNotAsked
from services.core.hotline.promises import COMPLAINT, REPLY
from services.core.hotline.rules import Act, By
from services.core.hotline.speaking import Own
from services.core.kit.calendar import DAY, day_of
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

ASKED = """
SELECT e.id FROM clock c JOIN clock_extension e ON e.clock_id = c.id
WHERE c.subject_type = 'complaint' AND c.subject_id = $1 AND c.kind = 'reply' AND e.decision = 'asked'
"""


async def pause(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, reason: str, document: str) -> None:
    """The clock stands still, for a reason of its policy and with the paper that shows it; the reporter reads that it does.

    NotFound, VersionStale, ActNotAllowed, NotOnDuty; see `clocks.pause` for what the clock refuses.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    await steps.step(uow, held, Act.PAUSE, public=True, desk_id=await assigning.acting(uow, held))
    await clocks.pause(
        uow, subject_type=COMPLAINT, subject_id=complaint_id, kind=REPLY, reason=reason, document=document
    )


async def resume(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int) -> None:
    """It runs again."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    await steps.step(uow, held, Act.RESUME, public=True, desk_id=await assigning.acting(uow, held))
    await clocks.resume(uow, subject_type=COMPLAINT, subject_id=complaint_id, kind=REPLY)


async def ask_extension(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, days: int, reason: str
) -> UUID:
    """Asks for more time, before the limit; the request's id. See `extending.ask_extension` for what is refused."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    desk_id = await assigning.acting(uow, held)
    extension_id = await extending.ask_extension(
        uow, subject_type=COMPLAINT, subject_id=complaint_id, kind=REPLY, days=days, reason=reason
    )
    await steps.step(uow, held, Act.EXTEND, text=reason, desk_id=desk_id)
    return extension_id


async def decide_extension(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, approve: bool, ground: str | None
) -> None:
    """Another person than who asked grants what is asked or not; where it is granted, the reporter is told until when.

    NotFound; ExtensionNotAsked; see `extending.decide_extension`.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    extension_id = await uow.driver.fetchval(ASKED, complaint_id)
    if extension_id is None:
        raise ExtensionNotAsked
    due = await extending.decide_extension(
        uow,
        subject_type=COMPLAINT,
        subject_id=complaint_id,
        extension_id=extension_id,
        approve=approve,
        ground=ground,
    )
    if due is None:
        await steps.step(uow, held, Act.EXTEND, text=ground)
        return
    day = (day_of(due.at) - DAY).isoformat()  # due at the end of its last day
    told = f"答复期限延至 {day}。The reply is due by {day} now."
    await steps.step(uow, held, Act.EXTEND, text=told, public=True)


async def urge(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID) -> int:
    """Staff urge a reply (催办); the how many-th time. ActNotAllowed once it is answered; see `clocks.urge`."""
    return await _urge(uow, await steps.locked(uow, scope=scope, complaint_id=complaint_id), By.STAFF)


async def urge_own(uow: UnitOfWork, own: Own) -> int:
    """A reporter urges it; the how many-th time."""
    return await _urge(uow, await speaking.locked(uow, own), By.REPORTER)


async def _urge(uow: UnitOfWork, held: "asyncpg.Record", by: By) -> int:
    number = await clocks.urge(uow, subject_type=COMPLAINT, subject_id=held["id"], kind=REPLY)
    await steps.step(uow, held, Act.URGE, by=by, public=True)
    return number
