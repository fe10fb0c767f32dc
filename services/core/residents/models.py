"""What binds residents to properties: bindings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed


class Binding(Keyed, Base):
    """A resident stands for a property: as its owner, its tenant, or one of their family. Ended, never deleted.

    It carries no region: where the property lies is the register's matter, which may move it with its compound.

    An owner's or tenant's names his person in the register, and holds while the register says the same of that person: a transfer
    of title ends it without touching it. Family names the binding that invited it, and holds while that one does. Whether a binding
    holds is asked of `queries.LIVE`, never of `ended_at` alone.
    """

    __tablename__ = "binding"
    __table_args__ = (
        CheckConstraint("kind IN ('owner', 'tenant', 'family')", name="kind"),
        CheckConstraint("assurance IN ('phone', 'code', 'on_site')", name="assurance"),
        CheckConstraint("(kind = 'family') = (person_id IS NULL)", name="person_unless_family"),
        CheckConstraint("(kind = 'family') = (invited_by IS NOT NULL)", name="invited_when_family"),
        Index(
            "uq_binding_live",
            "resident_id",
            "property_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    property_id: Mapped[UUID] = mapped_column(index=True)
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("binding.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    assurance: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
