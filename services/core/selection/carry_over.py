"""Carry-over (rolling selection): who was eligible and not in, in the last confirmed round of his region, and has improved since.

The last confirmed round of a project is the latest one whose region holds the project's. A later round of the same region that
did not rank the project ends its claim; so does one in which it was in. Source: ministry list of replicable practice, 4th batch,
Ningbo (S5: 完善方案、做好前期 … 优先纳入下一年度); exact meaning: semantics.md, *Choice*.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.scope import Scope

if TYPE_CHECKING:
    import asyncpg


class Improvement(StrEnum):
    """What a project may have done for itself since it missed a plan."""

    PLAN = "plan"
    VOTE = "vote"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True)
class Said:
    """What a record said: a plan's digest, or a fact's value and the document behind it."""

    value: str
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something recorded after the confirmation. `key`: the plan's number, or the fact's key; `before`: what stood until then."""

    kind: Improvement
    key: str
    at: datetime
    record_id: UUID
    said: Said
    before: frozenset[Said]


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """A claim to come first: `times` in a row that a round has preferred the project already, and what has improved since."""

    round_id: UUID
    times: int
    improvements: tuple[Change, ...]

    def document(self) -> dict[str, Any]:
        """The claim as plain data, for a freeze."""
        return {
            "round_id": str(self.round_id),
            "times": self.times,
            "improvements": [
                {"kind": str(one.kind), "key": one.key, "at": one.at.isoformat(), "record_id": str(one.record_id)}
                for one in self.improvements
            ],
        }


def improves(change: Change) -> bool:
    """Whether a change is an improvement: saying the same again is none, and neither is what failed or was taken back.

    A plan must differ from the one that stood. A vote must be another one: another result, or another document. A governance
    fact must tell something new.
    """
    match change.kind:
        case Improvement.PLAN:
            return change.said not in change.before
        case Improvement.VOTE:
            return change.said.value != "false" and change.said not in change.before
        case Improvement.GOVERNANCE:
            return change.said.value not in {"false", *(one.value for one in change.before)}


def claim(round_id: UUID, times: int, changes: Iterable[Change]) -> CarriedOver | None:
    """The claim of a project that was eligible and not in; None without an improvement. The order of changes never matters."""
    improvements = sorted((one for one in changes if improves(one)), key=lambda one: (one.at, one.kind, one.key))
    return CarriedOver(round_id, times, tuple(improvements)) if improvements else None


# $1 the projects, $2 and $3 the range of region paths that they lie in. Confirmed rounds are found by equality with each ancestor
# of a place, and places are few beside projects.
CHANGES = """
WITH asked AS (
  SELECT p.id, p.region_path FROM project p
  WHERE p.id = ANY($1::uuid[]) AND p.region_path >= $2 AND p.region_path < $3),
last AS (
  SELECT DISTINCT ON (place.region_path) place.region_path, c.round_id, c.run_id, c.confirmed_at
  FROM (SELECT DISTINCT region_path, string_to_array(rtrim(region_path, '.'), '.') AS parts FROM asked) AS place
  CROSS JOIN LATERAL generate_series(1, cardinality(place.parts)) AS depth
  JOIN round_confirmation c ON c.region_path = (array_to_string(place.parts[1:depth], '.') || '.') COLLATE "C"
  ORDER BY place.region_path, c.confirmed_at DESC, c.round_id DESC),
missed AS (
  SELECT a.id, l.round_id, l.confirmed_at, e.carried_times
  FROM asked a
  JOIN last l ON l.region_path = a.region_path
  JOIN plan_entry e ON e.run_id = l.run_id AND e.project_id = a.id AND e.kind = 'confirmed' AND e.list <> 'implement')
SELECT m.id, m.round_id, m.carried_times, 'plan' AS kind, v.number::text AS key, v.made_at AS at, v.id AS record_id,
       v.digest AS value, NULL AS document, stood.digests AS values_before, NULL::text[] AS documents_before
FROM missed m
JOIN plan_version v ON v.project_id = m.id AND v.made_at > m.confirmed_at
CROSS JOIN LATERAL (
  SELECT array_agg(o.digest) AS digests FROM (
    SELECT o.digest FROM plan_version o WHERE o.project_id = m.id AND o.made_at <= m.confirmed_at
    ORDER BY o.number DESC LIMIT 1) AS o) AS stood
UNION ALL
SELECT m.id, m.round_id, m.carried_times, split_part(f.key, '.', 1), f.key, f.recorded_at, f.id,
       f.value, f.document, stood.values, stood.documents
FROM missed m
CROSS JOIN LATERAL (
  SELECT m.id AS subject_id, 'vote.' AS low, 'vote/' AS high
  UNION ALL
  SELECT c.compound_id, 'governance.', 'governance/' FROM project_compound c WHERE c.project_id = m.id) AS subject
JOIN fact f ON f.subject_id = subject.subject_id AND f.superseded_at IS NULL
           AND f.key >= subject.low COLLATE "C" AND f.key < subject.high COLLATE "C" AND f.recorded_at > m.confirmed_at
CROSS JOIN LATERAL (
  SELECT array_agg(o.value ORDER BY o.id) AS values, array_agg(o.document ORDER BY o.id) AS documents
  FROM fact o
  WHERE o.subject_id = f.subject_id AND o.key = f.key AND o.recorded_at <= m.confirmed_at
    AND (o.superseded_at IS NULL OR o.superseded_at > m.confirmed_at)) AS stood
"""


AT_ONCE = 20_000
"""Projects that one statement asks about: a nation's freeze keeps within the time of a statement, a county needs one."""


async def carry_overs(
    driver: "asyncpg.Connection", *, region_path: str, project_ids: Sequence[UUID]
) -> Mapping[UUID, CarriedOver]:
    """The claims of those of these projects (of the region's subtree) that have one, as things stand now."""
    (low,), (high,) = Scope((region_path,)).lows, Scope((region_path,)).highs
    claims: dict[UUID, CarriedOver] = {}
    for start in range(0, len(project_ids), AT_ONCE):
        told: dict[UUID, tuple[UUID, int]] = {}
        changes: dict[UUID, list[Change]] = defaultdict(list)
        for row in await driver.fetch(CHANGES, list(project_ids[start : start + AT_ONCE]), low, high):
            told[row["id"]] = (row["round_id"], row["carried_times"])
            changes[row["id"]].append(_change(row))
        for project, missed in told.items():
            found = claim(*missed, changes[project])
            if found is not None:
                claims[project] = found
    return claims


def _change(row: "asyncpg.Record") -> Change:
    values = row["values_before"] or []
    documents = row["documents_before"] or [None] * len(values)
    return Change(
        kind=Improvement(row["kind"]),
        key=row["key"],
        at=row["at"],
        record_id=row["record_id"],
        said=Said(row["value"], row["document"]),
        before=frozenset(Said(value, document) for value, document in zip(values, documents, strict=True)),
    )
