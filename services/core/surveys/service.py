"""A survey's life: drafted, opened, extended, reworded, closed, published. What is answered meanwhile is in `answering`.

Whoever answers shares the survey's row; opening, rewording and closing hold it alone. So an answer that races the closing is
counted or refused, never lost.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Uuid, bindparam, update

from services.core.facts import service as facts
from services.core.facts.catalogue import Subject, text_of
from services.core.facts.rules import Kind
from services.core.kit.calendar import day_of, has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError, NotFound, VersionStale
from services.core.kit.events import Event
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.projects import queries as projects
from services.core.surveys import queries, results, rules
from services.core.surveys.errors import (
    ResultsTooLong,
    SurveyAsksNobody,
    SurveyInputInvalid,
    SurveyNotClosed,
    SurveyNotDraft,
    SurveyNotOpen,
    SurveyUnconfirmed,
    SurveyUnderWay,
)
from services.core.surveys.events import (
    QuestionnaireAdded,
    SurveyDrafted,
    SurveyExtended,
    SurveyOpened,
    SurveyWasClosed,
    SurveyWasPublished,
)
from services.core.surveys.models import Survey, SurveyExtension, SurveyPublication, SurveyQuestionnaire
from services.core.surveys.rules import Decisive, Purpose, Question, QuestionKind, SurveyStatus, Unit
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from asyncpg import Record

SOURCE = "survey.results"
MAX_PUBLIC = 32 * 1024
"""Bytes of what everybody reads: a page of the mini-program."""

_ONE = Survey.id == bindparam("survey_id", type_=Uuid())
CHANGED = Statement(
    update(Survey)
    .where(_ONE)
    .values(
        title=bindparam("new_title"),
        tenants=bindparam("new_tenants"),
        closes_on=bindparam("new_closes_on", type_=Survey.closes_on.type),
        target=bindparam("new_target", type_=Survey.target.type),
        decisive=bindparam("new_decisive", type_=Survey.decisive.type),
        version=Survey.version + 1,
    )
)
REQUESTIONED = Statement(
    update(SurveyQuestionnaire)
    .where(SurveyQuestionnaire.survey_id == bindparam("survey_id", type_=Uuid()))
    .values(
        questions=bindparam("new_questions", type_=SurveyQuestionnaire.questions.type),
        made_by=bindparam("by", type_=SurveyQuestionnaire.made_by.type),
        made_at=bindparam("at", type_=SurveyQuestionnaire.made_at.type),
    )
)
OPENED = Statement(
    update(Survey)
    .where(_ONE)
    .values(
        status=SurveyStatus.OPEN,
        compound_ids=bindparam("asked", type_=Survey.compound_ids.type),
        units=bindparam("count", type_=Survey.units.type),
        opened_by=bindparam("by", type_=Survey.opened_by.type),
        opened_at=bindparam("at", type_=Survey.opened_at.type),
        version=Survey.version + 1,
    )
)
REWORDED = Statement(update(Survey).where(_ONE).values(questionnaire=bindparam("number"), version=Survey.version + 1))
EXTENDED = Statement(
    update(Survey)
    .where(_ONE)
    .values(closes_on=bindparam("until", type_=Survey.closes_on.type), version=Survey.version + 1)
)
CLOSED = Statement(
    update(Survey)
    .where(_ONE)
    .values(
        status=SurveyStatus.CLOSED,
        closed_by=bindparam("by", type_=Survey.closed_by.type),
        closed_at=bindparam("at", type_=Survey.closed_at.type),
        version=Survey.version + 1,
    )
)
PUBLISHED = Statement(update(Survey).where(_ONE).values(status=SurveyStatus.PUBLISHED, version=Survey.version + 1))

_ASKED = """
  FROM property p
  WHERE p.compound_id = ANY ($2::uuid[]) AND p.kind = 'dwelling' AND p.closed_at IS NULL
    AND (cardinality($3::uuid[]) + cardinality($4::uuid[]) = 0
         OR p.building_id = ANY ($3::uuid[]) OR p.entrance_id = ANY ($4::uuid[]))
