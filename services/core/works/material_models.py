"""Tables of materials on a site: the register, samples and certificates, what arrived and was checked, purchases, method boards."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.works.models import PATH, one_of
from services.core.works.rules import BatchState, RecordKind


class Purchase(Keyed, Base):
    """Materials that several projects bought together (domain.md I5): of whom, by which contract. Batches of sites name it."""

    __tablename__ = "purchase"
    __table_args__ = (Index("ix_purchase_region_path", "region_path", "id"),)

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(300))
    ordered_on: Mapped[date]
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]


class Material(Keyed, Base):
    """A material that is used on a site: what, by which specification and standard, in which unit, from which supplier there."""

    __tablename__ = "material"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site_organisation_id", "project_id"], ["site_organisation.id", "site_organisation.project_id"]
        ),
        UniqueConstraint("project_id", "title", "specification"),
        UniqueConstraint("id", "project_id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    title: Mapped[str] = mapped_column(String(100, collation="C"))
    specification: Mapped[str] = mapped_column(String(200, collation="C"))
    standard: Mapped[str | None] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(20))
    site_organisation_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]


class MaterialRecord(Keyed, Base):
    """A sample, a certificate or a test report of a material, with its pictures; never changed, withdrawn where it was wrong."""

    __tablename__ = "material_record"
    __table_args__ = (
        ForeignKeyConstraint(["material_id", "project_id"], ["material.id", "material.project_id"]),
        one_of("kind", RecordKind),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_reason"),
        Index("ix_material_record_material_id", "material_id", "id"),
    )

    project_id: Mapped[UUID]
    material_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    document: Mapped[str] = mapped_column(String(300))
    dated_on: Mapped[date]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class MaterialBatch(Keyed, Base):
    """A batch that arrived. Another person than who recorded it checks it; it is used once it was accepted."""

    __tablename__ = "material_batch"
    __table_args__ = (
        ForeignKeyConstraint(["material_id", "project_id"], ["material.id", "material.project_id"]),
        one_of("state", BatchState),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("(state = 'arrived') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("state NOT IN ('accepted', 'rejected') OR decided_by <> recorded_by", name="decided_by"),
        UniqueConstraint("material_id", "batch_no"),
        Index("ix_material_batch_project_id", "project_id", "id"),
        Index("ix_material_batch_purchase_id", "purchase_id", "id"),
    )

    project_id: Mapped[UUID]
    material_id: Mapped[UUID]
    purchase_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase.id"))
    batch_no: Mapped[str] = mapped_column(String(100, collation="C"))
    quantity: Mapped[Decimal] = mapped_column(Numeric(14, 3))
    arrived_on: Mapped[date]
    certificate: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(12))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)


class MethodBoard(Keyed, Base):
    """A board on the wall that shows how a work is done (工艺工法上墙), with its picture, until it is taken down."""

    __tablename__ = "method_board"
    __table_args__ = (Index("ix_method_board_project_id", "project_id", "id"),)

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    title: Mapped[str] = mapped_column(String(200))
    work: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(200))
    put_up_on: Mapped[date]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    taken_down_by: Mapped[UUID | None]
    taken_down_at: Mapped[datetime | None]
