"""Tables of notices at a site and of the objections that came in."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.works.models import one_of
from services.core.works.rules import ObjectionState


class SiteNotice(Keyed, Base):
    """A notice that hangs at a site (施工公告), open to objections until the end of `open_until`; None: it asks for none.

    Never changed: one that was wrong is withdrawn and posted anew.
    """

    __tablename__ = "site_notice"
    __table_args__ = (
        CheckConstraint("open_until >= posted_on", name="open_until"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_reason"),
        UniqueConstraint("id", "project_id"),
        Index("ix_site_notice_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    posted_on: Mapped[date]
    open_until: Mapped[date | None]
    provisional: Mapped[bool]
    posted_by: Mapped[UUID | None]
    posted_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class SiteObjection(Keyed, Base):
    """An objection to the works, without the name of who made it: what it says, and how it was answered."""

    __tablename__ = "site_objection"
    __table_args__ = (
        ForeignKeyConstraint(["notice_id", "project_id"], ["site_notice.id", "site_notice.project_id"]),
        one_of("state", ObjectionState),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered_at"),
        CheckConstraint("(state = 'open') = (answer IS NULL)", name="answer"),
        Index("ix_site_objection_project_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("site.project_id"))
    notice_id: Mapped[UUID | None]
    what: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
