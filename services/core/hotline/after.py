"""After an answer: its reporter rates it, has it taken up again within the policy's limits, and a new round begins.

What reporters do is done signed in or by the complaint's code (`speaking.Own`); a dissatisfied one is heard by a supervisor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.files import service as files
from services.core.hotline import (
    after_rules,
    assigning,
    calling_back,
    leaves,
    promises,
    sealing,
    speaking,
    steps,
    supervising,
)
from services.core.hotline.after_errors import (
    NotAnsweredYet,
    RatedAlready,
    ReopenedEnough,
    ReopenTooLate,
    ReopenUndefined,
)
from services.core.hotline.after_events import ComplaintRated
from services.core.hotline.after_rules import Cause
from services.core.hotline.errors import ComplaintInputInvalid
from services.core.hotline.rules import Act, By, State
from services.core.hotline.speaking import Own
from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy.hotline import Reopening

if TYPE_CHECKING:
    import asyncpg

ADD_RATING = """
INSERT INTO complaint_rating (id, complaint_id, round, score, satisfied, resolved, entry_id, rated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (complaint_id, round) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Rating:
    """What a reporter thinks: a score of five, or just whether he is satisfied; whether it is solved; why."""

    resolved: bool
    score: int | None = None
    satisfied: bool | None = None
    text: str | None = None

    @property
    def content(self) -> bool:
        """Whether he is satisfied."""
        return bool(self.satisfied) if self.score is None else after_rules.satisfied(self.score)


async def rate(uow: UnitOfWork, own: Own, *, rating: Rating) -> None:
    """A reporter rates an answer, once in each round. Dissatisfied ones say why, and a supervisor hears of it.

    NotFound for anybody else's; ComplaintInputInvalid; NotAnsweredYet, RatedAlready, ActNotAllowed.
    """
    held = await speaking.locked(uow, own)
    if (rating.score is None) == (rating.satisfied is None):
        raise ComplaintInputInvalid.at(
            "/score", zh="评分与是否满意二选一", en="give a score or whether satisfied, not both"
        )
    if not rating.content and rating.text is None:
        raise ComplaintInputInvalid.at("/text", zh="不满意的请说明原因", en="say why you are dissatisfied")
    _check_answered(held)
    entry_id = await steps.step(uow, held, Act.RATE, by=By.REPORTER, text=rating.text, public=True)
    added = await uow.driver.fetchval(
        ADD_RATING,
        new_id(),
        held["id"],
        held["reopened"],
        rating.score,
        rating.content,
        rating.resolved,
        entry_id,
        uow.now,
    )
    if added is None:
        raise RatedAlready
    uow.record(
        ComplaintRated(round=held["reopened"], satisfied=rating.content, resolved=rating.resolved),
        subject="complaint",
        subject_id=held["id"],
        region_path=held["region_path"],
    )
    if not rating.content:
        await supervising.begin(uow, held, Cause.RATING)


async def reopen_own(uow: UnitOfWork, own: Own, *, text: str, file_ids: Sequence[UUID] = ()) -> None:
    """A reporter has it taken up again, with a reason and photographs: within so many days of the answer, so many times.

    NotFound for anybody else's; ActNotAllowed, NotAnsweredYet; ReopenUndefined, ReopenTooLate (`until`), ReopenedEnough (`times`).
    """
    held = await speaking.locked(uow, own)
    if held["answered_at"] is not None:
        _check_limits(uow, held, await _limits(uow, held))
    await _reopen(uow, held, By.REPORTER, text, file_ids)


async def reopen(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, text: str, file_ids: Sequence[UUID] = ()
) -> None:
    """Staff take it up again, whatever the limits of reporters are. NotFound, VersionStale, ActNotAllowed, NotAnsweredYet."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    await _reopen(uow, held, By.STAFF, text, file_ids)


async def _reopen(uow: UnitOfWork, held: "asyncpg.Record", by: By, text: str, file_ids: Sequence[UUID]) -> None:
    """One that was merged into another goes on by itself: the others may be content with the answer."""
    _check_answered(held)
    entry_id = await steps.step(uow, held, Act.REOPEN, by=by, text=text, public=True)
    await files.attach(
        uow,
        file_ids=file_ids,
        subject_type=sealing.ENTRY,
        subject_id=entry_id,
        region_path=held["region_path"],
    )
    await calling_back.drop(uow, held)
    # The deadline of a transfer was of its first round.
    await promises.begin(uow, {**held, "partner_due_at": None})
    await assigning.again(uow, held)


def _check_answered(held: Mapping[str, Any]) -> None:
    """One that was merged into another was answered when that was; of any other its state says so."""
    if held["state"] == State.MERGED and held["answered_at"] is None:
        raise NotAnsweredYet


def _check_limits(uow: UnitOfWork, held: Mapping[str, Any], limits: Reopening | None) -> None:
    if limits is None:
        raise ReopenUndefined
    if held["reopened"] >= limits.times:
        raise ReopenedEnough(times=limits.times)
    until = after_rules.reopen_until(day_of(held["answered_at"]), limits.days)
    if day_of(uow.now) > until:
        raise ReopenTooLate(until=until.isoformat())


async def _limits(uow: UnitOfWork, held: Mapping[str, Any]) -> Reopening | None:
    """Those of the policy version that the complaint came in under."""
    hotline = await leaves.of_version(uow.driver, held["policy_version_id"])
    return None if hotline is None else hotline.reopen
