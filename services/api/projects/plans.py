"""Routes of plan versions: all of them, one with what was said of it, what changed between two, a new one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic_core import to_json

from services.api.deps import Reader, Uow, reply
from services.api.projects.schemas import DifferencesOut, PlanIn, PlanOut, PlansOut, PlanVersionOut
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.projects import queries, rules, service

router = APIRouter(prefix="/v1/projects/{project_id}/plans", tags=["projects"])

MOST = 1_000_000


@router.get("", response_model=PlansOut)
async def list_plans(
    access: Annotated[Access, requires(Permission.PROJECT_READ)], reader: Reader, project_id: UUID
) -> Response:
    """Every plan version with what changed since the one before."""
    await queries.place(reader, scope=access.scope, project_id=project_id)
    items: list[dict[str, Any]] = []
    for row in await queries.PLANS.all(reader, project_id=project_id):
        plan = dict(row)
        items.append({**plan, "changes": rules.differences(items[-1], plan) if items else None})
    return Response(to_json({"items": items}), media_type="application/json")


@router.get("/compare", response_model=DifferencesOut)
async def compare_plans(
    access: Annotated[Access, requires(Permission.PROJECT_READ)],
    reader: Reader,
    project_id: UUID,
    before: Annotated[int, Query(alias="from", ge=1, le=MOST)],
    after: Annotated[int, Query(alias="to", ge=1, le=MOST)],
) -> Response:
    """What changed from one version to another, whichever is the newer."""
    await queries.place(reader, scope=access.scope, project_id=project_id)
    plans = {row["number"]: dict(row) for row in await queries.PLANS.all(reader, project_id=project_id)}
    if before not in plans or after not in plans:
        raise NotFound
    changes = rules.differences(plans[before], plans[after])
    return Response(
        to_json({"from_number": before, "to_number": after, "changes": changes}), media_type="application/json"
    )


@router.get("/{number}", response_model=PlanVersionOut)
async def get_plan(
    access: Annotated[Access, requires(Permission.PROJECT_READ)],
    reader: Reader,
    project_id: UUID,
    number: Annotated[int, Path(ge=1, le=MOST)],
) -> Response:
    """One version with what changed since the one before, and the votes and notices that were on it."""
    await queries.place(reader, scope=access.scope, project_id=project_id)
    found = await queries.PLANS.all(reader, project_id=project_id)
    plan = next((dict(row) for row in found if row["number"] == number), None)
    if plan is None:
        raise NotFound
    before = next((dict(row) for row in found if row["number"] == number - 1), None)
    changes = None if before is None else rules.differences(before, plan)
    said = await reader.fetch(queries.SAID_OF_PLAN, project_id, list(rules.PLAN_BOUND), str(number))
    return Response(
        to_json({**plan, "changes": changes, "said": [dict(row) for row in said]}), media_type="application/json"
    )


@router.post("", status_code=201, response_model=PlanOut)
async def add_plan(
    access: Annotated[Access, requires(Permission.PROJECT_WRITE)], uow: Uow, project_id: UUID, body: PlanIn
) -> Response:
    """Adds a plan version; what it says becomes counted facts of the project."""
    added = await service.add_plan(uow, scope=access.scope, project_id=project_id, plan=body.plan())
    before = await queries.PLANS.all(uow.driver, project_id=project_id)
    return reply(
        uow,
        201,
        PlanOut(
            number=added.number,
            items=added.items,
            budget=added.budget,
            funding=added.funding,
            management_mode=added.management_mode,
            synthetic=added.synthetic,
            digest=added.digest,
            made_by=added.made_by,
            made_at=added.made_at,
            changes=_changes(before, added.number, body),
        ),
        location=f"/v1/projects/{project_id}/plans/{added.number}",
    )


def _changes(stored: list[Any], number: int, body: PlanIn) -> dict[str, Any] | None:
    last = next((row for row in stored if row["number"] == number - 1), None)
    if last is None:
        return None
    return rules.differences({**last, "budget": f"{last['budget']:.2f}"}, rules.document_of(body.plan()))
