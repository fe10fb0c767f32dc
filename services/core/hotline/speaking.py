"""What a reporter does with his own complaint, signed in or by its code: adds to it, takes it back, urges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.files import service as files
from services.core.hotline import grouping, repeats, sealing, steps
from services.core.hotline.rules import Act, By
from services.core.kit.uow import UnitOfWork
from services.core.ownership.sealing import PHONE

if TYPE_CHECKING:
    import asyncpg

_HELD = "EXISTS (SELECT 1 FROM complaint_hold h WHERE h.complaint_id = r.complaint_id AND h.lifted_at IS NULL)"
OVER = f"""
SELECT c.id FROM complaint_reporter r JOIN complaint c ON c.id = r.complaint_id
WHERE r.resident_id = $1 AND c.state IN ('closed', 'merged', 'withdrawn', 'rejected') AND NOT {_HELD}
"""
OWN_IDS = f"SELECT complaint_id FROM complaint_reporter r WHERE resident_id = $1 AND NOT {_HELD}"
# What was said goes, what is to be done stays: category, place and history without words. What is held stays whole.
FORGET = f"""
WITH own AS (
  UPDATE complaint_reporter r SET name_sealed = NULL, phone_sealed = NULL, phone_index = NULL, index_key = NULL, property_id = NULL
  WHERE resident_id = $1 AND NOT {_HELD} RETURNING complaint_id),
numbers AS (
  UPDATE complaint_contact_change SET phone_sealed = NULL, decision = 'refused', decided_at = $2
  WHERE complaint_id IN (SELECT complaint_id FROM own) AND decision = 'asked'),
words AS (
  UPDATE complaint_entry SET text_sealed = NULL
  WHERE complaint_id IN (SELECT complaint_id FROM own) AND text_sealed IS NOT NULL)
UPDATE complaint SET visit_attempt_id = NULL, visit_finding = NULL, description_sealed = NULL, address_sealed = NULL,
                     content_index = NULL
WHERE id IN (SELECT complaint_id FROM own)
"""
OWN_WORDS = """
SELECT c.id, c.no, c.category, c.state, c.created_at, c.description_sealed, c.address_sealed, r.name_sealed, r.phone_sealed,
       said.ids, said.texts
FROM complaint_reporter r JOIN complaint c ON c.id = r.complaint_id
CROSS JOIN LATERAL (SELECT array_agg(e.id ORDER BY e.id) AS ids, array_agg(e.text_sealed ORDER BY e.id) AS texts
                    FROM complaint_entry e WHERE e.complaint_id = c.id AND e.text_sealed IS NOT NULL) AS said
WHERE r.resident_id = $1 ORDER BY c.id
"""
STALE_INDEXES = """
SELECT complaint_id AS id, phone_sealed FROM complaint_reporter WHERE index_key < $1 OR index_key > $1
ORDER BY complaint_id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
REWRITE_INDEXES = """
UPDATE complaint_reporter r SET phone_index = x.phone_index, index_key = $3
FROM unnest($1::uuid[], $2::bytea[]) AS x(id, phone_index) WHERE r.complaint_id = x.id
"""


@dataclass(frozen=True, slots=True)
class Own:
    """Whose complaint: a resident's by its id, or whoever has its code."""

    resident_id: UUID | None = None
    complaint_id: UUID | None = None
    code: str | None = None


async def locked(uow: UnitOfWork, own: Own) -> "asyncpg.Record":
    """The complaint, its row held; NotFound for anybody else's and for a code that opens nothing."""
    if own.code is not None:
        return await steps.locked_by_code(uow, code=own.code)
    assert own.resident_id is not None and own.complaint_id is not None  # noqa: S101, PT018 - one or the other names it
    return await steps.locked_of_resident(uow, resident_id=own.resident_id, complaint_id=own.complaint_id)


async def add(uow: UnitOfWork, own: Own, *, text: str, file_ids: Sequence[UUID] = ()) -> UUID:
    """Adds to what he said; the line of its history. NotFound for a file that he did not send."""
    held = await locked(uow, own)
    entry_id = await steps.step(uow, held, Act.ADD, by=By.REPORTER, text=text, public=True)
    await files.attach(
        uow,
        file_ids=file_ids,
        subject_type=sealing.ENTRY,
        subject_id=entry_id,
        region_path=held["region_path"],
    )
    return entry_id


async def withdraw(uow: UnitOfWork, own: Own, *, text: str | None) -> None:
    """Takes it back: nobody has to do anything any more."""
    held = await locked(uow, own)
    await steps.step(uow, held, Act.WITHDRAW, by=By.REPORTER, text=text, public=True)
    await grouping.gone(uow, held)


async def own_words(uow: UnitOfWork, *, resident_id: UUID) -> list[dict[str, Any]]:
    """All that a resident said to the hotline, in the clear, for himself alone."""
    vault, told = uow.vault, []
    for row in await uow.driver.fetch(OWN_WORDS, resident_id):
        one = {name: row[name] for name in ("id", "no", "category", "state", "created_at")}
        for table, column in (
            (sealing.COMPLAINT, sealing.DESCRIPTION),
            (sealing.COMPLAINT, sealing.ADDRESS),
            (sealing.REPORTER, sealing.NAME),
            (sealing.REPORTER, sealing.PHONE),
        ):
            one[column] = sealing.opened(vault, table, column, row["id"], row)
        said = zip(row["ids"] or (), row["texts"] or (), strict=True)
        one["added"] = [
            sealing.opened(vault, sealing.ENTRY, sealing.TEXT, entry_id, {"text_sealed": text})
            for entry_id, text in said
        ]
        told.append(one)
    return told


async def forget_words(uow: UnitOfWork, *, resident_id: UUID) -> None:
    """His words, how to reach him and, of what is over, his photographs are forgotten; that there was a complaint stays.

    What a court, an audit or an appeal needs is kept until it is released, and then for the policy's days (`retention`).
    """
    over = [row["id"] for row in await uow.driver.fetch(OVER, resident_id)]
    own = [row["complaint_id"] for row in await uow.driver.fetch(OWN_IDS, resident_id)]
    await repeats.part(uow, complaint_ids=own)
    await files.release(uow, subject_type=sealing.COMPLAINT, subject_ids=over)
    await uow.driver.execute(FORGET, resident_id, uow.now)


async def rewrite_indexes(uow: UnitOfWork, *, at_most: int) -> int:
    """Makes indexes of a former key anew under the present one; how many were done."""
    vault = uow.vault
    rows = await uow.driver.fetch(STALE_INDEXES, vault.index.key_id, at_most)
    phones = [sealing.opened(vault, sealing.REPORTER, sealing.PHONE, row["id"], row) or "" for row in rows]
    anew = [vault.index.of(PHONE, phone) for phone in phones]
    await uow.driver.execute(REWRITE_INDEXES, [row["id"] for row in rows], anew, vault.index.key_id)
    return len(rows)
