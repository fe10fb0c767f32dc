"""Organisations, desks and who is on duty, through the API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]
USCC = "91110000600037341L"


async def made(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def desk_in(client: Client, at: Region, **over: Any) -> dict[str, Any]:
    return await made(client, "/v1/desks", {"region_id": str(at.id), "title": "城建办", **over})


async def put(client: Client, desk: dict[str, Any], who: Client) -> dict[str, Any]:
    return await made(client, f"/v1/desks/{desk['id']}/members", {"staff_id": str(who.staff_id)})


async def test_an_organisation_is_registered_once_in_a_region(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    county, beside = await region("county", city), await region("county", city)
    clerk = await staff("city", city)
    body = {"region_id": str(county.id), "name": "第一建筑公司", "uscc": " 9111 0000 600037341l", "kind": "contractor"}
    first = await made(clerk, "/v1/organisations", body)
    assert (first["uscc"], first["version"]) == (USCC, 1)
    again = await clerk.post("/v1/organisations", json=body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/organisation-exists")
    await made(clerk, "/v1/organisations", {**body, "region_id": str(beside.id)})
    wrong = await clerk.post("/v1/organisations", json={**body, "uscc": "91110000600037342L"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/uscc")

    listed = (await clerk.get("/v1/organisations", params={"uscc": USCC, "limit": 1})).json()
    assert listed["has_more"]
    rest = (await clerk.get("/v1/organisations", params={"uscc": USCC, "cursor": listed["next_cursor"]})).json()
    assert {one["region_id"] for one in listed["items"] + rest["items"]} == {str(county.id), str(beside.id)}


async def test_an_organisation_is_edited_by_its_version_and_closed_without_desks(
    region: MakeRegion, staff: MakeStaff
) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    firm = await made(clerk, "/v1/organisations", {"region_id": str(county.id), "name": "供水公司", "kind": "utility"})
    path = f"/v1/organisations/{firm['id']}"
    body = {"name": "供水集团", "uscc": USCC, "kind": "utility"}
    stale = await clerk.put(path, json=body, headers={"If-Match": '"2"'})
    assert stale.status_code == 412
    changed = await clerk.put(path, json=body, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["name"], changed.headers["etag"]) == (200, "供水集团", '"2"')
    desk = await desk_in(clerk, county, organisation_id=firm["id"])
    assert desk["organisation_name"] == "供水集团"
    held = await clerk.post(f"{path}/close", headers={"If-Match": '"2"'})
    assert (held.status_code, held.json()["type"]) == (409, "/problems/organisation-in-use")
    closed = await clerk.post(f"/v1/desks/{desk['id']}/close", headers={"If-Match": '"1"'})
    assert closed.status_code == 200, closed.text
    over = await clerk.post(f"{path}/close", headers={"If-Match": '"2"'})
    assert over.status_code == 200
    assert over.json()["closed_at"] is not None
    late = await clerk.post(
        "/v1/desks", json={"region_id": str(county.id), "organisation_id": firm["id"], "title": "抢修"}
    )
    assert (late.status_code, late.json()["type"]) == (409, "/problems/organisation-closed")
    # A closed one no longer holds its code.
    await made(
        clerk,
        "/v1/organisations",
        {"region_id": str(county.id), "name": "供水集团", "uscc": USCC, "kind": "utility"},
    )


async def test_only_who_may_handle_in_the_desks_region_goes_on_duty(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    street = await region("street", county)
    clerk = await staff("district", county)
    desk = await desk_in(clerk, county)
    path = f"/v1/desks/{desk['id']}/members"
    for other in (
        await staff("street", street),  # of a part of it only
        await staff("expert", county),
        await staff("district", await region("county")),
    ):
        refused = await clerk.post(path, json={"staff_id": str(other.staff_id)})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/staff_id")
    unknown = await clerk.post(path, json={"staff_id": str(uuid4())})
    assert unknown.status_code == 422
    bureau = await staff("department", county)
    await put(clerk, desk, bureau)
    twice = await clerk.post(path, json={"staff_id": str(bureau.staff_id)})
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/desk-member-exists")
    mine = (await bureau.get("/v1/desks", params={"mine": True})).json()["items"]
    assert [one["id"] for one in mine] == [desk["id"]]
    assert (await clerk.get("/v1/desks", params={"mine": True})).json()["items"] == []


async def test_who_leaves_last_hands_over(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    clerk, first, second = [await staff("district", county) for _ in range(3)]
    desk = await desk_in(clerk, county)
    member = await put(clerk, desk, first)
    leave = f"/v1/desks/{desk['id']}/members/{member['id']}/leave"
    alone = await clerk.post(leave, json={})
    assert (alone.status_code, alone.json()["type"]) == (409, "/problems/desk-would-be-empty")
    himself = await clerk.post(leave, json={"successor_id": str(first.staff_id)})
    assert himself.status_code == 422
    handed = await clerk.post(leave, json={"successor_id": str(second.staff_id)})
    assert handed.status_code == 200, handed.text
    assert handed.json()["until"] is not None
    gone = await clerk.post(leave, json={"successor_id": str(second.staff_id)})
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/desk-member-left")
    live = (await clerk.get(f"/v1/desks/{desk['id']}/members", params={"live": True})).json()["items"]
    assert [one["staff_id"] for one in live] == [str(second.staff_id)]
    past = (await clerk.get(f"/v1/desks/{desk['id']}/members", params={"live": False})).json()["items"]
    assert [one["staff_id"] for one in past] == [str(first.staff_id)]


async def test_a_disabled_account_is_nobody_on_duty(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    county = await region("county")
    clerk, gone = await staff("district", county), await staff("street", county)
    desk = await desk_in(clerk, county)
    await put(clerk, desk, gone)
    assert (await clerk.get(f"/v1/desks/{desk['id']}")).json()["on_duty"] == 1
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE staff SET disabled_at = now() WHERE id = $1", gone.staff_id)
    empty = (await clerk.get("/v1/desks", params={"unmanned": True})).json()["items"]
    assert [(one["id"], one["on_duty"]) for one in empty] == [(desk["id"], 0)]


async def test_two_who_leave_at_once_do_not_leave_the_desk_empty(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    clerk, first, second = [await staff("district", county) for _ in range(3)]
    desk = await desk_in(clerk, county)
    members = [await put(clerk, desk, who) for who in (first, second)]
    answers = await asyncio.gather(
        *(clerk.post(f"/v1/desks/{desk['id']}/members/{one['id']}/leave", json={}) for one in members)
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert (await clerk.get(f"/v1/desks/{desk['id']}")).json()["on_duty"] == 1


async def test_a_desk_is_edited_by_its_version_and_a_closed_one_stays_closed(
    region: MakeRegion, staff: MakeStaff
) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    desk = await desk_in(clerk, county)
    path = f"/v1/desks/{desk['id']}"
    body = {"title": "城市管理办", "organisation_id": None}
    assert (await clerk.put(path, json=body, headers={"If-Match": '"7"'})).status_code == 412
    assert (await clerk.put(path, json=body, headers={"If-Match": '"1"'})).json()["title"] == "城市管理办"
    await put(clerk, desk, clerk)
    assert (await clerk.post(f"{path}/close", headers={"If-Match": '"2"'})).json()["on_duty"] == 0
    for attempt in (
        clerk.put(path, json=body, headers={"If-Match": '"3"'}),
        clerk.post(f"{path}/members", json={"staff_id": str(clerk.staff_id)}),
        clerk.post(f"{path}/close", headers={"If-Match": '"3"'}),
    ):
        answer = await attempt
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/desk-closed")
