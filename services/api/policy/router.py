"""Routes of policies."""

import asyncio
import hashlib
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json

from services.api.deps import Page, PageQuery, Reader, Uow, reply, validated_response
from services.api.policy.schemas import (
    AssignIn,
    AssignmentOut,
    CheckIn,
    CheckOut,
    FaultOut,
    PolicyIn,
    PolicyOut,
    PolicyPage,
)
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.exact import canonical_json
from services.core.policy import loader, queries, service
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.loader_errors import MOST_TOLD, PolicyMalformed
from services.core.policy.schema import json_schema

router = APIRouter(tags=["policies"])

PolicyId = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,64}$")]
Number = Annotated[int | None, Query(ge=1, le=1_000_000)]


async def _page(reader: Any, page: PageQuery) -> Response:
    after_id, after_number = page.after((str, int)) or ("", 0)
    rows = await queries.LIST.all(reader, after_id=after_id, after_number=after_number, limit=page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["policy_id"], row["number"]))


async def _one(request: Request, reader: Any, policy_id: str, number: int | None) -> Response:
    policy = await queries.find(reader, policy_id=policy_id, number=number)
    if policy is None:
        raise NotFound
    return _shown(request, policy)


def _shown(request: Request, policy: queries.StoredPolicy) -> Response:
    later = "" if policy.superseded_by is None else f"-{policy.superseded_by}"
    return validated_response(request, _content(policy), f'"{policy.digest}{later}"')


def _content(policy: queries.StoredPolicy) -> bytes:
    return to_json({field: getattr(policy, field) for field in PolicyOut.model_fields})


@router.get("/v1/policies", response_model=PolicyPage)
async def list_policies(
    _access: Annotated[Access, requires(Permission.POLICY_READ)], reader: Reader, page: Page
) -> Response:
    """Every stored policy version."""
    return await _page(reader, page)


@router.post("/v1/policies/check", response_model=CheckOut)
async def check_policy(_access: Annotated[Access, requires(Permission.POLICY_WRITE)], body: CheckIn) -> Response:
    """Reads a policy text and says everything that is wrong with it, each fault with its place. Stores nothing."""
    try:
        loaded = await asyncio.to_thread(loader.load_policy, body.text)
    except PolicyMalformed as wrong:
        told = [FaultOut.model_validate(fault, from_attributes=True) for fault in wrong.faults[:MOST_TOLD]]
        out = CheckOut(valid=False, total=len(wrong.faults), faults=told, digest=None, body=None)
    else:
        out = CheckOut(valid=True, total=0, faults=[], digest=loaded.digest, body=loaded.body)
    return Response(out.model_dump_json(), media_type="application/json")


@router.post("/v1/policies", status_code=201, response_model=PolicyOut, responses={200: {"model": PolicyOut}})
async def store_policy(
    access: Annotated[Access, requires(Permission.POLICY_WRITE)], uow: Uow, body: PolicyIn
) -> Response:
    """Stores a version of a region's own policy; 200 when exactly this version was stored before. Assigning it is another act."""
    policy_id, number, is_new = await service.store(uow, scope=access.scope, region_id=body.region_id, text=body.text)
    stored = await queries.find(uow.driver, policy_id=policy_id, number=number)
    made = PolicyOut.model_validate(stored, from_attributes=True)
    return reply(uow, 201 if is_new else 200, made, location=f"/v1/policies/{policy_id}?number={number}")


@router.get("/v1/policies/{policy_id}", response_model=PolicyOut)
async def get_policy(
    _access: Annotated[Access, requires(Permission.POLICY_READ)],
    request: Request,
    reader: Reader,
    policy_id: PolicyId,
    number: Number = None,
) -> Response:
    """One policy, its newest version unless a number is given."""
    return await _one(request, reader, policy_id, number)


@router.get("/v1/regions/{region_id}/policy", response_model=PolicyOut)
async def get_policy_in_force(
    access: Annotated[Access, requires(Permission.POLICY_READ)], request: Request, reader: Reader, region_id: UUID
) -> Response:
    """The policy that holds in a region now, its own or that of the nearest region above it."""
    region = await queries.REGION.first(reader, region_id=region_id, **access.scope.parameters)
    if region is None:
        raise NotFound
    policy = await queries.in_force(reader, region_path=region["path"])
    if policy is None:
        raise NoPolicyInForce
    return _shown(request, policy)


@router.post("/v1/regions/{region_id}/policy", status_code=201, response_model=AssignmentOut)
async def assign_policy(
    access: Annotated[Access, requires(Permission.POLICY_ASSIGN)], uow: Uow, region_id: UUID, body: AssignIn
) -> Response:
    """Says which policy version a region and everything below it follows from now on."""
    made = await service.assign(
        uow, scope=access.scope, region_id=region_id, policy_id=body.policy_id, number=body.number
    )
    return reply(
        uow,
        201,
        AssignmentOut(
            id=made.id,
            region_id=made.region_id,
            policy_id=made.policy_id,
            number=made.policy_number,
            since=made.since,
        ),
    )


@cache
def _schema() -> tuple[bytes, str]:
    content = canonical_json(json_schema())
    return content, f'"{hashlib.sha256(content).hexdigest()}"'


@router.get("/public/policy-schema", response_model=dict[str, Any])
async def get_policy_schema(request: Request) -> Response:
    """The form of a policy as JSON Schema (draft 2020-12); always the same bytes."""
    return validated_response(request, *_schema())


@router.get("/public/policies", response_model=PolicyPage)
async def list_public_policies(reader: Reader, page: Page) -> Response:
    """Every stored policy version, for everybody."""
    return await _page(reader, page)


@router.get("/public/policies/{policy_id}", response_model=PolicyOut)
async def get_public_policy(request: Request, reader: Reader, policy_id: PolicyId, number: Number = None) -> Response:
    """One policy for everybody, its newest version unless a number is given."""
    return await _one(request, reader, policy_id, number)
