"""A publication by partition: the same results as together, each part with a validator of its own; alone when there are many."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.selection import publishing
from tests.api.selection.world import World


async def published(world: World) -> tuple[str, dict[str, Any]]:
    """The path of a published ranking of two counties, and its run."""
    for street in world.streets[:2]:
        await world.project(street)
        await world.project(street)
    found = await world.round()
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    assert (await world.city.post(f"/v1/runs/{run['id']}/publish")).status_code == 201
    return f"/public/rounds/{found['id']}", run


async def test_a_partition_is_read_alone_with_its_own_validator(world: World, api: httpx.AsyncClient) -> None:
    path, _ = await published(world)
    whole = (await api.get(f"{path}/ranking")).json()
    assert sum(one["results"] for one in whole["partitions"]) == len(whole["results"]) == 4
    apart, tags = [], set()
    for named in whole["partitions"]:
        answer = await api.get(f"{path}/ranking", params={"partition": named["id"]})
        part = answer.json()
        assert part["partition"] == named
        assert {**part, **whole} == {**whole, "partition": named}
        apart += part["results"]
        tags.add(answer.headers["etag"])
        again = await api.get(
            f"{path}/ranking", params={"partition": named["id"]}, headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        archived = (await api.get(f"{path}/publications/1", params={"partition": named["id"]})).json()
        assert archived["ranking"] == part
    assert apart == whole["results"]
    assert len(tags) == len(whole["partitions"]) > 1
    for wrong in (str(uuid4()), "nonsense", ""):
        for at in ("ranking", "publications/1"):
            refused = await api.get(f"{path}/{at}", params={"partition": wrong})
            assert refused.status_code == (422 if (wrong, at) == ("", "publications/1") else 404)


async def test_a_large_ranking_leaves_its_results_to_the_partitions(
    world: World, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MOST_TOGETHER", 3)
    path, run = await published(world)
    whole = (await api.get(f"{path}/ranking")).json()
    assert whole["results"] is None
    assert [one["results"] for one in whole["partitions"]] == [2, 2]
    numbers = []
    for named in whole["partitions"]:
        part = (await api.get(f"{path}/ranking", params={"partition": named["id"]})).json()
        numbers += [one["no"] for one in part["results"]]
    assert numbers == [one["no"] for one in await world.ranking(run["id"])]
