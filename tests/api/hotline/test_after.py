"""After an answer: ratings, call-backs, taking up again with new clocks, supervision of what dissatisfies."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.hotline import after
from services.core.hotline.after_errors import ReopenTooLate
from services.core.hotline.after_rules import reopen_until, satisfied
from services.core.hotline.speaking import Own
from services.core.kit.calendar import day_of
from services.core.kit.uow import SYSTEM, Actor
from services.core.policy.service import store_packaged
from tests.api.hotline.town import MakeTown, Town
from tests.api.selection.world import MakeStaff
from tests.support.people import Client, make_region

MakeResident = Callable[[], Awaitable[Client]]
CONTENT = {"score": 5, "resolved": True}
CLOCKS = """
SELECT kind, state, started_at, due_at FROM clock WHERE subject_type = 'complaint' AND subject_id = $1 ORDER BY created_at, kind
"""


@dataclass
class Answered:
    """A town under Jiaozuo's policy, a resident whose complaint was answered and closed, and who else is there."""

    town: Town
    me: Client
    agent: Client
    boss: Client
    id: str
    code: str

    async def rate(self, **body: Any) -> httpx.Response:
        """The resident rates it."""
        return await self.me.post(f"/v1/me/complaints/{self.id}/rate", json=body)

    async def reopen(self, text: str = "又漏了。", **body: Any) -> httpx.Response:
        """The resident has it taken up again."""
        return await self.me.post(f"/v1/me/complaints/{self.id}/reopen", json={"text": text, **body})

    async def answer(self) -> None:
        """It is answered and closed."""
        assert (await self.town.do(self.id, "reply", {"text": "已修复。"})).status_code == 200
        assert (await self.town.do(self.id, "close")).status_code == 200

    async def call(self, by: Client | None = None, **body: Any) -> httpx.Response:
        """Somebody calls the resident."""
        return await (by or self.agent).post(f"/v1/complaints/{self.id}/call-back", json=body)

    async def rounds(self) -> list[dict[str, Any]]:
        """What followed each answer."""
        return list((await self.town.get(self.id, "/rounds"))["items"])

    async def due(self) -> list[dict[str, Any]]:
        """Who is to be called."""
        return list((await self.agent.get("/v1/call-backs")).json()["items"])

    async def supervisions(self, **query: Any) -> list[dict[str, Any]]:
        """What supervisors look into."""
        return list((await self.boss.get("/v1/complaint-supervisions", params=query)).json()["items"])

    async def clocks(self) -> list[tuple[str, str]]:
        """Every clock of the complaint with its state."""
        async with self.town.database.read() as connection:
            return [(row["kind"], row["state"]) for row in await connection.fetch(CLOCKS, UUID(self.id))]

    async def reopen_at(self, days: int) -> None:
        """The resident has it taken up again so many days from now."""
        now = datetime.now(UTC) + timedelta(days=days)
        async with self.town.database.begin(Actor("resident", self.me.resident_id), now=now) as uow:
            await after.reopen_own(uow, Own(self.me.resident_id, UUID(self.id)), text="又漏了。")


@pytest.fixture
async def answered(town: Town, resident: MakeResident, staff: MakeStaff) -> Answered:
    """A complaint that was answered and closed."""
    async with town.database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    boss = await staff("city", town.at)
    follows = {"policy_id": "jiaozuo", "number": 2}
    assert (await boss.post(f"/v1/regions/{town.at.id}/policy", json=follows)).status_code == 201
    me = await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said())).json()
    made = Answered(town, me, await staff("community", town.at), boss, taken["id"], taken["code"])
    await made.answer()
    return made


def test_three_of_five_is_satisfied() -> None:
    assert [satisfied(score) for score in range(1, 6)] == [False, False, True, True, True]


async def test_an_answer_is_rated_once_by_whoever_made_it(answered: Answered) -> None:
    made = await answered.rate(**CONTENT)
    assert (made.status_code, made.json()) == (200, {"state": "closed", "round": 0}), made.text
    again = await answered.rate(**CONTENT)
    assert again.json()["type"] == "/problems/complaint-rated-already"
    (only,) = await answered.rounds()
    assert (only["score"], only["satisfied"], only["resolved"], only["supervision"]) == (5, True, True, None)
    assert await answered.supervisions() == []


