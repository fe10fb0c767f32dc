"""Votes as the mini-program reads them: fifty matters with long titles would not fit its 32 KB, so they come by pages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from services.api.deps import PageQuery
from services.api.small import cut
from services.api.votes.count_schemas import MatterTally, PublicVote, TallyOut
from services.api.votes.schemas import OwnerVoteOut, VoteExtensionOut
from services.core.kit.paging import whole

MOST_MATTERS = 50
MOST_OF_EXTENSIONS = 12_288
"""Bytes: a reason may be long, and there may be many. The others are read at `…/extensions`."""


Paged = TypeVar("Paged", bound=OwnerVoteOut | PublicVote | TallyOut)


def latest(extensions: Sequence[VoteExtensionOut]) -> list[VoteExtensionOut]:
    """The last extensions of a vote, as many as leave room for its matters; one at least."""
    left, kept = MOST_OF_EXTENSIONS, len(extensions)
    for one in reversed(extensions):
        left -= len(one.model_dump_json().encode())
        if left < 0:
            break
        kept -= 1
    return list(extensions[min(kept, len(extensions) - 1) :])


def paged(page: PageQuery, whole_vote: Paged) -> Paged:
    """The same with a page of its matters (and of what its result says of them), as many as fit beside all else it tells.

    All that fit unless the caller asks for fewer: most votes are one page.
    """
    if "limit" not in page.request.query_params:
        page = replace(page, limit=MOST_MATTERS)
    (after,) = page.after((whole,)) or (0,)
    around = _with(whole_vote, frozenset())
    matters = [one for one in whole_vote.matters if one.no > after][: page.limit + 1]
    results = {one.no: one.model_dump(mode="json") for one in _results(whole_vote)}
    rows = [{**one.model_dump(mode="json"), "result": results.get(one.no)} for one in matters]
    found = cut(page, rows, lambda row: (row["no"],), beside=len(around.model_dump_json().encode()))
    told = _with(whole_vote, frozenset(row["no"] for row in found.rows))
    return _copy(told, {"next_cursor": found.cursor, "has_more": found.cursor is not None})


def _results(vote: OwnerVoteOut | PublicVote | TallyOut) -> list[MatterTally]:
    return vote.result.matters if isinstance(vote, PublicVote) and vote.result is not None else []


def _with(vote: Paged, numbers: frozenset[int]) -> Paged:
    """The same with the matters of these numbers alone."""
    update: dict[str, Any] = {"matters": [one for one in vote.matters if one.no in numbers]}
    if isinstance(vote, PublicVote) and vote.result is not None:
        kept = [one for one in vote.result.matters if one.no in numbers]
        update["result"] = vote.result.model_copy(update={"matters": kept})
    return _copy(vote, update)


def _copy(vote: Paged, update: dict[str, Any]) -> Paged:
    return cast("Paged", vote.model_copy(update=update))
