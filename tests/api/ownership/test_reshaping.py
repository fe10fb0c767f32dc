"""A register follows its compound when that is merged or split; whoever owns on both sides is entered on both."""

from typing import Any

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.ownership.desk import ONE, TWO, Desk, entry, people, person
from tests.api.residents.steps import by_code, properties, sheet
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import sign_in_resident

DECISION = {"document": "咸建发〔2026〕8号", "reason": "逐楼表决同意"}


@pytest.fixture
async def district(region: MakeRegion, staff: MakeStaff) -> Desk:
    """The desk of a district with one compound."""
    county = await region("county")
    client = await staff("district", county)
    made = await client.post("/v1/compounds", json={"region_id": str(county.id), "name": "一号院"})
    return Desk(client, made.json()["id"], county)


async def beside(desk: Desk) -> Desk:
    """The same desk at another compound."""
    made = await desk.client.post("/v1/compounds", json={"region_id": str(desk.region.id), "name": "二号院"})
    return Desk(desk.client, made.json()["id"], desk.region)


async def merged(desk: Desk, other: Desk) -> Desk:
    body = {"compound_ids": [other.compound], "name": "昌盛园", **DECISION}
    return Desk(desk.client, (await desk.post(f"{desk.at}/merge", body, version=1))["id"], desk.region)


def in_(building: dict[str, Any]) -> dict[str, Any]:
    return {"building_id": building["id"]}


async def test_registers_of_several_become_one(district: Desk, database: Database) -> None:
    other = await beside(district)
    public = {"kind": "public", "title": "县房管局"}
    first = await district.property("101", people(person("王伟", "13812341234", ONE)))
    second = await other.property("102", people(person("王伟", "13812341234", ONE)))
    shops = [await district.property("S1", public), await other.property("S2", public)]
    await other.property("G1")
    await district.post(f"/v1/properties/{first['id']}/tenants", {"tenant": person("李娜"), "since": "2026-01-01"})
    new = await merged(district, other)

    told = await new.get(f"{new.at}/register")
    assert (told["properties"], told["heads"], told["people"]) == (5, 4, 3)
    now = {one["door_no"]: one for one in (await new.get(f"{new.at}/properties"))["items"]}
    assert now["S1"]["owner"]["id"] == now["S2"]["owner"]["id"] == shops[0]["owner"]["id"]
    (moved,) = (await new.get(f"/v1/properties/{shops[1]['id']}/transfers"))["items"]
    assert (moved["act"], moved["document"]) == ("reshape", None)
    # One person entered in two compounds is two entries still, which the queue now shows; found by the new compound's salt.
    (pair,) = (await new.get(f"{new.at}/people/matches"))["items"]
    assert pair["same_number"]
    found = await new.post(f"{new.at}/people/search", {"name": "王", "phone_last4": "1234"})
    assert {one["person_id"] for one in found["items"]} == {
        held["owner"]["members"][0]["person_id"] for held in (first, second)
    }
    assert (await new.get(f"{district.at}/register"))["properties"] == 0
    async with database.read() as connection:
        left = await connection.fetch("SELECT id FROM person WHERE compound_id = $1", district.compound)
    assert left == []


async def test_buildings_of_one_number_are_renumbered_before_a_merge(district: Desk) -> None:
    other = await beside(district)
    await district.post(f"{district.at}/buildings", {"no": "3"})
    building = await other.post(f"{other.at}/buildings", {"no": "3栋"})
    body = {"compound_ids": [other.compound], "name": "昌盛园", **DECISION}
    refused = await district.tried(f"{district.at}/merge", body, version=1)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/building-no-taken")
    assert "3" in refused.json()["detail"]
    await district.tried(f"/v1/buildings/{building['id']}", {"no": "4"}, version=1, method="PUT")
    new = await merged(district, other)
    assert {one["no"] for one in (await new.get(f"{new.at}/buildings"))["items"]} == {"3", "4"}


async def test_doors_outside_buildings_do_not_collide(district: Desk) -> None:
    other = await beside(district)
    await district.property("G1")
    await other.property("G1")
    body = {"compound_ids": [other.compound], "name": "昌盛园", **DECISION}
    refused = await district.tried(f"{district.at}/merge", body, version=1)
    assert refused.json()["type"] == "/problems/property-taken"


async def split(desk: Desk, *parts: list[str]) -> Any:
    named = [
        {"region_id": str(desk.region.id), "name": f"{n}院", "building_ids": buildings}
        for n, buildings in enumerate(parts)
    ]
    return await desk.tried(f"{desk.at}/split", {"parts": named, **DECISION}, version=1)


