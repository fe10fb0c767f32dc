"""Reads of what a round froze and computed: freezes, candidates, runs and their results."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    Select,
    String,
    Text,
    Uuid,
    bindparam,
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
from services.core.selection.errors import NotFrozen
from services.core.selection.models import (
    Freeze,
    FreezeCandidate,
    FreezeEvidence,
    FreezeExclusion,
    Run,
    RunResult,
    RunState,
    SelectionRound,
)
from services.core.selection.queries import ROUND_COLUMNS

if TYPE_CHECKING:
    import asyncpg

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
