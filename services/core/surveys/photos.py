"""Photographs that answer a question: files that whoever answers has sent, and that belong to the answer from then on."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.core.files import service as files
from services.core.files.rules import PHOTOS
from services.core.kit.errors import FieldError
from services.core.kit.invalid import pointer_to
from services.core.kit.uow import UnitOfWork
from services.core.surveys.rules import Question, QuestionKind

SUBJECT = "survey_response"
MINE = """
SELECT id FROM file
WHERE id = ANY ($1::uuid[]) AND owner_kind = $2 AND owner_id = $3 AND media_type = ANY ($4::text[]) AND deleted_at IS NULL
"""
OF_RESIDENT = "SELECT id FROM survey_response WHERE entered_by = $1"


def _asked(questions: Sequence[Question]) -> list[str]:
    return [question.id for question in questions if question.kind is QuestionKind.PHOTO]


def sent(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[UUID]:
    """The photographs of answers that fit, in the order of the questions."""
    return [UUID(one) for name in _asked(questions) for one in answers.get(name, ())]


async def own(uow: UnitOfWork, file_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these are photographs that whoever acts has sent."""
    if not file_ids:
        return set()
    kinds = [str(kind) for kind in PHOTOS]
    return {row["id"] for row in await uow.driver.fetch(MINE, file_ids, uow.actor.kind, uow.actor.id, kinds)}


def errors(questions: Sequence[Question], answers: Mapping[str, Any], own_ids: set[UUID]) -> list[FieldError]:
    """The questions that are answered with what is no photograph of who answers: another's, a document, one that went."""
    return [
        FieldError(
            pointer_to("answers", name), "不是您上传的照片，或已过期", "is no photograph that you sent, or it has gone"
        )
        for name in _asked(questions)
        if not {UUID(one) for one in answers.get(name, ())} <= own_ids
    ]


async def attach(
    uow: UnitOfWork, *, response_id: UUID, region_path: str, questions: Sequence[Question], answers: Mapping[str, Any]
) -> None:
    """The photographs belong to the answer, for those who may read it; never to the public."""
    await files.attach(
        uow,
        file_ids=sent(questions, answers),
        subject_type=SUBJECT,
        subject_id=response_id,
        region_path=region_path,
    )


async def let_go(uow: UnitOfWork, *, resident_id: UUID) -> None:
    """A resident's answers let go of their photographs."""
    rows = await uow.driver.fetch(OF_RESIDENT, resident_id)
    await files.release(uow, subject_type=SUBJECT, subject_ids=[row["id"] for row in rows])
