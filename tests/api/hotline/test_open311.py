"""Open311 GeoReport v2: what is handed over and read, in both formats, by the schemas of open311/schema-validation."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.core.files.service import ask_about_text
from services.core.hotline import open311_rules
from services.core.hotline.open311_queries import LIST
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.open311 import LEAK, V2, App, MakeApp, coded, complaint_id, conforms, connected, parsed
from tests.api.hotline.town import MakeTown, Town, everything
from tests.api.selection.world import MakeStaff

JUDGED = """
UPDATE content_check SET state = $2::text, look_at = CASE WHEN $2::text = 'pending' THEN now() END WHERE subject_id = $1
"""


@pytest.fixture
def apps(api: httpx.AsyncClient, staff: MakeStaff) -> MakeApp:
    """`await apps(town)` is an app with a key for that community."""

    async def make(town: Town) -> App:
        return await connected(api, await staff("city", town.at), [str(town.at.id)])

    return make


@pytest.fixture
async def sender(town: Town, apps: MakeApp) -> App:
    """An app for the community."""
    return await apps(town)


async def test_discovery_in_both_formats(api: httpx.AsyncClient) -> None:
    told = (await api.get(f"{V2}/discovery.json")).json()
    assert set(told) == {"changeset", "contact", "key_service", "endpoints"}
    (endpoint,) = told["endpoints"]
    assert (endpoint["specification"], endpoint["type"], endpoint["formats"]) == (
        "http://wiki.open311.org/GeoReport_v2", "test", ["text/xml", "application/json"],
    )  # fmt: skip
    assert endpoint["url"].endswith("/open311/v2")
    root = parsed(await api.get(f"{V2}/discovery.xml"))
    assert root.tag == "discovery"
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]
    assert root.findtext("endpoints/endpoint/url") == endpoint["url"]


async def test_services_are_the_categories(api: httpx.AsyncClient) -> None:
    answer = await api.get(f"{V2}/services.json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    conforms("services", answer.json())
    offered = [one["code"] for one in (await api.get("/public/complaint-categories")).json()["items"]]
    assert [one["service_code"] for one in answer.json()] == offered
    leak = next(one for one in answer.json() if one["service_code"] == "leak")
    assert leak == {
        "service_code": "leak", "service_name": "漏水渗水", "description": "工程质量: 漏水渗水", "metadata": False,
        "type": "realtime", "keywords": "漏水渗水, Leaks", "group": "工程质量",
    }  # fmt: skip
    english = (await api.get(f"{V2}/services.json", headers={"Accept-Language": "en"})).json()
    assert next(one for one in english if one["service_code"] == "leak")["service_name"] == "Leaks"
    root = parsed(await api.get(f"{V2}/services.xml"))
    assert [one.findtext("service_code") for one in root.findall("service")] == offered
    assert {one.findtext("metadata") for one in root.findall("service")} == {"false"}


async def test_a_service_has_no_attributes(api: httpx.AsyncClient) -> None:
    told = (await api.get(f"{V2}/services/leak.json")).json()
    conforms("service-definition", told)
    assert told == {"service_code": "leak", "attributes": []}
    root = parsed(await api.get(f"{V2}/services/leak.xml"))
    assert (root.tag, root.findtext("service_code"), len(root.findall("attributes"))) == (
        "service_definition", "leak", 1,
    )  # fmt: skip
    unknown = await api.get(f"{V2}/services/nothing.json")
    assert (unknown.status_code, unknown.json()[0]["code"]) == (404, 404)


async def test_a_request_comes_in_by_the_same_intake(
    sender: App, town: Town, database: Database, api: httpx.AsyncClient
) -> None:
    attributes = {"attribute[WHISPAWN]": "123456", "attribute[COLOURS][]": ["red", "blue"]}
    answer = await sender.send(
        attributes, first_name="小明", last_name="欧阳", phone="13812345678", address_string="3 栋 2 单元 101 室",
        email="ming@example.cn", media_url="https://photos.example.cn/1.jpg", device_id="tt222111",
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    conforms("requests", [{**answer.json()[0], "status": "open", "service_code": "leak", "requested_datetime": "x"}])
    (told,) = answer.json()
    assert set(told) == {"service_request_id", "service_notice", "account_id"}
    case = await complaint_id(database, told["service_request_id"])
    seen = await town.get(case)
    assert (seen["channel"], seen["category"]["code"], seen["anonymous"]) == ("open311", "leak", False)
    assert (seen["place"]["lat"], seen["place"]["lon"], seen["place"]["crs"]) == (28.6629, 115.9098, "wgs84")
    assert (seen["description"], seen["address"]) == (LEAK["description"], "3 栋 2 单元 101 室")
    body = {"purpose": "contact", "fields": ["name", "phone"]}
    revealed = await town.clerk.post(f"/v1/complaints/{case}/reveal", json=body)
    assert revealed.json()["fields"] == {"name": "欧阳小明", "phone": "13812345678"}
    added = [line["text"] for line in (await town.get(case, "/history"))["items"] if line["act"] == "add"]
    assert added == [
        "邮箱 email: ming@example.cn\n图片 media_url: https://photos.example.cn/1.jpg\n"
        "attribute[WHISPAWN]: 123456\nattribute[COLOURS]: red\nattribute[COLOURS]: blue"
    ]
    # With the code of the notice its reporter follows it.
    code = told["service_notice"].partition("查询码 ")[2].partition("，")[0]
    followed = await api.get(f"/public/complaints/{code}")
    assert (followed.status_code, followed.json()["state"]) == (200, "received")
    kept = await everything(database)
    for personal in ("13812345678", "ming@example.cn", "欧阳小明", "tt222111", "101 室", LEAK["description"]):
        assert personal not in kept
    assert sender.key not in kept


async def test_everybody_reads_it_without_who_and_where_exactly(sender: App, town: Town) -> None:
    number = await sender.taken(phone="13812345678", address_string="3 栋 101 室", lat="28.662949", long="115.909751")
    told = await sender.one(number)
    assert told == {
        "service_request_id": number, "status": "open", "status_notes": "已受理", "service_name": "漏水渗水",
        "service_code": "leak", "description": None, "agency_responsible": None, "service_notice": None,
        "requested_datetime": told["requested_datetime"], "updated_datetime": told["requested_datetime"],
        "expected_datetime": None, "address": town.at.name, "address_id": None, "zipcode": None,
        "lat": 28.663, "long": 115.909, "media_url": None,
    }  # fmt: skip
    assert told["requested_datetime"].endswith("+08:00")
    assert datetime.fromisoformat(told["requested_datetime"]).tzinfo is not None
    root = parsed(await sender.api.get(f"{V2}/requests/{number}.xml"))
    (request,) = root.findall("request")
    assert root.tag == "service_requests"
    assert {one.tag: one.text for one in request} == {
        name: None if value is None else str(value) for name, value in told.items()
    }


async def test_its_words_are_read_out_once_they_are_public(sender: App, town: Town, database: Database) -> None:
    number = await sender.taken(description="我家 101 室漏水，请打 13812345678")
    case = await complaint_id(database, number)
    assert (await sender.one(number))["description"] is None
    asked = "楼道 & <b>漏水</b>\n已经三天"
    assert (await town.do(case, "publish", {"question": asked})).status_code == 200
    told = await sender.one(number)
    assert (told["description"], told["status_notes"]) == (asked, "已受理")
    root = parsed(await sender.api.get(f"{V2}/requests/{number}.xml"))
    assert root.findtext("request/description") == asked
    assert (await town.do(case, "reply", {"text": "王师傅 周三上门。"})).status_code == 200
    assert (await town.do(case, "publish", {"question": asked, "answer": "已修复。"})).status_code == 200
    assert (await sender.one(number))["status_notes"] == "已答复: 已修复。"
    assert (await town.do(case, "reopen", {"text": "又漏了。"}, by=sender.manager)).status_code == 200
    assert (await sender.one(number))["status_notes"] == "重新办理"
    assert (await town.do(case, "unpublish")).status_code == 200
    assert (await sender.one(number))["description"] is None


@pytest.mark.parametrize("unfit", ["pending", "review", "refused"])
async def test_of_a_case_whose_contents_did_not_pass_nothing_is_read_out(
    sender: App, town: Town, database: Database, unfit: str
) -> None:
    number = await sender.taken()
    case = await complaint_id(database, number)
    assert (await town.do(case, "publish", {"question": "楼道漏水"})).status_code == 200
    async with database.begin(SYSTEM) as uow:
        await ask_about_text(
            uow,
            resident_id=None,
            text="照片",
            subject_type="complaint",
            subject_id=UUID(case),
            region_path=town.at.path,
        )
        await uow.driver.execute(JUDGED, UUID(case), "passed")
    assert (await sender.one(number))["description"] == "楼道漏水"
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(JUDGED, UUID(case), unfit)
    assert (await sender.one(number))["description"] is None


async def test_words_of_one_that_was_taken_back_are_not_read_out(sender: App, town: Town, database: Database) -> None:
    answer = await sender.send()
    number = answer.json()[0]["service_request_id"]
    case = await complaint_id(database, number)
    assert (await town.do(case, "publish", {"question": "楼道漏水"})).status_code == 200
    assert (await sender.one(number))["description"] == "楼道漏水"
    code = answer.json()[0]["service_notice"].partition("查询码 ")[2].partition("，")[0]
    assert (await sender.api.post(f"/public/complaints/{code}/withdraw", json={})).status_code == 200
    told = await sender.one(number)
    assert (told["status"], told["status_notes"], told["description"]) == ("closed", "已撤回", None)


async def test_the_status_follows_the_case(sender: App, town: Town, database: Database) -> None:
    number = await sender.taken(address_id=town.compound, lat=None, long=None)
    case = await complaint_id(database, number)
    told = await sender.one(number)
    assert (told["address"], told["address_id"], told["lat"]) == ("南岳新村", town.compound, None)
    seen = [(told["status"], told["status_notes"])]
    for act, body in (("contact", {}), ("reply", {"text": "已修复。"}), ("close", None)):
        answer = await town.do(case, act, body)
        assert answer.status_code == 200, answer.text
        told = await sender.one(number)
        seen.append((told["status"], told["status_notes"]))
    assert seen == [("open", "已受理"), ("open", "办理中"), ("open", "已答复"), ("closed", "已办结")]
    assert "已修复" not in str(told), "replies are for the reporter"
    assert datetime.fromisoformat(told["updated_datetime"]) >= datetime.fromisoformat(told["requested_datetime"])
    assert [one["service_request_id"] for one in await sender.listed(service_request_id=number)] == [number]


async def test_the_same_again_within_the_hour_is_one(sender: App, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = await asyncio.gather(*(sender.send() for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len({answer.json()[0]["service_request_id"] for answer in answers}) == 1
    notices = [answer.json()[0]["service_notice"] for answer in answers]
    assert sum(notice is not None for notice in notices) == 1, "equal words alone do not open it"
    number = answers[0].json()[0]["service_request_id"]
    assert len((await town.clerk.get("/v1/complaints")).json()["items"]) == 1
    # An hour later it is the same still, after two it is another.
    told = open311_rules.same_keys
    for hours, same in ((1, True), (2, False)):
        later = timedelta(hours=hours)
        monkeypatch.setattr(open311_rules, "same_keys", lambda by, said, at, later=later: told(by, said, at + later))
        assert ((await sender.send()).json()[0]["service_request_id"] == number) is same


async def test_whatever_else_differs_is_another(town: Town, sender: App, apps: MakeApp) -> None:
    first = await sender.taken()
    others: list[dict[str, Any]] = [
        {"lat": "28.6630"}, {"device_id": "a"}, {"account_id": "a"}, {"phone": "13812345678"}, {"service_code": "noise"},
        {"media_url": "https://example.cn/1.jpg"}, {"address_string": "北门"}, {"attribute[x]": "1"}, {"description": None},
    ]  # fmt: skip
    numbers = [await sender.taken(other) for other in others]
    numbers.append(await (await apps(town)).taken())
    assert len({first, *numbers}) == len(others) + 2


async def test_a_list_by_service_status_and_time(sender: App, town: Town, database: Database) -> None:
    code = await coded(database, town, f"9{uuid4().int % 10**11:011d}")
    leak, noise = await sender.taken(), await sender.taken(service_code="noise")
    old = await sender.taken(description="旧的")
    await town.do(await complaint_id(database, noise), "reject", {"text": "不属于受理范围。"})
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE complaint SET created_at = created_at - interval '91 days' WHERE no = $1", old)

    async def numbers(**query: Any) -> list[str]:
        return [one["service_request_id"] for one in await sender.listed(jurisdiction_id=code, **query)]

    assert await numbers() == [noise, leak], "the newest first, of ninety days"
    assert await numbers(service_code="leak") == [leak]
    assert await numbers(service_code="noise,leak,none") == [noise, leak]
    assert await numbers(service_code=["noise", "leak"]) == [noise, leak]
    assert await numbers(status="open") == [leak]
    assert await numbers(status="closed") == [noise]
    assert await numbers(status="open,closed") == [noise, leak]
    assert await numbers(status="", service_code="", start_date="", end_date="") == [noise, leak]
    made = datetime.fromisoformat((await sender.one(old))["requested_datetime"])
    assert await numbers(start_date=(made - timedelta(days=1)).isoformat()) == [old]
    assert await numbers(end_date=(made + timedelta(days=1)).isoformat()) == [old]
    both = {"start_date": (made - timedelta(days=1)).isoformat(), "end_date": (made + timedelta(seconds=1)).isoformat()}
    assert await numbers(**both) == [old]
    ids = await sender.listed(
        service_request_id=f"{old}, {leak},{leak},none", service_code="noise", status="closed", jurisdiction_id="none"
    )
    assert [one["service_request_id"] for one in ids] == [leak, old], "ids override everything else"


async def test_a_list_holds_a_thousand(sender: App, town: Town, database: Database) -> None:
    code = await coded(database, town, f"9{uuid4().int % 10**11:011d}")
    number = await sender.taken()
    columns = "channel, category, kind, hazard, anonymous, state, region_path, reopened, synthetic, version"
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            f"""INSERT INTO complaint (id, code, no, created_at, {columns})
            SELECT gen_random_uuid(), 'X' || n || c.code::char(10), n || '-' || c.no, c.created_at - n * interval '1 minute',
                   {columns}
            FROM complaint c, generate_series(1, 1050) AS n WHERE c.no = $1""",
            number,
        )
    answer = await sender.api.get(f"{V2}/requests.json", params={"jurisdiction_id": code})
    conforms("requests", answer.json())
    assert len(answer.json()) == 1000
    assert answer.json()[0]["service_request_id"] == number
    root = parsed(await sender.api.get(f"{V2}/requests.xml", params={"jurisdiction_id": code}))
    assert len(root.findall("request")) == 1000
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL enable_seqscan = off")
        lines = await uow.driver.fetch(
            f"EXPLAIN {LIST}", uow.now - timedelta(days=90), uow.now, town.at.path, town.at.path[:-1] + "/", None, None
        )
    assert any("ix_complaint_open311" in line[0] for line in lines), lines


async def test_a_token_is_the_id(sender: App) -> None:
    number = await sender.taken()
    told = await sender.api.get(f"{V2}/tokens/{number}.json")
    assert (told.status_code, told.json()) == (200, [{"service_request_id": number, "token": number}])
    root = parsed(await sender.api.get(f"{V2}/tokens/{number}.xml"))
    assert root.findtext("request/token") == number
    unknown = await sender.api.get(f"{V2}/tokens/none.json")
    assert (unknown.status_code, unknown.json()[0]["code"]) == (404, 404)


async def test_other_channels_are_not_read_out(sender: App, towns: MakeTown, database: Database) -> None:
    other = await towns()
    code = await coded(database, other, f"9{uuid4().int % 10**11:011d}")
    taken = await other.call(contact={"phone": "13812345678"})
    assert await sender.listed(jurisdiction_id=code) == []
    assert await sender.listed(service_request_id=taken["no"]) == []
    for address in ("requests", "tokens"):
        assert (await sender.api.get(f"{V2}/{address}/{taken['no']}.json")).status_code == 404
        assert (await sender.api.get(f"{V2}/{address}/{taken['id']}.json")).status_code == 404


async def test_a_jurisdiction_is_a_region_s_code(
    sender: App, town: Town, towns: MakeTown, database: Database, staff: MakeStaff, api: httpx.AsyncClient
) -> None:
    other = await towns()
    mine, theirs = [await coded(database, one, f"9{uuid4().int % 10**11:011d}") for one in (town, other)]
    number = await sender.taken(jurisdiction_id=mine)
    by_query = await sender.send(query=f"?jurisdiction_id={mine}", description="另一件")
    assert by_query.status_code == 201
    for foreign in (theirs, "none"):
        answer = await sender.send(jurisdiction_id=foreign)
        assert (answer.status_code, answer.json()[0]["code"]) == (404, 404)
    assert len(await sender.listed(jurisdiction_id=mine)) == 2
    assert await sender.listed(jurisdiction_id=theirs) == []
    for address in ("services", "services/leak", "requests", f"requests/{number}", f"tokens/{number}"):
        unknown = await api.get(f"{V2}/{address}.json", params={"jurisdiction_id": "none"})
        assert unknown.status_code == 404, address
        empty = await api.get(f"{V2}/{address}.json", params={"jurisdiction_id": ""})
        assert empty.status_code == 200, address
    outside = await sender.send(address_id=other.compound)
    assert outside.status_code == 404, "somebody else's compound"
    # A key for two regions has to say which, unless the compound tells.
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "INSERT INTO role_grant (id, principal_kind, principal_id, role, region_id, region_path, given_at)"
            " VALUES (gen_random_uuid(), 'client', $1, 'department', $2, $3, now())",
            UUID(sender.client_id), other.at.id, other.at.path,
        )  # fmt: skip
    unsaid = await sender.send(description="不知何处")
    assert (unsaid.status_code, unsaid.json()[0]["description"].partition(":")[0]) == (400, "jurisdiction_id")
    assert (await sender.send(jurisdiction_id=theirs, description="那边")).status_code == 201
    assert (await sender.send(address_id=other.compound, description="小区里")).status_code == 201
    beside = await sender.send(address_id=other.compound, jurisdiction_id=mine)
    assert beside.status_code == 404, "the compound lies in the other"


async def test_without_a_good_key_nothing_is_taken(sender: App, town: Town, apps: MakeApp, database: Database) -> None:
    for key in (None, "", "jgk_wrong", "x\0y", "ключ"):
        answer = await sender.send(api_key=key)
        assert (answer.status_code, answer.json()[0]["code"]) == (403, 403), key
    xml = parsed(await sender.send(api_key="jgk_wrong", form="xml"))
    assert (xml.tag, xml.findtext("error/code")) == ("errors", "403")
    assert (await sender.send(api_key=town.clerk.token)).status_code == 403, "a token is no key"
    revoked = await sender.manager.post(
        f"/v1/clients/{sender.client_id}/keys/{sender.key_id}/revoke", headers={"If-Match": '"2"'}
    )
    assert revoked.status_code == 200
    assert (await sender.send()).status_code == 403
    ended = await apps(town)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE role_grant SET ended_at = now() WHERE principal_id = $1", UUID(ended.client_id)
        )
    assert (await ended.send()).status_code == 403, "a client that may take in nothing any more"
    assert (await town.clerk.get("/v1/complaints")).json()["items"] == []


async def test_a_rotated_key_goes_on(sender: App) -> None:
    number = await sender.taken()
    made = await sender.manager.post(f"/v1/clients/{sender.client_id}/keys", headers={"If-Match": '"2"'})
    sender.key, old = made.json()["api_key"], sender.key
    again = await sender.send()
    assert (again.status_code, again.json()[0]["service_request_id"]) == (200, number)
    assert (await sender.send(api_key=old)).status_code == 200
    shown = (await sender.manager.get(f"/v1/clients/{sender.client_id}/keys")).json()["items"]
    assert [one["used_on"] is not None for one in shown] == [True, True]


async def test_a_key_has_so_many_a_minute(sender: App, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.open311, "per_minute", 2)
    answers = [await sender.send() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 400]
    assert answers[2].json()[0]["code"] == 429
    assert int(answers[2].headers["retry-after"]) <= 60
