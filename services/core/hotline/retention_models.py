"""Tables of reporters' data: what must not be forgotten yet, what was, which number is to become theirs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed


class ComplaintHold(Keyed, Base):
    """A court, an audit or an appeal needs a complaint as it is: nothing of it is forgotten until the hold is lifted."""

    __tablename__ = "complaint_hold"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) OR lifted_by IS DISTINCT FROM placed_by", name="lifted_by"),
        Index("uq_complaint_hold_live", "complaint_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[UUID | None]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None]


class ComplaintTombstone(Base):
    """Who made a complaint, and in which words, was forgotten at its time; the complaint stays and is counted.

    `batch_id`: with which others, for whoever has to prove that it was done.
    """

    __tablename__ = "complaint_tombstone"
    __table_args__ = (Index("ix_complaint_tombstone_batch_id", "batch_id"),)

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"), primary_key=True)
    batch_id: Mapped[UUID]
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    forgotten_at: Mapped[datetime]


class ContactChange(Keyed, Base):
    """Somebody says that the reporter of a complaint has another number. It is his once a second person has made sure.

    `asked_by`: the member of staff who wrote it down; none where the reporter said so himself, signed in or by the code.
    The number is sealed, and gone once it was decided about: what holds then stands with the reporter.
    """

    __tablename__ = "complaint_contact_change"
    __table_args__ = (
        CheckConstraint("decision IN ('asked', 'confirmed', 'refused')", name="decision"),
        CheckConstraint("(decision = 'asked') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decision = 'asked') = (phone_sealed IS NOT NULL)", name="phone_sealed"),
        CheckConstraint("decided_by <> asked_by", name="decided_by"),
        Index(
            "uq_complaint_contact_change_asked",
            "complaint_id",
            unique=True,
            postgresql_where=text("decision = 'asked'"),
        ),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    decision: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
