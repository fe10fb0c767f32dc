"""A street under Hebei's policy with a compound of known doors, and surveys as tests draft, answer and close them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from tests.support.people import Client, Region
from tests.support.register import Register

ADD_COMPOUND = """
INSERT INTO compound (id, no, name, region_id, region_path, version, created_at) VALUES ($1, $2, $3, $4, $5, 1, now())
"""
MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[[str, Region], Awaitable[Client]]
MakeResident = Callable[[], Awaitable[Client]]
Json = dict[str, Any]

WISH: Json = {
    "id": "join",
    "kind": "single",
    "title": "是否同意纳入改造？",
    "required": True,
    "options": [{"id": "yes", "label": "同意"}, {"id": "no", "label": "不同意"}, {"id": "later", "label": "再考虑"}],
}
SATISFIED: Json = {"id": "satisfied", "kind": "scale", "title": "满意程度", "required": True, "points": 5}
ADVICE: Json = {"id": "advice", "kind": "text", "title": "建议"}
JOINING: Json = {"question": "join", "choices": ["yes"]}
CONTENT: Json = {"question": "satisfied", "choices": ["4", "5"]}


@dataclass(slots=True)
class World:
    """The street, its compound, and who works there."""

    database: Database
    root: Region
    at: Region
    city: Client
    clerk: Client
    second: Client
    compound_id: UUID
    register: Register

    async def compound(self) -> UUID:
        """One more compound."""
        made = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_COMPOUND, made, f"C-{uuid4().hex[:12]}", "南岳新村", self.at.id, self.at.path)
        return made

    async def project(self, *compound_ids: UUID) -> str:
        """A project of these compounds, or of the one there is."""
        ids = [str(one) for one in compound_ids or (self.compound_id,)]
        body = {"title": "改造项目", "region_id": str(self.at.id), "compound_ids": ids}
        made = await self.city.post("/v1/projects", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def draft(self, *questions: Json, purpose: str = "other", **over: Any) -> Json:
        """A draft, of the compound unless told otherwise."""
        reach = {} if "project_id" in over else {"compound_id": str(self.compound_id)}
        body = {"title": "调查", "purpose": purpose, "questions": list(questions) or [ADVICE], **reach, **over}
        made = await self.clerk.post("/v1/surveys", json=body)
        assert made.status_code == 201, made.text
        survey: Json = made.json()
        return survey

    async def opened(self, *questions: Json, purpose: str = "other", **over: Any) -> Json:
        """An open survey."""
        return await self.act(await self.draft(*questions, purpose=purpose, **over), "open")

    async def act(self, survey: Json, action: str, body: Json | None = None, *, as_: Client | None = None) -> Json:
        """Opens, extends, closes or publishes a survey as it is now."""
        answer = await self.tried(survey, action, body, as_=as_)
        assert answer.status_code in {200, 201}, answer.text
        changed: Json = answer.json()
        return changed

    async def tried(
        self, survey: Json, action: str, body: Json | None = None, *, as_: Client | None = None
    ) -> httpx.Response:
        """The same, refused or not."""
        now = (await self.clerk.get(f"/v1/surveys/{survey['id']}")).headers["etag"]
        return await (as_ or self.clerk).post(
            f"/v1/surveys/{survey['id']}/{action}", json=body, headers={"If-Match": now}
        )

    async def enter(self, survey: Json, property_id: UUID, answers: Json, **over: Any) -> httpx.Response:
        """Keys in one paper."""
        body = {"property_id": str(property_id), "channel": "paper", "answers": answers, **over}
        return await self.clerk.post(f"/v1/surveys/{survey['id']}/responses", json=body)

    async def counted(self, survey: Json, answers: Sequence[tuple[UUID, Json]]) -> list[str]:
        """Papers keyed by one and confirmed by the other; the ids of the answers, which count."""
        ids: list[str] = []
        for start in range(0, len(answers), 200):
            part = answers[start : start + 200]
            body = [{"property_id": str(home), "channel": "paper", "answers": said} for home, said in part]
            entered = await self.clerk.post(f"/v1/surveys/{survey['id']}/responses/batch", json={"responses": body})
            assert entered.status_code == 200, entered.text
            assert all(one["refusal"] is None for one in entered.json()["items"]), entered.text
            new = [one["response_id"] for one in entered.json()["items"]]
            confirmed = await self.second.post(
                f"/v1/surveys/{survey['id']}/responses/confirm", json={"response_ids": new}
            )
            assert confirmed.status_code == 200, confirmed.text
            ids += new
        return ids


async def build(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """The street with everything in it."""
    city = await region("city")
    at = await region("street", city)
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    mayor = await staff("city", city)
    governed = await mayor.post(f"/v1/regions/{city.id}/policy", json={"policy_id": "hebei", "number": 1})
    assert governed.status_code in {200, 201}, governed.text
    compound_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_COMPOUND, compound_id, f"C-{uuid4().hex[:12]}", "南岳新村", at.id, at.path)
    return World(
        database,
        city,
        at,
        mayor,
        await staff("community", at),
        await staff("community", at),
        compound_id,
        Register(database, compound_id, at),
    )