async def test_eight_ratings_at_once_are_one(answered: Answered) -> None:
    answers = await asyncio.gather(*(answered.rate(**CONTENT) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_a_rating_says_what_it_has_to(answered: Answered) -> None:
    for body, pointer in (
        ({"resolved": True}, "/score"),
        ({"score": 4, "satisfied": True, "resolved": True}, "/score"),
        ({"score": 2, "resolved": False}, "/text"),
        ({"score": 6, "resolved": True}, "/score"),
    ):
        refused = await answered.rate(**body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body


async def test_what_is_not_answered_is_not_rated(town: Town, resident: MakeResident) -> None:
    me = await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said())).json()
    early = await me.post(f"/v1/me/complaints/{taken['id']}/rate", json=CONTENT)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/complaint-act-not-allowed")


async def test_somebody_elses_is_not_found(answered: Answered, resident: MakeResident) -> None:
    other = await resident()
    for act, body in (("rate", CONTENT), ("reopen", {"text": "又漏了。"})):
        assert (await other.post(f"/v1/me/complaints/{answered.id}/{act}", json=body)).status_code == 404
        assert (await other.post(f"/public/complaints/{'7' * 20}/{act}", json=body)).status_code == 404


async def test_the_code_rates_and_reopens_without_an_account(answered: Answered, api: httpx.AsyncClient) -> None:
    path = f"/public/complaints/{answered.code}"
    rated = await api.post(f"{path}/rate", json={"satisfied": True, "resolved": True})
    assert (rated.status_code, rated.headers["cache-control"]) == (200, "no-store"), rated.text
    again = await api.post(f"{path}/reopen", json={"text": "又漏了。"})
    assert again.json() == {"state": "reopened", "round": 1}


async def test_who_is_dissatisfied_is_heard_by_a_supervisor(answered: Answered, staff: MakeStaff) -> None:
    town = answered.town
    desk = {"region_id": str(town.at.id), "title": "督办席", "role": "supervision"}
    made = await answered.boss.post("/v1/desks", json=desk)
    assert made.status_code == 201, made.text
    assert (await answered.rate(score=1, resolved=False, text="没人来过，电话13812345678")).status_code == 200
    (one,) = await answered.supervisions(state="open")
    assert (one["complaint_id"], one["cause"], one["desk_id"]) == (answered.id, "rating", made.json()["id"])
    told = [event for event in await town.events(answered.id) if event["kind"] == "complaint.supervision_opened"]
    assert len(told) == 1
    assert "13812345678" not in str(await town.events(answered.id))
    path, first = f"/v1/complaint-supervisions/{one['id']}/settle", {"If-Match": '"1"'}
    numbers = await answered.boss.post(path, json={"finding": "已电话 13812345678 核实"}, headers=first)
    assert (numbers.status_code, numbers.json()["errors"][0]["pointer"]) == (422, "/finding")
    assert (await answered.agent.post(path, json={"finding": "属实"}, headers=first)).status_code == 403
    settled = await answered.boss.post(path, json={"finding": "属实，责令返工"}, headers=first)
    assert (settled.status_code, settled.json()["state"]) == (200, "settled")
    again = await answered.boss.post(path, json={"finding": "属实"}, headers={"If-Match": '"2"'})
    assert again.json()["type"] == "/problems/supervision-settled"
    neighbour = await staff("city", await make_region(town.database, "county", None))
    assert (await neighbour.get("/v1/complaint-supervisions")).json()["items"] == []
    assert (await neighbour.post(path, json={"finding": "x"}, headers=first)).status_code == 404


async def test_a_closed_complaint_is_called_back_by_another_than_answered(answered: Answered) -> None:
    assert ("call_back", "running") in await answered.clocks()
    (due,) = await answered.due()
    assert (due["complaint_id"], due["tries"], due["overdue"]) == (answered.id, 0, False)
    self_praise = await answered.call(answered.town.clerk, reached=True, satisfied=True, resolved=True)
    assert self_praise.json()["type"] == "/problems/call-back-by-handler"
    half = await answered.call(reached=True, satisfied=True)
    assert half.status_code == 422
    assert (await answered.call(reached=False)).status_code == 200
    assert (await answered.due())[0]["tries"] == 1
    reached = await answered.call(reached=True, satisfied=True, resolved=False, text="仍有渗水")
    assert reached.status_code == 200, reached.text
    assert await answered.due() == []
    assert ("call_back", "met") in await answered.clocks()
    (only,) = await answered.rounds()
    assert (only["call_back"], only["tries"], only["told_resolved"], only["supervision"]) == (
        "reached", 2, False, "open",
    )  # fmt: skip
    assert (await answered.call(reached=False)).json()["type"] == "/problems/call-back-not-due"


async def test_the_third_call_that_nobody_answers_is_the_last(answered: Answered) -> None:
    for _ in range(3):
        assert (await answered.call(reached=False)).status_code == 200
    (only,) = await answered.rounds()
    assert (only["call_back"], only["told_satisfied"]) == ("not_reached", None)
    assert (await answered.call(reached=False)).status_code == 409


async def test_two_who_call_at_once_are_told_apart(answered: Answered) -> None:
    answers = await asyncio.gather(*(answered.call(reached=True, satisfied=True, resolved=True) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 4


async def test_taken_up_again_it_has_new_clocks_and_the_first_promise_stands(answered: Answered) -> None:
    before = await answered.clocks()
    assert (await answered.reopen()).json() == {"state": "reopened", "round": 1}
    after_it = await answered.clocks()
    assert ("call_back", "cancelled") in after_it
    assert len([one for one in after_it if one == ("reply", "running")]) == 1
    assert len(after_it) > len(before)
    promise = (await answered.town.get(answered.id))["first_promise_at"]
    assert (await answered.rounds())[0]["call_back"] == "dropped"
    await answered.answer()
    assert (await answered.rate(**CONTENT)).status_code == 200, "a new answer, a new rating"
    assert [one["round"] for one in await answered.rounds()] == [0, 1]
    assert (await answered.due())[0]["round"] == 1
    spent = await answered.reopen()
    assert (spent.status_code, spent.json()["type"], spent.json()["times"]) == (
        409, "/problems/complaint-reopened-enough", 1,
    )  # fmt: skip
    by_staff = await answered.town.do(answered.id, "reopen", {"text": "督办要求返工。"}, by=answered.boss)
    assert (by_staff.status_code, by_staff.json()["reopened"]) == (200, 2), by_staff.text
    assert by_staff.json()["first_promise_at"] == promise


async def test_taken_up_again_it_goes_to_a_desk_by_the_rules(answered: Answered) -> None:
    town, boss = answered.town, answered.boss
    desk = (await boss.post("/v1/desks", json={"region_id": str(town.at.id), "title": "城建办"})).json()
    rule = {
        "region_id": str(town.at.id),
        "title": "漏水",
        "conditions": {"categories": ["leak"]},
        "desk_id": desk["id"],
    }
    assert (await boss.post("/v1/routing-rules", json=rule)).status_code == 201
    assert (await answered.reopen()).json() == {"state": "assigned", "round": 1}
    acts = [line["act"] for line in (await town.get(answered.id, "/history"))["items"]]
    assert acts[-2:] == ["reopen", "assign"]


async def test_the_last_day_is_the_policys(answered: Answered) -> None:
    with pytest.raises(ReopenTooLate) as late:
        await answered.reopen_at(days=16)
    assert late.value.extra["until"] == reopen_until(day_of(datetime.now(UTC)), 15).isoformat()
    await answered.reopen_at(days=15)
    assert (await answered.town.get(answered.id))["state"] == "reopened"


async def test_where_no_policy_speaks_of_it_nobody_reopens_and_nobody_calls(
    town: Town, resident: MakeResident, staff: MakeStaff
) -> None:
    me = await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said())).json()
    await town.do(taken["id"], "reply", {"text": "已修复。"})
    await town.do(taken["id"], "close")
    refused = await me.post(f"/v1/me/complaints/{taken['id']}/reopen", json={"text": "又漏了。"})
    assert refused.json()["type"] == "/problems/complaint-reopen-undefined"
    agent = await staff("community", town.at)
    assert (await agent.get("/v1/call-backs")).json()["items"] == []


async def test_lists_are_of_the_own_region(answered: Answered, towns: MakeTown) -> None:
    elsewhere = await towns()
    assert (await elsewhere.clerk.get("/v1/call-backs")).json()["items"] == []
    assert (await elsewhere.clerk.get(f"/v1/complaints/{answered.id}/rounds")).status_code == 404
    body = {"reached": False}
    assert (await elsewhere.clerk.post(f"/v1/complaints/{answered.id}/call-back", json=body)).status_code == 404


async def test_what_a_reporter_thinks_names_him_to_nobody(answered: Answered) -> None:
    assert (await answered.rate(score=1, resolved=False, text="没有修好。")).status_code == 200
    assert (await answered.reopen()).status_code == 200
    told = await answered.town.events(answered.id)
    assert "complaint.supervision_opened" in {one["kind"] for one in told}
    assert answered.me.resident_id not in {one["actor_id"] for one in told}


async def test_the_same_words_meanwhile_do_not_stand_in_the_way_of_taking_up_again(answered: Answered) -> None:
    newer = await answered.me.post("/v1/me/complaints", json=answered.town.said())
    assert newer.status_code == 201, "the first is closed"
    again = await answered.reopen()
    assert (again.status_code, again.json()["round"]) == (200, 1), again.text
    same = await answered.me.post("/v1/me/complaints", json=answered.town.said())
    assert (same.status_code, same.json()["id"]) == (200, newer.json()["id"])


async def test_nobody_is_to_call_somebody_who_is_not_to_be_told(answered: Answered) -> None:
    unnamed = answered.town.said(description="楼上夜间扔垃圾。", category="noise", anonymous=True)
    made = (await answered.me.post("/v1/me/complaints", json=unnamed)).json()
    await answered.town.do(made["id"], "reply", {"text": "已劝阻。"})
    assert (await answered.town.do(made["id"], "close")).status_code == 200
    assert [one["complaint_id"] for one in await answered.due()] == [answered.id]
