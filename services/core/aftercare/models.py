"""Tables of what follows a renovation: campaigns of household visits with every attempt.

Rows of a compound carry its path through a foreign key that follows it, as the register does (docs/adr/0021).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.aftercare.rules import BodyKind, Outcome, Status, VisitState
from services.core.kit.database import Base, Keyed

PATH = String(255, collation="C")


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The column holds one of these words."""
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class VisitCampaign(Keyed, Base):
    """Every household of a compound is visited after its renovation was handed over (domain.md C2).

    `questions`: in the form of surveys. `households`, `met`, `declined`: what it came to, once closed.
    """

    __tablename__ = "visit_campaign"
    __table_args__ = (
        ForeignKeyConstraint(
            ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
        ),
        one_of("status", Status),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint(
            "(status = 'closed') = (households IS NOT NULL AND met IS NOT NULL AND declined IS NOT NULL)",
            name="households",
        ),
        Index(
            "uq_visit_campaign_open",
            "compound_id",
            "project_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_visit_campaign_region_path", "region_path", "id"),
        Index("ix_visit_campaign_project_id", "project_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    title: Mapped[str] = mapped_column(String(200))
    questions: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None] = mapped_column(Text)
    households: Mapped[int | None]
    met: Mapped[int | None]
    declined: Mapped[int | None]


class VisitBody(Keyed, Base):
    """A body that visits in a campaign: of which kind, and which one (焦作市总工会)."""

    __tablename__ = "visit_body"
    __table_args__ = (
        one_of("kind", BodyKind),
        UniqueConstraint("campaign_id", "title"),
        UniqueConstraint("id", "campaign_id"),
    )

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("visit_campaign.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))


class HouseholdVisit(Keyed, Base):
    """A household that a campaign visits: which body is to come, who of the staff, and where it stands."""

    __tablename__ = "household_visit"
    __table_args__ = (
        ForeignKeyConstraint(["body_id", "campaign_id"], ["visit_body.id", "visit_body.campaign_id"]),
        one_of("state", VisitState),
        UniqueConstraint("campaign_id", "property_id"),
        Index("ix_household_visit_property_id", "property_id"),
    )

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("visit_campaign.id"))
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    body_id: Mapped[UUID | None]
    visitor_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str] = mapped_column(String(10))


class VisitAttempt(Keyed, Base):
    """One attempt at a household: never changed. Of a household that was met twice, the later answers count."""

    __tablename__ = "visit_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["body_id", "campaign_id"], ["visit_body.id", "visit_body.campaign_id"]),
        ForeignKeyConstraint(
            ["campaign_id", "property_id"], ["household_visit.campaign_id", "household_visit.property_id"]
        ),
        one_of("outcome", Outcome),
        CheckConstraint("(outcome = 'met') = (answers IS NOT NULL)", name="answers"),
        Index("ix_visit_attempt_campaign_id", "campaign_id", "property_id", "id"),
    )

    campaign_id: Mapped[UUID]
    property_id: Mapped[UUID]
    body_id: Mapped[UUID]
    made_on: Mapped[date]
    outcome: Mapped[str] = mapped_column(String(10))
    answers: Mapped[dict[str, Any] | None]
    note: Mapped[str | None] = mapped_column(String(500))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
