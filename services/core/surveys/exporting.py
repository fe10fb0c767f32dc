"""The answers that count as a table: a line for each household or person, a column for each question over all versions.

A column keeps its place and its title for as long as the survey lives: questions stand in the order in which they first came, under
their first wording, and what a later version adds comes after.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.calendar import day_of
from services.core.surveys import queries
from services.core.surveys.rules import SEVERAL, Channel, Question, QuestionKind, all_questions

if TYPE_CHECKING:
    import asyncpg

Value = str | Decimal | date | None
Reading = Callable[[], "AbstractAsyncContextManager[asyncpg.Connection]"]
"""Opens a connection for a page: none is held while the caller writes."""

PAGE = 1000
FIXED = (
    "楼栋\nBuilding", "单元\nEntrance", "房号\nDoor", "收集方式\nChannel", "问卷版本\nVersion", "填写日期\nAnswered on",
)  # fmt: skip
CHANNELS = {
    Channel.PHONE: "手机 phone",
    Channel.DOOR: "入户 door",
    Channel.PAPER: "纸质 paper",
    Channel.TELEPHONE: "电话 telephone",
    Channel.MEETING: "会议 meeting",
}


@dataclass(frozen=True, slots=True)
class Column:
    """Where the answer to a question stands; with `choice`, whether that one of several was chosen."""

    title: str
    question: Question
    choice: str | None = None


def columns(versions: Sequence[Sequence[Question]]) -> list[Column]:
    """The columns of all versions (oldest first)."""
    found: dict[tuple[str, str | None], Column] = {}
    for questions in versions:
        for question in questions:
            for column in _columns(question):
                found.setdefault((question.id, column.choice), column)
    return list(found.values())


def _columns(question: Question) -> list[Column]:
    if question.kind in SEVERAL:
        return [
            Column(f"{question.title}：{label}\n{question.id}.{choice}", question, choice)
            for choice, label in question.labels.items()
        ]
    return [Column(f"{question.title}\n{question.id}", question)]


async def pages(
    reading: Reading, survey_id: UUID, versions: Sequence[Sequence[Question]]
) -> AsyncIterator[list[list[Value]]]:
    """The lines under `columns(versions)`, in the order in which the answers came in."""
    of = columns(versions)
    labels = {question.id: question.labels for question in all_questions(versions)}
    after = UUID(int=0)
    while True:
        async with reading() as connection:
            rows = await queries.EXPORT.all(connection, survey_id=survey_id, after=after, limit=PAGE)
        if rows:
            yield [_line(row, of, labels) for row in rows]
        if len(rows) < PAGE:
            return
        after = rows[-1]["id"]


def _line(row: "asyncpg.Record", of: Sequence[Column], labels: Mapping[str, Mapping[str, str]]) -> list[Value]:
    return [
        row["building"],
        row["entrance"],
        row["door_no"],
        CHANNELS[Channel(row["channel"])],
        Decimal(row["questionnaire"]),
        day_of(row["entered_at"]),
        *(_cell(column, row["answers"].get(column.question.id), labels[column.question.id]) for column in of),
    ]


def _cell(column: Column, answer: Any, labels: Mapping[str, str]) -> Value:
    if answer is None:
        return None
    if column.choice is not None:
        return Decimal(column.choice in answer)
    match column.question.kind:
        case QuestionKind.SINGLE:
            return labels[answer]
        case QuestionKind.SCALE | QuestionKind.NUMBER:
            return Decimal(answer)
        case QuestionKind.PHOTO:
            return "；".join(answer)
        case _:
            return str(answer)
