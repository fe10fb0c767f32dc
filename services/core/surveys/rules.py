"""Questionnaires (domain.md R2): which questions there may be, and how one version follows another. Pure; every wrong place is
named. What answers them is in `answer_rules`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from services.core.kit.errors import FieldError
from services.core.kit.exact import canonical_json
from services.core.kit.invalid import pointer_to

MAX_BYTES = 24_576
"""Of a questionnaire as JSON, and of what answers it: the mini-program reads each whole, in a page of at most 32 KB."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Purpose(StrEnum):
    """What a survey is for: joining the renovation (意愿), the plan (方案征询), satisfaction (满意度), or anything else."""

    JOIN = "join"
    PLAN = "plan"
    SATISFACTION = "satisfaction"
    OTHER = "other"


class Unit(StrEnum):
    """Who answers once: a household (a dwelling; shops and garages are none), or a person (owner or tenant of a dwelling)."""

    HOUSEHOLD = "household"
    PERSON = "person"


class SurveyStatus(StrEnum):
    """A survey's life; it never goes back."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PUBLISHED = "published"


class Channel(StrEnum):
    """How an answer came in. All but the phone are entered by staff, and a second person confirms them (domain.md R5)."""

    PHONE = "phone"
    DOOR = "door"
    PAPER = "paper"
    TELEPHONE = "telephone"
    MEETING = "meeting"


class ResponseState(StrEnum):
    """`pending`: entered by staff, not yet confirmed. Of one unit at most one answer is counted and at most one is pending."""

    PENDING = "pending"
    COUNTED = "counted"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    VOID = "void"


class QuestionKind(StrEnum):
    """`menu`: several, of the items that the compounds or the policy name. `photo`: files that were sent before."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    MENU = "menu"
    SCALE = "scale"
    NUMBER = "number"
    TEXT = "text"
    PHOTO = "photo"


OFFERING = frozenset({QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.MENU})
SEVERAL = frozenset({QuestionKind.MULTIPLE, QuestionKind.MENU})
COUNTABLE = OFFERING | {QuestionKind.SCALE}
"""Questions whose answers fall into cells, and may be published."""

DECIDED = frozenset({Purpose.JOIN, Purpose.SATISFACTION})
"""Purposes whose fact counts those who chose certain answers to one question."""


