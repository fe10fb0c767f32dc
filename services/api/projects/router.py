"""Routes of projects: translate only."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Reader, Uow, etag, reply
from services.api.facts.schemas import AdjudicateIn, FactOut, FactsOut
from services.api.projects import listing
from services.api.projects.schemas import (
    DecidedOut,
    ExceptionIn,
    ExceptionOut,
    GateOut,
    GatesOut,
    GatesQuery,
    ProjectChangeIn,
    ProjectFactsIn,
    ProjectFactsOut,
    ProjectIn,
    ProjectOut,
    ProjectPage,
)
from services.api.security import Access, requires
from services.core.facts.service import Claim
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.projects import gate_queries, gates, queries, service
from services.core.projects.contributions import contributions

router = APIRouter(prefix="/v1/projects", tags=["projects"])

GateId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


@router.get("", response_model=ProjectPage, openapi_extra=listing.documented())
async def list_projects(request: Request, access: Annotated[Access, requires(Permission.PROJECT_READ)]) -> Response:
    """Projects by region and number."""
    query, page = listing.query_of(request)
    after_path, after_no = page.after((str, str)) or ("", "")
    async with request.app.state.database.read() as reader:
        rows = await queries.page(
            reader,
            scope=access.scope,
            region_id=query.region,
            stage=query.stage,
            part_of_title=query.q,
            after=(after_path, after_no),
            limit=page.limit + 1,
        )
    return page.answer([dict(row) for row in rows], lambda row: (row["region_path"], row["no"]))


@router.post("", status_code=201, response_model=ProjectOut)
async def register_project(
    access: Annotated[Access, requires(Permission.PROJECT_WRITE)], uow: Uow, body: ProjectIn
) -> Response:
    """Registers a project of one or more compounds."""
    project_id = await service.register(uow, scope=access.scope, **body.model_dump())
    made = await _one(uow.driver, access.scope, project_id)
    return reply(uow, 201, made, version=made.version, location=f"/v1/projects/{project_id}")


async def _one(driver: Any, scope: Scope, project_id: UUID) -> ProjectOut:
    row = await queries.ONE.first(driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    return ProjectOut.model_validate({**row, "compounds": row["compounds"] or []})


@router.get("/{project_id}", response_model=ProjectOut)
async def get_project(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], reader: Reader, project_id: UUID
) -> Response:
    """One project with its compounds."""
    project = await _one(reader, access.scope, project_id)
    return Response(project.model_dump_json(), headers={"ETag": etag(project.version)}, media_type="application/json")


@router.put("/{project_id}", response_model=ProjectOut)
async def change_project(
    access: Annotated[Access, requires(Permission.PROJECT_WRITE)],
    uow: Uow,
    project_id: UUID,
    version: IfMatch,
    body: ProjectChangeIn,
) -> Response:
    """Replaces title, client unit and compounds."""
    await service.change(uow, scope=access.scope, project_id=project_id, version=version, **body.model_dump())
    changed = await _one(uow.driver, access.scope, project_id)
    return reply(uow, 200, changed, version=changed.version)


@router.get("/{project_id}/facts", response_model=ProjectFactsOut)
async def get_project_facts(
    access: Annotated[Access, requires(Permission.FACT_READ)], reader: Reader, project_id: UUID
) -> Response:
    """What decisions read of this project now, each figure with its sources."""
    await queries.place(reader, scope=access.scope, project_id=project_id)
    now = await queries.standing(reader, project_id=project_id)
    shown = {key: {**fact, "replaced": now.replaced(key)} for key, fact in now.facts.facts.items()}
    return Response(to_json({"facts": shown, "conflicts": now.facts.conflicts}), media_type="application/json")


@router.post("/{project_id}/facts", status_code=201, response_model=FactsOut)
async def attest_project_facts(
    access: Annotated[Access, requires(Permission.FACT_ATTEST)], uow: Uow, project_id: UUID, body: ProjectFactsIn
) -> Response:
    """Records facts of this project by their source, all of them or none. A vote or notice on a plan is bound to its version."""
    attested = await service.attest(
        uow,
        scope=access.scope,
        deciding=access.principal.scope(Permission.DISCREPANCY_ADJUDICATE),
        project_id=project_id,
        claims=[Claim(**fact.model_dump(exclude={"plan_number"})) for fact in body.facts],
        of_plans=[fact.plan_number for fact in body.facts],
    )
    return reply(uow, 201, FactsOut(facts=[FactOut(**asdict(fact)) for fact in attested]))


@router.post("/{project_id}/adjudicate", response_model=DecidedOut)
async def adjudicate_project_fact(
    access: Annotated[Access, requires(Permission.DISCREPANCY_ADJUDICATE)],
    uow: Uow,
    project_id: UUID,
    body: AdjudicateIn,
) -> Response:
    """Decides which of the differing figures of a project holds."""
    decided = await service.adjudicate(uow, scope=access.scope, project_id=project_id, **body.model_dump())
    return reply(uow, 200, DecidedOut(key=decided.key, value=decided.value, source=decided.source))


@router.get("/{project_id}/gates", response_model=GatesOut)
async def get_gates(
    access: Annotated[Access, requires(Permission.PROJECT_READ)],
    reader: Reader,
    project_id: UUID,
    query: Annotated[GatesQuery, Query()],
) -> Response:
    """Each gate of the policy version that the project is under: met or not, with figures, what is missing, and which compound
    lacks it; or of another version, named by its id (and number, else the newest), as if it were under that one.
    """
    found = await gate_queries.gates(reader, scope=access.scope, project_id=project_id, **query.model_dump())
    out = GatesOut(
        policy_id=found.policy.policy_id,
        policy_number=found.policy.number,
        basis=found.basis,
        gates=[_gate(one, found.standing) for one in found.statuses],
    )
    return Response(out.model_dump_json(), media_type="application/json")


def _gate(one: gates.GateStatus, now: queries.Standing) -> GateOut:
    condition = one.gate.condition
    compounds = [(row["compound_id"], row["name"]) for row in now.compounds]
    return GateOut(
        id=one.gate.id,
        title=one.gate.title,
        hard=one.gate.hard,
        gates=one.gate.gates,
        fact_key=condition.fact,
        wanted=gates.wanted(condition),
        met=one.met,
        passed=one.passed,
        fact=one.fact,
        conflict=one.conflict,
        replaced=now.replaced(condition.fact),
        compounds=[asdict(part) for part in contributions(condition, compounds, now.known)],
        earlier_plan=one.earlier_plan,
        exception=None if one.exception is None else dict(one.exception),
        missing=None if one.missing_zh is None else {"zh": one.missing_zh, "en": str(one.missing_en)},
    )


@router.post("/{project_id}/gates/{gate_id}/except", status_code=201, response_model=ExceptionOut)
async def except_gate(
    access: Annotated[Access, requires(Permission.GATE_EXCEPT)],
    uow: Uow,
    project_id: UUID,
    gate_id: GateId,
    body: ExceptionIn,
) -> Response:
    """Lets the project past a soft gate, with a reason and a document."""
    made = await service.except_gate(
        uow, scope=access.scope, project_id=project_id, gate_id=gate_id, **body.model_dump()
    )
    return reply(
        uow,
        201,
        ExceptionOut(
            id=made.id,
            gate_id=made.gate_id,
            policy_id=made.policy_id,
            reason=made.reason,
            document=made.document,
            decided_by=made.decided_by,
            decided_at=made.decided_at,
        ),
        location=f"/v1/projects/{project_id}/gates",
    )
