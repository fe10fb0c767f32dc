"""Use cases of handling by desks: routed by rules or sent by hand, signed in, sent back, arbitrated, done.

The reporter's promise is the case's own reply clock, begun at intake: whichever desk leads runs by it, so that sending a case
elsewhere never gives it more time. A desk that takes part has a reply clock of its own, counted from the same beginning; every desk
has its own clock to sign in. Whoever changes assignments holds the complaint's row.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.clocks import service as clocks
from services.core.desks import queries as desks
from services.core.desks import routing
from services.core.desks import service as register
from services.core.desks.rules import Case, DeskRole
from services.core.hotline import desk_queries, leaves, promises, steps
from services.core.hotline.desk_errors import (
    ArbiterDecides,
    ArbiterInvolved,
    AssignmentBinding,
    AssignmentInputInvalid,
    AssignmentNotLive,
    DeskHasCases,
    NotOnDuty,
    RefusedTooLate,
)
from services.core.hotline.desk_rules import Decision, Ground, Part, Standing, refusable_until
from services.core.hotline.errors import CategoryUnknown
from services.core.hotline.promises import ASSIGNMENT, COMPLAINT, CONTACT, REPLY, SIGN_IN
from services.core.hotline.rules import Act, By, State
from services.core.kit.calendar import WorkCalendar
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy.hotline import span

if TYPE_CHECKING:
    from asyncpg import Connection, Record

# Where a leading desk stands in its list is the limit of the case itself.
ADD = """
INSERT INTO assignment (id, complaint_id, desk_id, part, state, rule_id, rule_number, binding, queue_at, assigned_by, assigned_at)
SELECT a.id, $2, a.desk_id, a.part, 'assigned', $3, $4, $5,
       coalesce(CASE WHEN a.part = 'lead' THEN c.due_at END, '9999-12-31Z'), $6, $7