@dataclass(frozen=True, slots=True)
class Option:
    """One offered answer."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `most`: how many of several options may be chosen. `points`: a scale runs from 1 to it."""

    id: str
    kind: QuestionKind
    title: str
    required: bool = False
    options: tuple[Option, ...] = ()
    most: int | None = None
    points: int | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """The cells that answers fall into, in order; none where answers are free."""
        if self.kind is QuestionKind.SCALE:
            return tuple(str(point) for point in range(1, (self.points or 0) + 1))
        return tuple(option.id for option in self.options)

    @property
    def labels(self) -> dict[str, str]:
        """What each choice is called; a point of a scale by its number."""
        return dict(
            zip(self.choices, (option.label for option in self.options) if self.options else self.choices, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Decisive:
    """The question whose answers the survey's fact counts, and which of them speak for it."""

    question: str
    choices: tuple[str, ...]


def question_of(form: Mapping[str, Any]) -> Question:
    """A question as it is stored."""
    return Question(
        id=form["id"],
        kind=QuestionKind(form["kind"]),
        title=form["title"],
        required=form["required"],
        options=tuple(Option(option["id"], option["label"]) for option in form["options"]),
        most=form["most"],
        points=form["points"],
    )


def form_of(question: Question) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "id": question.id,
        "kind": str(question.kind),
        "title": question.title,
        "required": question.required,
        "options": [{"id": option.id, "label": option.label} for option in question.options],
        "most": question.most,
        "points": question.points,
    }


def questionnaire_errors(questions: Sequence[Question], earlier: Sequence[Question] = ()) -> list[FieldError]:
    """What is wrong with a questionnaire. `earlier`: the questions of all former versions.

    A question keeps its kind and scale, an option its label, for as long as the survey lives: answers to all versions share one
    column.
    """
    wrong: list[FieldError] = []
    for index, question in enumerate(questions):
        place = ("questions", index)
        if _ID.fullmatch(question.id) is None:
            wrong.append(at((*place, "id"), "须以小写字母开头，只含小写字母、数字和下划线", _ID_EN))
        elif any(question.id == other.id for other in questions[:index]):
            wrong.append(at((*place, "id"), "与另一题重复", "is the id of another question too"))
        wrong += _form_errors(question, place)
        for former in earlier:
            if former.id == question.id:
                wrong += _change_errors(former, question, place)
    if len(canonical_json([form_of(question) for question in questions])) > MAX_BYTES:
        wrong.append(at(("questions",), "问卷过长", "are too long together"))
    return wrong[:100]


_ID_EN = "starts with a small letter and holds small letters, digits and underscores alone"


def _form_errors(question: Question, place: tuple[str | int, ...]) -> list[FieldError]:
    wrong = []
    if question.kind in OFFERING:
        if len(question.options) < 2:
            wrong.append(at((*place, "options"), "至少两个选项", "needs at least two options"))
    elif question.options:
        wrong.append(at((*place, "options"), "这类题没有选项", "a question of this kind has no options"))
    for index, option in enumerate(question.options):
        before = question.options[:index]
        if _ID.fullmatch(option.id) is None:
            wrong.append(at((*place, "options", index, "id"), "须以小写字母开头，只含小写字母、数字和下划线", _ID_EN))
        elif any(option.id == other.id for other in before):
            wrong.append(at((*place, "options", index, "id"), "与另一选项重复", "is the id of another option too"))
        if any(option.label == other.label for other in before):
            wrong.append(at((*place, "options", index, "label"), "与另一选项重复", "is said by another option too"))
    if question.most is not None and not (
        question.kind in SEVERAL and 2 <= question.most <= max(2, len(question.options))
    ):
        wrong.append(
            at(
                (*place, "most"),
                "仅多选题可设，且应在 2 与选项数之间",
                "is for questions of several answers, from 2 to the number of options",
            )
        )
    if (question.points is not None) != (question.kind is QuestionKind.SCALE):
        wrong.append(at((*place, "points"), "量表题须设，其他题不设", "is for scales, which need it"))
    return wrong


def _change_errors(former: Question, now: Question, place: tuple[str | int, ...]) -> list[FieldError]:
    if former.kind is not now.kind:
        return [
            at((*place, "kind"), "与以前版本不同，请另设新题", "differs from an earlier version: ask a new question")
        ]
    wrong = []
    if former.points != now.points:
        wrong.append(
            at((*place, "points"), "与以前版本不同，请另设新题", "differs from an earlier version: ask a new question")
        )
    labels = {option.id: option.label for option in former.options}
    for index, option in enumerate(now.options):
        if labels.get(option.id, option.label) != option.label:
            wrong.append(
                at(
                    (*place, "options", index, "label"),
                    "与以前版本不同，请另设新选项",
                    "differs from an earlier version: offer a new option",
                )
            )
    return wrong


def decisive_errors(purpose: Purpose, questions: Sequence[Question], decisive: Decisive | None) -> list[FieldError]:
    """What is wrong with the question that decides, given the questionnaire of any version."""
    if (decisive is not None) != (purpose in DECIDED):
        return [
            at(
                ("decisive",),
                "意愿调查和满意度调查须指定，其他调查不设",
                "is for surveys of purpose join or satisfaction, which need it",
            )
        ]
    if decisive is None:
        return []
    question = next((one for one in questions if one.id == decisive.question), None)
    if question is None or question.kind not in {QuestionKind.SINGLE, QuestionKind.SCALE}:
        return [
            at(("decisive", "question"), "须为本问卷的单选题或量表题", "must be a single choice or a scale of these")
        ]
    return [
        at(("decisive", "choices", index), "不是该题的选项，或重复", "is no answer to that question, or comes twice")
        for index, choice in enumerate(decisive.choices)
        if choice not in question.choices or choice in decisive.choices[:index]
    ]


def all_questions(versions: Sequence[Sequence[Question]]) -> list[Question]:
    """Every question of all versions (oldest first), in the order in which each first came, as it was last worded.

    Its options are those of all versions: the columns of an export and the cells of a result. It is required when every version
    requires it, so that nobody can have passed it over.
    """
    found: dict[str, Question] = {}
    for questions in versions:
        for question in questions:
            former = found.get(question.id)
            options = {option.id: option for option in (former.options if former else ())}
            options |= {option.id: option for option in question.options}
            found[question.id] = replace(question, options=tuple(options.values()))
    return [
        replace(question, required=all(_requires(questions, question.id) for questions in versions))
        for question in found.values()
    ]


def _requires(questions: Sequence[Question], name: str) -> bool:
    return any(question.id == name and question.required for question in questions)


def at(parts: Sequence[str | int], zh: str, en: str) -> FieldError:
    """What is wrong in a place."""
    return FieldError(pointer_to(*parts), zh, en)
