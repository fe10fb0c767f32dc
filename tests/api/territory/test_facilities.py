"""Facilities of a compound: the list with its history, and the shares of defects counted from it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.core.kit.uow import Database
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]

SHARE = "facilities.basic.defect_share"


def item(name: str, condition: str = "sound", severity: int = 0, **over: Any) -> dict[str, Any]:
    return {
        "name": name,
        "area": "public",
        "category": "basic",
        "tier": "must",
        "condition": condition,
        "severity": severity,
        "improvement": "infrastructure",
        "observed_on": "2026-03-02",
        "source": "街道摸底",
        "document": "摸底表3号",
    } | over


async def compound_of(client: httpx.AsyncClient, region: Region) -> str:
    answer = await client.post("/v1/compounds", json={"region_id": str(region.id), "name": "南岳新村"})
    assert answer.status_code == 201, answer.text
    return f"/v1/compounds/{answer.json()['id']}"


async def put(client: httpx.AsyncClient, at: str, version: int, *items: dict[str, Any]) -> httpx.Response:
    return await client.put(f"{at}/facilities", json={"items": items}, headers={"If-Match": f'"{version}"'})


async def holding(client: httpx.AsyncClient, at: str) -> dict[str, dict[str, Any]]:
    return {fact["key"]: fact for fact in (await client.get(at)).json()["facts"]}


async def test_the_share_of_defects_is_counted_from_the_list(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    said = {"key": SHARE, "value": "0.9", "source": "区住建局", "document": "报表"}
    assert (await client.post(f"{at}/facts", json={"facts": [said]})).status_code == 201

    answer = await put(
        client,
        at,
        1,
        item("道路整治", "broken", 2, observed_on="2026-02-01"),
        item("雨污管网", "worn", 3),
        item("消防设施", "worn", 2),
        item("消防设施", "missing", 1, area="buildings"),
        item("绿化改造提升"),
        item("充电设施", "missing", 1, category="upgraded", tier="optional", improvement=None),
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"2"'
    assert [
        (one["category"], one["items"], one["defective"], one["defect_share"]) for one in answer.json()["defects"]
    ] == [
        ("basic", 5, 3, "0.6"),
        ("upgraded", 1, 1, "1"),
    ]
    found = await client.get(f"{at}/facilities")
    assert found.json() == answer.json()
    assert found.headers["ETag"] == '"2"'
    facts = await holding(client, at)
    assert set(facts) == {SHARE, "facilities.upgraded.defect_share"}
    assert (facts[SHARE]["value"], facts[SHARE]["kind"], facts[SHARE]["observed_on"]) == (
        "0.6",
        "counted",
        "2026-02-01",
    )
    assert [one["value"] for one in facts[SHARE]["replaced"]] == ["0.9"]
    ids = {one["name"]: one["id"] for one in found.json()["items"] if one["area"] == "public"}
    assert {"facility_id": ids["消防设施"], "defective": False} in facts[SHARE]["source_rows"]
    assert {"facility_id": ids["道路整治"], "defective": True} in facts[SHARE]["source_rows"]


async def test_what_changes_or_goes_stays_as_history(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    assert (await put(client, at, 1, item("道路整治", "broken", 2), item("围墙整治"))).status_code == 200
    second = await put(client, at, 2, item("道路整治", observed_on="2026-09-01", source="竣工验收"))
    assert second.status_code == 200, second.text
    assert (await holding(client, at))[SHARE]["value"] == "0"

    ever: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{at}/facilities/history", params=query)).json()
        ever += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    told = {(one["name"], one["condition"], one["superseded_at"] is None) for one in ever}
    assert told == {("道路整治", "broken", False), ("围墙整治", "sound", False), ("道路整治", "sound", True)}
    assert len(ever) == 3

    async with database.read() as connection:
        events = await connection.fetch(
            "SELECT data FROM event WHERE subject_id = $1 AND kind = 'compound.facilities_recorded' ORDER BY id",
            at.rpartition("/")[2],
        )
    assert [row["data"] for row in events] == [
        {"version": 2, "items": 2, "defective": 1},
        {"version": 3, "items": 1, "defective": 0},
    ]


async def test_the_same_list_again_changes_nothing(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    first = await put(client, at, 1, item("道路整治", "broken", 2), item("围墙整治"))
    again = await put(client, at, 2, item("围墙整治"), item("道路整治", "broken", 2))
    assert again.json() == first.json()


async def test_without_items_nothing_is_counted_and_the_attested_figure_holds_again(
    region: MakeRegion, staff: MakeStaff
) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    said = {"key": SHARE, "value": "0.9", "source": "区住建局", "document": "报表"}
    await client.post(f"{at}/facts", json={"facts": [said]})
    await put(client, at, 1, item("道路整治", "broken", 2))
    assert (await holding(client, at))[SHARE]["value"] == "1"
    await put(client, at, 2, item("健身设施", category="improved"))
    facts = await holding(client, at)
    assert (facts[SHARE]["value"], facts[SHARE]["kind"]) == ("0.9", "attested")
    assert facts["facilities.improved.defect_share"]["value"] == "0"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ([item("道路整治"), item("道路整治", "broken", 1)], "/items/1/name"),
        ([item("道路整治", "sound", 1)], "/items/0/severity"),
        ([item("道路整治"), item("围墙整治", "missing", 0)], "/items/1/severity"),
        ([item("道路整治", observed_on="2999-01-01")], "/items/0/observed_on"),
        ([item("道路整治", "worn", 4)], "/items/0/severity"),
        ([item("道路整治", "rotten", 3)], "/items/0/condition"),
    ],
)
async def test_a_wrong_item_is_named(
    region: MakeRegion, staff: MakeStaff, wrong: list[dict[str, Any]], pointer: str
) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    answer = await put(client, at, 1, *wrong)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await client.get(f"{at}/facilities")).json()["items"] == []


async def test_of_several_who_write_at_once_one_wins(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    assert (await client.put(f"{at}/facilities", json={"items": []})).status_code == 428
    lists = [[item("道路整治", "broken", 2), *(item(f"项目{n}") for n in range(of))] for of in range(6)]
    answers = await asyncio.gather(*(put(client, at, 1, *items) for items in lists))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await client.get(f"{at}/facilities")).json() == won
    assert (await holding(client, at))[SHARE]["value"] == won["defects"][0]["defect_share"]


async def test_nobody_counts_in_the_systems_name(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    await put(client, at, 1, item("道路整治", "broken", 2))
    said = {"key": SHARE, "value": "0", "source": "compound.facilities", "document": "报表"}
    answer = await client.post(f"{at}/facts", json={"facts": [said]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/facts/0/source")
