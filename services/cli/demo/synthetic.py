"""What the documents do not give, made from a fixed seed. Every figure from here is marked synthetic, in the data and on screen."""

import random
from dataclasses import dataclass

SEED = 2020
SOURCE = f"演示合成数据（种子 {SEED}）"


@dataclass(frozen=True, slots=True)
class Invented:
    """Facts of one compound and its project, and a plan; numbers as text, none from any document."""

    compound: dict[str, str]
    project: dict[str, str]
    plan: dict[str, object]


def _hundredths(dice: random.Random, low: int, high: int) -> str:
    return f"{dice.randint(low, high) / 100:.2f}"


def _flag(dice: random.Random, percent: int) -> str:
    return "true" if dice.randint(1, 100) <= percent else "false"


def invent(name: str, households: int, works: list[str]) -> Invented:
    """The same name gives the same figures, on every machine."""
    dice = random.Random(f"{SEED}:{name}")  # noqa: S311 - to be repeated, not to be secret
    compound = {
        "compound.floor_area": f"{households * dice.randint(68, 96)}.{dice.randint(0, 99):02d}",
        "compound.buildings": str(max(1, households // dice.randint(28, 44))),
        "compound.built_year": str(dice.randint(1978, 1999)),
        "compound.hazards": str(dice.randint(0, 6)),
        "facilities.basic.defect_share": _hundredths(dice, 25, 95),
        "facilities.improved.defect_share": _hundredths(dice, 10, 90),
        "governance.party_organisation": _flag(dice, 75),
        "governance.committee": _flag(dice, 70),
        "governance.management_mode_agreed": _flag(dice, 80),
    }
    project = {
        "survey.response_share": _hundredths(dice, 60, 100),
        "survey.join.agree_of_all_share": _hundredths(dice, 58, 98),
        "vote.menu.passed": _flag(dice, 92),
        "vote.plan.passed": _flag(dice, 92),
        "vote.plan.approval_share": _hundredths(dice, 75, 99),
        "funding.repair_fund_share": _hundredths(dice, 0, 80),
        "project.ready": _flag(dice, 80),
    }
    return Invented(compound, project, _plan(dice, households, works))


def _plan(dice: random.Random, households: int, works: list[str]) -> dict[str, object]:
    chosen = dice.sample(works, 4)
    costs = [households * dice.randint(1800, 5200) for _ in chosen]
    budget = sum(costs)
    residents = budget * dice.randint(0, 22) // 100
    county = (budget - residents) * 4 // 10
    funding = [("residents", residents), ("county", county), ("central", budget - residents - county)]
    return {
        "items": [
            {
                "title": f"{work}（演示）",
                "menu_item": work,
                "category": "basic",
                "quantity": str(households),
                "unit": "户",
                "cost": f"{cost}.00",
            }
            for work, cost in zip(chosen, costs, strict=True)
        ],
        "budget": f"{budget}.00",
        "funding": [{"source": source, "amount": f"{amount}.00"} for source, amount in funding if amount],
        "synthetic": True,
        "management_mode": dice.choice(["引入物业服务", "社区托管", "业主自管"]),
    }
