"""Votes as the mini-program reads them: never more than 32 KB, and nothing lost between the pages."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx

from services.api.votes.schemas import OwnerVoteIn
from tests.api.votes.owners import Estate, act, cast, days, opened, published, sql

WIDE = "𠀀"
"""A letter of four bytes."""
MOST = next(one.max_length for one in OwnerVoteIn.model_fields["matters"].metadata if hasattr(one, "max_length"))
LONGEST = f"{'9' * 30}/{'9' * 30}"
"""A share, as a policy may write it."""


async def pages(client: httpx.AsyncClient, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
    """All pages of an answer, none of them large."""
    cursor = None
    while True:
        answer = await client.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        assert len(answer.content) <= 32_768, len(answer.content)
        told: dict[str, Any] = answer.json()
        yield told
        cursor = told["next_cursor"]
        assert told["has_more"] is (cursor is not None)
        if cursor is None:
            return


async def largest(estate: Estate) -> dict[str, Any]:
    """A vote of as many matters as one may have, each as long as may be, whose last day was put off twice with long reasons."""
    vote = await opened(
        estate, title=WIDE * 200, matters=[{"title": WIDE * 200, "kind": "ordinary"} for _ in range(MOST)]
    )
    for number in (12, 14, 16):
        body = {"closes_on": days(number), "reason": WIDE * 2000, "document": WIDE * 300}
        vote = await act(estate, vote, "extend", body)
    shares = {"heads": LONGEST, "area": LONGEST, "strict": False}
    await sql(
        estate,
        "UPDATE vote_matter SET rule = repeat('r', 64), area = 'building', item = $2, thresholds = $3::jsonb WHERE vote_id = $1",
        UUID(vote["id"]), WIDE * 100, json.dumps({"quorum": shares, "approval": shares}),
    )  # fmt: skip
    return vote


async def test_the_largest_vote_that_there_may_be_comes_by_pages(estate: Estate, api: httpx.AsyncClient) -> None:
    head = await estate.head("100")
    owner = await estate.resident(head)
    vote = await largest(estate)
    assert (await cast(owner, vote, *["approve"] * MOST)).status_code == 201
    public, own = f"/public/votes/{vote['id']}", f"/v1/votes/{vote['id']}"
    for client, path in ((api, public), (owner, own), (owner, f"{own}/tally")):
        seen = [one["no"] async for page in pages(client, path) for one in page["matters"]]
        assert seen == list(range(1, MOST + 1)), path
    first = (await api.get(public)).json()
    assert first["extended"] == 3
    assert len(first["extensions"]) == 1, "the last one"
    assert first["extensions"][0]["closes_at"] == first["closes_at"]
    every = [one async for page in pages(api, f"{public}/extensions") for one in page["items"]]
    assert len(every) == 3
    assert every[-1] == first["extensions"][0]
    whole = (await estate.world.street.get(own)).json()
    assert (len(whole["matters"]), len(whole["extensions"]), whole["has_more"]) == (MOST, 3, False), (
        "staff have it whole"
    )


async def test_so_does_its_result(estate: Estate, api: httpx.AsyncClient) -> None:
    head = await estate.head("100")
    owner = await estate.resident(head)
    vote = await largest(estate)
    assert (await cast(owner, vote, *["approve"] * MOST)).status_code == 201
    await published(estate, vote)
    passed = []
    async for page in pages(api, f"/public/votes/{vote['id']}"):
        assert [one["no"] for one in page["matters"]] == [one["no"] for one in page["result"]["matters"]]
        passed += [one["passed"] for one in page["result"]["matters"]]
    assert len(passed) == MOST
    assert (await owner.get(f"/v1/votes/{vote['id']}/contents")).status_code == 200


async def test_a_page_may_be_smaller_and_most_votes_are_one(estate: Estate, api: httpx.AsyncClient) -> None:
    await estate.head("100")
    vote = await opened(estate, matters=[{"title": f"事项 {no}", "kind": "ordinary"} for no in range(30)])
    path = f"/public/votes/{vote['id']}"
    (one,) = [page async for page in pages(api, path)]
    assert len(one["matters"]) == 30
    assert [len(page["matters"]) async for page in pages(api, path, limit=12)] == [12, 12, 6]
    assert (await api.get(path, params={"cursor": "x"})).status_code == 422
    assert (await api.get(f"/public/votes/{UUID(int=1)}/extensions")).status_code == 404
