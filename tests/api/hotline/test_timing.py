"""The clock of a reply: begun by intake, stopped, put off by another person, urged; met by an answer."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.kit.calendar import Unit, WorkCalendar, day_of, deadline, end_of
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from tests.api.hotline.town import Town
from tests.api.selection.world import MakeStaff
from tests.support.people import Client

MakePartner = Callable[[], Awaitable[httpx.AsyncClient]]
MakeResident = Callable[[], Awaitable[Client]]
PAPER = {"reason": "waiting_for_citizen", "document": "补正通知书 2026-7"}


@pytest.fixture
async def boss(town: Town, staff: MakeStaff, database: Database) -> Client:
    """The district's, after the town was put under the policy of Jiaozuo: a reply within 13 working days."""
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    city = await staff("city", town.at)
    governed = await city.post(f"/v1/regions/{town.at.id}/policy", json={"policy_id": "jiaozuo", "number": 2})
    assert governed.status_code in {200, 201}, governed.text
    return await staff("district", town.at)


async def reply_clock(town: Town, complaint_id: str) -> dict[str, Any]:
    """The reply's clock as the clerk reads it."""
    (one,) = [one for one in (await town.get(complaint_id, "/clock"))["items"] if one["key"] == "reply"]
    return dict(one)


def due(days: int, *, start: date) -> datetime:
    """The end of the n-th working day."""
    return end_of(deadline(WorkCalendar.default(), start=start, days=days, unit=Unit.WORKDAY).due)


async def test_a_promise_begins_with_the_complaint_and_is_met_by_an_answer(
    town: Town, boss: Client, resident: MakeResident
) -> None:
    me = await resident()
    complaint_id = (await me.post("/v1/me/complaints", json=town.said())).json()["id"]
    seen = await town.get(complaint_id)
    promised = due(13, start=day_of(datetime.fromisoformat(seen["created_at"])))
    assert datetime.fromisoformat(seen["first_promise_at"]) == promised
    own = (await me.get(f"/v1/me/complaints/{complaint_id}")).json()
    (clock,) = [one for one in own["clocks"] if one["key"] == "reply"]
    assert (clock["state"], clock["overdue"], datetime.fromisoformat(clock["due_at"])) == ("running", False, promised)
    assert (await town.do(complaint_id, "reply", {"text": "已修复。"})).status_code == 200
    met = (await town.get(complaint_id, "/clock"))["items"]
    assert {one["key"]: one["state"] for one in met} == {"contact": "met", "reply": "met"}


async def test_without_a_policy_nothing_is_promised(town: Town, resident: MakeResident) -> None:
    complaint_id = (await town.call())["id"]
    assert (await town.get(complaint_id))["first_promise_at"] is None
    assert (await town.get(complaint_id, "/clock"))["items"] == []
    assert (await town.do(complaint_id, "pause", PAPER)).status_code == 409
    assert (await town.get(complaint_id))["state"] == "received", "what the clock refuses has not happened"


