"""Compounds: registering, finding, changing; numbers, scopes, versions, pages."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


async def register(client: httpx.AsyncClient, region: Region, name: str = "南岳新村", **over: Any) -> dict[str, Any]:
    answer = await client.post("/v1/compounds", json={"region_id": str(region.id), "name": name, **over})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_compound_is_registered_and_found(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    county = await region("county")
    client = await staff("community", county)
    made = await client.post(
        "/v1/compounds", json={"region_id": str(county.id), "name": "南岳新村", "address": "襄河镇南岳路"}
    )
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    found = await client.get(made.headers["Location"])
    assert found.headers["ETag"] == '"1"'
    assert found.json() == made.json() | {"facts": [], "predecessors": [], "successors": []}
    assert found.json()["region_name"] == county.name
    async with database.read() as connection:
        kinds = await connection.fetch("SELECT kind FROM event WHERE subject_id = $1", made.json()["id"])
        acts = await connection.fetch("SELECT action FROM audit_entry WHERE target_id = $1", made.json()["id"])
    assert [row["kind"] for row in kinds] == ["compound.registered"] == [row["action"] for row in acts]


async def test_a_number_that_a_person_wrote_is_in_no_event(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    county = await region("county")
    client = await staff("district", county)
    written = f"张三-{uuid4().hex}"
    body = {"region_id": str(county.id), "name": "南岳新村", "no": written}
    compound = await client.post("/v1/compounds", json=body)
    project = await client.post(
        "/v1/projects",
        json={
            "region_id": str(county.id),
            "title": "改造",
            "no": written,
            "compound_ids": [compound.json()["id"]],
        },
    )
    assert (compound.status_code, project.status_code) == (201, 201), project.text
    async with database.read() as connection:
        told = await connection.fetch(
            "SELECT data FROM event WHERE subject_id = ANY($1::uuid[])", [compound.json()["id"], project.json()["id"]]
        )
        sealed = await connection.fetchval(
            "SELECT count(*) FROM audit_entry a WHERE target_id = ANY($1::uuid[]) AND to_jsonb(a)::text LIKE $2",
            [compound.json()["id"], project.json()["id"]],
            f"%{written}%",
        )
    assert ([row["data"] for row in told], sealed) == ([{}, {}], 0)


async def test_without_a_number_the_county_code_and_a_running_one(region: MakeRegion, staff: MakeStaff) -> None:
    code = f"98{uuid4().int % 10**4:04}"
    county = await region("county", code=code)
    street = await region("street", county, code=code + "001")
    client = await staff("street", county)
    numbers = [made["no"] for made in await asyncio.gather(*(register(client, street, f"小区{n}") for n in range(8)))]
    assert len(set(numbers)) == 8
    assert all(no.startswith(f"{code}-") and len(no) == len(code) + 7 for no in numbers)

    uncoded = await region("county")
    other = await register(await staff("street", uncoded), uncoded)
    assert other["no"].startswith("C-")


async def test_a_given_number_is_unique(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("street", county)
    no = f"甲-{uuid4().hex[:8]}"
    await register(client, county, no=no)
    again = await client.post("/v1/compounds", json={"region_id": str(county.id), "name": "另一", "no": no})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/compound-no-taken")


async def test_the_system_steps_over_a_number_somebody_wrote_by_hand(region: MakeRegion, staff: MakeStaff) -> None:
    code = f"97{uuid4().int % 10**4:04}"
    county = await region("county", code=code)
    client = await staff("street", county)
    first = await register(client, county)
    following = f"{code}-{int(first['no'].split('-')[1]) + 2:06}"  # this registration itself uses up one number
    await register(client, county, "手工编号", no=following)
    assert (await register(client, county, "自动编号"))["no"] != following


async def test_regions_outside_the_scope_and_above_cities_take_no_compound(
    region: MakeRegion, staff: MakeStaff
) -> None:
    province = await region("province")
    foreign = await region("county")
    client = await staff("city", province)
    body = {"region_id": str(foreign.id), "name": "甲小区"}
    assert (await client.post("/v1/compounds", json=body)).status_code == 404
    answer = await client.post("/v1/compounds", json=body | {"region_id": str(province.id)})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/region_id"
    assert (await client.post("/v1/compounds", json=body | {"region_id": str(uuid4())})).status_code == 404


async def test_a_foreign_compound_does_not_exist(region: MakeRegion, staff: MakeStaff) -> None:
    mine, foreign = await region("county"), await region("county")
    compound = await register(await staff("street", foreign), foreign)
    client = await staff("city", mine)
    at = f"/v1/compounds/{compound['id']}"
    body = {"region_id": str(foreign.id), "name": "改名"}
    assert (await client.get(at)).status_code == 404
    assert (await client.put(at, json=body, headers={"If-Match": '"1"'})).status_code == 404
    assert (await client.get(f"{at}/facts")).status_code == 404
    assert (await client.get(f"{at}/discrepancies")).status_code == 404
    assert (await client.get("/v1/compounds", params={"region": str(foreign.id)})).status_code == 404
    assert (await client.get("/v1/compounds")).json()["items"] == []


async def test_a_change_needs_the_version_that_was_read(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("street", county)
    compound = await register(client, county)
    at, body = f"/v1/compounds/{compound['id']}", {"region_id": str(county.id), "name": "南岳新村一期"}
    assert (await client.put(at, json=body)).status_code == 428
    changed = await client.put(at, json=body, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert (changed.headers["ETag"], changed.json()["name"], changed.json()["no"]) == (
        '"2"',
        "南岳新村一期",
        compound["no"],
    )
    assert (await client.put(at, json=body, headers={"If-Match": '"1"'})).status_code == 412
    racing = await asyncio.gather(*(client.put(at, json=body, headers={"If-Match": '"2"'}) for _ in range(10)))
    assert sorted(answer.status_code for answer in racing) == [200] + [412] * 9


async def test_a_compound_moves_with_its_facts(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    county = await region("county")
    old, new, foreign = await region("street", county), await region("street", county), await region("street")
    client = await staff("district", county)
    compound = await register(client, old)
    at = f"/v1/compounds/{compound['id']}"
    fact = {"key": "compound.households", "value": "120", "source": "街道", "document": "摸底表"}
    assert (await client.post(f"{at}/facts", json={"facts": [fact]})).status_code == 201
    body = {"region_id": str(new.id), "name": compound["name"]}
    away = await client.put(at, json=body | {"region_id": str(foreign.id)}, headers={"If-Match": '"1"'})
    assert away.status_code == 404
    assert (await client.put(at, json=body, headers={"If-Match": '"1"'})).status_code == 200
    async with database.read() as connection:
        paths = await connection.fetch("SELECT region_path FROM fact WHERE subject_id = $1", compound["id"])
    assert [row["region_path"] for row in paths] == [new.path]
    assert (await (await staff("community", old)).get(at)).status_code == 404
    assert (await (await staff("community", new)).get(at)).json()["facts"][0]["value"] == "120"


async def test_a_compound_leaves_no_region_whose_project_it_is_part_of(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    old, new = await region("street", county), await region("street", county)
    client = await staff("district", county)
    compound = await register(client, old)
    project = {"title": "改造", "region_id": str(old.id), "compound_ids": [compound["id"]]}
    assert (await client.post("/v1/projects", json=project)).status_code == 201
    body = {"region_id": str(new.id), "name": compound["name"]}
    refused = await client.put(f"/v1/compounds/{compound['id']}", json=body, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/compound-of-project")
    below = await region("community", old)
    kept = await client.put(
        f"/v1/compounds/{compound['id']}", json=body | {"region_id": str(below.id)}, headers={"If-Match": '"1"'}
    )
    assert kept.status_code == 200


async def test_pages_of_compounds_have_no_gaps_while_others_register(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    streets = [await region("street", county) for _ in range(3)]
    client = await staff("district", county)
    before = {(await register(client, streets[n % 3], f"小区{n}"))["id"] for n in range(17)}
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"region": str(county.id), "limit": 4} | ({"cursor": cursor} if cursor else {})
        answer = await client.get("/v1/compounds", params=query)
        page = answer.json()
        assert page["has_more"] == (page["next_cursor"] is not None) == ("Link" in answer.headers)
        seen += [item["id"] for item in page["items"]]
        await register(client, streets[0], "后来的小区")
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


async def test_compounds_by_name_number_and_subtree(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    street, other = await region("street", county), await region("street", county)
    client = await staff("district", county)
    await register(client, street, "东苑小区")
    made = await register(client, other, "新华村")

    async def found(**query: str) -> list[str]:
        return [item["name"] for item in (await client.get("/v1/compounds", params=query)).json()["items"]]

    assert await found(q="苑") == ["东苑小区"]
    assert await found(q=made["no"]) == ["新华村"]
    assert await found(region=str(street.id)) == ["东苑小区"]
    assert await found(q="%") == []
    assert (await client.get("/v1/compounds", params={"sort": "name"})).status_code == 422
    assert (await client.get("/v1/compounds", params={"cursor": "x"})).status_code == 422


async def test_two_grants_are_one_list(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    county = await region("county")
    first, between, last = [await region("street", county) for _ in range(3)]
    everywhere = await staff("district", county)
    for street in (first, between, last):
        await register(everywhere, street, street.name)
    client = await staff("street", first)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "INSERT INTO role_grant (id, principal_kind, principal_id, role, region_id, region_path, given_at)"
            " VALUES ($1, 'staff', $2, 'community', $3, $4, now())",
            uuid4(),
            client.staff_id,
            last.id,
            last.path,
        )
    items = (await client.get("/v1/compounds")).json()["items"]
    assert {item["name"] for item in items} == {first.name, last.name}
