"""Tables of what happens where and when on a site: its areas, who books them, times without works, utilities' own tasks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.works.models import PATH, one_of
from services.core.works.rules import BlackoutKind, Forbids, UtilityAction, UtilityKind, UtilityState


class SiteArea(Keyed, Base):
    """A part of a site by its name there: 东侧道路, 3 号楼前. Two who book it at the same time are in each other's way."""

    __tablename__ = "site_area"
    __table_args__ = (UniqueConstraint("project_id", "title"), UniqueConstraint("id", "project_id"))

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    title: Mapped[str] = mapped_column(String(100, collation="C"))
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]


class AreaBooking(Base):
    """Somebody's works in an area, from when to when; `digs`: they open the ground. Of a phase or of a utility's task."""

    __tablename__ = "area_booking"
    __table_args__ = (
        ForeignKeyConstraint(["area_id", "project_id"], ["site_area.id", "site_area.project_id"]),
        CheckConstraint("ends_on >= starts_on", name="ends_on"),
        Index("ix_area_booking_project_id", "project_id"),
    )

    area_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(30))
    project_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    digs: Mapped[bool]


class Blackout(Keyed, Base):
    """Days on which a region's sites rest, wholly or with their machines: school-leaving examinations, holidays (domain.md I9)."""

    __tablename__ = "blackout"
    __table_args__ = (
        one_of("kind", BlackoutKind),
        one_of("forbids", Forbids),
        CheckConstraint("ends_on >= starts_on", name="ends_on"),
        Index("ix_blackout_region_path", "region_path", "id"),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    forbids: Mapped[str] = mapped_column(String(10))
    document: Mapped[str] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
    lifted_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None]


class UtilityTask(Keyed, Base):
    """A utility was told of the site: it confirms what it will do there, and plans it itself (domain.md I6)."""

    __tablename__ = "utility_task"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site_organisation_id", "project_id"], ["site_organisation.id", "site_organisation.project_id"]
        ),
        one_of("kind", UtilityKind),
        one_of("state", UtilityState),
        CheckConstraint("(state IN ('planned', 'done')) = (starts_on IS NOT NULL)", name="planned"),
        CheckConstraint("num_nulls(starts_on, ends_on) IN (0, 2)", name="span"),
        CheckConstraint("ends_on >= starts_on", name="ends_on"),
        Index("ix_utility_task_project_id", "project_id", "id"),
        Index("ix_utility_task_site_organisation_id", "site_organisation_id"),
    )

    project_id: Mapped[UUID]
    site_organisation_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    digs: Mapped[bool] = mapped_column(default=False)
    machines: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    told_by: Mapped[UUID | None]
    told_at: Mapped[datetime]


class UtilityEntry(Keyed, Base):
    """One step of a task's way, never changed: each plan as it was, with its areas."""

    __tablename__ = "utility_entry"
    __table_args__ = (
        one_of("action", UtilityAction),
        one_of("state", UtilityState),
        Index("ix_utility_entry_task_id", "task_id", "id"),
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("utility_task.id"))
    action: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    digs: Mapped[bool]
    machines: Mapped[bool]
    area_ids: Mapped[list[Any]]
    note: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    by: Mapped[UUID | None]
    at: Mapped[datetime]
