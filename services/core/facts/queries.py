"""Reads of facts: what holds now, what each source says, where sources differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, String, Uuid, bindparam, func, or_, select

from services.core.facts import rules
from services.core.facts.models import Adjudication, Fact
from services.core.facts.rules import Decision, EffectiveFact, Figure
from services.core.kit.database import Statement

if TYPE_CHECKING:
    import asyncpg

FIGURE_COLUMNS = (
    "f.id, f.subject_id, f.key, f.value, f.kind, f.source, f.document, f.source_rows, f.observed_on, f.recorded_at"
)

EFFECTIVE = f"""
SELECT {FIGURE_COLUMNS}, chosen.source AS decided_source, chosen.value AS decided_value, a.values_digest
FROM fact f LEFT JOIN adjudication a ON a.subject_id = f.subject_id AND a.key = f.key AND a.superseded_at IS NULL
LEFT JOIN fact chosen ON chosen.id = a.fact_id
WHERE f.subject_id = ANY($1::uuid[]) AND f.superseded_at IS NULL
ORDER BY f.subject_id, f.key
"""

# Supersedes only a decision that no longer stands; one that another has just made of the same matter stays, and the unique
# index refuses this one.
ADJUDICATE = """
WITH former AS (
  UPDATE adjudication SET superseded_at = $9
  WHERE subject_id = $2 AND key = $3 AND superseded_at IS NULL AND NOT (values_digest = $5 AND fact_id IN (
    SELECT former.id FROM fact former JOIN fact now
      ON (now.subject_id, now.key, now.source, now.value) = (former.subject_id, former.key, former.source, former.value)
    WHERE former.subject_id = $2 AND former.key = $3 AND now.superseded_at IS NULL))
  RETURNING 1)
INSERT INTO adjudication (id, subject_id, key, fact_id, values_digest, reason, document, decided_by, decided_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM former) >= 0
"""


def decided(figure: str) -> str:
    """SQL: the value that a live, still standing adjudication chose (rules.effective, rules.values_digest), or NULL.

    `figure` names a row with `subject_id`, `key` and the `leading` kind of its current figures.
    """
    return f"""(
    SELECT chosen.value FROM adjudication a JOIN fact chosen ON chosen.id = a.fact_id
    JOIN fact now ON (now.subject_id, now.key, now.source, now.value)
                   = (chosen.subject_id, chosen.key, chosen.source, chosen.value)
    WHERE a.subject_id = {figure}.subject_id AND a.key = {figure}.key AND a.superseded_at IS NULL
      AND now.superseded_at IS NULL AND now.kind = {figure}.leading
      AND a.values_digest = (
        SELECT encode(sha256(convert_to(string_agg(DISTINCT v.value, E'\\x1f' ORDER BY v.value), 'UTF8')), 'hex')
        FROM fact v WHERE v.subject_id = {figure}.subject_id AND v.key = {figure}.key AND v.kind = {figure}.leading
          AND v.superseded_at IS NULL))"""


def ends(condition: str = "true") -> tuple[str, str]:
    """SQL: the lowest and the highest of what sources say, over the figures `f` that meet a condition, each behind a digit that
    puts figures of the leading kind there. What differs behind the digits is a conflict.
    """
    return (
        f"""min(CASE f.kind WHEN 'counted' THEN '1' WHEN 'attested' THEN '2' ELSE '3' END || f.value)
            FILTER (WHERE {condition})""",
        f"""max(CASE f.kind WHEN 'counted' THEN '3' WHEN 'attested' THEN '2' ELSE '1' END || f.value)
            FILTER (WHERE {condition})""",
    )


def leading(low: str) -> str:
    """SQL: the kind that the lowest of `ends` is of."""
    return f"CASE left({low}, 1) WHEN '1' THEN 'counted' WHEN '2' THEN 'attested' ELSE 'synthetic' END"


LOW, HIGH = ends()

# The facts of a part of the tree whose leading sources differ and no live adjudication was made on these very values, in the
# order of the index, so that a page stops as soon as it is full. $9 and $10 bound all ranges of the scope: they drive the index.
# One lower bound, not two: the scan would begin at the key to go on after, for a county with the first fact of the nation.
CONFLICTS = f"""
WITH differing AS (
  SELECT f.region_path, f.subject_id, f.key, {leading(LOW)} AS leading
  FROM fact f
  WHERE f.superseded_at IS NULL AND f.subject_type = $1 AND ($2::uuid IS NULL OR f.subject_id = $2)
    AND EXISTS (SELECT 1 FROM unnest($3::text[], $4::text[]) AS scope(low, high)
                WHERE f.region_path >= scope.low AND f.region_path < scope.high)
    AND (f.region_path, f.subject_id, f.key) > (greatest($9 COLLATE "C", $5), $6::uuid, $7) AND f.region_path < $10
  GROUP BY f.region_path, f.subject_id, f.key
  HAVING substr({LOW}, 2) < substr({HIGH}, 2)),
