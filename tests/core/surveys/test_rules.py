"""Answers that fit are stored in one form; whatever else is sent is refused by name, never by an exception."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.core.surveys.answer_rules import MAX_TEXT, fitted
from services.core.surveys.rules import Option, Question, QuestionKind, all_questions, questionnaire_errors

OPTIONS = (Option("a", "甲"), Option("b", "乙"), Option("c", "丙"))
EVERY = [
    Question("single", QuestionKind.SINGLE, "一", options=OPTIONS),
    Question("many", QuestionKind.MULTIPLE, "二", options=OPTIONS, most=2),
    Question("menu", QuestionKind.MENU, "三", options=OPTIONS),
    Question("scale", QuestionKind.SCALE, "四", points=5),
    Question("number", QuestionKind.NUMBER, "五"),
    Question("text", QuestionKind.TEXT, "六"),
    Question("photo", QuestionKind.PHOTO, "七"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["a", "b", "c", "1.50"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([question.id for question in EVERY]), JSON))
def test_an_answer_fits_or_is_named(given_answers: dict[str, Any]) -> None:
    fits, wrong = fitted(EVERY, given_answers)
    answered = {name for name, answer in given_answers.items() if answer is not None}
    assert set(fits) | {error.pointer.removeprefix("/answers/") for error in wrong} == answered
    assert fitted(EVERY, fits) == (fits, []), "what is stored fits as it is"


def test_every_kind_of_question_is_a_questionnaire() -> None:
    assert questionnaire_errors(EVERY) == []
    assert questionnaire_errors(EVERY, EVERY) == []


def test_a_questionnaire_fits_a_page_of_the_mini_program() -> None:
    long = [Question(f"q{index}", QuestionKind.TEXT, "题" * 200) for index in range(60)]
    assert [error.pointer for error in questionnaire_errors(long)] == ["/questions"]
    texts = [Question(f"q{index}", QuestionKind.TEXT, "题") for index in range(20)]
    _, wrong = fitted(texts, {question.id: "字" * MAX_TEXT for question in texts})
    assert [error.pointer for error in wrong] == ["/answers"]


def test_a_question_keeps_its_column_over_versions() -> None:
    first = [EVERY[0], Question("wish", QuestionKind.TEXT, "建议", required=True)]
    more = Question("single", QuestionKind.SINGLE, "新一", required=True, options=(*OPTIONS[1:], Option("d", "丁")))
    merged = all_questions([first, [EVERY[3], more]])
    assert [question.id for question in merged] == ["single", "wish", "scale"]
    assert merged[0].choices == ("a", "b", "c", "d")
    assert merged[0].title == "新一"
    assert not any(question.required for question in merged), "none is required by every version"
