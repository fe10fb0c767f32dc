"""People: masked wherever they are shown, found without being shown, revealed for a purpose; two entries of one person."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.ownership.desk import ONE, TWO, Desk, people, person
from tests.support.people import Client, sign_in_resident
from tests.support.rolls import Door, bind

NAME, PHONE = "欧阳震华", "13912345678"


def ids(found: dict[str, Any]) -> set[str]:
    return {one["person_id"] for one in found["items"]}


def only(held: dict[str, Any]) -> str:
    (one,) = held["owner"]["members"]
    return str(one["person_id"])


async def test_a_person_is_masked_and_their_door_is_shown(desk: Desk) -> None:
    building = await desk.post(f"{desk.at}/buildings", {"no": "3"})
    flat = await desk.property("301", people(person("王伟", "+86 138 1234 1234", ONE)), building_id=building["id"])
    (one,) = (await desk.get(f"{desk.at}/people"))["items"]
    assert (one["name"], one["phone"], one["identity_number"]) == ("王*", "138****1234", "1****************X")
    assert [(door["role"], door["building_no"], door["door_no"]) for door in one["doors"]] == [("owner", "3", "301")]
    assert flat["owner"]["members"][0]["name"] == "王*"
    assert (await desk.get(f"/v1/people/{one['person_id']}"))["doors"] == one["doors"]


async def test_people_are_found_by_what_is_known_of_them(desk: Desk) -> None:
    held = {
        "a": only(await desk.property("1", people(person("王伟", "13812341234", ONE)))),
        "b": only(await desk.property("2", people(person("王芳", "13900001234")))),
        "c": only(await desk.property("3", people(person("王伟", "13800005678")))),
        "d": only(await desk.property("4", people(person("李娜", "13812341234")))),
    }
    for wanted, expected in [
        ({"name": "王", "phone_last4": "1234"}, "ab"),
        ({"name": "王伟"}, "ac"),
        ({"name": " 王 伟 ", "phone_last4": "5678"}, "c"),
        ({"phone": "０１３８1234 1234"[1:]}, "ad"),
        ({"identity_number": ONE.lower()}, "a"),
        ({"name": "赵"}, ""),
    ]:
        found = await desk.post(f"{desk.at}/people/search", wanted)
        assert ids(found) == {held[key] for key in expected}, wanted
    nothing = await desk.tried(f"{desk.at}/people/search", {})
    assert nothing.status_code == 422
    other = await desk.client.post("/v1/compounds", json={"region_id": str(desk.region.id), "name": "北岳新村"})
    elsewhere = await desk.post(f"/v1/compounds/{other.json()['id']}/people/search", {"name": "王"})
    assert elsewhere["items"] == []


async def test_a_correction_leaves_what_it_does_not_name(desk: Desk) -> None:
    flat = await desk.property("1", people(person("王伟", "13812341234", ONE)))
    at = f"/v1/people/{only(flat)}"
    changed = await desk.post(f"{at}/correct", {"phone": "13800005678"}, version=1)
    assert (changed["name"], changed["phone"], changed["version"]) == ("王*", "138****5678", 2)
    assert changed["identity_number"] is not None
    removed = await desk.post(f"{at}/correct", {"identity_number": None}, version=2)
    assert (removed["identity_number"], removed["phone"]) == (None, "138****5678")
    assert ids(await desk.post(f"{desk.at}/people/search", {"phone": "13800005678"})) == {only(flat)}
    assert ids(await desk.post(f"{desk.at}/people/search", {"phone": "13812341234"})) == set()
    assert (await desk.tried(f"{at}/correct", {"name": None}, version=3)).status_code == 422
    assert (await desk.tried(f"{at}/correct", {"name": "王玮"}, version=2)).status_code == 412
    assert (await desk.get(f"/v1/properties/{flat['id']}"))["owner"]["id"] == flat["owner"]["id"]


async def test_revealing_needs_a_purpose_is_audited_and_stored_nowhere(
    desk: Desk, database: Database, staff: Any
) -> None:
    at = f"/v1/people/{only(await desk.property('1', people(person(NAME, PHONE, ONE))))}/reveal"
    body = {"purpose": "contact", "fields": ["phone", "phone"]}
    told = await desk.tried(at, body, key="again")
    assert told.json()["fields"] == {"phone": PHONE}
    assert told.headers["Cache-Control"] == "no-store"
    again = await desk.tried(at, body, key="again")
    assert again.json() == told.json()
    assert "Idempotency-Replayed" not in again.headers
    for wrong in (
        {"fields": ["phone"]},
        {"purpose": "curiosity", "fields": ["phone"]},
        {"purpose": "verify", "fields": []},
    ):
        assert (await desk.tried(at, wrong)).status_code == 422
    auditor: Client = await staff("auditor", desk.region)
    assert (await auditor.post(at, json=body)).status_code == 403
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT details, actor_id FROM audit_entry WHERE action = 'person.revealed' AND target_id = $1",
            at.split("/")[3],
        )
        stored = await connection.fetchval(
            "SELECT count(*) FROM idempotent_answer WHERE principal_id = $1 AND key = 'again'", desk.client.staff_id
        )
    assert [dict(row) for row in rows] == 2 * [
        {"details": {"purpose": "contact", "fields": ["phone"]}, "actor_id": desk.client.staff_id}
    ]
    assert stored == 0


async def test_the_queue_shows_who_may_be_one_person_and_nobody_by_name_alone(desk: Desk) -> None:
    a = only(await desk.property("1", people(person("王伟", "13812341234"))))
    await desk.property("2", people(person("王伟", "13800005678")))
    b = only(await desk.property("3", people(person("王伟", "13812341234", ONE))))
    c = only(await desk.property("4", people(person("王玮", number=ONE))))
    await desk.property("5", people(person("李娜", "13812341234")))
    pairs = (await desk.get(f"{desk.at}/people/matches"))["items"]
    assert [(pair["first"]["person_id"], pair["second"]["person_id"], pair["same_number"]) for pair in pairs] == [
        (a, b, False),
        (b, c, True),
    ]
    page = await desk.get(f"{desk.at}/people/matches", limit=1)
    rest = await desk.get(f"{desk.at}/people/matches", limit=1, cursor=page["next_cursor"])
    assert [rest["items"][0]["second"]["person_id"], rest["has_more"]] == [c, False]


async def test_merging_makes_the_sets_anew(desk: Desk) -> None:
    first = await desk.property("1", people(person("王伟", "13812341234")))
    second = await desk.property("2", people(person("王伟", "13812341234")))
    wife = await desk.property("3", people(person("李娜")))
    kept, gone, other = only(first), only(second), only(wife)
    shared = await desk.property("4", people({"person_id": gone}, {"person_id": other}))
    double = await desk.property("5", people({"person_id": gone}, {"person_id": kept}))
    sold = await desk.property("6", people({"person_id": gone}, {"person_id": other}, person("张三")))
    assert (await desk.tried(f"/v1/properties/{sold['id']}/close", None, version=1)).status_code == 200
    for flat, tenant in ((wife, gone), (wife, kept)):
        body = {"tenant": {"person_id": tenant}, "since": "2026-01-01"}
        await desk.post(f"/v1/properties/{flat['id']}/tenants", body)
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 5

    merged = await desk.post(f"/v1/people/{kept}/merge", {"other_id": gone, "reason": "经社区核实为同一人"}, version=1)
    assert {door["door_no"] for door in merged["doors"]} == {"1", "2", "3", "4", "5"}
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 3  # 王伟 with 1, 2 and 5; 李娜; both
    now = {one["door_no"]: one["owner"]["id"] for one in (await desk.get(f"{desk.at}/properties"))["items"]}
    assert now["1"] == now["2"] == now["5"] == first["owner"]["id"]
    assert now["4"] not in (shared["owner"]["id"], now["1"], now["3"])
    former = (await desk.get(f"{desk.at}/owners", former=True))["items"]
    assert (
        sum(one["properties"] == 0 for one in former) == 4
    )  # who owned before; no set is made anew for what is closed
    tenants = (await desk.get(f"/v1/properties/{wife['id']}/tenants"))["items"]
    assert sorted((one["tenant"]["person_id"], one["until"] is None) for one in tenants) == [
        (kept, False),
        (kept, True),
    ]
    history = (await desk.get(f"/v1/properties/{double['id']}/transfers"))["items"]
    assert [(one["act"], one["document"]) for one in history] == [("merge", None)]

    assert (await desk.get(f"/v1/people/{gone}"))["merged_into_id"] == kept
    assert (await desk.get(f"{desk.at}/people/matches"))["items"] == []
    again = await desk.tried(f"/v1/people/{kept}/merge", {"other_id": gone, "reason": "再次"}, version=1)
    assert again.json()["type"] == "/problems/person-merged"
    used = await desk.tried(
        f"{desk.at}/properties",
        {"door_no": "9", "kind": "shop", "owners": people({"person_id": gone})},
    )
    assert used.json()["type"] == "/problems/person-merged"


async def test_whoever_is_bound_as_the_entry_that_goes_is_bound_as_the_one_that_stays(
    app: FastAPI, desk: Desk, database: Database
) -> None:
    first = await desk.property("1", people(person("王伟", "13812341234")))
    second = await desk.property("2", people(person("王伟", "13812341234")))
    resident = await sign_in_resident(app, database)
    door = Door(UUID(second["id"]), UUID(only(second)), UUID(second["owner"]["id"]), UUID(int=0))
    await bind(database, resident.resident_id, door)
    body = {"other_id": only(second), "reason": "同一人"}
    await desk.post(f"/v1/people/{only(first)}/merge", body, version=1)
    seen = (await resident.get("/v1/me/properties")).json()["items"]
    assert [(one["property_id"], one["kind"]) for one in seen] == [(second["id"], "owner")]


async def test_who_stays_takes_the_numbers_that_he_lacks(desk: Desk) -> None:
    kept = only(await desk.property("1", people(person("王伟"))))
    gone = only(await desk.property("2", people(person("王伟", "13812341234", ONE))))
    merged = await desk.post(f"/v1/people/{kept}/merge", {"other_id": gone, "reason": "同一人"}, version=1)
    assert (merged["phone"], merged["identity_number"], merged["version"]) == ("138****1234", "1****************X", 2)
    found = await desk.post(f"{desk.at}/people/search", {"identity_number": ONE})
    assert [one["person_id"] for one in found["items"]] == [kept]
    assert only(await desk.property("3", people(person("王伟", None, ONE)))) == kept


async def test_an_entry_always_points_to_a_living_one(desk: Desk) -> None:
    one, two, three = [only(await desk.property(str(n), people(person("王伟", "13812341234")))) for n in range(3)]
    await desk.post(f"/v1/people/{two}/merge", {"other_id": three, "reason": "同一人"}, version=1)
    await desk.post(f"/v1/people/{one}/merge", {"other_id": two, "reason": "同一人"}, version=1)
    for gone in (two, three):
        assert (await desk.get(f"/v1/people/{gone}"))["merged_into_id"] == one
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 1


async def test_who_is_kept_apart_leaves_the_queue_and_may_be_merged_later(desk: Desk, staff: Any) -> None:
    one, two = [only(await desk.property(str(n), people(person("王伟", "13812341234")))) for n in range(2)]
    body = {"other_id": two, "reason": "父子同名，共用一部电话"}
    await desk.post(f"/v1/people/{one}/keep-apart", body, version=1)
    assert (await desk.get(f"{desk.at}/people/matches"))["items"] == []
    again = await desk.tried(f"/v1/people/{two}/keep-apart", {**body, "other_id": one}, version=1)
    assert again.json()["type"] == "/problems/people-settled"
    await desk.post(f"/v1/people/{two}/merge", {"other_id": one, "reason": "父亲已故，户口簿为证"}, version=1)
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 1
    for person_id, other in ((one, two), (two, one)):
        (told,) = (await desk.get(f"/v1/people/{person_id}/decisions"))["items"]
        assert (told["verdict"], told["other_id"], told["reason"]) == ("merged", other, "父亲已故，户口簿为证")
    auditor: Client = await staff("auditor", desk.region)
    assert (await auditor.get(f"/v1/people/{one}/decisions")).status_code == 403
    itself = await desk.tried(f"/v1/people/{two}/merge", {**body, "other_id": two}, version=1)
    assert itself.status_code == 422


async def test_two_numbers_are_one_person_when_two_of_the_staff_say_so(desk: Desk, staff: Any) -> None:
    one = only(await desk.property("1", people(person("王伟", "13812341234", ONE))))
    two = only(await desk.property("2", people(person("王伟", "13900005678", TWO))))
    second = Desk(await staff("community", desk.region), desk.compound, desk.region)
    body = {"other_id": two, "reason": "旧证件号码，户口簿为证"}
    asked = await desk.tried(f"/v1/people/{one}/merge", body, version=1)
    assert (asked.status_code, asked.json()["merged_into_id"]) == (202, None)
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 2
    (pair,) = (await second.get(f"{desk.at}/people/matches"))["items"]
    assert (pair["proposal"]["keep_id"], pair["proposal"]["proposed_by"]) == (one, str(desk.client.staff_id))
    again = await desk.tried(f"/v1/people/{one}/merge", body, version=1)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/merge-needs-second-person")
    # The other way round is another proposal, which its first has to leave to somebody else.
    turned = await second.tried(f"/v1/people/{two}/merge", {**body, "other_id": one}, version=1)
    assert turned.status_code == 202
    back = await desk.tried(f"/v1/people/{one}/merge", body, version=1)
    assert back.status_code == 202
    done = await second.tried(f"/v1/people/{one}/merge", body, version=1)
    assert (done.status_code, done.json()["identity_number"]) == (200, "1****************X")
    assert (await desk.get(f"/v1/people/{two}"))["merged_into_id"] == one
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 1
    assert (await desk.get(f"{desk.at}/people/matches"))["items"] == []
    (told,) = (await desk.get(f"/v1/people/{one}/decisions"))["items"]
    assert (told["verdict"], told["decided_by"]) == ("merged", str(second.client.staff_id))


async def test_who_takes_a_number_away_does_not_merge_alone(desk: Desk, staff: Any) -> None:
    one = only(await desk.property("1", people(person("王伟", number=ONE))))
    two = only(await desk.property("2", people(person("王伟", number=TWO))))
    await desk.post(f"/v1/people/{two}/correct", {"identity_number": None}, version=1)
    body = {"other_id": two, "reason": "同一人"}
    assert (await desk.tried(f"/v1/people/{one}/merge", body, version=1)).status_code == 202
    assert (await desk.tried(f"/v1/people/{one}/merge", body, version=1)).status_code == 409
    second = Desk(await staff("community", desk.region), desk.compound, desk.region)
    assert (await second.tried(f"/v1/people/{one}/merge", body, version=1)).status_code == 200


async def test_a_proposed_merge_may_be_turned_down_by_keeping_apart(desk: Desk, staff: Any) -> None:
    one = only(await desk.property("1", people(person("王伟", number=ONE))))
    two = only(await desk.property("2", people(person("李娜", number=TWO))))
    body = {"other_id": two, "reason": "不是同一人"}
    assert (await desk.tried(f"/v1/people/{one}/merge", body, version=1)).status_code == 202
    second = Desk(await staff("community", desk.region), desk.compound, desk.region)
    await second.post(f"/v1/people/{two}/keep-apart", {**body, "other_id": one}, version=1)
    assert (await desk.get(f"{desk.at}/people/matches"))["items"] == []
    anew = await desk.tried(f"/v1/people/{one}/merge", body, version=1)
    assert anew.status_code == 202, "what was kept apart is proposed anew, not merged by one"
    assert (await desk.get(f"{desk.at}/register"))["heads"] == 2


async def test_nothing_of_a_person_lies_open_anywhere(desk: Desk, database: Database) -> None:
    """The whole database as text, the stored answers included: no name, no number, and not in an event or the audit either."""
    flat = await desk.property("1", people(person(NAME, PHONE, ONE)))
    at = f"/v1/people/{only(flat)}"
    told = await desk.tried(f"{at}/correct", {"identity_number": TWO}, version=1, key="kept")
    refused = await desk.tried(
        f"{desk.at}/properties", {"door_no": "1", "kind": "shop", "owners": people(person(NAME, PHONE))}
    )
    other = only(await desk.property("2", people(person(NAME, PHONE))))
    assert (told.status_code, refused.status_code) == (200, 409)
    paths = [f"{desk.at}/{part}" for part in ("properties", "owners", "people", "people/matches", "register")]
    shown = [told.text, refused.text, *[(await desk.client.get(path)).text for path in [*paths, "/v1/events"]]]
    await desk.post(f"{at}/merge", {"other_id": other, "reason": f"{NAME}本人{PHONE}确认"}, version=2)
    async with database.read() as connection:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" t')
            shown.append("\n".join(row["row"] for row in rows))
    everything = "\n".join(shown)
    assert desk.compound in everything  # the control
    for secret in (NAME, NAME.encode().hex(), PHONE, PHONE.encode().hex(), ONE, TWO, ONE.encode().hex()):
        assert secret not in everything
