"""Answers to an open survey: what staff enter and a second person confirms, what residents say themselves, what is void.

Whoever writes an answer shares the survey's row and holds the rows of the households (or people) that it is of, in one order. Of
each at most one answer counts and at most one waits: two unique indexes say so.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.errors import DomainError, FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.surveys import answer_rules, photos, queries
from services.core.surveys.errors import (
    AnswersInvalid,
    NotAsked,
    ResponseEnded,
    ResponseNotPending,
    SecondPersonNeeded,
    SurveyQuotaFull,
)
from services.core.surveys.events import (
    ResponseRefused,
    ResponsesConfirmed,
    ResponsesEntered,
    ResponseVoided,
)
from services.core.surveys.holding import record, shared
from services.core.surveys.quotas import places
from services.core.surveys.rules import Channel, Question, ResponseState

if TYPE_CHECKING:
    from asyncpg import Record

MAX_BATCH = 200

COLUMNS = (
    "id", "survey_id", "unit_id", "questionnaire", "answers", "channel", "state", "standing", "document", "entered_by",
    "entered_at",
)  # fmt: skip
ADD = f"""
INSERT INTO survey_response ({", ".join(COLUMNS)}) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10, $11)
"""
END = """
UPDATE survey_response SET state = $2, ended_by = $3, ended_at = $4, end_reason = $5 WHERE id = ANY ($1::uuid[])
"""
CONFIRM = """
UPDATE survey_response SET state = 'counted', confirmed_by = $2, confirmed_at = $3 WHERE id = ANY ($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What staff enter: whose it is (a property, or a person where the survey asks people), how it came in, what was said.

    `questionnaire`: the version that the paper was printed from; None for the one in use. `document`: where the paper is kept.
    """

    unit_id: UUID | None
    channel: Channel
    answers: Mapping[str, Any]
    questionnaire: int | None = None
    document: str | None = None


Outcome = UUID | DomainError
"""What became of one of several: the answer's id, or why it was refused."""


async def enter(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, entry: Entry) -> UUID:
    """One answer, to be confirmed by a second person; its id. Refusals as told by `enter_all`, and those of the answer itself."""
    (outcome,) = await enter_all(uow, scope=scope, survey_id=survey_id, entries=[entry])
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def enter_all(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, entries: Sequence[Entry]) -> list[Outcome]:
    """Answers that came in at the door, on paper, by telephone or at a meeting, each taken or refused by itself, in their order.

    What is entered counts once somebody else has confirmed it; it takes the place of an earlier entry that still waits. Paper that
    was filled in time may be entered after the last day, until the survey is closed. The same entry again changes nothing.
    Of a building whose quota is full nobody new is taken (SurveyQuotaFull). NotFound, SurveyNotOpen.
    """
    survey = await shared(uow, scope, survey_id)
    versions = await queries.versions_of(uow.driver, survey_id=survey_id)
    units = await lock_units(uow, survey_id, [entry.unit_id for entry in entries if entry.unit_id is not None])
    current = await queries.CURRENT.all(uow.driver, survey_id=survey_id, unit_ids=units)
    waiting = {row["unit_id"]: row for row in current if row["state"] == ResponseState.PENDING}
    answered = {row["unit_id"] for row in current if row["state"] == ResponseState.COUNTED}
    left_of = await places(uow, survey, units)
    outcomes: list[Outcome] = []
    new: dict[UUID, tuple[Any, ...]] = {}
    left = set(units)
    fitting = await _all_fitted(uow, survey, versions, entries)
    for entry, answers in zip(entries, fitting, strict=True):
        unit_id, number = entry.unit_id, entry.questionnaire or survey["questionnaire"]
        if unit_id is None or unit_id not in left:
            outcomes.append(_not_asked(again=unit_id in units))
            continue
        if unit_id not in answered and left_of.are_gone(unit_id):
            outcomes.append(SurveyQuotaFull())
            continue
        if isinstance(answers, DomainError):
            outcomes.append(answers)
            continue
        left.remove(unit_id)
        held = waiting.get(unit_id)
        said = (number, answers, entry.channel, entry.document, uow.actor.id)
        if held is not None and said == tuple(held[name] for name in _SAID):
            outcomes.append(held["id"])
            continue
        response_id = new_id()
        new[unit_id] = row_of(
            uow, response_id, survey_id, unit_id, number, answers, entry.channel, document=entry.document
        )
        outcomes.append(response_id)
    await end(uow, [waiting[unit]["id"] for unit in new if unit in waiting], ResponseState.SUPERSEDED)
    await uow.driver.copy_records_to_table("survey_response", records=list(new.values()), columns=COLUMNS)
    for outcome, entry, answers in zip(outcomes, entries, fitting, strict=True):
        if isinstance(outcome, UUID) and isinstance(answers, dict):
            questions = versions[entry.questionnaire or survey["questionnaire"]]
            await photos.attach(
                uow,
                response_id=outcome,
                region_path=survey["region_path"],
                questions=questions,
                answers=answers,
            )
    if new:
        record(uow, survey, ResponsesEntered(response_ids=[row[0] for row in new.values()]))
    return outcomes


_SAID = ("questionnaire", "answers", "channel", "document", "entered_by")


def _not_asked(*, again: bool) -> NotAsked:
    return NotAsked(zh="同一户（人）在本批中重复", en="The same one comes twice in this batch") if again else NotAsked()


async def _all_fitted(
    uow: UnitOfWork, survey: "Record", versions: Mapping[int, Sequence[Question]], entries: Sequence[Entry]
) -> list[dict[str, Any] | AnswersInvalid]:
    """The answers of each entry as they are stored, their photographs those of whoever enters them; or why they are refused."""
    asked = [versions.get(entry.questionnaire or survey["questionnaire"], ()) for entry in entries]
    found = [_fitted(entry, questions) for entry, questions in zip(entries, asked, strict=True)]
    sent = [
        one
        for questions, answers in zip(asked, found, strict=True)
        if isinstance(answers, dict)
        for one in photos.sent(questions, answers)
    ]
    own = await photos.own(uow, sent)
    return [
        AnswersInvalid(errors=wrong)
        if isinstance(answers, dict) and (wrong := photos.errors(questions, answers, own))
        else answers
        for questions, answers in zip(asked, found, strict=True)
    ]


def _fitted(entry: Entry, questions: Sequence[Question]) -> dict[str, Any] | AnswersInvalid:
    """The answers of an entry as they are stored, or why they are refused."""
    if entry.channel is Channel.PHONE:
        return AnswersInvalid(
            errors=[FieldError("/channel", "工作人员须说明答卷如何收到", "must say how staff came by the answer")]
        )
    if not questions:
        return AnswersInvalid(errors=[FieldError("/questionnaire", "没有这一版问卷", "is no version of this survey")])
    answers, wrong = answer_rules.fitted(questions, entry.answers)
    return AnswersInvalid(errors=wrong) if wrong else answers


async def confirm_all(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, response_ids: Sequence[UUID]) -> list[Outcome]:
    """A second person found these entries to be what was said: they count, in place of what counted of the same households before.

    Each is confirmed or refused by itself, in their order, SurveyQuotaFull for who comes after a building's quota is reached.
    NotFound, SurveyNotOpen.
    """
    survey = await shared(uow, scope, survey_id)
    rows = await queries.BY_ID.all(uow.driver, survey_id=survey_id, response_ids=list(response_ids))
    units = await lock_units(uow, survey_id, [row["unit_id"] for row in rows])
    found = {
        row["id"]: row
        for row in await queries.BY_ID.all(uow.driver, survey_id=survey_id, response_ids=list(response_ids))
    }
    current = await queries.CURRENT.all(uow.driver, survey_id=survey_id, unit_ids=units)
    answered = {row["unit_id"]: row["id"] for row in current if row["state"] == ResponseState.COUNTED}
    left_of = await places(uow, survey, units)
    outcomes: list[Outcome] = []
    good: list[UUID] = []
    for one in response_ids:
        refusal = None if one in good else _unconfirmable(uow, found.get(one))
        if refusal is None and one not in good:
            unit_id = found[one]["unit_id"]
            if unit_id not in answered and left_of.are_gone(unit_id):
                refusal = SurveyQuotaFull()
            else:
                good.append(one)
                if unit_id not in answered:
                    left_of.take(unit_id)
        outcomes.append(refusal or one)
    replaced = [answered[found[one]["unit_id"]] for one in good if found[one]["unit_id"] in answered]
    await end(uow, replaced, ResponseState.SUPERSEDED)
    if good:
        await uow.driver.execute(CONFIRM, good, uow.actor.id, uow.now)
        record(uow, survey, ResponsesConfirmed(response_ids=good))
    return outcomes


async def confirm(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, response_id: UUID) -> None:
    """One entry. NotFound, SurveyNotOpen, ResponseNotPending, SecondPersonNeeded."""
    (outcome,) = await confirm_all(uow, scope=scope, survey_id=survey_id, response_ids=[response_id])
    if isinstance(outcome, DomainError):
        raise outcome


def _unconfirmable(uow: UnitOfWork, row: "Record | None") -> DomainError | None:
    if row is None:
        return NotFound()
    if row["state"] != ResponseState.PENDING:
        return ResponseNotPending()
    return SecondPersonNeeded() if row["entered_by"] == uow.actor.id else None


async def refuse(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, response_id: UUID, reason: str) -> None:
    """An entry is not what was said: it never counts. Who entered it may say so too.

    NotFound, SurveyNotOpen, ResponseNotPending.
    """
    survey = await shared(uow, scope, survey_id)
    row = await _one_locked(uow, survey_id, response_id)
    if row["state"] != ResponseState.PENDING:
        raise ResponseNotPending
    await end(uow, [response_id], ResponseState.REFUSED, reason)
    record(uow, survey, ResponseRefused(response_id=response_id))


async def void(uow: UnitOfWork, *, scope: Scope, survey_id: UUID, response_id: UUID, reason: str) -> None:
    """An answer that counted does so no more; it stays on record. NotFound, SurveyNotOpen, ResponseEnded."""
    survey = await shared(uow, scope, survey_id)
    row = await _one_locked(uow, survey_id, response_id)
    if row["state"] != ResponseState.COUNTED:
        raise ResponseEnded
    await end(uow, [response_id], ResponseState.VOID, reason)
    record(uow, survey, ResponseVoided(response_id=response_id))


async def lock_units(uow: UnitOfWork, survey_id: UUID, unit_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the units that the survey asks, locked in one order."""
    rows = await queries.UNITS_LOCKED.all(uow.driver, survey_id=survey_id, unit_ids=list(unit_ids))
    return [row["unit_id"] for row in rows]


async def _one_locked(uow: UnitOfWork, survey_id: UUID, response_id: UUID) -> "Record":
    """An answer as it is while its household is locked; NotFound."""
    row = None
    for _ in range(2):  # whose it is never changes; what became of it is read under the lock
        row = await queries.BY_ID.first(uow.driver, survey_id=survey_id, response_ids=[response_id])
        if row is None:
            raise NotFound
        await lock_units(uow, survey_id, [row["unit_id"]])
    assert row is not None  # noqa: S101 - for the type checker
    return row


async def end(uow: UnitOfWork, response_ids: Sequence[UUID], state: ResponseState, reason: str | None = None) -> None:
    """These answers no longer stand, or wait; what they were stays on record."""
    if response_ids:
        await uow.driver.execute(END, list(response_ids), state, uow.actor.id, uow.now, reason)


def row_of(
    uow: UnitOfWork,
    response_id: UUID,
    survey_id: UUID,
    unit_id: UUID,
    number: int,
    answers: Mapping[str, Any],
    channel: Channel,
    *,
    standing: str | None = None,
    document: str | None = None,
) -> tuple[Any, ...]:
    """A row of `COLUMNS`: what a resident says counts at once, what staff enter waits."""
    state = ResponseState.COUNTED if channel is Channel.PHONE else ResponseState.PENDING
    stored = json.dumps(answers, ensure_ascii=False)
    return (
        response_id, survey_id, unit_id, number, stored, channel, state, standing, document, uow.actor.id, uow.now,
    )  # fmt: skip
