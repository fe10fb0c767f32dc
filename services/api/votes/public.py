"""What everybody may read of votes without a token: the vote, its result, what is on notice, and how a vote goes."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import Page, Reader
from services.api.small import cut
from services.api.votes.count_schemas import (
    NoticeOut,
    NoticePage,
    PublicVote,
    VoteExtensionPage,
    VoteResultOut,
    VoteTransitionOut,
    VoteTransitionsOut,
)
from services.api.votes.paging import latest, paged
from services.api.votes.schemas import VoteExtensionOut
from services.api.wire import PageOnly
from services.core.kit.errors import NotFound
from services.core.kit.paging import whole
from services.core.votes import counting, queries, reading
from services.core.votes.lifecycle import ACT_TITLES, MOVES, STATUS_TITLES, TOLD, Interim, VoteStatus

router = APIRouter(prefix="/public", tags=["public"])
NEWEST = UUID(int=2**128 - 1)
MOST = 20
"""Notices on a page: with the longest titles and names it fits the mini-program's 32 KB."""


@router.get("/vote-transitions")
async def get_vote_transitions() -> VoteTransitionsOut:
    """Every way a vote can go; there is no other."""
    return VoteTransitionsOut(
        statuses={status: _told(titles) for status, titles in STATUS_TITLES.items()},
        acts={act: _told(titles) for act, titles in ACT_TITLES.items()},
        transitions=[
            VoteTransitionOut(act=act, from_status=VoteStatus(before), to_status=after)
            for (act, before), after in MOVES.items()
        ],
    )


def _told(titles: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("zh", "en"), titles, strict=True))


@router.get("/votes/{vote_id}", response_model=PublicVote)
async def get_public_vote(reader: Reader, page: Page, vote_id: UUID) -> Response:
    """A vote once its roll was published: thresholds, how many take part (where the policy tells it), later the result.

    Its matters come by pages of at most 32 KB, nearly always one.
    """
    row = await reading.PUBLIC.first(reader, vote_id=vote_id)
    if row is None:
        raise NotFound
    result = None
    if row["status"] in TOLD:
        result = await queries.RESULTS.first(reader, vote_id=vote_id)
    taking_part = None
    if row["status"] in (VoteStatus.OPEN, VoteStatus.CLOSED) and row["interim"] == Interim.PARTICIPATION:
        counted = await counting.count(reader, row)
        taking_part = counting.document(counted, sealed=True)[0]["taking_part"]
    elif result is not None:
        taking_part = result["matters"][0]["taking_part"]
    out = PublicVote.model_validate(
        {
            **row,
            "matters": row["matter_list"],
            "plan_version": row["plan_number"],
            "extended": len(row["extensions"]),
            "taking_part": taking_part,
            "result": None if result is None else VoteResultOut.model_validate(dict(result)),
        }
    )
    out = paged(page, out.model_copy(update={"extensions": latest(out.extensions)}))
    return Response(out.model_dump_json(), media_type="application/json")


@router.get("/votes/{vote_id}/extensions", response_model=VoteExtensionPage)
async def list_vote_extensions(
    reader: Reader, page: Page, vote_id: UUID, _wanted: Annotated[PageOnly, Query()]
) -> Response:
    """Every time that the vote's last day was put off, and why. A page is at most 32 KB."""
    row = await reading.PUBLIC.first(reader, vote_id=vote_id)
    if row is None:
        raise NotFound
    (after,) = page.after((whole,)) or (0,)
    every = [VoteExtensionOut.model_validate(one).model_dump(mode="json") for one in row["extensions"]]
    rows = [{"position": number, **one} for number, one in enumerate(every, start=1)][after : after + page.limit + 1]
    found = cut(page, rows, lambda one: (one["position"],))
    items = [{name: one[name] for name in VoteExtensionOut.model_fields} for one in found.rows]
    told = {"items": items, "next_cursor": found.cursor, "has_more": found.cursor is not None}
    return Response(to_json(told), headers=found.headers, media_type="application/json")


@router.get("/notices", response_model=NoticePage)
async def list_notices(reader: Reader, page: Page, region: Annotated[UUID | None, Query()] = None) -> Response:
    """What was put on notice last of every vote, the latest vote first: its roll, the announcement, its result."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after((UUID,)) or (NEWEST,)
    rows = await reader.fetch(reading.NOTICES, before, region, page.limit + 1)
    items = [NoticeOut.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["vote_id"],))
