"""Stages of projects: one statement moves, checks and writes history, for one project and for all of a round alike."""

from collections.abc import Mapping
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.projects import queries
from services.core.projects.errors import CompoundApplied, GateNotMet, StageWrong
from services.core.projects.events import ProjectApplied, ProjectWithdrawn
from services.core.projects.rules import MOVES, Action, Stage
from services.core.territory.errors import CompoundClosed

# Rows are locked in the order of ids, so that two bulk moves take turns. What the table of moves ($4 from, $5 to) does not
# know is not moved, but told: the caller rolls back.
MOVE = """
WITH given AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS given(project_id, stage, entry_id)),
held AS (
  SELECT p.id, p.no, p.stage AS from_stage, g.stage AS to_stage, g.entry_id
  FROM project p JOIN given g ON g.project_id = p.id
  ORDER BY p.id FOR NO KEY UPDATE OF p),
allowed AS (
  SELECT h.* FROM held h JOIN unnest($4::text[], $5::text[]) AS move(from_stage, to_stage)
    ON move.from_stage = h.from_stage AND move.to_stage = h.to_stage),
moved AS (
  UPDATE project p SET stage = a.to_stage, version = p.version + 1 FROM allowed a WHERE p.id = a.id RETURNING p.id),
written AS (
  INSERT INTO project_stage_entry (id, project_id, from_stage, to_stage, action, year, round_id, applicant, document,
                                   reason, at, by)
  SELECT a.entry_id, a.id, a.from_stage, a.to_stage, $6, $7, $8, $9, $10, $11, $12, $13
  FROM allowed a JOIN moved m ON m.id = a.id)
SELECT g.project_id, h.no, h.from_stage
FROM given g LEFT JOIN held h ON h.id = g.project_id
WHERE NOT EXISTS (SELECT 1 FROM allowed a WHERE a.id = g.project_id)
ORDER BY h.no LIMIT 20
"""


async def enter(
    uow: UnitOfWork,
    *,
    stages: Mapping[UUID, Stage],
    action: Action,
    year: int | None,
    round_id: UUID | None,
    document: str | None,
) -> None:
    """Moves every project of `stages` to its stage by one action, with a row of history each: all of them, or none.

    For decisions over many projects; the caller has checked who may and where, and records the one event that tells of it.
    StageWrong names up to 20 projects that the action cannot bring there (`projects`).
    """
    await _enter(uow, stages=stages, action=action, year=year, round_id=round_id, document=document)


async def _enter(
    uow: UnitOfWork,
    *,
    stages: Mapping[UUID, Stage],
    action: Action,
    year: int | None = None,
    round_id: UUID | None = None,
    applicant: str | None = None,
    document: str | None = None,
    reason: str | None = None,
) -> None:
    known = [(before, after) for (by, before), after in MOVES.items() if by is action]
    wrong = await uow.driver.fetch(
        MOVE,
        list(stages),
        list(stages.values()),
        [new_id() for _ in stages],
        [before for before, _ in known],
        [after for _, after in known],
        action,
        year,
        round_id,
        applicant,
        document,
        reason,
        uow.now,
        uow.actor.id,
    )
    if wrong:
        raise StageWrong(projects=[{"no": row["no"], "stage": row["from_stage"]} for row in wrong])


async def move(uow: UnitOfWork, *, scope: Scope, project_id: UUID, version: int, action: Action) -> Stage:
    """The stage that the action leads to.

    Raises StageWrong where the table knows no such move. On applying also GateNotMet, naming each gate, and CompoundApplied
    when a compound is part of another project under way.
    """
    project = await queries.locked_at(uow.driver, scope=scope, project_id=project_id, version=version)
    stage = MOVES.get((action, project["stage"]))
    if stage is None:
        raise StageWrong(stage=project["stage"])
    happened: ProjectApplied | ProjectWithdrawn = ProjectWithdrawn()
    if action is Action.APPLY:
        await _check_application_gates(uow, project_id, project["region_path"])
        await _check_compounds_free(uow, project_id)
        happened = ProjectApplied(plan_number=project["plan_number"])
    await _enter(uow, stages={project_id: stage}, action=action)
    uow.record(happened, subject="project", subject_id=project_id, region_path=project["region_path"])
    return stage


async def _check_application_gates(uow: UnitOfWork, project_id: UUID, region_path: str) -> None:
    """What a policy asks before an application (Liuzhou: the owners' vote). A city without a policy asks nothing yet."""
    if await policies.in_force(uow.driver, region_path=region_path) is None:
        return
    found = await queries.gates(uow.driver, project_id=project_id, region_path=region_path)
    errors = [
        FieldError(f"/gates/{one.gate.id}", str(one.missing_zh), str(one.missing_en))
        for one in found.statuses
        if one.gate.gates == "application" and not one.passed
    ]
    if errors:
        raise GateNotMet(errors=errors)


async def _check_compounds_free(uow: UnitOfWork, project_id: UUID) -> None:
    compounds = await queries.LOCK_COMPOUNDS.all(uow.driver, project_id=project_id)
    if any(compound["closed_at"] is not None for compound in compounds):
        raise CompoundClosed
    other = await queries.OTHERS_UNDER_WAY.first(uow.driver, project_id=project_id)
    if other is not None:
        raise CompoundApplied(zh=f"项目 {other['no']}", en=f"project {other['no']}")
