"""Events: rows written in the transaction that they tell of, without a number; the sequencer numbers what has committed.

Readers page by that number and skip nothing: a number is given only after commit, so a long transaction delays its own rows alone.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed


class Event(BaseModel):
    """Something that happened, with a stable kind (`thing.past_participle`) and a versioned payload without personal data.

    `nameless`: the event does not tell who did it, for those who read events must not know; the audit does, but for residents: what
    is written there stays for ever, and lays one resident's acts side by side.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]
    schema_version: ClassVar[int] = 1
    nameless: ClassVar[bool] = False


class EventRow(Keyed, Base):
    """One event. `seq` is null until the sequencer has seen it committed."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_unnumbered", "id", postgresql_where=text("seq IS NULL")),
        Index("uq_event_seq", "seq", unique=True, postgresql_where=text("seq IS NOT NULL")),
    )

    kind: Mapped[str] = mapped_column(String(100))
    schema_version: Mapped[int]
    subject_type: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    data: Mapped[dict[str, Any]]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    occurred_at: Mapped[datetime]
    seq: Mapped[int | None] = mapped_column(BigInteger)


class SequenceCounter(Base):
    """The last number given in one numbered table; locking its row makes one sequencer at a time."""

    __tablename__ = "sequence_counter"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, default=0)
