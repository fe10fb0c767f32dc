"""What a survey's answers come to: for staff as counted, for everybody with small cells hidden."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.exact import canonical_json, decimal_text
from services.core.surveys import disclosure, queries
from services.core.surveys.rules import COUNTABLE, SEVERAL, Decisive, Question, QuestionKind, all_questions

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the numbers that answer a question come to."""

    sum: Decimal
    least: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class Counted:
    """The answers to one question: how many gave one, how many chose each of its choices (none where answers are free)."""

    question: Question
    answered: int
    chosen: dict[str, int]
    numbers: Numbers | None


@dataclass(frozen=True, slots=True)
class Results:
    """`units`: all that were asked. `counted`: answers that count. `pending`: entries that wait for a second person."""

    units: int
    counted: int
    pending: int
    questions: list[Counted]

    @property
    def share(self) -> Fraction:
        """Answers of all that were asked, not of those who answered."""
        return Fraction(self.counted, self.units) if self.units else Fraction(0)


async def counted(driver: "asyncpg.Connection", *, survey: Mapping[str, Any]) -> Results:
    """The results of a survey over all versions of its questionnaire, in a fixed number of statements."""
    questions = all_questions(list((await queries.versions_of(driver, survey_id=survey["id"])).values()))
    count, pending = await states(driver, survey_id=survey["id"])
    offering = [question.id for question in questions if question.kind in COUNTABLE]
    numeric = [question.id for question in questions if question.kind is QuestionKind.NUMBER]
    cells: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await driver.fetch(queries.CELLS, survey["id"], offering):
        cells[row["question"]][row["choice"]] = row["people"]
    answered = {row["question"]: row["people"] for row in await driver.fetch(queries.ANSWERED, survey["id"])}
    numbers = {
        row["question"]: Numbers(row["sum"], row["least"], row["most"])
        for row in await driver.fetch(queries.NUMBERS, survey["id"], numeric)
    }
    return Results(
        units=survey["units"] or 0,
        counted=count,
        pending=pending,
        questions=[
            Counted(
                question,
                answered.get(question.id, 0),
                {choice: cells[question.id].get(choice, 0) for choice in question.choices},
                numbers.get(question.id),
            )
            for question in questions
        ],
    )


async def states(driver: "asyncpg.Connection", *, survey_id: UUID) -> tuple[int, int]:
    """How many answers count, and how many wait for a second person."""
    (row,) = await queries.STATES.all(driver, survey_id=survey_id)
    return row["counted"], row["pending"]


async def choosing(driver: "asyncpg.Connection", *, survey_id: UUID, decisive: Decisive) -> int:
    """How many of those that count chose one of the answers that decide."""
    rows = await driver.fetch(queries.CELLS, survey_id, [decisive.question])
    return sum(row["people"] for row in rows if row["choice"] in decisive.choices)


UNANSWERED = ""
"""The cell of those who passed a question over; no choice has this name."""


def public(survey: Mapping[str, Any], found: Results, question_ids: Sequence[str]) -> bytes:
    """What everybody reads, as bytes: the questions named, in their order on the paper, without small cells."""
    total = disclosure.shown_total(found.counted)
    return canonical_json(
        {
            "survey_id": survey["id"],
            "title": survey["title"],
            "purpose": survey["purpose"],
            "unit": survey["unit"],
            "units": found.units,
            "responses": total,
            "response_share": None if total is None else decimal_text(found.share),
            "hidden_below": disclosure.LEAST,
            "questions": [_public(one, found.counted) for one in found.questions if one.question.id in question_ids],
        }
    )


def _public(one: Counted, people: int) -> dict[str, Any]:
    question = one.question
    if question.kind in SEVERAL:
        cells = disclosure.shown_of_several(one.chosen, people)
    else:
        passed_over = {} if question.required else {UNANSWERED: people - one.answered}
        cells = disclosure.shown({**one.chosen, **passed_over})
    made: dict[str, Any] = {
        "id": question.id,
        "kind": question.kind,
        "title": question.title,
        "choices": [
            {"id": choice, "label": label, "responses": cells[choice]} for choice, label in question.labels.items()
        ],
    }
    if UNANSWERED in cells:
        made["unanswered"] = cells[UNANSWERED]
    return made
