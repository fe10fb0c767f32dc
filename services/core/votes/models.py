"""Tables of owner votes: the vote and its matters, its roll, service of its notice, ledger of ballots, results, objections."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.policy.law import MatterKind
from services.core.votes.lifecycle import (
    Assurance,
    Channel,
    Entry,
    Interim,
    ObjectionTo,
    Served,
    VoteObjectionStatus,
    VoteScope,
    VoteStatus,
)

PATH = String(255, collation="C")
AREA = Numeric(14, 2)
TOTAL_AREA = Numeric(20, 2)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class Vote(Keyed, Base):
    """A vote of the owners of a compound, or of a part of it, on one or more matters.

    `plan_number`, `plan_digest`: the plan version that it is about (docs/adr/0014). `roll_*` and `heads`, `area` are of the roll as
    it was last published; opening freezes them. `closes_at`: the end of the last day. `roll_days`,
    `result_days`: working days of notice beyond what the policy asks. `certificate`: canonical JSON, once final.
    """

    __tablename__ = "vote"
    __table_args__ = (
        ForeignKeyConstraint(
            ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
        ),
        _one_of("scope", VoteScope),
        _one_of("status", VoteStatus),
        _one_of("assurance", Assurance),
        _one_of("interim", Interim),
        CheckConstraint("(building_id IS NOT NULL) = (scope = 'building')", name="building"),
        CheckConstraint("(entrance_id IS NOT NULL) = (scope = 'entrance')", name="entrance"),
        CheckConstraint("(plan_number IS NULL) = (plan_digest IS NULL)", name="plan"),
        CheckConstraint("(certificate IS NOT NULL) = (status = 'final')", name="certificate"),
        CheckConstraint("(cancel_reason IS NOT NULL) = (status = 'cancelled')", name="cancel_reason"),
        Index("ix_vote_region_path", "region_path", "id"),
        Index("ix_vote_project_id", "project_id", "id"),
        Index("ix_vote_compound_id", "compound_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    scope: Mapped[str] = mapped_column(String(10))
    building_id: Mapped[UUID | None] = mapped_column(ForeignKey("building.id"))
    entrance_id: Mapped[UUID | None] = mapped_column(ForeignKey("entrance.id"))
    title: Mapped[str] = mapped_column(String(200))
    plan_number: Mapped[int | None]
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    assurance: Mapped[str] = mapped_column(String(20))
    interim: Mapped[str] = mapped_column(String(20))
    matters: Mapped[int]
    roll_days: Mapped[int | None]
    result_days: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(20), default=VoteStatus.DRAFT)
    roll_revision: Mapped[int] = mapped_column(default=0)
    roll_digest: Mapped[str | None] = mapped_column(String(64))
    roll_until: Mapped[date | None]
    heads: Mapped[int | None]
    area: Mapped[Decimal | None] = mapped_column(TOTAL_AREA)
    noticed_at: Mapped[datetime | None]
    opens_on: Mapped[date | None]
    opened_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    result_revision: Mapped[int] = mapped_column(default=0)
    finalised_at: Mapped[datetime | None]
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate_digest: Mapped[str | None] = mapped_column(String(64))
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]


class VoteMatter(Base):
    """One matter on the ballot paper, with the thresholds that were pinned when the vote was made.

    `rule`: the policy's vote that it is (`menu`, `renovation_plan`, …). `area`, `item`: the facility that a menu vote asks about.
    """

    __tablename__ = "vote_matter"
    __table_args__ = (
        _one_of("kind", MatterKind),
        CheckConstraint("(item IS NULL) = (area IS NULL)", name="item"),
    )

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str | None] = mapped_column(String(64, collation="C"))
    area: Mapped[str | None] = mapped_column(String(10))
    item: Mapped[str | None] = mapped_column(String(100))
    thresholds: Mapped[dict[str, Any]]


class VoteExtension(Base):
    """The last day of a vote was put off, once more: from when to when, why, on what paper."""

    __tablename__ = "vote_extension"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    closes_before: Mapped[datetime]
    closes_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(String(300))
    extended_at: Mapped[datetime]
    extended_by: Mapped[UUID | None]


class VoteRoll(Base):
    """The roll as it was published at one time; what it was then is known by its digest."""

    __tablename__ = "vote_roll"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))
    heads: Mapped[int]
    properties: Mapped[int]
    area: Mapped[Decimal] = mapped_column(TOTAL_AREA)
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]
    notice_until: Mapped[date]
    provisional: Mapped[bool]


class RollOwner(Base):
    """One head of the roll with the exclusive area of all its properties. Frozen when the vote opens."""

    __tablename__ = "roll_owner"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("voting_owner.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    area: Mapped[Decimal] = mapped_column(TOTAL_AREA)


class RollProperty(Base):
    """One property of the roll: its door, its area, and whose head it counts to."""

    __tablename__ = "roll_property"
    __table_args__ = (
        ForeignKeyConstraint(["vote_id", "owner_id"], ["roll_owner.vote_id", "roll_owner.owner_id"]),
        Index("ix_roll_property_owner", "vote_id", "owner_id"),
        Index("ix_roll_property_door", "vote_id", "door", "property_id"),
        Index("ix_roll_property_property_id", "property_id"),
    )

    vote_id: Mapped[UUID] = mapped_column(primary_key=True)
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"), primary_key=True)
    owner_id: Mapped[UUID]
    door: Mapped[str] = mapped_column(String(220, collation="C"))
    area: Mapped[Decimal] = mapped_column(AREA)


class NoticeService(Base):
    """The notice of the vote was given to an owner, in one way, on a day."""

    __tablename__ = "vote_service"
    __table_args__ = (
        ForeignKeyConstraint(["vote_id", "owner_id"], ["roll_owner.vote_id", "roll_owner.owner_id"]),
        _one_of("how", Served),
    )

    vote_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    how: Mapped[str] = mapped_column(String(10), primary_key=True)
    served_on: Mapped[date]
    document: Mapped[str | None] = mapped_column(String(300))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class BallotEntry(Keyed, Base):
    """A line of the ledger of ballots; lines are only added (a trigger sees to it).

    `n` counts the lines of one head: who adds a line has seen the one before, the key decides races. `of_id`: the line that a
    confirmation, correction or voiding is about. `pending`: it does not count before a second person has confirmed it.
    `positions`: by co-owner what each said last ({id, n, choices}), after this line; `standing`: what counts after it, one choice a
    matter in their order, none while co-owners contradict each other.
    """

    __tablename__ = "ballot"
    __table_args__ = (
        ForeignKeyConstraint(["vote_id", "owner_id"], ["roll_owner.vote_id", "roll_owner.owner_id"]),
        UniqueConstraint("vote_id", "owner_id", "n"),
        _one_of("entry", Entry),
        _one_of("channel", Channel),
        _one_of("assurance", Assurance),
        CheckConstraint("(of_id IS NULL) = (entry = 'cast')", name="of_id"),
        CheckConstraint("(choices IS NOT NULL) = (entry IN ('cast', 'correct'))", name="choices"),
        CheckConstraint("(reason IS NOT NULL) = (entry IN ('correct', 'void'))", name="reason"),
        Index("ix_ballot_of_id", "of_id", postgresql_where=text("of_id IS NOT NULL")),
        Index("ix_ballot_pending", "vote_id", postgresql_where=text("pending")),
    )

    vote_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    n: Mapped[int]
    entry: Mapped[str] = mapped_column(String(10))
    of_id: Mapped[UUID | None] = mapped_column(ForeignKey("ballot.id"))
    caster_id: Mapped[UUID]
    choices: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    pending: Mapped[bool]
    positions: Mapped[dict[str, Any]]
    standing: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    channel: Mapped[str] = mapped_column(String(10))
    assurance: Mapped[str] = mapped_column(String(20))
    evidence: Mapped[str | None] = mapped_column(String(300))
    reason: Mapped[str | None] = mapped_column(Text)
    by_kind: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[UUID]
    at: Mapped[datetime]


class VoteResult(Base):
    """The result of every matter as it was published, with the notice that it is open to objections for."""

    __tablename__ = "vote_result"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    matters: Mapped[list[Any]]
    ledger_digest: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]
    notice_until: Mapped[date]
    provisional: Mapped[bool]


class VoteObjection(Keyed, Base):
    """An objection to the roll or to the result as published: recorded by one person, decided by another.

    `by_kind`: an owner on his phone recorded it, or staff who took it in.
    """

    __tablename__ = "vote_objection"
    __table_args__ = (
        _one_of("about", ObjectionTo),
        _one_of("status", VoteObjectionStatus),
        CheckConstraint("by_kind IN ('staff', 'resident')", name="by_kind"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("decided_by IS DISTINCT FROM recorded_by OR decided_at IS NULL", name="two_people"),
        Index("ix_vote_objection_vote_id", "vote_id", "id"),
        Index("ix_vote_objection_resident", "recorded_by", "id", postgresql_where=text("by_kind = 'resident'")),
    )

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    about: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    what: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date]
    late: Mapped[bool]
    document: Mapped[str | None] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(10), default=VoteObjectionStatus.OPEN)
    recorded_at: Mapped[datetime]
    by_kind: Mapped[str] = mapped_column(String(10), server_default="staff")
    recorded_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decision_document: Mapped[str | None] = mapped_column(String(300))
