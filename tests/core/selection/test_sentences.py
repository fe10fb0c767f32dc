"""The sentence of each result names what decided: the cap, the gate, the conflict, the points that made the difference."""

from fractions import Fraction
from typing import Any

import pytest

from services.core.selection.candidates import Candidate, Caps, RoundParameters
from services.core.selection.rules import run
from services.core.selection.sentences import Sentences, sentences
from tests.support.rounds import candidate, policy

TWO = [candidate("1"), candidate("2", facilities__basic__defect_share="0.25")]


def told(
    no: str, given: list[Candidate], *, caps: Caps | None = None, reserve: int = 0, **changes: Any
) -> tuple[str, str]:
    chosen = policy(**changes)
    results = run(chosen, RoundParameters("", 1, (caps,) if caps else (), reserve), given)
    return sentences(chosen, next(one for one in results if one.no == no))


CASES: list[tuple[tuple[str, str], str, str]] = [
    (
        told("1", TWO, caps=Caps(count=1)),
        "第 1 名（共 2 名），总分 59.5，列入计划（实施）：未超出任何限额；比 2 高 7.5 分，主要差在“缺损”（7.5 分）。",
        "Ranked 1 of 2 with 59.5 points, in the plan: within every cap; "
        "7.5 points more than 2, mostly Defects of basic facilities (7.5 points).",
    ),
    (
        told("2", TWO, caps=Caps(count=1), reserve=1),
        "第 2 名（共 2 名），总分 52，列为候补（谋划）：项目数量限额 1 个已满；比 1 低 7.5 分，主要差在“缺损”（7.5 分）。",
        "Ranked 2 of 2 with 52 points, in reserve: the cap of 1 projects is full; "
        "7.5 points fewer than 1, mostly Defects of basic facilities (7.5 points).",
    ),
    (
        told("1", [candidate("1")], caps=Caps(budget=Fraction(99))),
        "第 1 名（共 1 名），总分 59.5，留待以后（储备）：总投资 100 元，限额 99 元只余 99 元。",
        "Ranked 1 of 1 with 59.5 points, left for later: "
        "its total investment of 100 yuan does not fit what is left of the cap (99 of 99 yuan).",
    ),
    (
        told("2", [candidate("1"), candidate("2")], caps=Caps(count=1)),
        "第 2 名（共 2 名），总分 59.5，留待以后（储备）：项目数量限额 1 个已满；其他各项相同，按项目编号次序上后于 1。",
        "Ranked 2 of 2 with 59.5 points, left for later: the cap of 1 projects is full; "
        "behind 1 by project number, all else being equal.",
    ),
    (
        told("1", [candidate("1", project__budget=None)], caps=Caps(budget=Fraction(99)), reserve=1),
        "第 1 名（共 1 名），总分 59.5，列为候补（谋划）：没有记录总投资，无法判断是否超出限额。",
        "Ranked 1 of 1 with 59.5 points, in reserve: its total investment is not recorded and may exceed the cap.",
    ),
    (
        told("1", [candidate("1", vote__plan__passed=None, survey__join__agree_of_all_share="0.5")]),
        "未参加排名：“方案表决通过”没有记录；“居民意愿”未达到要求，也没有例外决定。",
        "Not ranked: Plan vote passed is not recorded; "
        "Willing households does not meet what is asked, and no exception was recorded.",
    ),
    (
        told("1", [candidate("1", conflicts=("compound.households", "compound.floor_area"))]),
        "未参加排名：建筑面积、户数的数据来源不一致，尚未裁定。",
        "Not ranked: sources differ on Floor area and Households and nobody has adjudicated.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "zh", "en"), CASES)
def test_a_sentence_names_what_decided(sentence: tuple[str, str], zh: str, en: str) -> None:
    assert sentence == (zh, en)


def test_whoever_comes_after_a_stop_is_told_who_stopped() -> None:
    given = [candidate("1", project__budget="200"), candidate("2")]
    zh, en = told("2", given, caps=Caps(budget=Fraction(150)), selection={"partition": "county", "over_cap": "stop"})
    assert "排在前面的 1 超出限额" in zh
    assert "1 before it did not fit a cap" in en


def test_carry_over_is_told() -> None:
    selection = {"partition": "county", "over_cap": "skip", "carry_over": {"kind": "tier", "share": "1", "rounds": 1}}
    given = [candidate("1"), candidate("2", facilities__basic__defect_share="0", carry_over=0)]
    zh, en = told("2", given, caps=Caps(count=1), selection=selection)
    assert "上轮未入选且已改进，优先" in zh
    assert "滚动优先上先于 1" in zh
    assert "ahead of 1 by carry-over" in en


def test_a_lead_by_the_bonus_alone_is_told_as_such() -> None:
    selection = {"partition": "county", "over_cap": "skip", "carry_over": {"kind": "bonus", "points": "9", "rounds": 1}}
    given = [candidate("1"), candidate("2", facilities__basic__defect_share="0.25", carry_over=0)]
    zh, en = told("1", given, caps=Caps(count=1), selection=selection)
    assert "比 2 低 1.5 分，差在滚动加分 9 分" in zh
    assert "1.5 points fewer than 2, mostly the carry-over bonus of 9" in en


def test_one_set_of_words_serves_many_results() -> None:
    chosen = policy()
    words = Sentences(chosen)
    results = run(chosen, RoundParameters("", 1), TWO)
    assert [words.of(one) for one in results] == [sentences(chosen, one) for one in results]
