"""Tables of what a start of works needs: the ten signatures of lifetime commitment."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.works.models import one_of
from services.core.works.rules import Signer


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
