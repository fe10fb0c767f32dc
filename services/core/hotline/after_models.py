"""Tables of what follows an answer: how its reporter rates it, whether he was called back, what a supervisor was told to look at.

A round is one way from intake, or from being taken up again, to an answer: `complaint.reopened` counts them.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.hotline.after_rules import CallBackState, Cause, SupervisionState
from services.core.kit.database import Base, Keyed

PATH = String(255, collation="C")
WORD = String(20)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


def _of_compound() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
    )


class ComplaintRating(Keyed, Base):
    """What a reporter thinks of one round. His reason is the line of the history (`entry_id`), sealed there."""

    __tablename__ = "complaint_rating"
    __table_args__ = (
        UniqueConstraint("complaint_id", "round"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("satisfied = (score >= 3)", name="satisfied"),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    round: Mapped[int]
    score: Mapped[int | None]
    satisfied: Mapped[bool]
    resolved: Mapped[bool]
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("complaint_entry.id"))
    rated_at: Mapped[datetime]


class CallBack(Keyed, Base):
    """Somebody is to ask the reporter whether it was solved; when, the clock tells. `tries`: calls so far."""

    __tablename__ = "call_back"
    __table_args__ = (
        _of_compound(),
        _one_of("state", CallBackState),
        UniqueConstraint("complaint_id", "round"),
        CheckConstraint("(state = 'due') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'reached') = (satisfied IS NOT NULL)", name="satisfied"),
        CheckConstraint("(satisfied IS NULL) = (resolved IS NULL)", name="resolved"),
        Index("ix_call_back_due", "region_path", "id", postgresql_where=text("state = 'due'")),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    round: Mapped[int]
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    compound_id: Mapped[UUID | None]
    region_path: Mapped[str] = mapped_column(PATH)
    state: Mapped[str] = mapped_column(WORD)
    tries: Mapped[int]
    satisfied: Mapped[bool | None]
    resolved: Mapped[bool | None]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]


class Supervision(Keyed, Base):
    """A reporter is dissatisfied with a round: the supervising desk looks into it (督办), and says what it found."""

    __tablename__ = "complaint_supervision"
    __table_args__ = (
        _of_compound(),
        _one_of("cause", Cause),
        _one_of("state", SupervisionState),
        UniqueConstraint("complaint_id", "round"),
        CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled_at"),
        CheckConstraint("(settled_at IS NULL) = (finding IS NULL)", name="finding"),
        Index("ix_complaint_supervision_open", "region_path", "id", postgresql_where=text("state = 'open'")),
        Index("ix_complaint_supervision_region_path", "region_path", "id"),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    round: Mapped[int]
    cause: Mapped[str] = mapped_column(WORD)
    compound_id: Mapped[UUID | None]
    region_path: Mapped[str] = mapped_column(PATH)
    desk_id: Mapped[UUID | None] = mapped_column(ForeignKey("desk.id"))
    state: Mapped[str] = mapped_column(WORD)
    version: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime]
    finding: Mapped[str | None] = mapped_column(Text)
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]
