"""Tables of the hotline: complaints, who made them, what happened to them, and what they are about.

Whatever reporters write is sealed, for they write names, doors and numbers (docs/adr/0028); staff's own words are not, and may hold
no personal number. Rows carry their region's path, through the compound's key where there is a compound.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.hotline.rules import OPEN, Act, Channel, Kind, RepeatBy, State
from services.core.kit.database import Base, Keyed
from services.core.kit.nearby import Placed, placed

PATH = String(255, collation="C")
WORD = String(20)
ENDED = "state IN ({})".format(", ".join(f"'{state}'" for state in State if state not in OPEN))
STILL_OPEN = "state IN ({})".format(", ".join(f"'{state}'" for state in State if state in OPEN))


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class ComplaintCategory(Base):
    """What complaints are about. `parent`: what a routing rule for the wider matter also means. Retired, never deleted."""

    __tablename__ = "complaint_category"
    __table_args__ = (_one_of("kind", Kind),)

    code: Mapped[str] = mapped_column(String(40, collation="C"), primary_key=True)
    parent: Mapped[str | None] = mapped_column(ForeignKey("complaint_category.code"))
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(WORD)
    hazard: Mapped[bool]
    anonymous: Mapped[bool]
    position: Mapped[int]
    retired: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class ComplaintNumber(Base):
    """How many complaints a region took in on a day."""

    __tablename__ = "complaint_number"

    region_path: Mapped[str] = mapped_column(PATH, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class Complaint(Keyed, Placed, Base):
    """One complaint. `code` opens it to whoever made it, without an account.

    `content_index`: a blind index of who said what, so that of equal intakes one stands while it is open. `partner_*`: a transfer's
    own id and deadline. `first_promise_at`: the deadline that its reporter was given first; re-routing never moves it.
    `came_again`: the how many-th time since the matter was closed first; `repeat_of_id`: the time before, untied when its reporter
    told it and is forgotten. `visit_attempt_id`, `visit_finding`: at which visit it was found, and the how manieth there (no key:
    visits know complaints and not the other way); gone with its reporter. `to_forget`: something of its reporter's is left, or
    came after he was forgotten. `plan_item`: the line of that version of the project's plan, counted from 1; `organisation_id`:
    whose work it is about.
    """

    __tablename__ = "complaint"
    __table_args__ = (
        ForeignKeyConstraint(
            ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
        ),
        _one_of("channel", Channel),
        _one_of("kind", Kind),
        _one_of("state", State),
        CheckConstraint("(partner_id IS NULL) = (partner_ref IS NULL)", name="partner_ref"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_id"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        *placed(),
        CheckConstraint("(plan_number IS NULL) = (plan_item IS NULL)", name="plan_item"),
        CheckConstraint("plan_number IS NULL OR project_id IS NOT NULL", name="plan_number"),
        _one_of("repeat_by", RepeatBy),
        CheckConstraint("(repeat_of_id IS NULL) = (repeat_by IS NULL)", name="repeat_of_id"),
        CheckConstraint("repeat_of_id IS NULL OR came_again > 0", name="came_again"),
        CheckConstraint("(visit_attempt_id IS NULL) = (visit_finding IS NULL)", name="visit_finding"),
        UniqueConstraint("code"),
        UniqueConstraint("no"),
        UniqueConstraint("partner_id", "partner_ref"),
        Index("uq_complaint_content_index", "content_index", unique=True, postgresql_where=text(STILL_OPEN)),
        Index(
            "uq_complaint_visit_finding",
            "visit_attempt_id",
            "visit_finding",
            unique=True,
            postgresql_where=text("visit_attempt_id IS NOT NULL"),
        ),
        Index("ix_complaint_region_path", "region_path", "id"),
        Index("ix_complaint_open", "region_path", "id", postgresql_where=text(STILL_OPEN)),
        Index(
            "ix_complaint_to_forget",
            "policy_version_id",
            "created_at",
            "id",
            postgresql_where=text(f"{ENDED} AND to_forget"),
        ),
        Index("ix_complaint_created_at", "created_at"),
        Index("ix_complaint_point", "point", postgresql_using="gist"),
        Index("ix_complaint_open311", "created_at", "id", postgresql_where=text(f"channel = '{Channel.OPEN311}'")),
        Index("ix_complaint_compound_id", "compound_id", "id"),
        Index("ix_complaint_project_id", "project_id", "id", postgresql_where=text("project_id IS NOT NULL")),
        Index("ix_complaint_merged_into_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index("ix_complaint_repeat_of_id", "repeat_of_id", postgresql_where=text("repeat_of_id IS NOT NULL")),
        Index("ix_complaint_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    code: Mapped[str] = mapped_column(String(20, collation="C"))
    no: Mapped[str] = mapped_column(String(40, collation="C"))
    channel: Mapped[str] = mapped_column(WORD)
    category: Mapped[str] = mapped_column(ForeignKey("complaint_category.code"))
    kind: Mapped[str] = mapped_column(WORD)
    hazard: Mapped[bool]
    anonymous: Mapped[bool]
    state: Mapped[str] = mapped_column(WORD)
    region_path: Mapped[str] = mapped_column(PATH)
    compound_id: Mapped[UUID | None]
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    plan_number: Mapped[int | None]
    plan_item: Mapped[int | None]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    description_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    call_ref: Mapped[str | None] = mapped_column(String(64))
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    partner_ref: Mapped[str | None] = mapped_column(String(64, collation="C"))
    partner_due_at: Mapped[datetime | None]
    policy_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("policy_version.id"))
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaint.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaint.id"))
    repeat_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaint.id"))
    repeat_by: Mapped[str | None] = mapped_column(WORD)
    came_again: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    visit_attempt_id: Mapped[UUID | None]
    visit_finding: Mapped[int | None]
    received_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    first_promise_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    to_forget: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    synthetic: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class ComplaintReporter(Base):
    """Who made a complaint: an account, what is needed to call back, or neither. Sealed, and gone before the complaint is."""

    __tablename__ = "complaint_reporter"
    __table_args__ = (
        CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name="phone_index"),
        CheckConstraint("(phone_index IS NULL) = (index_key IS NULL)", name="index_key"),
        Index("ix_complaint_reporter_resident_id", "resident_id", "complaint_id"),
        Index("ix_complaint_reporter_phone_index", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
        Index("ix_complaint_reporter_index_key", "index_key", postgresql_where=text("index_key IS NOT NULL")),
        Index("ix_complaint_reporter_property_id", "property_id", postgresql_where=text("property_id IS NOT NULL")),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"), primary_key=True)
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    property_id: Mapped[UUID | None] = mapped_column(ForeignKey("property.id"))
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    index_key: Mapped[str | None] = mapped_column(String(8))


class ComplaintEntry(Keyed, Base):
    """One line of a complaint's history; append-only, a trigger sees to it. `public`: its reporter reads it.

    `text` is staff's, as it was sent; `text_sealed` the reporter's, and may be emptied when his data is.
    """

    __tablename__ = "complaint_entry"
    __table_args__ = (
        _one_of("act", Act),
        CheckConstraint(
            "state IN ({})".format(", ".join(f"'{state}'" for state in State)),
            name="state",
        ),
        CheckConstraint("text IS NULL OR text_sealed IS NULL", name="text"),
        Index("ix_complaint_entry_complaint_id", "complaint_id", "id"),
    )

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(WORD)
    state: Mapped[str] = mapped_column(WORD)
    public: Mapped[bool]
    text: Mapped[str | None] = mapped_column(Text)
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    actor_kind: Mapped[str] = mapped_column(WORD)
    actor_id: Mapped[UUID | None]
    desk_id: Mapped[UUID | None]


class ReplyTemplate(Keyed, Base):
    """Words that are sent again and again, `{gaps}` in them; of one region, for everybody below it. Retired, never deleted.

    What was sent stays as it was sent, however a template is changed afterwards.
    """

    __tablename__ = "reply_template"
    __table_args__ = (Index("ix_reply_template_region_path", "region_path", "id"),)

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(PATH)
    category: Mapped[str | None] = mapped_column(ForeignKey("complaint_category.code"))
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    retired: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
