"""Asking the community: it sees whom the register knows behind the door, says yes or no, and the name is forgotten."""

from typing import Any

import httpx

from services.core.kit.uow import Database
from tests.api.ownership.desk import Desk, people, person
from tests.api.residents.steps import MakeDesk, MakePhone, later, number, properties
from tests.support.people import Client


async def ask(me: Client, desk: Desk, door: str = "301室", name: str = "王伟", **over: Any) -> httpx.Response:
    body = {"by": "request", "compound_id": desk.compound, "building": "3号楼", "door": door, "name": name, **over}
    return await me.post("/v1/me/properties", json=body)


async def registered(desk: Desk) -> dict[str, Any]:
    building = await desk.post(f"{desk.at}/buildings", {"no": "3"})
    owners = people(person("王伟", number()), person("李娜", number()))
    return await desk.property("301", owners, building_id=building["id"])


async def test_approved_by_the_register_and_on_sight(desk: Desk, phone: MakePhone, database: Database) -> None:
    held, me = await registered(desk), await phone()
    request_id = (await ask(me, desk)).json()["request_id"]
    assert (await ask(me, desk)).json()["request_id"] == request_id
    (listed,) = (await desk.get(f"{desk.at}/binding-requests", state="open"))["items"]
    assert (listed["id"], listed["building"], listed["door"], listed["name"]) == (request_id, "3", "301", "王*")
    one = await desk.get(f"/v1/binding-requests/{request_id}")
    assert sorted((who["name"], who["same_name"], who["kind"]) for who in one["candidates"]) == [
        ("李*", False, "owner"), ("王*", True, "owner"),
    ]  # fmt: skip
    wang = next(who for who in one["candidates"] if who["same_name"])
    body = {"property_id": wang["property_id"], "person_id": wang["person_id"]}
    path = f"/v1/binding-requests/{request_id}/approve"
    assert (await desk.tried(path, body, version=7)).status_code == 412
    await desk.post(path, body, version=1)
    (mine,) = await properties(me)
    assert (mine["property_id"], mine["kind"], mine["assurance"]) == (held["id"], "owner", "on_site")
    assert (await desk.tried(path, body, version=2)).json()["type"] == "/problems/binding-request-decided"
    async with database.read() as connection:
        name = await connection.fetchval(
            "SELECT name_sealed FROM binding_request WHERE id = $1::text::uuid", request_id
        )
        events = await connection.fetch("SELECT data::text FROM event WHERE subject_id = $1::text::uuid", request_id)
    assert name is None
    assert len(events) == 2
    assert "王伟" not in str(events)


async def test_refused_with_a_reason_that_only_he_reads(desk: Desk, phone: MakePhone, database: Database) -> None:
    await registered(desk)
    me, other = await phone(), await phone()
    request_id = (await ask(me, desk, name="张三")).json()["request_id"]
    refused = await desk.tried(f"/v1/binding-requests/{request_id}/refuse", {"reason": "名册没有张三"}, version=1)
    assert refused.status_code == 204, refused.text
    (mine,) = (await me.get("/v1/me/requests")).json()["items"]
    assert (mine["state"], mine["reason"]) == ("refused", "名册没有张三")
    assert (await other.get("/v1/me/requests")).json()["items"] == []
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT t::text FROM binding_request t WHERE id = $1::text::uuid"
            " UNION ALL SELECT t::text FROM audit_entry t WHERE target_id = $1::text::uuid",
            request_id,
        )
    assert len(rows) == 3
    assert not [row for row in rows if "张三" in row[0] or "张三".encode().hex() in row[0]]


async def test_nobody_is_bound_to_a_door_that_is_not_his(desk: Desk, community: MakeDesk, phone: MakePhone) -> None:
    held, elsewhere, me = await registered(desk), await community(), await phone()
    theirs = await elsewhere.property("101", people(person("赵敏", number())))
    request_id = (await ask(me, desk)).json()["request_id"]
    path = f"/v1/binding-requests/{request_id}/approve"
    stranger = theirs["owner"]["members"][0]["person_id"]
    for property_id, person_id in ((held["id"], stranger), (theirs["id"], stranger)):
        answer = await desk.tried(path, {"property_id": property_id, "person_id": person_id}, version=1)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/person-not-of-property")
    assert (
        await elsewhere.tried(path, {"property_id": theirs["id"], "person_id": stranger}, version=1)
    ).status_code == 404
    assert (await elsewhere.client.get(f"/v1/binding-requests/{request_id}")).status_code == 404


async def test_taken_back_by_himself_alone_and_five_at_most(desk: Desk, phone: MakePhone) -> None:
    me, other = await phone(), await phone()
    ids = [(await ask(me, desk, door=str(door))).json()["request_id"] for door in range(5)]
    many = await ask(me, desk, door="6")
    assert (many.status_code, many.json()["type"]) == (409, "/problems/binding-requests-too-many")
    assert (await other.delete(f"/v1/me/requests/{ids[0]}")).status_code == 404
    assert (await me.delete(f"/v1/me/requests/{ids[0]}")).status_code == 204
    assert (await me.delete(f"/v1/me/requests/{ids[0]}")).status_code == 409
    assert (await ask(me, desk, door="6")).status_code == 201
    states = [row["state"] for row in (await desk.get(f"{desk.at}/binding-requests"))["items"]]
    assert states == ["withdrawn", "open", "open", "open", "open", "open"]


async def test_a_compound_that_is_not_there(phone: MakePhone, desk: Desk) -> None:
    me = await phone()
    assert (await ask(me, desk, compound_id="00000000-0000-7000-8000-000000000000")).status_code == 404


async def test_a_page_of_requests_is_small_whatever_was_answered(
    desk: Desk, phone: MakePhone, database: Database
) -> None:
    me = await phone()
    await later(database, "UPDATE compound SET name = $2 WHERE id = $1::text::uuid", desk.compound, "南" * 200)
    for number_ in range(13):
        body = {"building": "楼" * 59 + "三", "door": "屋" * 57 + f"{number_}甲"}
        request_id = (await ask(me, desk, **body)).json()["request_id"]
        refused = await desk.tried(f"/v1/binding-requests/{request_id}/refuse", {"reason": "由" * 300}, version=1)
        assert refused.status_code == 204
    page = await me.get("/v1/me/requests", params={"limit": 100})
    assert 20_000 < len(page.content) <= 32_768
    assert (len(page.json()["items"]), page.json()["has_more"]) == (12, True)
