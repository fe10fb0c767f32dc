"""Tables of what a start of works needs: the ten signatures of lifetime commitment, and exceptions from the rest."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.works.models import one_of
from services.core.works.rules import EXCEPTED, ExceptionState, Signer


class Commitment(Keyed, Base):
    """One of the ten signatures: by whom for which party, on which paper, whose scan is a file of this row.

    Never changed: what was recorded wrongly is withdrawn and signed anew. It counts while its organisation is on the site. The name
    is sealed and kept for as long as the building stands, for so long its bearer answers (建设工程质量管理条例 art. 75 to 77).
    """

    __tablename__ = "commitment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site_organisation_id", "project_id"], ["site_organisation.id", "site_organisation.project_id"]
        ),
        one_of("signer", Signer),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_reason"),
        Index(
            "uq_commitment_live",
            "site_organisation_id",
            "signer",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_commitment_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID]
    site_organisation_id: Mapped[UUID]
    signer: Mapped[str] = mapped_column(String(20))
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    signed_on: Mapped[date]
    document: Mapped[str] = mapped_column(String(300))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class StartException(Keyed, Base):
    """One person asks, with reason and document, that works start without something; another agrees or not (domain.md S9)."""

    __tablename__ = "start_exception"
    __table_args__ = (
        one_of("requirement", EXCEPTED),
        one_of("state", ExceptionState),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("decided_by <> asked_by", name="decided_by"),
        Index(
            "uq_start_exception_live",
            "project_id",
            "requirement",
            unique=True,
            postgresql_where=text("state IN ('asked', 'agreed')"),
        ),
        Index("ix_start_exception_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    requirement: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(String(300))
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