"""
ASK_HOUSEHOLDS = f"""
INSERT INTO survey_unit (survey_id, unit_id, property_id) SELECT $1, p.id, p.id {_ASKED}
"""
# Owners and, where the survey asks them ($5), those who are tenants that day ($6); each at the first of their doors.
ASK_PEOPLE = f"""
WITH asked AS (SELECT p.id, p.voting_owner_id {_ASKED})
INSERT INTO survey_unit (survey_id, unit_id, property_id)
SELECT DISTINCT ON (person_id) $1, person_id, property_id
FROM (SELECT m.person_id, a.id AS property_id FROM asked a JOIN owner_member m ON m.voting_owner_id = a.voting_owner_id
      UNION ALL
      SELECT t.person_id, a.id FROM asked a JOIN tenancy t ON t.property_id = a.id
      WHERE $5 AND t.since <= $6 AND (t.until IS NULL OR t.until >= $6)) AS one
ORDER BY person_id, property_id
"""
STRAY_BUILDINGS = """
SELECT x.id FROM unnest($1::uuid[]) AS x(id)
WHERE NOT EXISTS (SELECT 1 FROM building b WHERE b.id = x.id AND b.compound_id = ANY ($2::uuid[]))
"""
STRAY_ENTRANCES = """
SELECT x.id FROM unnest($1::uuid[]) AS x(id)
WHERE NOT EXISTS (SELECT 1 FROM entrance e WHERE e.id = x.id AND e.compound_id = ANY ($2::uuid[]))
"""
MENU_ITEMS = """
SELECT DISTINCT name FROM facility WHERE compound_id = ANY ($1::uuid[]) AND superseded_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a survey asks: all compounds of a project, or one compound (of a project, when both are given), or part of these.

    Facts are of projects: a survey without one is counted for nobody's gates.
    """

    project_id: UUID | None
    compound_id: UUID | None
    building_ids: Sequence[UUID] = ()
    entrance_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What may be changed of a survey until it opens."""

    title: str
    tenants: bool
    closes_on: date | None
    target: Fraction | None
    decisive: Decisive | None
    questions: Sequence[Question]


async def draft(uow: UnitOfWork, *, scope: Scope, purpose: Purpose, unit: Unit, reach: Reach, form: Draft) -> UUID:
    """A new survey; its id. NotFound for a project, or else compound, outside `scope`; SurveyInputInvalid naming a wrong place."""
    path = await _place(uow, scope, reach)
    await _check(uow, purpose=purpose, path=path, compound_ids=await _compounds(uow, reach), form=form)
    survey_id = new_id()
    uow.session.add(
        Survey(
            id=survey_id,
            region_path=path,
            project_id=reach.project_id,
            compound_id=reach.compound_id,
            building_ids=[str(one) for one in reach.building_ids],
            entrance_ids=[str(one) for one in reach.entrance_ids],
            purpose=purpose,
            title=form.title,
            unit=unit,
            tenants=form.tenants,
            closes_on=form.closes_on,
            target=_target(form),
            decisive=_decisive(form),
            made_by=uow.actor.id,
            made_at=uow.now,
        )
    )
    await uow.session.flush()
    uow.session.add(_version(uow, survey_id, 1, form.questions))
    await uow.session.flush()
    uow.record(SurveyDrafted(purpose=purpose, version=1), subject="survey", subject_id=survey_id, region_path=path)
    return survey_id


async def change(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, form: Draft) -> None:
    """Replaces what a draft says, its questions too. NotFound, VersionStale, SurveyNotDraft, SurveyInputInvalid."""
    survey = await _locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.DRAFT:
        raise SurveyNotDraft
    reach = _reach(survey)
    purpose = Purpose(survey["purpose"])
    await _check(uow, purpose=purpose, path=survey["region_path"], compound_ids=await _compounds(uow, reach), form=form)
    await CHANGED.all(
        uow.driver,
        survey_id=survey_id,
        new_title=form.title,
        new_tenants=form.tenants,
        new_closes_on=form.closes_on,
        new_target=_target(form),
        new_decisive=_decisive(form),
    )
    await REQUESTIONED.all(
        uow.driver,
        survey_id=survey_id,
        new_questions=[rules.form_of(question) for question in form.questions],
        by=uow.actor.id,
        at=uow.now,
    )
    _record(uow, survey, SurveyDrafted(purpose=purpose, version=version + 1))


