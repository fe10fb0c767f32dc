"""One case over three departments, with a pause and an extension: each desk has its clock, the citizen the first promise."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from services.core.kit.uow import Database
from tests.api.hotline.offices import Offices, open_offices
from tests.support.people import Client, Region

PAPER = {"reason": "waiting_for_citizen", "document": "补正通知书 2026-7"}


@pytest.fixture
async def offices(
    region: Callable[..., Awaitable[Region]], staff: Callable[..., Awaitable[Client]], database: Database
) -> Offices:
    """A district whose hotline works."""
    return await open_offices(await region("county"), database, staff)


async def test_each_desk_keeps_its_clock_and_the_citizen_the_first_promise(offices: Offices) -> None:
    await offices.rule("城建办", "供水公司", "街道")
    case = await offices.call()
    lead = offices.desks["城建办"].staff
    promised = (await offices.get(case))["first_promise_at"]
    for name in offices.desks:
        assert (await offices.at_desk(case, name, "sign-in")).status_code == 200
    spoken = await lead.post(f"/v1/complaints/{case}/contact", json={"text": "已电话联系，约明日上门。"})
    assert spoken.status_code == 200, spoken.text
    parts = {name: one["id"] for name, one in (await offices.assignments(case)).items()}

    paused = await offices.act(case, "pause", PAPER, by=lead)
    assert paused.status_code == 200, paused.text
    assert (await offices.clocks(case))["reply"]["state"] == "paused"
    assert {(await offices.clocks(parts[name]))["reply"]["state"] for name in ("供水公司", "街道")} == {"running"}
    assert (await offices.at_desk(case, "供水公司", "finish", {"text": "总阀已修复。"})).status_code == 200
    assert (await offices.act(case, "resume", by=lead)).status_code == 200

    asked = await offices.act(case, "extend", {"days": 20, "reason": "须待雨停后施工"}, by=lead)
    assert asked.status_code == 201, asked.text
    decision = f"/v1/complaints/{case}/decide-extension"
    granted = await offices.arbiter.post(decision, json={"approve": True})
    assert granted.status_code == 200, granted.text
    (reply,) = [one for one in (await offices.get(case, "/clock"))["items"] if one["key"] == "reply"]
    assert (reply["state"], reply["days"], len(reply["pauses"]), len(reply["extensions"])) == ("running", 20, 1, 1)
    assert datetime.fromisoformat(reply["due_at"]) > datetime.fromisoformat(promised)
    assert (await offices.get(case))["first_promise_at"] == promised
    theirs = (await offices.clocks(parts["街道"]))["reply"]
    assert theirs["due_at"] == datetime.fromisoformat(promised), "what one desk was granted is no other's"

    assert (await offices.at_desk(case, "街道", "finish", {"text": "已清理。"})).status_code == 200
    answered = await offices.act(case, "reply", {"text": "漏水已修复。"}, by=lead)
    assert answered.status_code == 200, answered.text
    clocks = {
        **await offices.clocks(case),
        **{name: (await offices.clocks(parts[name]))["reply"] for name in parts if name != "城建办"},
    }
    assert {one["state"] for one in clocks.values()} == {"met"}
    async with offices.database.read() as reader:
        assert await reader.fetchval("SELECT count(*) FROM clock_breach b JOIN clock c ON c.id = b.clock_id"
                                     " WHERE c.subject_id::text = ANY ($1)", [case, *parts.values()]) == 0  # fmt: skip
