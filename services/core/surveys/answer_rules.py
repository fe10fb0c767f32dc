"""Which answers fit a questionnaire, and the form in which they are kept. Pure; every wrong place is named."""

import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.exact import NotExact, canonical_json, decimal_text, parse_decimal
from services.core.ownership.rules import holds_personal_number
from services.core.surveys.rules import MAX_BYTES, Question, QuestionKind, at

MAX_TEXT = 1000
MAX_PHOTOS = 9


def fitted(questions: Sequence[Question], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Answers in the form in which they are stored, by question, and what is wrong with them (`/answers/<question>`).

    A question may be left out, or answered with null, unless it is required.
    """
    fits: dict[str, Any] = {}
    wrong = [
        at(("answers", name), "问卷中没有这一题", "is no question of this questionnaire")
        for name in given
        if not any(question.id == name for question in questions)
    ]
    for question in questions:
        answer = given.get(question.id)
        if answer is None:
            if question.required:
                wrong.append(at(("answers", question.id), "此题必答", "must be answered"))
            continue
        try:
            fits[question.id] = _FITS[question.kind](question, answer)
        except _Unfit as unfit:
            wrong.append(at(("answers", question.id), unfit.zh, unfit.en))
    if len(canonical_json(fits)) > MAX_BYTES:
        wrong.append(at(("answers",), "答卷过长", "are too long together"))
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
