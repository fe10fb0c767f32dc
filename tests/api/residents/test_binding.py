"""Bound by the registered phone number, as long as the register says so; nobody sees anybody else."""

import asyncio
from typing import Any

import httpx
from pydantic import SecretStr

from services.api.app import create_app
from services.core.kit.settings import Settings
from services.core.kit.uow import Database
from tests.api.ownership.desk import Desk, entry, people, person
from tests.api.residents.steps import MakeDesk, MakePhone, agree, bound, later, number, properties
from tests.api.selection.world import MakeStaff
from tests.support.people import Client
from tests.support.wechat import APPID, SECRET, FakeWeChat


async def by_phone(me: Client, wechat: FakeWeChat, phone_number: str, **headers: str) -> Any:
    body = {"by": "phone", "phone_code": wechat.phone_code(phone_number)}
    return await me.post("/v1/me/properties", json=body, headers=headers)


async def test_a_registered_number_binds_everything_of_its_person(
    community: MakeDesk, phone: MakePhone, wechat: FakeWeChat
) -> None:
    one, other, mobile = await community(), await community(), number()
    wang = person("王伟", mobile)
    held = await one.property("301", people(wang))
    same = entry(held["owner"]["members"][0]["person_id"])
    await one.property("302", people(same, person("李娜", number())))
    rented = await other.property("501", people(person("赵敏", number())))
    await other.post(f"/v1/properties/{rented['id']}/tenants", {"tenant": wang, "since": "2026-01-01"})
    await other.property("502", people(person("钱进", number())))
    me = await phone()
    await agree(me)
    answer = await by_phone(me, wechat, mobile)
    assert answer.status_code == 201, answer.text
    mine = await properties(me)
    assert sorted((row["door_no"], row["kind"], row["assurance"]) for row in mine) == [
        ("301", "owner", "phone"), ("302", "owner", "phone"), ("501", "tenant", "phone"),
    ]  # fmt: skip
    assert answer.json()["bound"] == mine
    again = await by_phone(me, wechat, mobile)
    assert again.json()["bound"] == mine


async def test_two_people_with_one_number_are_told_apart_by_nobody_but_the_community(
    community: MakeDesk, phone: MakePhone, wechat: FakeWeChat
) -> None:
    shared, alone, mobile = await community(), await community(), number()
    await shared.property("301", people(person("王伟", mobile)))
    await shared.property("302", people(person("王芳", mobile)))
    await alone.property("101", people(person("王伟", mobile)))
    me = await phone()
    await agree(me)
    told = (await by_phone(me, wechat, mobile)).json()
    assert [row["door_no"] for row in told["bound"]] == ["101"]
    assert [row["compound_id"] for row in told["ask"]] == [shared.compound]


async def test_an_unknown_or_foreign_number_binds_nothing(phone: MakePhone, wechat: FakeWeChat) -> None:
    me = await phone()
    await agree(me)
    for given, country in ((number(), "86"), ("51234567", "852")):
        body = {"by": "phone", "phone_code": wechat.phone_code(given, country)}
        answer = await me.post("/v1/me/properties", json=body)
        assert (answer.status_code, answer.json()) == (201, {"bound": [], "more": False, "ask": [], "request_id": None})


async def test_a_repeated_request_gets_its_first_answer_although_its_code_is_used(
    desk: Desk, phone: MakePhone, wechat: FakeWeChat
) -> None:
    mobile, me = number(), await phone()
    await desk.property("301", people(person("王伟", mobile)))
    await agree(me)
    body, key = {"by": "phone", "phone_code": wechat.phone_code(mobile)}, {"Idempotency-Key": "tap-1"}
    first = await me.post("/v1/me/properties", json=body, headers=key)
    again = await me.post("/v1/me/properties", json=body, headers=key)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    used = await me.post("/v1/me/properties", json=body)
    assert (used.status_code, used.json()["type"]) == (422, "/problems/phone-code-refused")


async def test_the_number_is_kept_nowhere(desk: Desk, phone: MakePhone, wechat: FakeWeChat, database: Database) -> None:
    mobile, me = number(), await phone()
    await desk.property("301", people(person("王伟", mobile)))
    await agree(me)
    answer = await by_phone(me, wechat, mobile, **{"Idempotency-Key": "tap"})
    assert mobile not in answer.text
    async with database.read() as connection:
        for table in ("resident", "binding", "event", "audit_entry", "idempotent_answer", "session"):
            rows = await connection.fetch(f"SELECT t::text FROM {table} AS t")
            assert not [row for row in rows if mobile in row[0] or mobile.encode().hex() in row[0]], table