FROM unnest($1::uuid[], $8::uuid[], $9::text[]) AS a(id, desk_id, part)
LEFT JOIN clock c ON c.subject_type = 'complaint' AND c.subject_id = $2 AND c.kind = 'reply' AND c.state IN ('running', 'missed')
"""
QUEUE_AT = "UPDATE assignment SET queue_at = $2 WHERE id = $1"
END = """
UPDATE assignment SET state = $3, ended_at = $4
WHERE complaint_id = $1 AND state IN ('assigned', 'signed_in', 'refused') AND ($2::text IS NULL OR part = $2) RETURNING id
"""
END_ONE = "UPDATE assignment SET state = $2, ended_at = $3 WHERE id = $1"
SIGNED_IN = "UPDATE assignment SET state = 'signed_in', signed_in_by = $2, signed_in_at = $3 WHERE id = $1"
REFUSED = "UPDATE assignment SET state = 'refused' WHERE id = $1"
SENT_BACK = (
    "UPDATE assignment SET state = 'assigned', binding = true, signed_in_by = NULL, signed_in_at = NULL WHERE id = $1"
)
REFUSE = """
INSERT INTO assignment_refusal (id, assignment_id, complaint_id, part, ground, text, refused_by, refused_at, decision)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'asked')
"""
DECIDE = """
UPDATE assignment_refusal SET decision = $2, decided_by = $3, decided_at = $4, decision_text = $5
WHERE complaint_id = $1 AND decision = 'asked' AND ($6::uuid IS NULL OR assignment_id = $6) RETURNING assignment_id
"""


# --- to a desk


async def route_in(uow: UnitOfWork, row: Mapping[str, Any]) -> UUID | None:
    """Sends a new case, or one that came back to life, by the rules of its region; the leading desk, None where no rule applies.

    `row` has what `desk_queries.TO_ROUTE` has. In the transaction of what brought the case: it is not taken in and lost.
    """
    categories = (row["category"],) if row["parent"] is None else (row["category"], row["parent"])
    case = Case(
        categories=categories,
        region_path=row["region_path"],
        channel=row["channel"],
        at=uow.now,
        project_id=row["project_id"],
        organisation_id=row["organisation_id"],
    )
    found = await routing.routing_of(uow.driver, case)
    if found.rule is None or found.desk_id is None:
        return None
    named = [found.desk_id, *found.co_desk_ids]
    held = await desks.DESKS_HELD.all(uow.driver, desk_ids=named)
    live = {desk["id"] for desk in held if desk["closed_at"] is None}
    if found.desk_id not in live:  # closed a moment ago, as was its rule
        return None
    await _send(
        uow,
        row,
        lead=found.desk_id,
        co=[one for one in found.co_desk_ids if one in live],
        by=By.RULES,
        rule=(found.rule.id, found.rule.number),
    )
    return found.desk_id


async def again(uow: UnitOfWork, held: Mapping[str, Any]) -> None:
    """A case that is taken up again goes back to the desk that answered it, or by the rules where that is closed.

    `held`: as it stood before; one that was merged was answered by the desk of what it was merged into.
    """
    complaint_id = held["id"]
    row = await uow.driver.fetchrow(desk_queries.TO_ROUTE, complaint_id)
    last = await uow.driver.fetchval(desk_queries.LAST_LEAD, held["merged_into_id"] or complaint_id)
    await end(uow, complaint_id=complaint_id, state=Standing.DONE)
    if last is None:
        await route_in(uow, row)
    else:
        await _send(uow, row, lead=last, co=(), by=By.RULES)


async def assign(
    uow: UnitOfWork,
    *,
    scope: Scope,
    complaint_id: UUID,
    version: int,
    desk_id: UUID,
    co_desk_ids: Sequence[UUID],
    text: str | None,
) -> None:
    """Somebody sends the case: to the desk that leads, and those that take part, in place of whoever had it.

    NotFound, VersionStale, ActNotAllowed; AssignmentInputInvalid for a desk that does not answer for the place; ArbiterDecides once
    it was sent back too often and waits for the arbiter or is where he sent it, ArbiterInvolved for those of a desk that has just
    sent it back.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    sent_back = await refusals(uow, complaint_id)
    often = sent_back >= (await leaves.refusing(uow.driver, held["policy_version_id"])).times
    if often and await uow.driver.fetchval(desk_queries.THE_ARBITERS, complaint_id):
        raise ArbiterDecides(refusals=sent_back)
    await refuse_involved(uow, complaint_id)
    await _check(uow, held, [("/desk_id", desk_id), *((f"/co_desk_ids/{i}", one) for i, one in enumerate(co_desk_ids))])
    await promises.run_again(uow, held)
    await uow.driver.fetch(DECIDE, complaint_id, Decision.REROUTED, uow.actor.id, uow.now, text, None)
    await _replace(uow, held, desk_id=desk_id, co_desk_ids=co_desk_ids, text=text, binding=False)


async def _replace(
    uow: UnitOfWork, held: "Record", *, desk_id: UUID, co_desk_ids: Sequence[UUID], text: str | None, binding: bool
) -> None:
    await end(uow, complaint_id=held["id"], state=Standing.ENDED)
    await _send(uow, held, lead=desk_id, co=co_desk_ids, by=By.STAFF, text=text, binding=binding)


async def _send(
    uow: UnitOfWork,
    held: Mapping[str, Any],
    *,
    lead: UUID | None,
    co: Sequence[UUID],
    by: By,
    rule: tuple[UUID, int] | None = None,
    text: str | None = None,
    binding: bool = False,
) -> None:
    """Assignments with their clocks, each with a line in the history; the case moves with the one that leads.

    `text` is for the desks: a line that holds it is none of the reporter's.
    """
    desk_ids = [*([] if lead is None else [lead]), *co]
    parts = [*([] if lead is None else [Part.LEAD]), *(Part.CO for _ in co)]
    ids = [new_id() for _ in desk_ids]
    by_whom = uow.actor.id if by is By.STAFF else None
    await uow.driver.execute(ADD, ids, held["id"], *(rule or (None, None)), binding, by_whom, uow.now, desk_ids, parts)
    await _start(uow, held, list(zip(ids, parts, strict=True)))
    for desk_id, part in zip(desk_ids, parts, strict=True):
        leads = part is Part.LEAD
        told = leads and text is None
        await steps.step(uow, held, Act.ASSIGN, by=by, desk_id=desk_id, text=text, public=told, moves=leads)
        if leads:
            held = {**held, "state": State.ASSIGNED}


