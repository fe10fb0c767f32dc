"""What residents say themselves, for the doors that they are bound to: owners and their families, tenants and theirs.

Where a resident may answer is decided by what binds him and by what the register says of it now, never by a region.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.calendar import has_ended
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork
from services.core.residents.queries import LIVE
from services.core.surveys import answer_rules, photos, queries
from services.core.surveys.answering import ADD, end, lock_units, row_of
from services.core.surveys.errors import (
    AnswersInvalid,
    OwnerAnswered,
    QuestionnaireChanged,
    ResponseEnded,
    SurveyNotOpen,
    SurveyOver,
    SurveyQuotaFull,
    TenantsNotAsked,
)
from services.core.surveys.events import ResponseEntered, ResponseVoided
from services.core.surveys.holding import record
from services.core.surveys.quotas import IS_FULL, places
from services.core.surveys.rules import Channel, ResponseState, SurveyStatus, Unit

if TYPE_CHECKING:
    import asyncpg

TENANT = "tenant"

# For which doors a resident ($1) stands, as whom, and what surveys count there. Family stand on the side of who invited them;
# who was two entries of the register when a survey opened is asked as either.
_STANDS = f"""
  SELECT st.property_id, st.standing, asked.unit, asked.unit_id
  FROM (SELECT l.property_id, l.person_id, CASE WHEN head.kind = 'tenant' THEN 'tenant' ELSE l.kind END AS standing
        FROM ({LIVE}) AS l LEFT JOIN binding head ON head.id = l.invited_by
        WHERE l.resident_id = $1) AS st
  CROSS JOIN LATERAL (SELECT 'household' AS unit, st.property_id AS unit_id
                      UNION ALL
                      SELECT 'person', x.id FROM person x WHERE x.id = st.person_id OR x.merged_into_id = st.person_id) AS asked
"""
# The unit of one survey ($2) for which he stands, the owners' side first: through one door ($3), or whichever unit it is ($4).
STANDING = f"""
SELECT u.unit_id, st.standing
FROM ({_STANDS}) AS st
JOIN survey_unit u ON u.survey_id = $2 AND u.unit_id = st.unit_id
JOIN survey s ON s.id = u.survey_id AND s.unit = st.unit
WHERE ($3::uuid IS NULL OR st.property_id = $3) AND ($4::uuid IS NULL OR u.unit_id = $4)
ORDER BY st.standing = 'tenant', st.standing DESC, u.unit_id
LIMIT 1
"""
# The surveys that ask him, by survey and unit; only those that wait for an answer ($3) on a day ($2), or all that were ever opened.
SURVEYS_OF = f"""
SELECT DISTINCT ON (s.id, u.unit_id)
       s.id AS survey_id, s.title, s.purpose, s.unit, s.status, s.closes_on, s.questionnaire, u.unit_id, st.property_id,
       p.compound_id, d.no AS building, e.no AS entrance, p.door_no, CASE WHEN r.entered_by = $1 THEN r.id END AS response_id,
       r.entered_at AS answered_at
FROM ({_STANDS}) AS st
JOIN survey_unit u ON u.unit_id = st.unit_id
JOIN survey s ON s.id = u.survey_id AND s.unit = st.unit
JOIN property p ON p.id = st.property_id
LEFT JOIN building d ON d.id = p.building_id
LEFT JOIN entrance e ON e.id = p.entrance_id
LEFT JOIN survey_response r ON r.survey_id = s.id AND r.unit_id = u.unit_id AND r.state = 'counted'
WHERE (s.id, u.unit_id) > ($4, $5)
  AND (s.tenants OR st.standing <> 'tenant')
  AND (NOT $3 OR (s.status = 'open' AND (s.closes_on IS NULL OR s.closes_on >= $2) AND r.id IS NULL
                  AND NOT (s.quotas_stop AND {IS_FULL})))
ORDER BY s.id, u.unit_id, st.property_id
LIMIT $6
"""

# What he answered himself, superseded and void answers too; for himself alone.
ANSWERED_BY = """
SELECT DISTINCT r.id, s.id AS survey_id, s.title, r.questionnaire, r.answers, r.state, r.entered_at
FROM binding b
JOIN survey_unit u ON u.unit_id IN (b.property_id, b.person_id)
JOIN survey_response r ON r.survey_id = u.survey_id AND r.unit_id = u.unit_id AND r.entered_by = b.resident_id
JOIN survey s ON s.id = r.survey_id
WHERE b.resident_id = $1 ORDER BY r.id
"""
# What he said in his own words, and what photographs show, are no counts; whether anybody chose what stays.
FORGET_WORDS = """
UPDATE survey_response r
SET answers = r.answers - ARRAY(SELECT asked.one ->> 'id' FROM survey_questionnaire q
                                CROSS JOIN LATERAL jsonb_array_elements(q.questions) AS asked(one)
                                WHERE q.survey_id = r.survey_id AND asked.one ->> 'kind' IN ('text', 'photo')),
    end_reason = NULL
