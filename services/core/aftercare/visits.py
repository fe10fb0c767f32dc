"""Use cases of household visits after the works (domain.md C2): a campaign, who goes where, what came of every attempt.

Every write holds the campaign's row, so what it came to at its end is of all attempts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.aftercare import rules, visit_queries
from services.core.aftercare.errors import (
    CampaignClosed,
    CampaignExists,
    CloseReasonNeeded,
    NoHouseholds,
    NotHandedOver,
    VisitInputInvalid,
)
from services.core.aftercare.events import VisitsAssigned, VisitsAttempted, VisitsEnded, VisitsOpened
from services.core.aftercare.rules import BodyKind, Outcome, Status, VisitState
from services.core.kit.calendar import day_of
from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.invalid import pointer_to
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects.rules import Stage
from services.core.surveys.answer_rules import fitted
from services.core.surveys.rules import Question, form_of, question_of
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from asyncpg import Record

# Nothing leads away from hand-over, so the project's row need not be held.
STAGE = """
SELECT p.stage FROM project p JOIN project_compound c ON c.project_id = p.id WHERE p.id = $1 AND c.compound_id = $2
"""
OPEN = """
INSERT INTO visit_campaign (id, compound_id, region_path, project_id, title, questions, status, version, opened_by, opened_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, 'open', 1, $7, $8)
ON CONFLICT (compound_id, project_id) WHERE status = 'open' DO NOTHING
RETURNING id
"""
ADD_BODIES = """
INSERT INTO visit_body (id, campaign_id, kind, title) SELECT x.id, $1, x.kind, x.title
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS x(id, kind, title)
"""
ADD_HOUSEHOLDS = """
INSERT INTO household_visit (id, campaign_id, property_id, state)
SELECT gen_random_uuid(), $1, id, 'waiting' FROM property
WHERE compound_id = $2 AND kind = 'dwelling' AND closed_at IS NULL AND ($3::uuid[] IS NULL OR id = ANY ($3))
ON CONFLICT (campaign_id, property_id) DO NOTHING
"""
OF_CAMPAIGN = "SELECT property_id FROM household_visit WHERE campaign_id = $1 AND property_id = ANY ($2::uuid[])"
STAFF = "SELECT EXISTS (SELECT 1 FROM staff WHERE id = $1)"
ASSIGN = """
UPDATE household_visit SET body_id = $3, visitor_id = $4 WHERE campaign_id = $1 AND property_id = ANY ($2::uuid[])
"""
ADD_ATTEMPTS = """
INSERT INTO visit_attempt (id, campaign_id, property_id, body_id, made_on, outcome, answers, note, recorded_by, recorded_at)
SELECT x.id, $1, x.property_id, x.body_id, x.made_on, x.outcome, x.answers, x.note, $3, $4
FROM jsonb_to_recordset($2::text::jsonb) AS x(id uuid, property_id uuid, body_id uuid, made_on date, outcome text, answers jsonb,
                                              note text)
"""
# Who was met stays met; who declined may be met later.
REACH = """
UPDATE household_visit v SET state = x.state FROM unnest($2::uuid[], $3::text[]) AS x(property_id, state)
WHERE v.campaign_id = $1 AND v.property_id = x.property_id AND v.state <> 'met'
"""
CLOSE = """
UPDATE visit_campaign SET status = 'closed', version = version + 1, closed_by = $2, closed_at = $3, close_reason = $4,
                          households = $5, met = $6, declined = $7
WHERE id = $1
"""
REACHED: Mapping[Outcome, VisitState] = {Outcome.MET: VisitState.MET, Outcome.DECLINED: VisitState.DECLINED}


@dataclass(frozen=True, slots=True)
class Body:
    """A body that visits, before it has an id."""

    kind: BodyKind
    title: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a household. `answers`: exactly where it was met."""

    property_id: UUID
    body_id: UUID
    made_on: date
    outcome: Outcome
    answers: Mapping[str, Any] | None = None
    note: str | None = None


