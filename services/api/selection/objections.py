"""Routes of objections to a published round, and of what was published before: translate only."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json

from services.api.deps import Page, Reader, Uow, reply, validated_response
from services.api.security import Access, requires
from services.api.selection.annual_schemas import (
    DecisionIn,
    ObjectionIn,
    ObjectionOut,
    ObjectionPage,
    ObjectionQuery,
    PublicObjections,
    PublicPublications,
    PublishedRanking,
)
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.selection import annual_queries, objecting, queries

router = APIRouter(tags=["selection"])
NONE = UUID(int=0)


def _objection(row: Mapping[str, Any]) -> ObjectionOut:
    return ObjectionOut.model_validate(dict(row))


@router.get("/v1/rounds/{round_id}/objections", response_model=ObjectionPage)
async def list_objections(
    access: Annotated[Access, requires(Permission.OBJECTION_READ)],
    reader: Reader,
    page: Page,
    round_id: UUID,
    query: Annotated[ObjectionQuery, Query()],
) -> Response:
    """Objections to a round, as far as they concern the caller's region."""
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await annual_queries.OBJECTIONS.all(
        reader,
        round_id=round_id,
        after=after,
        status=query.status,
        project_id=query.project_id,
        supplement_id=query.supplement_id,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    if not rows:
        await queries.round_of(reader, scope=access.scope, round_id=round_id)
    return page.answer([_objection(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


@router.post("/v1/rounds/{round_id}/objections", status_code=201, response_model=ObjectionOut)
async def record_objection(
    access: Annotated[Access, requires(Permission.OBJECTION_WRITE)], uow: Uow, round_id: UUID, body: ObjectionIn
) -> Response:
    """Records an objection to the ranking or the supplement on notice; after the notice it is recorded as late."""
    objection_id = await objecting.record(
        uow, scope=access.scope, round_id=round_id, claim=objecting.Claim(**dict(body))
    )
    made = _objection(await annual_queries.objection_of(uow.driver, scope=access.scope, objection_id=objection_id))
    return reply(uow, 201, made, location=f"/v1/objections/{objection_id}")


@router.get("/v1/objections/{objection_id}", response_model=ObjectionOut)
async def get_objection(
    access: Annotated[Access, requires(Permission.OBJECTION_READ)], reader: Reader, objection_id: UUID
) -> Response:
    """One objection."""
    found = _objection(await annual_queries.objection_of(reader, scope=access.scope, objection_id=objection_id))
    return Response(found.model_dump_json(), media_type="application/json")


@router.post("/v1/objections/{objection_id}/uphold", response_model=ObjectionOut)
async def uphold_objection(
    access: Annotated[Access, requires(Permission.OBJECTION_DECIDE)], uow: Uow, objection_id: UUID, body: DecisionIn
) -> Response:
    """The objection is right: the round is reopened, its facts are corrected and frozen anew; a supplement is withdrawn. By another
    than who recorded it.
    """
    return await _decide(access, uow, objection_id, body, upheld=True)


@router.post("/v1/objections/{objection_id}/reject", response_model=ObjectionOut)
async def reject_objection(
    access: Annotated[Access, requires(Permission.OBJECTION_DECIDE)], uow: Uow, objection_id: UUID, body: DecisionIn
) -> Response:
    """The objection changes nothing. By another than who recorded it."""
    return await _decide(access, uow, objection_id, body, upheld=False)


async def _decide(access: Access, uow: Uow, objection_id: UUID, body: DecisionIn, *, upheld: bool) -> Response:
    await objecting.decide(
        uow,
        scope=access.scope,
        objection_id=objection_id,
        upheld=upheld,
        reason=body.reason,
        document=body.document,
    )
    decided = _objection(await annual_queries.objection_of(uow.driver, scope=access.scope, objection_id=objection_id))
    return reply(uow, 200, decided)


@router.get("/public/rounds/{round_id}/objections", response_model=PublicObjections, tags=["public"])
async def count_objections(reader: Reader, round_id: UUID) -> Response:
    """How many objections a published round has, open and decided."""
    if await annual_queries.STANDING.first(reader, round_id=round_id) is None:
        raise NotFound
    counts = await annual_queries.objection_counts(reader, round_id=round_id)
    out = PublicObjections(
        round_id=round_id, open=counts.open, upheld=counts.upheld, rejected=counts.rejected, late=counts.late
    )
    return Response(out.model_dump_json(), media_type="application/json")


SHOWN = ("number", "published_at", "notice_until", "provisional", "superseded_at")


@router.get("/public/rounds/{round_id}/publications", response_model=PublicPublications, tags=["public"])
async def list_published_versions(reader: Reader, round_id: UUID) -> Response:
    """Everything that was published of a round, also what was superseded."""
    rows = await annual_queries.EVERY_PUBLICATION.all(reader, round_id=round_id)
    if not rows:
        raise NotFound
    items = [{name: row[name] for name in SHOWN} for row in rows]
    return Response(to_json({"items": items}), media_type="application/json")


@router.get(
    "/public/rounds/{round_id}/publications/{number}",
    response_model=PublishedRanking,
    responses={304: {"description": "unchanged"}},
    tags=["public"],
)
async def get_published_version(
    request: Request,
    reader: Reader,
    round_id: UUID,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    partition: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
) -> Response:
    """What one publication showed, whole or of one partition, byte for byte, and whether a later one has superseded it."""
    wanted = {"round_id": round_id, "number": number}
    if partition is None:
        row = await annual_queries.PUBLICATION_NUMBERED.first(reader, **wanted)
    else:
        row = await annual_queries.PUBLICATION_PART_NUMBERED.first(reader, partition=partition, **wanted)
    if row is None:
        raise NotFound
    around = to_json({name: row[name] for name in SHOWN})
    content = around[:-1] + b',"ranking":' + row["content"] + b"}"
    return validated_response(request, content, f'"{hashlib.sha256(content).hexdigest()}"')
