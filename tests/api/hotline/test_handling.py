"""Complaints are handled by the table and by nothing else; what is told stands as it was told."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.core.hotline import rules
from services.core.hotline.rules import Act, By, State
from services.core.hotline.titles import ACT_TITLES, STATE_TITLES
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.offices import open_offices
from tests.api.hotline.town import MakeTown, Town
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]


async def test_answered_then_closed(town: Town, resident: MakeResident) -> None:
    me = await resident()
    complaint_id = (await me.post("/v1/me/complaints", json=town.said())).json()["id"]
    early = await town.do(complaint_id, "close")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/complaint-act-not-allowed")
    assert (early.json()["state"], "reply" in early.json()["allowed"], "close" in early.json()["allowed"]) == (
        "received", True, False,
    )  # fmt: skip
    assert (await town.do(complaint_id, "note", {"text": "已派人查看。"})).status_code == 200
    assert (await town.do(complaint_id, "note", {"text": "明日维修。", "public": True})).status_code == 200
    answered = await town.do(complaint_id, "reply", {"text": "屋面已修复，请查看。"})
    assert (answered.status_code, answered.json()["state"]) == (200, "answered")
    assert answered.json()["answered_at"] is not None
    closed = await town.do(complaint_id, "close")
    assert (closed.json()["state"], closed.json()["next"]) == ("closed", ["reopen", "note", "rate", "call_back"])
    own = (await me.get(f"/v1/me/complaints/{complaint_id}")).json()
    assert [(line["act"], line["text"]) for line in own["history"]] == [
        ("close", None), ("reply", "屋面已修复，请查看。"), ("note", "明日维修。"), ("receive", None),
    ]  # fmt: skip
    assert str(town.clerk.staff_id) not in str(own), "who handled it is not the reporter's to know"
    full = (await town.get(complaint_id, "/history"))["items"]
    assert [line["act"] for line in full] == ["receive", "note", "note", "reply", "close"]
    assert full[1]["actor_id"] == str(town.clerk.staff_id)


async def test_every_write_wants_the_version_that_was_read(town: Town) -> None:
    complaint_id = (await town.call())["id"]
    path = f"/v1/complaints/{complaint_id}/reject"
    body = {"text": "不属于受理范围。"}
    assert (await town.clerk.post(path, json=body)).status_code == 428
    assert (await town.clerk.post(path, json=body, headers={"If-Match": '"9"'})).status_code == 412
    assert (await town.clerk.post(path, json=body, headers={"If-Match": '"1"'})).status_code == 200


async def test_staffs_own_words_hold_no_number(town: Town) -> None:
    complaint_id = (await town.call())["id"]
    for act in ("note", "reply", "reject"):
        answer = await town.do(complaint_id, act, {"text": "请联系 13812345678"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/text")


async def test_a_reply_by_template_is_shown_before_it_is_sent(town: Town, staff: MakeStaff, towns: MakeTown) -> None:
    office = await staff("street", town.at)
    body = {"region_id": str(town.at.id), "title": "已修复", "body": "{no} 已于 {today} 由 {crew} 修复。"}
    made = await office.post("/v1/reply-templates", json=body)
    assert made.status_code == 201, made.text
    template = made.json()["id"]
    assert [one["id"] for one in (await town.clerk.get("/v1/reply-templates")).json()["items"]] == [template]
    taken = await town.call()
    path = f"/v1/complaints/{taken['id']}/reply"
    first = {"If-Match": '"1"'}
    shown = await town.clerk.post(f"{path}?preview=true", json={"template_id": template}, headers=first)
    assert shown.json()["missing"] == ["crew"]
    assert shown.json()["text"].startswith(taken["no"])
    gap = await town.clerk.post(path, json={"template_id": template}, headers=first)
    assert (gap.status_code, gap.json()["errors"][0]["pointer"]) == (422, "/fill/crew")
    filled = {"template_id": template, "fill": {"crew": "城建公司"}}
    shown = await town.clerk.post(f"{path}?preview=true", json=filled, headers=first)
    assert (await town.get(taken["id"]))["state"] == "received", "a preview sends nothing"
    sent = await town.clerk.post(path, json=filled, headers=first)
    assert sent.status_code == 200, sent.text
    told = shown.json()["text"]
    new = {"title": "已修复", "body": "改了。", "retired": True}
    assert (await office.put(f"/v1/reply-templates/{template}", json=new, headers=first)).status_code == 200
    history = (await town.get(taken["id"], "/history"))["items"]
    assert history[-1]["text"] == told, "what was sent stays"
    again = await town.do(taken["id"], "reply", filled)
    assert again.status_code == 404, "a retired one is used no more"
    elsewhere = await towns()
    assert (await elsewhere.clerk.get("/v1/reply-templates")).json()["items"] == []
    other = (await elsewhere.call())["id"]
    assert (await elsewhere.do(other, "reply", filled)).status_code == 404


async def test_photographs_of_a_reply_are_the_senders_own(town: Town) -> None:
    complaint_id = (await town.call())["id"]
    answer = await town.do(complaint_id, "reply", {"text": "已修复。", "files": [str(uuid4())]})
    assert answer.status_code == 404
    assert (await town.get(complaint_id))["state"] == "received"


async def test_a_reporter_adds_and_takes_back(town: Town, resident: MakeResident) -> None:
    me, stranger = await resident(), await resident()
    complaint_id = (await me.post("/v1/me/complaints", json=town.said())).json()["id"]
    path = f"/v1/me/complaints/{complaint_id}"
    assert (await stranger.post(f"{path}/add", json={"text": "我也是"})).status_code == 404
    assert (await stranger.post(f"{path}/withdraw", json={})).status_code == 404
    added = await me.post(f"{path}/add", json={"text": "今天更严重了，电话 13812345678"})
    assert (added.status_code, added.json()["history"][0]["text"]) == (200, "今天更严重了，电话 13812345678")
    (line,) = [one for one in (await town.get(complaint_id, "/history"))["items"] if one["act"] == "add"]
    assert (line["text"], line["actor_id"]) == ("今天更严重了，电话 138******78", None)
    foreign = await me.post(f"{path}/add", json={"text": "照片", "files": [str(uuid4())]})
    assert foreign.status_code == 404, "a photograph of somebody else's"
    done = await me.post(f"{path}/withdraw", json={"text": "已自行修好"})
    assert (done.json()["state"], done.json()["next"]) == ("withdrawn", [])
    assert (await me.post(f"{path}/withdraw", json={})).status_code == 409
    assert (await town.do(complaint_id, "reply", {"text": "已修复。"})).status_code == 409
    told = await town.events(complaint_id)
    assert [one["kind"] for one in told] == ["complaint.received"] + ["complaint.reporter_acted"] * 2
    assert {one["actor_id"] for one in told} == {None}


async def test_a_code_does_the_same_without_an_account(town: Town, api: httpx.AsyncClient) -> None:
    taken = (await api.post("/public/complaints", json=town.said())).json()
    path = f"/public/complaints/{taken['code']}"
    added = await api.post(f"{path}/add", json={"text": "在 3 单元门口"})
    assert added.status_code == 200, added.text
    assert "3 单元门口" not in added.text
    assert "3 单元门口" in str(await town.get(taken["id"], "/history"))
    await town.do(taken["id"], "reply", {"text": "已修复。"})
    seen = await api.get(path)
    assert [(one["act"], one["text"]) for one in seen.json()["history"]][:2] == [("reply", "已修复。"), ("add", None)]
    assert (await api.post(f"{path}/withdraw", json={})).json()["state"] == "withdrawn"
    wrong = f"/public/complaints/{rules.printed(rules.new_code())}"
    assert (await api.post(f"{wrong}/withdraw", json={})).status_code == 404
    assert (await api.post(f"{wrong}/add", json={"text": "x"})).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE complaint_entry SET text = 'x'",
        "UPDATE complaint_entry SET text_sealed = '\\x01'",
        "DELETE FROM complaint_entry",
    ],
)
async def test_history_does_not_change(town: Town, database: Database, change: str) -> None:
    complaint_id = UUID((await town.call())["id"])
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        async with database.begin(SYSTEM) as uow:
            await uow.driver.execute(f"{change} WHERE complaint_id = $1", complaint_id)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE complaint_entry SET text_sealed = NULL WHERE complaint_id = $1", complaint_id)


async def test_the_table_is_published_with_titles(api: httpx.AsyncClient) -> None:
    told: dict[str, Any] = (await api.get("/public/complaint-transitions")).json()
    assert set(told["states"]) == set(State) == set(STATE_TITLES)
    assert set(told["acts"]) == set(Act) == set(ACT_TITLES)
    assert {one["act"] for one in told["transitions"]} == set(Act) - {Act.RECEIVE}
    reply = next(one for one in told["transitions"] if one["act"] == "reply")
    assert (reply["to"], reply["text_needed"], reply["by"]) == ("answered", True, ["staff"])


def test_nothing_is_a_dead_end_but_an_end() -> None:
    """From every state somebody gets on, or it is over; what is over is opened again by nothing but `reopen` and `unmerge`."""
    over = {State.WITHDRAWN, State.REJECTED}
    for state in State:
        moves = {one.act for one in rules.TRANSITIONS if state in one.source and one.target not in {None, state}}
        assert bool(moves) != (state in over), state
    assert set(rules.allowed(State.CLOSED, By.REPORTER)) == {Act.REOPEN, Act.RATE}
    leading = {one.target for one in rules.TRANSITIONS}
    assert set(State) - leading == set(), "every state is reached"


async def test_categories_are_data(staff: MakeStaff, town: Town, api: httpx.AsyncClient) -> None:
    city = await staff("city", town.at)
    code = f"c{uuid4().hex[:12]}"
    body = {
        "code": code, "parent": "facilities", "title_zh": "井盖", "title_en": "Manhole covers", "kind": "urgent",
        "hazard": True, "anonymous": True,
    }  # fmt: skip
    made = await city.post("/v1/complaint-categories", json=body)
    assert made.status_code == 201, made.text
    assert (await city.post("/v1/complaint-categories", json=body)).status_code == 409
    nested = await city.post("/v1/complaint-categories", json={**body, "code": f"{code}x", "parent": code})
    assert (nested.status_code, nested.json()["errors"][0]["pointer"]) == (422, "/parent")
    taken = await town.call(category=code)
    assert (await town.get(taken["id"]))["hazard"] is True
    shorter = {name: body[name] for name in ("title_zh", "title_en", "kind", "hazard", "anonymous")}
    path = f"/v1/complaint-categories/{code}"
    retired = await city.put(path, json={**shorter, "retired": True}, headers={"If-Match": '"1"'})
    assert (retired.status_code, retired.json()["version"]) == (200, 2)
    assert (await city.put(path, json=shorter, headers={"If-Match": '"1"'})).status_code == 412
    assert code not in (await api.get("/public/complaint-categories")).text
    assert (await town.clerk.post("/v1/complaints", json=town.said(category=code))).status_code == 422
    assert (await town.get(taken["id"]))["category"]["code"] == code, "what has it keeps it"


async def test_the_desk_that_leads_stops_puts_off_and_answers(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    offices = await open_offices(await region("county"), database, staff)
    await offices.rule("城建办", "供水公司")
    case = await offices.call()
    lead, other = offices.desks["城建办"].staff, offices.desks["供水公司"].staff
    said, paper = {"text": "已修复。"}, {"reason": "waiting_for_citizen", "document": "补正通知书"}
    for act, body in (("reply", said), ("pause", paper), ("extend", {"days": 20, "reason": "雨停后施工"})):
        for who in (other, offices.clerk):
            refused = await offices.act(case, act, body, by=who)
            assert refused.json()["type"] == "/problems/desk-not-on-duty", act
    other_case = await offices.call(category="noise", description="夜间施工")
    for name, shown in (("城建办", [case]), ("供水公司", [case])):
        listed = await offices.clerk.get("/v1/complaints", params={"desk_id": offices.desks[name].id})
        assert [one["id"] for one in listed.json()["items"]] == shown
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE clock SET due_at = now() - interval '1 hour' WHERE subject_id = $1", UUID(case)
        )
    for late, shown in ((True, [case]), (False, [other_case])):
        listed = await offices.clerk.get("/v1/complaints", params={"overdue": late})
        assert [one["id"] for one in listed.json()["items"]] == shown
    answered = await offices.act(case, "reply", said, by=lead)
    assert (answered.status_code, answered.json()["state"]) == (200, "answered")
    line = (await offices.get(case, "/history"))["items"][-1]
    assert (line["act"], line["desk_id"]) == ("reply", offices.desks["城建办"].id)
    assert (await offices.assignments(case))["城建办"]["state"] == "done"
    again = await offices.act(case, "reopen", {"text": "又漏了。"}, by=offices.clerk)
    assert again.status_code == 200, again.text
    assert (await offices.get(case))["state"] == "assigned"
