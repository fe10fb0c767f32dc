"""Regions that change: codes by time, abolition with a successor, and what must not happen meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import SYSTEM, Database
from services.core.territory.bundled import bundled, load_regions
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


def code() -> str:
    """A code that no other test has."""
    return f"96{uuid4().int % 10**10:010}"


async def act(client: httpx.AsyncClient, region: Region, what: str, version: int = 1, **body: Any) -> httpx.Response:
    body = {"effective_on": "2026-06-01", "document": "民发〔2026〕20号", **body}
    return await client.post(f"/v1/regions/{region.id}/{what}", json=body, headers={"If-Match": f'"{version}"'})


async def found(client: httpx.AsyncClient, **query: Any) -> list[tuple[str, str | None, str | None]]:
    items = (await client.get("/v1/regions", params=query)).json()["items"]
    return [(item["name"], item["code"], item["former_code"]) for item in items]


async def test_a_region_is_found_by_its_former_code_and_says_so(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    first, second, third = sorted(code() for _ in range(3))
    county = await region("street", city, code=first, name="凤凰街道甲")
    client = await staff("city", city)
    changed = await act(client, county, "recode", code=second)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["code"], changed.headers["ETag"]) == (second, '"2"')
    again = await act(client, county, "recode", 2, code=third, name="凤凰街道乙", effective_on="2026-07-01")
    assert again.status_code == 200, again.text

    assert await found(client, q=first) == [("凤凰街道乙", third, first)]
    assert await found(client, q=second) == [("凤凰街道乙", third, second)]
    assert await found(client, q=third) == [("凤凰街道乙", third, None)]
    history = (await client.get(f"/v1/regions/{county.id}/history")).json()
    assert history["codes"] == [
        {"code": first, "since": "2026-01-01", "until": "2026-06-01"},
        {"code": second, "since": "2026-06-01", "until": "2026-07-01"},
        {"code": third, "since": "2026-07-01", "until": None},
    ]
    assert [(one["old_code"], one["new_code"], one["old_name"], one["new_name"]) for one in history["changes"]] == [
        (first, second, "凤凰街道甲", "凤凰街道甲"),
        (second, third, "凤凰街道甲", "凤凰街道乙"),
    ]
    assert {one["document"] for one in history["changes"]} == {"民发〔2026〕20号"}


async def test_a_zone_may_lose_its_code_and_keep_what_stands_in_it(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    zone = await region("zone", city, code=code())
    client = await staff("city", city)
    made = await client.post("/v1/compounds", json={"region_id": str(zone.id), "name": "南岳新村"})
    assert (await act(client, zone, "recode", code=None)).json()["code"] is None
    history = (await client.get(f"/v1/regions/{zone.id}/history")).json()
    assert history["codes"] == [{"code": zone.code, "since": "2026-01-01", "until": "2026-06-01"}]
    inside = (await client.get("/v1/compounds", params={"region": str(zone.id)})).json()["items"]
    assert [one["id"] for one in inside] == [made.json()["id"]]


async def test_an_emptied_region_is_abolished_and_names_its_successor(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    old, new = await region("street", city, code=code(), name="旧街道"), await region("street", city, name="新街道")
    below = await region("community", old, name="一社区")
    client = await staff("city", city)
    made = (await client.post("/v1/compounds", json={"region_id": str(old.id), "name": "南岳新村"})).json()
    body: dict[str, Any] = {"successor_id": str(new.id)}
    assert (await act(client, old, "abolish", **body)).json()["type"] == "/problems/region-in-use"
    assert (await act(client, below, "abolish")).status_code == 200
    in_use = await act(client, old, "abolish", **body)  # by the compound alone
    assert (in_use.status_code, in_use.json()["type"]) == (409, "/problems/region-in-use")
    moved = await client.put(
        f"/v1/compounds/{made['id']}",
        json={"region_id": str(new.id), "name": "南岳新村"},
        headers={"If-Match": '"1"'},
    )
    assert moved.status_code == 200, moved.text
    ended = await act(client, old, "abolish", **body)
    assert ended.status_code == 200, ended.text
    assert ended.json()["valid_to"] == "2026-06-01"

    assert await found(client, parent=str(city.id)) == [("新街道", None, None)]
    assert await found(client, parent=str(city.id), abolished="true") == [
        ("旧街道", old.code, None),
        ("新街道", None, None),
    ]
    history = (await client.get(f"/v1/regions/{old.id}/history")).json()
    assert history["codes"] == [{"code": old.code, "since": "2026-01-01", "until": "2026-06-01"}]
    assert [(one["act"], one["successor_id"]) for one in history["changes"]] == [("abolish", str(new.id))]

    # Nothing enters it any more, its code is free again, and it does not end twice.
    refused = await client.post("/v1/compounds", json={"region_id": str(old.id), "name": "后来的"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/region_id")
    assert (await act(client, new, "recode", code=old.code)).status_code == 200
    late: dict[str, Any] = {"effective_on": "2026-07-01"}
    again = [await act(client, old, "recode", 2, code=None, **late), await act(client, old, "abolish", 2, **late)]
    assert [one.json()["type"] for one in again] == ["/problems/region-abolished"] * 2


async def test_what_is_wrong_with_a_change_is_named(region: MakeRegion, staff: MakeStaff) -> None:
    city, foreign = await region("city"), await region("city")
    taken = await region("street", city, code=code(), name="已有街道")
    street = await region("street", city, code=code(), name="某街道")
    client = await staff("city", city)

    async def pointer(what: str, **body: Any) -> str:
        answer = await act(client, street, what, **body)
        assert answer.status_code == 422, answer.text
        return str(answer.json()["errors"][0]["pointer"])

    assert await pointer("recode", code=street.code) == "/code"
    assert await pointer("recode", code=code(), effective_on="2999-01-01") == "/effective_on"
    assert await pointer("recode", code=code(), effective_on="2026-01-01") == "/effective_on"
    assert await pointer("abolish", successor_id=str(street.id)) == "/successor_id"
    assert (await act(client, street, "abolish", successor_id=str(foreign.id))).status_code == 404
    by_code = await act(client, street, "recode", code=taken.code)
    assert (by_code.status_code, by_code.json()["type"]) == (409, "/problems/region-code-taken")
    by_name = await act(client, street, "recode", code=street.code, name=taken.name)
    assert (by_name.status_code, by_name.json()["type"]) == (409, "/problems/region-name-taken")
    assert (await act(client, street, "recode", 7, code=code())).status_code == 412
    assert (await client.get(f"/v1/regions/{street.id}/history")).json()["changes"] == []

    assert (await act(client, street, "recode", code=code())).status_code == 200
    same_day = await act(client, street, "recode", 2, code=code())
    assert (same_day.status_code, same_day.json()["errors"][0]["pointer"]) == (422, "/effective_on")


@pytest.mark.parametrize("role", ["district", "street", "auditor"])
async def test_the_city_decides(region: MakeRegion, staff: MakeStaff, role: str) -> None:
    county = await region("county")
    client = await staff(role, county)
    assert (await act(client, county, "recode", code=code())).status_code == 403
    assert (await act(client, county, "abolish")).status_code == 403


async def test_of_two_changes_at_once_one_wins(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    street = await region("street", city)
    client = await staff("city", city)
    answers = await asyncio.gather(*(act(client, street, "recode", code=code()) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    assert len((await client.get(f"/v1/regions/{street.id}/history")).json()["changes"]) == 1


async def test_two_that_name_each_other_as_successor_do_not_block_each_other(
    region: MakeRegion, staff: MakeStaff
) -> None:
    city = await region("city")
    client = await staff("city", city)
    one, two = await region("street", city), await region("street", city)
    answers = await asyncio.gather(
        act(client, one, "abolish", successor_id=str(two.id)), act(client, two, "abolish", successor_id=str(one.id))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_nothing_enters_a_region_that_is_being_abolished(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    client = await staff("city", city)
    for _ in range(5):
        street = await region("street", city)
        body = {"region_id": str(street.id), "name": "南岳新村"}
        below = {"parent_id": str(street.id), "name": "一社区", "level": "community", "source": "街道"}
        ended, entered, added = await asyncio.gather(
            act(client, street, "abolish"),
            client.post("/v1/compounds", json=body),
            client.post("/v1/regions", json=below),
        )
        outcome = (ended.status_code, entered.status_code, added.status_code)
        assert outcome == (200, 422, 422) or outcome[0] == 409, outcome


async def test_a_recoded_region_does_not_come_back_with_the_bundled_list(fresh_database: Database) -> None:
    entry = next(one for one in bundled() if one["level"] == "county")
    async with fresh_database.begin(SYSTEM) as uow:
        await load_regions(uow)
    async with fresh_database.begin(SYSTEM) as uow:
        region_id = await uow.driver.fetchval("SELECT id FROM region WHERE code = $1", entry["code"])
        await uow.driver.execute("UPDATE region SET code = '999999' WHERE id = $1", region_id)
        await uow.driver.execute(
            "INSERT INTO region_change (id, region_id, act, effective_on, old_code, new_code, old_name, new_name, document,"
            " decided_at) VALUES ($1, $2, 'recode', '2026-06-01', $3, '999999', 'x', 'x', 'x', now())",
            uuid4(), region_id, entry["code"],
        )  # fmt: skip
    async with fresh_database.begin(SYSTEM) as uow:
        assert (await load_regions(uow)).added == 0
