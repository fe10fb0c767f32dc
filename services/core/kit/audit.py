"""The audit: append-only rows of who did, read or was refused what; sealed by the sequencer into a chain of hashes.

Rows hold ids only, no personal data, so that erasure and proof agree. A batch's root is a Merkle tree over its rows
(RFC 9162 section 2.1 form: leaves and nodes under different prefixes), each batch's hash covers the one before.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Index,
    LargeBinary,
    String,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed, Statement, in_scope
from services.core.kit.events import SequenceCounter

GENESIS = bytes(32)


class AuditEntry(Keyed, Base):
    """One thing done, read or refused. Only the sequencer's number may ever be filled in, once (a trigger sees to it)."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_unnumbered", "id", postgresql_where=text("seq IS NULL")),
        Index("uq_audit_entry_seq", "seq", unique=True, postgresql_where=text("seq IS NOT NULL")),
        Index("ix_audit_entry_target", "target_type", "target_id", "id"),
        Index("ix_audit_entry_actor", "actor_id", "id"),
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
    """The hash of one entry over every column that it has: JSON with sorted keys, no spaces, times in UTC to the microsecond."""
    return hashlib.sha256(b"\x00" + _encode(row).encode()).digest()


def _text(value: object) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_text).encode


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; an odd one at the end of a level moves up as it is. Of none, the hash of nothing."""
    level = list(leaves) or [hashlib.sha256().digest()]
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


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A batch's number and hash, kept where whoever can write the database cannot: it shows a tail that was cut off."""

    no: int
    hash: bytes


NEWEST_BATCH = select(AuditBatch.no, AuditBatch.hash).order_by(AuditBatch.no.desc()).limit(1)
BATCHES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a batch, in both languages."""

    zh: str
    en: str


async def checkpoint(connection: AsyncConnection) -> Checkpoint:
    """The newest batch; number 0 when nothing has been sealed."""
    row = (await connection.execute(NEWEST_BATCH)).one_or_none()
    return Checkpoint(0, GENESIS) if row is None else Checkpoint(row.no, row.hash)


async def verify(
    connection: AsyncConnection, *, kept: Checkpoint | None = None
) -> AsyncIterator[tuple[int, Flaw | None]]:
    """Recomputes the chain batch by batch: yields each batch's number and what is wrong with it, or None.

    `kept` must be part of the chain. What is numbered and not sealed yet must be there without a gap; that is told under the
    number that its batch would have.
    """
    previous, expected_first, number = GENESIS, 1, 0
    while batches := await _batches_after(connection, number):
        for batch in batches:
            number += 1
            if batch["no"] != number:
                yield number, Flaw("这一批不见了", "this batch is missing")
                return
            leaves = await entries(connection, batch["first_seq"], batch["last_seq"])
            wrong = _wrong_with(batch, leaves, previous=previous, expected_first=expected_first)
            if wrong is None and kept is not None and kept.no == number and kept.hash != batch["hash"]:
                wrong = Flaw("与检查点不是同一批", "this is not the batch of the checkpoint")
            yield number, wrong
            previous, expected_first = batch["hash"], batch["last_seq"] + 1
    if kept is not None and kept.no > number:
        yield (
            number + 1,
            Flaw(
                f"链到此为止，而检查点是第 {kept.no} 批",
                f"the chain ends here, and the checkpoint is of batch {kept.no}",
            ),
        )
        return
    unsealed = (await connection.execute(UNSEALED, {"sealed": expected_first - 1})).one()
    if unsealed.there != unsealed.given - expected_first + 1:
        missing = unsealed.given - expected_first + 1 - unsealed.there
        yield (
            number + 1,
            Flaw(f"尚未封存的记录少了 {missing} 条", f"{missing} entries that no batch holds yet are missing"),
        )


# One statement, one snapshot: the sequencer writes numbers and counter in one transaction.
UNSEALED = select(
    func.coalesce(select(SequenceCounter.last).where(SequenceCounter.name == "audit_entry").scalar_subquery(), 0).label(
        "given"
    ),
    select(func.count())
    .select_from(AuditEntry)
    .where(AuditEntry.seq > bindparam("sealed", type_=BigInteger))
    .scalar_subquery()
    .label("there"),
)


async def _batches_after(connection: AsyncConnection, number: int) -> Sequence[RowMapping]:
    statement = (
        select(*AuditBatch.__table__.columns)
        .where(AuditBatch.no > number)
        .order_by(AuditBatch.no)
        .limit(BATCHES_AT_ONCE)
    )
    return (await connection.execute(statement)).mappings().all()


def _wrong_with(batch: RowMapping, leaves: list[bytes], *, previous: bytes, expected_first: int) -> Flaw | None:
    held = batch["last_seq"] - batch["first_seq"] + 1
    if batch["first_seq"] != expected_first:
        return Flaw(
            f"从第 {expected_first} 条起有记录从未封存", f"entries from number {expected_first} on were never sealed"
        )
    if len(leaves) != held:
        return Flaw(f"少了 {held - len(leaves)} 条记录", f"{held - len(leaves)} entries are missing")
    if merkle_root(leaves) != batch["root"]:
        return Flaw("有记录在封存后被改动", "an entry was changed after it was sealed")
    if batch["previous"] != previous or batch["hash"] != chain_hash(
        previous, batch["root"], batch["first_seq"], batch["last_seq"]
    ):
        return Flaw("哈希链在此断开", "the chain is broken here")
    return None


def _given_or_any(column: Any, name: str, kind: Any) -> ColumnElement[bool]:
    wanted = bindparam(name, type_=kind)
    return or_(wanted.is_(None), column == wanted)


LIST = Statement(
    select(*LEAF_COLUMNS)
    .where(
        AuditEntry.seq < bindparam("before", type_=BigInteger),
        or_(
            in_scope(AuditEntry.region_path),
            and_(AuditEntry.region_path == text("''"), bindparam("sees_regionless", type_=Boolean)),
        ),
        _given_or_any(AuditEntry.action, "action", String),
        AuditEntry.action != func.all(bindparam("hidden", type_=ARRAY(String))),
        _given_or_any(AuditEntry.outcome, "outcome", String),
        _given_or_any(AuditEntry.target_type, "target_type", String),
        _given_or_any(AuditEntry.target_id, "target_id", Uuid),
        _given_or_any(AuditEntry.actor_id, "actor_id", Uuid),
    )
    .order_by(AuditEntry.seq.desc())
    .limit(bindparam("limit", type_=BigInteger))
)