async def open_survey(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int) -> None:
    """Whom it asks is taken from the register and frozen. NotFound, VersionStale, SurveyNotDraft, SurveyAsksNobody,
    SurveyInputInvalid when its last day has ended.
    """
    survey = await _locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.DRAFT:
        raise SurveyNotDraft
    _refuse_past(uow, survey["closes_on"])
    reach = _reach(survey)
    compound_ids = await _compounds(uow, reach)
    asked = (survey_id, compound_ids, reach.building_ids, reach.entrance_ids)
    if survey["unit"] == Unit.PERSON:
        made = await uow.driver.execute(ASK_PEOPLE, *asked, survey["tenants"], day_of(uow.now))
    else:
        made = await uow.driver.execute(ASK_HOUSEHOLDS, *asked)
    units = int(made.split()[-1])
    if not units:
        raise SurveyAsksNobody
    await OPENED.all(
        uow.driver,
        survey_id=survey_id,
        asked=[str(one) for one in compound_ids],
        count=units,
        by=uow.actor.id,
        at=uow.now,
    )
    _record(uow, survey, SurveyOpened(purpose=Purpose(survey["purpose"]), units=units))


async def reword(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, questions: Sequence[Question]) -> int:
    """An open survey asks by a new version from now on; its number. Answers to earlier versions stand.

    NotFound, VersionStale, SurveyNotOpen, SurveyInputInvalid where it breaks with an earlier version.
    """
    survey = await _locked_open(uow, scope, survey_id, version)
    versions = await queries.versions_of(uow.driver, survey_id=survey_id)
    compound_ids = [UUID(one) for one in survey["compound_ids"]]
    wrong = rules.questionnaire_errors(questions, rules.all_questions(list(versions.values())))
    wrong += rules.decisive_errors(Purpose(survey["purpose"]), questions, queries.decisive_of(survey))
    wrong += await _menu_errors(uow, survey["region_path"], compound_ids, questions)
    if wrong:
        raise SurveyInputInvalid(errors=wrong)
    number = max(versions) + 1
    uow.session.add(_version(uow, survey_id, number, questions))
    await uow.session.flush()
    await REWORDED.all(uow.driver, survey_id=survey_id, number=number)
    _record(uow, survey, QuestionnaireAdded(number=number))
    return number


async def extend(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, closes_on: date, reason: str) -> None:
    """Puts off the last day of an open survey, also when it has ended.

    NotFound, VersionStale, SurveyNotOpen, SurveyInputInvalid for a day that is no later.
    """
    survey = await _locked_open(uow, scope, survey_id, version)
    if survey["closes_on"] is None or closes_on <= survey["closes_on"]:
        raise SurveyInputInvalid.at(
            "/closes_on", zh="应晚于现定的截止日期", en="must be later than the last day that is set"
        )
    _refuse_past(uow, closes_on)
    extension = SurveyExtension(
        id=new_id(),
        survey_id=survey_id,
        closed_on=survey["closes_on"],
        closes_on=closes_on,
        reason=reason,
        extended_by=uow.actor.id,
        extended_at=uow.now,
    )
    uow.session.add(extension)
    await uow.session.flush()
    await EXTENDED.all(uow.driver, survey_id=survey_id, until=closes_on)
    _record(uow, survey, SurveyExtended(extension_id=extension.id))


async def close(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int) -> None:
    """No answer is taken any more, and the counts become facts of the project when the survey asked all of it.

    NotFound, VersionStale, SurveyNotOpen, SurveyUnconfirmed while an entry waits for its second person, SurveyUnderWay before the
    last day has ended: whoever was told of a day may answer until then. When all have answered there is nobody to wait for.
    """
    survey = await _locked_open(uow, scope, survey_id, version)
    states = await queries.STATES.first(uow.driver, survey_id=survey_id)
    if states is None or states["pending"]:
        raise SurveyUnconfirmed(pending=states["pending"] if states is not None else 0)
    counted: int = states["counted"]
    if survey["closes_on"] is not None and not has_ended(survey["closes_on"], uow.now) and counted < survey["units"]:
        raise SurveyUnderWay
    await CLOSED.all(uow.driver, survey_id=survey_id, by=uow.actor.id, at=uow.now)
    keys = await _push(uow, survey, counted) if await _asked_whole_project(uow, survey) else []
    _record(uow, survey, SurveyWasClosed(units=survey["units"], counted=counted, keys=keys))


