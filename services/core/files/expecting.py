"""Files that a record names by their SHA-256 before they are there: what is still missing of it.

A device sends the record, which is small, and its photographs when the network allows. The record is complete when all are there.
Whichever comes second, the record or the file, joins them; both take the sender's turn, so neither misses the other. Only files of
whoever sent the record count: to know a digest is not to own the content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files.events import FilesComplete
from services.core.files.quotas import take_turn
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.uow import UnitOfWork

NAME = """
INSERT INTO file_expected (subject_type, subject_id, sha256, position, region_path, owner_kind, owner_id, expected_at)
SELECT $1, $2, sha256, $3 + position, $4, $5, $6, $7 FROM unnest($8::text[]) WITH ORDINALITY AS given(sha256, position)
ON CONFLICT (subject_type, subject_id, sha256) DO NOTHING
"""
LAST = "SELECT coalesce(max(position), 0) FROM file_expected WHERE subject_type = $1 AND subject_id = $2"
# The owner's files that somebody waits for belong to those subjects from now on. As in `ATTACH` of the service, a resident's
# photograph is asked about when it is first used.
JOIN = """
WITH met AS (
  UPDATE file_expected e SET file_id = f.id, met_at = $4
  FROM file f, unnest($3::text[], $5::uuid[]) AS given(sha256, check_id)
  WHERE e.file_id IS NULL AND e.owner_kind = $1 AND e.owner_id = $2 AND e.sha256 = given.sha256
    AND f.owner_kind = $1 AND f.owner_id = $2 AND f.sha256 = given.sha256 AND f.deleted_at IS NULL
  RETURNING e.subject_type, e.subject_id, e.region_path, e.position, f.id AS file_id, f.check_state, given.check_id),
used AS (
  INSERT INTO file_use (file_id, subject_type, subject_id, position, public, attached_by_kind, attached_by, attached_at)
  SELECT file_id, subject_type, subject_id, position, false, $1, $2, $4 FROM met
  ON CONFLICT (file_id, subject_type, subject_id) DO NOTHING),
held AS (UPDATE file SET expires_at = NULL FROM met WHERE file.id = met.file_id),
asked AS (
  INSERT INTO content_check (id, kind, subject_type, subject_id, region_path, resident_id, state, asked_at, look_at)
  SELECT DISTINCT ON (file_id) check_id, 'image', 'file', file_id, region_path, $2, 'pending', $4, $4 FROM met
  WHERE check_state = 'pending' ORDER BY file_id
  ON CONFLICT (subject_type, subject_id) DO NOTHING)
SELECT DISTINCT subject_type, subject_id, region_path FROM met
"""
COUNTS = """
SELECT count(*) AS expected, count(file_id) AS met FROM file_expected WHERE subject_type = $1 AND subject_id = $2
"""
MISSING = """
SELECT sha256 FROM file_expected WHERE subject_type = $1 AND subject_id = $2 AND file_id IS NULL ORDER BY position
"""
COUNTS_OF_EACH = """
SELECT subject_id, count(*) - count(file_id) AS missing FROM file_expected
WHERE subject_type = $1 AND subject_id = ANY ($2::uuid[]) GROUP BY subject_id
"""


@dataclass(frozen=True, slots=True)
class Missing:
    """How far a record is. `missing`: digests of files that are not there yet, in the record's order."""

    expected: int
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether all are there. A record that names none is."""
        return not self.missing


async def expect(
    uow: "UnitOfWork", *, subject_type: str, subject_id: UUID, region_path: str, digests: Sequence[str]
) -> None:
    """The record needs these files of the actor's, in this order. Named again, nothing changes; more may be named later."""
    actor = uow.actor
    if actor.id is None:
        raise NotFound
    wanted = list(dict.fromkeys(digests))
    if not wanted:
        return
    await take_turn(uow, actor.id)
    last = await uow.driver.fetchval(LAST, subject_type, subject_id)
    await uow.driver.execute(NAME, subject_type, subject_id, last, region_path, actor.kind, actor.id, uow.now, wanted)
    await join(uow, wanted)


async def join(uow: "UnitOfWork", digests: Sequence[str]) -> None:
    """Gives records the actor's files that they wait for. In his turn; FilesComplete of each record that lacks nothing more."""
    actor, check_ids = uow.actor, [new_id() for _ in digests]
    for row in await uow.driver.fetch(JOIN, actor.kind, actor.id, list(digests), uow.now, check_ids):
        counts = await uow.driver.fetchrow(COUNTS, row["subject_type"], row["subject_id"])
        if counts["met"] == counts["expected"]:
            uow.record(
                FilesComplete(files=counts["met"]),
                subject=row["subject_type"],
                subject_id=row["subject_id"],
                region_path=row["region_path"],
            )


async def missing_of(connection: "asyncpg.Connection", *, subject_type: str, subject_id: UUID) -> Missing:
    """What is still missing of a record; whether its reader may see the record is the caller's matter."""
    counts = await connection.fetchrow(COUNTS, subject_type, subject_id)
    missing = await connection.fetch(MISSING, subject_type, subject_id)
    return Missing(counts["expected"], tuple(row["sha256"] for row in missing))


async def missing_of_each(
    connection: "asyncpg.Connection", *, subject_type: str, subject_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """How many files each record of a list lacks; one that names none is left out."""
    rows = await connection.fetch(COUNTS_OF_EACH, subject_type, list(subject_ids))
    return {row["subject_id"]: row["missing"] for row in rows}
