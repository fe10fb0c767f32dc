"""Complaints come in by every channel, once, sealed, and nobody but their reporter opens them."""

import asyncio
import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
import pytest

from services.api.app import create_app
from services.core.hotline import rules
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.offices import Offices
from tests.api.hotline.town import MakeTown, Town, everything
from tests.api.selection.world import MakeStaff
from tests.support.people import Client
from tests.support.register import Register

MakePartner = Callable[[], Awaitable[httpx.AsyncClient]]
MakeResident = Callable[[], Awaitable[Client]]
PHONE, NAME = "13812345678", "欧阳漏水"


async def test_a_resident_says_what_is_wrong_and_follows_it(town: Town, resident: MakeResident) -> None:
    me = await resident()
    answer = await me.post("/v1/me/complaints", json=town.said())
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert re.fullmatch(r"\d{8}-\d+-0001", taken["no"])
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}", taken["code"])
    own = (await me.get(answer.headers["location"])).json()
    assert (own["description"], own["state"], own["compound_name"]) == (
        town.said()["description"], "received", "南岳新村",
    )  # fmt: skip
    assert own["next"] == ["withdraw", "add", "urge"]
    assert [line["act"] for line in own["history"]] == ["receive"]
    listed = (await me.get("/v1/me/complaints")).json()["items"]
    assert [(one["id"], one["code"]) for one in listed] == [(taken["id"], taken["code"])]
    seen = await town.get(taken["id"])
    assert (seen["channel"], seen["kind"], seen["hazard"], seen["anonymous"]) == (
        "mini_program", "complaint", False, False,
    )  # fmt: skip
    assert taken["code"] not in str(seen)


async def test_numbers_count_up_by_region_and_day(towns: MakeTown) -> None:
    one, other = await towns(), await towns()
    numbers = [(await one.call(description=f"第 {n} 件"))["no"] for n in range(3)]
    assert [no.rpartition("-")[2] for no in numbers] == ["0001", "0002", "0003"]
    assert (await other.call())["no"].rpartition("-")[2] == "0001"
    assert len({no.rpartition("-")[0] for no in numbers}) == 1


async def test_a_bound_resident_speaks_of_his_home(town: Town, resident: MakeResident, database: Database) -> None:
    me, stranger = await resident(), await resident()
    register = Register(database, UUID(town.compound), town.at)
    person = await register.person()
    (home,) = await register.homes(1, owners=[person])
    await register.bind(me.resident_id, home, person=person)
    body = {"category": "leak", "description": "家里漏水", "property_id": str(home)}
    assert (await stranger.post("/v1/me/complaints", json=body)).status_code == 404
    taken = (await me.post("/v1/me/complaints", json=body)).json()
    assert (await town.get(taken["id"]))["compound_id"] == town.compound
    async with database.read() as connection:
        kept = await connection.fetchval(
            "SELECT property_id FROM complaint_reporter WHERE complaint_id = $1", UUID(taken["id"])
        )
    assert kept == home


