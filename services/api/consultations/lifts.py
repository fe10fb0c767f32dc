"""Routes of lift requests: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.consultations.lift_schemas import (
    AppraisalIn,
    LiftGateOut,
    LiftGatesOut,
    LiftIn,
    LiftObjectionIn,
    LiftObjectionOut,
    LiftObjectionPage,
    LiftOut,
    LiftPage,
    LiftQuery,
    SettlementIn,
    SignedOut,
)
from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.core.consultations import lift_queries, lifts
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.territory.queries import bounds

router = APIRouter(prefix="/v1/lift-requests", tags=["consultations"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.CONSULTATION_READ)]
Writing = Annotated[Access, requires(Permission.CONSULTATION_WRITE)]
Entering = Annotated[Access, requires(Permission.CONSULTATION_ENTER)]


@router.get("", response_model=LiftPage)
async def list_lift_requests(
    access: Reading, reader: Reader, page: Page, query: Annotated[LiftQuery, Query()]
) -> Response:
    """Lift requests of the caller's regions, those overdue among them."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await lift_queries.LIST.all(
        reader,
        compound_id=query.compound_id,
        overdue=query.overdue,
        waiting=query.waiting,
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **bounds(access.scope),
        **access.scope.parameters,
    )
    paths = {str(row["id"]): row["region_path"] for row in rows}
    items = [shown(row).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("", status_code=201, response_model=LiftOut)
async def request_lift(access: Entering, uow: Uow, body: LiftIn) -> Response:
    """Enters that one household asks for a lift: where the policy says so, the community's clock runs from now."""
    lift_id = await lifts.request(uow, scope=access.scope, property_id=body.property_id)
    return await _answer(access, uow, lift_id, 201)


@router.get("/{lift_request_id}", response_model=LiftOut)
async def get_lift_request(access: Reading, reader: Reader, lift_request_id: UUID) -> Response:
    """One request with its clock."""
    row = await lift_queries.request_of(reader, scope=access.scope, lift_request_id=lift_request_id)
    content = shown(row).model_dump_json()
    return Response(content, headers={"ETag": f'"{row["version"]}"'}, media_type="application/json")


@router.post("/{lift_request_id}/start", status_code=201, response_model=LiftOut)
async def start_lift_consultation(access: Writing, uow: Uow, lift_request_id: UUID, version: IfMatch) -> Response:
    """The community begins to consult the entrance; signatures are its answers (`/v1/consultations/{id}/…`)."""
    await lifts.start(uow, scope=access.scope, lift_request_id=lift_request_id, version=version)
    return await _answer(access, uow, lift_request_id, 201)


@router.put("/{lift_request_id}/appraisal", response_model=LiftOut)
async def record_appraisal(
    access: Writing, uow: Uow, lift_request_id: UUID, version: IfMatch, body: AppraisalIn
) -> Response:
    """The grade of the house."""
    await lifts.appraise(
        uow,
        scope=access.scope,
        lift_request_id=lift_request_id,
        version=version,
        grade=body.grade,
        document=body.document,
        appraised_on=body.appraised_on,
    )
    return await _answer(access, uow, lift_request_id, 200)


@router.get("/{lift_request_id}/gates", response_model=LiftGatesOut)
async def get_lift_gates(access: Reading, reader: Reader, lift_request_id: UUID) -> Response:
    """Signatures, objections and appraisal against the policy, and what is missing."""
    row = await lift_queries.request_of(reader, scope=access.scope, lift_request_id=lift_request_id)
    stored = await policies.by_id(reader, version_id=row["policy_version_id"])
    standing = await lift_queries.gates(reader, request=row, policy=Policy.model_validate(stored.body))
    found = standing.signed
    told = LiftGatesOut(
        met=all(gate.met for gate in standing.gates),
        signed=SignedOut(
            heads=found.heads,
            heads_signed=found.heads_signed,
            area=decimal_text(found.area),
            area_signed=decimal_text(found.area_signed),
            unmeasured=found.unmeasured,
        ),
        objections_open=standing.objections,
        gates=[LiftGateOut(id=gate.id, met=gate.met, missing=gate.missing) for gate in standing.gates],
    )
    return Response(told.model_dump_json(), media_type="application/json")


@router.get("/{lift_request_id}/objections", response_model=LiftObjectionPage)
async def list_lift_objections(access: Reading, reader: Reader, page: Page, lift_request_id: UUID) -> Response:
    """Objections of neighbours, settled or not."""
    (after,) = page.after((UUID,)) or (NONE,)
    await lift_queries.request_of(reader, scope=access.scope, lift_request_id=lift_request_id)
    rows = await lift_queries.OBJECTIONS.all(reader, lift_request_id=lift_request_id, after=after, limit=page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/{lift_request_id}/objections", status_code=201, response_model=LiftObjectionOut)
async def record_lift_objection(access: Entering, uow: Uow, lift_request_id: UUID, body: LiftObjectionIn) -> Response:
    """Enters that a neighbour of the compound objects."""
    objection_id = await lifts.object_to(
        uow,
        scope=access.scope,
        lift_request_id=lift_request_id,
        property_id=body.property_id,
        reason=body.reason,
    )
    return reply(uow, 201, await objection(uow, objection_id))


@router.post("/{lift_request_id}/objections/{lift_objection_id}/settle", response_model=LiftObjectionOut)
async def settle_lift_objection(
    access: Writing, uow: Uow, lift_request_id: UUID, lift_objection_id: UUID, body: SettlementIn
) -> Response:
    """What was agreed: the objection no longer stands in the way."""
    await lifts.settle(
        uow,
        scope=access.scope,
        lift_request_id=lift_request_id,
        objection_id=lift_objection_id,
        settlement=body.settlement,
    )
    return reply(uow, 200, await objection(uow, lift_objection_id))


async def objection(uow: Uow, objection_id: UUID) -> LiftObjectionOut:
    """An objection as it stands."""
    row = await lift_queries.OBJECTION.first(uow.driver, objection_id=objection_id)
    if row is None:
        raise NotFound
    return LiftObjectionOut.model_validate(dict(row))


async def _answer(access: Access, uow: Uow, lift_request_id: UUID, status: int) -> Response:
    row = await lift_queries.request_of(uow.driver, scope=access.scope, lift_request_id=lift_request_id)
    location = f"/v1/lift-requests/{lift_request_id}" if status == 201 else None
    return reply(uow, status, shown(row), version=row["version"], location=location)


def shown(row: Mapping[str, Any]) -> LiftOut:
    """A row of `lift_queries` as it travels."""
    return LiftOut.model_validate(dict(row))
