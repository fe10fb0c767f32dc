"""What each compound of a project brings to a fact that is taken over all of them: which one lacks what. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE, Aggregation, Subject, value_of
from services.core.facts.rules import EffectiveFact
from services.core.policy.form import Condition

# A sum, and "any of them", say nothing of one compound alone.
_SAY_NOTHING_OF_ONE = frozenset({Aggregation.SUM, Aggregation.ANY})


@dataclass(frozen=True, slots=True)
class Contribution:
    """One compound's part. `value` is None when nobody recorded it, or sources differ (`in_conflict`).

    `meets`: whether it meets the condition alone; None where the fact's aggregation says nothing of one compound.
    """

    compound_id: UUID
    name: str
    value: str | None
    in_conflict: bool
    meets: bool | None


def contributions(
    condition: Condition, compounds: Sequence[tuple[UUID, str]], known: Mapping[UUID, Mapping[str, EffectiveFact]]
) -> list[Contribution]:
    """Each compound's part of the condition's fact, in the order given; none for a fact of the project itself."""
    entry = CATALOGUE[condition.fact]
    if entry.subject is Subject.PROJECT:
        return []
    found = []
    for compound_id, name in compounds:
        fact = known[compound_id].get(condition.fact)
        value = None if fact is None else fact.value
        meets = None
        if entry.aggregation not in _SAY_NOTHING_OF_ONE:
            meets = value is not None and condition.met_by(value_of(entry, value))
        found.append(Contribution(compound_id, name, value, bool(fact and fact.conflict), meets))
    return found