async def test_a_transfer_of_title_ends_what_the_former_owner_had(desk: Desk, phone: MakePhone) -> None:
    me, guest = await phone(), await phone()
    mine = await bound(desk, me)
    code = (await me.post(f"/v1/me/properties/{mine['id']}/invite")).json()["code"]
    await guest.post("/v1/me/properties", json={"by": "code", "code": code})
    assert [row["kind"] for row in await properties(guest)] == ["family"]
    held = await desk.get(f"/v1/properties/{mine['property_id']}")
    await desk.transfer(held, people(person("赵敏", number())))
    assert await properties(me) == await properties(guest) == []
    assert (await me.post(f"/v1/me/properties/{mine['id']}/invite")).status_code == 404
    assert (await desk.get(f"{desk.at}/bindings"))["items"] == []


async def test_a_tenant_stands_for_it_until_he_moves_out(desk: Desk, phone: MakePhone, wechat: FakeWeChat) -> None:
    mobile, me = number(), await phone()
    held = await desk.property("301", people(person("王伟", number())))
    tenancy = await desk.post(
        f"/v1/properties/{held['id']}/tenants", {"tenant": person("李娜", mobile), "since": "2026-01-01"}
    )
    await agree(me)
    await by_phone(me, wechat, mobile)
    assert [row["kind"] for row in await properties(me)] == ["tenant"]
    await desk.post(f"/v1/tenancies/{tenancy['id']}/end", {"until": "2026-06-30"}, version=1)
    assert await properties(me) == []


async def test_who_was_two_entries_stays_bound_when_they_are_merged(desk: Desk, phone: MakePhone) -> None:
    me = await phone()
    mine = await bound(desk, me)
    held = await desk.get(f"/v1/properties/{mine['property_id']}")
    gone = held["owner"]["members"][0]["person_id"]
    other = await desk.property("302", people(person("王伟", number())))
    kept = other["owner"]["members"][0]["person_id"]
    await desk.post(f"/v1/people/{kept}/merge", {"other_id": gone, "reason": "同一人"}, version=1)
    assert [row["id"] for row in await properties(me)] == [mine["id"]]
    assert (await desk.get(f"{desk.at}/bindings"))["items"][0]["person_id"] == kept


async def test_unbinding_is_ones_own_and_takes_the_family_along(desk: Desk, phone: MakePhone) -> None:
    me, guest, stranger = await phone(), await phone(), await phone()
    mine = await bound(desk, me)
    code = (await me.post(f"/v1/me/properties/{mine['id']}/invite")).json()["code"]
    await guest.post("/v1/me/properties", json={"by": "code", "code": code})
    (theirs,) = await properties(guest)
    (seen,) = await properties(me)
    assert [one["id"] for one in seen["family"]] == [theirs["id"]]
    for other in (stranger, guest):
        assert (await other.delete(f"/v1/me/properties/{mine['id']}")).status_code == 404
    assert (await stranger.delete(f"/v1/me/properties/{theirs['id']}")).status_code == 404
    assert (await me.delete(f"/v1/me/properties/{mine['id']}")).status_code == 204
    assert await properties(me) == await properties(guest) == []
    assert (await me.delete(f"/v1/me/properties/{mine['id']}")).status_code == 404


async def test_the_inviter_may_send_one_of_the_family_away(desk: Desk, phone: MakePhone) -> None:
    me, guest = await phone(), await phone()
    mine = await bound(desk, me)
    code = (await me.post(f"/v1/me/properties/{mine['id']}/invite")).json()["code"]
    await guest.post("/v1/me/properties", json={"by": "code", "code": code})
    (theirs,) = await properties(guest)
    assert (await me.delete(f"/v1/me/properties/{theirs['id']}")).status_code == 204
    assert await properties(guest) == []
    assert len(await properties(me)) == 1


async def test_the_community_sees_entries_not_accounts_and_ends_what_is_wrong(
    desk: Desk, community: MakeDesk, phone: MakePhone, database: Database
) -> None:
    me, elsewhere = await phone(), await community()
    mine = await bound(desk, me)
    listed = await desk.get(f"{desk.at}/bindings")
    assert [row["id"] for row in listed["items"]] == [mine["id"]]
    async with database.read() as connection:
        events = await connection.fetch("SELECT data::text FROM event WHERE subject_id = $1::text::uuid", mine["id"])
    assert len(events) == 1
    assert str(me.resident_id) not in str(listed) + str(events)
    path = f"/v1/bindings/{mine['id']}/end"
    assert (await elsewhere.tried(path, {"ground": "mistaken"})).status_code == 404
    assert (await desk.tried(path, {"ground": "mistaken"})).status_code == 204
    assert await properties(me) == []
    assert (await desk.tried(path, {"ground": "mistaken"})).status_code == 404


