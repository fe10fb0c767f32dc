"""Who made a complaint is forgotten at its time, batch by batch; a hold keeps it; what is counted stays."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.hotline import retention
from services.core.hotline.jobs import ForgetReporters
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM
from services.core.policy.service import store_packaged
from tests.api.hotline.town import Town
from tests.api.selection.world import MakeStaff
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]
KEPT = """
SELECT c.description_sealed, c.address_sealed, c.content_index, c.point, c.state, c.category, c.compound_id, c.answered_at,
       r.resident_id, r.name_sealed, r.phone_sealed, r.phone_index,
       (SELECT count(*) FROM complaint_entry e WHERE e.complaint_id = c.id) AS lines,
       (SELECT count(*) FROM complaint_entry e WHERE e.complaint_id = c.id AND e.text_sealed IS NOT NULL) AS words,
       (SELECT count(*) FROM complaint_entry e WHERE e.complaint_id = c.id AND e.text IS NOT NULL) AS replies,
       (SELECT count(*) FROM complaint_entry e WHERE e.complaint_id = c.id AND e.actor_kind = 'resident'
          AND e.actor_id IS NOT NULL) AS authors,
       (SELECT satisfied FROM complaint_rating g WHERE g.complaint_id = c.id) AS satisfied,
       t.batch_id
FROM complaint c JOIN complaint_reporter r ON r.complaint_id = c.id LEFT JOIN complaint_tombstone t ON t.complaint_id = c.id
WHERE c.id = $1
"""
PERSONAL = (
    "description_sealed", "address_sealed", "content_index", "point", "resident_id", "name_sealed", "phone_sealed", "phone_index",
)  # fmt: skip


@pytest.fixture
async def boss(town: Town, staff: MakeStaff) -> Client:
    """The city's, and the town under Jiaozuo's policy: a year."""
    async with town.database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    made: Client = await staff("city", town.at)
    follows = {"policy_id": "jiaozuo", "number": 2}
    assert (await made.post(f"/v1/regions/{town.at.id}/policy", json=follows)).status_code == 201
    return made


async def ended(town: Town, me: Client, **over: Any) -> str:
    """A complaint that was answered, closed and rated."""
    said = town.said(**over)
    made = await me.post("/v1/me/complaints", json=said)
    assert made.status_code == 201, made.text
    complaint_id = str(made.json()["id"])
    assert (await me.post(f"/v1/me/complaints/{complaint_id}/add", json={"text": "三楼也漏。"})).status_code == 200
    assert (await town.do(complaint_id, "reply", {"text": "已修复。"})).status_code == 200
    assert (await town.do(complaint_id, "close")).status_code == 200
    rated = {"score": 2, "resolved": True, "text": "太慢"}
    assert (await me.post(f"/v1/me/complaints/{complaint_id}/rate", json=rated)).status_code == 200
    return complaint_id


async def kept(town: Town, complaint_id: str) -> dict[str, Any]:
    """What is still there."""
    async with town.database.read() as connection:
        return dict(await connection.fetchrow(KEPT, UUID(complaint_id)))


async def forget(town: Town, *, days: int, batch_id: UUID | None = None) -> int:
    """The job for the town's policy, as if that many days had gone by."""
    async with town.database.begin(SYSTEM) as uow:
        version = await uow.driver.fetchval("SELECT id FROM policy_version WHERE policy_id = 'jiaozuo'")
        before = datetime.now(UTC) + timedelta(days=days - 365)
        return await retention.forget(
            uow, ForgetReporters(policy_version_id=version, before=before, batch_id=batch_id or new_id())
        )