async def test_a_transfer_runs_by_its_own_deadline(town: Town, boss: Client, partner: MakePartner) -> None:
    ends = "2027-01-04T10:00:00Z"
    body = town.said(ref="T-1", due_at=ends)
    complaint_id = (await (await partner()).post("/v1/complaint-transfers", json=body)).json()["id"]
    assert (await reply_clock(town, complaint_id))["due_at"] == ends


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2199-01-01T00:00:00+08:00"])
async def test_no_deadline_is_beyond_reckoning(town: Town, boss: Client, partner: MakePartner, ends: str) -> None:
    body = town.said(ref="T-2", due_at=ends)
    answer = await (await partner()).post("/v1/complaint-transfers", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/due_at")


async def test_a_deadline_that_has_passed_is_kept_as_it_is(town: Town, boss: Client, partner: MakePartner) -> None:
    body = town.said(ref="T-3", due_at="2025-03-03T10:00:00Z")
    answer = await (await partner()).post("/v1/complaint-transfers", json=body)
    assert answer.status_code == 201, answer.text
    clock = await reply_clock(town, answer.json()["id"])
    assert (clock["due_at"], clock["overdue"]) == ("2025-03-03T10:00:00Z", True)


async def test_it_stands_still_for_a_reason_of_the_policy(town: Town, boss: Client, resident: MakeResident) -> None:
    me = await resident()
    complaint_id = (await me.post("/v1/me/complaints", json=town.said())).json()["id"]
    assert (await town.do(complaint_id, "pause", {**PAPER, "reason": "holiday"})).status_code == 422
    assert (await town.get(complaint_id))["state"] == "received"
    assert (await town.do(complaint_id, "pause", PAPER)).json()["state"] == "waiting"
    assert (await town.do(complaint_id, "pause", PAPER)).status_code == 409
    clock = await reply_clock(town, complaint_id)
    assert (clock["state"], clock["pauses"][0]["document"]) == ("paused", PAPER["document"])
    own = (await me.get(f"/v1/me/complaints/{complaint_id}")).json()
    assert (own["state"], PAPER["document"] in str(own)) == ("waiting", False)
    assert (await town.do(complaint_id, "resume")).json()["state"] == "in_progress"
    assert (await reply_clock(town, complaint_id))["state"] == "running"
    assert (await town.do(complaint_id, "resume")).status_code == 409


async def test_it_is_put_off_by_another_person_and_the_reporter_is_told(
    town: Town, boss: Client, resident: MakeResident, staff: MakeStaff
) -> None:
    me = await resident()
    complaint_id = (await me.post("/v1/me/complaints", json=town.said())).json()["id"]
    first = (await town.get(complaint_id))["first_promise_at"]
    path, yes = f"/v1/complaints/{complaint_id}/decide-extension", {"approve": True}
    nothing = await boss.post(path, json=yes)
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/complaint-extension-not-asked")
    asked = {"days": 20, "reason": "需等待雨停后施工"}
    assert (await town.do(complaint_id, "extend", {**asked, "days": 21})).status_code == 422
    assert (await town.do(complaint_id, "extend", asked, by=boss)).status_code == 201
    own = await boss.post(path, json=yes)
    assert own.status_code in {403, 409}, "not by who asked"
    assert (await town.clerk.post(path, json=yes)).status_code == 403, "nor by who handles it"
    granted = await (await staff("district", town.at)).post(path, json=yes)
    assert granted.status_code == 200, granted.text
    created = datetime.fromisoformat((await town.get(complaint_id))["created_at"])
    new = due(20, start=day_of(created))
    assert datetime.fromisoformat((await reply_clock(town, complaint_id))["due_at"]) == new
    told = (await me.get(f"/v1/me/complaints/{complaint_id}")).json()
    assert told["history"][0]["text"].startswith(f"答复期限延至 {(day_of(new) - timedelta(days=1)).isoformat()}")
    assert str(asked["reason"]) not in str(told["history"]), "the office's own reasons are its own"
    assert told["first_promise_at"] == first, "the first promise stays on record"


async def test_a_reporter_urges_as_often_as_the_policy_allows(
    town: Town, boss: Client, resident: MakeResident, api: httpx.AsyncClient
) -> None:
    me, stranger = await resident(), await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said())).json()
    path = f"/v1/me/complaints/{taken['id']}/urge"
    assert (await stranger.post(path)).status_code == 404
    urged = await me.post(path)
    assert (urged.status_code, urged.json()["history"][0]["act"]) == (200, "urge")
    assert (await me.post(path)).status_code in {409, 429}
    assert (await api.post(f"/public/complaints/{taken['code']}/urge")).status_code in {409, 429}
    assert {event["actor_id"] for event in await town.events(taken["id"])} == {None}
    assert (await reply_clock(town, taken["id"]))["urged"] == 1
    async with town.database.read() as connection:
        urgings = await connection.fetch(
            "SELECT urged_by_kind, urged_by FROM clock_urging JOIN clock ON clock.id = clock_id WHERE subject_id = $1",
            UUID(taken["id"]),
        )
    assert [tuple(one) for one in urgings] == [("resident", None)], "no clock keeps what a complaint forgets"


async def test_what_is_taken_back_or_not_taken_up_waits_for_nothing(
    town: Town, boss: Client, resident: MakeResident
) -> None:
    me = await resident()
    back = (await me.post("/v1/me/complaints", json=town.said())).json()["id"]
    assert (await me.post(f"/v1/me/complaints/{back}/withdraw", json={})).status_code == 200
    no = (await town.call())["id"]
    assert (await town.do(no, "reject", {"text": "不属于受理范围。"})).status_code == 200
    for complaint_id in (back, no):
        assert {one["state"] for one in (await town.get(complaint_id, "/clock"))["items"]} == {"cancelled"}


async def test_a_case_that_stands_still_runs_again_when_it_is_sent_elsewhere(
    town: Town, boss: Client, resident: MakeResident, staff: MakeStaff
) -> None:
    """Or nobody could ever let it run: it would not be waiting any more, and its clock would stand for good."""
    city = await staff("city", town.at)
    desk = (await city.post("/v1/desks", json={"region_id": str(town.at.id), "title": "城建办"})).json()["id"]
    member = {"staff_id": str((await staff("department", town.at)).staff_id)}
    assert (await city.post(f"/v1/desks/{desk}/members", json=member)).status_code == 201
    complaint_id = (await (await resident()).post("/v1/me/complaints", json=town.said())).json()["id"]
    assert (await town.do(complaint_id, "pause", PAPER)).status_code == 200
    sent = await town.do(complaint_id, "assign", {"desk_id": desk}, by=city)
    assert (sent.status_code, sent.json()["state"]) == (200, "assigned"), sent.text
    assert (await reply_clock(town, complaint_id))["state"] == "running"


async def test_a_case_that_stands_still_runs_again_when_it_is_sent_back(
    town: Town, boss: Client, resident: MakeResident, staff: MakeStaff
) -> None:
    city = await staff("city", town.at)
    desk = (await city.post("/v1/desks", json={"region_id": str(town.at.id), "title": "城建办"})).json()["id"]
    at_desk = await staff("department", town.at)
    await city.post(f"/v1/desks/{desk}/members", json={"staff_id": str(at_desk.staff_id)})
    complaint_id = (await (await resident()).post("/v1/me/complaints", json=town.said())).json()["id"]
    await town.do(complaint_id, "assign", {"desk_id": desk}, by=city)
    assert (await town.do(complaint_id, "pause", PAPER, by=at_desk)).json()["state"] == "waiting"
    (one,) = (await town.get(complaint_id, "/assignments"))["items"]
    path = f"/v1/complaints/{complaint_id}/assignments/{one['id']}/refuse"
    back = await at_desk.post(path, json={"ground": "not_our_duty", "text": "不属本单位职责。"})
    assert (back.status_code, back.json()["state"]) == (200, "received"), back.text
    assert (await reply_clock(town, complaint_id))["state"] == "running"
