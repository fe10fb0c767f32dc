"""A reporter's number changes only after a second person made sure."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx

from tests.api.hotline.town import Town, everything
from tests.api.selection.world import MakeStaff
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]
OLD, NEW = "13800001234", "13900005678"


async def number(town: Town, complaint_id: str) -> str | None:
    """The number that holds, as whoever may reveal it reads it."""
    body = {"purpose": "contact", "fields": ["phone"]}
    answer = await town.clerk.post(f"/v1/complaints/{complaint_id}/reveal", json=body)
    assert answer.status_code == 200, answer.text
    shown: str | None = answer.json()["fields"]["phone"]
    return shown


async def test_staff_write_it_down_and_another_makes_sure(town: Town, staff: MakeStaff) -> None:
    made = (await town.call(contact={"phone": OLD}))["id"]
    path, other = f"/v1/complaints/{made}/contact-change", await staff("community", town.at)
    none = await other.post(f"{path}/decide", json={"confirm": True})
    assert none.json()["type"] == "/problems/contact-change-none"
    assert (await town.clerk.post(path, json={"phone": NEW})).status_code == 200
    assert NEW not in await everything(town.database)
    twice = await other.post(path, json={"phone": NEW})
    assert twice.json()["type"] == "/problems/contact-change-under-way"
    alone = await town.clerk.post(f"{path}/decide", json={"confirm": True})
    assert alone.json()["type"] == "/problems/contact-change-by-you"
    assert await number(town, made) == OLD, "until then the former one holds"
    for body in ({"confirm": True}, {"confirm": True, "phone": OLD}):
        differs = await other.post(f"{path}/decide", json=body)
        assert (differs.status_code, differs.json()["errors"][0]["pointer"]) == (422, "/phone"), (
            "heard twice, or not at all"
        )
    assert (await other.post(f"{path}/decide", json={"confirm": True, "phone": NEW})).status_code == 200
    assert await number(town, made) == NEW
    async with town.database.read() as connection:
        left = await connection.fetchval(
            "SELECT count(*) FROM complaint_contact_change WHERE complaint_id = $1 AND phone_sealed IS NOT NULL",
            UUID(made),
        )
    assert left == 0


async def test_a_reporter_asks_by_his_code_and_staff_may_refuse(
    town: Town, api: httpx.AsyncClient, resident: MakeResident
) -> None:
    taken = await town.call(contact={"phone": OLD})
    path = f"/public/complaints/{taken['code']}/contact"
    asked = await api.post(path, json={"phone": NEW})
    assert (asked.status_code, NEW in asked.text) == (200, False), asked.text
    assert (await api.post(path, json={"phone": "1"})).status_code == 422
    assert (await api.post(f"/public/complaints/{'7' * 20}/contact", json={"phone": NEW})).status_code == 404
    stranger = await resident()
    theirs = await stranger.post(f"/v1/me/complaints/{taken['id']}/contact", json={"phone": NEW})
    assert theirs.status_code == 404
    decide = f"/v1/complaints/{taken['id']}/contact-change/decide"
    assert (await town.clerk.post(decide, json={"confirm": False})).status_code == 200
    assert await number(town, taken["id"]) == OLD


async def test_what_is_over_keeps_its_number(town: Town) -> None:
    made = (await town.call(contact={"phone": OLD}))["id"]
    assert (await town.do(made, "reject", {"text": "不属于受理范围。"})).status_code == 200
    refused = await town.clerk.post(f"/v1/complaints/{made}/contact-change", json={"phone": NEW})
    assert refused.json()["type"] == "/problems/complaint-act-not-allowed"
