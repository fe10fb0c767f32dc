"""Stages of projects: one statement moves, checks and writes history, for one project and for all of a round alike."""

from collections.abc import Mapping
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.queries import StoredPolicy
from services.core.projects import applicants, gate_queries, queries
from services.core.projects.applicants import Applicant
from services.core.projects.errors import (
    ApplicantNotThere,
    ApplicantOutOfTurn,
    CompoundApplied,
    GateNotMet,
    PlannedAlready,
    StageWrong,
)
from services.core.projects.events import (
    ProjectAccepted,
    ProjectApplied,
    ProjectDropped,
    ProjectHandedOver,
    ProjectStarted,
    ProjectWithdrawn,
)
from services.core.projects.figures import ProjectFacts
from services.core.projects.rules import ASKS, MOVES, PINS, Action, Stage
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
  UPDATE project p SET stage = a.to_stage, version = p.version + 1,
    policy_version_id = CASE WHEN $14 THEN $15::uuid ELSE p.policy_version_id END
  FROM allowed a WHERE p.id = a.id RETURNING p.id),
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


HAPPENED: Mapping[Action, Event] = {
    Action.WITHDRAW: ProjectWithdrawn(),
    Action.DROP: ProjectDropped(),
    Action.START: ProjectStarted(),
    Action.ACCEPT: ProjectAccepted(),
    Action.HAND_OVER: ProjectHandedOver(),
}


async def enter(
    uow: UnitOfWork,
    *,
    stages: Mapping[UUID, Stage],
    action: Action,
    year: int | None,
    round_id: UUID | None,
    policy_version_id: UUID | None,
    document: str | None,
) -> None:
    """Moves every project of `stages` to its stage by one action, with a row of history each: all of them, or none.

    For decisions over many projects; the caller has checked who may and where, and records the one event that tells of it.
    What is chosen goes on under `policy_version_id`, whatever supersedes it (docs/adr/0020).
    StageWrong names up to 20 projects that the action cannot bring there (`projects`).
    """
    await _enter(
        uow,
        stages=stages,
        action=action,
        year=year,
        round_id=round_id,
        policy_version_id=policy_version_id,
        document=document,
    )


async def _enter(
    uow: UnitOfWork,
    *,
    stages: Mapping[UUID, Stage],
    action: Action,
    year: int | None = None,
    round_id: UUID | None = None,
    policy_version_id: UUID | None = None,
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
        action in PINS,
        policy_version_id,
    )
    if wrong:
        raise StageWrong(projects=[{"no": row["no"], "stage": row["from_stage"]} for row in wrong])


async def apply(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    version: int,
    applicant: Applicant | None,
    reason: str | None,
    document: str | None,
) -> Stage:
    """The project competes from now on. Without an applicant it is the first one that facts know of (`applicants.first`).

    Raises StageWrong, GateNotMet naming each gate, ApplicantNotThere against what is recorded, ApplicantOutOfTurn naming those
    passed over when no reason is given, CompoundApplied when a compound is part of another project under way.
    """
    project = await queries.locked_at(uow.driver, scope=scope, project_id=project_id, version=version)
    stage = _next(Action.APPLY, project["stage"])
    now = await queries.standing(uow.driver, project_id=project_id)
    policy = await policies.in_force(uow.driver, region_path=project["region_path"])
    await _check_gates(uow, Action.APPLY, policy, now)
    chosen = applicant or applicants.first(now.facts)
    _check_turn(chosen, now.facts, reason)
    await _check_compounds_free(uow, project_id)
    await _enter(
        uow,
        stages={project_id: stage},
        action=Action.APPLY,
        applicant=chosen,
        reason=reason,
        document=document,
    )
    uow.record(
        ProjectApplied(plan_number=project["plan_number"], applicant=chosen),
        subject="project",
        subject_id=project_id,
        region_path=project["region_path"],
    )
    return stage


async def move(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    version: int,
    action: Action,
    reason: str | None = None,
    document: str | None = None,
) -> Stage:
    """The stage that the action of a person (`HAPPENED`) leads to, by the gates of the policy version that the project is under.

    Raises StageWrong where the table knows no such move, GateNotMet naming each gate that the action asks and that is not passed,
    PlannedAlready on dropping what an annual plan holds: that takes two people and frees its place (a supplement).
    """
    project = await queries.locked_at(uow.driver, scope=scope, project_id=project_id, version=version)
    stage = _next(action, project["stage"])
    if action is Action.DROP and project["stage"] == Stage.PLANNED:
        raise PlannedAlready
    if action in ASKS:
        now = await queries.standing(uow.driver, project_id=project_id)
        policy, _ = await gate_queries.policy_of(uow.driver, project)
        await _check_gates(uow, action, policy, now)
    await _enter(uow, stages={project_id: stage}, action=action, reason=reason, document=document)
    uow.record(HAPPENED[action], subject="project", subject_id=project_id, region_path=project["region_path"])
    return stage


def _next(action: Action, stage: str) -> Stage:
    found = MOVES.get((action, stage))
    if found is None:
        raise StageWrong(stage=stage)
    return found


async def _check_gates(uow: UnitOfWork, action: Action, policy: StoredPolicy | None, now: queries.Standing) -> None:
    """What the policy that the project is under asks of this step. A city without a policy asks nothing yet."""
    if policy is None:
        return
    statuses = await gate_queries.statuses_of(uow.driver, policy=policy, standing=now)
    errors = [
        FieldError(f"/gates/{one.gate.id}", str(one.missing_zh), str(one.missing_en))
        for one in statuses
        if one.gate.gates in ASKS[action] and not one.passed
    ]
    if errors:
        raise GateNotMet(errors=errors)


def _check_turn(applicant: Applicant, known: ProjectFacts, reason: str | None) -> None:
    if applicants.exists(applicant, known) is False:
        raise ApplicantNotThere.at("/applicant", zh="记录显示尚未成立", en="none is recorded")
    passed_over = applicants.passed_over(applicant, known)
    if passed_over and reason is None:
        zh, en = zip(*(applicants.TITLES[one] for one in passed_over), strict=True)
        raise ApplicantOutOfTurn.at("/reason", zh=f"在先：{'、'.join(zh)}", en=f"before it: {', '.join(en)}")


async def _check_compounds_free(uow: UnitOfWork, project_id: UUID) -> None:
    compounds = await queries.LOCK_COMPOUNDS.all(uow.driver, project_id=project_id)
    if any(compound["closed_at"] is not None for compound in compounds):
        raise CompoundClosed
    other = await queries.OTHERS_UNDER_WAY.first(uow.driver, project_id=project_id)
    if other is not None:
        raise CompoundApplied(zh=f"项目 {other['no']}", en=f"project {other['no']}")
