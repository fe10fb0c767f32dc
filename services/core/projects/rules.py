"""Pure rules of projects: which action leads where, whether a plan adds up, what it says as facts, how two plans differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE
from services.core.kit.errors import FieldError
from services.core.kit.exact import decimal_text, digest
from services.core.territory.rules import Category


class Stage(StrEnum):
    """Where a project stands. `MOVES` says which action leads where."""

    DRAFT = "draft"
    APPLIED = "applied"
    LIBRARY = "library"
    PLANNED = "planned"
    WORKS = "works"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    DROPPED = "dropped"


class Action(StrEnum):
    """What moves a project from stage to stage: a person does it, or a round that is confirmed (`choose`, `shelve`)."""

    APPLY = "apply"
    WITHDRAW = "withdraw"
    CHOOSE = "choose"
    SHELVE = "shelve"
    SUPPLEMENT = "supplement"
    DROP = "drop"
    START = "start"
    ACCEPT = "accept"
    HAND_OVER = "hand_over"


MOVES: Mapping[tuple[Action, str], Stage] = {
    (Action.APPLY, Stage.DRAFT): Stage.APPLIED,
    (Action.APPLY, Stage.LIBRARY): Stage.APPLIED,
    (Action.WITHDRAW, Stage.APPLIED): Stage.DRAFT,
    (Action.WITHDRAW, Stage.LIBRARY): Stage.DRAFT,
    (Action.CHOOSE, Stage.APPLIED): Stage.PLANNED,
    (Action.CHOOSE, Stage.LIBRARY): Stage.PLANNED,
    (Action.SHELVE, Stage.APPLIED): Stage.LIBRARY,
    # Not chosen once more: it stays where it is, and its history says that another year has gone by.
    (Action.SHELVE, Stage.LIBRARY): Stage.LIBRARY,
    (Action.SUPPLEMENT, Stage.APPLIED): Stage.PLANNED,
    (Action.SUPPLEMENT, Stage.LIBRARY): Stage.PLANNED,
    (Action.DROP, Stage.DRAFT): Stage.DROPPED,
    (Action.DROP, Stage.APPLIED): Stage.DROPPED,
    (Action.DROP, Stage.LIBRARY): Stage.DROPPED,
    (Action.DROP, Stage.PLANNED): Stage.DROPPED,
    (Action.START, Stage.PLANNED): Stage.WORKS,
    (Action.ACCEPT, Stage.WORKS): Stage.ACCEPTED,
    (Action.HAND_OVER, Stage.ACCEPTED): Stage.HANDED_OVER,
}

# The gates that an action asks, by what they gate. What led to the choice has to hold still when works begin.
ASKS: Mapping[Action, frozenset[str]] = {
    Action.APPLY: frozenset({"inclusion", "application"}),
    Action.START: frozenset({"inclusion", "application", "plan", "selection", "works"}),
    Action.ACCEPT: frozenset({"acceptance"}),
}

# What ties a project to the policy version of the round that decides: what began under a version ends under it.
PINS = frozenset({Action.CHOOSE, Action.SUPPLEMENT})

STAGE_TITLES: Mapping[Stage, tuple[str, str]] = {
    Stage.DRAFT: ("草拟", "draft"),
    Stage.APPLIED: ("申报", "applied"),
    Stage.LIBRARY: ("入库", "in the library"),
    Stage.PLANNED: ("列入年度计划", "in the annual plan"),
    Stage.WORKS: ("施工", "works under way"),
    Stage.ACCEPTED: ("竣工验收", "accepted"),
    Stage.HANDED_OVER: ("移交", "handed over"),
    Stage.DROPPED: ("终止", "dropped"),
}
ACTION_TITLES: Mapping[Action, tuple[str, str]] = {
    Action.APPLY: ("申报", "apply"),
    Action.WITHDRAW: ("撤回申报", "withdraw"),
    Action.CHOOSE: ("比选列入计划", "choose in a round"),
    Action.SHELVE: ("比选后入库", "keep for a later year"),
    Action.SUPPLEMENT: ("增补列入计划", "supplement"),
    Action.DROP: ("终止", "drop"),
    Action.START: ("开工", "start works"),
    Action.ACCEPT: ("验收", "accept works"),
    Action.HAND_OVER: ("移交", "hand over"),
}

# Stages in which a plan may still be improved (rolling selection, Ningbo: those not chosen improve their plan).
OPEN_TO_PLANS = frozenset({Stage.DRAFT, Stage.APPLIED, Stage.LIBRARY})

MAX_ITEMS = 500
"""Most lines of works of one plan."""


class FundingSource(StrEnum):
    """Who pays: finance by level, residents (cash, repair fund, provident fund, public income), firms and others."""

    CENTRAL = "central"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    RESIDENTS = "residents"
    REPAIR_FUND = "repair_fund"
    PROVIDENT_FUND = "provident_fund"
    PUBLIC_INCOME = "public_income"
    COMPANIES = "companies"
    UTILITIES = "utilities"
    FORMER_OWNERS = "former_owners"
    SOCIETY = "society"
    LOANS = "loans"


# What residents pay in any form, and what firms pay (Liuzhou: both together at least 20% of the investment).
RESIDENTS = frozenset(
    {
        FundingSource.RESIDENTS,
        FundingSource.REPAIR_FUND,
        FundingSource.PROVIDENT_FUND,
        FundingSource.PUBLIC_INCOME,
    }
)
COMPANIES = frozenset({FundingSource.COMPANIES, FundingSource.UTILITIES})


class BuildingOption(StrEnum):
    """What becomes of a line of works at one building (R4, 004_c9c5fc786dd61830.txt 二 江苏省常州市): a lift comes with the works
    where residents agree; else its pit is made ready, so that no pipe is moved twice.
    """

    WITH_WORKS = "with_works"
    PIT_READY = "pit_ready"


@dataclass(frozen=True, slots=True)
class BuildingChoice:
    """The option of one building."""

    building_id: UUID
    option: BuildingOption


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One line of works: what, how much of it, at what cost in yuan. `buildings`: where it differs from building to building."""

    title: str
    menu_item: str | None
    category: Category
    quantity: Decimal
    unit: str
    cost: Decimal
    buildings: tuple[BuildingChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class FundingLine:
    """One payer's part of the budget, in yuan."""

    source: FundingSource
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """Works, budget (yuan), funding and the management mode afterwards. Empty funding: not arranged yet.

    `synthetic`: made up for a demonstration or a test; what it says is marked so wherever it is read.
    """

    items: tuple[PlanItem, ...]
    budget: Decimal
    funding: tuple[FundingLine, ...]
    management_mode: str | None
    synthetic: bool = False


def check(plan: Plan) -> list[FieldError]:
    """Every line that makes the plan contradict itself: costs or funding beyond the budget, funding short of it."""
    errors = []
    spent = Decimal(0)
    for index, item in enumerate(plan.items):
        spent += item.cost
        if spent > plan.budget:
            over = decimal_text(spent - plan.budget)
            errors.append(
                FieldError(
                    f"/items/{index}/cost",
                    f"至此项费用合计超出预算 {over} 元",
                    f"costs up to here exceed the budget by {over}",
                )
            )
            break
    return errors + _building_errors(plan) + _funding_errors(plan)


def _building_errors(plan: Plan) -> list[FieldError]:
    return [
        FieldError(f"/items/{index}/buildings/{place}/building_id", "同一楼栋重复列出", "this building is listed twice")
        for index, item in enumerate(plan.items)
        for place, choice in enumerate(item.buildings)
        if choice.building_id in {earlier.building_id for earlier in item.buildings[:place]}
    ]


def _funding_errors(plan: Plan) -> list[FieldError]:
    seen: set[FundingSource] = set()
    errors = []
    arranged = Decimal(0)
    exceeded = False
    for index, line in enumerate(plan.funding):
        if line.source in seen:
            errors.append(
                FieldError(f"/funding/{index}/source", "同一资金来源重复列出", "this source of funding is listed twice")
            )
        seen.add(line.source)
        arranged += line.amount
        if arranged > plan.budget and not exceeded:
            exceeded = True
            over = decimal_text(arranged - plan.budget)
            errors.append(
                FieldError(
                    f"/funding/{index}/amount",
                    f"至此项资金合计超出预算 {over} 元",
                    f"funding up to here exceeds the budget by {over}",
                )
            )
    if plan.funding and not exceeded and arranged < plan.budget:
        short = decimal_text(plan.budget - arranged)
        errors.append(
            FieldError("/funding", f"资金合计比预算少 {short} 元", f"funding falls short of the budget by {short}")
        )
    return errors


def complete(plan: Plan) -> bool:
    """Whether works are listed and add up to the budget, funding too, and the management mode is settled."""
    return (
        plan.budget > 0
        and sum((item.cost for item in plan.items), Decimal(0)) == plan.budget
        and sum((line.amount for line in plan.funding), Decimal(0)) == plan.budget
        and bool(plan.management_mode)
    )


def share(plan: Plan, sources: Iterable[FundingSource]) -> Fraction:
    """The part of the budget that these sources pay, exactly; 0 of an empty budget."""
    paid = sum((line.amount for line in plan.funding if line.source in sources), Decimal(0))
    return Fraction(paid) / Fraction(plan.budget) if plan.budget else Fraction(0)


def facts_of(plan: Plan) -> dict[str, str]:
    """What a plan says, as facts of the catalogue: always the same keys, so that a new plan leaves nothing of the old."""
    return {
        "project.budget": decimal_text(plan.budget),
        "plan.complete": "true" if complete(plan) else "false",
        "funding.residents_share": decimal_text(share(plan, RESIDENTS)),
        "funding.companies_share": decimal_text(share(plan, COMPANIES)),
        "funding.residents_and_companies_share": decimal_text(share(plan, RESIDENTS | COMPANIES)),
    }


# What is said of one plan version and of no other: the owners' vote on it, its public notice (domain.md S3, S12), what they said of
# it at their doors (R1).
PLAN_BOUND: tuple[str, ...] = tuple(
    key for key in CATALOGUE if key.startswith(("vote.plan.", "notice.plan.", "consultation.plan."))
)


def document_of(plan: Plan) -> dict[str, Any]:
    """The plan as it is stored and hashed; numbers as text."""
    return {
        "items": [_item_document(item) for item in plan.items],
        "budget": _yuan(plan.budget),
        "funding": [{"source": line.source, "amount": _yuan(line.amount)} for line in plan.funding],
        "management_mode": plan.management_mode,
        **({"synthetic": True} if plan.synthetic else {}),
    }


def _item_document(item: PlanItem) -> dict[str, Any]:
    plain = {**asdict(item), "quantity": decimal_text(item.quantity), "cost": _yuan(item.cost)}
    del plain["buildings"]
    if item.buildings:
        plain["buildings"] = [{"building_id": str(one.building_id), "option": one.option} for one in item.buildings]
    return plain


def plan_digest(plan: Plan) -> str:
    """SHA-256 of the plan's canonical form; a vote is bound to it."""
    return digest(document_of(plan))


def _yuan(amount: Decimal) -> str:
    return f"{amount:.2f}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What changed from one stored plan to the next: budget, mode, lines of works and of funding added, removed, changed."""
    changed = {
        name: {"before": before[name], "after": after[name]}
        for name in ("budget", "management_mode")
        if before[name] != after[name]
    }
    return {
        **changed,
        "items": _line_differences(before["items"], after["items"], ("title", "menu_item")),
        "funding": _line_differences(before["funding"], after["funding"], ("source",)),
    }


def _line_differences(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> dict[str, list[Any]]:
    old, new = _by_key(before, keys), _by_key(after, keys)
    return {
        "added": [line for key, line in new.items() if key not in old],
        "removed": [line for key, line in old.items() if key not in new],
        "changed": [
            {"before": old[key], "after": line} for key, line in new.items() if key in old and old[key] != line
        ],
    }


def _by_key(lines: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Lines by what names them; lines of the same name are told apart by their order."""
    found: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for line in lines:
        name = tuple(line[key] for key in keys)
        copies = 0
        while (*name, copies) in found:
            copies += 1
        found[*name, copies] = line
    return found
