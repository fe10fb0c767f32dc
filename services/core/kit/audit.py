"""The audit: append-only rows of who did, read or was refused what; sealed by the sequencer into a chain of hashes.

Rows hold ids only, no personal data, so that erasure and proof agree. A batch's root is a Merkle tree over its rows
(RFC 9162 section 2.1 form: leaves and nodes under different prefixes), each batch's hash covers the one before.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.kit.exact import canonical_json

GENESIS = bytes(32)


class AuditEntry(Keyed, Base):
    """One thing done, read or refused. Only the sequencer's number may ever be filled in, once (a trigger sees to it)."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_unnumbered", "id", postgresql_where=text("seq IS NULL")),
        Index("uq_audit_entry_seq", "seq", unique=True),
        Index("ix_audit_entry_target", "target_type", "target_id", "id"),
    )

    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(10))
    target_type: Mapped[str] = mapped_column(String(50))
    target_id: Mapped[UUID | None]
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str | None] = mapped_column(String(64))
    seq: Mapped[int | None] = mapped_column(BigInteger)


class AuditBatch(Base):
    """A sealed run of audit entries: `hash` = SHA-256(previous, root, first and last number)."""

    __tablename__ = "audit_batch"

    no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime]


LEAF_COLUMNS = (
    AuditEntry.seq,
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor_kind,
    AuditEntry.actor_id,
    AuditEntry.action,
    AuditEntry.outcome,
    AuditEntry.target_type,
    AuditEntry.target_id,
    AuditEntry.region_path,
    AuditEntry.details,
    AuditEntry.request_id,
)


def leaf(row: Mapping[str, Any]) -> bytes:
    """The hash of one entry over every column that it has."""
    content = {
        key: value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
        for key, value in row.items()
    }
    return hashlib.sha256(b"\x00" + canonical_json(content)).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; an odd one at the end of a level moves up as it is."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def chain_hash(previous: bytes, root: bytes, first_seq: int, last_seq: int) -> bytes:
    """The hash that a batch carries on to the next."""
    return hashlib.sha256(b"\x02" + previous + root + f"{first_seq}-{last_seq}".encode()).digest()


async def entries(connection: AsyncConnection, first_seq: int, last_seq: int) -> list[bytes]:
    """Leaf hashes of a run of entries, in order of their numbers."""
    statement = select(*LEAF_COLUMNS).where(AuditEntry.seq.between(first_seq, last_seq)).order_by(AuditEntry.seq)
    return [leaf(dict(row)) for row in (await connection.execute(statement)).mappings()]


async def verify(connection: AsyncConnection) -> AsyncIterator[tuple[int, str | None]]:
    """Recomputes the chain batch by batch: yields each batch's number and what is wrong with it, or None."""
    previous, expected_first = GENESIS, 1
    batches = await connection.execute(select(*AuditBatch.__table__.columns).order_by(AuditBatch.no))
    for number, batch in enumerate(batches.mappings(), start=1):
        if batch["no"] != number:
            yield number, f"batch {number} is missing"
            return
        leaves = await entries(connection, batch["first_seq"], batch["last_seq"])
        wrong = None
        if batch["first_seq"] != expected_first:
            wrong = f"entries {expected_first} to {batch['first_seq'] - 1} were never sealed"
        elif len(leaves) != batch["last_seq"] - batch["first_seq"] + 1:
            wrong = f"{batch['last_seq'] - batch['first_seq'] + 1 - len(leaves)} entries are missing"
        elif merkle_root(leaves) != batch["root"]:
            wrong = "an entry was changed after it was sealed"
        elif batch["previous"] != previous or batch["hash"] != chain_hash(
            previous, batch["root"], batch["first_seq"], batch["last_seq"]
        ):
            wrong = "the chain is broken here"
        yield number, wrong
        previous, expected_first = batch["hash"], batch["last_seq"] + 1
