"""Use cases of notices at a site and of objections to its works, each with its clock in working days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.clocks import service as clocks
from services.core.files import service as files
from services.core.kit.calendar import Unit, WorkCalendar, day_of, deadline
from services.core.kit.errors import NotFound
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy.works import promised
from services.core.works import queries, rules, terms
from services.core.works.errors import NoticeInvalid, NoticeWithdrawn, ObjectionAnswered, SiteStateWrong
from services.core.works.events import NoticePosted, NoticeTakenBack, ObjectionEnded, ObjectionReceived
from services.core.works.rules import ObjectionState

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

NOTICE, OBJECTION, ANSWER = "site_notice", "site_objection", "objection_answer"
"""The subject of files; of clocks; the clock."""

POST = """
INSERT INTO site_notice (id, project_id, title, content, posted_on, open_until, provisional, posted_by, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
WITHDRAW = "UPDATE site_notice SET withdrawn_by = $2, withdrawn_at = $3, withdrawn_reason = $4 WHERE id = $1"
_NOTICE = """
SELECT n.id, n.title, n.content, n.posted_on, n.open_until, n.provisional, n.posted_by, n.posted_at, n.withdrawn_at,
       n.withdrawn_reason,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'site_notice' AND subject_id = n.id ORDER BY position) AS file_ids
FROM site_notice n
"""
ONE_NOTICE = f"{_NOTICE} WHERE n.project_id = $1 AND n.id = $2"
NOTICES = f"""
{_NOTICE}
WHERE n.project_id = $1 AND n.id > $2 AND ($4::boolean IS NULL OR (n.withdrawn_at IS NOT NULL) = $4) ORDER BY n.id LIMIT $3
"""
RECEIVE = """
INSERT INTO site_objection (id, project_id, notice_id, what, received_on, state, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, 'open', $6, $7)
"""
END = """
UPDATE site_objection SET state = $2, answer = $3, document = $4, answered_by = $5, answered_at = $6 WHERE id = $1
"""
_OBJECTION = """
SELECT o.id, o.notice_id, o.what, o.received_on, o.state, o.recorded_by, o.recorded_at, o.answer, o.document, o.answered_by,
       o.answered_at, c.due_at, c.provisional
FROM site_objection o
LEFT JOIN LATERAL (
  SELECT due_at, provisional FROM clock WHERE subject_type = 'site_objection' AND subject_id = o.id
  ORDER BY id DESC LIMIT 1) c ON true
"""
ONE_OBJECTION = f"{_OBJECTION} WHERE o.project_id = $1 AND o.id = $2"
OBJECTIONS = f"""
{_OBJECTION}
WHERE o.project_id = $1 AND o.id > $2 AND ($4::text IS NULL OR o.state = $4) AND ($5::uuid IS NULL OR o.notice_id = $5)
ORDER BY o.id LIMIT $3
"""
# What holds a start back: objections that nobody answered, and notices ($2: today) that are still open to them.
OUTSTANDING = """
SELECT (SELECT count(*) FROM site_objection WHERE project_id = $1 AND state = 'open') AS objections,
       (SELECT max(open_until) FROM site_notice WHERE project_id = $1 AND withdrawn_at IS NULL AND open_until >= $2) AS open_until
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What hangs at the site, and since when. `open_to_objections`: for as long as the policy says."""

    title: str
    content: str
    posted_on: date
    open_to_objections: bool


async def post(uow: UnitOfWork, *, scope: Scope, project_id: UUID, notice: Notice, file_ids: Sequence[UUID]) -> UUID:
    """A notice hangs at the site; its id. NotFound, SiteStateWrong; NoticeInvalid for a day to come, and where it is to be open to
    objections under a policy that does not say how long.
    """
    site = await _open_site(uow, scope, project_id)
    _check_day(uow, notice.posted_on, "/posted_on")
    open_until, provisional = None, False
    if notice.open_to_objections:
        policy = await terms.of(uow.driver, site)
        if policy is None or policy.works.objections is None:
            raise NoticeInvalid.at(
                "/open_to_objections", zh="现行政策未规定异议期限", en="has no length by the policy in force"
            )
        limit = policy.works.objections.open
        days, unit = limit.days or 0, Unit(limit.unit or Unit.CALENDAR)
        due = deadline(WorkCalendar.default(), start=notice.posted_on, days=days, unit=unit)
        open_until, provisional = due.due, due.provisional
    notice_id = new_id()
    await uow.driver.execute(
        POST,
        notice_id,
        project_id,
        notice.title,
        notice.content,
        notice.posted_on,
        open_until,
        provisional,
        uow.actor.id,
        uow.now,
    )
    await files.attach(
        uow, file_ids=file_ids, subject_type=NOTICE, subject_id=notice_id, region_path=site["region_path"]
    )
    _tell(uow, site, NOTICE, notice_id, NoticePosted(project_id=project_id, open_until=open_until))
    return notice_id


async def withdraw(uow: UnitOfWork, *, scope: Scope, project_id: UUID, notice_id: UUID, reason: str) -> None:
    """One that was wrong hangs no more; objections to it stay to be answered. NotFound, SiteStateWrong, NoticeWithdrawn."""
    site = await _open_site(uow, scope, project_id)
    held = await notice_of(uow.driver, project_id=project_id, notice_id=notice_id)
    if held["withdrawn_at"] is not None:
        raise NoticeWithdrawn
    await uow.driver.execute(WITHDRAW, notice_id, uow.actor.id, uow.now, reason)
    _tell(uow, site, NOTICE, notice_id, NoticeTakenBack(project_id=project_id))


async def receive(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, notice_id: UUID | None, what: str, received_on: date
) -> UUID:
    """An objection came in; its id. Its answer's clock runs from now, by the policy. One that came late is taken all the same.

    NotFound, SiteStateWrong, NoticeInvalid for a day to come and a notice of another site.
    """
    site = await _open_site(uow, scope, project_id)
    _check_day(uow, received_on, "/received_on")
    if notice_id is not None and await uow.driver.fetchrow(ONE_NOTICE, project_id, notice_id) is None:
        raise NoticeInvalid.at("/notice_id", zh="现场没有这份公告", en="is no notice of this site")
    objection_id = new_id()
    await uow.driver.execute(RECEIVE, objection_id, project_id, notice_id, what, received_on, uow.actor.id, uow.now)
    policy = await terms.of(uow.driver, site)
    if policy is not None and policy.works.objections is not None:
        await clocks.start(
            uow,
            subject_type=OBJECTION,
            subject_id=objection_id,
            region_path=site["region_path"],
            kind=ANSWER,
            terms=promised(policy.works.objections.answer),
            policy_version_id=policy.version_id,
        )
    _tell(uow, site, OBJECTION, objection_id, ObjectionReceived(project_id=project_id, notice_id=notice_id))
    return objection_id


async def answer(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    objection_id: UUID,
    state: ObjectionState,
    text: str,
    document: str | None,
) -> None:
    """It is upheld, rejected, or was withdrawn; with words, and for good. NotFound, ObjectionAnswered."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    held = await objection_of(uow.driver, project_id=project_id, objection_id=objection_id)
    if held["state"] != ObjectionState.OPEN:
        raise ObjectionAnswered
    await uow.driver.execute(END, objection_id, state, text, document, uow.actor.id, uow.now)
    met = await clocks.meet(uow, subject_type=OBJECTION, subject_id=objection_id, kind=ANSWER)
    late = met is not None and met.late
    _tell(uow, site, OBJECTION, objection_id, ObjectionEnded(project_id=project_id, state=state, late=late))


async def notice_of(driver: "asyncpg.Connection", *, project_id: UUID, notice_id: UUID) -> "Record":
    """A notice of a site that the caller may see; NotFound otherwise."""
    return await _one(driver, ONE_NOTICE, project_id, notice_id)


async def objection_of(driver: "asyncpg.Connection", *, project_id: UUID, objection_id: UUID) -> "Record":
    """An objection to the works of a site that the caller may see; NotFound otherwise."""
    return await _one(driver, ONE_OBJECTION, project_id, objection_id)


async def _one(driver: "asyncpg.Connection", statement: str, *keys: UUID) -> "Record":
    row = await driver.fetchrow(statement, *keys)
    if row is None:
        raise NotFound
    return row


async def _open_site(uow: UnitOfWork, scope: Scope, project_id: UUID) -> "Record":
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    return site


def _check_day(uow: UnitOfWork, day: date, pointer: str) -> None:
    if day > day_of(uow.now):
        raise NoticeInvalid.at(pointer, zh="不得晚于今日", en="is a day to come")


def _tell(uow: UnitOfWork, site: "Record", subject: str, subject_id: UUID, happened: Event) -> None:
    uow.record(happened, subject=subject, subject_id=subject_id, region_path=site["region_path"])
