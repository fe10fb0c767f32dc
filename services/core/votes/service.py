"""The way of a vote: roll published, announced, opened, extended, closed, counted, on notice, final (`lifecycle.MOVES`).

Everything but casting holds the vote's row. Closing, and what counts, holds the vote's exclusive lock too: whoever is casting then
is in the ledger before the count, or finds the vote closed.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, update

from services.core.kit.calendar import Deadline, Unit, WorkCalendar, day_of, deadline, end_of, has_ended
from services.core.kit.database import Statement
from services.core.kit.events import Event
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.votes import counting, objection_queries, queries, rolls
from services.core.votes.drafting import RESULT_NOTICE, ROLL_NOTICE, VOTE_NOTICE
from services.core.votes.errors import (
    BallotsUnconfirmed,
    VoteClosed,
    VoteInputWrong,
    VoteNoticeRunning,
    VoteNotOver,
    VoteObjectionsOpen,
    VotePlanOutdated,
    VoteStatusWrong,
)
from services.core.votes.events import (
    VoteExtended,
    VoteNoticeServed,
    VoteNotified,
    VoteOpened,
    VoteResultPublished,
    VoteRollPublished,
    VoteWasCancelled,
    VoteWasClosed,
)
from services.core.votes.lifecycle import MOVES, ObjectionTo, Served, VoteAct, VoteStatus
from services.core.votes.models import Vote, VoteResult, VoteRoll
from services.core.votes.statements import LOCK_EXCLUSIVE, UNCOUNTED
from services.core.votes.texts import refuse_numbers

if TYPE_CHECKING:
    import asyncpg

MOST_DAYS = 366
"""A vote takes at most a year."""

SERVE = """
INSERT INTO vote_service (vote_id, owner_id, how, served_on, document, recorded_at, recorded_by)
SELECT $1, o.owner_id, $3, $4, $5, $6, $7 FROM roll_owner o WHERE o.vote_id = $1 AND o.owner_id = ANY ($2::uuid[])
ON CONFLICT (vote_id, owner_id, how) DO NOTHING RETURNING owner_id
"""
# The vote's row is held: nobody counts beside.
ADD_EXTENSION = """
INSERT INTO vote_extension (vote_id, no, closes_before, closes_at, reason, document, extended_at, extended_by)
SELECT $1, count(*) + 1, $2, $3, $4, $5, $6, $7 FROM vote_extension WHERE vote_id = $1
"""
ON_ROLL = "SELECT count(*) FROM roll_owner WHERE vote_id = $1 AND owner_id = ANY ($2::uuid[])"
# The plan in force when it says the same as the one voted on, held until the end of the transaction (docs/adr/0014).
SAME_PLAN = """
SELECT p.plan_number, v.digest FROM project p LEFT JOIN plan_version v ON v.project_id = p.id AND v.number = p.plan_number
WHERE p.id = $1 FOR SHARE OF p
"""


def moved(*columns: str) -> Statement:
    """The vote one version on, with its status and these columns set, from parameters `new_…`."""
    values = {name: bindparam(f"new_{name}", type_=getattr(Vote, name).type) for name in ("status", *columns)}
    return Statement(update(Vote).where(Vote.id == bindparam("vote_id")).values(**values, version=Vote.version + 1))


ROLL_OUT = moved("roll_revision", "roll_digest", "roll_until", "heads", "area", "noticed_at", "opens_on", "closes_at")
NOTIFIED = moved("noticed_at", "opens_on", "closes_at")
OPENED = moved("opened_at")
EXTENDED = moved("closes_at")
CLOSED = moved("closed_at")
RESULT_OUT = moved("result_revision")
CANCELLED = moved("cancel_reason")
MOVED = moved()


async def held(
    uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int, act: VoteAct
) -> "tuple[asyncpg.Record, VoteStatus]":
    """The vote, its row locked, and where the act leads. NotFound, VersionStale, VoteStatusWrong."""
    vote = await queries.locked_at(uow.driver, scope=scope, vote_id=vote_id, version=version)
    leads = MOVES.get((act, vote["status"]))
    if leads is None:
        raise VoteStatusWrong(status=vote["status"])
    return vote, leads


async def publish_roll(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int) -> None:
    """The roll is made from the register as it stands and put on notice; again after a correction, for a full notice. What was
    announced meanwhile falls, with the record of who was told.

    VoteStatusWrong, RollEmpty, RollIncomplete.
    """
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.PUBLISH_ROLL)
    roll = await rolls.from_register(uow.driver, vote)
    await rolls.store(uow.driver, vote_id, roll)
    policy = await policy_of(uow, vote)
    notice = notice_from_now(uow, policy, ROLL_NOTICE, vote["roll_days"])
    revision = vote["roll_revision"] + 1
    uow.session.add(
        VoteRoll(
            vote_id=vote_id,
            revision=revision,
            digest=roll.digest,
            heads=len(roll.owners),
            properties=len(roll.properties),
            area=roll.area,
            published_at=uow.now,
            published_by=uow.actor.id,
            notice_until=notice.due,
            provisional=notice.provisional,
        )
    )
    await ROLL_OUT.all(
        uow.driver,
        vote_id=vote_id,
        new_status=leads,
        new_roll_revision=revision,
        new_roll_digest=roll.digest,
        new_roll_until=notice.due,
        new_heads=len(roll.owners),
        new_area=roll.area,
        new_noticed_at=None,
        new_opens_on=None,
        new_closes_at=None,
    )
    happened = VoteRollPublished(
        revision=revision,
        digest=roll.digest,
        heads=len(roll.owners),
        properties=len(roll.properties),
        notice_until=notice.due,
    )
    record(uow, vote, happened)


async def notify(
    uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int, opens_on: date, closes_on: date
) -> None:
    """The vote is announced with its first and last day, once the roll's notice has ended without an objection left.

    VoteStatusWrong, VoteNoticeRunning, VoteObjectionsOpen, VoteInputWrong for days that are past, too soon or too late.
    """
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.NOTIFY)
    await refuse_notice_running(uow, vote, ObjectionTo.ROLL, vote["roll_until"])
    policy = await policy_of(uow, vote)
    today = day_of(uow.now)
    if VOTE_NOTICE in (policy.notices or {}) and opens_on <= (due := notice_from_now(uow, policy, VOTE_NOTICE, 0).due):
        raise VoteInputWrong.at("/opens_on", zh=f"须在 {due} 之后", en=f"has to be after {due}")
    if opens_on < today:
        raise VoteInputWrong.at("/opens_on", zh="不得早于今天", en="must not lie in the past")
    _check_last_day(opens_on, closes_on)
    await NOTIFIED.all(
        uow.driver,
        vote_id=vote_id,
        new_status=leads,
        new_noticed_at=uow.now,
        new_opens_on=opens_on,
        new_closes_at=end_of(closes_on),
    )
    record(uow, vote, VoteNotified(opens_on=opens_on, closes_on=closes_on))


def _check_last_day(first: date, last: date) -> None:
    if not 0 <= (last - first).days <= MOST_DAYS:
        raise VoteInputWrong.at(
            "/closes_on", zh=f"须在首日之后 {MOST_DAYS} 日内", en=f"has to lie within {MOST_DAYS} days of the first"
        )


async def serve(
    uow: UnitOfWork,
    *,
    scope: Scope,
    vote_id: UUID,
    owner_ids: Sequence[UUID],
    how: Served,
    served_on: date,
    document: str | None,
) -> None:
    """These owners were given the notice; the same said again changes nothing.

    NotFound, VoteTextPersonal; VoteStatusWrong before the vote is announced or after it has closed; VoteInputWrong naming who is
    not on the roll.
    """
    refuse_numbers(document=document)
    vote = await queries.locked(uow.driver, scope=scope, vote_id=vote_id)
    if vote["status"] not in (VoteStatus.NOTICED, VoteStatus.OPEN):
        raise VoteStatusWrong(status=vote["status"])
    if not day_of(vote["noticed_at"]) <= served_on <= day_of(uow.now):
        raise VoteInputWrong.at(
            "/served_on", zh="应在公告之日与今日之间", en="must lie between the day of the announcement and today"
        )
    if await uow.driver.fetchval(ON_ROLL, vote_id, list(owner_ids)) < len(set(owner_ids)):
        raise VoteInputWrong.at("/owner_ids", zh="有不在名册上的业主", en="names an owner who is not on the roll")
    served = await uow.driver.fetch(SERVE, vote_id, list(owner_ids), how, served_on, document, uow.now, uow.actor.id)
    if served:
        record(uow, vote, VoteNoticeServed(how=how, owners=len(served)))


async def open_vote(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int) -> None:
    """The roll is frozen as it was last published, and ballots are taken.

    VoteStatusWrong, VoteObjectionsOpen while one to the roll is not settled, VoteInputWrong before the announced day,
    VotePlanOutdated, RollTampered.
    """
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.OPEN)
    await refuse_objected(uow, vote, ObjectionTo.ROLL)
    if day_of(uow.now) < vote["opens_on"] or uow.now >= vote["closes_at"]:
        raise VoteInputWrong(zh="不在公告的表决期内", en="today is not within the announced days")
    if not await is_on_plan_in_force(uow, vote):
        raise VotePlanOutdated
    await rolls.refuse_tampered(uow.driver, vote)
    await OPENED.all(uow.driver, vote_id=vote_id, new_status=leads, new_opened_at=uow.now)
    record(uow, vote, VoteOpened(digest=vote["roll_digest"], closes_on=last_day(vote["closes_at"])))


async def extend(
    uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int, closes_on: date, reason: str, document: str | None
) -> None:
    """The last day is a later one, said before the last day has ended; the record keeps why.

    VoteStatusWrong once closed, VoteClosed after the last day, VoteTextPersonal, VoteInputWrong for a day that is not later.
    """
    refuse_numbers(reason=reason, document=document)
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.EXTEND)
    if uow.now >= vote["closes_at"]:
        raise VoteClosed
    if closes_on <= last_day(vote["closes_at"]):
        raise VoteInputWrong.at("/closes_on", zh="须晚于原截止日", en="has to be later than the last day")
    _check_last_day(vote["opens_on"], closes_on)
    await EXTENDED.all(uow.driver, vote_id=vote_id, new_status=leads, new_closes_at=end_of(closes_on))
    await uow.driver.execute(
        ADD_EXTENSION, vote_id, vote["closes_at"], end_of(closes_on), reason, document, uow.now, uow.actor.id
    )
    record(uow, vote, VoteExtended(closes_on=closes_on))


async def close(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int) -> None:
    """No more ballots: once the last day has ended, or every head on the roll counts. VoteStatusWrong, VoteNotOver."""
    await uow.driver.execute(LOCK_EXCLUSIVE, vote_id)
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.CLOSE)
    if uow.now < vote["closes_at"]:
        missing = await uow.driver.fetchval(UNCOUNTED, vote_id)
        if missing:
            raise VoteNotOver(closes_at=vote["closes_at"].isoformat(), missing=missing)
    await CLOSED.all(uow.driver, vote_id=vote_id, new_status=leads, new_closed_at=uow.now)
    record(uow, vote, VoteWasClosed())


async def publish(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int) -> None:
    """The result is counted and on notice. VoteStatusWrong, BallotsUnconfirmed while papers wait for a second person."""
    await uow.driver.execute(LOCK_EXCLUSIVE, vote_id)
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.PUBLISH)
    whole = await queries.vote_of(uow.driver, scope=scope, vote_id=vote_id)
    counted, digest = await counting.recount(uow.driver, whole)
    if counted.unconfirmed:
        raise BallotsUnconfirmed(unconfirmed=counted.unconfirmed)
    notice = notice_from_now(uow, await policy_of(uow, vote), RESULT_NOTICE, vote["result_days"])
    revision = vote["result_revision"] + 1
    uow.session.add(
        VoteResult(
            vote_id=vote_id,
            revision=revision,
            matters=counting.document(counted, sealed=False),
            ledger_digest=digest,
            published_at=uow.now,
            published_by=uow.actor.id,
            notice_until=notice.due,
            provisional=notice.provisional,
        )
    )
    await RESULT_OUT.all(uow.driver, vote_id=vote_id, new_status=leads, new_result_revision=revision)
    record(uow, vote, VoteResultPublished(revision=revision, digest=digest, notice_until=notice.due))


async def cancel(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int, reason: str) -> None:
    """The vote decides nothing; what was cast stays sealed. VoteStatusWrong once final."""
    refuse_numbers(reason=reason)
    await uow.driver.execute(LOCK_EXCLUSIVE, vote_id)
    vote, leads = await held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.CANCEL)
    await CANCELLED.all(uow.driver, vote_id=vote_id, new_status=leads, new_cancel_reason=reason)
    record(uow, vote, VoteWasCancelled())


async def policy_of(uow: UnitOfWork, vote: "asyncpg.Record") -> Policy:
    """The policy that the vote was drawn up under."""
    stored = await policies.by_id(uow.driver, version_id=vote["policy_version_id"])
    return Policy.model_validate(stored.body)


def notice_from_now(uow: UnitOfWork, policy: Policy, leaf: str, own_days: int | None) -> Deadline:
    """A notice that begins now: as long as the policy asks, and as the vote itself does; the later day of the two."""
    terms = [(own_days, Unit.WORKDAY)] if own_days is not None else []
    asked = (policy.notices or {}).get(leaf)
    if asked is not None and asked.days is not None:
        terms.append((asked.days, Unit(asked.unit or Unit.CALENDAR)))
    calendar, today = WorkCalendar.default(), day_of(uow.now)
    ends = [deadline(calendar, start=today, days=days, unit=unit) for days, unit in terms]
    return max(ends, key=lambda end: end.due)


async def refuse_notice_running(uow: UnitOfWork, vote: "asyncpg.Record", about: ObjectionTo, until: date) -> None:
    """VoteNoticeRunning before a notice's last day has ended; VoteObjectionsOpen."""
    if not has_ended(until, uow.now):
        raise VoteNoticeRunning(until=until.isoformat())
    await refuse_objected(uow, vote, about)


async def refuse_objected(uow: UnitOfWork, vote: "asyncpg.Record", about: ObjectionTo) -> None:
    """VoteObjectionsOpen while something that was objected to in time is neither rejected nor put right."""
    published_at = await uow.driver.fetchval(queries.PUBLISHED_AT[about], vote["id"])
    left = await uow.driver.fetchval(objection_queries.IN_THE_WAY, vote["id"], about, published_at)
    if left:
        raise VoteObjectionsOpen(open=left)


async def is_on_plan_in_force(uow: UnitOfWork, vote: "asyncpg.Record") -> bool:
    """Whether the plan in force says what the vote is about; a vote that names no plan is about none."""
    if vote["plan_digest"] is None:
        return True
    row = await uow.driver.fetchrow(SAME_PLAN, vote["project_id"])
    return row is not None and row["digest"] == vote["plan_digest"]


def last_day(closes_at: datetime) -> date:
    """The day that ends when a vote closes."""
    return day_of(closes_at - timedelta(seconds=1))


def record(uow: UnitOfWork, vote: "asyncpg.Record", happened: Event) -> None:
    """The event of an act on a vote."""
    uow.record(happened, subject="vote", subject_id=vote["id"], region_path=vote["region_path"])
