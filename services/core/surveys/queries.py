"""Reads of surveys. Statements are compiled once; what staff read carries their scope."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Uuid, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.ownership.models import Building, Entrance, Property
from services.core.surveys.models import (
    Survey,
    SurveyPublication,
    SurveyQuestionnaire,
    SurveyQuota,
    SurveyResponse,
    SurveyUnit,
)
from services.core.surveys.rules import Decisive, Question, ResponseState, SurveyStatus, question_of

if TYPE_CHECKING:
    import asyncpg

COLUMNS = tuple(Survey.__table__.columns)
SURVEY_ID: Any = bindparam("survey_id", type_=Uuid())


def _unless_null(name: str, column: Any) -> Any:
    """`column` is the parameter `name`, where that is given."""
    wanted: Any = bindparam(name, type_=column.type)
    return or_(wanted.is_(None), column == wanted)


QUESTIONS = (
    select(SurveyQuestionnaire.questions)
    .where(SurveyQuestionnaire.survey_id == Survey.id, SurveyQuestionnaire.number == Survey.questionnaire)
    .correlate(Survey)
    .scalar_subquery()
    .label("questions")
)

QUOTAS = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object("building_id", SurveyQuota.building_id, "target", SurveyQuota.target),
                    Building.no,
                    SurveyQuota.building_id,
                )
            ),
            text("'[]'::jsonb"),
        )
    )
    .where(SurveyQuota.survey_id == Survey.id, Building.id == SurveyQuota.building_id)
    .correlate(Survey)
    .scalar_subquery()
    .label("quotas")
)

LIST = Statement(
    select(*COLUMNS)
    .where(
        Survey.id > bindparam("after", type_=Uuid()),
        _unless_null("status", Survey.status),
        _unless_null("purpose", Survey.purpose),
        _unless_null("project_id", Survey.project_id),
        _unless_null("compound_id", Survey.compound_id),
        in_scope(Survey.region_path),
    )
    .order_by(Survey.id)
    .limit(bindparam("limit"))
)

ONE = Statement(select(*COLUMNS, QUESTIONS, QUOTAS).where(Survey.id == SURVEY_ID, in_scope(Survey.region_path)))

# What a statement that waited for a lock selects beside the locked row is as old as its wait: questions are read afterwards.
_ANY = select(*COLUMNS).where(Survey.id == SURVEY_ID)
_SCOPED = _ANY.where(in_scope(Survey.region_path))
# Answers come in side by side; closing and rewording wait for those that are coming in, and they for these.
HELD = Statement(_SCOPED.with_for_update(read=True))
HELD_BY_RESIDENT = Statement(_ANY.with_for_update(read=True))
LOCKED = Statement(_SCOPED.with_for_update(key_share=True))
LOCKED_BY_SYSTEM = Statement(_ANY.with_for_update(key_share=True))

# What everybody may read; a draft is nobody's business.
SHOWN_TO_ALL = Statement(select(*COLUMNS, QUESTIONS).where(Survey.id == SURVEY_ID, Survey.status != SurveyStatus.DRAFT))

PUBLICATION = Statement(
    select(SurveyPublication.content, SurveyPublication.etag).where(SurveyPublication.survey_id == SURVEY_ID)
)

QUESTIONNAIRES = Statement(
    select(SurveyQuestionnaire.number, SurveyQuestionnaire.questions, SurveyQuestionnaire.made_at)
    .where(SurveyQuestionnaire.survey_id == SURVEY_ID)
    .order_by(SurveyQuestionnaire.number)
)

# --- whom a survey asks, and who has answered

_RESPONSE_OF_UNIT = (SurveyResponse.survey_id == SurveyUnit.survey_id) & (SurveyResponse.unit_id == SurveyUnit.unit_id)
_COUNTED = (
    select(SurveyResponse.id)
    .where(_RESPONSE_OF_UNIT, SurveyResponse.state == ResponseState.COUNTED)
    .correlate(SurveyUnit)
    .exists()
)
_PENDING = (
    select(SurveyResponse.id)
    .where(_RESPONSE_OF_UNIT, SurveyResponse.state == ResponseState.PENDING)
    .correlate(SurveyUnit)
    .exists()
)

PROGRESS = Statement(
    select(
        Property.compound_id,
        Property.building_id,
        Building.no.label("building"),
        Property.entrance_id,
        Entrance.no.label("entrance"),
        func.count().label("units"),
        func.count().filter(_COUNTED).label("counted"),
        func.count().filter(_PENDING).label("pending"),
    )
    .select_from(SurveyUnit)
    .join(Property, Property.id == SurveyUnit.property_id)
    .outerjoin(Building, Building.id == Property.building_id)
    .outerjoin(Entrance, Entrance.id == Property.entrance_id)
    .where(SurveyUnit.survey_id == SURVEY_ID)
    .group_by(Property.compound_id, Property.building_id, Building.no, Property.entrance_id, Entrance.no)
    .order_by(Property.compound_id, Building.no.nulls_first(), Entrance.no.nulls_first())
)

_DOOR = (
    SurveyUnit.unit_id,
    SurveyUnit.property_id,
    Property.compound_id,
    Building.no.label("building"),
    Entrance.no.label("entrance"),
    Property.door_no,
)

# The doors where nobody has answered, not even by an entry that waits for its second person.
UNANSWERED = Statement(
    select(*_DOOR)
    .join(Property, Property.id == SurveyUnit.property_id)
    .outerjoin(Building, Building.id == Property.building_id)
    .outerjoin(Entrance, Entrance.id == Property.entrance_id)
    .where(
        SurveyUnit.survey_id == SURVEY_ID,
        SurveyUnit.unit_id > bindparam("after", type_=Uuid()),
        _unless_null("building_id", Property.building_id),
        _unless_null("entrance_id", Property.entrance_id),
        ~_COUNTED,
        ~_PENDING,
    )
    .order_by(SurveyUnit.unit_id)
    .limit(bindparam("limit"))
)

UNITS_LOCKED = Statement(
    select(SurveyUnit.unit_id)
    .where(
        SurveyUnit.survey_id == SURVEY_ID, SurveyUnit.unit_id == func.any(bindparam("unit_ids", type_=ARRAY(Uuid())))
    )
    .order_by(SurveyUnit.unit_id)
    .with_for_update(key_share=True)
)

# --- answers

_ANSWER = (
    SurveyResponse.id,
    SurveyResponse.unit_id,
    SurveyResponse.questionnaire,
    SurveyResponse.answers,
    SurveyResponse.channel,
    SurveyResponse.state,
    SurveyResponse.standing,
    SurveyResponse.document,
    SurveyResponse.entered_by,
    SurveyResponse.entered_at,
    SurveyResponse.confirmed_by,
    SurveyResponse.confirmed_at,
    SurveyResponse.ended_at,
    SurveyResponse.end_reason,
)

# What stands or waits for some units; read after they are locked.
CURRENT = Statement(
    select(*_ANSWER).where(
        SurveyResponse.survey_id == SURVEY_ID,
        SurveyResponse.unit_id == func.any(bindparam("unit_ids", type_=ARRAY(Uuid()))),
        or_(SurveyResponse.state == ResponseState.COUNTED, SurveyResponse.state == ResponseState.PENDING),
    )
)
BY_ID = Statement(
    select(*_ANSWER).where(
        SurveyResponse.survey_id == SURVEY_ID,
        SurveyResponse.id == func.any(bindparam("response_ids", type_=ARRAY(Uuid()))),
    )
)
_LISTED = (
    select(
        *_ANSWER,
        SurveyUnit.property_id,
        Property.compound_id,
        Building.no.label("building"),
        Entrance.no.label("entrance"),
        Property.door_no,
    )
    .join(SurveyUnit, _RESPONSE_OF_UNIT)
    .join(Property, Property.id == SurveyUnit.property_id)
    .outerjoin(Building, Building.id == Property.building_id)
    .outerjoin(Entrance, Entrance.id == Property.entrance_id)
)
RESPONSES = Statement(
    _LISTED.where(
        SurveyResponse.survey_id == SURVEY_ID,
        SurveyResponse.id > bindparam("after", type_=Uuid()),
        _unless_null("state", SurveyResponse.state),
        _unless_null("channel", SurveyResponse.channel),
        _unless_null("unit_id", SurveyResponse.unit_id),
        _unless_null("building_id", Property.building_id),
        or_(bindparam("others", type_=Boolean) == False, SurveyResponse.entered_by != bindparam("me", type_=Uuid())),  # noqa: E712 - in SQL
    )
    .order_by(SurveyResponse.id)
    .limit(bindparam("limit"))
)
EXPORT = Statement(
    _LISTED.where(
        SurveyResponse.survey_id == SURVEY_ID,
        SurveyResponse.id > bindparam("after", type_=Uuid()),
        SurveyResponse.state == ResponseState.COUNTED,
    )
    .order_by(SurveyResponse.id)
    .limit(bindparam("limit"))
)
RESPONSE = Statement(
    _LISTED.where(SurveyResponse.survey_id == SURVEY_ID, SurveyResponse.id == bindparam("response_id", type_=Uuid()))
)

# Whether an answer is one to a survey of the scope.
RESPONSE_IN_SCOPE = Statement(
    select(SurveyResponse.id)
    .join(Survey, Survey.id == SurveyResponse.survey_id)
    .where(SurveyResponse.id == bindparam("response_id", type_=Uuid()), in_scope(Survey.region_path))
)

STATES = Statement(
    select(
        func.count().filter(SurveyResponse.state == ResponseState.COUNTED).label("counted"),
        func.count().filter(SurveyResponse.state == ResponseState.PENDING).label("pending"),
    ).where(SurveyResponse.survey_id == SURVEY_ID)
)

# How many of those that count chose each answer of a question; `several` answers of one person are told apart.
CELLS = """
SELECT one.key AS question, chosen.value AS choice, count(*) AS people
FROM survey_response r
CROSS JOIN LATERAL jsonb_each(r.answers) AS one
CROSS JOIN LATERAL jsonb_array_elements_text(
  CASE jsonb_typeof(one.value) WHEN 'array' THEN one.value ELSE jsonb_build_array(one.value) END) AS chosen(value)
