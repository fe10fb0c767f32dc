"""Routes of policies."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json

from services.api.deps import Page, PageQuery, Reader, Uow, reply, validated_response
from services.api.policy.schemas import AssignIn, AssignmentOut, PolicyOut, PolicyPage
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.policy import queries, service
from services.core.policy.errors import NoPolicyInForce

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
    return validated_response(request, _content(policy), f'"{policy.digest}"')


def _content(policy: queries.StoredPolicy) -> bytes:
    return to_json({field: getattr(policy, field) for field in PolicyOut.model_fields})


@router.get("/v1/policies", response_model=PolicyPage)
async def list_policies(
    _access: Annotated[Access, requires(Permission.POLICY_READ)], reader: Reader, page: Page
) -> Response:
    """Every stored policy version."""
    return await _page(reader, page)


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
    return validated_response(request, _content(policy), f'"{policy.digest}"')


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


@router.get("/public/policies", response_model=PolicyPage)
async def list_public_policies(reader: Reader, page: Page) -> Response:
    """Every stored policy version, for everybody."""
    return await _page(reader, page)


@router.get("/public/policies/{policy_id}", response_model=PolicyOut)
async def get_public_policy(request: Request, reader: Reader, policy_id: PolicyId, number: Number = None) -> Response:
    """One policy for everybody, its newest version unless a number is given."""
    return await _one(request, reader, policy_id, number)