async def publish(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, question_ids: Sequence[str]) -> None:
    """Everybody may read the results of these questions, small cells hidden; the others stay with the staff.

    NotFound, VersionStale, SurveyNotClosed, SurveyInputInvalid for what is no question with counted answers, ResultsTooLong.
    """
    survey = await _locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.CLOSED:
        raise SurveyNotClosed
    found = await results.counted(uow.driver, survey=survey)
    countable = {one.question.id for one in found.questions if one.question.kind in rules.COUNTABLE}
    wrong = [
        FieldError(f"/questions/{index}", "不是可公布的题目，或重复", "cannot be published, or comes twice")
        for index, name in enumerate(question_ids)
        if name not in countable or name in question_ids[:index]
    ]
    if wrong:
        raise SurveyInputInvalid(errors=wrong)
    content = results.public(survey, found, question_ids)
    if len(content) > MAX_PUBLIC:
        raise ResultsTooLong
    uow.session.add(
        SurveyPublication(
            survey_id=survey_id,
            content=content,
            etag=f'"{hashlib.sha256(content).hexdigest()}"',
            published_by=uow.actor.id,
            published_at=uow.now,
        )
    )
    await uow.session.flush()
    await PUBLISHED.all(uow.driver, survey_id=survey_id)
    _record(uow, survey, SurveyWasPublished(questions=len(question_ids)))


async def _push(uow: UnitOfWork, survey: "Record", counted: int) -> list[str]:
    """The survey's counts as facts of its project, in place of what anybody attested; their keys."""
    units = survey["units"]
    purpose = Purpose(survey["purpose"])
    decisive = queries.decisive_of(survey)
    found: dict[str, int] = {}
    if decisive is not None:
        agreeing = await results.choosing(uow.driver, survey_id=survey["id"], decisive=decisive)
        found[_DECIDED[purpose]] = agreeing
    if purpose is Purpose.JOIN:
        found["survey.response_share"] = counted
    if purpose is Purpose.PLAN:
        found["survey.plan.asked_share"] = counted
    path = await uow.driver.fetchval("SELECT region_path FROM project WHERE id = $1", survey["project_id"])
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type=Subject.PROJECT,
                subject_id=survey["project_id"],
                region_path=path,
                key=key,
                value=text_of(Fraction(people, units)),
                kind=Kind.COUNTED,
                source=SOURCE,
                source_rows=({"survey_id": str(survey["id"]), "people": people, "of": units},),
                observed_on=day_of(uow.now),
            )
            for key, people in found.items()
        ],
    )
    return sorted(found)


_DECIDED = {
    Purpose.JOIN: "survey.join.agree_of_all_share",
    Purpose.SATISFACTION: "survey.satisfaction.satisfied_share",
}


async def _asked_whole_project(uow: UnitOfWork, survey: "Record") -> bool:
    """Whether the compounds that were asked are those of the survey's project now, without exception of a building."""
    if survey["project_id"] is None or survey["building_ids"] or survey["entrance_ids"]:
        return False
    rows = (await projects.compounds_by_project(uow.driver, [survey["project_id"]]))[survey["project_id"]]
    return {str(row["compound_id"]) for row in rows} == set(survey["compound_ids"])


async def _place(uow: UnitOfWork, scope: Scope, reach: Reach) -> str:
    """The path of the compound, or else of the whole project, that a survey is of; its parts are checked."""
    if reach.compound_id is not None:
        path: str = (await territory.standing(uow.driver, scope=scope, compound_id=reach.compound_id))["region_path"]
        if reach.project_id is not None and reach.compound_id not in await _compounds(
            uow, Reach(reach.project_id, None)
        ):
            raise NotFound
    elif reach.project_id is not None:
        path = await projects.place(uow.driver, scope=scope, project_id=reach.project_id)
    else:
        raise SurveyInputInvalid.at("/project_id", zh="须指定项目或小区", en="name a project or a compound")
    within = await _compounds(uow, reach)
    wrong = []
    for field, ids, statement in (
        ("building_ids", reach.building_ids, STRAY_BUILDINGS),
        ("entrance_ids", reach.entrance_ids, STRAY_ENTRANCES),
    ):
        stray = {row["id"] for row in await uow.driver.fetch(statement, list(ids), within)}
        wrong += [
            FieldError(f"/{field}/{index}", "不在所选小区内", "is in none of these compounds")
            for index, one in enumerate(ids)
            if one in stray
        ]
    if wrong:
        raise SurveyInputInvalid(errors=wrong)
    return path


