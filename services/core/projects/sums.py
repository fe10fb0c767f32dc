"""Adding up the rows of a roll-up, exactly. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from services.core.projects.rules import Stage

# Sums of what facts and plans hold never have more digits: additions in it are exact.
EXACT = Context(prec=200)

PLANNED_OR_FURTHER = (Stage.PLANNED, Stage.WORKS, Stage.ACCEPTED, Stage.HANDED_OVER)


@dataclass(slots=True)
class Sums:
    """What the projects of a region's subtree come to. Dropped ones are counted by stage, and left out of everything else."""

    by_stage: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Stage), 0))
    projects: int = 0
    compounds: int = 0
    households: int = 0
    households_unknown: int = 0
    floor_area: Decimal = Decimal(0)
    floor_area_unknown: int = 0
    budget: Decimal = Decimal(0)
    without_plan: int = 0
    synthetic: int = 0
    funding: dict[str, Decimal] = field(default_factory=dict)

    def at_least(self, stage: Stage) -> int:
        """How many are in a plan and have come as far as `stage`."""
        return sum(self.by_stage[one] for one in PLANNED_OR_FURTHER[PLANNED_OR_FURTHER.index(stage) :])

    def share(self, stage: Stage) -> Fraction | None:
        """The part of those in a plan that have come as far as `stage`; None where nothing is planned."""
        planned = self.at_least(Stage.PLANNED)
        return Fraction(self.at_least(stage), planned) if planned else None


def add_up(rows: Iterable[Mapping[str, Any]], with_dropped: bool) -> Sums:
    """The sums of one region's rows. `with_dropped`: the dropped are what is asked for."""
    sums = Sums()
    for row in rows:
        sums.by_stage[row["stage"]] += row["projects"]
        if row["stage"] == Stage.DROPPED and not with_dropped:
            continue
        sums.projects += row["projects"]
        sums.compounds += row["compounds"]
        sums.households += int(row["households"])
        sums.households_unknown += row["households_unknown"]
        sums.floor_area = EXACT.add(sums.floor_area, row["floor_area"])
        sums.floor_area_unknown += row["floor_area_unknown"]
        sums.budget = EXACT.add(sums.budget, row["budget"])
        sums.without_plan += row["without_plan"]
        sums.synthetic += row["synthetic"]
        for source, amount in row["funding"].items():
            sums.funding[source] = EXACT.add(sums.funding.get(source, Decimal(0)), Decimal(amount))
    return sums
