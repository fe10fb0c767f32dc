"""Use cases of extensions: asked for only before the limit, decided by another person, told to the citizen."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.clocks import planning, service
from services.core.clocks.errors import (
    ClockInputInvalid,
    ExtensionDecided,
    ExtensionOwn,
    ExtensionPending,
    ExtensionsUsed,
)
from services.core.clocks.events import ClockExtended, ExtensionAsked, ExtensionRefused
from services.core.clocks.rules import Decision, Due
from services.core.kit.calendar import WorkCalendar
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from asyncpg import Record

SO_FAR = """
SELECT count(*) FILTER (WHERE decision = 'approved') AS used, count(*) FILTER (WHERE decision = 'asked') AS pending
FROM clock_extension WHERE clock_id = $1
"""
ASK = """
INSERT INTO clock_extension (id, clock_id, days, reason, asked_at, asked_by, decision, due_before)
VALUES ($1, $2, $3, $4, $5, $6, 'asked', $7)
"""
OF_SUBJECT = """
SELECT e.id, e.clock_id, e.days, e.asked_by, e.decision, c.kind
FROM clock_extension e JOIN clock c ON c.id = e.clock_id
WHERE e.id = $1 AND c.subject_type = $2 AND c.subject_id = $3
"""
DECIDE = """
UPDATE clock_extension SET decision = $2, ground = $3, decided_at = $4, decided_by = $5, due_after = $6
WHERE id = $1 AND decision = 'asked' RETURNING id
"""


async def ask_extension(
    uow: UnitOfWork, *, subject_type: str, subject_id: UUID, kind: str, days: int, reason: str
) -> UUID:
    """Asks that the limit be moved to `days` in all, counted from the clock's start; the request's id.

    Only before the limit: ClockRanOut; also ClockNotOpen, ClockNotRunning, ExtensionPending, ExtensionsUsed where the terms allow
    no more; ClockInputInvalid for days that are not more than it has, or more than the terms allow.
    """
    clock = await service.running(uow, subject_type=subject_type, subject_id=subject_id, kind=kind)
    so_far = await uow.driver.fetchrow(SO_FAR, clock.id)
    if so_far["pending"]:
        raise ExtensionPending
    allowed = clock.terms.extension
    if allowed is None or so_far["used"] >= allowed.times:
        raise ExtensionsUsed
    has = clock.days or clock.terms.days
    if not has < days <= allowed.max_days:
        raise ClockInputInvalid.at(
            "/days",
            zh=f"应多于现有的 {has} 天且不超过 {allowed.max_days} 天",
            en=f"must be more than the {has} days it has and at most {allowed.max_days}",
        )
    extension_id = new_id()
    await uow.driver.execute(ASK, extension_id, clock.id, days, reason, uow.now, uow.actor.id, clock.due_at)
    planning.record(uow, clock, ExtensionAsked(clock_id=clock.id, key=clock.kind, extension_id=extension_id, days=days))
    return extension_id


async def decide_extension(
    uow: UnitOfWork,
    *,
    subject_type: str,
    subject_id: UUID,
    extension_id: UUID,
    approve: bool,
    ground: str | None = None,
    calendar: WorkCalendar | None = None,
) -> Due | None:
    """Another person than who asked moves the limit, or not; the new limit, None where it stays.

    NotFound for an extension of another subject; ExtensionOwn; ExtensionDecided, also when the limit passed first and it lapsed;
    ClockRanOut when that is about to be found; ClockNotRunning while the clock is paused.
    """
    asked = await uow.driver.fetchrow(OF_SUBJECT, extension_id, subject_type, subject_id)
    if asked is None:
        raise NotFound
    if asked["asked_by"] == uow.actor.id:
        raise ExtensionOwn
    if asked["decision"] != Decision.ASKED:
        raise ExtensionDecided
    clock = await service.running(uow, subject_type=subject_type, subject_id=subject_id, kind=asked["kind"])
    calendar = calendar or WorkCalendar.default()
    due = await planning.due_now(uow, clock, calendar, days=asked["days"]) if approve else None
    await _decide(uow, asked, approve=approve, ground=ground, due=due)
    if due is None:
        planning.record(uow, clock, ExtensionRefused(clock_id=clock.id, key=clock.kind, extension_id=extension_id))
        return None
    await planning.move(uow, clock, due, calendar, days=asked["days"])
    planning.record(
        uow,
        clock,
        ClockExtended(
            clock_id=clock.id,
            key=clock.kind,
            extension_id=extension_id,
            days=asked["days"],
            due_before=clock.due_at,
            due_at=due.at,
            provisional=due.provisional,
        ),
    )
    return due


async def _decide(uow: UnitOfWork, asked: "Record", *, approve: bool, ground: str | None, due: Due | None) -> None:
    decision = Decision.APPROVED if approve else Decision.REFUSED
    decided = await uow.driver.fetchval(
        DECIDE, asked["id"], decision, ground, uow.now, uow.actor.id, None if due is None else due.at
    )
    if decided is None:
        raise ExtensionDecided
