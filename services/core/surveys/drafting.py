"""What a survey says and asks: drafted, changed while it is a draft, reworded while it is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Uuid, bindparam, update

from services.core.kit.calendar import has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.projects import queries as projects
from services.core.surveys import queries, quotas, rules
from services.core.surveys.errors import SurveyInputInvalid, SurveyNotDraft
from services.core.surveys.events import QuestionnaireAdded, SurveyDrafted
from services.core.surveys.holding import locked, locked_open, record
from services.core.surveys.models import Survey, SurveyQuestionnaire
from services.core.surveys.quotas import Quota
from services.core.surveys.rules import Decisive, Purpose, Question, QuestionKind, SurveyStatus, Unit
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from asyncpg import Record

_ONE = Survey.id == bindparam("survey_id", type_=Uuid())
CHANGED = Statement(
    update(Survey)
    .where(_ONE)
    .values(
        title=bindparam("new_title"),
        tenants=bindparam("new_tenants"),
        closes_on=bindparam("new_closes_on", type_=Survey.closes_on.type),
        closes_itself=bindparam("new_closes_itself", type_=Survey.closes_itself.type),
        quotas_stop=bindparam("new_quotas_stop", type_=Survey.quotas_stop.type),
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
REWORDED = Statement(update(Survey).where(_ONE).values(questionnaire=bindparam("number"), version=Survey.version + 1))
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
    closes_itself: bool
    target: Fraction | None
    quotas: Sequence[Quota]
    quotas_stop: bool
    decisive: Decisive | None
    questions: Sequence[Question]


async def draft(uow: UnitOfWork, *, scope: Scope, purpose: Purpose, unit: Unit, reach: Reach, form: Draft) -> UUID:
    """A new survey; its id. NotFound for a project, or else compound, outside `scope`; SurveyInputInvalid naming a wrong place."""
    path = await _place(uow, scope, reach)
    await _check(uow, purpose=purpose, path=path, compound_ids=await compounds_of(uow, reach), form=form)
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
            closes_itself=form.closes_itself,
            quotas_stop=form.quotas_stop,
            target=_target(form),
            decisive=_decisive(form),
            made_by=uow.actor.id,
            made_at=uow.now,
        )
    )
    await uow.session.flush()
    uow.session.add(_version(uow, survey_id, 1, form.questions))
    await uow.session.flush()
    await quotas.put(uow, survey_id, form.quotas)
    uow.record(SurveyDrafted(purpose=purpose, version=1), subject="survey", subject_id=survey_id, region_path=path)
    return survey_id


async def change(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, form: Draft) -> None:
    """Replaces what a draft says, its questions too. NotFound, VersionStale, SurveyNotDraft, SurveyInputInvalid."""
    survey = await locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.DRAFT:
        raise SurveyNotDraft
    reach = reach_of(survey)
    purpose = Purpose(survey["purpose"])
    await _check(
        uow, purpose=purpose, path=survey["region_path"], compound_ids=await compounds_of(uow, reach), form=form
    )
    await CHANGED.all(
        uow.driver,
        survey_id=survey_id,
        new_title=form.title,
        new_tenants=form.tenants,
        new_closes_on=form.closes_on,
        new_closes_itself=form.closes_itself,
        new_quotas_stop=form.quotas_stop,
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
    await quotas.put(uow, survey_id, form.quotas)
    record(uow, survey, SurveyDrafted(purpose=purpose, version=version + 1))


async def reword(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, questions: Sequence[Question]) -> int:
    """An open survey asks by a new version from now on; its number. Answers to earlier versions stand.

    NotFound, VersionStale, SurveyNotOpen, SurveyInputInvalid where it breaks with an earlier version.
    """
    survey = await locked_open(uow, scope, survey_id, version)
    versions = await queries.versions_of(uow.driver, survey_id=survey_id)
    compound_ids = [UUID(one) for one in survey["compound_ids"]]
    earlier = rules.all_questions(list(versions.values()))
    wrong = rules.questionnaire_errors(questions, earlier)
    wrong += rules.decisive_errors(Purpose(survey["purpose"]), questions, queries.decisive_of(survey))
    wrong += await _menu_errors(uow, survey["region_path"], compound_ids, questions, earlier)
    if wrong:
        raise SurveyInputInvalid(errors=wrong)
    number = max(versions) + 1
    uow.session.add(_version(uow, survey_id, number, questions))
    await uow.session.flush()
    await REWORDED.all(uow.driver, survey_id=survey_id, number=number)
    record(uow, survey, QuestionnaireAdded(number=number))
    return number


async def compounds_of(uow: UnitOfWork, reach: Reach) -> list[UUID]:
    """The compounds that a survey is of."""
    if reach.compound_id is not None:
        return [reach.compound_id]
    assert reach.project_id is not None  # noqa: S101 - held by a check constraint
    rows = (await projects.compounds_by_project(uow.driver, [reach.project_id]))[reach.project_id]
    return [row["compound_id"] for row in rows]


def reach_of(survey: "Record") -> Reach:
    """Whom a stored survey asks."""
    return Reach(
        survey["project_id"],
        survey["compound_id"],
        [UUID(one) for one in survey["building_ids"]],
        [UUID(one) for one in survey["entrance_ids"]],
    )


def refuse_past(uow: UnitOfWork, closes_on: date | None) -> None:
    """SurveyInputInvalid for a last day that has ended."""
    if closes_on is not None and has_ended(closes_on, uow.now):
        raise SurveyInputInvalid.at("/closes_on", zh="截止日期已过", en="has ended already")


async def _place(uow: UnitOfWork, scope: Scope, reach: Reach) -> str:
    """The path of the compound, or else of the whole project, that a survey is of; its parts are checked."""
    if reach.compound_id is not None:
        path: str = (await territory.standing(uow.driver, scope=scope, compound_id=reach.compound_id))["region_path"]
        if reach.project_id is not None and reach.compound_id not in await compounds_of(
            uow, Reach(reach.project_id, None)
        ):
            raise NotFound
    elif reach.project_id is not None:
        path = await projects.place(uow.driver, scope=scope, project_id=reach.project_id)
    else:
        raise SurveyInputInvalid.at("/project_id", zh="须指定项目或小区", en="name a project or a compound")
    within = await compounds_of(uow, reach)
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


async def _check(uow: UnitOfWork, *, purpose: Purpose, path: str, compound_ids: Sequence[UUID], form: Draft) -> None:
    """SurveyInputInvalid naming every wrong place."""
    wrong = rules.questionnaire_errors(form.questions)
    wrong += rules.decisive_errors(purpose, form.questions, form.decisive)
    wrong += await _menu_errors(uow, path, compound_ids, form.questions)
    wrong += quotas.quota_errors(form.quotas, stop=form.quotas_stop)
    buildings = [quota.building_id for quota in form.quotas]
    stray = {row["id"] for row in await uow.driver.fetch(STRAY_BUILDINGS, buildings, list(compound_ids))}
    wrong += [
        FieldError(f"/quotas/{index}/building_id", "不在所选小区内", "is in none of these compounds")
        for index, one in enumerate(buildings)
        if one in stray
    ]
    if form.closes_itself and form.closes_on is None:
        wrong.append(FieldError("/closes_on", "自动结束须设截止日期", "is needed for a survey that closes by itself"))
    if wrong:
        raise SurveyInputInvalid(errors=wrong)
    refuse_past(uow, form.closes_on)


async def _menu_errors(
    uow: UnitOfWork,
    path: str,
    compound_ids: Sequence[UUID],
    questions: Sequence[Question],
    earlier: Sequence[Question] = (),
) -> list[FieldError]:
    """Options of menu questions that neither the compounds' facilities nor the policy's menu name."""
    if not any(question.kind is QuestionKind.MENU for question in questions):
        return []
    # What was on the menu once may be offered on, though the facility has been mended since.
    items = {option.label for former in earlier if former.kind is QuestionKind.MENU for option in former.options}
    items |= {row["name"] for row in await uow.driver.fetch(MENU_ITEMS, list(compound_ids))}
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
