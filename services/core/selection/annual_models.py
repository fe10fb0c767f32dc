"""Tables of what follows a publication: objections, approvals, the confirmation, the annual plan's ledger, supplements."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.selection.models import one_of


class ObjectionGround(StrEnum):
    """What an objection is about."""

    FACTS = "facts"
    POINTS = "points"
    GATE = "gate"
    PROCEDURE = "procedure"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class ObjectionStatus(StrEnum):
    """What became of an objection."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


class Opinion(StrEnum):
    """What a bureau says of a published ranking."""

    APPROVE = "approve"
    RETURN = "return"


class PlanList(StrEnum):
    """The three lists of a year: 实施, 谋划, 储备."""

    IMPLEMENT = "implement"
    RESERVE = "reserve"
    LATER = "later"


class EntryKind(StrEnum):
    """What put an entry into the ledger of a plan."""

    CONFIRMED = "confirmed"
    DROPPED = "dropped"
    SUPPLEMENTED = "supplemented"
    ADJUSTED = "adjusted"


class SupplementStatus(StrEnum):
    """How far a supplement has come."""

    PROPOSED = "proposed"
    PUBLISHED = "published"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class Objection(Keyed, Base):
    """An objection to what was published of a round, or to one of its supplements.

    `region_path` is its project's; when it names none, the round's or the supplement's. `moot`: it was upheld when another had
    withdrawn its supplement already.
    """

    __tablename__ = "round_objection"
    __table_args__ = (
        CheckConstraint(one_of("ground", ObjectionGround), name="ground"),
        CheckConstraint(one_of("status", ObjectionStatus), name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("decided_by IS DISTINCT FROM recorded_by OR decided_at IS NULL", name="two_people"),
        CheckConstraint("num_nonnulls(publication_id, supplement_id) = 1", name="against"),
        CheckConstraint("NOT moot OR (status = 'upheld' AND supplement_id IS NOT NULL)", name="moot"),
        Index("ix_round_objection_round_id", "round_id", "id"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    publication_id: Mapped[UUID | None] = mapped_column(ForeignKey("publication.id"))
    supplement_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplement.id"))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    ground: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date]
    late: Mapped[bool]
    document: Mapped[str | None] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(20), default=ObjectionStatus.OPEN)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decision_document: Mapped[str | None] = mapped_column(String(300))
    moot: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class Approval(Keyed, Base):
    """What one bureau says of one publication, under its document number. A new publication asks every bureau anew."""

    __tablename__ = "round_approval"
    __table_args__ = (
        UniqueConstraint("publication_id", "bureau"),
        CheckConstraint(one_of("opinion", Opinion), name="opinion"),
        Index("ix_round_approval_round_id", "round_id", "id"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publication.id"))
    bureau: Mapped[str] = mapped_column(String(64, collation="C"))
    document: Mapped[str] = mapped_column(String(300))
    issued_on: Mapped[date]
    opinion: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(Text)
    fixed: Mapped[list[Any]]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class AnnualPlan(Keyed, Base):
    """The plan of one region and year: what its confirmed rounds chose, and what became of that since."""

    __tablename__ = "annual_plan"
    __table_args__ = (UniqueConstraint("region_id", "year"),)

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    year: Mapped[int]
    created_at: Mapped[datetime]


class Confirmation(Base):
    """The end of a round: its published run became part of the annual plan, under the number of the joint issue."""

    __tablename__ = "round_confirmation"
    __table_args__ = (Index("ix_round_confirmation_region_path", "region_path", "confirmed_at"),)

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"), primary_key=True)
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publication.id"))
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("annual_plan.id"))
    document: Mapped[str | None] = mapped_column(String(300))
    issued_on: Mapped[date]
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None]


class Supplement(Keyed, Base):
    """A project of the plan is stopped on a ground, and a ready reserve may take its place.

    Proposed by one person, published by another: from then on the project is stopped, and the notice of who enters runs. Confirmed
    after the notice, or withdrawn by an objection; the project stays stopped, and its place may be filled by another supplement.
    `candidates` is what the proposal showed, and after the publication what decided it. `content` is what the public reads of it.
    `document` is that of the publication, `decision_document` that of the confirmation.
    """

    __tablename__ = "supplement"
    __table_args__ = (
        CheckConstraint(one_of("status", SupplementStatus), name="status"),
        CheckConstraint("(status IN ('proposed', 'published')) = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "(status IN ('published', 'confirmed', 'withdrawn')) = (content IS NOT NULL)", name="published"
        ),
        CheckConstraint("published_by IS DISTINCT FROM proposed_by OR published_at IS NULL", name="second_person"),
        CheckConstraint("status <> 'confirmed' OR decided_by IS DISTINCT FROM proposed_by", name="two_people"),
        Index(
            "uq_supplement_place",
            "round_id",
            "dropped_project_id",
            unique=True,
            postgresql_where=text(
                "status IN ('proposed', 'published') OR status = 'confirmed' AND added_project_id IS NOT NULL"
            ),
        ),
        Index(
            "uq_supplement_on_notice_added_project_id",
            "added_project_id",
            unique=True,
            postgresql_where=text("status = 'published'"),
        ),
        Index("ix_supplement_plan_id", "plan_id", "id"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("annual_plan.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    dropped_project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    ground: Mapped[str] = mapped_column(String(64, collation="C"))
    note: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), default=SupplementStatus.PROPOSED)
    candidates: Mapped[list[Any]]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[UUID]
    published_at: Mapped[datetime | None]
    published_by: Mapped[UUID | None]
    document: Mapped[str | None] = mapped_column(String(300))
    added_project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    notice_until: Mapped[date | None]
    provisional: Mapped[bool | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    etag: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decision_document: Mapped[str | None] = mapped_column(String(300))


class PlanEntry(Keyed, Base):
    """One line of a plan's ledger, never changed: what holds for a project in a year is its entry with the highest number.

    Plans of one year (a county's, its city's) number a project's entries together: the round that was confirmed last has the last
    word, and no plan lists what another one has taken over. `list` is None once the project was dropped. `carried_times`: how
    often in a row a round preferred it, up to this one.
    """

    __tablename__ = "plan_entry"
    __table_args__ = (
        UniqueConstraint("project_id", "year", "number"),
        CheckConstraint(one_of("kind", EntryKind), name="kind"),
        CheckConstraint(one_of("list", PlanList), name="list"),
        CheckConstraint("(kind = 'dropped') = (list IS NULL)", name="dropped"),
        Index("ix_plan_entry_year_region_path", "year", "region_path"),
        Index("ix_plan_entry_project_id", "project_id", "id"),
        Index(
            "uq_plan_entry_confirmed_run_id_project_id",
            "run_id",
            "project_id",
            unique=True,
            postgresql_where=text("kind = 'confirmed'"),
        ),
    )

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("annual_plan.id"))
    year: Mapped[int]
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    list: Mapped[str | None] = mapped_column(String(20))
    partition: Mapped[str] = mapped_column(String(64, collation="C"))
    rank: Mapped[int]
    budget: Mapped[Decimal | None] = mapped_column(Numeric())
    floor_area: Mapped[Decimal | None] = mapped_column(Numeric())
    client_unit: Mapped[str | None] = mapped_column(String(200))
    carried_times: Mapped[int] = mapped_column(default=0)
    supplement_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplement.id"))
    ground: Mapped[str | None] = mapped_column(String(64, collation="C"))
    document: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime]
    by: Mapped[UUID | None]
