"""Routes of cases handled together: translate only."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.hotline import shown
from services.api.hotline.router import changed
from services.api.hotline.schemas import Code, OpenText
from services.api.hotline.shown import ComplaintOut, TakenOut
from services.api.ownership.shown import FIRST
from services.api.security import Access, requires
from services.api.wire import In, PageOnly, Reason
from services.core.hotline import desk_queries, grouping, queries, splitting
from services.core.hotline.splitting import Matter
from services.core.identity.access import Permission

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])

Reading = Annotated[Access, requires(Permission.COMPLAINT_READ)]
Assigning = Annotated[Access, requires(Permission.COMPLAINT_ASSIGN)]


class MergeIn(In):
    """What is handled with this one from now on. `text`: for staff."""

    others: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    text: Reason | None = None


class UnmergeIn(In):
    """Why it is handled by itself."""

    text: Reason


class MatterIn(In):
    """A matter that is taken out of a complaint, in words that its reporter will read."""

    category: Code
    description: OpenText


class SplitIn(In):
    """What is handled by itself from now on; the complaint keeps the rest."""

    matters: Annotated[list[MatterIn], Field(min_length=1, max_length=10)]


class SplitOut(BaseModel):
    """The new complaints, in the order of their matters."""

    items: list[TakenOut]


class MergedOut(BaseModel):
    """One that was merged, with its own promise: `due_at` and `met_at` of its own reply clock."""

    id: UUID
    no: str
    created_at: datetime
    answered_at: datetime | None
    first_promise_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None


class MergedPage(BaseModel):
    """A page of what was merged into a complaint."""

    items: list[MergedOut]
    next_cursor: str | None
    has_more: bool


@router.post("/{complaint_id}/merge", response_model=ComplaintOut)
async def merge_complaints(
    access: Assigning, uow: Uow, complaint_id: UUID, version: IfMatch, body: MergeIn
) -> Response:
    """Handles others with this one: one handling, one answer for all, and each keeps its reporter, its promise and its rating."""
    await grouping.merge(
        uow, scope=access.scope, complaint_id=complaint_id, version=version, others=body.others, text=body.text
    )
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/unmerge", response_model=ComplaintOut)
async def unmerge_complaint(
    access: Assigning, uow: Uow, complaint_id: UUID, version: IfMatch, body: UnmergeIn
) -> Response:
    """Handles it by itself again."""
    await grouping.unmerge(uow, scope=access.scope, complaint_id=complaint_id, version=version, text=body.text)
    return await changed(access, uow, complaint_id)


@router.post("/{complaint_id}/split", status_code=201, response_model=SplitOut)
async def split_complaint(access: Assigning, uow: Uow, complaint_id: UUID, version: IfMatch, body: SplitIn) -> Response:
    """Takes matters out of it: each a complaint of the same reporter, with the same files and as old a promise."""
    matters = [Matter(one.category, one.description) for one in body.matters]
    made = await splitting.split(uow, scope=access.scope, complaint_id=complaint_id, version=version, matters=matters)
    return reply(uow, 201, SplitOut(items=[shown.taken(one) for one in made]))


@router.get("/{complaint_id}/merged", response_model=MergedPage)
async def list_merged(
    access: Reading, reader: Reader, page: Page, complaint_id: UUID, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """What was merged into it, each with its own promise."""
    await queries.complaint_of(reader, scope=access.scope, complaint_id=complaint_id)
    (after,) = page.after((UUID,)) or (FIRST,)
    rows = await reader.fetch(desk_queries.MERGED, complaint_id, after, page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))
