"""Tables of the project library: projects and their way through the stages, the compounds they renovate, plan versions,
exceptions to soft gates.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.projects.rules import Action, Stage


class Project(Keyed, Base):
    """A renovation of one or more compounds. Its figures are facts, its works and money are plan versions.

    `policy_version_id`: the version under which it was chosen; later steps ask its gates (docs/adr/0020).
    """

    __tablename__ = "project"
    __table_args__ = (
        Index("ix_project_region_path", "region_path", "no"),
        Index("ix_project_stage", "stage", "region_path", "no"),
        CheckConstraint("stage IN ({})".format(", ".join(f"'{stage}'" for stage in Stage)), name="stage"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    no: Mapped[str] = mapped_column(String(64, collation="C"), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    stage: Mapped[str] = mapped_column(String(20), default=Stage.DRAFT)
    client_unit: Mapped[str | None] = mapped_column(String(200))
    plan_number: Mapped[int | None]
    policy_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("policy_version.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ProjectCompound(Base):
    """One compound of a project."""

    __tablename__ = "project_compound"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compound.id"), primary_key=True, index=True)


class StageEntry(Keyed, Base):
    """One step of a project's way, never changed: 申报, 入库, 计划, 调整 over the years (domain.md S13).

    `year` and `round_id` where a round decided; the round's table lies above this domain, so its id is no foreign key.
    `applicant`: who applied, for that action alone.
    """

    __tablename__ = "project_stage_entry"
    __table_args__ = (
        CheckConstraint("action IN ({})".format(", ".join(f"'{action}'" for action in Action)), name="action"),
        Index("ix_project_stage_entry_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    from_stage: Mapped[str] = mapped_column(String(20))
    to_stage: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(20))
    year: Mapped[int | None]
    round_id: Mapped[UUID | None]
    applicant: Mapped[str | None] = mapped_column(String(30))
    document: Mapped[str | None] = mapped_column(String(300))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[UUID | None]


class PlanVersion(Keyed, Base):
    """Works, budget, funding and management mode as they were proposed at one time. Never changed; a new one is added."""

    __tablename__ = "plan_version"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    items: Mapped[list[Any]]
    budget: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    funding: Mapped[list[Any]]
    management_mode: Mapped[str | None] = mapped_column(String(100))
    synthetic: Mapped[bool] = mapped_column(default=False)
    digest: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]


class GateException(Keyed, Base):
    """A person lets a project past a soft gate of one version of a policy, with a reason and a document.

    The same gate of another version may ask for more: that needs an exception of its own.
    """

    __tablename__ = "gate_exception"
    __table_args__ = (UniqueConstraint("project_id", "policy_id", "policy_number", "gate_id"),)

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    policy_id: Mapped[str] = mapped_column(String(64, collation="C"))
    policy_number: Mapped[int]
    gate_id: Mapped[str] = mapped_column(String(64, collation="C"))
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime]


class ProjectRollup(Base):
    """Sums over the projects of a region's whole subtree, of one stage and year (0: no round has decided about them yet).

    `*_unknown`, `without_plan`: projects that are not in that sum. `synthetic`: projects with a figure that was made up.
    """

    __tablename__ = "project_rollup"

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    projects: Mapped[int]
    compounds: Mapped[int]
    households: Mapped[Decimal] = mapped_column(Numeric)
    households_unknown: Mapped[int]
    floor_area: Mapped[Decimal] = mapped_column(Numeric)
    floor_area_unknown: Mapped[int]
    budget: Mapped[Decimal] = mapped_column(Numeric)
    without_plan: Mapped[int]
    synthetic: Mapped[int]
    funding: Mapped[dict[str, Any]]


class RollupState(Base):
    """When the roll-ups were brought up to date. One row."""

    __tablename__ = "project_rollup_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    as_of: Mapped[datetime]
