"""What a complaint's clocks run by: the terms of the policy version that was in force when it came in; how they begin."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.clocks import rules as clock_rules
from services.core.clocks import service as clocks
from services.core.clocks.terms import Terms, promised
from services.core.hotline import leaves
from services.core.hotline.rules import State
from services.core.kit.calendar import WorkCalendar
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

COMPLAINT, ASSIGNMENT = "complaint", "assignment"
"""Subjects of clocks."""

SIGN_IN, CONTACT, REPLY = "sign_in", "contact", "reply"
"""Clocks, as policies name them."""

PROMISED = "UPDATE complaint SET first_promise_at = $2 WHERE id = $1"

_KNOWN: dict[tuple[UUID, str], Mapping[str, Terms]] = {}
"""A version never changes, and there are few."""


async def terms(driver: "asyncpg.Connection", *, policy_version_id: UUID, kind: str) -> Mapping[str, Terms]:
    """The terms of each clock of a kind of complaint, by the clock's name; none where the policy says nothing of the hotline."""
    key = (policy_version_id, kind)
    if key not in _KNOWN:
        hotline = await leaves.of_version(driver, policy_version_id)
        _KNOWN[key] = {} if hotline is None else hotline.terms(kind)
    return _KNOWN[key]


async def run_again(uow: UnitOfWork, held: Mapping[str, Any]) -> None:
    """A case that stands still is sent elsewhere: its clock runs again, for nobody is left who could have it run."""
    if held["state"] == State.WAITING:
        await clocks.resume(uow, subject_type=COMPLAINT, subject_id=held["id"], kind=REPLY)


async def first(uow: UnitOfWork, held: Mapping[str, Any], *, since: datetime | None = None) -> datetime | None:
    """Until when a new case is promised its reply, by the clock that `begin` will start; None where nothing is promised."""
    reply = (await _own(uow.driver, held)).get(REPLY)
    if reply is None:
        due: datetime | None = held["partner_due_at"]
        return due
    return clock_rules.due(WorkCalendar.default(), reply, started_at=since or uow.now).at


async def begin(uow: UnitOfWork, held: Mapping[str, Any], *, since: datetime | None = None) -> None:
    """The clocks of a case itself, its promises to the reporter: first contact and reply. None without a policy that sets them.

    A transferred case keeps the deadline that came with it. `since`: from when they count, where that is not now.
    """
    mine = await _own(uow.driver, held)
    if not mine:
        return
    wanted = [
        clocks.NewClock(
            COMPLAINT, held["id"], held["region_path"], kind, one, held["policy_version_id"], since or uow.now
        )
        for kind, one in mine.items()
    ]
    for clock, started in zip(wanted, await clocks.start_all(uow, wanted), strict=True):
        if clock.kind == REPLY and held["first_promise_at"] is None:
            await uow.driver.execute(PROMISED, held["id"], started.due.at)


async def _own(driver: "asyncpg.Connection", held: Mapping[str, Any]) -> dict[str, Terms]:
    if held["policy_version_id"] is None:
        return {}
    found = await terms(driver, policy_version_id=held["policy_version_id"], kind=held["kind"])
    mine = {kind: found[kind] for kind in (CONTACT, REPLY) if kind in found}
    if REPLY in mine and held["partner_due_at"] is not None:
        mine[REPLY] = promised(held["partner_due_at"], like=mine[REPLY])
    return mine