async def open_campaign(
    uow: UnitOfWork,
    *,
    scope: Scope,
    compound_id: UUID,
    project_id: UUID,
    title: str,
    bodies: Sequence[Body],
    questions: Sequence[Question],
) -> UUID:
    """Every household of a compound of the scope is to be visited about a project that was handed over; the campaign's id.

    NotHandedOver; VisitInputInvalid for a project of other compounds, a body named twice, questions that do not hold together;
    CampaignExists while one is under way; NoHouseholds; CompoundClosed.
    """
    compound = await territory.standing(uow.driver, compound_id=compound_id, scope=scope)
    stage = await uow.driver.fetchval(STAGE, project_id, compound_id)
    if stage is None:
        raise VisitInputInvalid.at("/project_id", zh="不是含有本小区的项目", en="is no project of this compound")
    if stage != Stage.HANDED_OVER:
        raise NotHandedOver
    errors = [
        FieldError(pointer_to("bodies", index, "title"), "同一单位重复列出", "is listed twice")
        for index, body in enumerate(bodies)
        if body.title in {earlier.title for earlier in bodies[:index]}
    ]
    errors += rules.questions_errors(questions)
    if errors:
        raise VisitInputInvalid(errors=errors)
    campaign_id = new_id()
    forms = json.dumps([form_of(question) for question in questions], ensure_ascii=False)
    opened = await uow.driver.fetchval(
        OPEN, campaign_id, compound_id, compound["region_path"], project_id, title, forms, uow.actor.id, uow.now
    )
    if opened is None:
        raise CampaignExists
    await uow.driver.execute(
        ADD_BODIES, campaign_id, [new_id() for _ in bodies], [one.kind for one in bodies], [one.title for one in bodies]
    )
    done: str = await uow.driver.execute(ADD_HOUSEHOLDS, campaign_id, compound_id, None)
    households = int(done.rsplit(" ", 1)[1])
    if not households:
        raise NoHouseholds
    uow.record(
        VisitsOpened(compound_id=compound_id, project_id=project_id, households=households),
        subject="visit_campaign",
        subject_id=campaign_id,
        region_path=compound["region_path"],
    )
    return campaign_id


async def assign(
    uow: UnitOfWork,
    *,
    scope: Scope,
    campaign_id: UUID,
    body_id: UUID,
    visitor_id: UUID | None,
    property_ids: Sequence[UUID],
) -> None:
    """These households are to be visited by a body of the campaign, and by somebody of the staff where one is named.

    The last word holds. VisitInputInvalid names every wrong place; CampaignClosed.
    """
    held = await _held_open(uow, scope, campaign_id)
    errors = [] if _is_body(held, body_id) else [_unknown_body("body_id")]
    if visitor_id is not None and not await uow.driver.fetchval(STAFF, visitor_id):
        errors.append(FieldError("/visitor_id", "没有这位工作人员", "is no member of staff"))
    errors += await _household_errors(
        uow, held, property_ids, [("property_ids", index) for index in range(len(property_ids))]
    )
    if errors:
        raise VisitInputInvalid(errors=errors)
    await uow.driver.execute(ASSIGN, campaign_id, list(property_ids), body_id, visitor_id)
    uow.record(
        VisitsAssigned(body_id=body_id, visitor_id=visitor_id, households=len(property_ids)),
        subject="visit_campaign",
        subject_id=campaign_id,
        region_path=held["region_path"],
    )


