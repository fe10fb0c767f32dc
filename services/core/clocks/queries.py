"""Reads of clocks: everything of some subjects at once, as it is shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import asyncpg

# A subject has a handful of clocks (one of each kind, and those of earlier rounds), each with a handful of rows.
OF_SUBJECTS = """
SELECT c.id, c.subject_id, c.kind, c.state, c.terms, c.started_at, c.days, c.due_at, c.provisional, c.skipped, c.calendar, c.met_at,
       c.cancelled_at, b.due_at AS breached_at, b.found_at,
       (SELECT count(*) FROM clock_urging u WHERE u.clock_id = c.id) AS urged,
       (SELECT coalesce(jsonb_agg(to_jsonb(p) - 'clock_id' ORDER BY p.id), '[]') FROM clock_pause p WHERE p.clock_id = c.id)
         AS pauses,
       (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'clock_id' ORDER BY e.id), '[]') FROM clock_extension e WHERE e.clock_id = c.id)
         AS extensions
FROM clock c LEFT JOIN clock_breach b ON b.clock_id = c.id
WHERE c.subject_id = ANY ($2::uuid[]) AND c.subject_type = $1
ORDER BY c.subject_id, c.id
"""


async def of_subjects(
    driver: "asyncpg.Connection", *, subject_type: str, subject_ids: Sequence[UUID]
) -> "list[asyncpg.Record]":
    """Every clock of the subjects, the oldest first, with its pauses, extensions, breach and how often it was urged.

    Who may see the subjects is the caller's matter.
    """
    rows: list[asyncpg.Record] = await driver.fetch(OF_SUBJECTS, subject_type, list(subject_ids))
    return rows
