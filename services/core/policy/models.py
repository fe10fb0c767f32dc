"""Tables of city policies: versions that never change, and which version holds where."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed


class PolicyVersion(Keyed, Base):
    """One version of a city's policy, stored under the SHA-256 of its canonical JSON; never changed in place.

    `region_id`: the region that made it; None for what ships with the software.
    """

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("policy_id", "number"),)

    policy_id: Mapped[str] = mapped_column(String(64, collation="C"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    stored_by: Mapped[UUID | None]


class PolicyAssignment(Keyed, Base):
    """From `since` on, a region and everything below it follows this version, unless a nearer region says otherwise."""

    __tablename__ = "policy_assignment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["policy_id", "policy_number"],
            ["policy_version.policy_id", "policy_version.number"],
            name="fk_policy_assignment_version",
        ),
        Index("ix_policy_assignment_region_path", "region_path", "since"),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    policy_id: Mapped[str] = mapped_column(String(64, collation="C"))
    policy_number: Mapped[int]
    since: Mapped[datetime]
    given_by: Mapped[UUID | None]
