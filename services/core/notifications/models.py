"""Tables of notifications: how far each reader of the events has come, and everybody's messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base


class Consumer(Base):
    """A reader of the events inside this system and the last number that it is done with; its row's lock makes one at a time."""

    __tablename__ = "consumer"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class Message(Base):
    """One event told to one person, once (`uq_message_recipient_event`), in both languages as it was worded that day.

    Ordered by the event's number. The id is made by the database, because whole batches are written by one INSERT … SELECT
    that knows nobody's name beforehand; PostgreSQL 15 makes no UUIDv7. No foreign key to the event: messages outlive old events.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("recipient_kind IN ('staff', 'resident')", name="recipient_kind"),
        Index("uq_message_recipient_event", "recipient_id", "event_id", unique=True),
        Index("ix_message_inbox", "recipient_id", "event_seq"),
        Index("ix_message_unread", "recipient_id", "event_seq", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    recipient_kind: Mapped[str] = mapped_column(String(10))
    recipient_id: Mapped[UUID]
    event_id: Mapped[UUID]
    event_seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(100))
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(100))
    body_zh: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
