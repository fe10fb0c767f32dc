"""Pure rules of household visits after the works (domain.md C2): who visits, what an attempt may say, what may be asked."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from services.core.kit.errors import FieldError
from services.core.kit.invalid import pointer_to
from services.core.ownership.rules import holds_personal_number
from services.core.surveys.rules import Question, QuestionKind, questionnaire_errors

MOST_AT_ONCE = 200
"""Attempts, or assignments, in one request."""
MOST_QUESTIONS = 20
ASKABLE = frozenset({QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.SCALE, QuestionKind.TEXT})
"""A visit is a talk at the door, no survey; a photograph belongs to the complaint that it leads to."""


class BodyKind(StrEnum):
    """Which kind of body visits: 工会, 共青团, 妇联 (焦作, domain.md C2); beside them 社区 and volunteers."""

    TRADE_UNION = "trade_union"
    YOUTH_LEAGUE = "youth_league"
    WOMENS_FEDERATION = "womens_federation"
    COMMUNITY = "community"
    VOLUNTEERS = "volunteers"


class Status(StrEnum):
    """A campaign's life."""

    OPEN = "open"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What came of one attempt."""

    MET = "met"
    NOT_HOME = "not_home"
    DECLINED = "declined"


class VisitState(StrEnum):
    """Where a household stands: still to be met, met, or it wants no visit. Who declined may be met later, never the reverse."""

    WAITING = "waiting"
    MET = "met"
    DECLINED = "declined"


def questions_errors(questions: Sequence[Question]) -> list[FieldError]:
    """What is wrong with the questions of a campaign."""
    unasked = [
        FieldError(
            pointer_to("questions", index, "kind"),
            "走访只设单选、多选、量表和文字题",
            "visits ask for single and multiple choices, scales and text alone",
        )
        for index, question in enumerate(questions)
        if question.kind not in ASKABLE
    ]
    return [*questionnaire_errors(questions), *unasked]


def day_errors(made_on: date, *, opened_on: date, today: date, place: tuple[str | int, ...]) -> list[FieldError]:
    """An attempt was made while the campaign was open, and not in the future."""
    if opened_on <= made_on <= today:
        return []
    return [
        FieldError(
            pointer_to(*place),
            "应在走访开始之日与今天之间",
            "must lie between the beginning of the campaign and today",
        )
    ]


def text_errors(text: str | None, place: tuple[str | int, ...]) -> list[FieldError]:
    """A note holds no mobile and no identity number: it is read by everybody who works on it."""
    if text is None or not holds_personal_number(text):
        return []
    return [FieldError(pointer_to(*place), "不得含有手机号或身份证号", "may not hold a mobile or an identity number")]
