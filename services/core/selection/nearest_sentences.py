"""The nearest change in words, Chinese and English. The same finding always gives the same sentences. Pure."""

from services.core.facts.catalogue import CATALOGUE, ValueType
from services.core.kit.exact import decimal_text, parse_fraction, round_half_up
from services.core.policy.schema import Policy
from services.core.selection.nearest import Change, Kind, Nearest, Step
from services.core.selection.sentences import OUTCOMES

_CAPS = {
    "count": ("项目数量", "number of projects"),
    "budget": ("总投资", "total investment"),
    "floor_area": ("建筑面积", "floor area"),
}
_FLAGS = {"true": ("是", "yes"), "false": ("否", "no")}
_UNITS = {"元": (" 元", " yuan"), "m2": (" 平方米", " m²"), "m": (" 米", " m")}

Words = tuple[str, str]


def figure(fact: str | None, text: str | None) -> Words:
    """A recorded value as people read it: shares in percent, flags as words, units where there are any."""
    if text is None:
        return "无记录", "not recorded"
    entry = None if fact is None else CATALOGUE[fact]
    if entry is None:
        return f"{text} 个", text
    if entry.value_type is ValueType.FLAG:
        return _FLAGS[text]
    if entry.value_type is ValueType.SHARE:
        percent = decimal_text(parse_fraction(text) * 100)
        if "/" not in percent:
            return f"{percent}%", f"{percent}%"
        near = decimal_text(round_half_up(parse_fraction(text) * 100, 2))
        return f"约 {near}%", f"about {near}%"
    zh, en = _UNITS.get(entry.unit or "", (f" {entry.unit}" if entry.unit else "", ""))
    return f"{text}{zh}", f"{text}{en}"


def summary(policy: Policy, found: Nearest) -> Words:
    """One sentence: the nearest change, or what keeps the project in, or that there is none."""
    if found.adjudicate:
        facts = [CATALOGUE[key] for key in found.adjudicate]
        return (
            f"须先裁定数据来源不一致的{'、'.join(f'“{fact.title_zh}”' for fact in facts)}。",
            f"Sources differ on {' and '.join(fact.title_en for fact in facts)}; that has to be adjudicated first.",
        )
    if found.kept_by == "place":
        return "即使排在最后也在限额之内。", "It would be within the caps even if it came last."
    if found.kept_by == "precedence":
        return "因优先次序列入计划，并非由分差决定。", "Precedence keeps it in the plan, not a lead in points."
    if found.margin is not None:
        lead, over = decimal_text(found.margin.lead), found.margin.over
        return (
            f"领先 {over} {lead} 分；失分少于 {lead} 分仍列入计划，多于则由其取代。",
            f"It leads {over} by {lead} points: losing less keeps it in the plan, losing more does not.",
        )
    if not found.changes:
        return "没有任何单项变化能改变结果。", "No single change would alter the outcome."
    return change_sentence(policy, found.changes[0])


def change_sentence(policy: Policy, change: Change) -> Words:
    """One change and what the rules then find."""
    zh, en = OUTCOMES[change.outcome]
    then = f"列第 {change.rank} 名，{zh}。", f"it would be ranked {change.rank}, {en}."
    [(first_zh, first_en), *others] = [_step(policy, change.kind, step) for step in change.steps]
    if_zh = "；".join([first_zh, *(other for other, _ in others)])
    if_en = " and ".join([first_en, *(other for _, other in others)])
    if change.kind is Kind.INDICATOR:
        gained = decimal_text(change.gained)
        return f"若{if_zh}，增加 {gained} 分，{then[0]}", f"If {if_en}, {gained} points more, {then[1]}"
    return f"若{if_zh}，{then[0]}", f"If {if_en}, {then[1]}"


def _step(policy: Policy, kind: Kind, step: Step) -> Words:
    (before_zh, before_en), (after_zh, after_en) = figure(step.fact, step.before), figure(step.fact, step.after)
    title_zh, title_en = _title(policy, kind, step)
    if kind is Kind.EXCEPTION:
        return f"对“{title_zh}”作出例外决定", f"an exception were made to “{title_en}”"
    if kind is Kind.CAP:
        return (
            f"{title_zh}限额由{_set(before_zh)} 增至{_set(after_zh)}",
            f"the cap on {title_en} were {after_en} instead of {before_en}",
        )
    return f"“{title_zh}”为{_set(after_zh)}（现为{_set(before_zh)}）", f"“{title_en}” were {after_en} (now {before_en})"


def _set(figure_zh: str) -> str:
    """Figures stand apart from Chinese text, words do not."""
    return f" {figure_zh}" if figure_zh[0].isdigit() else figure_zh


def _title(policy: Policy, kind: Kind, step: Step) -> Words:
    if kind is Kind.CAP:
        return _CAPS[step.name]
    entry = CATALOGUE[str(step.fact)]
    named = {Kind.GATES: policy.gates, Kind.EXCEPTION: policy.gates}.get(kind, ())
    gate = next((one for one in named if one.id == step.name), None)
    indicators = policy.rubric.indicators if policy.rubric is not None and kind is Kind.INDICATOR else ()
    indicator = next((one for one in indicators if one.id == step.name), None)
    title = (gate.title if gate is not None else None) or (indicator.title if indicator is not None else None)
    return title or entry.title_zh, entry.title_en
