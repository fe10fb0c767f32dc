"""Tables of consultation: rounds and whom they ask, visits, answers; lift requests; meetings with their records.

Rows of a compound carry its path through a foreign key that follows it, as the register does (docs/adr/0021).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.consultations.meeting_rules import MeetingKind
from services.core.consultations.rules import Answer, Channel, Grade, Matter, Outcome, Status
from services.core.kit.database import Base, Keyed
from services.core.policy.consulting import Asker

PATH = String(255, collation="C")
DOCUMENT = String(300)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


def _of_compound() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
    )


class Consultation(Keyed, Base):
    """Residents are asked about one matter, round by round, by the policy that was in force when it began.

    A whole compound's dwellings are asked; about a lift the properties of one entrance. `plan_number`: the plan that was in force.
    `doors`, `agreed`: what it came to, once closed.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        _of_compound(),
        _one_of("matter", Matter),
        _one_of("status", Status),
        CheckConstraint("(matter IN ('renovation', 'plan')) = (project_id IS NOT NULL)", name="project_id"),
        CheckConstraint("(matter = 'plan') = (plan_number IS NOT NULL)", name="plan_number"),
        CheckConstraint("(matter = 'lift') = (entrance_id IS NOT NULL)", name="entrance_id"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("(status = 'closed') = (doors IS NOT NULL AND agreed IS NOT NULL)", name="doors"),
        Index(
            "uq_consultation_open",
            "compound_id",
            "matter",
            "project_id",
            "entrance_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_consultation_region_path", "region_path", "id"),
        Index("ix_consultation_project_id", "project_id", "matter", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    matter: Mapped[str] = mapped_column(String(20))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    plan_number: Mapped[int | None]
    entrance_id: Mapped[UUID | None] = mapped_column(ForeignKey("entrance.id"))
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    status: Mapped[str] = mapped_column(String(10))
    round: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None] = mapped_column(Text)
    doors: Mapped[int | None]
    agreed: Mapped[int | None]


class ConsultationRound(Base):
    """One round of a consultation, as the policy words it. It ends when the next one begins, or with the consultation."""

    __tablename__ = "consultation_round"

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    actors: Mapped[list[Any]]
    together: Mapped[bool]
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ConsultationTarget(Base):
    """A door that a round asks: it had not agreed when the round began, or took its word back since."""

    __tablename__ = "consultation_target"
    __table_args__ = (
        ForeignKeyConstraint(
            ["consultation_id", "number"], ["consultation_round.consultation_id", "consultation_round.number"]
        ),
        Index("ix_consultation_target_property_id", "property_id"),
    )

    consultation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"), primary_key=True)


class ConsultationVisit(Keyed, Base):
    """One attempt at a door: never changed. `visitors`: who came, by body and (where it is staff of ours) by id."""

    __tablename__ = "consultation_visit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["consultation_id", "number", "property_id"],
            ["consultation_target.consultation_id", "consultation_target.number", "consultation_target.property_id"],
        ),
        _one_of("outcome", Outcome),
        Index("ix_consultation_visit_consultation_id", "consultation_id", "property_id", "id"),
    )

    consultation_id: Mapped[UUID]
    number: Mapped[int]
    property_id: Mapped[UUID]
    visited_on: Mapped[date]
    outcome: Mapped[str] = mapped_column(String(10))
    visitors: Mapped[list[Any]]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]


