"""Tables of duty desks: organisations, desks, who is on duty, and the rules that send a case to a desk."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.desks.rules import DeskRole, OrganisationKind
from services.core.kit.database import Base, Keyed

PATH = String(255, collation="C")


def _one_of(column: str, words: type[DeskRole | OrganisationKind]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class Organisation(Keyed, Base):
    """A department, a firm, a utility: known by its unified social credit code where it has one, once in a region."""

    __tablename__ = "organisation"
    __table_args__ = (
        _one_of("kind", OrganisationKind),
        Index("ix_organisation_region_path", "region_path", "id"),
        Index(
            "uq_organisation_uscc",
            "uscc",
            "region_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(18, collation="C"))
    kind: Mapped[str] = mapped_column(String(20))
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Desk(Keyed, Base):
    """Where cases of a region's subtree are sent: to a desk, never to a person, because people leave.

    Without an organisation it is the region's own. `phone`: the telephone of the desk, which the public is told; nobody's own.
    """

    __tablename__ = "desk"
    __table_args__ = (
        _one_of("role", DeskRole),
        Index("ix_desk_region_path", "region_path", "id"),
        Index("ix_desk_organisation_id", "organisation_id"),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(20, collation="C"))
    role: Mapped[str] = mapped_column(String(20))
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class DeskMember(Keyed, Base):
    """Somebody on duty at a desk from `since` until `until`. Rows stay: they tell who could act, and when."""

    __tablename__ = "desk_member"
    __table_args__ = (
        CheckConstraint("until >= since", name="until"),
        Index("uq_desk_member_live", "desk_id", "staff_id", unique=True, postgresql_where=text("until IS NULL")),
        Index("ix_desk_member_staff_id", "staff_id", postgresql_where=text("until IS NULL")),
        Index("ix_desk_member_desk_id", "desk_id", "id"),
    )

    desk_id: Mapped[UUID] = mapped_column(ForeignKey("desk.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    put_by: Mapped[UUID | None]
    taken_by: Mapped[UUID | None]


class RoutingRule(Keyed, Base):
    """A rule of a region; what it says is in its versions. A region has one default, which asks nothing and is tried last.

    `version` is the number of the newest one.
    """

    __tablename__ = "routing_rule"
    __table_args__ = (
        Index("ix_routing_rule_region_path", "region_path", "id"),
        Index("uq_routing_rule_default", "region_id", unique=True, postgresql_where=text("is_default")),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    is_default: Mapped[bool]
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class RoutingRuleVersion(Base):
    """What a rule says while `valid_from` ≤ now < `valid_until`. Only its end is ever set: what sent a case stays to be read."""

    __tablename__ = "routing_rule_version"
    __table_args__ = (
        CheckConstraint("valid_until >= valid_from", name="valid_until"),
        Index("ix_routing_rule_version_desk_id", "desk_id"),
    )

    rule_id: Mapped[UUID] = mapped_column(ForeignKey("routing_rule.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    conditions: Mapped[dict[str, Any]]
    desk_id: Mapped[UUID] = mapped_column(ForeignKey("desk.id"))
    co_desk_ids: Mapped[list[Any]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
