"""Cases at desks: routed in the transaction of their intake, signed in, sent back, arbitrated; the first promise stands."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.core.clocks import recomputing
from services.core.clocks import service as clocks
from services.core.kit.calendar import WorkCalendar
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.offices import Offices
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]
REFUSAL = {"ground": "not_our_duty", "text": "属于供水公司职责。"}


async def test_a_complaint_goes_to_its_desks_as_it_comes_in(offices: Offices) -> None:
    rule = await offices.rule("城建办", "供水公司", "街道")
    case = await offices.call()
    seen = await offices.get(case)
    assert (seen["state"], seen["first_promise_at"] is not None) == ("assigned", True)
    found = await offices.assignments(case)
    assert {name: (one["part"], one["rule_id"], one["rule_number"]) for name, one in found.items()} == {
        "城建办": ("lead", rule, 1),
        "供水公司": ("co", rule, 1),
        "街道": ("co", rule, 1),
    }
    clocks = {name: {one["kind"] for one in assignment["clocks"]} for name, assignment in found.items()}
    assert clocks == {"城建办": {"sign_in"}, "供水公司": {"sign_in", "reply"}, "街道": {"sign_in", "reply"}}
    own = await offices.clocks(case)
    assert {kind: clock["state"] for kind, clock in own.items()} == {"contact": "running", "reply": "running"}
    for name in ("供水公司", "街道"):
        theirs = await offices.clocks(found[name]["id"])
        assert (theirs["reply"]["due_at"], theirs["reply"]["started_at"]) == (
            own["reply"]["due_at"],
            own["reply"]["started_at"],
        )
    history = (await offices.get(case, "/history"))["items"]
    assert [(line["act"], line["state"], line["actor_kind"], line["actor_id"]) for line in history[1:]] == [
        ("assign", "assigned", "system", None)
    ] * 3


async def test_without_a_rule_it_waits_for_the_dispatcher(offices: Offices) -> None:
    case = await offices.call()
    assert (await offices.get(case))["state"] == "received"
    desk = await offices.desk("城建办")
    sent = await offices.act(case, "assign", {"desk_id": desk.id, "text": "请尽快查看。"}, by=offices.clerk)
    assert (sent.status_code, sent.json()["state"]) == (200, "assigned"), sent.text
    one = (await offices.assignments(case))["城建办"]
    assert (one["rule_id"], one["assigned_by"]) == (None, str(offices.clerk.staff_id))


async def test_who_is_not_on_duty_does_nothing_at_a_desk(offices: Offices) -> None:
    await offices.rule("城建办", "供水公司")
    case = await offices.call()
    other = (await offices.desk("供水公司")).staff
    for act, body in (("sign-in", None), ("refuse", REFUSAL), ("finish", {"text": "完成"})):
        answer = await offices.at_desk(case, "城建办", act, body, by=other)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/desk-not-on-duty"), act
    spoken = await other.post(f"/v1/complaints/{case}/contact", json={})
    assert spoken.json()["type"] == "/problems/desk-not-on-duty"
    assert (await offices.get(case))["state"] == "assigned"


async def test_a_case_over_three_departments(offices: Offices) -> None:
    await offices.rule("城建办", "供水公司", "街道")
    case = await offices.call()
    lead = offices.desks["城建办"].staff
    for name in offices.desks:
        answer = await offices.at_desk(case, name, "sign-in")
        assert answer.status_code == 200, answer.text
    assert (await offices.get(case))["state"] == "signed_in"
    twice = await offices.at_desk(case, "城建办", "sign-in")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/assignment-not-live")
    spoken = await lead.post(f"/v1/complaints/{case}/contact", json={"text": "已电话联系，约明日上门。"})
    assert (spoken.status_code, spoken.json()["state"]) == (200, "in_progress")
    assert (await offices.clocks(case))["contact"]["state"] == "met"
    done = await offices.at_desk(case, "供水公司", "finish", {"text": "总阀已修复。"})
    assert done.status_code == 200, done.text
    found = await offices.assignments(case)
    assert {name: one["state"] for name, one in found.items()} == {
        "城建办": "signed_in",
        "供水公司": "done",
        "街道": "signed_in",
    }
    clocks = await offices.clocks(found["供水公司"]["id"])
    assert {kind: one["state"] for kind, one in clocks.items()} == {"sign_in": "met", "reply": "met"}
    assert (await offices.clocks(found["街道"]["id"]))["reply"]["state"] == "running"
    leading = await offices.at_desk(case, "城建办", "finish", {"text": "完成"})
    assert leading.json()["type"] == "/problems/assignment-not-live"


async def test_ping_pong_ends_at_the_arbiter_and_the_first_promise_stands(offices: Offices) -> None:
    await offices.rule("城建办")
    case = await offices.call()
    promise = (await offices.get(case))["first_promise_at"]
    due = (await offices.clocks(case))["reply"]["due_at"]
    for name, other in (("城建办", "供水公司"), ("供水公司", "街道")):
        sent_back = await offices.at_desk(case, name, "refuse", REFUSAL)
        assert (sent_back.status_code, sent_back.json()["state"]) == (200, "received"), sent_back.text
        waiting = (await offices.arbiter.get("/v1/refusals")).json()["items"]
        assert [(one["complaint_id"], one["desk_title"]) for one in waiting] == [(case, name)]
        if name == "城建办":
            there = await offices.desk(other)
            moved = await offices.act(case, "assign", {"desk_id": there.id}, by=offices.clerk)
            assert moved.status_code == 200, moved.text
    # Twice is enough: no dispatcher sends it any more.
    third = await offices.desk("街道")
    refused = await offices.act(case, "assign", {"desk_id": third.id}, by=offices.clerk)
    assert (refused.status_code, refused.json()["type"], refused.json()["refusals"]) == (
        409,
        "/problems/arbiter-decides",
        2,
    )
    settled = await offices.at_desk(
        case, "供水公司", "arbitrate", {"desk_id": third.id, "text": "由街道牵头。"}, by=offices.arbiter
    )
    assert (settled.status_code, settled.json()["state"]) == (200, "assigned"), settled.text
    again = await offices.at_desk(case, "街道", "refuse", REFUSAL)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/assignment-binding")
    assert (await offices.get(case))["first_promise_at"] == promise
    assert (await offices.clocks(case))["reply"]["due_at"] == due
    assert (await offices.arbiter.get("/v1/refusals")).json()["items"] == []
    decided = (await offices.assignments(case))["供水公司"]["refusal"]
    assert (decided["decision"], decided["decision_text"]) == ("rerouted", "由街道牵头。")


async def test_the_arbiter_sends_it_back_to_stay(offices: Offices) -> None:
    await offices.rule("城建办")
    case = await offices.call()
    await offices.at_desk(case, "城建办", "sign-in")
    await offices.at_desk(case, "城建办", "refuse", REFUSAL)
    nobody = await offices.at_desk(case, "城建办", "sign-in")
    assert nobody.json()["type"] == "/problems/assignment-not-live"
    back = await offices.at_desk(case, "城建办", "arbitrate", {"text": "属城建办职责。"}, by=offices.arbiter)
    assert (back.status_code, back.json()["state"]) == (200, "assigned"), back.text
    one = (await offices.assignments(case))["城建办"]
    assert (one["state"], one["binding"], one["refusal"]["decision"]) == ("assigned", True, "sent_back")
    assert [clock["state"] for clock in one["clocks"]] == ["met", "running"]
    again = await offices.at_desk(case, "城建办", "refuse", REFUSAL)
    assert again.json()["type"] == "/problems/assignment-binding"
    late = await offices.at_desk(case, "城建办", "arbitrate", {"text": "再议"}, by=offices.arbiter)
    assert late.json()["type"] == "/problems/assignment-not-live"


async def test_nobody_of_the_desk_decides_about_its_own_refusal(offices: Offices) -> None:
    await offices.rule("城建办")
    desk = await offices.desk("城建办")
    for who in (offices.arbiter, offices.clerk):
        put = await offices.clerk.post(f"/v1/desks/{desk.id}/members", json={"staff_id": str(who.staff_id)})
        assert put.status_code == 201, put.text
    case = await offices.call()
    await offices.at_desk(case, "城建办", "refuse", REFUSAL, by=offices.arbiter)
    own = await offices.at_desk(case, "城建办", "arbitrate", {"text": "退回"}, by=offices.arbiter)
    assert (own.status_code, own.json()["type"]) == (409, "/problems/arbiter-involved")
    other = await offices.desk("街道")
    sent = await offices.act(case, "assign", {"desk_id": other.id}, by=offices.clerk)
    assert sent.json()["type"] == "/problems/arbiter-involved"


async def test_after_the_time_for_it_nothing_is_sent_back(offices: Offices, database: Database) -> None:
    await offices.rule("城建办")
    case = await offices.call()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE assignment SET assigned_at = now() - interval '30 days' WHERE complaint_id = $1", case
        )
    late = await offices.at_desk(case, "城建办", "refuse", REFUSAL)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/assignment-refused-too-late")


async def test_how_long_and_how_often_a_case_is_sent_back_is_the_policys(offices: Offices, database: Database) -> None:
    clocks = "clocks: {complaint: {reply: {days: 13, unit: workday}}}"
    await offices.govern(f"{clocks}, refuse: {{within: {{hours: 4}}, times: 1}}")
    await offices.rule("城建办")
    case, late = await offices.call(), await offices.call(description="另一处漏水")
    async with database.begin(SYSTEM) as uow:
        for complaint_id, minutes in ((case, 239), (late, 241)):
            await uow.driver.execute(
                "UPDATE assignment SET assigned_at = assigned_at - make_interval(mins => $2) WHERE complaint_id = $1",
                UUID(complaint_id),
                minutes,
            )
    refused = await offices.at_desk(late, "城建办", "refuse", REFUSAL)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/assignment-refused-too-late")
    assert (await offices.at_desk(case, "城建办", "refuse", REFUSAL)).status_code == 200
    other = await offices.desk("供水公司")
    sent = await offices.act(case, "assign", {"desk_id": other.id}, by=offices.clerk)
    assert (sent.status_code, sent.json()["type"]) == (409, "/problems/arbiter-decides"), "once is enough here"


async def test_a_desk_that_takes_part_sends_its_part_back_alone(offices: Offices) -> None:
    await offices.rule("城建办", "供水公司")
    case = await offices.call()
    back = await offices.at_desk(case, "供水公司", "refuse", REFUSAL)
    assert (back.status_code, back.json()["state"]) == (200, "assigned")
    other = await offices.desk("排水公司")
    settled = await offices.at_desk(
        case, "供水公司", "arbitrate", {"desk_id": other.id, "text": "由排水公司协办。"}, by=offices.arbiter
    )
    assert settled.status_code == 200, settled.text
    found = await offices.assignments(case)
    assert {name: (one["part"], one["state"]) for name, one in found.items()} == {
        "城建办": ("lead", "assigned"),
        "供水公司": ("co", "ended"),
        "排水公司": ("co", "assigned"),
    }
    assert (await offices.clocks(found["供水公司"]["id"]))["reply"]["state"] == "cancelled"


async def test_a_desk_that_takes_part_stops_and_puts_off_its_own_clock(offices: Offices, database: Database) -> None:
    await offices.rule("城建办", "供水公司")
    case = await offices.call()
    part = (await offices.assignments(case))["供水公司"]["id"]

    async def reply(subject_id: str) -> tuple[str, datetime]:
        clock = (await offices.clocks(subject_id))["reply"]
        return clock["state"], clock["due_at"]

    async def queued() -> datetime:
        async with database.read() as connection:
            at: datetime = await connection.fetchval("SELECT queue_at FROM assignment WHERE id = $1", UUID(part))
        return at

    promised, own = await reply(case), await reply(part)
    paper = {"reason": "weather", "document": "气象预警 2026-7"}
    stranger = await offices.at_desk(case, "供水公司", "pause", paper, by=offices.desks["城建办"].staff)
    assert (stranger.status_code, stranger.json()["type"]) == (409, "/problems/desk-not-on-duty")
    lead = await offices.at_desk(case, "城建办", "pause", paper)
    assert (lead.status_code, lead.json()["type"]) == (409, "/problems/assignment-not-live"), (
        "that is the case's own clock"
    )
    assert (await offices.at_desk(case, "供水公司", "pause", paper)).status_code == 200
    assert (await reply(part))[0] == "paused"
    assert (await queued()).year == 9999, "what stands still comes last in its list"
    assert (await offices.get(case))["state"] == "assigned", "the case goes on"
    assert (await offices.at_desk(case, "供水公司", "resume")).status_code == 200
    assert (await reply(part), await queued()) == (own, own[1]), "no day ended meanwhile"
    ask = {"days": 15, "reason": "须开挖路面。"}
    assert (await offices.at_desk(case, "供水公司", "extend", ask)).status_code == 201
    alone = await offices.at_desk(case, "供水公司", "decide-extension", {"approve": True})
    assert alone.status_code == 403, "who handles it does not grant it"
    granted = await offices.at_desk(case, "供水公司", "decide-extension", {"approve": True}, by=offices.arbiter)
    assert granted.status_code == 200, granted.text
    state, due = await reply(part)
    assert (state, due > own[1], await queued()) == ("running", True, due)
    assert await reply(case) == promised, "the reporter's promise stands"
    again = await offices.at_desk(case, "供水公司", "decide-extension", {"approve": True}, by=offices.arbiter)
    assert again.json()["type"] == "/problems/complaint-extension-not-asked"
    lines = [(one["act"], one["public"]) for one in (await offices.get(case, "/history"))["items"]]
    assert lines[-4:] == [("pause", False), ("resume", False), ("extend", False), ("extend", False)]


async def test_a_desk_of_elsewhere_or_without_handling_gets_nothing(
    offices: Offices, region: MakeRegion, staff: MakeStaff
) -> None:
    case = await offices.call()
    below = await offices.desk("别的街道", await region("street", offices.at))
    body = {"region_id": str(offices.at.id), "title": "督办", "role": "supervision"}
    supervising = (await offices.clerk.post("/v1/desks", json=body)).json()["id"]
    own = (await offices.desk("城建办")).id
    for desk_id, co, pointer in (
        (below.id, [], "/desk_id"),
        (supervising, [], "/desk_id"),
        (own, [own], "/co_desk_ids/0"),
        (case, [], "/desk_id"),
    ):
        answer = await offices.act(case, "assign", {"desk_id": desk_id, "co_desk_ids": co}, by=offices.clerk)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


async def test_two_who_send_it_at_once_do_not_both(offices: Offices) -> None:
    case = await offices.call()
    desks = [await offices.desk("城建办"), await offices.desk("街道")]
    answers = await asyncio.gather(
        *(
            offices.clerk.post(f"/v1/complaints/{case}/assign", json={"desk_id": desk.id}, headers={"If-Match": '"1"'})
            for desk in desks
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 412]
    assert len(await offices.assignments(case)) == 1


async def test_a_desk_is_closed_when_it_has_nothing_left_to_do(offices: Offices) -> None:
    case, desk, other = await offices.call(), await offices.desk("城建办"), await offices.desk("街道")
    await offices.act(case, "assign", {"desk_id": desk.id}, by=offices.clerk)
    closing = f"/v1/desks/{desk.id}/close"
    kept = await offices.clerk.post(closing, headers={"If-Match": '"1"'})
    assert (kept.status_code, kept.json()["type"], kept.json()["cases"]) == (409, "/problems/desk-has-cases", 1)
    await offices.act(case, "assign", {"desk_id": other.id}, by=offices.clerk)
    assert (await offices.clerk.post(closing, headers={"If-Match": '"1"'})).status_code == 200


async def test_three_departments_with_a_pause_and_an_extension(offices: Offices) -> None:
    """The leading desk's pause and extension are of the reporter's promise; those that take part keep their own limits."""
    await offices.rule("城建办", "供水公司", "街道")
    case = await offices.call()
    lead, water = offices.desks["城建办"], offices.desks["供水公司"]
    parts = {name: one["id"] for name, one in (await offices.assignments(case)).items()}
    theirs = (await offices.clocks(parts["供水公司"]))["reply"]["due_at"]
    before = (await offices.clocks(case))["reply"]["due_at"]

    stop = {"reason": "waiting_for_citizen", "document": "居民补充材料通知"}
    refused = await offices.act(case, "pause", stop, by=water.staff)
    assert refused.json()["type"] == "/problems/desk-not-on-duty"
    paused = await offices.act(case, "pause", stop, by=lead.staff)
    assert (paused.status_code, paused.json()["state"]) == (200, "waiting"), paused.text
    (mine,) = (await lead.staff.get(f"/v1/desks/{lead.id}/complaints")).json()["items"]
    assert (mine["paused"], mine["due_at"]) == (True, None)
    (part,) = (await water.staff.get(f"/v1/desks/{water.id}/complaints")).json()["items"]
    assert (part["paused"], datetime.fromisoformat(part["due_at"])) == (False, theirs)
    resumed = await offices.act(case, "resume", by=lead.staff)
    assert (resumed.status_code, resumed.json()["state"]) == (200, "in_progress"), resumed.text

    asked = await offices.act(case, "extend", {"days": 20, "reason": "需更换总阀，等待配件。"}, by=lead.staff)
    assert asked.status_code == 201, asked.text
    granted = await offices.arbiter.post(f"/v1/complaints/{case}/decide-extension", json={"approve": True})
    assert granted.status_code == 200, granted.text
    after = (await offices.clocks(case))["reply"]["due_at"]
    assert after > before
    (mine,) = (await lead.staff.get(f"/v1/desks/{lead.id}/complaints")).json()["items"]
    assert datetime.fromisoformat(mine["due_at"]) == after
    assert (await offices.clocks(parts["供水公司"]))["reply"]["due_at"] == theirs

    for name in ("供水公司", "街道"):
        done = await offices.at_desk(case, name, "finish", {"text": "本单位部分已完成。"})
        assert done.status_code == 200, done.text
    answered = await offices.act(case, "reply", {"text": "已更换总阀。"}, by=lead.staff)
    assert answered.status_code == 200, answered.text
    assert {one["state"] for one in (await offices.assignments(case)).values()} == {"done"}
    assert {one["state"] for one in (await offices.clocks(case)).values()} == {"met"}


async def test_a_new_calendar_gives_way_to_whoever_handles_a_case(offices: Offices, database: Database) -> None:
    """He holds the part of his desk and wants the clock; the calendar's job holds the clock and wants the part, by its trigger."""
    await offices.rule("城建办")
    complaint_id = UUID(await offices.call())
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE clock SET provisional = true, calendar = 'of yesterday', days = 14 WHERE subject_id = $1 AND kind = 'reply'",
            complaint_id,
        )

    async def recompute() -> None:
        async with database.begin(SYSTEM) as uow:
            await recomputing.recompute(uow, calendar=WorkCalendar.default())

    async with database.begin(SYSTEM) as handling:
        await handling.driver.execute("UPDATE assignment SET binding = true WHERE complaint_id = $1", complaint_id)
        job = asyncio.create_task(recompute())
        await asyncio.sleep(1.2)
        met = await clocks.meet(handling, subject_type="complaint", subject_id=complaint_id, kind="reply")
    assert met is not None
    with pytest.raises(asyncpg.LockNotAvailableError):
        await job
    assert (await offices.clocks(str(complaint_id)))["reply"]["state"] == "met"


