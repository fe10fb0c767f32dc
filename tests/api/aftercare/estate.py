"""A compound whose renovation was handed over, and what tests have people do there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region
from tests.support.rolls import Roll, enter_roll

ADD_COMPOUND = """
INSERT INTO compound (id, no, name, region_id, region_path, version, created_at) VALUES ($1, $2, '粮贸小区', $3, $4, 1, now())
"""
SET_STAGE = "UPDATE project SET stage = $2 WHERE id = $1"
UNION, LEAGUE, WOMEN = (
    {"kind": "trade_union", "title": "焦作市总工会"},
    {"kind": "youth_league", "title": "共青团焦作市委"},
    {"kind": "womens_federation", "title": "焦作市妇联"},
)
CONTENT = {
    "id": "content",
    "kind": "scale",
    "title": "您对改造效果是否满意？",
    "required": True,
    "points": 5,
}
WANTS = {
    "id": "wants",
    "kind": "multiple",
    "title": "还需改进什么？",
    "options": [{"id": "leak", "label": "漏水"}, {"id": "light", "label": "照明"}, {"id": "parking", "label": "停车"}],
}
WORDS = {"id": "words", "kind": "text", "title": "其他意见"}


@dataclass(slots=True)
class Estate:
    """Two communities of a street, one with a compound of six dwellings, and who is signed in where."""

    app: FastAPI
    database: Database
    root: Region
    community_region: Region
    roll: Roll
    project: str
    district: Client
    street: Client
    community: Client
    neighbour: Client
    today: str

    @property
    def homes(self) -> list[UUID]:
        """The dwellings, in the order of doors."""
        return self.roll.properties

    async def stage(self, stage: str) -> None:
        """The project stands there from now on; how it gets there is tested where it belongs."""
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(SET_STAGE, UUID(self.project), stage)

    async def try_open(self, **changed: Any) -> httpx.Response:
        """The community begins visits."""
        body = {
            "compound_id": str(self.roll.compound_id),
            "project_id": self.project,
            "title": "改造后入户走访",
            "bodies": [UNION, LEAGUE, WOMEN],
            "questions": [CONTENT, WANTS, WORDS],
            **changed,
        }
        return await self.community.post("/v1/visit-campaigns", json=body)

    async def open(self, **changed: Any) -> dict[str, Any]:
        """A campaign under way."""
        made = await self.try_open(**changed)
        assert made.status_code == 201, made.text
        campaign: dict[str, Any] = made.json()
        return campaign

    def attempt(self, campaign: dict[str, Any], home: UUID, outcome: str = "met", **more: Any) -> dict[str, Any]:
        """An attempt of the union today."""
        answers = {"content": 4} if outcome == "met" else None
        return {
            "property_id": str(home),
            "body_id": campaign["bodies"][0]["id"],
            "made_on": self.today,
            "outcome": outcome,
            "answers": answers,
            **more,
        }

    async def record(self, campaign: dict[str, Any], *attempts: dict[str, Any]) -> httpx.Response:
        """The community enters attempts."""
        path = f"/v1/visit-campaigns/{campaign['id']}/attempts"
        return await self.community.post(path, json={"attempts": list(attempts)})

    async def close(self, campaign: dict[str, Any], reason: str | None = None) -> httpx.Response:
        """The community ends the campaign."""
        path = f"/v1/visit-campaigns/{campaign['id']}"
        version = (await self.community.get(path)).headers["etag"]
        return await self.community.post(f"{path}/close", json={"reason": reason}, headers={"If-Match": version})


async def build(
    app: FastAPI,
    database: Database,
    region: Callable[..., Awaitable[Region]],
    staff: Callable[..., Awaitable[Client]],
) -> Estate:
    """The estate, its works handed over."""
    async with database.begin(SYSTEM) as uow:
        today = day_of(uow.now).isoformat()
    root = await region("county")
    street_region = await region("street", parent=root)
    community, other = [await region("community", parent=street_region) for _ in range(2)]
    compound_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_COMPOUND, compound_id, f"C-{uuid4().hex[:12]}", community.id, community.path)
    doors: dict[tuple[str, str, str], tuple[str, str | None]] = {
        (building, "1", str(door)): (f"王{building}{door}", "80.00") for building in ("1", "2") for door in (1, 2, 3)
    }
    roll = await enter_roll(database, compound_id, doors)
    district = await staff("district", root)
    street = await staff("street", street_region)
    body = {"title": "改造项目", "region_id": str(street_region.id), "compound_ids": [str(compound_id)]}
    project = await street.post("/v1/projects", json=body)
    assert project.status_code == 201, project.text
    made = Estate(
        app=app,
        database=database,
        root=root,
        community_region=community,
        roll=roll,
        project=str(project.json()["id"]),
        district=district,
        street=street,
        community=await staff("community", community),
        neighbour=await staff("community", other),
        today=today,
    )
    await made.stage("handed_over")
    return made
