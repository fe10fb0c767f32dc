"""What the hotline counts of a compound, as facts that a rubric may read: hazards still open, complaints that came again, replies
in time. Counted once a day for every compound that anybody complained of within the year; a count that is no more is withdrawn.
"""

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.facts import service as facts
from services.core.facts.catalogue import Subject
from services.core.facts.rules import Kind
from services.core.hotline import rules
from services.core.hotline.jobs import CountComplaints
from services.core.kit.exact import decimal_text
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

SOURCE = "hotline.complaints"
HAZARDS, REPEATS, ON_TIME = (
    "compound.hotline_open_hazards",
    "compound.hotline_repeats",
    "compound.hotline_on_time_share",
)
KEYS = (HAZARDS, REPEATS, ON_TIME)
YEAR, AGAIN = timedelta(days=365), timedelta(days=90)
AT_ONCE = 500
OPEN = "({})".format(", ".join(f"'{state}'" for state in sorted(rules.OPEN)))

# Compounds in the order of ids ($1 the last one done): those with a complaint since $2 or an open hazard, and those with a figure
# of ours that may be out of date.
COMPOUNDS = f"""
SELECT m.id, m.region_path FROM compound m
WHERE m.id > $1 AND (
  EXISTS (SELECT 1 FROM complaint c WHERE c.compound_id = m.id AND (c.created_at >= $2 OR c.hazard AND c.state IN {OPEN}))
  OR EXISTS (SELECT 1 FROM fact f WHERE f.subject_type = 'compound' AND f.subject_id = m.id AND f.source = $3
             AND f.superseded_at IS NULL))
ORDER BY m.id LIMIT $4
"""


def _before(who: str) -> str:
    """When the same had complained of the same last; one pass over a compound's complaints, however many they are."""
    return f"""CASE WHEN {who} IS NOT NULL THEN
       max(c.created_at) OVER (PARTITION BY c.category, {who} ORDER BY c.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) END"""


# A complaint came again when it was marked so at its intake, the matter having been closed (`repeats`), or when the same household,
# account or telephone had complained about the same within `AGAIN` before it. A reply is in time when its clock was met before its
# limit; one that is due no more (withdrawn, merged) says nothing.
COUNTS = f"""
SELECT m.id,
  (SELECT count(*) FROM complaint c WHERE c.compound_id = m.id AND c.hazard AND c.state IN {OPEN}) AS hazards,
  (SELECT count(*) FROM (
     SELECT c.created_at, c.parent_id, c.came_again,
            greatest({_before("r.property_id")}, {_before("r.resident_id")}, {_before("r.phone_index")}) AS before
     FROM complaint c JOIN complaint_reporter r ON r.complaint_id = c.id
     WHERE c.compound_id = m.id AND c.created_at >= $2 - $3::interval) AS one
   WHERE created_at >= $2 AND parent_id IS NULL AND (came_again > 0 OR before >= created_at - $3::interval)) AS repeats,
  t.in_time, t.decided,
  EXISTS (SELECT 1 FROM complaint c WHERE c.compound_id = m.id AND c.synthetic) AS synthetic
FROM unnest($1::uuid[]) AS m(id)
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE k.state = 'met' AND k.met_at < k.due_at) AS in_time, count(*) AS decided
  FROM complaint c JOIN clock k ON k.subject_type = 'complaint' AND k.subject_id = c.id AND k.kind = 'reply'
  WHERE c.compound_id = m.id AND c.created_at >= $2 AND k.state IN ('met', 'missed')) AS t
"""


async def count(uow: UnitOfWork, job: CountComplaints) -> int:
    """Figures of some compounds, and a job for the next while there may be more; how many figures are new or changed."""
    since = uow.now - YEAR
    compounds = await uow.driver.fetch(COMPOUNDS, job.after, since, SOURCE, AT_ONCE)
    if not compounds:
        return 0
    paths = {row["id"]: row["region_path"] for row in compounds}
    rows = await uow.driver.fetch(COUNTS, list(paths), since, AGAIN)
    pushed = await facts.push(uow, [fact for row in rows for fact in _facts(row, paths)])
    unsaid = [row["id"] for row in rows if not row["decided"]]
    await facts.withdraw(uow, subject_ids=unsaid, source=SOURCE, keys=(ON_TIME,))
    if len(compounds) == AT_ONCE:
        uow.enqueue(CountComplaints(after=compounds[-1]["id"]))
    return pushed


def _facts(row: "asyncpg.Record", paths: Mapping[UUID, str]) -> list[facts.NewFact]:
    values: dict[str, tuple[str, dict[str, Any]]] = {
        HAZARDS: (str(row["hazards"]), {"open": row["hazards"]}),
        REPEATS: (str(row["repeats"]), {"repeats": row["repeats"]}),
    }
    if row["decided"]:
        share = decimal_text(Fraction(row["in_time"], row["decided"]))
        values[ON_TIME] = (share, {"in_time": row["in_time"], "decided": row["decided"]})
    return [
        facts.NewFact(
            subject_type=Subject.COMPOUND,
            subject_id=row["id"],
            region_path=paths[row["id"]],
            key=key,
            value=value,
            kind=Kind.SYNTHETIC if row["synthetic"] else Kind.COUNTED,
            source=SOURCE,
            source_rows=(counted,),
        )
        for key, (value, counted) in values.items()
    ]
