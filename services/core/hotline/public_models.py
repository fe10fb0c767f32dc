"""Tables of what the hotline tells everybody: the contact board of a site, and cases that were made public."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.kit.nearby import Pair, Point


class ContactBoard(Base):
    """Whom to turn to at a project's site (C2): one board, changed as a whole."""

    __tablename__ = "contact_board"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    hours: Mapped[str | None] = mapped_column(String(200))
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]
    version: Mapped[int]


class ContactBoardLine(Base):
    """A line of a board: what for, which desk, who answers there. The telephone is the desk's own."""

    __tablename__ = "contact_board_line"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("contact_board.project_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(String(100))
    who: Mapped[str | None] = mapped_column(String(100))
    desk_id: Mapped[UUID] = mapped_column(ForeignKey("desk.id"))


SHOWN = "withdrawn_at IS NULL"


class ComplaintPublication(Keyed, Base):
    """A case as everybody may read it, in staff's words: what was asked, and what was answered once it is told.

    Its id is its own, so that it leads to no complaint. `spot`: the middle of the cell of the grid that the case lies in; nothing
    public is found or shown by the place itself. `project_id`: the complaint's, kept alike.
    """

    __tablename__ = "complaint_publication"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at"),
        UniqueConstraint("complaint_id"),
        Index("ix_complaint_publication_spot", "spot", postgresql_using="gist", postgresql_where=text(SHOWN)),
        Index(
            "ix_complaint_publication_answers",
            "project_id",
            "answered_at",
            "id",
            postgresql_where=text(f"{SHOWN} AND answered_at IS NOT NULL"),
        ),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    spot: Mapped[Pair | None] = mapped_column(Point)
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    published_by: Mapped[UUID | None]
    published_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