open AS (
  SELECT d.* FROM differing d
  WHERE {decided("d")} IS NULL
  ORDER BY d.region_path, d.subject_id, d.key LIMIT $8)
SELECT o.region_path, {FIGURE_COLUMNS}
FROM open o JOIN fact f ON f.subject_id = o.subject_id AND f.key = o.key AND f.superseded_at IS NULL
ORDER BY o.region_path, o.subject_id, o.key
"""

OF_SUBJECT = Statement(
    select(
        Fact.id,
        Fact.key,
        Fact.value,
        Fact.kind,
        Fact.source,
        Fact.document,
        Fact.source_rows,
        Fact.observed_on,
        Fact.recorded_at,
        Fact.superseded_at,
    )
    .where(
        Fact.subject_id == bindparam("subject_id"),
        or_(bindparam("history", type_=Boolean()), Fact.superseded_at.is_(None)),
        or_(bindparam("key", type_=String()).is_(None), Fact.key == bindparam("key", type_=String())),
        or_(bindparam("after", type_=Uuid()).is_(None), Fact.id > bindparam("after", type_=Uuid())),
    )
    .order_by(Fact.id)
    .limit(bindparam("limit", type_=Integer()))
)

# What people decided about one subject, the former decisions too.
ADJUDICATIONS = Statement(
    select(
        Adjudication.id,
        Adjudication.key,
        Adjudication.fact_id,
        Fact.value,
        Fact.source,
        Adjudication.reason,
        Adjudication.document,
        Adjudication.decided_by,
        Adjudication.decided_at,
        Adjudication.superseded_at,
    )
    .join(Fact, Fact.id == Adjudication.fact_id)
    .where(
        Adjudication.subject_id == bindparam("subject_id"),
        Adjudication.id > bindparam("after", type_=Uuid()),
    )
    .order_by(Adjudication.id)
    .limit(bindparam("limit", type_=Integer()))
)

# What was ever said about one subject under the keys of one domain ("governance."), the newest first.
EVER_OF_DOMAIN = Statement(
    select(
        Fact.id,
        Fact.key,
        Fact.value,
        Fact.kind,
        Fact.source,
        Fact.document,
        Fact.source_rows,
        Fact.observed_on,
        Fact.recorded_at,
        Fact.superseded_at,
    )
    .where(Fact.subject_id == bindparam("subject_id"), func.starts_with(Fact.key, bindparam("domain", type_=String())))
    .order_by(Fact.id.desc())
    .limit(bindparam("limit", type_=Integer()))
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources of the leading kind differ on one key of one subject, and nobody has decided."""

    region_path: str
    subject_id: UUID
    key: str
    figures: tuple[Figure, ...]


async def effective(driver: "asyncpg.Connection", subject_ids: Sequence[UUID]) -> dict[UUID, dict[str, EffectiveFact]]:
    """What holds for these subjects, by subject and key, in one statement and so from one snapshot."""
    found: dict[UUID, dict[str, EffectiveFact]] = {subject_id: {} for subject_id in subject_ids}
    for rows in _by_subject_and_key(await driver.fetch(EFFECTIVE, list(subject_ids))):
        first = rows[0]
        decision = None
        if first["decided_source"] is not None:
            decision = Decision(first["decided_source"], first["decided_value"], first["values_digest"])
        figures = [figure_of(row) for row in rows]
        found[first["subject_id"]][first["key"]] = rules.effective(figures, decision)
    return found


async def conflicts(
    driver: "asyncpg.Connection",
    *,
    subject_type: str,
    lows: list[str],
    highs: list[str],
    subject_id: UUID | None = None,
    after: tuple[str, UUID, str] = ("", UUID(int=0), ""),
    limit: int,
) -> list[Conflict]:
    """Open conflicts inside the ranges of region paths, in the order of (region path, subject, key), after the one given."""
    rows = await driver.fetch(
        CONFLICTS, subject_type, subject_id, lows, highs, *after, limit, min(lows, default=""), max(highs, default="")
    )
    return [
        Conflict(
            group[0]["region_path"],
            group[0]["subject_id"],
            group[0]["key"],
            tuple(rules.contenders([figure_of(row) for row in group])),
        )
        for group in _by_subject_and_key(rows)
    ]


def figure_of(row: Mapping[str, Any]) -> Figure:
    """A row of `fact` as read by the driver."""
    return Figure(
        fact_id=row["id"],
        key=row["key"],
        value=row["value"],
        kind=row["kind"],
        source=row["source"],
        document=row["document"],
        source_rows=tuple(row["source_rows"]),
        observed_on=row["observed_on"],
        recorded_at=row["recorded_at"],
    )


def _by_subject_and_key(rows: "Iterable[asyncpg.Record]") -> "Iterable[list[asyncpg.Record]]":
    """Neighbouring rows about one key of one subject, together."""
    group: list[asyncpg.Record] = []
    for row in rows:
        if group and (row["subject_id"], row["key"]) != (group[0]["subject_id"], group[0]["key"]):
            yield group
            group = []
        group.append(row)
    if group:
        yield group
