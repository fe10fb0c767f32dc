"""Policies: stored once, never changed in place, assigned to regions, read by everybody."""

from dataclasses import replace

import httpx
import pytest

from services.core.kit.exact import digest
from services.core.kit.uow import SYSTEM, Database
from services.core.policy import loader
from services.core.policy.errors import PolicyChangedInPlace
from services.core.policy.service import store_packaged
from tests.api.selection.world import World
from tests.support.people import Region

CITIES = ["beijing", "chengdu", "fenggang", "hebei", "jiaozuo", "liuzhou", "ningbo", "shanghai", "yichang", "zhuhai"]
NUMBER = dict.fromkeys(CITIES, 1) | {"jiaozuo": 2}


async def test_what_ships_is_stored_once(fresh_database: Database) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        assert await store_packaged(uow) == [f"{city}@{NUMBER[city]}" for city in CITIES]
    async with fresh_database.begin(SYSTEM) as uow:
        assert await store_packaged(uow) == []


async def test_a_changed_version_is_refused_loudly(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    edited = tuple(replace(one, digest="0" * 64) for one in loader.load_packaged())
    monkeypatch.setattr(loader, "load_packaged", lambda: edited)
    with pytest.raises(PolicyChangedInPlace):
        async with fresh_database.begin(SYSTEM) as uow:
            await store_packaged(uow)


async def test_everybody_reads_policies(world: World, api: httpx.AsyncClient) -> None:
    listed = (await api.get("/public/policies")).json()["items"]
    packaged = [(one["policy_id"], one["number"]) for one in listed[:6]]
    assert packaged == [(city, NUMBER[city]) for city in CITIES[:6]]
    first = await api.get("/public/policies", params={"limit": 1})
    second = await api.get(first.links["next"]["url"])
    assert [one["policy_id"] for one in second.json()["items"]] == ["chengdu"]
    public = await api.get("/public/policies/ningbo")
    assert digest(public.json()["body"]) == public.json()["digest"]
    assert public.headers["etag"] == f'"{public.json()["digest"]}"'
    assert (
        await api.get("/public/policies/ningbo", headers={"If-None-Match": public.headers["etag"]})
    ).status_code == 304
    assert (await world.street.get("/v1/policies/ningbo")).json() == public.json()
    assert (await api.get("/v1/policies")).status_code == 401
    for unknown in ("/public/policies/atlantis", "/public/policies/ningbo?number=9"):
        assert (await api.get(unknown)).status_code == 404


async def test_the_nearest_assignment_holds(world: World, region: object) -> None:
    north, south = world.counties
    path = "/v1/regions/{}/policy".format
    assert (await world.district.post(path(north.id), json={"policy_id": "fenggang", "number": 1})).status_code == 403
    made = await world.city.post(path(north.id), json={"policy_id": "fenggang", "number": 1})
    assert (made.status_code, made.json()["policy_id"]) == (201, "fenggang")

    async def of(at: Region) -> str:
        return str((await world.city.get(path(at.id))).json()["policy_id"])

    assert [await of(at) for at in (world.root, north, world.streets[0], south)] == [
        "ningbo",
        "fenggang",
        "fenggang",
        "ningbo",
    ]
    await world.city.post(path(north.id), json={"policy_id": "ningbo", "number": 1})
    assert await of(world.streets[0]) == "ningbo"
    wrong = await world.city.post(path(north.id), json={"policy_id": "ningbo", "number": 7})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/policy-unknown")
    assert (await world.other_district.get(path(north.id))).status_code == 404


async def test_a_region_without_a_policy_says_so(world: World, region: object, staff: object) -> None:
    alone: Region = await region("city")  # type: ignore[operator]
    somebody = await staff("city", alone)  # type: ignore[operator]
    answer = await somebody.get(f"/v1/regions/{alone.id}/policy")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-policy-in-force")
    foreign = await somebody.post(f"/v1/regions/{world.root.id}/policy", json={"policy_id": "ningbo", "number": 1})
    assert foreign.status_code == 404
