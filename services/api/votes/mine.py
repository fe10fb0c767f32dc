"""Routes of an owner: his own objections to the roll or the result of a vote, and what became of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field

from services.api.deps import Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.votes.router import visible
from services.api.wire import In, PageOnly, one_line
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.votes import objecting, objection_queries
from services.core.votes.lifecycle import ObjectionTo, VoteObjectionStatus

router = APIRouter(prefix="/v1/me/votes/{vote_id}/objections", tags=["me"])
NONE = UUID(int=0)
MOST = 4
"""Objections on a page: with the longest words and reasons it fits the mini-program's 32 KB."""

ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]


class OwnObjectionIn(In):
    """What he objects to in what is on notice now, in his words; without anybody's phone or identity number."""

    what: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]


class OwnVoteObjection(BaseModel):
    """His objection. `late`: the notice had ended, so it holds nothing up. `decision_reason`: why it was upheld or rejected."""

    id: UUID
    vote_id: UUID
    about: ObjectionTo
    what: str
    received_on: date
    late: bool
    status: VoteObjectionStatus
    decided_at: datetime | None
    decision_reason: str | None


class OwnVoteObjectionPage(BaseModel):
    """A page of his objections, the first one first."""

    items: list[OwnVoteObjection]
    next_cursor: str | None
    has_more: bool


@router.get("", response_model=OwnVoteObjectionPage)
async def list_own_vote_objections(
    access: ResidentMe, reader: Reader, page: Page, vote_id: UUID, _: Annotated[PageOnly, Query()]
) -> Response:
    """The caller's own objections to a vote in which he has a head; at most four a page."""
    await visible(reader, access, vote_id)
    page = replace(page, limit=min(page.limit, MOST))
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await objection_queries.OWN_OBJECTIONS.all(
        reader, vote_id=vote_id, resident_id=access.principal.id, after=after, limit=page.limit + 1
    )
    return page.answer([_own(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


def _own(row: Mapping[str, Any]) -> OwnVoteObjection:
    return OwnVoteObjection.model_validate(dict(row))


@router.post("", status_code=201, response_model=OwnVoteObjection)
async def object_to_vote(access: ResidentMe, uow: Uow, vote_id: UUID, body: OwnObjectionIn) -> Response:
    """Objects to the roll or the result that is on notice; somebody of the staff decides, and the answer is read here."""
    objection_id = await objecting.object_as_resident(uow, vote_id=vote_id, what=body.what)
    row = await objection_queries.OWN_OBJECTION.first(
        uow.driver, vote_id=vote_id, objection_id=objection_id, resident_id=access.principal.id
    )
    if row is None:
        raise NotFound
    return reply(uow, 201, _own(row), location=f"/v1/me/votes/{vote_id}/objections")
