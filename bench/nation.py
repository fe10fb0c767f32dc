"""A nation of synthetic projects: a policy of 20 indicators and the facts that it reads, the same for the same number."""

from fractions import Fraction
from typing import Any

from services.core.policy.schema import Policy
from services.core.selection.candidates import Caps, RoundParameters

INDICATORS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("facilities.basic.defect_share", "10", {"kind": "linear", "from": "0", "to": "1"}),
    ("facilities.improved.defect_share", "8", {"kind": "linear", "from": "0", "to": "1"}),
    ("facilities.upgraded.defect_share", "4", {"kind": "linear", "from": "0", "to": "1"}),
    ("compound.hazards", "10", {"kind": "count", "each": "2"}),
    ("compound.built_year", "5", {"kind": "linear", "from": "2005", "to": "1970"}),
    ("compound.self_built_share", "3", {"kind": "linear", "from": "0.4", "to": "0"}),
    ("compound.households", "5", {"kind": "linear", "from": "50", "to": "1500"}),
    ("compound.parking", "3", {"kind": "linear", "from": "400", "to": "0"}),
    ("survey.response_share", "5", {"kind": "linear", "from": "0.5", "to": "1"}),
    ("survey.join.agree_of_all_share", "6", {"kind": "linear", "from": "0.5", "to": "1"}),
    ("survey.plan.asked_share", "3", {"kind": "linear", "from": "0.5", "to": "1"}),
    ("vote.plan.participation_share", "4", {"kind": "linear", "from": "2/3", "to": "1"}),
    ("vote.plan.approval_share", "8", {"kind": "linear", "from": "0.75", "to": "1"}),
    ("funding.residents_share", "6", {"kind": "linear", "from": "0", "to": "0.2"}),
    ("funding.companies_share", "4", {"kind": "linear", "from": "0", "to": "0.3"}),
    ("funding.repair_fund_share", "4", {"kind": "linear", "from": "0", "to": "0.8"}),
    ("governance.party_organisation", "4", {"kind": "flag"}),
    ("governance.committee", "4", {"kind": "flag"}),
    ("governance.management_mode_agreed", "2", {"kind": "flag"}),
    ("governance.duties_agreed", "2", {"kind": "flag"}),
)
SHARES = tuple(key for key, _, _ in INDICATORS if key.endswith("share") and key != "compound.self_built_share")


def policy() -> Policy:
    """Three dimensions of 20 indicators, two hard gates and a soft one, ties, a carry-over by tier."""
    parts = {"need": INDICATORS[:8], "will": INDICATORS[8:13], "means": INDICATORS[13:]}
    return Policy.model_validate(
        {
            "id": "nation",
            "version": 1,
            "title": "测速",
            "rubric": {
                "scale": "100",
                "dimensions": [
                    {
                        "id": name,
                        "title": name,
                        "indicators": [
                            {
                                "id": fact.replace(".", "_"),
                                "title": fact,
                                "fact": fact,
                                "points": points,
                                "curve": curve,
                            }
                            for fact, points, curve in part
                        ],
                    }
                    for name, part in parts.items()
                ],
                "tie_break": [
                    {"fact": "score.need", "order": "desc"},
                    {"fact": "compound.built_year", "order": "asc"},
                ],
            },
            "gates": [
                {"id": "menu", "vote": "menu"},
                {"id": "plan", "vote": "renovation_plan"},
                {"id": "willing", "fact": "survey.join.agree_of_all_share", "at_least": "0.55", "hard": False},
            ],
            "selection": {
                "partition": "county",
                "over_cap": "skip",
                "carry_over": {"kind": "tier", "share": "0.5", "rounds": 2},
            },
            "notices": {"ranking": {"days": 5, "unit": "workday"}},
        }
    )


def parameters(region: str = "nation") -> RoundParameters:
    """One row of caps for every county: count, money and area."""
    return RoundParameters(region, 2027, (Caps(None, 25, Fraction(300_000_000), Fraction(900_000)),), 10)


def facts(number: int) -> dict[str, str]:
    """Canonical texts of the 25 facts of one project; values differ much from project to project."""
    mixed = number * 2_654_435_761 % 2**32
    found = {key: share(mixed >> place, 400 + place) for place, key in enumerate(SHARES)}
    found["funding.residents_share"] = share(mixed >> 3, 0, 300)
    return dict(
        sorted(
            (
                found
                | {
                    "compound.hazards": str(mixed % 8),
                    "compound.built_year": str(1965 + mixed % 40),
                    "compound.self_built_share": share(mixed >> 5, 0, 300),
                    "compound.households": str(60 + mixed % 1500),
                    "compound.parking": str(mixed % 420),
                    "compound.floor_area": f"{4000 + mixed % 60_000}.{mixed % 9 + 1}",
                    "governance.party_organisation": "true" if mixed % 5 else "false",
                    "governance.committee": "true" if mixed % 3 else "false",
                    "governance.management_mode_agreed": "true" if mixed % 7 else "false",
                    "governance.duties_agreed": "true" if mixed % 2 else "false",
                    "project.budget": f"{2_000_000 + mixed % 20_000_000}.{mixed % 9 + 1}",
                    "vote.menu.passed": "true",
                    "vote.plan.passed": "true" if mixed % 23 else "false",
                }
            ).items()
        )
    )


def share(mixed: int, low: int, span: int = 600) -> str:
    """A share of three places, at least `low` thousandths."""
    thousandths = low + mixed % (min(span, 1001 - low))
    return f"0.{thousandths:03d}".rstrip("0").rstrip(".") if thousandths < 1000 else "1"