async def _start(uow: UnitOfWork, held: Mapping[str, Any], made: Sequence[tuple[UUID, Part]]) -> None:
    """The clocks of new assignments: to sign in from now, and of those that take part the reply from the case's own beginning."""
    if held["policy_version_id"] is None:
        return
    terms = await promises.terms(uow.driver, policy_version_id=held["policy_version_id"], kind=held["kind"])
    since = await uow.driver.fetchval(desk_queries.PROMISED_SINCE, held["id"])
    wanted = []
    for assignment_id, part in made:
        for kind, started_at in ((SIGN_IN, uow.now), (REPLY, since or uow.now)):
            if kind in terms and (kind == SIGN_IN or part is Part.CO):
                wanted.append(
                    clocks.NewClock(
                        ASSIGNMENT,
                        assignment_id,
                        held["region_path"],
                        kind,
                        terms[kind],
                        held["policy_version_id"],
                        started_at,
                    )
                )
    if not wanted:
        return
    started = await clocks.start_all(uow, wanted)
    for clock, one in zip(wanted, started, strict=True):
        if clock.kind == REPLY:
            await uow.driver.execute(QUEUE_AT, clock.subject_id, one.due.at)


async def _check(uow: UnitOfWork, held: "Record", named: Sequence[tuple[str, UUID]]) -> None:
    """Every desk is open, handles cases and answers for the place; held, so that none closes meanwhile."""
    ids = [one for _, one in named]
    found = {row["id"]: row for row in await desks.DESKS_HELD.all(uow.driver, desk_ids=ids)}
    for place, (pointer, one) in enumerate(named):
        desk = found.get(one)
        if desk is None or not held["region_path"].startswith(desk["region_path"]):
            raise AssignmentInputInvalid.at(
                pointer, zh="没有负责此地的这一席位", en="is no desk that answers for this place"
            )
        if one in ids[:place]:
            raise AssignmentInputInvalid.at(pointer, zh="席位重复", en="comes twice")
        if desk["closed_at"] is not None or desk["role"] != DeskRole.HANDLING:
            raise AssignmentInputInvalid.at(pointer, zh="不是开放的办理席位", en="is no open desk that handles cases")


async def close_desk(uow: UnitOfWork, *, scope: Scope, desk_id: UUID, version: int) -> None:
    """A desk that has nothing left to do is closed. DeskHasCases (`cases`); see `desks.service.close_desk`."""
    await register.close_desk(uow, scope=scope, desk_id=desk_id, version=version)
    cases = await uow.driver.fetchval(desk_queries.CASES_LEFT, desk_id)
    if cases:
        raise DeskHasCases(cases=cases)


async def check_categories(driver: "Connection", categories: Sequence[str], *, pointer: str) -> None:
    """What a rule asks of a case's category is a category. CategoryUnknown names the first that is none."""
    known = {row["code"] for row in await driver.fetch(desk_queries.KNOWN_CATEGORIES, list(categories))}
    for index, one in enumerate(categories):
        if one not in known:
            raise CategoryUnknown.at(f"{pointer}/{index}", zh="没有这一类别", en="is no category")


# --- at a desk


async def sign_in(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID) -> None:
    """Somebody on duty takes note of the case. NotFound, AssignmentNotLive when it was signed in or is elsewhere, NotOnDuty."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    one = await own(uow, complaint_id, assignment_id)
    if one["state"] != Standing.ASSIGNED:
        raise AssignmentNotLive(state=one["state"])
    await _sign_in(uow, held, one)


async def _sign_in(uow: UnitOfWork, held: "Record", one: "Record") -> None:
    await uow.driver.execute(SIGNED_IN, one["id"], uow.actor.id, uow.now)
    await clocks.meet(uow, subject_type=ASSIGNMENT, subject_id=one["id"], kind=SIGN_IN)
    await steps.step(
        uow, held, Act.SIGN_IN, desk_id=one["desk_id"], public=one["part"] == Part.LEAD, moves=one["part"] == Part.LEAD
    )


async def contact(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, text: str | None) -> None:
    """The leading desk has spoken with the reporter. NotFound, NotOnDuty, ActNotAllowed."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    desk_id = await acting(uow, held)
    await clocks.meet(uow, subject_type=COMPLAINT, subject_id=complaint_id, kind=CONTACT)
    await steps.step(uow, held, Act.CONTACT, desk_id=desk_id, text=text)


