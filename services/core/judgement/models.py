"""Tables of expert judgement: the panel of a round for one indicator, its experts, what each of them gave each project."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.judgement.rules import PanelStatus
from services.core.kit.database import Base, Keyed


class Panel(Keyed, Base):
    """Several experts who judge one fact of a round's projects, blind to each other until it is closed."""

    __tablename__ = "panel"
    __table_args__ = (
        Index(
            "uq_panel_under_way_round_id_fact_key",
            "round_id",
            "fact_key",
            unique=True,
            postgresql_where=text("status IN ('open', 'reviewing')"),
        ),
        CheckConstraint("status IN ({})".format(", ".join(f"'{status}'" for status in PanelStatus)), name="status"),
        Index("ix_panel_region_path", "region_path", "id"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    fact_key: Mapped[str] = mapped_column(String(80, collation="C"))
    scale: Mapped[int]
    least: Mapped[int]
    deadline: Mapped[date]
    drops_extremes: Mapped[bool]
    deviation_limit: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    review_days: Mapped[int]
    review_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(20), default=PanelStatus.OPEN)
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(Text)


class PanelExpert(Base):
    """One expert of a panel. The letter by which readers know the expert is drawn when the panel closes."""

    __tablename__ = "panel_expert"
    __table_args__ = (UniqueConstraint("panel_id", "letter"),)

    panel_id: Mapped[UUID] = mapped_column(ForeignKey("panel.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    letter: Mapped[str | None] = mapped_column(String(1))


class Judgement(Base):
    """What one expert says about one project: a score, or a conflict of interest, or nothing yet.

    `first_score`: what it was before a flagged one was looked at again.
    """

    __tablename__ = "judgement"
    __table_args__ = (
        ForeignKeyConstraint(["panel_id", "staff_id"], ["panel_expert.panel_id", "panel_expert.staff_id"]),
        CheckConstraint("score IS NULL OR conflict_reason IS NULL", name="score"),
        Index("ix_judgement_staff_id", "staff_id", "panel_id", "project_id"),
    )

    panel_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    first_score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    comment: Mapped[str | None] = mapped_column(Text)
    conflict_reason: Mapped[str | None] = mapped_column(Text)
    flagged: Mapped[bool] = mapped_column(server_default=false())
    reviewed_at: Mapped[datetime | None]
    given_at: Mapped[datetime | None]