class ConsultationAnswer(Keyed, Base):
    """What a door said: never changed; a later answer supersedes it. `asked_by`: which body took it, but for the resident's own
    answer, and at the door, where the visit tells.
    """

    __tablename__ = "consultation_answer"
    __table_args__ = (
        _one_of("answer", Answer),
        _one_of("channel", Channel),
        _one_of("asked_by", Asker),
        CheckConstraint("(channel = 'door') = (visit_id IS NOT NULL)", name="visit_id"),
        CheckConstraint("(channel = 'app') = (resident_id IS NOT NULL)", name="resident_id"),
        CheckConstraint("(channel IN ('app', 'door')) = (asked_by IS NULL)", name="asked_by_channel"),
        Index(
            "uq_consultation_answer_current",
            "consultation_id",
            "property_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("ix_consultation_answer_consultation_id", "consultation_id", "property_id", "id"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"))
    number: Mapped[int]
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    answer: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[str | None] = mapped_column(String(30))
    opinion: Mapped[str | None] = mapped_column(String(500))
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation_visit.id"))
    resident_id: Mapped[UUID | None]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class LiftRequest(Keyed, Base):
    """One household asks for a lift in its entrance (R3). `due_at`: until when the community has to begin; None where nothing
    obliges it. Once set, neither that nor `started_at` changes: whether it was late is a fact for ever.
    """

    __tablename__ = "lift_request"
    __table_args__ = (
        _of_compound(),
        _one_of("appraisal_grade", Grade),
        CheckConstraint("(consultation_id IS NULL) = (started_at IS NULL)", name="started_at"),
        CheckConstraint("(due_at IS NULL) = (provisional IS NULL)", name="provisional"),
        CheckConstraint(
            "(appraisal_grade IS NULL) = (appraisal_document IS NULL) AND (appraisal_grade IS NULL) = (appraised_on IS NULL)",
            name="appraisal",
        ),
        Index("uq_lift_request_waiting", "entrance_id", unique=True, postgresql_where=text("consultation_id IS NULL")),
        Index("uq_lift_request_consultation_id", "consultation_id", unique=True),
        Index("ix_lift_request_region_path", "region_path", "id"),
        Index("ix_lift_request_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    entrance_id: Mapped[UUID] = mapped_column(ForeignKey("entrance.id"))
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    resident_id: Mapped[UUID | None]
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    provisional: Mapped[bool | None]
    started_at: Mapped[datetime | None]
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id"))
    appraisal_grade: Mapped[str | None] = mapped_column(String(1))
    appraisal_document: Mapped[str | None] = mapped_column(DOCUMENT)
    appraised_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class LiftObjection(Keyed, Base):
    """A neighbour objects to a lift. Settled by one person with what was agreed, or it stands."""

    __tablename__ = "lift_objection"
    __table_args__ = (
        CheckConstraint("(settled_at IS NULL) = (settlement IS NULL)", name="settled_at"),
        Index("ix_lift_objection_lift_request_id", "lift_request_id", "id"),
    )

    lift_request_id: Mapped[UUID] = mapped_column(ForeignKey("lift_request.id"))
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    resident_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    settlement: Mapped[str | None] = mapped_column(Text)
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]


class Meeting(Keyed, Base):
    """A meeting of residents and its record (R6). Once published it is what everybody reads, and changes no more."""

    __tablename__ = "meeting"
    __table_args__ = (
        _of_compound(),
        _one_of("kind", MeetingKind),
        CheckConstraint("plan_number IS NULL OR project_id IS NOT NULL", name="plan_number"),
        Index("ix_meeting_region_path", "region_path", "id"),
        Index("ix_meeting_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    plan_number: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date]
    place: Mapped[str] = mapped_column(String(200))
    attended: Mapped[int]
    properties_represented: Mapped[int]
    agenda: Mapped[list[Any]]
    decisions: Mapped[list[Any]]
    documents: Mapped[list[Any]]
    version: Mapped[int] = mapped_column(default=1)
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class MeetingFollowUp(Keyed, Base):
    """What a meeting left to be done, by whom (a body, no name) and until when."""

    __tablename__ = "meeting_follow_up"
    __table_args__ = (Index("ix_meeting_follow_up_meeting_id", "meeting_id", "id"),)

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    what: Mapped[str] = mapped_column(String(500))
    responsible: Mapped[str] = mapped_column(String(200))
    due: Mapped[date | None]
    done_on: Mapped[date | None]
    result: Mapped[str | None] = mapped_column(String(500))
