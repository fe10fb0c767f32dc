"""Tables of clocks: the promise and its standing, its pauses and extensions, what is done at which moment, breaches, urgings.

Every change of a clock and of its steps is made under the lock of the clock's row.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.clocks.rules import Decision, State, StepKind
from services.core.kit.database import Base, Keyed

PATH = String(255, collation="C")
WORD = String(64)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class Clock(Keyed, Base):
    """One promise to a subject: `kind` (reply, sign_in …) by frozen `terms`. At most one of a kind is open at a time.

    `started_at`: from when it counts, which a re-route keeps. `days`: what the last approved extension gave. `due_at`: the first
    instant that is too late, as told; while paused it rests. `calendar`: the version of the calendar it was computed by.
    `revision` rises whenever the limit moves: what is done about one limit is told from what is done about the next.
    """

    __tablename__ = "clock"
    __table_args__ = (
        _one_of("state", State),
        CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="met_at"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_at"),
        Index(
            "uq_clock_open",
            "subject_id",
            "kind",
            "subject_type",
            unique=True,
            postgresql_where=text("state IN ('running', 'paused', 'missed')"),
        ),
        Index("ix_clock_subject_id", "subject_id", "id"),
        Index("ix_clock_provisional", "id", postgresql_where=text("provisional AND state = 'running'")),
    )

    subject_type: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    kind: Mapped[str] = mapped_column(WORD)
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    terms: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    days: Mapped[int | None]
    due_at: Mapped[datetime]
    provisional: Mapped[bool]
    skipped: Mapped[list[date]] = mapped_column(ARRAY(Date))
    calendar: Mapped[str] = mapped_column(String(30))
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    met_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ClockPause(Keyed, Base):
    """The clock stood still, for a reason that its terms allow, with a document that shows it. Open until resumed."""

    __tablename__ = "clock_pause"
    __table_args__ = (
        CheckConstraint("ended_at >= started_at", name="ended_at"),
        Index("uq_clock_pause_open", "clock_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_clock_pause_clock_id", "clock_id", "id"),
    )

    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    reason: Mapped[str] = mapped_column(WORD)
    document: Mapped[str] = mapped_column(String(300))
    started_at: Mapped[datetime]
    paused_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    resumed_by: Mapped[UUID | None]


class ClockExtension(Keyed, Base):
    """Somebody asked, before the limit, that it be moved to `days` from the start; another decided, or the limit came first."""

    __tablename__ = "clock_extension"
    __table_args__ = (
        _one_of("decision", Decision),
        CheckConstraint("(decision = 'asked') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decision = 'approved') = (due_after IS NOT NULL)", name="due_after"),
        CheckConstraint("decided_by <> asked_by", name="decided_by"),
        Index("uq_clock_extension_asked", "clock_id", unique=True, postgresql_where=text("decision = 'asked'")),
        Index("ix_clock_extension_clock_id", "clock_id", "id"),
    )

    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    days: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None]
    decision: Mapped[str] = mapped_column(String(10))
    ground: Mapped[str | None] = mapped_column(String(500))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    due_before: Mapped[datetime]
    due_after: Mapped[datetime | None]


class ClockStep(Base):
    """One thing to be done at a moment, once: its key says which. Pending ones go when the clock ends or its limit moves.

    `late`: it was missed at its moment. `joined`: no message of its own, for another of the same clock at the same time tells it.
    """

    __tablename__ = "clock_step"
    __table_args__ = (
        _one_of("kind", StepKind),
        Index("ix_clock_step_due", "due_at", postgresql_where=text("done_at IS NULL")),
    )

    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    late: Mapped[bool] = mapped_column(server_default=text("false"))
    joined: Mapped[bool] = mapped_column(server_default=text("false"))


class ClockBreach(Base):
    """A limit passed and nobody had met it: a fact for ever, one for each clock; a trigger refuses every change."""

    __tablename__ = "clock_breach"
    __table_args__ = (Index("ix_clock_breach_region_path", "region_path", "due_at"),)

    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"), primary_key=True)
    region_path: Mapped[str] = mapped_column(PATH)
    due_at: Mapped[datetime]
    found_at: Mapped[datetime]


class ClockUrging(Keyed, Base):
    """Somebody who is concerned asked to hurry (催办); a day takes no more than the terms say."""

    __tablename__ = "clock_urging"
    __table_args__ = (Index("ix_clock_urging_clock_id", "clock_id", "urged_on"),)

    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    urged_on: Mapped[date]
    urged_at: Mapped[datetime]
    urged_by_kind: Mapped[str] = mapped_column(String(20))
    urged_by: Mapped[UUID | None]
