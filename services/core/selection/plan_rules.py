"""Rules of the annual plan: what is left of a round's caps, and whether what bureaus fix keeps them. Pure and exact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.core.facts.catalogue import MAX_PLACES
from services.core.kit.exact import round_half_up
from services.core.selection.candidates import Caps, RoundParameters
from services.core.selection.choice import Budgeted, Demand, demand, limits_of


@dataclass(frozen=True, slots=True)
class Held:
    """What a project of the plan takes of the caps of its partition.

    The budget is the one that the plan holds now (as fixed by the bureaus, or adjusted since): that is what the city has bound
    itself to. The floor area is the one that was frozen: the published ranking rests on it, and nobody fixes it anew.
    """

    project_id: str
    partition: str
    budget: Decimal | None
    floor_area: Decimal | None

    @property
    def demand(self) -> Demand:
        """The same for the rules of choice."""
        return demand(
            None if self.budget is None else Fraction(self.budget),
            None if self.floor_area is None else Fraction(self.floor_area),
        )


def caps_of(parameters: RoundParameters, partition: str) -> Caps:
    """The caps that hold for a partition: its own row, else the row for all, else none."""
    rows = {row.partition: row for row in parameters.caps}
    return rows.get(partition) or rows.get(None) or Caps(partition)


def taken(parameters: RoundParameters, partition: str, held: Iterable[Held]) -> Budgeted:
    """The caps of a partition with what its projects of the plan take of them."""
    used = Budgeted(limits_of(caps_of(parameters, partition)))
    for one in held:
        if one.partition == partition:
            used.take(one.demand)
    return used


def first_over(parameters: RoundParameters, held: Iterable[Held]) -> Held | None:
    """The first project, in the order given, with which its partition exceeds a cap; None when all keep them."""
    used: dict[str, Budgeted] = {}
    for one in held:
        caps = used.setdefault(one.partition, taken(parameters, one.partition, ()))
        if caps.over(one.demand):
            return one
        caps.take(one.demand)
    return None


@dataclass(frozen=True, slots=True)
class Fixed:
    """What bureaus have fixed for a project (S13): its budget, its client unit, or both."""

    budget: Decimal | None = None
    client_unit: str | None = None


def fixed_of(approvals: Iterable[Mapping[str, Any]]) -> dict[str, Fixed]:
    """What the approvals of one publication have fixed, by project; they never contradict each other."""
    found: dict[str, Fixed] = {}
    for approval in approvals:
        for row in approval["fixed"]:
            known = found.get(row["project_id"], Fixed())
            budget = known.budget if row["budget"] is None else Decimal(row["budget"])
            found[row["project_id"]] = Fixed(budget, known.client_unit or row["client_unit"])
    return found


def as_fixed(held: Held, fixed: Mapping[str, Fixed]) -> Held:
    """The same with the budget that the bureaus fixed, where they did."""
    budget = fixed.get(held.project_id, Fixed()).budget
    return held if budget is None else replace(held, budget=budget)


def number_of(text: str | None) -> Decimal | None:
    """A frozen figure as the plan keeps it: exact, as recorded figures have at most nine places."""
    return None if text is None else round_half_up(Fraction(text), MAX_PLACES)
