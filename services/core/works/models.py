"""Tables of a site: the works of one project, which organisations are there in which role, and who acts for them."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.identity.access import SiteRole
from services.core.kit.database import Base, Keyed
from services.core.works.rules import COMMITTED, Action, State

PATH = String(255, collation="C")
GRADE = String(64, collation="C")


def words_of(words: Iterable[StrEnum]) -> str:
    """Words as SQL lists them."""
    return ", ".join(f"'{word}'" for word in words)


def one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    """The column holds one of these words."""
    return CheckConstraint(f"{column} IN ({words_of(words)})", name=column)


class Site(Base):
    """The works of one project. `risk`: the grade that its policy knows, None until it was graded; it decides how often
    inspections come (domain.md I3).
    """

    __tablename__ = "site"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("planned_end >= planned_start", name="planned_end"),
        Index("ix_site_region_path", "region_path", "project_id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    region_path: Mapped[str] = mapped_column(PATH)
    state: Mapped[str] = mapped_column(String(12))
    risk: Mapped[str | None] = mapped_column(GRADE)
    planned_start: Mapped[date]
    planned_end: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]


class SiteEntry(Keyed, Base):
    """One step of a site's way, never changed: what was done, and how the site stood afterwards."""

    __tablename__ = "site_entry"
    __table_args__ = (
        one_of("action", Action),
        one_of("state", State),
        Index("ix_site_entry_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    action: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    risk: Mapped[str | None] = mapped_column(GRADE)
    planned_start: Mapped[date]
    planned_end: Mapped[date]
    reason: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    by: Mapped[UUID | None]
    at: Mapped[datetime]


class SiteOrganisation(Keyed, Base):
    """An organisation on a site, in one role, until it leaves. Rows stay: they tell who answered for what, and when."""

    __tablename__ = "site_organisation"
    __table_args__ = (
        one_of("role", SiteRole),
        UniqueConstraint("id", "project_id"),
        Index(
            "uq_site_organisation_live",
            "project_id",
            "organisation_id",
            "role",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index(
            "uq_site_organisation_party",
            "project_id",
            "role",
            unique=True,
            postgresql_where=text(f"left_at IS NULL AND role IN ({words_of(COMMITTED)})"),
        ),
        Index("ix_site_organisation_project_id", "project_id", "id"),
        Index("ix_site_organisation_organisation_id", "organisation_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(String(20))
    document: Mapped[str | None] = mapped_column(String(300))
    joined_by: Mapped[UUID | None]
    joined_at: Mapped[datetime]
    left_by: Mapped[UUID | None]
    left_at: Mapped[datetime | None]


class SitePerson(Keyed, Base):
    """Somebody who acts for an organisation of the site until he leaves; `position`: 项目经理, 总监理工程师."""

    __tablename__ = "site_person"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site_organisation_id", "project_id"], ["site_organisation.id", "site_organisation.project_id"]
        ),
        Index(
            "uq_site_person_live",
            "site_organisation_id",
            "staff_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_site_person_staff_id", "staff_id", postgresql_where=text("left_at IS NULL")),
        Index("ix_site_person_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID]
    site_organisation_id: Mapped[UUID]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    position: Mapped[str] = mapped_column(String(100))
    joined_by: Mapped[UUID | None]
    joined_at: Mapped[datetime]
    left_by: Mapped[UUID | None]
    left_at: Mapped[datetime | None]