async def test_who_sent_it_back_does_not_turn_it_down_instead(offices: Offices) -> None:
    await offices.rule("城建办")
    case = await offices.call()
    assert (await offices.at_desk(case, "城建办", "refuse", REFUSAL)).status_code == 200
    turned_down = {"text": "不属受理范围。"}
    evaded = await offices.act(case, "reject", turned_down, by=offices.desks["城建办"].staff)
    assert (evaded.status_code, evaded.json()["type"]) == (409, "/problems/arbiter-involved")
    assert (await offices.act(case, "reject", turned_down, by=offices.clerk)).status_code == 200


async def test_what_is_over_waits_for_no_arbiter(offices: Offices) -> None:
    await offices.rule("城建办")
    case = await offices.call()
    await offices.at_desk(case, "城建办", "refuse", REFUSAL)

    async def waiting() -> list[str]:
        return [one["complaint_id"] for one in (await offices.arbiter.get("/v1/refusals")).json()["items"]]

    assert await waiting() == [case]
    assert (await offices.act(case, "reject", {"text": "不属受理范围。"}, by=offices.clerk)).status_code == 200
    assert await waiting() == []


async def test_a_case_is_its_desks(offices: Offices, staff: MakeStaff) -> None:
    """A note, closing, putting right and who made it: not for other desks, nor for who takes in once a desk has it."""
    case = await offices.call(contact={"phone": "13800001234"})
    desk, taker = await offices.desk("城建办"), await staff("community", offices.at)
    own, other = desk.staff, (await offices.desk("供水公司")).staff
    about = {"category": "leak", "kind": "complaint", "hazard": False}

    async def tried(by: Client) -> list[int]:
        note = await offices.act(case, "note", {"text": "已查看。", "public": True}, by=by)
        version = {"If-Match": f'"{(await offices.get(case))["version"]}"'}
        corrected = await by.put(f"/v1/complaints/{case}", json=about, headers=version)
        path, asked = f"/v1/complaints/{case}/reveal", {"purpose": "contact", "fields": ["phone"]}
        return [note.status_code, corrected.status_code, (await by.post(path, json=asked)).status_code]

    assert [await tried(by) for by in (own, taker)] == [[409] * 3, [200] * 3], "no desk has it yet"
    sent = await offices.act(case, "assign", {"desk_id": desk.id}, by=offices.clerk)
    assert sent.status_code == 200, sent.text
    everybody = (own, offices.clerk, offices.arbiter, other, taker)
    assert [await tried(by) for by in everybody] == [[200] * 3, [200] * 3, [200] * 3, [409] * 3, [409] * 3]
    noted = [line for line in (await offices.get(case, "/history"))["items"] if line["act"] == "note"]
    assert [line["desk_id"] for line in noted] == [None, desk.id, None, None]
    assert (await offices.act(case, "reply", {"text": "已修复。"}, by=own)).status_code == 200
    for by in (other, taker):
        for act, body in (("reply", {"text": "并非如此。"}), ("close", None)):
            refused = await offices.act(case, act, body, by=by)
            assert refused.json()["type"] == "/problems/desk-not-on-duty", act
    assert (await offices.act(case, "reply", {"text": "已于今日修复。"}, by=own)).status_code == 200
    closed = await offices.act(case, "close", by=own)
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    path = f"/v1/complaints/{case}/reveal"
    calls = [await by.post(path, json={"purpose": "call_back", "fields": ["phone"]}) for by in (taker, other)]
    assert [one.status_code for one in calls] == [200, 409], "who takes in calls back"


