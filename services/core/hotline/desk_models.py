"""Tables of handling by desks: which desk has which part of a case, and what was sent back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.hotline.desk_rules import LIVE, Decision, Ground, Part, Standing
from services.core.kit.database import Base, Keyed

WORD = String(20)
STILL_LIVE = "state IN ({})".format(", ".join(f"'{state}'" for state in LIVE))


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class Assignment(Keyed, Base):
    """A desk's part of a case. `rule_id`, `rule_number`: the version of the rule that sent it; null when somebody did.

    `binding`: the arbiter sent it, and it is not sent back again. `queue_at`: where it stands in the desk's list, the limit of its
    reply, kept by a trigger on the clocks; the end of time while that stands still or where there is none.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        _one_of("part", Part),
        _one_of("state", Standing),
        CheckConstraint(f"({STILL_LIVE} OR state = 'refused') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(rule_id IS NULL) = (rule_number IS NULL)", name="rule_number"),
        ForeignKeyConstraint(
            ["rule_id", "rule_number"], ["routing_rule_version.rule_id", "routing_rule_version.number"]
        ),
        Index("uq_assignment_desk", "complaint_id", "desk_id", unique=True, postgresql_where=text(STILL_LIVE)),
        Index(
            "uq_assignment_lead",
            "complaint_id",
            unique=True,
            postgresql_where=text(f"part = 'lead' AND {STILL_LIVE}"),
        ),
        Index("ix_assignment_queue", "desk_id", "queue_at", "id", postgresql_where=text(STILL_LIVE)),
        Index("ix_assignment_complaint_id", "complaint_id", "id"),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    desk_id: Mapped[UUID] = mapped_column(ForeignKey("desk.id"))
    part: Mapped[str] = mapped_column(WORD)
    state: Mapped[str] = mapped_column(WORD)
    rule_id: Mapped[UUID | None]
    rule_number: Mapped[int | None]
    binding: Mapped[bool]
    queue_at: Mapped[datetime]
    assigned_by: Mapped[UUID | None]
    assigned_at: Mapped[datetime]
    signed_in_by: Mapped[UUID | None]
    signed_in_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AssignmentRefusal(Keyed, Base):
    """A desk sent its part back, with a ground; what the arbiter made of it. Rows stay: they are counted."""

    __tablename__ = "assignment_refusal"
    __table_args__ = (
        _one_of("ground", Ground),
        _one_of("decision", Decision),
        CheckConstraint("(decision = 'asked') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("decided_by <> refused_by", name="decided_by"),
        Index("uq_assignment_refusal_asked", "assignment_id", unique=True, postgresql_where=text("decision = 'asked'")),
        Index("ix_assignment_refusal_complaint_id", "complaint_id", "id"),
        Index("ix_assignment_refusal_waiting", "id", postgresql_where=text("decision = 'asked'")),
    )

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    part: Mapped[str] = mapped_column(WORD)
    ground: Mapped[str] = mapped_column(WORD)
    text: Mapped[str] = mapped_column(Text)
    refused_by: Mapped[UUID | None]
    refused_at: Mapped[datetime]
    decision: Mapped[str] = mapped_column(WORD)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_text: Mapped[str | None] = mapped_column(Text)
