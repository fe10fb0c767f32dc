"""Routes of a vote's roll, of the service of its notice, and of objections."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.votes.router import Reading, Writing, is_resident, visible
from services.api.votes.schemas import (
    RollLineOut,
    RollQuery,
    RollRevisionsOut,
    ServiceIn,
    ServiceOut,
    VoteDecisionIn,
    VoteObjectionIn,
    VoteObjectionOut,
    VoteObjectionPage,
    VoteRollPage,
)
from services.api.wire import PageOnly
from services.core.identity.access import Permission
from services.core.votes import objecting, objection_queries, queries, service

router = APIRouter(prefix="/v1/votes/{vote_id}", tags=["votes"])
NONE = UUID(int=0)
MOST = 35
"""Lines of a roll on a resident's page: with the longest doors it fits the mini-program's 32 KB."""

Entering = Annotated[Access, requires(Permission.VOTE_ENTER)]


@router.get("/roll", response_model=VoteRollPage)
async def list_roll(
    access: Reading, reader: Reader, page: Page, vote_id: UUID, query: Annotated[RollQuery, Query()]
) -> Response:
    """The roll by door. Owners of the compound see door and area, and nothing of whose they are."""
    await visible(reader, access, vote_id)
    resident = is_resident(access)
    page = replace(page, limit=min(page.limit, MOST)) if resident else page
    after_door, after_property = page.after((str, UUID)) or ("", NONE)
    rows = await queries.ROLL_PAGE.all(
        reader,
        vote_id=vote_id,
        after_door=after_door,
        after_property=after_property,
        owner_id=None if resident else query.owner_id,
        limit=page.limit + 1,
    )
    last = rows[: page.limit][-1:]
    return page.answer(
        [_line(row, resident=resident) for row in rows], lambda _: (last[0]["door"], last[0]["property_id"])
    )


def _line(row: Mapping[str, Any], *, resident: bool) -> dict[str, Any]:
    hidden = {"property_id": None, "owner_id": None, "kind": None, "served": None} if resident else {}
    return RollLineOut.model_validate({**row, **hidden}).model_dump(mode="json")


@router.get("/roll/revisions", response_model=RollRevisionsOut)
async def list_revisions(access: Reading, reader: Reader, vote_id: UUID) -> Response:
    """Every publication of the roll with its hash."""
    await visible(reader, access, vote_id)
    rows = await queries.ROLLS.all(reader, vote_id=vote_id)
    out = RollRevisionsOut.model_validate({"items": [dict(row) for row in rows]})
    return Response(out.model_dump_json(), media_type="application/json")


async def _served(driver: Any, vote_id: UUID) -> ServiceOut:
    rows = await driver.fetch(queries.SERVED, vote_id)
    return ServiceOut(
        by_way={row["how"]: row["owners"] for row in rows}, unserved=await driver.fetchval(queries.UNSERVED, vote_id)
    )


@router.get("/services", response_model=ServiceOut)
async def get_services(access: Entering, reader: Reader, vote_id: UUID) -> Response:
    """How many owners were given the notice, and how."""
    await queries.vote_of(reader, scope=access.scope, vote_id=vote_id)
    return Response((await _served(reader, vote_id)).model_dump_json(), media_type="application/json")


@router.post("/services", response_model=ServiceOut)
async def serve(access: Entering, uow: Uow, vote_id: UUID, body: ServiceIn) -> Response:
    """Records that owners were given the notice."""
    await service.serve(uow, scope=access.scope, vote_id=vote_id, **dict(body))
    return reply(uow, 200, await _served(uow.driver, vote_id))


@router.get("/objections", response_model=VoteObjectionPage)
async def list_vote_objections(
    access: Entering, reader: Reader, page: Page, vote_id: UUID, _: Annotated[PageOnly, Query()]
) -> Response:
    """Objections to the roll and to the result."""
    await queries.vote_of(reader, scope=access.scope, vote_id=vote_id)
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await objection_queries.OBJECTIONS.all(reader, vote_id=vote_id, after=after, limit=page.limit + 1)
    return page.answer([_objection(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


def _objection(row: Mapping[str, Any]) -> VoteObjectionOut:
    return VoteObjectionOut.model_validate(dict(row))


@router.post("/objections", status_code=201, response_model=VoteObjectionOut)
async def record_vote_objection(access: Entering, uow: Uow, vote_id: UUID, body: VoteObjectionIn) -> Response:
    """Records an objection to what is on notice now."""
    objection_id = await objecting.record(uow, scope=access.scope, vote_id=vote_id, claim=objecting.Claim(**dict(body)))
    return reply(uow, 201, await _one(access, uow, vote_id, objection_id))


async def _one(access: Access, uow: Uow, vote_id: UUID, objection_id: UUID) -> VoteObjectionOut:
    return _objection(
        await objection_queries.objection_of(uow.driver, scope=access.scope, vote_id=vote_id, objection_id=objection_id)
    )


@router.post("/objections/{vote_objection_id}/uphold", response_model=VoteObjectionOut)
async def uphold_vote_objection(
    access: Writing, uow: Uow, vote_id: UUID, vote_objection_id: UUID, body: VoteDecisionIn
) -> Response:
    """The objection is right: the roll is corrected and published anew, or ballots are put right and counted again."""
    return await _decide(access, uow, vote_id, vote_objection_id, body, upheld=True)


@router.post("/objections/{vote_objection_id}/reject", response_model=VoteObjectionOut)
async def reject_vote_objection(
    access: Writing, uow: Uow, vote_id: UUID, vote_objection_id: UUID, body: VoteDecisionIn
) -> Response:
    """The objection changes nothing."""
    return await _decide(access, uow, vote_id, vote_objection_id, body, upheld=False)


async def _decide(
    access: Access, uow: Uow, vote_id: UUID, objection_id: UUID, body: VoteDecisionIn, *, upheld: bool
) -> Response:
    await objecting.decide(
        uow, scope=access.scope, vote_id=vote_id, objection_id=objection_id, upheld=upheld, **dict(body)
    )
    return reply(uow, 200, await _one(access, uow, vote_id, objection_id))