async def test_a_year_after_the_end_nobody_knows_who_said_what_and_all_is_counted(
    town: Town, boss: Client, resident: MakeResident
) -> None:
    me = await resident()
    complaint_id = await ended(town, me)
    await forget(town, days=364)
    assert (await kept(town, complaint_id))["description_sealed"] is not None, "the year is not over"
    batch = new_id()
    await forget(town, days=366, batch_id=batch)
    after = await kept(town, complaint_id)
    assert {name: after[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    assert (after["words"], after["authors"], after["batch_id"]) == (0, 0, batch)
    assert (after["state"], after["category"], after["replies"], after["satisfied"]) == ("closed", "leak", 1, False)
    assert after["lines"] == 5, "receive, add, reply, close, rate"
    assert str(after["compound_id"]) == town.compound
    shown = await town.get(complaint_id)
    assert (shown["description"], shown["excerpt"]) == (None, None)
    assert (await me.get(f"/v1/me/complaints/{complaint_id}")).status_code == 404
    assert await forget(town, days=366) == 0, "done once"


async def test_what_goes_on_or_is_held_is_not_forgotten(
    town: Town, boss: Client, resident: MakeResident, staff: MakeStaff
) -> None:
    me = await resident()
    held = await ended(town, me)
    spoken = await ended(town, me, category="noise", description="夜间施工。")
    running = (await me.post("/v1/me/complaints", json=town.said(description="仍在漏水。"))).json()["id"]
    into = (await me.post("/v1/me/complaints", json=town.said(description="五楼也漏水。"))).json()["id"]
    async with town.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE complaint SET state = 'merged', merged_into_id = $2 WHERE id = $1", UUID(into), UUID(running)
        )
    assert (await boss.post(f"/v1/complaints/{held}/hold", json={"reason": "法院调阅"})).status_code == 204
    again = await boss.post(f"/v1/complaints/{held}/hold", json={"reason": "法院调阅"})
    assert again.json()["type"] == "/problems/complaint-hold-exists"
    await forget(town, days=366)
    told = [(await kept(town, one))["batch_id"] is not None for one in (held, spoken, running, into)]
    assert told == [False, True, False, False]
    own = await boss.post(f"/v1/complaints/{held}/release")
    assert own.json()["type"] == "/problems/complaint-hold-by-you"
    other = await staff("city", town.at)
    assert (await other.post(f"/v1/complaints/{held}/release")).status_code == 204
    assert (await other.post(f"/v1/complaints/{held}/release")).json()["type"] == "/problems/complaint-not-held"
    await forget(town, days=366)
    assert (await kept(town, held))["batch_id"] is not None


async def test_a_batch_asks_for_the_next_and_goes_on_where_it_stopped(
    town: Town, boss: Client, resident: MakeResident, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = await resident()
    ids = [await ended(town, me, description=f"第 {number} 处漏水。") for number in range(3)]
    monkeypatch.setattr(retention, "BATCH", 2)
    batch = new_id()
    async with town.database.begin(SYSTEM) as uow:
        version = await uow.driver.fetchval("SELECT id FROM policy_version WHERE policy_id = 'jiaozuo'")
        job = ForgetReporters(policy_version_id=version, before=datetime.now(UTC) + timedelta(days=1), batch_id=batch)
        assert await retention.forget(uow, job) == 2
    async with town.database.begin(SYSTEM) as uow:
        row = await uow.driver.fetchval(
            "SELECT payload FROM job WHERE name = 'hotline.forget_reporters' AND payload ->> 'batch_id' = $1",
            str(batch),
        )
        done = await retention.forget(uow, ForgetReporters.model_validate(row))
    assert done >= 1
    assert [(await kept(town, one))["batch_id"] for one in ids] == [batch] * 3


async def test_every_policy_that_says_how_long_has_its_job(town: Town, boss: Client, resident: MakeResident) -> None:
    await ended(town, await resident())
    async with town.database.begin(SYSTEM) as uow:
        assert await retention.begin(uow) >= 1
        version = await uow.driver.fetchval("SELECT id FROM policy_version WHERE policy_id = 'jiaozuo'")
        now = uow.now
    async with town.database.read() as connection:
        payload = await connection.fetchval(
            "SELECT payload FROM job WHERE name = 'hotline.forget_reporters' AND payload ->> 'policy_version_id' = $1"
            " AND payload ->> 'after_id' = $2 ORDER BY id DESC LIMIT 1",
            str(version), str(UUID(int=0)),
        )  # fmt: skip
    assert datetime.fromisoformat(payload["before"]) == now - timedelta(days=365)


async def test_what_is_due_is_found_by_the_index_of_what_is_left(town: Town) -> None:
    async with town.database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL enable_seqscan = off")
        rows = await uow.driver.fetch(
            "EXPLAIN " + retention.DUE, new_id(), uow.now, datetime(1, 1, 1, tzinfo=UTC), UUID(int=0), 500
        )
    plan = "\n".join(row[0] for row in rows)
    assert "ix_complaint_to_forget" in plan
    assert "Seq Scan" not in plan


async def test_who_leaves_takes_along_what_is_not_held(town: Town, boss: Client, resident: MakeResident) -> None:
    me = await resident()
    held, free = await ended(town, me), await ended(town, me, category="noise", description="夜间施工。")
    assert (await boss.post(f"/v1/complaints/{held}/hold", json={"reason": "法院调阅"})).status_code == 204
    asked = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await me.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
    found = [await kept(town, one) for one in (held, free)]
    assert [one["description_sealed"] is not None for one in found] == [True, False]
    assert [one["words"] > 0 for one in found] == [True, False]


async def test_who_left_while_it_was_open_is_forgotten_at_its_time(
    town: Town, boss: Client, resident: MakeResident
) -> None:
    """His words went with his account; the place and the account itself stay until the case has been over for so long."""
    me = await resident()
    place = {"lat": 32.115236, "lon": 118.264712, "crs": "wgs84"}
    complaint_id = (await me.post("/v1/me/complaints", json=town.said(place=place))).json()["id"]
    asked = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await me.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
    left = await kept(town, complaint_id)
    assert (left["description_sealed"], left["point"] is None, left["resident_id"]) == (None, False, me.resident_id)
    await forget(town, days=366)
    assert (await kept(town, complaint_id))["batch_id"] is None, "it goes on"
    for act, body in (("reply", {"text": "已修复。"}), ("close", None)):
        assert (await town.do(complaint_id, act, body)).status_code == 200
    batch = new_id()
    await forget(town, days=366, batch_id=batch)
    after = await kept(town, complaint_id)
    assert {name: after[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    assert after["batch_id"] == batch


async def test_words_after_a_tombstone_are_forgotten_in_their_turn(
    town: Town, boss: Client, resident: MakeResident, api: httpx.AsyncClient
) -> None:
    me = await resident()
    complaint_id = await ended(town, me)
    code = (await me.get(f"/v1/me/complaints/{complaint_id}")).json()["code"]
    await forget(town, days=366)
    again = await town.do(complaint_id, "reopen", {"text": "复查发现仍在漏。"}, by=boss)
    assert again.status_code == 200, again.text
    said = await api.post(f"/public/complaints/{code}/add", json={"text": "三楼王阿姨家也漏。"})
    assert said.status_code == 200, said.text
    number = await api.post(f"/public/complaints/{code}/contact", json={"phone": "13900005678"})
    assert number.status_code == 200, number.text
    for act, body in (("reply", {"text": "已修复。"}), ("close", None)):
        assert (await town.do(complaint_id, act, body)).status_code == 200
    assert (await kept(town, complaint_id))["words"] == 1
    batch = new_id()
    await forget(town, days=366, batch_id=batch)
    after = await kept(town, complaint_id)
    assert (after["words"], after["batch_id"]) == (0, batch)
    async with town.database.read() as connection:
        numbers = await connection.fetch(
            "SELECT phone_sealed FROM complaint_contact_change WHERE complaint_id = $1", UUID(complaint_id)
        )
    assert [row["phone_sealed"] for row in numbers] == [None]
