"""Regions: who sees which, and what staff may add."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/v1/regions", params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_without_a_filter_the_tops_of_ones_own_scope(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    county = await region("county", city)
    await region("street", county)
    district = await staff("district", county)
    assert await names(district) == [county.name]


async def test_children_of_a_region_with_code_first(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    client = await staff("city", city)
    zone = await region("zone", city, name="开发区")
    second = await region("county", city, name="乙县", code=f"99{zone.path.split('.')[-2][-4:]:0>4}")
    assert await names(client, parent=str(city.id)) == [second.name, zone.name]


async def test_a_region_tells_the_names_above_it_but_not_more(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    county = await region("county", city)
    street = await region("street", county)
    client = await staff("street", street)
    answer = await client.get(f"/v1/regions/{street.id}")
    assert [one["name"] for one in answer.json()["ancestors"]] == [city.name, county.name]
    assert answer.headers["ETag"] == '"1"'
    assert (await client.get(f"/v1/regions/{county.id}")).status_code == 404
    assert (await client.get("/v1/regions", params={"parent": str(county.id)})).status_code == 404
    assert await names(client, q=county.name) == []
    assert await names(client, level="street") == [street.name]


async def test_staff_add_a_zone_without_a_code_and_a_street_below_it(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("district", county)
    body = {"parent_id": str(county.id), "name": "经济开发区", "level": "zone", "source": "县政办〔2026〕3号"}
    added = await client.post("/v1/regions", json=body)
    assert added.status_code == 201, added.text
    assert (added.json()["code"], added.json()["level"]) == (None, "zone")
    assert [one["name"] for one in added.json()["ancestors"]] == [county.name]
    below = {"parent_id": added.json()["id"], "name": "某街道", "level": "street", "source": "县政办〔2026〕3号"}
    street = await client.post("/v1/regions", json=below)
    assert street.status_code == 201
    assert await names(client, parent=added.json()["id"]) == ["某街道"]
    assert (await client.get(street.headers["Location"])).json()["name"] == "某街道"

    again = await client.post("/v1/regions", json=body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/region-name-taken")


@pytest.mark.parametrize("level", ["county", "province", "nation", "village"])
async def test_counties_and_above_come_from_the_list_only(region: MakeRegion, staff: MakeStaff, level: str) -> None:
    city = await region("city")
    client = await staff("city", city)
    body = {"parent_id": str(city.id), "name": "新县", "level": level, "source": "x"}
    assert (await client.post("/v1/regions", json=body)).status_code == 422


async def test_the_tree_keeps_its_order(region: MakeRegion, staff: MakeStaff) -> None:
    street = await region("street")
    client = await staff("district", street)
    body = {"parent_id": str(street.id), "name": "开发区", "level": "zone", "source": "x"}
    answer = await client.post("/v1/regions", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/level"


async def test_nobody_adds_below_a_foreign_region(region: MakeRegion, staff: MakeStaff) -> None:
    mine, foreign = await region("county"), await region("county")
    client = await staff("district", mine)
    body = {"parent_id": str(foreign.id), "name": "开发区", "level": "zone", "source": "x"}
    assert (await client.post("/v1/regions", json=body)).status_code == 404
    community = await staff("community", mine)
    assert (await community.post("/v1/regions", json=body | {"parent_id": str(mine.id)})).status_code == 403


async def test_pages_of_regions_have_no_gaps(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    made = {(await region("street", county)).name for _ in range(7)}
    client = await staff("district", county)
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"parent": str(county.id), "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/regions", params=query)).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == made
