"""Use cases of projects: registering, changing, planning, attesting facts. Stages: `stages.py`."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import bindparam, delete, update

from services.core.facts import catalogue
from services.core.facts import service as facts
from services.core.facts.rules import EffectiveFact, Kind
from services.core.facts.statements import attest_sql
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import gate_queries, queries, rules
from services.core.projects.errors import (
    GateExceptionExists,
    GateHard,
    PlanInvalid,
    PlanNotInForce,
    ProjectInputInvalid,
    ProjectNoTaken,
    StageWrong,
)
from services.core.projects.events import (
    GateExcepted,
    PlanAdded,
    ProjectChanged,
    ProjectRegistered,
)
from services.core.projects.models import GateException, PlanVersion, Project, ProjectCompound
from services.core.projects.rules import Plan, Stage

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAN_SOURCE = "project.plan"

# A number of its own for every project; the printed one is made of the region, the year and that number when none is given.
REGISTER = """
WITH next AS (SELECT nextval(pg_get_serial_sequence('project', 'number')) AS number)
INSERT INTO project (id, number, no, title, region_id, region_path, stage, client_unit, version, created_at)
SELECT $1, number, coalesce($2, $3 || '-' || number), $4, $5, $6, 'draft', $7, 1, $8 FROM next
RETURNING no
"""
JOIN_COMPOUNDS = """
INSERT INTO project_compound (project_id, compound_id) SELECT $1, compound_id FROM unnest($2::uuid[]) AS compound_id
"""
ATTEST = attest_sql("project")

CHANGE = Statement(
    update(Project)
    .where(Project.id == bindparam("project_id"))
    .values(title=bindparam("new_title"), client_unit=bindparam("new_client_unit"), version=Project.version + 1)
)
PLAN_ADDED = Statement(
    update(Project)
    .where(Project.id == bindparam("project_id"))
    .values(plan_number=bindparam("number"), version=Project.version + 1)
)
LEAVE_COMPOUNDS = Statement(delete(ProjectCompound).where(ProjectCompound.project_id == bindparam("project_id")))


async def register(
    uow: UnitOfWork,
    *,
    scope: Scope,
    title: str,
    region_id: UUID,
    compound_ids: Sequence[UUID],
    no: str | None,
    client_unit: str | None,
) -> UUID:
    """A new project in stage draft; its id. The number is made of region, year and a running number when none is given.

    Raises NotFound for a region or compound outside `scope`, ProjectInputInvalid for a compound of another region,
    ProjectNoTaken for a number in use.
    """
    region = await queries.REGION.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise NotFound
    await _check_compounds(uow, scope, region["path"], compound_ids)
    project_id = new_id()
    prefix = f"{region['code'] or 'Z' + str(region['number'])}-{uow.now.astimezone(SHANGHAI).year}"
    try:
        await uow.driver.execute(
            REGISTER, project_id, no, prefix, title, region_id, region["path"], client_unit, uow.now
        )
    except asyncpg.UniqueViolationError as taken:
        if taken.constraint_name == "uq_project_no":
            raise ProjectNoTaken from taken
        raise
    await uow.driver.execute(JOIN_COMPOUNDS, project_id, list(compound_ids))
    uow.record(ProjectRegistered(), subject="project", subject_id=project_id, region_path=region["path"])
    return project_id


async def _check_compounds(uow: UnitOfWork, scope: Scope, region_path: str, compound_ids: Sequence[UUID]) -> None:
    rows = await queries.COMPOUNDS_IN_SCOPE.all(uow.driver, compound_ids=list(compound_ids), **scope.parameters)
    paths = {row["id"]: row["region_path"] for row in rows}
    if len(set(compound_ids)) < len(compound_ids):
        raise ProjectInputInvalid.at("/compound_ids", zh="同一小区重复列出", en="a compound is listed twice")
    if len(paths) < len(compound_ids):
        raise NotFound
    errors = [
        FieldError(f"/compound_ids/{index}", "小区不在项目所属区域内", "the compound lies outside the project's region")
        for index, compound_id in enumerate(compound_ids)
        if not paths[compound_id].startswith(region_path)
    ]
    closed = {row["id"] for row in rows if row["closed_at"] is not None}
    errors += [
        FieldError(f"/compound_ids/{index}", "小区已合并或拆分", "the compound was merged or split")
        for index, compound_id in enumerate(compound_ids)
        if compound_id in closed
    ]
    if errors:
        raise ProjectInputInvalid(errors=errors)


async def change(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    version: int,
    title: str,
    client_unit: str | None,
    compound_ids: Sequence[UUID],
) -> None:
    """Title, client unit and compounds are replaced. Other compounds only in stage draft (StageWrong otherwise)."""
    project = await queries.locked_at(uow.driver, scope=scope, project_id=project_id, version=version)
    rows = await queries.COMPOUND_IDS.all(uow.driver, project_ids=[project_id])
    if {row["compound_id"] for row in rows} != set(compound_ids):
        if project["stage"] != Stage.DRAFT:
            raise StageWrong(stage=project["stage"])
        await _check_compounds(uow, scope, project["region_path"], compound_ids)
        await LEAVE_COMPOUNDS.all(uow.driver, project_id=project_id)
        await uow.driver.execute(JOIN_COMPOUNDS, project_id, list(compound_ids))
    await CHANGE.all(uow.driver, project_id=project_id, new_title=title, new_client_unit=client_unit)
    uow.record(
        ProjectChanged(version=version + 1),
        subject="project",
        subject_id=project_id,
        region_path=project["region_path"],
    )


async def add_plan(uow: UnitOfWork, *, scope: Scope, project_id: UUID, plan: Plan) -> PlanVersion:
    """The next plan version, and what it says as counted facts. Plans of one project are numbered without gaps.

    A plan that differs from the one before needs a vote and a notice of its own: what was said of that one lapses (docs/adr/0014).
    Raises PlanInvalid naming the line that does not add up, StageWrong once the project is in a plan of the year.
    """
    errors = rules.check(plan)
    if errors:
        raise PlanInvalid(errors=errors)
    project = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if project["stage"] not in rules.OPEN_TO_PLANS:
        raise StageWrong(stage=project["stage"])
    await _check_buildings(uow, project_id, plan)
    document = rules.document_of(plan)
    added = PlanVersion(
        id=new_id(),
        project_id=project_id,
        number=(project["plan_number"] or 0) + 1,
        items=document["items"],
        budget=plan.budget,
        funding=document["funding"],
        management_mode=plan.management_mode,
        synthetic=plan.synthetic,
        digest=rules.plan_digest(plan),
        made_by=uow.actor.id,
        made_at=uow.now,
    )
    uow.session.add(added)
    await PLAN_ADDED.all(uow.driver, project_id=project_id, number=added.number)
    before = await queries.PLAN_DIGEST.first(uow.driver, project_id=project_id, number=project["plan_number"])
    lapsed = 0
    if before is not None and before["digest"] != added.digest:
        lapsed = await facts.lapse(uow, subject_id=project_id, keys=rules.PLAN_BOUND)
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type=catalogue.Subject.PROJECT,
                subject_id=project_id,
                region_path=project["region_path"],
                key=key,
                value=value,
                kind=Kind.SYNTHETIC if plan.synthetic else Kind.COUNTED,
                source=PLAN_SOURCE,
                source_rows=({"plan_version": added.number, "plan_id": str(added.id)},),
            )
            for key, value in rules.facts_of(plan).items()
        ],
        deciding=Scope((project["region_path"],)),  # the source is the project's plans, whoever adds the next one
    )
    uow.record(
        PlanAdded(number=added.number, digest=added.digest, lapsed=lapsed),
        subject="project",
        subject_id=project_id,
        region_path=project["region_path"],
    )
    return added


async def _check_buildings(uow: UnitOfWork, project_id: UUID, plan: Plan) -> None:
    """PlanInvalid naming every building that stands in no compound of the project."""
    named = {choice.building_id for item in plan.items for choice in item.buildings}
    if not named:
        return
    known = {row["id"] for row in await queries.BUILDINGS.all(uow.driver, project_id=project_id, ids=list(named))}
    errors = [
        FieldError(
            f"/items/{index}/buildings/{place}/building_id",
            "不是本项目小区的楼栋",
            "is no building of the project's compounds",
        )
        for index, item in enumerate(plan.items)
        for place, choice in enumerate(item.buildings)
        if choice.building_id not in known
    ]
    if errors:
        raise PlanInvalid(errors=errors)


async def attest(
    uow: UnitOfWork,
    *,
    scope: Scope,
    deciding: Scope,
    project_id: UUID,
    claims: Sequence[facts.Claim],
    of_plans: Sequence[int | None],
) -> list[facts.Attested]:
    """Records what people or departments say about a project; see `facts.service.attest` for refusals.

    `of_plans`: for each claim the plan version that it is about, where it is a vote or notice on one; None means the plan in force.
    PlanNotInForce for another: what is said of an old plan decides nothing. Said before there is a plan, it is about the first.
    """
    claims = await _bound_to_plan(uow, scope, project_id, claims, of_plans)
    return await facts.attest(
        uow,
        sql=ATTEST,
        subject_type=catalogue.Subject.PROJECT,
        scope=scope,
        deciding=deciding,
        subject_id=project_id,
        claims=claims,
    )


async def _bound_to_plan(
    uow: UnitOfWork, scope: Scope, project_id: UUID, claims: Sequence[facts.Claim], of_plans: Sequence[int | None]
) -> list[facts.Claim]:
    if not any(claim.key in rules.PLAN_BOUND for claim in claims) and not any(of_plans):
        return list(claims)
    row = await queries.PLAN_IN_FORCE.first(uow.driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    in_force = row["plan_number"] or 1
    errors = [
        FieldError(f"/facts/{position}/plan_number", f"现行方案为第 {in_force} 版", f"version {in_force} is in force")
        for position, (claim, number) in enumerate(zip(claims, of_plans, strict=True))
        if number is not None and (number != in_force or claim.key not in rules.PLAN_BOUND)
    ]
    if errors:
        raise PlanNotInForce(errors=errors)
    rows = ({"plan_version": in_force},)
    return [replace(claim, source_rows=rows) if claim.key in rules.PLAN_BOUND else claim for claim in claims]


async def adjudicate(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    key: str,
    fact_id: UUID,
    reason: str,
    document: str | None,
) -> EffectiveFact:
    """A person decides which of the differing figures of a project holds; see `facts.service.adjudicate` for refusals."""
    return await facts.adjudicate(
        uow,
        subject_type=catalogue.Subject.PROJECT,
        subject_id=project_id,
        region_path=await queries.place(uow.driver, scope=scope, project_id=project_id),
        key=key,
        fact_id=fact_id,
        reason=reason,
        document=document,
    )


async def except_gate(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    gate_id: str,
    reason: str,
    document: str,
    policy_id: str | None,
    policy_number: int | None,
) -> GateException:
    """The project passes a soft gate on the word of a person with a document: of the policy version that it is under, or of one
    that is named (a round may choose under another).

    Raises NotFound for a gate that the policy does not know, GateHard for a hard one, GateExceptionExists when recorded already.
    """
    project = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    found = await gate_queries.gates(
        uow.driver, scope=scope, project_id=project_id, policy_id=policy_id, policy_number=policy_number
    )
    gate = next((one.gate for one in found.statuses if one.gate.id == gate_id), None)
    if gate is None:
        raise NotFound
    if gate.hard:
        raise GateHard
    if any(one.gate.id == gate_id and one.exception is not None for one in found.statuses):
        raise GateExceptionExists
    exception = GateException(
        id=new_id(),
        project_id=project_id,
        policy_id=found.policy.policy_id,
        policy_number=found.policy.number,
        gate_id=gate_id,
        reason=reason,
        document=document,
        decided_by=uow.actor.id,
        decided_at=uow.now,
    )
    uow.session.add(exception)
    uow.record(
        GateExcepted(exception_id=exception.id, policy_id=exception.policy_id, gate_id=gate_id),
        subject="project",
        subject_id=project_id,
        region_path=project["region_path"],
    )
    return exception
