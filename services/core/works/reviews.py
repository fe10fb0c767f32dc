"""Use cases of the joint review (domain.md S14): departments' desks are asked, answer in time or late, and a revision asks anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.clocks import planning
from services.core.clocks import service as clocks
from services.core.clocks.rules import State as ClockState
from services.core.desks import queries as desks
from services.core.files import service as files
from services.core.identity.access import Permission, Principal
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.invalid import pointer_to
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy.works import promised
from services.core.works import queries, rules, terms
from services.core.works.errors import (
    ReviewInputInvalid,
    ReviewNotAnswered,
    ReviewNotOpen,
    ReviewNotYours,
    SiteStateWrong,
)
from services.core.works.events import ReviewEnded, ReviewOpened, ReviewPartAnswered, ReviewPartAsked
from services.core.works.rules import PartState, ReviewState, Verdict

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

PART, OPINION, ANSWER = "review_part", "review_opinion", "review_answer"
"""The subject of clocks; of files; the clock."""

LAST = "SELECT id, number, state FROM joint_review WHERE project_id = $1 ORDER BY number DESC LIMIT 1"
SUPERSEDE = "UPDATE joint_review SET state = 'superseded', ended_by = $2, ended_at = $3 WHERE id = $1"
PLANS = "SELECT EXISTS (SELECT FROM plan_version WHERE project_id = $1 AND number = $2)"
OPEN = """
INSERT INTO joint_review (id, project_id, number, title, plan_number, change, state, opened_by, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8)
"""
ADD_PARTS = """
INSERT INTO review_part (id, review_id, project_id, desk_id, department, state)
SELECT x.id, $1, $2, x.desk_id, x.department, 'waiting'
FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS x(id, desk_id, department)
"""
REVIEW = "SELECT id, project_id, number, state FROM joint_review WHERE project_id = $1 AND id = $2"
ONE_PART = "SELECT id, desk_id, state FROM review_part WHERE project_id = $1 AND review_id = $2 AND id = $3"
SAY = """
INSERT INTO review_opinion (id, part_id, verdict, opinion, document, on_behalf, late, given_by, given_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SET_PART = "UPDATE review_part SET state = $2 WHERE id = $1"
CLOSE = "UPDATE joint_review SET state = 'closed', agreed = $2, ended_by = $3, ended_at = $4 WHERE id = $1"
# The parts of a round ($1), each with the last that was said and its clock.
PARTS = """
SELECT p.id, p.desk_id, d.title AS desk_title, p.department, p.state, o.id AS opinion_id, o.verdict, o.opinion, o.document,
       o.on_behalf, o.late, o.given_by, o.given_at, c.due_at, c.provisional,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'review_opinion' AND subject_id = o.id ORDER BY position) AS file_ids
FROM review_part p
JOIN desk d ON d.id = p.desk_id
LEFT JOIN LATERAL (SELECT * FROM review_opinion WHERE part_id = p.id ORDER BY id DESC LIMIT 1) o ON true
LEFT JOIN LATERAL (
  SELECT due_at, provisional FROM clock WHERE subject_type = 'review_part' AND subject_id = p.id AND kind = 'review_answer'
  ORDER BY id DESC LIMIT 1) c ON true
WHERE p.review_id = $1 ORDER BY p.id
"""
_SHOWN = """
SELECT r.id, r.project_id, r.number, r.title, r.plan_number, r.change, r.state, r.agreed, r.opened_by, r.opened_at, r.ended_at
FROM joint_review r
"""
ONE = f"{_SHOWN} WHERE r.project_id = $1 AND r.id = $2"
PAGE = f"{_SHOWN} WHERE r.project_id = $1 AND ($2::text IS NULL OR r.state = $2) AND r.number > $3 ORDER BY r.number LIMIT $4"
OPINIONS = """
SELECT id, verdict, opinion, document, on_behalf, late, given_by, given_at,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'review_opinion' AND subject_id = o.id ORDER BY position) AS file_ids
FROM review_opinion o WHERE part_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""
# What waits at the desks where somebody ($1) is on duty, inside his scope ($5, $6).
OWN_PARTS = """
SELECT p.id, p.review_id, p.project_id, project.title AS project_title, p.desk_id, d.title AS desk_title, r.title, r.number,
       p.state,
       (SELECT max(due_at) FROM clock WHERE subject_type = 'review_part' AND subject_id = p.id AND kind = 'review_answer') AS due_at
FROM desk_member m
JOIN desk d ON d.id = m.desk_id
JOIN review_part p ON p.desk_id = d.id
JOIN joint_review r ON r.id = p.review_id AND r.state = 'open'
JOIN project ON project.id = p.project_id
WHERE m.staff_id = $1 AND m.until IS NULL AND ($2::text IS NULL OR p.state = $2) AND p.id > $3
  AND EXISTS (SELECT FROM unnest($5::text[], $6::text[]) AS scope(low, high)
              WHERE project.region_path >= scope.low AND project.region_path < scope.high)
ORDER BY p.id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A department to ask: the desk that answers for it, and which one it is by the policy."""

    desk_id: UUID
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a department says, and by which paper."""

    verdict: Verdict
    opinion: str
    document: str | None = None


async def open_round(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    title: str,
    plan_number: int | None,
    change: str | None,
    asked: Sequence[Asked],
) -> UUID:
    """Asks departments' desks, each with its clock by the policy; the round's id. A later round supersedes the one before it.

    NotFound; SiteStateWrong once works have ended; ReviewInputInvalid names every wrong place: a plan that there is not, a desk of
    elsewhere, closed or named twice, a department that the policy does not know or that it asks for and is left out, no word on
    what was revised from the second round on.
    """
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    last = await uow.driver.fetchrow(LAST, project_id)
    policy = await terms.of(uow.driver, site)
    wanted = None if policy is None else policy.works.review
    errors = [] if (change is None) == (last is None) else [_change_error(first=last is None)]
    if plan_number is not None and not await uow.driver.fetchval(PLANS, project_id, plan_number):
        errors.append(FieldError("/plan_number", "没有这一版方案", "is no plan of the project"))
    errors += await _desk_errors(uow, site, asked)
    errors += _department_errors(asked, None if wanted is None else [one.id for one in wanted.departments])
    if errors:
        raise ReviewInputInvalid(errors=errors)
    if last is not None and last["state"] == ReviewState.OPEN:
        await uow.driver.execute(SUPERSEDE, last["id"], uow.actor.id, uow.now)
        await _stop_clocks(uow, last["id"])
    review_id, number = new_id(), 1 if last is None else last["number"] + 1
    parts = [new_id() for _ in asked]
    await uow.driver.execute(OPEN, review_id, project_id, number, title, plan_number, change, uow.actor.id, uow.now)
    await uow.driver.execute(
        ADD_PARTS, review_id, project_id, parts, [one.desk_id for one in asked], [one.department for one in asked]
    )
    if policy is not None and wanted is not None:
        limit, path = promised(wanted.answer), site["region_path"]
        await clocks.start_all(
            uow, [clocks.NewClock(PART, part, path, ANSWER, limit, policy.version_id) for part in parts]
        )
    opened = ReviewOpened(project_id=project_id, number=number, plan_number=plan_number, parts=len(parts))
    _tell(uow, site, review_id, opened)
    for part, one in zip(parts, asked, strict=True):
        asking = ReviewPartAsked(project_id=project_id, review_id=review_id, desk_id=one.desk_id)
        uow.record(asking, subject=PART, subject_id=part, region_path=site["region_path"])
    return review_id


async def answer(
    uow: UnitOfWork,
    *,
    by: Principal,
    project_id: UUID,
    review_id: UUID,
    part_id: UUID,
    said: Opinion,
    file_ids: Sequence[UUID] = (),
) -> UUID:
    """A department's opinion; its id. Said again, the later one counts. After its time it is late, as long as the round is open.

    By who is on duty at the desk; or for it, by who keeps the site's papers, from its paper: ReviewNotYours otherwise. NotFound,
    ReviewNotOpen.
    """
    site = await queries.locked(uow.driver, scope=by.scope(Permission.REVIEW_ANSWER), project_id=project_id)
    review = await _open_round(uow, project_id, review_id)
    part = await part_of(uow.driver, project_id=project_id, review_id=review["id"], part_id=part_id)
    on_duty = bool(await desks.on_duty(uow.driver, staff_id=by.id, desk_ids=[part["desk_id"]]))
    keeps_papers = by.scope(Permission.SITE_WRITE).covers(site["region_path"])
    if not on_duty and not (keeps_papers and said.document is not None):
        raise ReviewNotYours
    late = await _keep_promise(uow, part_id)
    opinion_id = new_id()
    await uow.driver.execute(
        SAY, opinion_id, part_id, said.verdict, said.opinion, said.document, not on_duty, late, uow.actor.id, uow.now
    )
    await uow.driver.execute(SET_PART, part_id, PartState.ANSWERED)
    await files.attach(
        uow, file_ids=file_ids, subject_type=OPINION, subject_id=opinion_id, region_path=site["region_path"]
    )
    answered = ReviewPartAnswered(project_id=project_id, review_id=review_id, verdict=said.verdict, late=late)
    uow.record(answered, subject=PART, subject_id=part_id, region_path=site["region_path"])
    return opinion_id


async def close(uow: UnitOfWork, *, scope: Scope, project_id: UUID, review_id: UUID) -> bool:
    """Ends a round in which every department has answered or let its time pass, which is put on record; whether all agree.

    NotFound, ReviewNotOpen, ReviewNotAnswered.
    """
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    await _open_round(uow, project_id, review_id)
    parts = await uow.driver.fetch(PARTS, review_id)
    silent = [part for part in parts if part["state"] == PartState.WAITING]
    waiting = [part for part in silent if part["due_at"] is None or uow.now < part["due_at"]]
    if waiting:
        raise ReviewNotAnswered(waiting=[str(part["desk_id"]) for part in waiting])
    for part in silent:
        await uow.driver.execute(SET_PART, part["id"], PartState.OVERDUE)
    await _stop_clocks(uow, review_id)
    agreed = all(part["verdict"] != Verdict.DISAGREE for part in parts)
    await uow.driver.execute(CLOSE, review_id, agreed, uow.actor.id, uow.now)
    _tell(uow, site, review_id, ReviewEnded(project_id=project_id, agreed=agreed, overdue=len(silent)))
    return agreed


async def review_of(driver: "asyncpg.Connection", *, project_id: UUID, review_id: UUID) -> dict[str, Any]:
    """A round of a site that the caller may see, with its parts; NotFound otherwise."""
    row = await driver.fetchrow(ONE, project_id, review_id)
    if row is None:
        raise NotFound
    return {**row, "parts": [dict(part) for part in await driver.fetch(PARTS, review_id)]}


async def part_of(
    driver: "asyncpg.Connection", *, project_id: UUID, review_id: UUID, part_id: UUID
) -> "asyncpg.Record":
    """A department's part of a round of a site that the caller may see; NotFound otherwise."""
    row = await driver.fetchrow(ONE_PART, project_id, review_id, part_id)
    if row is None:
        raise NotFound
    return row


def _change_error(*, first: bool) -> FieldError:
    if first:
        return FieldError("/change", "首轮审查没有修改可说明", "there is nothing revised in the first round")
    return FieldError("/change", "须说明作了哪些修改", "has to say what was revised")


async def _desk_errors(uow: UnitOfWork, site: "Record", asked: Sequence[Asked]) -> list[FieldError]:
    """A desk answers for its region's subtree: it is of the site's region or of one around it."""
    known = {row["id"]: row for row in await desks.DESKS_HELD.all(uow.driver, desk_ids=[one.desk_id for one in asked])}
    errors, seen = [], set()
    for index, one in enumerate(asked):
        row, place = known.get(one.desk_id), pointer_to("departments", index, "desk_id")
        if row is None or row["closed_at"] is not None or not site["region_path"].startswith(row["region_path"]):
            errors.append(FieldError(place, "没有这个席位", "is no desk that answers for this region"))
        elif one.desk_id in seen:
            errors.append(FieldError(place, "同一席位重复列出", "is listed twice"))
        seen.add(one.desk_id)
    return errors


def _department_errors(asked: Sequence[Asked], known: Sequence[str] | None) -> list[FieldError]:
    errors = [
        FieldError(pointer_to("departments", index, "department"), "政策未列此部门", "is no department of the policy")
        for index, one in enumerate(asked)
        if one.department is not None and one.department not in (known or ())
    ]
    left_out = [one for one in known or () if one not in {each.department for each in asked}]
    if left_out:
        errors.append(
            FieldError("/departments", f"政策要求的部门未列全：{'、'.join(left_out)}", f"lacks {', '.join(left_out)}")
        )
    return errors


async def _open_round(uow: UnitOfWork, project_id: UUID, review_id: UUID) -> "Record":
    review = await uow.driver.fetchrow(REVIEW, project_id, review_id)
    if review is None:
        raise NotFound
    if review["state"] != ReviewState.OPEN:
        raise ReviewNotOpen(state=review["state"])
    return review


async def _keep_promise(uow: UnitOfWork, part_id: UUID) -> bool:
    """The first answer meets the clock; whether it is late. One that corrects an earlier one is as late as its time says."""
    met = await clocks.meet(uow, subject_type=PART, subject_id=part_id, kind=ANSWER)
    if met is not None:
        return met.late
    due_at = await uow.driver.fetchval(
        "SELECT max(due_at) FROM clock WHERE subject_type = $1 AND subject_id = $2 AND kind = $3", PART, part_id, ANSWER
    )
    return due_at is not None and uow.now >= due_at


async def _stop_clocks(uow: UnitOfWork, review_id: UUID) -> None:
    """Nothing more is waited for in a round; what was missed stays on record, found by a sweep or only now."""
    for part in await uow.driver.fetch(PARTS, review_id):
        clock = await planning.locked(uow, subject_type=PART, subject_id=part["id"], kind=ANSWER)
        if clock is not None and clock.state is ClockState.RUNNING and uow.now >= clock.due_at:
            await planning.breach(uow, [clock])
        await clocks.cancel(uow, subject_type=PART, subject_id=part["id"], kind=ANSWER)


def _tell(uow: UnitOfWork, site: "Record", review_id: UUID, happened: ReviewOpened | ReviewEnded) -> None:
    uow.record(happened, subject="review", subject_id=review_id, region_path=site["region_path"])