async def finish(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID, text: str) -> None:
    """A desk that takes part has done its part, and tells the leading one what. NotFound, NotOnDuty, AssignmentNotLive.

    The leading desk is done when the reporter is answered.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    one = await own(uow, complaint_id, assignment_id)
    if one["state"] not in {Standing.ASSIGNED, Standing.SIGNED_IN} or one["part"] != Part.CO:
        raise AssignmentNotLive(state=one["state"])
    for kind in (SIGN_IN, REPLY):
        await clocks.meet(uow, subject_type=ASSIGNMENT, subject_id=assignment_id, kind=kind)
    await uow.driver.execute(END_ONE, assignment_id, Standing.DONE, uow.now)
    await steps.step(uow, held, Act.NOTE, desk_id=one["desk_id"], text=text)


async def acting(uow: UnitOfWork, held: "Record") -> UUID | None:
    """The leading desk of a case, at which the caller has to be on duty (NotOnDuty); None while no desk has it.

    Who acts for a desk that has not signed in does so by acting.
    """
    one = await uow.driver.fetchrow(desk_queries.LEAD, held["id"])
    if one is None:
        return None
    desk_id: UUID = one["desk_id"]
    if not await desks.on_duty(uow.driver, staff_id=_me(uow), desk_ids=[desk_id]):
        raise NotOnDuty
    if one["state"] == Standing.ASSIGNED:
        await uow.driver.execute(SIGNED_IN, one["id"], uow.actor.id, uow.now)
        await clocks.meet(uow, subject_type=ASSIGNMENT, subject_id=one["id"], kind=SIGN_IN)
    return desk_id


async def end(uow: UnitOfWork, *, complaint_id: UUID, state: Standing, part: Part | None = None) -> None:
    """Assignments of a case end, all or those of one part: done once it is answered, ended when there is nothing left to do."""
    rows = await uow.driver.fetch(END, complaint_id, part, state, uow.now)
    for row in rows:
        await clocks.cancel(uow, subject_type=ASSIGNMENT, subject_id=row["id"])


# --- sent back


async def refuse(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, assignment_id: UUID, ground: Ground, text: str
) -> UUID:
    """A desk sends its part back to the arbiter (退单); the refusal's id. The case's own clock runs on.

    NotFound, NotOnDuty, AssignmentNotLive; RefusedTooLate after the time for it; AssignmentBinding when the arbiter sent it, or it
    was sent back as often as a case is.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    one = await own(uow, complaint_id, assignment_id)
    if one["state"] not in {Standing.ASSIGNED, Standing.SIGNED_IN}:
        raise AssignmentNotLive(state=one["state"])
    policy = await leaves.refusing(uow.driver, held["policy_version_id"])
    if one["binding"] or (one["part"] == Part.LEAD and await refusals(uow, complaint_id) >= policy.times):
        raise AssignmentBinding
    if uow.now >= refusable_until(WorkCalendar.default(), one["assigned_at"], span(policy.within)):
        raise RefusedTooLate
    leads = one["part"] == Part.LEAD
    if leads:
        await promises.run_again(uow, held)
    refusal_id = new_id()
    await uow.driver.execute(
        REFUSE, refusal_id, assignment_id, complaint_id, one["part"], ground, text, uow.actor.id, uow.now
    )
    await uow.driver.execute(REFUSED, assignment_id)
    await clocks.cancel(uow, subject_type=ASSIGNMENT, subject_id=assignment_id, kind=SIGN_IN)
    await steps.step(uow, held, Act.REFUSE, desk_id=one["desk_id"], text=text, moves=leads)
    return refusal_id


