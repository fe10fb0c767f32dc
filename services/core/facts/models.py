"""Tables of facts: every figure by its source with its history, and what a person decided where sources differ."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.facts.rules import Kind
from services.core.kit.database import Base, Keyed

CURRENT = text("superseded_at IS NULL")


class Fact(Keyed, Base):
    """What one source says about one key of one subject. Superseded rows stay: the history of what was said."""

    __tablename__ = "fact"
    __table_args__ = (
        CheckConstraint("subject_type IN ('compound', 'project')", name="subject_type"),
        CheckConstraint("kind IN ({})".format(", ".join(f"'{kind}'" for kind in Kind)), name="kind"),
        Index("uq_fact_current", "subject_id", "key", "source", unique=True, postgresql_where=CURRENT),
        Index("ix_fact_region_path", "region_path", "subject_id", "key", postgresql_where=CURRENT),
        Index("ix_fact_subject_id", "subject_id", "id"),
    )

    subject_type: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    key: Mapped[str] = mapped_column(String(80, collation="C"))
    value: Mapped[str] = mapped_column(Text(collation="C"))
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(200, collation="C"))
    document: Mapped[str | None] = mapped_column(String(300))
    source_rows: Mapped[list[Any]]
    observed_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]


class Adjudication(Keyed, Base):
    """A person's decision which of several differing figures holds. It stands while exactly these values are on the table."""

    __tablename__ = "adjudication"
    __table_args__ = (
        Index("uq_adjudication_live", "subject_id", "key", unique=True, postgresql_where=CURRENT),
        Index("ix_adjudication_fact_id", "fact_id"),
    )

    subject_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(80, collation="C"))
    fact_id: Mapped[UUID] = mapped_column(ForeignKey("fact.id"))
    values_digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
