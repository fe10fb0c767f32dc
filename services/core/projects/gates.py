"""The gates of a policy against what a project's facts say. Pure; what is not met says what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from services.core.facts.catalogue import CATALOGUE
from services.core.kit.exact import decimal_text
from services.core.policy.form import Condition
from services.core.policy.schema import Gate
from services.core.projects.figures import ProjectFacts

WORDS_IS = {True: ("应为是", "has to be true"), False: ("应为否", "has to be false")}


@dataclass(frozen=True, slots=True)
class GateStatus:
    """One gate for one project. `passed`: met, or soft with a recorded exception. `missing_*` say what is lacking.

    `earlier_plan`: the number of the plan version that the vote (or notice) asked for was held on, when a newer plan is in force.
    """

    gate: Gate
    met: bool
    passed: bool
    fact: dict[str, Any] | None
    conflict: list[dict[str, Any]]
    exception: Mapping[str, Any] | None
    missing_zh: str | None
    missing_en: str | None
    earlier_plan: int | None = None


def status(
    gates: Sequence[Gate],
    known: ProjectFacts,
    exceptions: Mapping[str, Mapping[str, Any]],
    lapsed: Mapping[str, int] = MappingProxyType({}),
) -> list[GateStatus]:
    """Each gate in the policy's order. `exceptions`: the recorded ones by gate id; those of a hard gate do not help.

    `lapsed`: facts that were said of an earlier plan version alone, with its number (docs/adr/0014).
    """
    return [_status(gate, known, exceptions.get(gate.id), lapsed.get(gate.condition.fact)) for gate in gates]


def _status(
    gate: Gate, known: ProjectFacts, exception: Mapping[str, Any] | None, earlier_plan: int | None
) -> GateStatus:
    condition = gate.condition
    fact = known.facts.get(condition.fact)
    conflict = [one for one in known.conflicts if one["key"] == condition.fact]
    met = condition.met_by(known.value(condition.fact))
    missing_zh, missing_en = (None, None) if met else _missing(condition, fact, conflict, earlier_plan)
    return GateStatus(
        gate=gate,
        met=met,
        passed=met or (not gate.hard and exception is not None),
        fact=fact,
        conflict=conflict,
        exception=exception,
        missing_zh=missing_zh,
        missing_en=missing_en,
        earlier_plan=earlier_plan,
    )


def _missing(
    condition: Condition, fact: dict[str, Any] | None, conflict: Sequence[dict[str, Any]], earlier_plan: int | None
) -> tuple[str, str]:
    entry = CATALOGUE[condition.fact]
    if conflict:
        return f"{entry.title_zh}：各来源数字不一致，待裁定", f"{entry.title_en}: sources differ, to be adjudicated"
    wanted_zh, wanted_en = _wanted(condition)
    if earlier_plan is not None:
        return (
            f"{entry.title_zh}：针对第 {earlier_plan} 版方案，方案已修改，须就现行方案重新办理",
            f"{entry.title_en}: was on plan version {earlier_plan}; the plan has changed since and needs its own",
        )
    if fact is None or fact["value"] is None:
        return f"{entry.title_zh}：尚无记录，{wanted_zh}", f"{entry.title_en}: not recorded, {wanted_en}"
    now_zh, now_en = fact["value"], fact["value"]
    if condition.flag is not None:
        now_zh = {"true": "是", "false": "否"}[fact["value"]]
    return f"{entry.title_zh}：现为 {now_zh}，{wanted_zh}", f"{entry.title_en}: is {now_en}, {wanted_en}"


def _wanted(condition: Condition) -> tuple[str, str]:
    if condition.at_least is not None:
        limit = decimal_text(condition.at_least)
        return f"应不低于 {limit}", f"has to be at least {limit}"
    if condition.at_most is not None:
        limit = decimal_text(condition.at_most)
        return f"应不高于 {limit}", f"has to be at most {limit}"
    return WORDS_IS[bool(condition.flag)]


def wanted(condition: Condition) -> dict[str, Any]:
    """The comparison of a gate in the words of the policy form."""
    if condition.flag is not None:
        return {"is": condition.flag}
    if condition.at_least is not None:
        return {"at_least": decimal_text(condition.at_least)}
    return {} if condition.at_most is None else {"at_most": decimal_text(condition.at_most)}