async def record_attempts(
    uow: UnitOfWork, *, scope: Scope, campaign_id: UUID, attempts: Sequence[Attempt]
) -> list[UUID]:
    """Attempts at households, all or none; their ids, in order. A dwelling that came into the register since is visited too.

    VisitInputInvalid names every wrong place: who is none of the households, a body of no part in it, a day outside the campaign,
    answers that do not fit the questions; CampaignClosed.
    """
    held = await _held_open(uow, scope, campaign_id)
    questions = [question_of(form) for form in held["questions"]]
    opened_on, today = day_of(held["opened_at"]), day_of(uow.now)
    doors = [attempt.property_id for attempt in attempts]
    await uow.driver.execute(ADD_HOUSEHOLDS, campaign_id, held["compound_id"], doors)
    errors = await _household_errors(
        uow, held, doors, [("attempts", index, "property_id") for index in range(len(attempts))]
    )
    rows: list[dict[str, Any]] = []
    for index, attempt in enumerate(attempts):
        place = ("attempts", index)
        answers, wrong = _answers(questions, attempt, place)
        errors += wrong
        errors += rules.day_errors(attempt.made_on, opened_on=opened_on, today=today, place=(*place, "made_on"))
        errors += rules.text_errors(attempt.note, (*place, "note"))
        if not _is_body(held, attempt.body_id):
            errors.append(_unknown_body(*place, "body_id"))
        rows.append(
            {
                "id": str(new_id()),
                "property_id": str(attempt.property_id),
                "body_id": str(attempt.body_id),
                "made_on": attempt.made_on.isoformat(),
                "outcome": attempt.outcome,
                "answers": answers,
                "note": attempt.note,
            }
        )
    if errors:
        raise VisitInputInvalid(errors=errors)
    ids = [UUID(row["id"]) for row in rows]
    await uow.driver.execute(ADD_ATTEMPTS, campaign_id, json.dumps(rows, ensure_ascii=False), uow.actor.id, uow.now)
    reached = [(attempt.property_id, REACHED[attempt.outcome]) for attempt in attempts if attempt.outcome in REACHED]
    await uow.driver.execute(REACH, campaign_id, [door for door, _ in reached], [state for _, state in reached])
    uow.record(
        VisitsAttempted(attempt_ids=ids),
        subject="visit_campaign",
        subject_id=campaign_id,
        region_path=held["region_path"],
    )
    return ids


async def close(uow: UnitOfWork, *, scope: Scope, campaign_id: UUID, version: int, reason: str | None) -> None:
    """The campaign ends with what it came to. While households wait that takes a reason (CloseReasonNeeded); CampaignClosed."""
    held = await _held_open(uow, scope, campaign_id, version=version)
    totals = await uow.driver.fetchrow(visit_queries.TOTALS, campaign_id)
    if totals["waiting"] and reason is None:
        raise CloseReasonNeeded.at("/reason", zh="不能为空", en="is missing")
    await uow.driver.execute(
        CLOSE, campaign_id, uow.actor.id, uow.now, reason, totals["households"], totals["met"], totals["declined"]
    )
    uow.record(
        VisitsEnded(households=totals["households"], met=totals["met"], declined=totals["declined"]),
        subject="visit_campaign",
        subject_id=campaign_id,
        region_path=held["region_path"],
    )


async def _held_open(uow: UnitOfWork, scope: Scope, campaign_id: UUID, *, version: int | None = None) -> "Record":
    held = await visit_queries.locked(uow.driver, scope=scope, campaign_id=campaign_id, version=version)
    if held["status"] != Status.OPEN:
        raise CampaignClosed
    return held


def _is_body(campaign: "Record", body_id: UUID) -> bool:
    return any(body["id"] == str(body_id) for body in campaign["bodies"])


def _unknown_body(*place: str | int) -> FieldError:
    return FieldError(pointer_to(*place), "不是本次走访的单位", "is no body of this campaign")


async def _household_errors(
    uow: UnitOfWork, held: "Record", property_ids: Sequence[UUID], places: Sequence[tuple[str | int, ...]]
) -> list[FieldError]:
    known = {row["property_id"] for row in await uow.driver.fetch(OF_CAMPAIGN, held["id"], list(property_ids))}
    errors = []
    for index, (property_id, place) in enumerate(zip(property_ids, places, strict=True)):
        if property_id not in known:
            errors.append(FieldError(pointer_to(*place), "不是本次走访的住户", "is no household of this campaign"))
        elif property_id in property_ids[:index]:
            errors.append(FieldError(pointer_to(*place), "同一户重复列出", "is listed twice"))
    return errors


def _answers(
    questions: Sequence[Question], attempt: Attempt, place: tuple[str | int, ...]
) -> tuple[dict[str, Any] | None, list[FieldError]]:
    """The answers in the form in which they are stored, exactly where the household was met, and what is wrong with them."""
    if attempt.outcome is not Outcome.MET:
        if attempt.answers is None:
            return None, []
        return None, [
            FieldError(pointer_to(*place, "answers"), "仅在见到住户时填写", "are for a household that was met alone")
        ]
    answers, wrong = fitted(questions, attempt.answers or {})
    return answers, [FieldError(pointer_to(*place) + one.pointer, one.zh, one.en) for one in wrong]