async def test_ten_taps_at_once_bind_once(desk: Desk, phone: MakePhone, wechat: FakeWeChat, database: Database) -> None:
    mobile, me = number(), await phone()
    await desk.property("301", people(person("王伟", mobile)))
    await agree(me)
    answers = await asyncio.gather(*(by_phone(me, wechat, mobile) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM binding WHERE resident_id = $1", me.resident_id) == 1


async def test_a_page_of_properties_is_small_whatever_they_are_called(
    desk: Desk, phone: MakePhone, wechat: FakeWeChat, database: Database
) -> None:
    mobile, me, guests = number(), await phone(), [await phone() for _ in range(10)]
    await later(database, "UPDATE compound SET name = $2 WHERE id = $1::text::uuid", desk.compound, "南" * 200)
    building = await desk.post(f"{desk.at}/buildings", {"no": "楼" * 59 + "三"})
    entrance = await desk.post(f"{desk.at}/entrances", {"building_id": building["id"], "no": "门" * 59 + "三"})
    at = {"building_id": building["id"], "entrance_id": entrance["id"]}
    first = await desk.property("一", people(person("王伟", mobile)), **at)
    wang = first["owner"]["members"][0]["person_id"]
    for door in range(13):
        await desk.property("屋" * 57 + f"{door}甲", people(entry(wang)), **at)
    await agree(me)
    answer = await by_phone(me, wechat, mobile)
    assert (len(answer.json()["bound"]), answer.json()["more"]) == (12, True)
    first_page = await me.get("/v1/me/properties")
    last_page = await me.get("/v1/me/properties", params={"cursor": first_page.json()["next_cursor"]})
    every = first_page.json()["items"] + last_page.json()["items"]
    for guest in guests:
        for one in every:
            await later(
                database, "INSERT INTO binding (id, resident_id, property_id, invited_by, kind, assurance, since)"
                " VALUES (gen_random_uuid(), $1, $2::text::uuid, $3::text::uuid, 'family', 'code', now())",
                guest.resident_id, one["property_id"], one["id"],
            )  # fmt: skip
    page, again = await me.get("/v1/me/properties", params={"limit": 100}), await by_phone(me, wechat, mobile)
    for told in (page, again):
        assert 20_000 < len(told.content) <= 32_768
    assert page.json()["has_more"] is True
    rest = (await me.get("/v1/me/properties", params={"cursor": page.json()["next_cursor"]})).json()
    assert len({row["id"] for row in page.json()["items"] + rest["items"]}) == 14
    full = await me.post(f"/v1/me/properties/{every[0]['id']}/invite")
    assert (full.status_code, full.json()["type"]) == (409, "/problems/family-full")


async def test_a_district_shuts_an_account_by_its_binding_and_opens_it_again(
    desk: Desk, phone: MakePhone, staff: MakeStaff, wechat: FakeWeChat
) -> None:
    me = await phone()
    mine = await bound(desk, me)
    district = await staff("district", desk.region)
    path = f"/v1/bindings/{mine['id']}"
    assert (await desk.tried(f"{path}/disable-account", {"ground": "abuse"})).status_code == 403
    for _ in range(2):
        shut = await district.post(f"{path}/disable-account", json={"ground": "abuse"})
        assert (shut.status_code, shut.content) == (204, b"")
    assert (await me.get("/v1/me/properties")).status_code == 401
    assert (await district.post(f"{path}/enable-account")).status_code == 204
    assert (await me.get("/v1/me/properties")).status_code == 401  # its sessions have ended
    assert [row["id"] for row in (await desk.get(f"{desk.at}/bindings"))["items"]] == [mine["id"]]


async def test_without_redis_people_sign_in_and_are_bound(settings: Settings, wechat: FakeWeChat, desk: Desk) -> None:
    mobile = number()
    await desk.property("301", people(person("王伟", mobile)))
    own = {"wechat_appid": APPID, "wechat_secret": SecretStr(SECRET), "wechat_base_url": wechat.address}
    app = create_app(settings.model_copy(update={**own, "redis_url": SecretStr("redis://127.0.0.1:1/0")}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as door,
    ):
        pair = (await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-alone")})).json()
        door.headers["Authorization"] = f"Bearer {pair['access_token']}"
        texts = (await door.get("/v1/me/consents")).json()["items"]
        newest = next(text["number"] for text in texts if text["topic"] == "phone_matching")
        body = {"topic": "phone_matching", "number": newest, "answer": "given"}
        assert (await door.post("/v1/me/consents", json=body)).status_code == 201
        bind = {"by": "phone", "phone_code": wechat.phone_code(mobile)}
        answer = await door.post("/v1/me/properties", json=bind)
        assert [row["door_no"] for row in answer.json()["bound"]] == ["301"]