WHERE r.entered_by = $1
"""


async def forget_words(uow: UnitOfWork, *, resident_id: UUID) -> None:
    """What a resident said in his own words, or showed, is forgotten."""
    await uow.driver.execute(FORGET_WORDS, resident_id)
    await photos.let_go(uow, resident_id=resident_id)


async def surveys_of(
    driver: "asyncpg.Connection",
    *,
    resident_id: UUID,
    today: date,
    waiting: bool,
    after: tuple[UUID, UUID],
    limit: int,
) -> "list[asyncpg.Record]":
    """The surveys that ask a resident, door by door; `waiting`: only those that he can answer and nobody has."""
    rows: list[asyncpg.Record] = await driver.fetch(SURVEYS_OF, resident_id, today, waiting, *after, limit)
    return rows


async def answer(
    uow: UnitOfWork,
    *,
    resident_id: UUID,
    survey_id: UUID,
    property_id: UUID | None,
    questionnaire: int | None,
    answers: Mapping[str, Any],
) -> UUID:
    """A resident's answer for one of his doors, counted at once, in place of what was said before; its id.

    NotFound where he is not asked. A tenant says nothing that the owners' side has said, nor anything in a survey of owners
    (OwnerAnswered, TenantsNotAsked). SurveyNotOpen, SurveyOver, QuestionnaireChanged, AnswersInvalid, SurveyQuotaFull. The same
    again changes nothing.
    """
    survey = await queries.HELD_BY_RESIDENT.first(uow.driver, survey_id=survey_id)
    if survey is None or property_id is None:
        raise NotFound
    stands = await _standing(uow, resident_id, survey_id, property_id=property_id)
    await lock_units(uow, survey_id, [stands["unit_id"]])
    if survey["status"] != SurveyStatus.OPEN:
        raise SurveyNotOpen
    if survey["closes_on"] is not None and has_ended(survey["closes_on"], uow.now):
        raise SurveyOver
    is_tenant = stands["standing"] == TENANT
    if is_tenant and not survey["tenants"]:
        raise TenantsNotAsked
    number = survey["questionnaire"]
    if questionnaire not in (None, number):
        raise QuestionnaireChanged
    versions = await queries.versions_of(uow.driver, survey_id=survey_id)
    said, wrong = answer_rules.fitted(versions[number], answers)
    wrong += photos.errors(versions[number], said, await photos.own(uow, photos.sent(versions[number], said)))
    if wrong:
        raise AnswersInvalid(errors=wrong)
    held = await _current(uow, survey_id, stands["unit_id"])
    counted = held.get(ResponseState.COUNTED)
    yields = is_tenant and survey["unit"] == Unit.HOUSEHOLD
    if yields and counted is not None and counted["standing"] != TENANT:
        raise OwnerAnswered
    if counted is not None and (said, number, resident_id) == tuple(
        counted[name] for name in ("answers", "questionnaire", "entered_by")
    ):
        same: UUID = counted["id"]
        return same
    if counted is None and (await places(uow, survey, [stands["unit_id"]])).are_gone(stands["unit_id"]):
        raise SurveyQuotaFull
    # What staff keyed in and nobody has confirmed yet may be the owners': a tenant leaves it.
    replaced = [row["id"] for state, row in held.items() if state == ResponseState.COUNTED or not yields]
    await end(uow, replaced, ResponseState.SUPERSEDED)
    response_id = new_id()
    await uow.driver.execute(
        ADD,
        *row_of(
            uow, response_id, survey_id, stands["unit_id"], number, said, Channel.PHONE, standing=stands["standing"]
        ),
    )
    await photos.attach(
        uow,
        response_id=response_id,
        region_path=survey["region_path"],
        questions=versions[number],
        answers=said,
    )
    record(uow, survey, ResponseEntered(response_id=response_id, channel=Channel.PHONE, is_counted=True))
    return response_id


async def void(uow: UnitOfWork, *, resident_id: UUID, survey_id: UUID, response_id: UUID, reason: str) -> None:
    """A resident takes back his own answer for a door that he still stands for. NotFound, SurveyNotOpen, ResponseEnded."""
    survey = await queries.HELD_BY_RESIDENT.first(uow.driver, survey_id=survey_id)
    if survey is None:
        raise NotFound
    row = await response_of(uow.driver, resident_id=resident_id, survey_id=survey_id, response_id=response_id)
    await _standing(uow, resident_id, survey_id, unit_id=row["unit_id"])
    if survey["status"] != SurveyStatus.OPEN:
        raise SurveyNotOpen
    await lock_units(uow, survey_id, [row["unit_id"]])
    counted = (await _current(uow, survey_id, row["unit_id"])).get(ResponseState.COUNTED)
    if counted is None or counted["id"] != response_id:
        raise ResponseEnded
    await end(uow, [response_id], ResponseState.VOID, reason)
    record(uow, survey, ResponseVoided(response_id=response_id))


async def response_of(
    driver: "asyncpg.Connection", *, resident_id: UUID, survey_id: UUID, response_id: UUID
) -> "asyncpg.Record":
    """What a resident said himself; NotFound otherwise: neither a tenant nor the next owner reads what others said at this door."""
    row = await queries.RESPONSE.first(driver, survey_id=survey_id, response_id=response_id)
    if row is None or row["entered_by"] != resident_id:
        raise NotFound
    return row


async def _standing(
    uow: UnitOfWork,
    resident_id: UUID,
    survey_id: UUID,
    *,
    property_id: UUID | None = None,
    unit_id: UUID | None = None,
) -> "asyncpg.Record":
    stands = await uow.driver.fetchrow(STANDING, resident_id, survey_id, property_id, unit_id)
    if stands is None:
        raise NotFound
    return stands


async def _current(uow: UnitOfWork, survey_id: UUID, unit_id: UUID) -> "dict[ResponseState, asyncpg.Record]":
    """What counts and what waits of one household or person, which is locked."""
    rows = await queries.CURRENT.all(uow.driver, survey_id=survey_id, unit_ids=[unit_id])
    return {ResponseState(row["state"]): row for row in rows}
