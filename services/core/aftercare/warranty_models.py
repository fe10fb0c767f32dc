"""Tables of warranty: how long what was built is guaranteed by whom, and the defects reported under it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.core.aftercare.models import PATH, one_of
from services.core.aftercare.warranty_rules import Action, Liability, State, Work
from services.core.kit.database import Base, Keyed


def _of_compound() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
    )


class WarrantyTerm(Keyed, Base):
    """One item of works at a compound, the contractor who answers for it, and until when.

    `ends_on` follows from the rest (`warranty_rules.ends_on`). `document`: the warranty, or for what lasts as long as its design
    says, the design.
    """

    __tablename__ = "warranty_term"
    __table_args__ = (
        _of_compound(),
        one_of("work", Work),
        CheckConstraint("(months IS NULL) = (work = 'heating_cooling')", name="months"),
        CheckConstraint(
            "num_nulls(seasons, season_begins, season_ends) = CASE WHEN work = 'heating_cooling' THEN 0 ELSE 3 END",
            name="seasons",
        ),
        CheckConstraint("ends_on > accepted_on", name="ends_on"),
        UniqueConstraint("compound_id", "project_id", "work", "item"),
        Index("ix_warranty_term_region_path", "region_path", "id"),
        Index("ix_warranty_term_project_id", "project_id", "id"),
        Index("ix_warranty_term_organisation_id", "organisation_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    work: Mapped[str] = mapped_column(String(20))
    item: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    accepted_on: Mapped[date]
    months: Mapped[int | None]
    seasons: Mapped[int | None]
    season_begins: Mapped[str | None] = mapped_column(String(5))
    season_ends: Mapped[str | None] = mapped_column(String(5))
    ends_on: Mapped[date]
    document: Mapped[str] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(default=1)
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]


class WarrantyTicket(Keyed, Base):
    """A defect of an item under warranty. `covered`: it was reported in time; else it is repaired at the reporter's cost.

    `complaint_id`: the complaint that it came from. `failures`: how often a recheck found it not repaired.
    """

    __tablename__ = "warranty_ticket"
    __table_args__ = (
        _of_compound(),
        one_of("state", State),
        one_of("liability", Liability),
        CheckConstraint("(state IN ('closed', 'withdrawn')) = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint("state <> 'closed' OR liability NOT IN ('open', 'disputed')", name="closed_liability"),
        UniqueConstraint("complaint_id", "term_id"),
        Index("ix_warranty_ticket_region_path", "region_path", "id"),
        Index("ix_warranty_ticket_term_id", "term_id", "id"),
        Index("ix_warranty_ticket_compound_id", "compound_id", "id"),
        Index("ix_warranty_ticket_property_id", "property_id"),
    )

    term_id: Mapped[UUID] = mapped_column(ForeignKey("warranty_term.id"))
    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    property_id: Mapped[UUID | None] = mapped_column(ForeignKey("property.id"))
    complaint_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaint.id"))
    place: Mapped[str] = mapped_column(String(200))
    defect: Mapped[str] = mapped_column(Text)
    reported_on: Mapped[date]
    covered: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12))
    liability: Mapped[str] = mapped_column(String(12))
    failures: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    reported_by: Mapped[UUID | None]
    reported_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WarrantyEntry(Keyed, Base):
    """One step of a ticket's way, never changed."""

    __tablename__ = "warranty_entry"
    __table_args__ = (
        one_of("action", Action),
        one_of("state", State),
        one_of("liability", Liability),
        CheckConstraint("(action = 'settle') = (document IS NOT NULL)", name="document"),
        Index("ix_warranty_entry_ticket_id", "ticket_id", "id"),
    )

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("warranty_ticket.id"))
    action: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    liability: Mapped[str] = mapped_column(String(12))
    note: Mapped[str | None] = mapped_column(String(1000))
    document: Mapped[str | None] = mapped_column(String(300))
    by: Mapped[UUID | None]
    at: Mapped[datetime]