async def _compounds(uow: UnitOfWork, reach: Reach) -> list[UUID]:
    if reach.compound_id is not None:
        return [reach.compound_id]
    assert reach.project_id is not None  # noqa: S101 - held by a check constraint
    rows = (await projects.compounds_by_project(uow.driver, [reach.project_id]))[reach.project_id]
    return [row["compound_id"] for row in rows]


async def _check(uow: UnitOfWork, *, purpose: Purpose, path: str, compound_ids: Sequence[UUID], form: Draft) -> None:
    """SurveyInputInvalid naming every wrong place."""
    wrong = rules.questionnaire_errors(form.questions)
    wrong += rules.decisive_errors(purpose, form.questions, form.decisive)
    wrong += await _menu_errors(uow, path, compound_ids, form.questions)
    if wrong:
        raise SurveyInputInvalid(errors=wrong)
    _refuse_past(uow, form.closes_on)


async def _menu_errors(
    uow: UnitOfWork, path: str, compound_ids: Sequence[UUID], questions: Sequence[Question]
) -> list[FieldError]:
    """Options of menu questions that neither the compounds' facilities nor the policy's menu name."""
    if not any(question.kind is QuestionKind.MENU for question in questions):
        return []
    items = {row["name"] for row in await uow.driver.fetch(MENU_ITEMS, list(compound_ids))}
    policy = await policies.in_force(uow.driver, region_path=path)
    menu = None if policy is None else Policy.model_validate(policy.body).menu
    items |= {title for area in (menu.areas if menu else ()) for titles in area.tiers.values() for title in titles}
    return [
        FieldError(
            f"/questions/{index}/options/{place}/label",
            "不在小区设施清单或改造菜单内",
            "is on neither the compounds' facilities nor the policy's menu",
        )
        for index, question in enumerate(questions)
        if question.kind is QuestionKind.MENU
        for place, option in enumerate(question.options)
        if option.label not in items
    ]


def _refuse_past(uow: UnitOfWork, closes_on: date | None) -> None:
    if closes_on is not None and has_ended(closes_on, uow.now):
        raise SurveyInputInvalid.at("/closes_on", zh="截止日期已过", en="has ended already")


async def _locked(uow: UnitOfWork, scope: Scope, survey_id: UUID, version: int) -> "Record":
    survey = await queries.LOCKED.first(uow.driver, survey_id=survey_id, **scope.parameters)
    if survey is None:
        raise NotFound
    if survey["version"] != version:
        raise VersionStale
    return survey


async def _locked_open(uow: UnitOfWork, scope: Scope, survey_id: UUID, version: int) -> "Record":
    survey = await _locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.OPEN:
        raise SurveyNotOpen
    return survey


def _reach(survey: "Record") -> Reach:
    return Reach(
        survey["project_id"],
        survey["compound_id"],
        [UUID(one) for one in survey["building_ids"]],
        [UUID(one) for one in survey["entrance_ids"]],
    )


def _version(uow: UnitOfWork, survey_id: UUID, number: int, questions: Sequence[Question]) -> SurveyQuestionnaire:
    forms = [rules.form_of(question) for question in questions]
    return SurveyQuestionnaire(
        survey_id=survey_id, number=number, questions=forms, made_by=uow.actor.id, made_at=uow.now
    )


def _target(form: Draft) -> str | None:
    return None if form.target is None else decimal_text(form.target)


def _decisive(form: Draft) -> dict[str, object] | None:
    decisive = form.decisive
    return None if decisive is None else {"question": decisive.question, "choices": list(decisive.choices)}


def _record(uow: UnitOfWork, survey: "Record", happened: Event) -> None:
    uow.record(happened, subject="survey", subject_id=survey["id"], region_path=survey["region_path"])
