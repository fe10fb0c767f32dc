"""Tables of territory: the region tree, compounds, and departments' printed statements about them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.territory.rules import (
    Area,
    Category,
    Conclusion,
    Condition,
    DrawingKind,
    DrawingState,
    Grade,
    Improvement,
    RegionAct,
    Reshape,
    Tier,
)

PATH = String(255, collation="C")
CURRENT = text("superseded_at IS NULL")


class Level(StrEnum):
    """What a region is. A zone (development zone) has no code of its own and stands where the tree needs it."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"
    ZONE = "zone"


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class Region(Keyed, Base):
    """One region. `path` is the chain of its ancestors' numbers and its own, each closed by a dot; set once, at insert.

    The GB/T 2260 code is an attribute: it changes, and zones have none. A region that is no more keeps its row (`valid_to`).
    """

    __tablename__ = "region"
    __table_args__ = (
        CheckConstraint("level IN ({})".format(", ".join(f"'{level}'" for level in Level)), name="level"),
        Index("uq_region_code_valid", "code", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index(
            "uq_region_name_valid",
            "parent_id",
            "name",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    code: Mapped[str | None] = mapped_column(String(12, collation="C"))
    name: Mapped[str] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(10))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    path: Mapped[str] = mapped_column(PATH, unique=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(200))
    source_date: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)


class RegionChange(Keyed, Base):
    """A region got another code or name, or was abolished, on a day and by a document. Its path stays what it was."""

    __tablename__ = "region_change"
    __table_args__ = (
        _one_of("act", RegionAct),
        UniqueConstraint("region_id", "effective_on"),
        Index("ix_region_change_old_code", "old_code", "region_id"),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    act: Mapped[str] = mapped_column(String(10))
    effective_on: Mapped[date]
    old_code: Mapped[str | None] = mapped_column(String(12, collation="C"))
    new_code: Mapped[str | None] = mapped_column(String(12, collation="C"))
    old_name: Mapped[str] = mapped_column(String(100))
    new_name: Mapped[str] = mapped_column(String(100))
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    document: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime]


class Compound(Keyed, Base):
    """A residential estate. Its figures are no columns: they are facts, kept by source (domain.md S17).

    One that was merged or split is closed: it keeps its row, its facts and its history, and takes nothing new.
    """

    __tablename__ = "compound"
    __table_args__ = (
        Index("ix_compound_region_path", "region_path", "no"),
        # What its register's rows refer to, so that their paths follow its own.
        UniqueConstraint("id", "region_path"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    no: Mapped[str] = mapped_column(String(64, collation="C"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(300))
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Reshaping(Keyed, Base):
    """Several compounds became one, or one became several, on the strength of a document (domain.md G4)."""

    __tablename__ = "reshaping"
    __table_args__ = (_one_of("kind", Reshape),)

    kind: Mapped[str] = mapped_column(String(10))
    document: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime]


class CompoundDescent(Base):
    """Which compound went into which."""

    __tablename__ = "compound_descent"

    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("compound.id"), primary_key=True)
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("compound.id"), primary_key=True, index=True)
    reshaping_id: Mapped[UUID] = mapped_column(ForeignKey("reshaping.id"), index=True)


class Facility(Keyed, Base):
    """One menu item of a compound as it was found. A changed or removed item stays, superseded: the history of its condition."""

    __tablename__ = "facility"
    __table_args__ = (
        _one_of("area", Area),
        _one_of("category", Category),
        _one_of("tier", Tier),
        _one_of("condition", Condition),
        _one_of("improvement", Improvement),
        CheckConstraint("severity BETWEEN 0 AND 3 AND (severity = 0) = (condition = 'sound')", name="severity"),
        Index("uq_facility_current", "compound_id", "area", "name", unique=True, postgresql_where=CURRENT),
        Index("ix_facility_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compound.id"))
    name: Mapped[str] = mapped_column(String(100))
    area: Mapped[str] = mapped_column(String(10))
    category: Mapped[str] = mapped_column(String(10))
    tier: Mapped[str] = mapped_column(String(10))
    condition: Mapped[str] = mapped_column(String(10))
    severity: Mapped[int]
    improvement: Mapped[str | None] = mapped_column(String(20))
    observed_on: Mapped[date]
    source: Mapped[str] = mapped_column(String(200))
    document: Mapped[str | None] = mapped_column(String(300))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]


class Drawing(Keyed, Base):
    """What is known of one kind of drawings of a compound. A former state stays, superseded."""

    __tablename__ = "drawing"
    __table_args__ = (
        _one_of("kind", DrawingKind),
        _one_of("state", DrawingState),
        Index("uq_drawing_current", "compound_id", "kind", unique=True, postgresql_where=CURRENT),
        Index("ix_drawing_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compound.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    archive_place: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))
    document: Mapped[str | None] = mapped_column(String(300))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]


class RebuildComparison(Keyed, Base):
    """Renovating a compound compared with rebuilding it, as somebody assessed it. Never changed; a new one is added.

    `floor_area` and `close_share` are what held when it was recorded, so that its figures never change afterwards.
    """

    __tablename__ = "rebuild_comparison"
    __table_args__ = (
        _one_of("appraisal_grade", Grade),
        _one_of("conclusion", Conclusion),
        CheckConstraint("rebuild_cost > 0", name="rebuild_cost"),
        Index("ix_rebuild_comparison_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compound.id"))
    renovate_cost: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    rebuild_cost: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    floor_area: Mapped[str | None] = mapped_column(String(60))
    close_share: Mapped[str | None] = mapped_column(String(70))
    policy_digest: Mapped[str | None] = mapped_column(String(64))
    appraisal_grade: Mapped[str] = mapped_column(String(1))
    remaining_years: Mapped[int]
    conclusion: Mapped[str] = mapped_column(String(10))
    assessed_on: Mapped[date]
    source: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class Report(Keyed, Base):
    """A department's statement as it was printed. Never changed; what its lines mean, and why totals differ, is settled later."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_region_path", "region_path", "id"),)

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    title: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))
    as_of: Mapped[date | None]
    filed_by: Mapped[UUID | None]
    filed_at: Mapped[datetime]


class ReportLine(Keyed, Base):
    """One line of a report as printed: its label, the group that it is added up in, its figures by fact key.

    `compound_id` is null while nobody can say which compound the label means.
    """

    __tablename__ = "report_line"
    __table_args__ = (
        UniqueConstraint("report_id", "position"),
        UniqueConstraint("report_id", "compound_id"),
        CheckConstraint("counts_as > 0", name="counts_as"),
    )

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"))
    position: Mapped[int]
    group: Mapped[str] = mapped_column(String(100, collation="C"))
    label: Mapped[str] = mapped_column(String(200))
    counts_as: Mapped[int]
    figures: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(String(500))
    compound_id: Mapped[UUID | None] = mapped_column(ForeignKey("compound.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]


class ReportTotal(Keyed, Base):
    """One total of a report as printed: of one group, for one fact key. `reason`: why its parts do not give it, by a person."""

    __tablename__ = "report_total"
    __table_args__ = (UniqueConstraint("report_id", "group", "key"), UniqueConstraint("report_id", "position"))

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"))
    position: Mapped[int]
    group: Mapped[str] = mapped_column(String(100, collation="C"))
    key: Mapped[str] = mapped_column(String(80, collation="C"))
    value: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    resolved_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
