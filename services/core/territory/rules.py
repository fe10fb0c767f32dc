"""Rules of territory: what may stand below what, whose name a printed label is, and whether printed parts add up."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

COUNT_KEY = "compounds"
"""The one key of a printed total that is no fact: how many compounds the lines of a group count as."""

# A child's level by its parent's. Prefectures without counties (东莞市) and development zones have streets directly below.
BELOW: dict[str, frozenset[str]] = {
    "nation": frozenset({"province"}),
    "province": frozenset({"city", "county", "zone"}),
    "city": frozenset({"county", "street", "zone"}),
    "county": frozenset({"street", "community", "zone"}),
    "zone": frozenset({"street", "community"}),
    "street": frozenset({"community"}),
    "community": frozenset(),
}
ADDED_BY_STAFF = frozenset({"street", "community", "zone"})
HOLDS_COMPOUNDS = frozenset({"city", "county", "zone", "street", "community"})


class FindingKind(StrEnum):
    """What is wrong with figures."""

    CONFLICT = "conflict"
    MISMATCH = "mismatch"
    INCOMPLETE = "incomplete"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Part:
    """One line's share of a total; `value` is None where it was not printed."""

    label: str
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class TotalFinding:
    """A printed total that its parts do not give. `difference` = reported - summed; `missing` names the parts not printed."""

    kind: FindingKind
    reported: Fraction
    summed: Fraction
    difference: Fraction
    missing: tuple[str, ...]


def total_finding(reported: Fraction, parts: Sequence[Part]) -> TotalFinding | None:
    """None when the parts add up to the total; domain.md *Real figures* (mismatch | incomplete).

    With parts not printed the total is incomplete, and the difference is what they would have to hold; but no figure is below
    zero, so printed parts that exceed the total already are a mismatch whatever is missing.
    """
    summed = sum((part.value for part in parts if part.value is not None), Fraction(0))
    missing = tuple(part.label for part in parts if part.value is None)
    difference = reported - summed
    if missing and difference >= 0:
        return TotalFinding(FindingKind.INCOMPLETE, reported, summed, difference, missing)
    if difference:
        return TotalFinding(FindingKind.MISMATCH, reported, summed, difference, missing)
    return None


def normal_name(name: str) -> str:
    """A name for comparing: compatibility forms folded, no spaces."""
    return "".join(unicodedata.normalize("NFKC", name).split())


class Names:
    """The names of some compounds, each normalised once: a thousand labels are looked up among thousands of compounds."""

    def __init__(self, compounds: Mapping[UUID, str]) -> None:
        self._compounds: dict[str, list[UUID]] = {}
        for compound_id, name in compounds.items():
            self._compounds.setdefault(normal_name(name), []).append(compound_id)

    def meant_by(self, label: str) -> list[UUID]:
        """The compounds that a printed label may mean.

        Those of exactly this name; when there is none, those whose name the label holds (two names run together,
        万利小区釜山新村) or whose name holds the label.
        """
        wanted = normal_name(label)
        exact = self._compounds.get(wanted)
        if exact is not None:
            return list(exact)
        return [one for name, those in self._compounds.items() if name in wanted or wanted in name for one in those]

    def settled(self, labels: Sequence[str]) -> list[UUID | None]:
        """Which compound each label of one report means beyond doubt: the only one of exactly this name, named by this label
        alone."""
        exact = [self._compounds.get(normal_name(label), []) for label in labels]
        found = [those[0] if len(those) == 1 else None for those in exact]
        named = Counter(found)
        return [one if named[one] == 1 else None for one in found]
