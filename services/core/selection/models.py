"""Tables of the selection round: the round, what was frozen for it, its runs and their results, what was published."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed


class RoundStatus(StrEnum):
    """How far a round has come."""

    DRAFT = "draft"
    FROZEN = "frozen"
    PUBLISHED = "published"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"


class RunState(StrEnum):
    """How far a run has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def one_of(column: str, values: type[StrEnum]) -> str:
    """The condition of a check: the column holds one of these words."""
    return "{} IN ({})".format(column, ", ".join(f"'{value}'" for value in values))


class SelectionRound(Keyed, Base):
    """One scored competition over the eligible projects of a region and year, under one policy version.

    `apply_until` with a document is the round's own, without one the policy's; None: there is no last day.
    """

    __tablename__ = "selection_round"
    __table_args__ = (
        CheckConstraint(one_of("status", RoundStatus), name="status"),
        Index("ix_selection_round_region_path", "region_path", "id"),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    year: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    filter: Mapped[dict[str, Any]]
    caps: Mapped[list[Any]]
    reserve: Mapped[int]
    apply_until: Mapped[date | None]
    apply_until_document: Mapped[str | None] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(20), default=RoundStatus.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Freeze(Keyed, Base):
    """The facts of every candidate as they stood at one instant. Never changed; freezing again adds the next number.

    `excluded`: how many did not compete for each reason.
    """

    __tablename__ = "round_freeze"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    candidates: Mapped[int]
    excluded: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    taken_at: Mapped[datetime]
    taken_by: Mapped[UUID | None]


class FreezeCandidate(Base):
    """One project of a freeze, its facts in one wide row: what the rules read, and no more (`freeze_evidence` has the rest).

    `facts`: texts of what is known, by key, as the canonical JSON that the run's digest is made of. `synthetic`: keys of those
    that rest on a synthetic figure. `conflicts`: keys of facts whose sources differ. `exceptions`: ids of excepted gates.
    `carry_over`: as `candidates.Candidate` has it.
    """

    __tablename__ = "freeze_candidate"
    __table_args__ = (Index("ix_freeze_candidate_partition", "freeze_id", "partition", "no", unique=True),)

    freeze_id: Mapped[UUID] = mapped_column(ForeignKey("round_freeze.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    no: Mapped[str] = mapped_column(String(64, collation="C"))
    title: Mapped[str] = mapped_column(String(200))
    partition: Mapped[str] = mapped_column(String(64, collation="C"))
    compounds: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    synthetic: Mapped[list[Any]]
    conflicts: Mapped[list[Any]]
    exceptions: Mapped[list[Any]]
    carry_over: Mapped[int | None]


class FreezeEvidence(Base):
    """What stands behind a frozen project's facts: sources and times, figures in conflict, exceptions, the improvement."""

    __tablename__ = "freeze_evidence"

    freeze_id: Mapped[UUID] = mapped_column(ForeignKey("round_freeze.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    facts: Mapped[dict[str, Any]]
    conflicts: Mapped[list[Any]]
    exceptions: Mapped[dict[str, Any]]
    carry_over: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class FreezeExclusion(Base):
    """A project in the round's stage that does not compete, or does and is held back by a conflict, with every reason
    (`filtering.Exclusion`).
    """

    __tablename__ = "freeze_exclusion"

    freeze_id: Mapped[UUID] = mapped_column(ForeignKey("round_freeze.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    no: Mapped[str] = mapped_column(String(64, collation="C"))
    title: Mapped[str] = mapped_column(String(200))
    reasons: Mapped[list[Any]]


class Run(Keyed, Base):
    """One computation over a freeze. The same freeze under the same rules gives the same digest and the same bytes."""

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("round_id", "number"), CheckConstraint(one_of("state", RunState), name="state"))

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    freeze_id: Mapped[UUID] = mapped_column(ForeignKey("round_freeze.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default=RunState.QUEUED)
    digest: Mapped[str | None] = mapped_column(String(64))
    rules_version: Mapped[int | None]
    progress: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime]
    requested_by: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class RunResult(Base):
    """What a run found for one project. `position` orders the whole run: by partition, rank, then who is not ranked.

    `units`: ten-thousandths of a point for each indicator, in the order of the policy's rubric. `dimensions`: points as text.
    """

    __tablename__ = "run_result"
    __table_args__ = (UniqueConstraint("run_id", "project_id"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    no: Mapped[str] = mapped_column(String(64, collation="C"))
    partition: Mapped[str] = mapped_column(String(64, collation="C"))
    rank: Mapped[int | None]
    total: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    outcome: Mapped[str] = mapped_column(String(20))
    units: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    dimensions: Mapped[dict[str, Any]]
    reason: Mapped[dict[str, Any]]
    sentence_zh: Mapped[str] = mapped_column(Text)
    sentence_en: Mapped[str] = mapped_column(Text)


class Publication(Keyed, Base):
    """What the public was shown, byte for byte. A later one supersedes it; it stays readable as superseded.

    `content` names the partitions; the results stand there too unless there are too many (`publishing.MOST_TOGETHER`).
    """

    __tablename__ = "publication"
    __table_args__ = (
        Index(
            "uq_publication_current_round_id",
            "round_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("selection_round.id"))
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]
    notice_until: Mapped[date]
    provisional: Mapped[bool]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(80))
    superseded_at: Mapped[datetime | None]


class PublicationPart(Base):
    """One partition of a publication, byte for byte."""

    __tablename__ = "publication_part"

    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publication.id"), primary_key=True)
    partition: Mapped[str] = mapped_column(String(64, collation="C"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(80))
