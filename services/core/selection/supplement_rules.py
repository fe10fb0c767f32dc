"""Supplements (S6): which reserve takes the place of a project that was stopped. Pure; the order of input never matters.

Reserves of the same partition are asked by rank. Each that does not pass is skipped, with every reason. What it takes of the caps
is what it asks now: its plan may have been improved since the ranking, and that is what would be built.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.core.facts.catalogue import CATALOGUE
from services.core.selection.candidates import Reason
from services.core.selection.choice import Budgeted, Demand, amount_text

CAP_WORDS: Mapping[str, tuple[str, str]] = {
    "count": ("个数", "the number of projects"),
    "budget": ("投资额", "the budget"),
    "floor_area": ("建筑面积", "the floor area"),
}


@dataclass(frozen=True, slots=True)
class Reserve:
    """A reserve as it stands now. `failed_gates`: by id what each is called, in Chinese and in English; `conflicts`: facts whose
    sources differ and nobody has adjudicated; `on_notice`: for another place; `refused`: an objection to it here was upheld.
    """

    project_id: str
    no: str
    title: str
    rank: int
    stage: str
    may_enter: bool
    on_notice: bool
    refused: bool
    conflicts: Sequence[str]
    failed_gates: Mapping[str, tuple[str, str]]
    is_ready: bool
    demand: Demand


@dataclass(frozen=True, slots=True)
class Weighed:
    """A reserve and every reason why it is skipped; without a reason it passes."""

    reserve: Reserve
    reasons: tuple[Reason, ...]

    @property
    def passes(self) -> bool:
        """Whether it could take the place."""
        return not self.reasons

    def document(self) -> dict[str, Any]:
        """The verdict as it is stored and published, in figures and words."""
        return {
            "project_id": self.reserve.project_id,
            "no": self.reserve.no,
            "title": self.reserve.title,
            "rank": self.reserve.rank,
            "passes": self.passes,
            "reasons": [
                {"code": one.code, **one.params, **dict(zip(("zh", "en"), _words(one, self.reserve), strict=True))}
                for one in self.reasons
            ],
        }


def weigh(reserves: Iterable[Reserve], room: Budgeted) -> list[Weighed]:
    """Every reserve by rank, against what is left of the caps (`room`, without what was freed)."""
    return [Weighed(one, tuple(_reasons(one, room))) for one in sorted(reserves, key=lambda one: (one.rank, one.no))]


def first_that_passes(weighed: Iterable[Weighed]) -> Weighed | None:
    """The one that takes the place: the first by rank without a reason against it."""
    return next((one for one in weighed if one.passes), None)


def _reasons(reserve: Reserve, room: Budgeted) -> Iterable[Reason]:
    if not reserve.may_enter:
        yield Reason("stage", {"stage": reserve.stage})
    if reserve.on_notice:
        yield Reason("on_notice")
    if reserve.refused:
        yield Reason("objection")
    if reserve.conflicts:
        yield Reason("conflict", {"facts": sorted(reserve.conflicts)})
    if reserve.failed_gates:
        yield Reason("gate", {"gates": list(reserve.failed_gates)})
    if not reserve.is_ready:
        yield Reason("not_ready")
    for over in room.over(reserve.demand):
        yield Reason(
            "cap",
            {
                "cap": over.cap,
                "left": amount_text(over.limit - over.used),
                "asks": None if over.asks is None else amount_text(over.asks),
            },
        )


def _words(reason: Reason, reserve: Reserve) -> tuple[str, str]:
    params = reason.params
    match reason.code:
        case "stage":
            return "已不在储备库或申报中", "is neither in the library nor applying any more"
        case "on_notice":
            return "已在另一增补的公示中", "is on notice for another place already"
        case "objection":
            return "对其增补的异议成立", "an objection to its entering here was upheld"
        case "conflict":
            facts = [CATALOGUE[key] for key in params["facts"]]
            zh, en = "、".join(one.title_zh for one in facts), ", ".join(one.title_en for one in facts)
            return f"各来源数字不一致，待裁定：{zh}", f"sources differ, to be adjudicated: {en}"
        case "gate":
            names_zh, names_en = zip(*reserve.failed_gates.values(), strict=True)
            return f"条件未满足：{'、'.join(names_zh)}", f"gates not passed: {', '.join(names_en)}"
        case "not_ready":
            return "前期工作尚未就绪", "its preparation is not done"
        case _:
            zh, en = CAP_WORDS[params["cap"]]
            if params["asks"] is None:
                return f"{zh}没有记录，不能计入总量", f"{en} is not recorded and fits no cap"
            return (
                f"{zh}需 {params['asks']}，余量 {params['left']}",
                f"{en}: asks {params['asks']}, {params['left']} is left",
            )
