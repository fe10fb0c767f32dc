"""Questionnaires and what answers them (domain.md R2): which questions there may be, how one version follows another, which
answers fit. Pure; every wrong place is named.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.exact import NotExact, canonical_json, decimal_text, parse_decimal
from services.core.kit.invalid import pointer_to
from services.core.ownership.rules import holds_personal_number

MAX_BYTES = 24_576
"""Of a questionnaire as JSON, and of what answers it: the mini-program reads each whole, in a page of at most 32 KB."""

MAX_TEXT = 1000
MAX_PHOTOS = 9
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
            wrong.append(_at((*place, "id"), "须以小写字母开头，只含小写字母、数字和下划线", _ID_EN))
        elif any(question.id == other.id for other in questions[:index]):
            wrong.append(_at((*place, "id"), "与另一题重复", "is the id of another question too"))
        wrong += _form_errors(question, place)
        for former in earlier:
            if former.id == question.id:
                wrong += _change_errors(former, question, place)
    if len(canonical_json([form_of(question) for question in questions])) > MAX_BYTES:
        wrong.append(_at(("questions",), "问卷过长", "are too long together"))
    return wrong[:100]


_ID_EN = "starts with a small letter and holds small letters, digits and underscores alone"


def _form_errors(question: Question, place: tuple[str | int, ...]) -> list[FieldError]:
    wrong = []
    if question.kind in OFFERING:
        if len(question.options) < 2:
            wrong.append(_at((*place, "options"), "至少两个选项", "needs at least two options"))
    elif question.options:
        wrong.append(_at((*place, "options"), "这类题没有选项", "a question of this kind has no options"))
    for index, option in enumerate(question.options):
        before = question.options[:index]
        if _ID.fullmatch(option.id) is None:
            wrong.append(_at((*place, "options", index, "id"), "须以小写字母开头，只含小写字母、数字和下划线", _ID_EN))
        elif any(option.id == other.id for other in before):
            wrong.append(_at((*place, "options", index, "id"), "与另一选项重复", "is the id of another option too"))
        if any(option.label == other.label for other in before):
            wrong.append(_at((*place, "options", index, "label"), "与另一选项重复", "is said by another option too"))
    if question.most is not None and not (
        question.kind in SEVERAL and 2 <= question.most <= max(2, len(question.options))
    ):
        wrong.append(
            _at(
                (*place, "most"),
                "仅多选题可设，且应在 2 与选项数之间",
                "is for questions of several answers, from 2 to the number of options",
            )
        )
    if (question.points is not None) != (question.kind is QuestionKind.SCALE):
        wrong.append(_at((*place, "points"), "量表题须设，其他题不设", "is for scales, which need it"))
    return wrong


def _change_errors(former: Question, now: Question, place: tuple[str | int, ...]) -> list[FieldError]:
    if former.kind is not now.kind:
        return [
            _at((*place, "kind"), "与以前版本不同，请另设新题", "differs from an earlier version: ask a new question")
        ]
    wrong = []
    if former.points != now.points:
        wrong.append(
            _at((*place, "points"), "与以前版本不同，请另设新题", "differs from an earlier version: ask a new question")
        )
    labels = {option.id: option.label for option in former.options}
    for index, option in enumerate(now.options):
        if labels.get(option.id, option.label) != option.label:
            wrong.append(
                _at(
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
            _at(
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
            _at(("decisive", "question"), "须为本问卷的单选题或量表题", "must be a single choice or a scale of these")
        ]
    return [
        _at(("decisive", "choices", index), "不是该题的选项，或重复", "is no answer to that question, or comes twice")
        for index, choice in enumerate(decisive.choices)
        if choice not in question.choices or choice in decisive.choices[:index]
    ]


def fitted(questions: Sequence[Question], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Answers in the form in which they are stored, by question, and what is wrong with them (`/answers/<question>`).

    A question may be left out, or answered with null, unless it is required.
    """
    fits: dict[str, Any] = {}
    wrong = [
        _at(("answers", name), "问卷中没有这一题", "is no question of this questionnaire")
        for name in given
        if not any(question.id == name for question in questions)
    ]
    for question in questions:
        answer = given.get(question.id)
        if answer is None:
            if question.required:
                wrong.append(_at(("answers", question.id), "此题必答", "must be answered"))
            continue
        try:
            fits[question.id] = _FITS[question.kind](question, answer)
        except _Unfit as unfit:
            wrong.append(_at(("answers", question.id), unfit.zh, unfit.en))
    if len(canonical_json(fits)) > MAX_BYTES:
        wrong.append(_at(("answers",), "答卷过长", "are too long together"))
    return fits, wrong[:100]