WHERE r.survey_id = $1 AND r.state = 'counted' AND one.key = ANY ($2::text[])
GROUP BY one.key, chosen.value
"""
ANSWERED = """
SELECT one.key AS question, count(*) AS people
FROM survey_response r CROSS JOIN LATERAL jsonb_object_keys(r.answers) AS one(key)
WHERE r.survey_id = $1 AND r.state = 'counted'
GROUP BY one.key
"""
NUMBERS = """
SELECT one.key AS question, sum(one.value::numeric) AS sum, min(one.value::numeric) AS least, max(one.value::numeric) AS most
FROM survey_response r CROSS JOIN LATERAL jsonb_each_text(r.answers) AS one
WHERE r.survey_id = $1 AND r.state = 'counted' AND one.key = ANY ($2::text[])
GROUP BY one.key
"""


async def survey_of(driver: "asyncpg.Connection", *, scope: Scope, survey_id: UUID) -> "asyncpg.Record":
    """A survey inside the scope with its questions; NotFound otherwise."""
    row = await ONE.first(driver, survey_id=survey_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def versions_of(driver: "asyncpg.Connection", *, survey_id: UUID) -> dict[int, list[Question]]:
    """The questionnaires of a survey by number, oldest first."""
    rows = await QUESTIONNAIRES.all(driver, survey_id=survey_id)
    return {row["number"]: [question_of(form) for form in row["questions"]] for row in rows}


def decisive_of(survey: Mapping[str, Any]) -> Decisive | None:
    """The question that decides, of a stored survey."""
    stored = survey["decisive"]
    return None if stored is None else Decisive(stored["question"], tuple(stored["choices"]))
