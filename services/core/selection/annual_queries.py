"""Reads of what follows a publication: objections, approvals, and what stands published."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Uuid, and_, bindparam, func, not_, or_, select

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.projects.models import Project
from services.core.selection.annual_models import Approval, Objection, ObjectionStatus
from services.core.selection.candidates import BUDGET, FLOOR_AREA, Outcome
from services.core.selection.models import FreezeCandidate, Publication, PublicationPart, Run, RunResult, SelectionRound

if TYPE_CHECKING:
    import asyncpg


def frozen_number(key: str) -> ColumnElement[str | None]:
    """The value of a frozen fact as text."""
    value: ColumnElement[str | None] = FreezeCandidate.facts[key].astext
    return value


# What stands published of a round, wherever the caller is from: it is public.
STANDING = Statement(
    select(
        Publication.id,
        Publication.run_id,
        Publication.published_at,
        Publication.notice_until,
        Publication.provisional,
        SelectionRound.region_path,
    )
    .join(SelectionRound, SelectionRound.id == Publication.round_id)
    .where(Publication.round_id == bindparam("round_id", type_=Uuid()), Publication.superseded_at.is_(None))
)


def _numbered() -> Select[Any]:
    """Publications of a round, numbered from 1 in the order in which they were made: none is ever taken back."""
    return select(
        func.row_number().over(order_by=Publication.id).label("number"),
        Publication.id,
        Publication.run_id,
        Publication.published_at,
        Publication.notice_until,
        Publication.provisional,
        Publication.superseded_at,
        Publication.etag,
    ).where(Publication.round_id == bindparam("round_id", type_=Uuid()))


EVERY_PUBLICATION = Statement(_numbered().order_by(Publication.id))
_one = _numbered().subquery()
_numbered_one = select(_one).where(_one.c.number == bindparam("number"))
PUBLICATION_NUMBERED = Statement(
    _numbered_one.add_columns(Publication.content).join(Publication, Publication.id == _one.c.id)
)
PUBLICATION_PART_NUMBERED = Statement(
    _numbered_one.add_columns(PublicationPart.content)
    .join(PublicationPart, PublicationPart.publication_id == _one.c.id)
    .where(PublicationPart.partition == bindparam("partition"))
)

PROJECT_PLACE = Statement(
    select(Project.region_path).where(
        Project.id == bindparam("project_id", type_=Uuid()), in_scope(Project.region_path)
    )
)

OBJECTION_COLUMNS = (
    Objection.id,
    Objection.round_id,
    Objection.publication_id,
    Objection.supplement_id,
    Objection.project_id,
    Objection.ground,
    Objection.what,
    Objection.received_on,
    Objection.late,
    Objection.document,
    Objection.status,
    Objection.recorded_at,
    Objection.recorded_by,
    Objection.decided_at,
    Objection.decided_by,
    Objection.decision_reason,
    Objection.decision_document,
    Objection.moot,
)

OBJECTION = Statement(
    select(*OBJECTION_COLUMNS, Objection.region_path).where(
        Objection.id == bindparam("objection_id", type_=Uuid()), in_scope(Objection.region_path)
    )
)

OBJECTIONS = Statement(
    select(*OBJECTION_COLUMNS)
    .where(
        Objection.round_id == bindparam("round_id", type_=Uuid()),
        Objection.id > bindparam("after", type_=Uuid()),
        or_(bindparam("status", type_=String).is_(None), Objection.status == bindparam("status")),
        or_(bindparam("project_id", type_=Uuid()).is_(None), Objection.project_id == bindparam("project_id")),
        or_(bindparam("supplement_id", type_=Uuid()).is_(None), Objection.supplement_id == bindparam("supplement_id")),
        in_scope(Objection.region_path),
    )
    .order_by(Objection.id)
    .limit(bindparam("limit"))
)

OBJECTION_COUNTS = Statement(
    select(
        func.count().filter(Objection.status == ObjectionStatus.OPEN).label("open"),
        func.count().filter(and_(Objection.status == ObjectionStatus.OPEN, not_(Objection.late))).label("open_in_time"),
        func.count().filter(Objection.status == ObjectionStatus.UPHELD).label("upheld"),
        func.count().filter(Objection.status == ObjectionStatus.REJECTED).label("rejected"),
        func.count().filter(Objection.late).label("late"),
    ).where(
        Objection.round_id == bindparam("round_id", type_=Uuid()),
        Objection.supplement_id.is_not_distinct_from(bindparam("supplement_id", type_=Uuid())),
    )
)

APPROVALS = Statement(
    select(
        Approval.id,
        Approval.publication_id,
        Approval.bureau,
        Approval.document,
        Approval.issued_on,
        Approval.opinion,
        Approval.note,
        Approval.fixed,
        Approval.recorded_at,
        Approval.recorded_by,
    )
    .where(Approval.round_id == bindparam("round_id", type_=Uuid()))
    .order_by(Approval.id)
)


@dataclass(frozen=True, slots=True)
class ObjectionCounts:
    """How many objections a round or a supplement has. Those that came after the notice are `late`; they hold nothing back."""

    open: int
    open_in_time: int
    upheld: int
    rejected: int
    late: int


async def objection_counts(
    driver: "asyncpg.Connection", *, round_id: UUID, supplement_id: UUID | None = None
) -> ObjectionCounts:
    """The objections to what a round has published, or to one of its supplements, counted from the rows themselves."""
    row = await OBJECTION_COUNTS.first(driver, round_id=round_id, supplement_id=supplement_id)
    assert row is not None  # noqa: S101 - an aggregate always answers
    return ObjectionCounts(**row)


async def objection_of(driver: "asyncpg.Connection", *, scope: Scope, objection_id: UUID) -> "asyncpg.Record":
    """An objection inside the scope; NotFound otherwise."""
    row = await OBJECTION.first(driver, objection_id=objection_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


# Budget and floor area of those that a run chose, as they were frozen, in the order of its ranking.
CHOSEN = Statement(
    select(
        RunResult.project_id,
        RunResult.partition,
        frozen_number(BUDGET).label("budget"),
        frozen_number(FLOOR_AREA).label("floor_area"),
    )
    .join(Run, Run.id == RunResult.run_id)
    .join(
        FreezeCandidate,
        (FreezeCandidate.freeze_id == Run.freeze_id) & (FreezeCandidate.project_id == RunResult.project_id),
    )
    .where(RunResult.run_id == bindparam("run_id", type_=Uuid()), RunResult.outcome == Outcome.IN)
    .order_by(RunResult.position)
)

# The published rankings that projects of some compounds ($1) stand in, and that may be objected to on a day ($2).
NOTICES_OF_COMPOUNDS = """
SELECT DISTINCT s.id AS round_id, s.title, p.notice_until AS until
FROM publication p
JOIN run_result r ON r.run_id = p.run_id
JOIN project_compound c ON c.project_id = r.project_id AND c.compound_id = ANY ($1::uuid[])
JOIN selection_round s ON s.id = p.round_id
WHERE p.superseded_at IS NULL AND p.notice_until >= $2 ORDER BY until, round_id LIMIT $3
"""

# $1 the run, $2 the year of its round. `carried` and `carried_before`: whether carry-over touched the project in this run, and how
# often in a row it had before. Numbers are text, as they were frozen.
RANKED = """
SELECT r.project_id, r.outcome, r.rank, r.partition, r.reason ->> 'carried' AS carried, p.no, p.stage, p.region_path, p.client_unit,
       c.facts ->> 'project.budget' AS budget, c.facts ->> 'compound.floor_area' AS floor_area,
       coalesce((SELECT max(e.number) FROM plan_entry e WHERE e.project_id = r.project_id AND e.year = $2), 0) AS last_number,
       coalesce(c.carry_over, 0) AS carried_before
FROM run_result r
JOIN run ON run.id = r.run_id
JOIN freeze_candidate c ON c.freeze_id = run.freeze_id AND c.project_id = r.project_id
JOIN project p ON p.id = r.project_id
WHERE r.run_id = $1 AND r.rank IS NOT NULL
ORDER BY r.position
"""
