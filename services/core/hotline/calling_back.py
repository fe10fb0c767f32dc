"""Call-backs: after a complaint is closed somebody who did not answer it asks whether it was solved, within the policy's time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.core.clocks import service as clocks
from services.core.hotline import promises, steps, supervising
from services.core.hotline.after_errors import CallBackByHandler, CallBackNotDue
from services.core.hotline.after_events import CallBackDue, CallBackMade
from services.core.hotline.after_rules import MOST_TRIES, CallBackState, Cause
from services.core.hotline.rules import Act
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

CALL_BACK = "call_back"
REACHABLE = """
SELECT EXISTS (SELECT 1 FROM complaint c JOIN complaint_reporter r ON r.complaint_id = c.id
               WHERE c.id = $1 AND NOT c.anonymous AND (r.phone_sealed IS NOT NULL OR r.resident_id IS NOT NULL))
"""
ADD = """
INSERT INTO call_back (id, complaint_id, round, clock_id, compound_id, region_path, state, tries, made_at)
VALUES ($1, $2, $3, $4, $5, $6, 'due', 0, $7)
ON CONFLICT (complaint_id, round) DO NOTHING
"""
LOCK = "SELECT id, round, tries FROM call_back WHERE complaint_id = $1 AND state = 'due' FOR NO KEY UPDATE"
ANSWERED_BY_CALLER = """
SELECT EXISTS (SELECT 1 FROM complaint_entry WHERE complaint_id = $1 AND act = 'reply' AND actor_kind = 'staff' AND actor_id = $2)
"""
TRIED = """
UPDATE call_back SET tries = tries + 1, state = $2::text, satisfied = $3, resolved = $4,
  ended_at = CASE WHEN $2::text <> 'due' THEN $5::timestamptz END, ended_by = CASE WHEN $2::text <> 'due' THEN $6::uuid END
WHERE id = $1
"""
DROP = "UPDATE call_back SET state = 'dropped', ended_at = $2 WHERE complaint_id = $1 AND state = 'due'"


@dataclass(frozen=True, slots=True)
class Said:
    """What a reporter who was reached says."""

    satisfied: bool
    resolved: bool


async def begin(uow: UnitOfWork, held: Mapping[str, Any]) -> None:
    """A complaint was closed: its reporter is to be called, where the policy wants that and there is a way to reach him."""
    if held["policy_version_id"] is None or not await uow.driver.fetchval(REACHABLE, held["id"]):
        return
    terms = await promises.terms(uow.driver, policy_version_id=held["policy_version_id"], kind=held["kind"])
    if CALL_BACK not in terms:
        return
    started = await clocks.start(
        uow,
        subject_type=promises.COMPLAINT,
        subject_id=held["id"],
        region_path=held["region_path"],
        kind=CALL_BACK,
        terms=terms[CALL_BACK],
        policy_version_id=held["policy_version_id"],
    )
    await uow.driver.execute(
        ADD,
        new_id(),
        held["id"],
        held["reopened"],
        started.clock_id,
        held["compound_id"],
        held["region_path"],
        uow.now,
    )
    uow.record(
        CallBackDue(round=held["reopened"]),
        subject="complaint",
        subject_id=held["id"],
        region_path=held["region_path"],
    )


async def drop(uow: UnitOfWork, held: Mapping[str, Any]) -> None:
    """It is taken up again: nobody need ask about the answer before, and what was promised before it counts no longer."""
    await uow.driver.execute(DROP, held["id"], uow.now)
    await clocks.cancel(uow, subject_type=promises.COMPLAINT, subject_id=held["id"])


async def record(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, said: Said | None, text: str | None) -> None:
    """A call, with what the reporter said, or None when nobody answered; the third such ends it.

    Who is dissatisfied, or says that it is not solved, is heard by a supervisor. NotFound; ActNotAllowed; CallBackNotDue;
    CallBackByHandler for whoever answered the complaint; ComplaintInputInvalid for a personal number in the words.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    due = await uow.driver.fetchrow(LOCK, complaint_id)
    if due is None:
        raise CallBackNotDue
    if await uow.driver.fetchval(ANSWERED_BY_CALLER, complaint_id, uow.actor.id):
        raise CallBackByHandler
    await steps.step(uow, held, Act.CALL_BACK, text=text)
    tries = due["tries"] + 1
    state = CallBackState.REACHED
    if said is None:
        state = CallBackState.NOT_REACHED if tries >= MOST_TRIES else CallBackState.DUE
    satisfied, resolved = (None, None) if said is None else (said.satisfied, said.resolved)
    await uow.driver.execute(TRIED, due["id"], state, satisfied, resolved, uow.now, uow.actor.id)
    if state is not CallBackState.DUE:
        await clocks.meet(uow, subject_type=promises.COMPLAINT, subject_id=complaint_id, kind=CALL_BACK)
    uow.record(
        CallBackMade(round=due["round"], state=state, tries=tries, satisfied=satisfied, resolved=resolved),
        subject="complaint",
        subject_id=complaint_id,
        region_path=held["region_path"],
    )
    if said is not None and not (said.satisfied and said.resolved):
        await supervising.begin(uow, held, Cause.CALL_BACK)
