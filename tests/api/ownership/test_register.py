"""Buildings, entrances, properties: entered once, however their numbers are typed; closed, not deleted; summed exactly."""

from typing import Any

import pytest

from services.core.kit.uow import Database
from tests.api.ownership.desk import Desk, people, person
from tests.api.selection.world import MakeRegion, MakeStaff


async def test_a_number_is_one_number_however_it_is_typed(desk: Desk) -> None:
    building = await desk.post(f"{desk.at}/buildings", {"no": "３ 号楼"})
    assert building["no"] == "3"
    again = await desk.tried(f"{desk.at}/buildings", {"no": "3栋"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/building-no-taken")

    entrance = await desk.post(f"{desk.at}/entrances", {"building_id": building["id"], "no": "2单元"})
    assert (entrance["no"], entrance["building_no"]) == ("2", "3")
    again = await desk.tried(f"{desk.at}/entrances", {"building_id": building["id"], "no": "２"})
    assert again.json()["type"] == "/problems/entrance-no-taken"

    where = {"building_id": building["id"], "entrance_id": entrance["id"]}
    assert (await desk.property("301室", **where))["door_no"] == "301"
    body = {"door_no": " 301 ", "kind": "shop", **where}
    again = await desk.tried(f"{desk.at}/properties", body)
    assert again.json()["type"] == "/problems/property-taken"
    await desk.property("301")  # without a building: another door
    again = await desk.tried(f"{desk.at}/properties", {"door_no": "301", "kind": "dwelling"})
    assert again.json()["type"] == "/problems/property-taken"


async def test_a_property_stands_in_open_buildings_of_its_own_compound(desk: Desk) -> None:
    other = await desk.client.post("/v1/compounds", json={"region_id": str(desk.region.id), "name": "北岳新村"})
    elsewhere = await desk.post(f"/v1/compounds/{other.json()['id']}/buildings", {"no": "1"})
    here = await desk.post(f"{desk.at}/buildings", {"no": "1"})
    entrance = await desk.post(f"{desk.at}/entrances", {"building_id": here["id"], "no": "1"})
    second = await desk.post(f"{desk.at}/buildings", {"no": "2"})
    for where, pointer in [
        ({"building_id": elsewhere["id"]}, "/building_id"),
        ({"building_id": second["id"], "entrance_id": entrance["id"]}, "/entrance_id"),
        ({"entrance_id": entrance["id"]}, "/building_id"),
    ]:
        refused = await desk.tried(f"{desk.at}/properties", {"door_no": "1", "kind": "dwelling", **where})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    await desk.post(f"/v1/buildings/{second['id']}/close", None, version=1)
    refused = await desk.tried(
        f"{desk.at}/properties", {"door_no": "1", "kind": "dwelling", "building_id": second["id"]}
    )
    assert refused.status_code == 422


async def test_what_is_in_use_is_not_closed_and_what_is_closed_is_kept(desk: Desk) -> None:
    building = await desk.post(f"{desk.at}/buildings", {"no": "1"})
    entrance = await desk.post(f"{desk.at}/entrances", {"building_id": building["id"], "no": "1"})
    flat = await desk.property("101", building_id=building["id"], entrance_id=entrance["id"])
    for path in (f"/v1/buildings/{building['id']}", f"/v1/entrances/{entrance['id']}"):
        refused = await desk.tried(f"{path}/close", None, version=1)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/building-in-use")

    stale = await desk.tried(f"/v1/properties/{flat['id']}/close", None, version=7)
    assert stale.status_code == 412
    closed = await desk.post(f"/v1/properties/{flat['id']}/close", None, version=1)
    assert closed["closed_at"] is not None
    again = await desk.tried(f"/v1/properties/{flat['id']}/close", None, version=2)
    assert again.json()["type"] == "/problems/property-closed"
    await desk.post(f"/v1/entrances/{entrance['id']}/close", None, version=1)
    await desk.post(f"/v1/buildings/{building['id']}/close", None, version=1)

    assert (await desk.get(f"{desk.at}/properties"))["items"] == []
    assert [one["id"] for one in (await desk.get(f"{desk.at}/properties", closed=True))["items"]] == [flat["id"]]
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 0
    await desk.post(f"{desk.at}/buildings", {"no": "1"})  # its number is free again


async def test_the_strongest_source_of_an_area_decides_and_the_others_are_kept(desk: Desk) -> None:
    areas: dict[str, Any] = {"area_by_register": None, "area_by_survey": "71.30", "area_by_contract": "72"}
    flat = await desk.property("101", **areas, registered_area="98.5")
    assert (flat["exclusive_area"], flat["exclusive_area_source"]) == ("71.3", "survey")
    body = {"door_no": "101", "kind": "dwelling", **areas, "area_by_register": "71.31"}
    answer = await desk.tried(f"/v1/properties/{flat['id']}", body, version=1, method="PUT")
    changed = answer.json()
    assert (changed["exclusive_area"], changed["exclusive_area_source"]) == ("71.31", "register")
    assert (changed["area_by_contract"], changed["registered_area"]) == ("72", None)
    assert answer.headers["ETag"] == '"2"'
    zero = await desk.tried(f"{desk.at}/properties", {"door_no": "102", "kind": "shop", "area_by_survey": "0"})
    assert (zero.status_code, zero.json()["errors"][0]["pointer"]) == (422, "/area_by_survey")


async def test_the_register_in_figures(desk: Desk) -> None:
    both = people(person("王伟", "13812341234"), person("李娜"))
    first = await desk.property("101", both, area_by_register="80.01", registered_area="101")
    ids = [{"person_id": one["person_id"]} for one in first["owner"]["members"]]
    await desk.property("102", {"kind": "persons", "people": ids[::-1]}, area_by_register="0.99")
    await desk.property("103", people(ids[0]), area_by_register=None)
    await desk.property("S1", {"kind": "public", "title": "全椒县房管局"}, kind="shop", area_by_register="30")
    await desk.property("S2", {"kind": "public", "title": "全椒县 房管局"}, kind="shop", area_by_register="40")
    await desk.property("G1", kind="garage", area_by_register="12")
    await desk.property("G2", kind="garage", area_by_register="13")
    told = await desk.get(f"{desk.at}/register")
    assert (told["properties"], told["heads"], told["people"], told["without_area"]) == (7, 5, 2, 1)
    assert told["exclusive_area"] == "176"
    assert {one["kind"]: (one["heads"], one["properties"], one["exclusive_area"]) for one in told["by_owner"]} == {
        "persons": (2, 3, "81"),
        "public": (1, 2, "70"),
        "unknown": (2, 2, "25"),
    }
    assert {one["kind"]: (one["properties"], one["registered_area"]) for one in told["by_kind"]} == {
        "dwelling": (3, "101"),
        "shop": (2, "0"),
        "garage": (2, "0"),
    }


async def test_lists_are_paged_and_filtered(desk: Desk) -> None:
    building = await desk.post(f"{desk.at}/buildings", {"no": "1"})
    flats = [await desk.property(f"10{n}", building_id=building["id"]) for n in range(3)]
    shop = await desk.property("S1", kind="shop", area_by_register=None)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await desk.get(f"{desk.at}/properties", limit=3, **cursor)
        seen += [one["id"] for one in page["items"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [*(flat["id"] for flat in flats), shop["id"]]
    for query, expected in [
        ({"building": building["id"]}, [flat["id"] for flat in flats]),
        ({"kind": "shop"}, [shop["id"]]),
        ({"door_no": "101 室"}, [flats[1]["id"]]),
        ({"without_area": True}, [shop["id"]]),
        ({"owner": flats[2]["owner"]["id"]}, [flats[2]["id"]]),
    ]:
        assert [one["id"] for one in (await desk.get(f"{desk.at}/properties", **query))["items"]] == expected
    assert (await desk.client.get(f"{desk.at}/properties", params={"name": "王伟"})).status_code == 422


@pytest.mark.parametrize("role", ["expert", "department"])
async def test_who_has_no_business_with_owners_does_not_see_them(desk: Desk, staff: MakeStaff, role: str) -> None:
    other = await staff(role, desk.region)
    for path in ("register", "buildings", "entrances", "properties", "owners", "people", "people/matches"):
        assert (await other.get(f"{desk.at}/{path}")).status_code == 403


async def test_another_community_sees_nothing(desk: Desk, region: MakeRegion, staff: MakeStaff) -> None:
    flat = await desk.property("101", people(person("王伟")))
    other = await staff("community", await region("community"))
    paths = [f"{desk.at}/{part}" for part in ("register", "buildings", "properties", "owners", "people")]
    for path in [*paths, f"/v1/properties/{flat['id']}", f"/v1/owners/{flat['owner']['id']}"]:
        assert (await other.get(path)).status_code == 404
    reveal = {"purpose": "verify", "fields": ["name"]}
    member = flat["owner"]["members"][0]["person_id"]
    assert (await other.post(f"/v1/people/{member}/reveal", json=reveal)).status_code == 404


async def test_a_compound_that_moves_takes_its_register_along(
    desk: Desk, database: Database, region: MakeRegion, staff: MakeStaff
) -> None:
    flat = await desk.property("101", people(person("王伟")))
    await desk.post(f"/v1/properties/{flat['id']}/tenants", {"tenant": person("李娜"), "since": "2026-01-01"})
    async with database.read() as connection:
        street_id = await connection.fetchval("SELECT parent_id FROM region WHERE id = $1", desk.region.id)
        path = await connection.fetchval("SELECT path FROM region WHERE id = $1", street_id)
    beside = await region("community", type(desk.region)(street_id, path, "街道", "street"))
    above = await staff("street", type(desk.region)(street_id, path, "街道", "street"))
    moved = await above.put(
        desk.at, json={"region_id": str(beside.id), "name": "南岳新村"}, headers={"If-Match": '"1"'}
    )
    assert moved.status_code == 200, moved.text
    assert (await desk.client.get(f"/v1/properties/{flat['id']}")).status_code == 404
    there = await staff("community", beside)
    assert (await there.get(f"/v1/properties/{flat['id']}")).status_code == 200
    async with database.read() as connection:
        for table in ("property", "person", "voting_owner", "tenancy"):
            paths = await connection.fetch(
                f"SELECT DISTINCT region_path FROM {table} WHERE compound_id = $1", desk.compound
            )
            assert [row["region_path"] for row in paths] == [beside.path]
