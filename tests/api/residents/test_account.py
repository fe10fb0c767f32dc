"""Consents by version; one's own data in one's own hands; an account that ends."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.ownership.desk import Desk, people, person
from tests.api.residents.steps import MakePhone, agree, bound, later, number, properties
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Client
from tests.support.wechat import FakeWeChat

TEXT = {"title_zh": "标题", "title_en": "Title", "body_zh": "内容", "body_en": "Text"}


async def consents(me: Client) -> dict[str, Any]:
    return {text["topic"]: text for text in (await me.get("/v1/me/consents")).json()["items"]}


async def test_without_consent_no_number_is_compared_and_the_other_ways_stay_open(
    desk: Desk, phone: MakePhone, wechat: FakeWeChat
) -> None:
    mobile, me = number(), await phone()
    await desk.property("301", people(person("王伟", mobile)))

    async def try_phone() -> httpx.Response:
        body = {"by": "phone", "phone_code": wechat.phone_code(mobile)}
        return await me.post("/v1/me/properties", json=body)

    for answer in (None, "refused"):
        if answer:
            assert (await agree(me, answer=answer)).status_code == 201
        refused = await try_phone()
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/consent-missing")
        assert refused.json()["topic"] == "phone_matching"
    assert not wechat.calls["getuserphonenumber"]  # nobody's number is asked for without it
    await bound(desk, me, "302", "赵敏")
    await agree(me)
    assert (await try_phone()).status_code == 201
    assert (await agree(me, answer="withdrawn")).status_code == 201
    assert (await try_phone()).status_code == 409
    assert len(await properties(me)) == 2  # what was bound before stays: withdrawing does not reach back


async def test_a_new_version_is_asked_anew_and_what_was_said_to_the_old_is_kept(
    phone: MakePhone, region: MakeRegion, staff: MakeStaff
) -> None:
    me, city = await phone(), await staff("city", await region("city"))
    before = (await consents(me))["privacy"]
    assert before["answer"] is None
    await agree(me, "privacy")
    assert (await consents(me))["privacy"]["answer"] == "given"
    made = await city.post("/v1/consent-texts", json={"topic": "privacy", **TEXT})
    assert (made.status_code, made.json()["number"]) == (201, before["number"] + 1)
    now = (await consents(me))["privacy"]
    assert (now["number"], now["answer"], now["title"]) == (made.json()["number"], None, "标题")
    old = {"topic": "privacy", "number": before["number"], "answer": "given"}
    assert (await me.post("/v1/me/consents", json=old)).json()["type"] == "/problems/consent-text-old"
    kept = (await me.post("/v1/me/export")).json()["consents"]
    assert [(one["topic"], one["number"], one["answer"]) for one in kept] == [("privacy", before["number"], "given")]
    everybody = (await me.get("/public/consent-texts", headers={"Authorization": ""})).json()["items"]
    assert {text["topic"] for text in everybody} == {"privacy", "phone_matching"}
    assert now["body"] in {text["body_zh"] for text in everybody}


async def test_what_was_never_given_is_not_withdrawn_and_the_same_again_adds_nothing(phone: MakePhone) -> None:
    me = await phone()
    assert (await agree(me, answer="withdrawn")).status_code == 404
    for _ in range(2):
        assert (await agree(me)).status_code == 201
    assert len((await me.post("/v1/me/export")).json()["consents"]) == 1


async def test_two_versions_at_once_get_two_numbers(region: MakeRegion, staff: MakeStaff) -> None:
    city = await staff("city", await region("city"))
    answers = await asyncio.gather(
        *(city.post("/v1/consent-texts", json={"topic": "privacy", **TEXT}) for _ in range(4))
    )
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == list(range(numbers[0], numbers[0] + 4))


async def test_export_tells_everything_of_him_and_nothing_of_others(
    desk: Desk, phone: MakePhone, database: Database
) -> None:
    me, other = await phone(), await phone()
    await bound(desk, me)
    theirs = await bound(desk, other, "302", "赵敏")
    body = {"by": "request", "compound_id": desk.compound, "door": "999", "name": "王伟"}
    await me.post("/v1/me/properties", json=body)
    answer = await me.post("/v1/me/export", headers={"Idempotency-Key": "mine"})
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["account"]["id"] == str(me.resident_id)
    assert [one["door_no"] for one in told["bindings"]] == ["301"]
    assert [(one["door"], one["name"]) for one in told["requests"]] == [("999", "王伟")]
    assert len(told["sessions"]) == 1
    assert not [one for one in (theirs["id"], theirs["property_id"], str(other.resident_id)) if one in answer.text]
    async with database.read() as connection:
        assert not await connection.fetchval("SELECT count(*) FROM idempotent_answer WHERE key = 'mine'")


@pytest.fixture
async def erased(desk: Desk, phone: MakePhone, wechat: FakeWeChat, mini_program: FastAPI) -> Client:
    """Somebody who had an account with everything in it."""
    me = await phone()
    await bound(desk, me)
    await agree(me)
    body = {"by": "request", "compound_id": desk.compound, "door": "999", "name": "王伟"}
    await me.post("/v1/me/properties", json=body)
    asked = await me.post("/v1/me/erase", json={})
    assert asked.status_code == 202, asked.text
    assert (await me.post("/v1/me/erase", json={"confirmation": "guess"})).status_code == 409
    assert (await properties(me)) != []
    done = await me.post("/v1/me/erase", json={"confirmation": asked.json()["confirmation"]})
    assert done.status_code == 204, done.text
    return me


async def test_erasure_leaves_a_tombstone(erased: Client, desk: Desk, database: Database) -> None:
    assert (await erased.get("/v1/me")).status_code == 401
    assert (await desk.get(f"{desk.at}/bindings"))["items"] == []
    (request,) = (await desk.get(f"{desk.at}/binding-requests"))["items"]
    assert (request["state"], request["name"]) == ("withdrawn", None)
    async with database.read() as connection:
        row = await connection.fetchrow("SELECT * FROM resident WHERE id = $1", erased.resident_id)
        kept = await connection.fetchval("SELECT count(*) FROM binding WHERE resident_id = $1", erased.resident_id)
        answers = await connection.fetchval(
            "SELECT count(*) FROM consent_answer WHERE resident_id = $1", erased.resident_id
        )
        devices = await connection.fetch("SELECT user_agent FROM session WHERE principal_id = $1", erased.resident_id)
    assert (row["openid"], row["openid_digest"]) == (None, None)
    assert row["erased_at"] is not None
    assert (kept, answers) == (1, 1)
    assert {device["user_agent"] for device in devices} == {""}


async def test_a_repeated_request_erases_nobody_and_a_confirmation_holds_ten_minutes(
    phone: MakePhone, database: Database
) -> None:
    me = await phone()
    first = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    second = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await me.post("/v1/me/erase", json={"confirmation": first})).status_code == 409
    await later(
        database,
        "UPDATE resident SET erase_asked_at = erase_asked_at - $2::interval WHERE id = $1",
        me.resident_id, timedelta(minutes=11),
    )  # fmt: skip
    assert (await me.post("/v1/me/erase", json={"confirmation": second})).status_code == 409
    assert (await me.get("/v1/me")).status_code == 200


async def test_who_comes_back_gets_a_fresh_account(
    mini_program: FastAPI, wechat: FakeWeChat, database: Database
) -> None:
    transport = httpx.ASGITransport(mini_program, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as door:
        ids = []
        for _ in range(2):
            pair = (await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-back")})).json()
            headers = {"Authorization": f"Bearer {pair['access_token']}"}
            ids.append((await door.get("/v1/me", headers=headers)).json()["id"])
            asked = await door.post("/v1/me/erase", json={}, headers=headers)
            body = {"confirmation": asked.json()["confirmation"]}
            assert (await door.post("/v1/me/erase", json=body, headers=headers)).status_code == 204
            refresh = await door.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
            assert refresh.status_code == 401
    assert ids[0] != ids[1]