async def test_fifty_equal_intakes_are_one(town: Town, resident: MakeResident, database: Database) -> None:
    me = await resident()
    answers = await asyncio.gather(*(me.post("/v1/me/complaints", json=town.said()) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len({answer.json()["code"] for answer in answers}) == 1
    listed = (await town.clerk.get("/v1/complaints")).json()["items"]
    assert len(listed) == 1
    assert [event["kind"] for event in await town.events(listed[0]["id"])] == ["complaint.received"]
    other = await (await resident()).post("/v1/me/complaints", json=town.said())
    assert other.status_code == 201, "somebody else's equal words are another complaint"


async def test_the_same_again_after_its_end_is_another(town: Town, resident: MakeResident) -> None:
    me = await resident()
    first = (await me.post("/v1/me/complaints", json=town.said())).json()
    again = await me.post("/v1/me/complaints", json=town.said(description="3 栋 2 单元  楼道漏水，已经三天。 "))
    assert (again.status_code, again.json()["id"], again.json()["repeated"]) == (200, first["id"], True)
    await town.do(first["id"], "reject", {"text": "不属于本市受理范围。"})
    later = await me.post("/v1/me/complaints", json=town.said())
    assert (later.status_code, later.json()["id"] == first["id"]) == (201, False)


async def test_a_call_is_entered_with_its_reference(town: Town) -> None:
    contact = {"name": NAME, "phone": "+86 138-1234-5678"}
    taken = await town.call(contact=contact, call_ref="T-20261121-7", kind="urgent", hazard=True)
    seen = await town.get(taken["id"])
    assert (seen["channel"], seen["call_ref"], seen["kind"], seen["hazard"]) == (
        "phone",
        "T-20261121-7",
        "urgent",
        True,
    )
    again = await town.call(contact={"phone": PHONE})
    assert (again["id"], again["repeated"]) == (taken["id"], True)
    assert not (await town.call(contact={"phone": "13912345678"}))["repeated"]
    assert [one["id"] for one in (await town.clerk.get("/v1/complaints", params={"mine": True})).json()["items"]]


async def test_a_repeated_request_gets_its_answer_again(town: Town) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    one = await town.clerk.post("/v1/complaints", json=town.said(), headers=headers)
    two = await town.clerk.post("/v1/complaints", json=town.said(), headers=headers)
    assert (one.status_code, two.status_code, one.json()) == (201, 201, two.json())


async def test_a_transfer_keeps_its_id_and_its_deadline(town: Town, staff: MakeStaff, partner: MakePartner) -> None:
    line = await partner()
    body = town.said(ref="330200-1", due_at="2026-12-01T18:00:00+08:00", description=f"来电人{NAME}，电话{PHONE}")
    answers = await asyncio.gather(*(line.post("/v1/complaint-transfers", json=body) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    (complaint_id,) = {answer.json()["id"] for answer in answers}
    seen = await town.get(complaint_id)
    assert (seen["partner_ref"], seen["partner_due_at"]) == ("330200-1", "2026-12-01T10:00:00Z")
    assert seen["first_promise_at"] == seen["partner_due_at"]
    other = await line.post("/v1/complaint-transfers", json={**body, "description": "另一件事"})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/complaint-transfer-differs")
    assert (await (await partner()).post("/v1/complaint-transfers", json=body)).status_code == 201, (
        "its ids are its own"
    )
    await town.do(complaint_id, "note", {"text": "已联系物业。"})
    told = await town.events(complaint_id)
    assert [(one["kind"], one["data"]["partner_ref"]) for one in told] == [
        ("complaint.received", "330200-1"),
        ("complaint.moved", "330200-1"),
    ]
    assert (await line.get(f"/v1/complaints/{complaint_id}")).status_code == 200
    person = await staff("department", town.at, bureau="housing")
    assert (await person.post("/v1/complaint-transfers", json=body)).status_code == 403, "a system transfers"


async def test_who_is_at_a_site_needs_no_account(town: Town, api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    answer = await api.post("/public/complaints", json=town.said(), headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    code = answer.json()["code"]
    again = await api.post("/public/complaints", json=town.said(), headers=headers)
    assert (again.status_code, again.json()["code"]) == (200, code)
    other = await api.post("/public/complaints", json=town.said(), headers={"Idempotency-Key": uuid4().hex})
    assert other.status_code == 201, "equal words without the key open nobody's complaint"
    assert (await api.post("/public/complaints", json=town.said())).status_code == 201
    shown = await api.get(f"/public/complaints/{code.lower().replace('-', ' ')}")
    assert shown.status_code == 200, shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert "漏水，已经三天" not in shown.text
    assert shown.json()["no"] == answer.json()["no"]
    assert (await town.get(answer.json()["id"]))["anonymous"] is True


async def test_a_wrong_code_opens_nothing(town: Town, api: httpx.AsyncClient) -> None:
    code = (await town.call())["code"]
    for wrong in (rules.printed(rules.new_code()), code[:-1], code + "0", "%00", "x" * 500, code[:-1] + "*"):
        assert (await api.get(f"/public/complaints/{wrong}")).status_code == 404


async def test_some_categories_take_nobody_unknown(town: Town, api: httpx.AsyncClient, resident: MakeResident) -> None:
    said = town.said(category="money", description="出资比例有疑问")
    refused = await api.post("/public/complaints", json=said)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/complaint-anonymous-refused")
    assert (await api.post("/public/complaints", json={**said, "contact": {"phone": PHONE}})).status_code == 201
    me = await resident()
    assert (await me.post("/v1/me/complaints", json={**said, "anonymous": True})).status_code == 409
    assert (await me.post("/v1/me/complaints", json=said)).status_code == 201


async def test_a_city_says_for_which_matters_nobody_need_be_known(offices: Offices, api: httpx.AsyncClient) -> None:
    clocks = "clocks: {complaint: {reply: {days: 13, unit: workday}}}"

    async def unknown(category: str) -> int:
        body = {"category": category, "description": f"{category} 的事", "compound_id": offices.compound}
        answer = await api.post("/public/complaints", json=body)
        assert answer.status_code == 201 or answer.json()["type"] == "/problems/complaint-anonymous-refused", (
            answer.text
        )
        return answer.status_code

    assert (await unknown("leak"), await unknown("noise")) == (201, 201), "as the register of categories says"
    for said, leak, noise in (("[noise]", 409, 201), ("[works_quality]", 201, 409), ("[]", 409, 409)):
        await offices.govern(f"{clocks}, anonymous: {said}")
        assert (await unknown("leak"), await unknown("noise")) == (leak, noise), said


async def test_the_public_door_is_narrow(settings: Settings, town: Town) -> None:
    app = create_app(settings.model_copy(update={"complaints_per_client_minute": 2, "sign_in_per_client_minute": 2}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        sent = [(await client.post("/public/complaints", json=town.said())).status_code for _ in range(3)]
        tried = [(await client.get(f"/public/complaints/{rules.new_code()}")).status_code for _ in range(3)]
    assert (sent, tried) == ([201, 201, 429], [404, 404, 429])


async def test_words_and_numbers_are_sealed(town: Town, resident: MakeResident) -> None:
    me = await resident()
    words = f"我是{NAME}，住3栋201，电话{PHONE}，身份证440524188001010014"
    body = town.said(description=words, address="3栋201室秘密门牌", contact={"name": NAME, "phone": PHONE})
    taken = (await me.post("/v1/me/complaints", json=body)).json()
    kept = await everything(town.database)
    for secret in (PHONE, NAME, "440524188001010014", "秘密门牌"):
        assert secret not in kept
        assert secret.encode().hex() not in kept
    seen = await town.clerk.get(f"/v1/complaints/{taken['id']}")
    assert PHONE not in seen.text
    assert "440524188001010014" not in seen.text
    assert "138******78" in seen.json()["description"]
    listed = (await town.clerk.get("/v1/complaints")).json()["items"][0]
    assert listed["excerpt"].startswith("我是")
    assert PHONE not in str(listed)


async def test_whom_to_call_is_revealed_for_a_purpose(
    town: Town, towns: MakeTown, resident: MakeResident, database: Database
) -> None:
    me = await resident()
    body = town.said(contact={"name": NAME, "phone": PHONE})
    taken = (await me.post("/v1/me/complaints", json=body)).json()
    path = f"/v1/complaints/{taken['id']}/reveal"
    asked = {"purpose": "contact", "fields": ["phone", "name"]}
    shown = await town.clerk.post(path, json=asked)
    assert (shown.json()["fields"], shown.headers["cache-control"]) == ({"phone": PHONE, "name": NAME}, "no-store")
    assert (await (await towns()).clerk.post(path, json=asked)).status_code == 404
    async with database.read() as connection:
        (read,) = await connection.fetch(
            "SELECT actor_id, details FROM audit_entry WHERE action = 'complaint.revealed' AND target_id = $1",
            UUID(taken["id"]),
        )
    assert read["actor_id"] == town.clerk.staff_id
    assert read["details"] == {"purpose": "contact", "fields": ["name", "phone"]}
    hidden = (await me.post("/v1/me/complaints", json={**body, "description": "匿名的", "anonymous": True})).json()
    shown = await town.clerk.post(f"/v1/complaints/{hidden['id']}/reveal", json=asked)
    assert shown.json()["fields"] == {"phone": None, "name": None}


async def test_events_do_not_tell_who_said_it(town: Town, resident: MakeResident) -> None:
    me = await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said())).json()
    assert {event["actor_id"] for event in await town.events(taken["id"])} == {None}
    assert str(me.resident_id) not in str(await town.get(taken["id"], "/history"))


async def test_the_audit_lays_no_two_complaints_of_one_reporter_side_by_side(
    town: Town, resident: MakeResident
) -> None:
    me = await resident()
    for anonymous in (False, True):
        said = town.said(description=f"楼道漏水 {anonymous}", anonymous=anonymous)
        taken = (await me.post("/v1/me/complaints", json=said)).json()
        for act, body in (("add", {"text": "更严重了"}), ("withdraw", {"text": "好了"})):
            assert (await me.post(f"/v1/me/complaints/{taken['id']}/{act}", json=body)).status_code == 200
        async with town.database.read() as connection:
            entries = await connection.fetch(
                "SELECT actor_kind, actor_id, request_id FROM audit_entry WHERE target_id = $1", UUID(taken["id"])
            )
        assert [tuple(one) for one in entries] == [("resident", None, None)] * 3


async def test_another_ones_complaint_is_not_found(town: Town, towns: MakeTown, resident: MakeResident) -> None:
    taken = (await (await resident()).post("/v1/me/complaints", json=town.said())).json()
    stranger, elsewhere = await resident(), await towns()
    assert (await stranger.get(f"/v1/me/complaints/{taken['id']}")).status_code == 404
    assert (await stranger.get("/v1/me/complaints")).json()["items"] == []
    for part in ("", "/history"):
        assert (await elsewhere.clerk.get(f"/v1/complaints/{taken['id']}{part}")).status_code == 404
    refused = await elsewhere.clerk.post("/v1/complaints", json=town.said())
    assert refused.status_code == 404, "a clerk enters what is said of his own region"


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"category": "no_such"}, "/category"),
        ({"description": "  \n "}, "/description"),
        ({"description": "x" * 2001}, "/description"),
        ({"contact": {"phone": "12"}}, "/contact/phone"),
        ({"compound_id": None}, ""),
        ({"unknown": 1}, "/unknown"),
    ],
)
async def test_what_is_wrong_is_named(town: Town, over: dict[str, object], pointer: str) -> None:
    answer = await town.clerk.post("/v1/complaints", json=town.said(**over))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_list_is_filtered_and_paged(town: Town) -> None:
    ids = [(await town.call(description=f"第 {n} 件", category=("leak", "noise")[n % 2]))["id"] for n in range(5)]
    await town.do(ids[0], "reject", {"text": "重复来电。"})

    async def found(**query: str | bool) -> list[str]:
        answer = await town.clerk.get("/v1/complaints", params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert await found() == ids
    assert await found(category="leak") == ids[::2]
    assert await found(category="works_quality") == ids[::2], "with those below it"
    assert await found(open=True) == ids[1:]
    assert await found(state="rejected") == ids[:1]
    assert await found(channel="open311") == []
    assert await found(compound_id=town.compound, kind="complaint", hazard=False) == ids
    assert await found(no=(await town.get(ids[2]))["no"]) == [ids[2]]
    seen, cursor = [], None
    while True:
        page = (
            await town.clerk.get("/v1/complaints", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == ids


async def test_pages_of_a_resident_fit_the_mini_program(town: Town, resident: MakeResident) -> None:
    me = await resident()
    for n in range(42):
        said = town.said(description=f"{n} " + "漏水" * 900)
        assert (await me.post("/v1/me/complaints", json=said)).status_code == 201
    listed = await me.get("/v1/me/complaints", params={"limit": 100})
    assert len(listed.json()["items"]) == 40
    assert len(listed.content) <= 32 * 1024


async def test_pages_with_the_longest_titles_fit_too(town: Town, resident: MakeResident, staff: MakeStaff) -> None:
    city, me, code = await staff("city", town.at), await resident(), f"c{uuid4().hex[:12]}"
    titles = {"title_zh": "漏" * 100, "title_en": "漏" * 100, "kind": "complaint", "hazard": False, "anonymous": True}
    made = await city.post("/v1/complaint-categories", json={"code": code, "parent": "facilities", **titles})
    assert made.status_code == 201, made.text
    ids = []
    for n in range(40):
        said = await me.post("/v1/me/complaints", json=town.said(category=code, description=f"{n} " + "水" * 100))
        ids.append(said.json()["id"])
    retired = {**titles, "retired": True}
    path = f"/v1/complaint-categories/{code}"
    assert (await city.put(path, json=retired, headers={"If-Match": '"1"'})).status_code == 200
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await me.get("/v1/me/complaints", params={"limit": 40, **cursor})
        assert len(page.content) <= 32 * 1024
        seen += [one["id"] for one in page.json()["items"]]
        if not page.json()["has_more"]:
            break
        cursor = {"cursor": page.json()["next_cursor"]}
    assert seen == ids[::-1]


async def test_what_it_is_about_is_put_right(town: Town, staff: MakeStaff) -> None:
    taken = await town.call()
    about = {"category": "noise", "kind": "urgent", "hazard": True}
    path = f"/v1/complaints/{taken['id']}"
    missing = await town.clerk.put(path, json=about)
    assert missing.status_code == 428
    done = await town.clerk.put(path, json=about, headers={"If-Match": '"1"'})
    assert done.status_code == 200, done.text
    assert {**done.json(), **about, "category": done.json()["category"]} == done.json()
    assert (done.json()["category"]["code"], done.json()["version"]) == ("noise", 2)
    assert (await town.clerk.put(path, json=about, headers={"If-Match": '"1"'})).status_code == 412
    unknown = await town.clerk.put(path, json={**about, "project_id": str(uuid4())}, headers={"If-Match": '"2"'})
    assert unknown.status_code == 404
    nobody = await town.clerk.put(path, json={**about, "organisation_id": str(uuid4())}, headers={"If-Match": '"2"'})
    assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (422, "/organisation_id")
    city = await staff("city", town.at)
    firm = {"region_id": str(town.at.id), "name": "城投建设集团", "kind": "contractor"}
    organisation = (await city.post("/v1/organisations", json=firm)).json()["id"]
    linked = await town.clerk.put(path, json={**about, "organisation_id": organisation}, headers={"If-Match": '"2"'})
    assert linked.json()["organisation_id"] == organisation
    assert [line["act"] for line in (await town.get(taken["id"], "/history"))["items"]] == [
        "receive",
        "correct",
        "correct",
    ]


async def test_the_list_as_a_file_tells_nobodys_number(town: Town) -> None:
    said = {"description": f"=HYPERLINK(1) 电话{PHONE}", "contact": {"name": NAME, "phone": PHONE}}
    taken = await town.call(**said)
    await town.call(category="noise", description="夜间施工")
    file = await town.clerk.get("/v1/complaint-list", params={"format": "csv"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [line[0] for line in lines[1:]] == [taken["no"], lines[2][0]]
    assert lines[1][7] == "'=HYPERLINK(1) 电话138******78"
    assert (PHONE in file.text, NAME in file.text) == (False, False)
    narrowed = await town.clerk.get("/v1/complaint-list", params={"format": "csv", "category": "noise"})
    assert len(narrowed.text.splitlines()) == 2
    async with town.database.read() as connection:
        taken_by = await connection.fetch(
            "SELECT region_path, details FROM audit_entry WHERE action = 'complaint.list_exported' AND actor_id = $1 ORDER BY id",
            town.clerk.staff_id,
        )
    asked = {"format": "csv", "mine": False}
    assert [(row["region_path"], row["details"]) for row in taken_by] == [
        (town.at.path, {"complaints": 2, "wanted": asked}),
        (town.at.path, {"complaints": 1, "wanted": {**asked, "category": "noise"}}),
    ]
    book = await town.clerk.get("/v1/complaint-list")
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        held = "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
    assert (taken["no"] in held, PHONE in held, "<f>" in held) == (True, False, False)


async def test_a_neighbours_number_opens_nothing(town: Town, api: httpx.AsyncClient) -> None:
    """Whoever knows it and says the same is not told the code: nobody heard the number from him."""
    contact = {"phone": "13800001234"}
    hers = await town.call(contact=contact)
    at_site = [await api.post("/public/complaints", json=town.said(contact=contact)) for _ in range(2)]
    assert [one.status_code for one in at_site] == [201, 201]
    assert len({hers["code"], *(one.json()["code"] for one in at_site)}) == 3
    assert (await town.call(contact=contact))["id"] == hers["id"], "who answers the telephone hears it"


async def test_what_is_kept_of_answers_is_sealed(town: Town, resident: MakeResident, database: Database) -> None:
    me, key = await resident(), {"Idempotency-Key": "kept-1"}
    told = await me.post("/v1/me/complaints", json=town.said(), headers=key)
    path, added = f"/v1/me/complaints/{told.json()['id']}/add", {"text": "三楼王阿姨家也漏。"}
    more = await me.post(path, json=added, headers={"Idempotency-Key": "kept-2"})
    async with database.read() as connection:
        kept = await connection.fetch("SELECT body FROM idempotent_answer WHERE principal_id = $1", me.resident_id)
    said = [told.json()["code"], told.json()["id"], "楼道漏水", "王阿姨"]
    assert len(kept) == 2
    assert not [word for word in said for row in kept if word.encode() in row["body"]]
    again = await me.post("/v1/me/complaints", json=town.said(), headers=key)
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", told.json())
    assert (await me.post(path, json=added, headers={"Idempotency-Key": "kept-2"})).json() == more.json()


async def test_what_was_asked_is_told_by_no_digest_that_can_be_guessed(
    town: Town, resident: MakeResident, database: Database
) -> None:
    me = await resident()
    key, said = {"Idempotency-Key": "kept-3"}, town.said(contact={"phone": PHONE})
    told = await me.post("/v1/me/complaints", json=said, headers=key)
    plain = hashlib.sha256(b"POST /v1/me/complaints?\n" + told.request.content).hexdigest()
    async with database.begin(SYSTEM) as uow:
        mine = "FROM idempotent_answer WHERE principal_id = $1"
        assert await uow.driver.fetchval(f"SELECT fingerprint {mine}", me.resident_id) != plain
        await uow.driver.execute(
            "UPDATE idempotent_answer SET fingerprint = $2 WHERE principal_id = $1", me.resident_id, plain
        )
    again = await me.post("/v1/me/complaints", json=said, headers=key)
    assert again.json() == told.json(), "as it was kept before"
    other = await me.post("/v1/me/complaints", json=town.said(), headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_a_long_history_fits_the_mini_program_too(
    town: Town, resident: MakeResident, api: httpx.AsyncClient
) -> None:
    me = await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said(description="漏水" * 1000))).json()
    for n in range(12):
        assert (await town.do(taken["id"], "note", {"text": f"{n} " + "修" * 1990, "public": True})).status_code == 200
    assert (await town.do(taken["id"], "reply", {"text": "已修复。"})).status_code == 200
    for page in (
        await me.get(f"/v1/me/complaints/{taken['id']}"),
        await api.get(f"/public/complaints/{taken['code']}"),
    ):
        acts = [line["act"] for line in page.json()["history"]]
        assert acts[:2] == ["reply", "note"], "the latest are there"
        assert 24 * 1024 <= len(page.content) <= 32 * 1024
