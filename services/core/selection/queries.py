"""Reads of selection: rounds, freezes, runs, results, publications. Statements carry the caller's scope."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Select,
    String,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.policy.models import PolicyVersion
from services.core.policy.queries import SUPERSEDED_BY
from services.core.projects.models import Project, StageEntry
from services.core.projects.rules import Action
from services.core.selection.errors import NotFrozen
from services.core.selection.models import (
    Freeze,
    FreezeCandidate,
    FreezeEvidence,
    FreezeExclusion,
    Publication,
    PublicationPart,
    Run,
    RunResult,
    RunState,
    SelectionRound,
)
from services.core.territory.models import Region

if TYPE_CHECKING:
    import asyncpg

ROUND_COLUMNS = (
    SelectionRound.id,
    SelectionRound.region_id,
    SelectionRound.region_path,
    SelectionRound.year,
    SelectionRound.title,
    SelectionRound.policy_version_id,
    SelectionRound.filter,
    SelectionRound.caps,
    SelectionRound.reserve,
    SelectionRound.apply_until,
    SelectionRound.apply_until_document,
    SelectionRound.status,
    SelectionRound.version,
    SelectionRound.created_at,
)


def _rounds() -> Select[Any]:
    return (
        select(
            *ROUND_COLUMNS,
            Region.name.label("region_name"),
            PolicyVersion.policy_id,
            PolicyVersion.number.label("policy_number"),
            SUPERSEDED_BY.label("policy_superseded_by"),
            Publication.notice_until,
        )
        .join(Region, Region.id == SelectionRound.region_id)
        .join(PolicyVersion, PolicyVersion.id == SelectionRound.policy_version_id)
        .outerjoin(Publication, (Publication.round_id == SelectionRound.id) & Publication.superseded_at.is_(None))
    )


ROUNDS = Statement(
    _rounds()
    .where(
        in_scope(SelectionRound.region_path),
        SelectionRound.id > bindparam("after", type_=Uuid()),
        or_(bindparam("year", type_=SelectionRound.year.type).is_(None), SelectionRound.year == bindparam("year")),
        or_(
            bindparam("region_id", type_=Uuid()).is_(None),
            func.starts_with(
                SelectionRound.region_path,
                select(Region.path).where(Region.id == bindparam("region_id", type_=Uuid())).scalar_subquery(),
            ),
        ),
    )
    .order_by(SelectionRound.id)
    .limit(bindparam("limit"))
)

ROUND = Statement(
    _rounds().where(SelectionRound.id == bindparam("round_id", type_=Uuid()), in_scope(SelectionRound.region_path))
)

LOCKED_ROUND = Statement(
    select(*ROUND_COLUMNS)
    .where(SelectionRound.id == bindparam("round_id", type_=Uuid()), in_scope(SelectionRound.region_path))
    .with_for_update(key_share=True)
)

REGION = Statement(
    select(Region.id, Region.path, Region.name).where(
        Region.id == bindparam("region_id", type_=Uuid()), in_scope(Region.path)
    )
)

REGIONS = Statement(
    select(Region.id, Region.path).where(
        Region.id == func.any(bindparam("region_ids", type_=ARRAY(Uuid()))), in_scope(Region.path)
    )
)

# Every region of the partitions' level that the round's region holds or lies in.
PARTITIONS = Statement(
    select(Region.id, Region.path, Region.name)
    .where(
        Region.level == bindparam("level", type_=String),
        or_(
            Region.path == func.any(bindparam("lineage", type_=ARRAY(String))),
            in_scope(Region.path),
        ),
    )
    .order_by(Region.path)
)

APPLICANTS = Statement(
    select(
        Project.id,
        Project.no,
        Project.title,
        Project.region_path,
        select(func.max(StageEntry.at))
        .where(StageEntry.project_id == Project.id, StageEntry.action == Action.APPLY)
        .scalar_subquery()
        .label("applied_at"),
    )
    .where(in_scope(Project.region_path), Project.stage == bindparam("stage", type_=String))
    .order_by(Project.no)
)

NEWEST_FREEZE = Statement(
    select(Freeze.id, Freeze.number, Freeze.digest)
    .where(Freeze.round_id == bindparam("round_id", type_=Uuid()))
    .order_by(Freeze.number.desc())
    .limit(1)
)

FREEZES = Statement(
    select(
        Freeze.id,
        Freeze.number,
        Freeze.digest,
        Freeze.candidates,
        Freeze.excluded,
        Freeze.taken_at,
        Freeze.taken_by,
    )
    .where(Freeze.round_id == bindparam("round_id", type_=Uuid()))
    .order_by(Freeze.number)
)


# Who did not compete in a freeze, or did and is held back, each with the reasons.
EXCLUDED = Statement(
    select(FreezeExclusion.project_id, FreezeExclusion.no, FreezeExclusion.title, FreezeExclusion.reasons)
    .where(
        FreezeExclusion.freeze_id == bindparam("freeze_id", type_=Uuid()),
        FreezeExclusion.no > bindparam("after", type_=FreezeExclusion.no.type),
        or_(
            bindparam("why", type_=String).is_(None),
            FreezeExclusion.reasons.contains(
                func.jsonb_build_array(
                    func.jsonb_build_object(literal_column("'why'"), bindparam("why", type_=String)), type_=JSONB
                )
            ),
        ),
    )
    .order_by(FreezeExclusion.no)
    .limit(bindparam("limit"))
)

# As `frozen.candidate_of` takes them: ids and JSON as texts, which are quick to read; facts in their canonical form.
CANDIDATE_COLUMNS = (
    cast(FreezeCandidate.project_id, Text).label("project_id"),
    FreezeCandidate.no,
    FreezeCandidate.title,
    FreezeCandidate.partition,
    cast(FreezeCandidate.facts, Text).label("facts"),
    cast(FreezeCandidate.conflicts, Text).label("conflicts"),
    cast(FreezeCandidate.exceptions, Text).label("exceptions"),
    FreezeCandidate.carry_over,
)

# Candidates in the order of their index, a part at a time: what a freeze holds never changes, so parts belong together.
CANDIDATES = Statement(
    select(*CANDIDATE_COLUMNS)
    .where(
        FreezeCandidate.freeze_id == bindparam("freeze_id", type_=Uuid()),
        tuple_(FreezeCandidate.partition, FreezeCandidate.no)
        > tuple_(
            bindparam("after_partition", type_=FreezeCandidate.partition.type),
            bindparam("after_no", type_=FreezeCandidate.no.type),
        ),
    )
    .order_by(FreezeCandidate.partition, FreezeCandidate.no)
    .limit(bindparam("limit"))
)

SOME_CANDIDATES = Statement(
    select(*CANDIDATE_COLUMNS)
    .where(
        FreezeCandidate.freeze_id == bindparam("freeze_id", type_=Uuid()),
        or_(bindparam("partition", type_=String).is_(None), FreezeCandidate.partition == bindparam("partition")),
    )
    .order_by(FreezeCandidate.no)
    .limit(bindparam("limit"))
)

# The newest finished run over a freeze under rules of a version.
RUN_OF_FREEZE = Statement(
    select(Run.id)
    .where(
        Run.freeze_id == bindparam("freeze_id", type_=Uuid()),
        Run.state == RunState.DONE,
        Run.rules_version == bindparam("rules_version"),
    )
    .order_by(Run.number.desc())
    .limit(1)
)

LAST_RUN = Statement(
    select(func.max(Run.number).label("number")).where(Run.round_id == bindparam("round_id", type_=Uuid()))
)

RUN_COLUMNS = (
    Run.id,
    Run.round_id,
    Run.freeze_id,
    Run.number,
    Run.state,
    Run.digest,
    Run.rules_version,
    Run.progress,
    Run.error,
    Run.requested_at,
    Run.requested_by,
    Run.started_at,
    Run.finished_at,
)

RUN = Statement(
    select(*RUN_COLUMNS, SelectionRound.region_path)
    .join(SelectionRound, SelectionRound.id == Run.round_id)
    .where(Run.id == bindparam("run_id", type_=Uuid()), in_scope(SelectionRound.region_path))
)

# For the worker, which acts for the system and not for somebody with a scope.
RUN_TO_COMPUTE = Statement(
    select(*RUN_COLUMNS, SelectionRound.region_path, Freeze.candidates)
    .join(SelectionRound, SelectionRound.id == Run.round_id)
    .join(Freeze, Freeze.id == Run.freeze_id)
    .where(Run.id == bindparam("run_id", type_=Uuid()))
)
ROUND_TO_COMPUTE = Statement(select(*ROUND_COLUMNS).where(SelectionRound.id == bindparam("round_id", type_=Uuid())))

RUNS = Statement(select(*RUN_COLUMNS).where(Run.round_id == bindparam("round_id", type_=Uuid())).order_by(Run.number))

RESULT_COLUMNS = (
    RunResult.position,
    RunResult.project_id,
    RunResult.no,
    RunResult.partition,
    RunResult.rank,
    RunResult.total,
    RunResult.outcome,
    RunResult.units,
    RunResult.dimensions,
    RunResult.reason,
    RunResult.sentence_zh,
    RunResult.sentence_en,
)


def _results() -> Select[Any]:
    return (
        select(*RESULT_COLUMNS, FreezeCandidate.title)
        .join(Run, Run.id == RunResult.run_id)
        .join(SelectionRound, SelectionRound.id == Run.round_id)
        .join(
            FreezeCandidate,
            (FreezeCandidate.freeze_id == Run.freeze_id) & (FreezeCandidate.project_id == RunResult.project_id),
        )
        .where(RunResult.run_id == bindparam("run_id", type_=Uuid()), in_scope(SelectionRound.region_path))
    )


RANKING = Statement(
    _results()
    .where(
        RunResult.position > bindparam("after", type_=RunResult.position.type),
        or_(bindparam("partition", type_=String).is_(None), RunResult.partition == bindparam("partition")),
        or_(bindparam("outcome", type_=String).is_(None), RunResult.outcome == bindparam("outcome")),
    )
    .order_by(RunResult.position)
    .limit(bindparam("limit"))
)

RESULT = Statement(
    _results()
    .join(
        FreezeEvidence,
        (FreezeEvidence.freeze_id == Run.freeze_id) & (FreezeEvidence.project_id == RunResult.project_id),
    )
    .add_columns(
        FreezeCandidate.compounds,
        FreezeCandidate.facts,
        FreezeEvidence.facts.label("evidence"),
        FreezeEvidence.conflicts,
        FreezeEvidence.exceptions,
        FreezeEvidence.carry_over,
        SelectionRound.policy_version_id,
    )
    .where(RunResult.project_id == bindparam("project_id", type_=Uuid()))
)


def _run_with(*columns: Any) -> Select[Any]:
    """Results of a run with what was frozen of their projects, in the order of its ranking."""
    return (
        select(*columns)
        .select_from(RunResult)
        .join(Run, Run.id == RunResult.run_id)
        .join(
            FreezeCandidate,
            (FreezeCandidate.freeze_id == Run.freeze_id) & (FreezeCandidate.project_id == RunResult.project_id),
        )
        .where(RunResult.run_id == bindparam("run_id", type_=Uuid()))
        .order_by(RunResult.position)
        .limit(bindparam("limit"))
    )


TOLD = (
    *RESULT_COLUMNS,
    FreezeCandidate.title,
    FreezeCandidate.compounds,
    FreezeCandidate.facts,
    FreezeCandidate.synthetic,
)
AFTER = RunResult.position > bindparam("after", type_=RunResult.position.type)

WHOLE_RUN = Statement(_run_with(*TOLD).where(AFTER))

# A part at a time: what a run found never changes, so parts belong together.
BUNDLED = Statement(
    _run_with(
        *CANDIDATE_COLUMNS,
        RunResult.position,
        RunResult.rank,
        RunResult.total,
        RunResult.outcome,
        RunResult.units,
        RunResult.dimensions,
        RunResult.reason,
    ).where(AFTER)
)

PRINTED = Statement(
    _run_with(*TOLD).where(
        or_(bindparam("partition", type_=String).is_(None), RunResult.partition == bindparam("partition"))
    )
)

PUBLICATIONS = Statement(
    select(
        Publication.id,
        Publication.run_id,
        Publication.published_at,
        Publication.published_by,
        Publication.notice_until,
        Publication.provisional,
        Publication.etag,
        Publication.superseded_at,
    )
    .where(Publication.round_id == bindparam("round_id", type_=Uuid()))
    .order_by(Publication.id)
)


# The bytes travel only when the caller does not have them yet.
def _snapshot(of: type[Publication | PublicationPart]) -> Select[Any]:
    return select(of.etag, case((of.etag != bindparam("known", type_=String), of.content)).label("content")).where(
        Publication.round_id == bindparam("round_id", type_=Uuid()), Publication.superseded_at.is_(None)
    )


SNAPSHOT = Statement(_snapshot(Publication))
SNAPSHOT_PART = Statement(
    _snapshot(PublicationPart)
    .join(Publication, Publication.id == PublicationPart.publication_id)
    .where(PublicationPart.partition == bindparam("partition"))
)

PUBLISHED = Statement(
    select(
        Publication.id.label("publication_id"),
        SelectionRound.id.label("round_id"),
        SelectionRound.title,
        SelectionRound.year,
        SelectionRound.region_id,
        Region.name.label("region_name"),
        Publication.published_at,
        Publication.notice_until,
        Publication.provisional,
    )
    .join(SelectionRound, SelectionRound.id == Publication.round_id)
    .join(Region, Region.id == SelectionRound.region_id)
    .where(
        Publication.superseded_at.is_(None),
        Publication.id < bindparam("before", type_=Uuid()),
        or_(
            bindparam("region_id", type_=Uuid()).is_(None),
            func.starts_with(
                SelectionRound.region_path,
                select(Region.path).where(Region.id == bindparam("region_id", type_=Uuid())).scalar_subquery(),
            ),
        ),
    )
    .order_by(Publication.id.desc())
    .limit(bindparam("limit"))
)


async def round_of(driver: "asyncpg.Connection", *, scope: Scope, round_id: UUID) -> "asyncpg.Record":
    """A round inside the scope; NotFound otherwise."""
    row = await ROUND.first(driver, round_id=round_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def freeze_of(driver: "asyncpg.Connection", *, round_id: UUID, number: int | None) -> "asyncpg.Record":
    """A freeze of a round (id, number, candidates), the newest unless a number is given.

    NotFrozen before the first one, NotFound for a number that there is not.
    """
    rows = await FREEZES.all(driver, round_id=round_id)
    if not rows:
        raise NotFrozen
    found = next((row for row in reversed(rows) if number in (None, row["number"])), None)
    if found is None:
        raise NotFound
    return found


async def run_of(driver: "asyncpg.Connection", *, scope: Scope, run_id: UUID) -> "asyncpg.Record":
    """A run of a round inside the scope; NotFound otherwise."""
    row = await RUN.first(driver, run_id=run_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
