"""A survey's life: opened, extended, closed, published. What it asks is in `drafting`, what is answered in `answering`.

Whoever answers shares the survey's row; opening, rewording and closing hold it alone. So an answer that races the closing is
counted or refused, never lost.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Uuid, bindparam, update

from services.core.facts import service as facts
from services.core.facts.catalogue import Subject, text_of
from services.core.kit.calendar import day_of, end_of, has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import queries as projects
from services.core.projects.counts import kind_of_count
from services.core.surveys import queries, quotas, results, rules
from services.core.surveys.drafting import compounds_of, reach_of, refuse_past
from services.core.surveys.errors import (
    ResultsTooLong,
    SurveyAsksNobody,
    SurveyInputInvalid,
    SurveyNotClosed,
    SurveyNotDraft,
    SurveyUnconfirmed,
    SurveyUnderWay,
)
from services.core.surveys.events import (
    SurveyExtended,
    SurveyOpened,
    SurveyWasClosed,
    SurveyWasPublished,
)
from services.core.surveys.holding import locked, locked_open, record
from services.core.surveys.jobs import CloseSurvey
from services.core.surveys.models import Survey, SurveyExtension, SurveyPublication
from services.core.surveys.rules import Purpose, SurveyStatus, Unit

if TYPE_CHECKING:
    from asyncpg import Record

SOURCE = "survey.results"
LOOK_AGAIN = timedelta(hours=1)
MAX_PUBLIC = 32 * 1024
"""Bytes of what everybody reads: a page of the mini-program."""

_ONE = Survey.id == bindparam("survey_id", type_=Uuid())
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
# Owners and, where the survey asks them ($5), tenants; each at the first of their doors.
ASK_PEOPLE = f"""
WITH asked AS (SELECT p.id, p.voting_owner_id {_ASKED})
INSERT INTO survey_unit (survey_id, unit_id, property_id)
SELECT DISTINCT ON (person_id) $1, person_id, property_id
FROM (SELECT m.person_id, a.id AS property_id FROM asked a JOIN owner_member m ON m.voting_owner_id = a.voting_owner_id
      UNION ALL
      SELECT t.person_id, a.id FROM asked a JOIN tenancy t ON t.property_id = a.id
      WHERE $5 AND t.until IS NULL) AS one
ORDER BY person_id, property_id
"""


async def open_survey(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int) -> None:
    """Whom it asks is taken from the register and frozen. NotFound, VersionStale, SurveyNotDraft, SurveyAsksNobody,
    SurveyInputInvalid when its last day has ended, or more is wanted of a building than is asked there.
    """
    survey = await locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.DRAFT:
        raise SurveyNotDraft
    refuse_past(uow, survey["closes_on"])
    reach = reach_of(survey)
    compound_ids = await compounds_of(uow, reach)
    asked = (survey_id, compound_ids, reach.building_ids, reach.entrance_ids)
    if survey["unit"] == Unit.PERSON:
        made = await uow.driver.execute(ASK_PEOPLE, *asked, survey["tenants"])
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
    await quotas.refuse_too_high(uow, survey)
    if survey["closes_itself"]:
        uow.enqueue(CloseSurvey(survey_id=survey_id), run_at=end_of(survey["closes_on"]))
    record(uow, survey, SurveyOpened(purpose=Purpose(survey["purpose"]), units=units))


async def extend(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, closes_on: date, reason: str) -> None:
    """Puts off the last day of an open survey, also when it has ended.

    NotFound, VersionStale, SurveyNotOpen, SurveyInputInvalid for a day that is no later.
    """
    survey = await locked_open(uow, scope, survey_id, version)
    if survey["closes_on"] is None or closes_on <= survey["closes_on"]:
        raise SurveyInputInvalid.at(
            "/closes_on", zh="应晚于现定的截止日期", en="must be later than the last day that is set"
        )
    refuse_past(uow, closes_on)
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
    if survey["closes_itself"]:
        uow.enqueue(CloseSurvey(survey_id=survey_id), run_at=end_of(closes_on))
    record(uow, survey, SurveyExtended(extension_id=extension.id))


async def close(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int) -> None:
    """No answer is taken any more, and the counts become facts of the project when the survey asked all of it.

    NotFound, VersionStale, SurveyNotOpen, SurveyUnconfirmed while an entry waits for its second person, SurveyUnderWay before the
    last day has ended: whoever was told of a day may answer until then. When nobody may answer any more (all have, or the quotas
    are full) there is nobody to wait for.
    """
    survey = await locked_open(uow, scope, survey_id, version)
    counted, pending = await results.states(uow.driver, survey_id=survey_id)
    if pending:
        raise SurveyUnconfirmed(pending=pending)
    if (
        survey["closes_on"] is not None
        and not has_ended(survey["closes_on"], uow.now)
        and await uow.driver.fetchval(quotas.AWAITED, survey_id, survey["quotas_stop"])
    ):
        raise SurveyUnderWay
    await _close(uow, survey, counted)


async def close_by_itself(uow: UnitOfWork, *, survey_id: UUID) -> None:
    """The worker closes a survey whose last day has ended, whenever it comes to that. Closed already or put off: nothing, for
    putting off has ordered the next look. An entry that waits for its second person is waited for, hour by hour.
    """
    survey = await queries.LOCKED_BY_SYSTEM.first(uow.driver, survey_id=survey_id)
    if survey is None or survey["status"] != SurveyStatus.OPEN or not has_ended(survey["closes_on"], uow.now):
        return
    counted, pending = await results.states(uow.driver, survey_id=survey_id)
    if pending:
        uow.enqueue(CloseSurvey(survey_id=survey_id), run_at=uow.now + LOOK_AGAIN)
        return
    await _close(uow, survey, counted)


async def _close(uow: UnitOfWork, survey: "Record", counted: int) -> None:
    await CLOSED.all(uow.driver, survey_id=survey["id"], by=uow.actor.id, at=uow.now)
    keys = await _push(uow, survey, counted) if await _asked_whole_project(uow, survey) else []
    record(uow, survey, SurveyWasClosed(units=survey["units"], counted=counted, keys=keys))


async def publish(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, version: int, question_ids: Sequence[str]) -> None:
    """Everybody may read the results of these questions, small cells hidden; the others stay with the staff.

    NotFound, VersionStale, SurveyNotClosed, SurveyInputInvalid for what is no question with counted answers, ResultsTooLong.
    """
    survey = await locked(uow, scope, survey_id, version)
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
    record(uow, survey, SurveyWasPublished(questions=len(question_ids)))


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
    kind = await kind_of_count(uow.driver, survey["project_id"])
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type=Subject.PROJECT,
                subject_id=survey["project_id"],
                region_path=path,
                key=key,
                value=text_of(Fraction(people, units)),
                kind=kind,
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