async def test_a_merged_case_is_of_the_desk_that_handles_it(offices: Offices) -> None:
    await offices.rule("城建办")
    lead, case = await offices.call(), await offices.call(description="同一处漏水")
    other = (await offices.desk("供水公司")).staff
    assert (await offices.act(lead, "merge", {"others": [case]}, by=offices.clerk)).status_code == 200
    note = {"text": "一并查看。"}
    assert (await offices.act(case, "note", note, by=offices.desks["城建办"].staff)).status_code == 200
    assert (await offices.act(case, "note", note, by=other)).status_code == 409
    waiting = await offices.call(description="三楼也漏")
    assert (await offices.at_desk(waiting, "城建办", "refuse", REFUSAL)).status_code == 200
    sent_back = await offices.act(waiting, "note", note, by=offices.desks["城建办"].staff)
    assert sent_back.json()["type"] == "/problems/desk-not-on-duty", "it waits for the arbiter"


async def test_what_desks_are_told_is_not_the_reporters_to_read(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    other = await offices.desk("供水公司")
    case = await offices.call()
    sent = {"desk_id": other.id, "text": "反映人已多次来电，先核实。"}
    assert (await offices.act(case, "assign", sent, by=offices.clerk)).status_code == 200
    assert (await offices.at_desk(case, "供水公司", "refuse", REFUSAL)).status_code == 200
    settled = {"desk_id": offices.desks["城建办"].id, "text": "两家互推，由城建办牵头。"}
    assert (await offices.at_desk(case, "供水公司", "arbitrate", settled, by=offices.arbiter)).status_code == 200
    told = [line["text"] for line in (await offices.get(case, "/history"))["items"]]
    assert {sent["text"], settled["text"], REFUSAL["text"]} <= set(told), "staff read all of it"
    async with offices.database.read() as connection:
        code = await connection.fetchval("SELECT code FROM complaint WHERE id = $1", UUID(case))
    followed = (await api.get(f"/public/complaints/{code}")).json()
    assert [(line["act"], line["text"]) for line in followed["history"]] == [("assign", None), ("receive", None)]


async def test_one_that_came_back_without_a_desk_can_be_sent_on(offices: Offices) -> None:
    rule = await offices.rule("城建办")
    case = await offices.call()
    there = await offices.desk("供水公司")
    assert (await offices.at_desk(case, "城建办", "refuse", REFUSAL)).status_code == 200
    assert (await offices.act(case, "assign", {"desk_id": there.id}, by=offices.clerk)).status_code == 200
    assert (await offices.at_desk(case, "供水公司", "refuse", REFUSAL)).status_code == 200
    assert (
        await offices.at_desk(case, "供水公司", "arbitrate", {"text": "属供水公司职责。"}, by=offices.arbiter)
    ).status_code == 200
    moved = await offices.act(case, "assign", {"desk_id": offices.desks["城建办"].id}, by=offices.clerk)
    assert moved.json()["type"] == "/problems/arbiter-decides", "where the arbiter sent it, it stays"
    other = await offices.call(description="楼道灯不亮")
    merged = await offices.act(other, "merge", {"others": [case]}, by=offices.clerk)
    assert merged.status_code == 200, merged.text
    ended = await offices.clerk.post(f"/v1/routing-rules/{rule}/end", headers={"If-Match": '"1"'})
    assert ended.status_code == 200, ended.text
    apart = await offices.act(case, "unmerge", {"text": "是另一件事。"}, by=offices.clerk)
    assert (apart.status_code, apart.json()["state"]) == (200, "received"), apart.text
    sent_on = await offices.act(case, "assign", {"desk_id": there.id}, by=offices.clerk)
    assert (sent_on.status_code, sent_on.json()["state"]) == (200, "assigned"), sent_on.text