class _Unfit(ValueError):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en


def _single(question: Question, answer: object) -> str:
    if not isinstance(answer, str) or answer not in question.choices:
        raise _Unfit("应为所列选项之一", "must be one of the options")
    return answer


def _several(question: Question, answer: object) -> list[str]:
    most = question.most or len(question.options)
    if (
        not isinstance(answer, list)
        or not 1 <= len(answer) <= most
        or any(not isinstance(one, str) or one not in question.choices for one in answer)
        or len(set(answer)) < len(answer)
    ):
        raise _Unfit(f"应为所列选项中的 1 至 {most} 项，不重复", f"must be 1 to {most} of the options, each once")
    return [choice for choice in question.choices if choice in answer]


def _scale(question: Question, answer: object) -> int:
    if not isinstance(answer, int) or isinstance(answer, bool) or not 1 <= answer <= (question.points or 0):
        raise _Unfit(f"应为 1 至 {question.points} 的整数", f"must be a whole number from 1 to {question.points}")
    return answer


def _number(_question: Question, answer: object) -> str:
    try:
        number = parse_decimal(answer)
    except NotExact as wrong:
        raise _Unfit(wrong.zh, wrong.en) from wrong
    places = format(number, "f").partition(".")[2]
    if not 0 <= number < 10**12 or len(places) > 4:
        raise _Unfit(
            "应不小于 0，小数点前至多 12 位、后至多 4 位",
            "must be at least 0, with at most 12 digits before the point and 4 after it",
        )
    return decimal_text(number)


def _text(_question: Question, answer: object) -> str:
    text = unicodedata.normalize("NFC", answer.strip()) if isinstance(answer, str) else ""
    if not 1 <= len(text) <= MAX_TEXT:
        raise _Unfit(f"应为 1 至 {MAX_TEXT} 个字符的文本", f"must be text of 1 to {MAX_TEXT} characters")
    if any(unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} for mark in text):
        raise _Unfit("不得含有控制字符", "may not hold control characters")
    if holds_personal_number(text):
        raise _Unfit("不得含有手机号或身份证号", "may not hold a mobile or an identity number")
    return text


def _photo(_question: Question, answer: object) -> list[str]:
    ids = [] if not isinstance(answer, list) else [_file_id(one) for one in answer]
    if not 1 <= len(ids) <= MAX_PHOTOS or None in ids or len(set(ids)) < len(ids):
        raise _Unfit(
            f"应为 1 至 {MAX_PHOTOS} 张已上传照片的编号，不重复",
            f"must be the ids of 1 to {MAX_PHOTOS} photographs that were sent, each once",
        )
    return [str(one) for one in ids]


def _file_id(given: object) -> UUID | None:
    with suppress(ValueError):
        return UUID(given) if isinstance(given, str) else None
    return None


_FITS = {
    QuestionKind.SINGLE: _single,
    QuestionKind.MULTIPLE: _several,
    QuestionKind.MENU: _several,
    QuestionKind.SCALE: _scale,
    QuestionKind.NUMBER: _number,
    QuestionKind.TEXT: _text,
    QuestionKind.PHOTO: _photo,
}


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


def _at(parts: Sequence[str | int], zh: str, en: str) -> FieldError:
    return FieldError(pointer_to(*parts), zh, en)
