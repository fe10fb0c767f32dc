"""Which of several sources' figures holds: counted before attested before synthetic, and where sources differ a person decides.

domain.md S17: sources are kept side by side; nothing is averaged, nothing is silently preferred.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """How a figure came about. A lower kind never conflicts with a higher one."""

    COUNTED = "counted"
    ATTESTED = "attested"
    SYNTHETIC = "synthetic"


_OURS = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
RANK: dict[str, int] = {Kind.COUNTED: 2, Kind.ATTESTED: 1, Kind.SYNTHETIC: 0}


def is_ours(source: str) -> bool:
    """Whether a source is one of the system's own: those are named like modules (`project.plan`), and nobody may pose as one."""
    return _OURS.fullmatch(source) is not None


@dataclass(frozen=True, slots=True)
class Figure:
    """What one source says now about one key of one subject. `value` is the catalogue's canonical text."""

    fact_id: UUID
    key: str
    value: str
    kind: str
    source: str
    document: str | None
    source_rows: tuple[Any, ...]
    observed_on: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """A live adjudication: whose figure was chosen, its value, and the digest of the values that were on the table."""

    source: str
    value: str
    values_digest: str


@dataclass(frozen=True, slots=True)
class EffectiveFact:
    """What decisions read. While a conflict is not adjudicated, `conflict` lists the figures and everything else is None.

    `replaced`: figures of a lower kind, and those that an adjudication overruled.
    """

    key: str
    value: str | None
    kind: str | None
    source: str | None
    document: str | None
    source_rows: tuple[Any, ...]
    observed_on: date | None
    recorded_at: datetime | None
    fact_id: UUID | None
    conflict: tuple[Figure, ...] = ()
    adjudicated: bool = False
    replaced: tuple[Figure, ...] = ()


def values_digest(figures: Sequence[Figure]) -> str:
    """Identifies the set of values that sources give, whoever gives them. The same is computed in SQL (queries.CONFLICTS)."""
    values = sorted({figure.value for figure in figures})
    return hashlib.sha256("\x1f".join(values).encode()).hexdigest()


def contenders(figures: Sequence[Figure]) -> list[Figure]:
    """The figures of the highest kind present, the latest recorded first (then by source)."""
    highest = max(RANK[figure.kind] for figure in figures)
    return _latest_first(figure for figure in figures if RANK[figure.kind] == highest)


def differing(figures: Sequence[Figure]) -> bool:
    """Whether these figures give more than one value."""
    return len({figure.value for figure in figures}) > 1


def effective(figures: Sequence[Figure], decision: Decision | None = None) -> EffectiveFact:
    """What holds for one key of one subject. `figures`: the current ones, one per source, at least one.

    A decision stands while the chosen source gives the chosen value and the set of the contenders' values is the one it was made
    on: a new differing figure opens the conflict again; a source that joins an existing value, or adds a document to its own, does
    not.
    """
    if len(figures) == 1:
        return _holding(figures[0], (), adjudicated=False)
    leading = contenders(figures)
    highest = RANK[leading[0].kind]
    replaced = tuple(_latest_first(figure for figure in figures if RANK[figure.kind] < highest))
    if not differing(leading):
        return _holding(leading[0], replaced, adjudicated=False)
    if decision is not None and decision.values_digest == values_digest(leading):
        for figure in leading:
            if (figure.source, figure.value) == (decision.source, decision.value):
                overruled = tuple(other for other in leading if other.value != figure.value)
                return _holding(figure, overruled + replaced, adjudicated=True)
    key = leading[0].key
    return EffectiveFact(key, None, None, None, None, (), None, None, None, conflict=tuple(leading), replaced=replaced)


def _holding(figure: Figure, replaced: tuple[Figure, ...], *, adjudicated: bool) -> EffectiveFact:
    return EffectiveFact(
        key=figure.key,
        value=figure.value,
        kind=figure.kind,
        source=figure.source,
        document=figure.document,
        source_rows=figure.source_rows,
        observed_on=figure.observed_on,
        recorded_at=figure.recorded_at,
        fact_id=figure.fact_id,
        adjudicated=adjudicated,
        replaced=replaced,
    )


def _latest_first(figures: Iterable[Figure]) -> list[Figure]:
    by_source = sorted(figures, key=lambda figure: figure.source)
    return sorted(by_source, key=lambda figure: figure.recorded_at, reverse=True)
