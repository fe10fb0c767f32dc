"""The facts of a project: its own, and those of its compounds taken together as the catalogue says. Pure.

The form is the one that a freeze stores and a bundle carries: value and kind of each fact, and the sources behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from services.core.facts.catalogue import (
    CATALOGUE,
    Entry,
    Subject,
    Value,
    aggregate,
    aggregated_value,
    text_of,
    value_of,
)
from services.core.facts.rules import RANK, EffectiveFact, Figure

FLOOR_AREA = "compound.floor_area"
COMMITTEE = "governance.committee"
BODIES = ("governance.owners_committee", "governance.self_management_group")


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """`facts`: by key {value, kind, sources, missing?}. `conflicts`: what sources disagree on and nobody has adjudicated."""

    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    conflicts: list[dict[str, Any]] = field(default_factory=list)

    def value(self, key: str) -> Value | None:
        """The exact value of a fact, None when it is missing or in conflict."""
        known = self.facts.get(key)
        return None if known is None or known["value"] is None else aggregated_value(CATALOGUE[key], known["value"])


def implied(known: Mapping[UUID, Mapping[str, EffectiveFact]]) -> dict[UUID, Mapping[str, EffectiveFact]]:
    """The same with what one record says in other words: a compound with an owners' committee or a self-management group has a
    committee, one that has neither has none. What was recorded of the committee itself stands.
    """
    return {subject: _with_committee(facts) for subject, facts in known.items()}


def _with_committee(facts: Mapping[str, EffectiveFact]) -> Mapping[str, EffectiveFact]:
    bodies = [facts[key] for key in BODIES if key in facts and facts[key].value is not None]
    if COMMITTEE in facts or not bodies:
        return facts
    there = next((one for one in bodies if one.value == "true"), None)
    if there is None and len(bodies) < len(BODIES):
        return facts
    return {**facts, COMMITTEE: replace(there or bodies[0], key=COMMITTEE, replaced=())}


def facts_of_project(
    project_id: UUID, compound_ids: Sequence[UUID], known: Mapping[UUID, Mapping[str, EffectiveFact]]
) -> ProjectFacts:
    """All facts of a project. The outcome does not depend on the order of the compounds.

    A fact of which a part is in conflict has no value; the conflict is named. A part that nobody recorded is listed as missing.
    """
    compounds = sorted(compound_ids)
    weights = [_number(known.get(compound, {}).get(FLOOR_AREA)) for compound in compounds]
    facts: dict[str, dict[str, Any]] = {}
    conflicts: list[dict[str, Any]] = []
    for key in sorted(_keys(known, [project_id, *compounds])):
        entry = CATALOGUE[key]
        subjects = [project_id] if entry.subject is Subject.PROJECT else compounds
        parts = [known.get(subject, {}).get(key) for subject in subjects]
        torn = [(subject, part) for subject, part in zip(subjects, parts, strict=True) if part and part.conflict]
        conflicts.extend(_conflict(key, subject, part.conflict) for subject, part in torn)
        found = [(subject, part) for subject, part in zip(subjects, parts, strict=True) if part and not part.conflict]
        if not found:
            continue
        facts[key] = _fact(subjects, found, None if torn else _value(entry, parts, weights))
    return ProjectFacts(facts, conflicts)


def _keys(known: Mapping[UUID, Mapping[str, EffectiveFact]], subjects: Iterable[UUID]) -> set[str]:
    return {key for subject in subjects for key in known.get(subject, {}) if key in CATALOGUE}


def _value(entry: Entry, parts: Sequence[EffectiveFact | None], weights: Sequence[Fraction | None]) -> str | None:
    if entry.subject is Subject.PROJECT:
        return None if parts[0] is None else parts[0].value
    values = [None if part is None or part.value is None else value_of(entry, part.value) for part in parts]
    whole = aggregate(entry, values, weights)
    return None if whole is None else text_of(whole)


def _number(fact: EffectiveFact | None) -> Fraction | None:
    if fact is None or fact.value is None:
        return None
    value = value_of(CATALOGUE[fact.key], fact.value)
    return value if isinstance(value, Fraction) else None


def _fact(subjects: Sequence[UUID], found: Sequence[tuple[UUID, EffectiveFact]], value: str | None) -> dict[str, Any]:
    """A fact is only as good as its weakest part: one synthetic part makes it synthetic."""
    weakest = min((part.kind for _, part in found if part.kind is not None), key=lambda kind: RANK[kind])
    made: dict[str, Any] = {
        "value": value,
        "kind": str(weakest),
        "sources": [_source(subject, part) for subject, part in found],
    }
    missing = [str(subject) for subject in subjects if subject not in {known for known, _ in found}]
    if missing:
        made["missing"] = missing
    return made


def _source(subject: UUID, fact: EffectiveFact) -> dict[str, Any]:
    return {"subject": str(subject), **figure_json(fact), "adjudicated": fact.adjudicated}


def _conflict(key: str, subject: UUID, figures: Sequence[Figure]) -> dict[str, Any]:
    return {"key": key, "subject": str(subject), "figures": [figure_json(figure) for figure in figures]}


def figure_json(fact: EffectiveFact | Figure) -> dict[str, Any]:
    """What one source says, in the form of a freeze."""
    return {
        "value": fact.value,
        "kind": None if fact.kind is None else str(fact.kind),
        "source": fact.source,
        "document": fact.document,
        "rows": list(fact.source_rows),
        "observed_on": None if fact.observed_on is None else fact.observed_on.isoformat(),
        "recorded_at": None if fact.recorded_at is None else fact.recorded_at.isoformat(),
        "fact_id": None if fact.fact_id is None else str(fact.fact_id),
    }