async def test_a_register_is_split_by_building(district: Desk) -> None:
    a, b = [await district.post(f"{district.at}/buildings", {"no": no}) for no in ("1", "2")]
    await district.post(f"{district.at}/entrances", {**in_(b), "no": "1"})
    east = await district.property("101", people(person("王伟", "13812341234", ONE)), **in_(a))
    wei = entry(east["owner"]["members"][0]["person_id"])
    west = await district.property("201", people(wei), **in_(b))
    shared = await district.property("202", people(wei, person("李娜", number=TWO)), **in_(b))
    public = {"kind": "public", "title": "县房管局"}
    await district.property("S1", public, **in_(a))
    shop = await district.property("S2", public, **in_(b))
    unknown = await district.property("203", **in_(b))
    await district.post(f"/v1/properties/{west['id']}/tenants", {"tenant": wei, "since": "2026-01-01"})

    refused = await split(district, [a["id"]], [])
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/buildings-unassigned")
    twice = await split(district, [a["id"]], [a["id"], b["id"]])
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/parts/1/building_ids/0")

    made = await split(district, [a["id"]], [b["id"]])
    assert made.status_code == 201, made.text
    left, right = [Desk(district.client, one["id"], district.region) for one in made.json()["items"]]
    one, two = [await desk.get(f"{desk.at}/register") for desk in (left, right)]
    assert (one["buildings"], one["entrances"], one["properties"], one["heads"], one["people"]) == (1, 0, 2, 2, 1)
    assert (two["buildings"], two["entrances"], two["properties"], two["heads"], two["people"]) == (1, 1, 4, 4, 2)

    stayed = await left.get(f"/v1/properties/{east['id']}")
    assert stayed["owner"] == east["owner"]
    copied = await right.get(f"/v1/properties/{west['id']}")
    assert copied["owner"]["id"] != west["owner"]["id"]
    member = copied["owner"]["members"][0]
    assert member["person_id"] != wei["person_id"]
    assert (member["name"], member["phone"]) == ("王*", "138****1234")
    both = await right.get(f"/v1/properties/{shared['id']}")
    assert member["person_id"] in {one["person_id"] for one in both["owner"]["members"]}
    assert (await right.get(f"/v1/properties/{unknown['id']}"))["owner"] == unknown["owner"]
    (told,) = (await right.get(f"/v1/properties/{shop['id']}/transfers"))["items"]
    assert (told["act"], told["from_owner_id"]) == ("reshape", shop["owner"]["id"])
    (tenancy,) = (await right.get(f"/v1/properties/{west['id']}/tenants"))["items"]
    assert tenancy["tenant"]["person_id"] == member["person_id"]
    for desk, expected in ((left, wei["person_id"]), (right, member["person_id"])):
        found = await desk.post(f"{desk.at}/people/search", {"name": "王伟", "identity_number": ONE})
        assert [one["person_id"] for one in found["items"]] == [expected]


async def codes_of(desk: Desk) -> dict[tuple[str, str], str]:
    """New codes by door and person."""
    return {(row["Door"], row["masked"]): row["Code"] for row in await sheet(desk)}


async def test_who_is_bound_in_several_parts_stays_bound(app: FastAPI, district: Desk, database: Database) -> None:
    a, b = [await district.post(f"{district.at}/buildings", {"no": no}) for no in ("1", "2")]
    own = await district.property("101", people(person("王伟")), **in_(a))
    rented = await district.property("201", people(person("李娜")), **in_(b))
    wei = own["owner"]["members"][0]["person_id"]
    await district.post(f"/v1/properties/{rented['id']}/tenants", {"tenant": entry(wei), "since": "2026-01-01"})
    codes = await codes_of(district)
    first, second = [await sign_in_resident(app, database) for _ in range(2)]
    for door in ("101", "201"):
        assert (await by_code(first, codes[door, "王*"])).status_code == 201
    codes = await codes_of(district)
    assert (await split(district, [a["id"]], [b["id"]])).status_code == 201
    seen = {(one["property_id"], one["kind"]) for one in await properties(first)}
    assert seen == {(own["id"], "owner"), (rented["id"], "tenant")}
    assert (await by_code(second, codes["201", "王*"])).status_code == 201


async def test_a_property_without_a_building_keeps_a_register_whole(district: Desk) -> None:
    building = await district.post(f"{district.at}/buildings", {"no": "1"})
    await district.property("G1")
    refused = await split(district, [building["id"]], [])
    assert refused.json()["type"] == "/problems/buildings-unassigned"
