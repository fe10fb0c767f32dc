"""Tables of the joint review: its rounds, the departments asked in each, every opinion that was given."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.works.models import one_of
from services.core.works.rules import PartState, ReviewState, Verdict


class JointReview(Keyed, Base):
    """A round in which departments review a project together (domain.md S14). `number` counts rounds; from the second on `change`
    says what was revised. `agreed`: of a closed one, that nobody disagreed.
    """

    __tablename__ = "joint_review"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "plan_number"], ["plan_version.project_id", "plan_version.number"]),
        one_of("state", ReviewState),
        CheckConstraint("(number = 1) = (change IS NULL)", name="change"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'closed') = (agreed IS NOT NULL)", name="agreed"),
        UniqueConstraint("project_id", "number"),
        UniqueConstraint("id", "project_id"),
        Index("uq_joint_review_open", "project_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    plan_number: Mapped[int | None]
    change: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    agreed: Mapped[bool | None]
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]


class ReviewPart(Keyed, Base):
    """One department of a round: the desk that answers for it, and which one it is by the policy, where the policy names it."""

    __tablename__ = "review_part"
    __table_args__ = (
        ForeignKeyConstraint(["review_id", "project_id"], ["joint_review.id", "joint_review.project_id"]),
        one_of("state", PartState),
        UniqueConstraint("review_id", "desk_id"),
        Index("ix_review_part_desk_id", "desk_id", "id"),
        Index("ix_review_part_project_id", "project_id"),
    )

    review_id: Mapped[UUID]
    project_id: Mapped[UUID]
    desk_id: Mapped[UUID] = mapped_column(ForeignKey("desk.id"))
    department: Mapped[str | None] = mapped_column(String(64, collation="C"))
    state: Mapped[str] = mapped_column(String(12))


class ReviewOpinion(Keyed, Base):
    """What a department said, never changed; a later one corrects it. `document`: its paper, needed where others entered it."""

    __tablename__ = "review_opinion"
    __table_args__ = (
        one_of("verdict", Verdict),
        CheckConstraint("document IS NOT NULL OR NOT on_behalf", name="document"),
        Index("ix_review_opinion_part_id", "part_id", "id"),
    )

    part_id: Mapped[UUID] = mapped_column(ForeignKey("review_part.id"))
    verdict: Mapped[str] = mapped_column(String(12))
    opinion: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    on_behalf: Mapped[bool]
    late: Mapped[bool]
    given_by: Mapped[UUID | None]
    given_at: Mapped[datetime]
