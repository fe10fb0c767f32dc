"""One sentence in Chinese and one in English for every result: why it is in, in reserve, later, or not ranked."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from services.core.facts.catalogue import CATALOGUE
from services.core.kit.exact import decimal_text
from services.core.policy.schema import Policy
from services.core.selection.candidates import Outcome, Result, points_text

OUTCOMES = {
    Outcome.IN: ("列入计划（实施）", "in the plan"),
    Outcome.RESERVE: ("列为候补（谋划）", "in reserve"),
    Outcome.LATER: ("留待以后（储备）", "left for later"),
}
"""What became of a ranked project, in words."""

_CAPS = {
    "count": ("项目数量", "projects", "个", ""),
    "budget": ("总投资", "total investment", "元", " yuan"),
    "floor_area": ("建筑面积", "floor area", "平方米", " m²"),
}


_CARRIED = {
    None: ("", ""),
    "tier": ("（上轮未入选且已改进，优先）", " (preferred: not chosen last time and improved since)"),
    "bonus": ("（含滚动加分）", " (with the carry-over bonus)"),
    "tie_break": (
        "（上轮未入选且已改进，同分优先）",
        " (first among equals: not chosen last time and improved since)",
    ),
}


class Sentences:
    """Words for the results of one policy. The same result always gives the same sentences."""

    def __init__(self, policy: Policy) -> None:
        rubric = policy.rubric
        self._leads = {
            one.id: (f"主要差在“{one.title}”", f"mostly {CATALOGUE[one.fact].title_en}")
            for one in (rubric.indicators if rubric else ())
        }
        self._dimensions = {f"score.{one.id}": one.title for one in (rubric.dimensions if rubric else ())}
        self._gates = {gate.id: gate for gate in policy.gates}

    def of(self, result: Result) -> tuple[str, str]:
        """The sentence in Chinese and in English."""
        if result.outcome is Outcome.NOT_RANKED:
            return self._not_ranked(result)
        params = result.reason.params
        zh, en = OUTCOMES[result.outcome]
        total = points_text(result.scored.total_units)
        why_zh, why_en = self._why(result)
        carried_zh, carried_en = _CARRIED[result.carried]
        return (
            f"第 {result.rank} 名（共 {params['of']} 名），总分 {total}{carried_zh}，{zh}：{why_zh}。",
            f"Ranked {result.rank} of {params['of']} with {total} points{carried_en}, {en}: {why_en}.",
        )

    def _not_ranked(self, result: Result) -> tuple[str, str]:
        params = result.reason.params
        if result.reason.code == "conflict":
            facts = [CATALOGUE[key] for key in params["facts"]]
            return (
                f"未参加排名：{_list_zh(fact.title_zh for fact in facts)}的数据来源不一致，尚未裁定。",
                f"Not ranked: sources differ on {_list_en(fact.title_en for fact in facts)} and nobody has adjudicated.",
            )
        told = [self._gate(gate) for gate in params["gates"]]
        return f"未参加排名：{'；'.join(zh for zh, _ in told)}。", f"Not ranked: {'; '.join(en for _, en in told)}."

    def _gate(self, failed: Mapping[str, Any]) -> tuple[str, str]:
        fact = CATALOGUE[failed["fact"]]
        title = self._gates[failed["id"]].title or fact.title_zh
        zh, en = ("没有记录", "is not recorded") if failed["missing"] else ("未达到要求", "does not meet what is asked")
        if failed["hard"]:
            return f"“{title}”{zh}", f"{fact.title_en} {en}"
        return f"“{title}”{zh}，也没有例外决定", f"{fact.title_en} {en}, and no exception was recorded"

    def _why(self, result: Result) -> tuple[str, str]:
        params, code = result.reason.params, result.reason.code
        versus = self._versus(params.get("versus"), result)
        if code == "in":
            return _joined(("未超出任何限额", "within every cap"), versus)
        if code == "stopped":
            no = params["stopped_by"]
            return _joined(
                (
                    f"排在前面的 {no} 超出限额，其后不再选入",
                    f"{no} before it did not fit a cap, and nobody after it is tried",
                ),
                versus,
            )
        told = [_over(one["cap"], one["limit"], one["used"], one["asks"]) for one in params["over"]]
        return _joined((_list_zh([zh for zh, _ in told]), _list_en([en for _, en in told])), versus)

    def _versus(self, versus: Mapping[str, Any] | None, result: Result) -> tuple[str, str] | None:
        """What made the difference to the nearest project on the other side of the line."""
        if versus is None:
            return None
        leads = versus["ahead"] == result.no
        other = versus["behind"] if leads else versus["ahead"]
        word_zh, word_en = ("先于", "ahead of") if leads else ("后于", "behind")
        if versus["by"] == "total":
            more_zh, more_en = ("高", "more") if leads else ("低", "fewer")
            because_zh, because_en = self._lead(versus)
            return (
                f"比 {other} {more_zh} {versus['gap']} 分，{because_zh}",
                f"{versus['gap']} points {more_en} than {other}, {because_en}",
            )
        zh, en = self._step(versus["by"])
        return f"{zh}上{word_zh} {other}", f"{word_en} {other} by {en}"

    def _lead(self, versus: Mapping[str, Any]) -> tuple[str, str]:
        if "bonus" in versus:
            return f"差在滚动加分 {versus['bonus']} 分", f"mostly the carry-over bonus of {versus['bonus']}"
        (zh, en), lead = self._leads[versus["indicator"]], versus["lead"]
        return f"{zh}（{lead} 分）", f"{en} ({lead} points)"

    def _step(self, by: str) -> tuple[str, str]:
        if by == "carry_over":
            return "滚动优先", "carry-over"
        if by == "project.no":
            return "其他各项相同，按项目编号次序", "project number, all else being equal"
        if by in self._dimensions:
            return (
                f"总分相同，“{self._dimensions[by]}”得分",
                f"the score of {by.removeprefix('score.')}, totals being equal",
            )
        return f"“{CATALOGUE[by].title_zh}”", CATALOGUE[by].title_en


def sentences(policy: Policy, result: Result) -> tuple[str, str]:
    """The sentence of one result in Chinese and in English; for many results make one `Sentences`."""
    return Sentences(policy).of(result)


def _over(cap: str, limit: str, used: str, asks: str | None) -> tuple[str, str]:
    zh, en, unit_zh, unit_en = _CAPS[cap]
    if asks is None:
        return f"没有记录{zh}，无法判断是否超出限额", f"its {en} is not recorded and may exceed the cap"
    if cap == "count":
        return f"{zh}限额 {limit} {unit_zh}已满", f"the cap of {limit} {en} is full"
    left = _difference(limit, used)
    return (
        f"{zh} {asks} {unit_zh}，限额 {limit} {unit_zh}只余 {left} {unit_zh}",
        f"its {en} of {asks}{unit_en} does not fit what is left of the cap ({left} of {limit}{unit_en})",
    )


@lru_cache(maxsize=4096)
def _difference(limit: str, used: str) -> str:
    return decimal_text(Fraction(limit) - Fraction(used))


def _joined(first: tuple[str, str], second: tuple[str, str] | None) -> tuple[str, str]:
    return first if second is None else (f"{first[0]}；{second[0]}", f"{first[1]}; {second[1]}")


def _list_zh(words: Iterable[str]) -> str:
    return "、".join(words)


def _list_en(words: Iterable[str]) -> str:
    return " and ".join(words)