async def arbitrate(
    uow: UnitOfWork,
    *,
    scope: Scope,
    complaint_id: UUID,
    assignment_id: UUID,
    desk_id: UUID | None,
    text: str,
) -> None:
    """The arbiter decides: without a desk it goes back to the one that refused, else to another; there it stays.

    ArbiterInvolved for who refused, or is on duty where it was refused. NotFound, AssignmentNotLive when nothing waits,
    AssignmentInputInvalid for the desk that refused or one that does not answer for the place.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    one = await uow.driver.fetchrow(desk_queries.ASSIGNMENT, complaint_id, assignment_id)
    if one is None:
        raise NotFound
    if one["state"] != Standing.REFUSED:
        raise AssignmentNotLive(state=one["state"])
    await refuse_involved(uow, complaint_id)
    if desk_id == one["desk_id"]:
        raise AssignmentInputInvalid.at("/desk_id", zh="请另选席位，或不填以退回原席位", en="is the desk that refused")
    steps.check_words(text)
    leads = one["part"] == Part.LEAD
    decision = Decision.SENT_BACK if desk_id is None else Decision.REROUTED
    await uow.driver.fetch(DECIDE, complaint_id, decision, uow.actor.id, uow.now, text, assignment_id)
    if desk_id is None:
        await uow.driver.execute(SENT_BACK, assignment_id)
        await _start_sign_in(uow, held, assignment_id)
        await steps.step(uow, held, Act.ASSIGN, desk_id=one["desk_id"], text=text, moves=leads)
        return
    await _check(uow, held, [("/desk_id", desk_id)])
    await uow.driver.execute(END_ONE, assignment_id, Standing.ENDED, uow.now)
    await clocks.cancel(uow, subject_type=ASSIGNMENT, subject_id=assignment_id)
    await _send(
        uow,
        held,
        lead=desk_id if leads else None,
        co=() if leads else (desk_id,),
        by=By.STAFF,
        text=text,
        binding=True,
    )


async def refuse_involved(uow: UnitOfWork, complaint_id: UUID) -> None:
    """Who sent the case back, or is on duty where it was sent back, does not decide where it goes."""
    waiting = await uow.driver.fetch(desk_queries.SENT_BACK_BY, complaint_id)
    here = await desks.on_duty(uow.driver, staff_id=_me(uow), desk_ids=[row["desk_id"] for row in waiting])
    if here or any(row["refused_by"] == uow.actor.id for row in waiting):
        raise ArbiterInvolved


async def _start_sign_in(uow: UnitOfWork, held: "Record", assignment_id: UUID) -> None:
    if held["policy_version_id"] is None:
        return
    terms = await promises.terms(uow.driver, policy_version_id=held["policy_version_id"], kind=held["kind"])
    if SIGN_IN in terms:
        await clocks.start(
            uow,
            subject_type=ASSIGNMENT,
            subject_id=assignment_id,
            region_path=held["region_path"],
            kind=SIGN_IN,
            terms=terms[SIGN_IN],
            policy_version_id=held["policy_version_id"],
        )


async def refusals(uow: UnitOfWork, complaint_id: UUID) -> int:
    """How often its leading desks have sent a case back: the ping-pong counter."""
    count: int = await uow.driver.fetchval(desk_queries.REFUSALS_OF_LEADS, complaint_id)
    return count


async def own(uow: UnitOfWork, complaint_id: UUID, assignment_id: UUID) -> "Record":
    """An assignment of the case to a desk at which the caller is on duty."""
    one = await uow.driver.fetchrow(desk_queries.ASSIGNMENT, complaint_id, assignment_id)
    if one is None:
        raise NotFound
    if not await desks.on_duty(uow.driver, staff_id=_me(uow), desk_ids=[one["desk_id"]]):
        raise NotOnDuty
    return one


def _me(uow: UnitOfWork) -> UUID:
    assert uow.actor.id is not None  # noqa: S101 - staff sign in before they act
    return uow.actor.id
