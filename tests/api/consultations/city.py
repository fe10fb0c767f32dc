"""A city under Yichang's policy with two communities, and what tests of consultations have people do there."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from tests.support.people import Client, Region, sign_in_resident
from tests.support.rolls import Door, Roll, bind, enter_roll

ADD_COMPOUND = """
INSERT INTO compound (id, no, name, region_id, region_path, version, created_at) VALUES ($1, $2, $3, $4, $5, 1, now())
"""
PLAN: dict[str, Any] = {
    "items": [{"title": "整治", "category": "basic", "quantity": "1", "unit": "项", "cost": "100"}],
    "budget": "100",
    "funding": [{"source": "city", "amount": "100"}],
    "management_mode": "物业服务",
}
TOGETHER = ["neighbourhood_committee", "grid_staff", "owners_committee"]


def doors(buildings: int, entrances: int, flats: int, *, area: str | None = "80.00") -> dict[tuple[str, str, str], Any]:
    """Doors of so many buildings, each with so many entrances and flats, everybody owning one."""
    return {
        (str(b), str(e), str(f)): (f"王{b}{e}{f}", area)
        for b in range(1, buildings + 1)
        for e in range(1, entrances + 1)
        for f in range(1, flats + 1)
    }


@dataclass(slots=True)
class City:
    """The city, its street, two communities, and who is signed in where."""

    app: FastAPI
    database: Database
    root: Region
    street_region: Region
    communities: tuple[Region, Region]
    city: Client
    street: Client
    community: Client
    neighbour: Client
    today: str

    async def follow(self, policy: str) -> None:
        """The city is under another policy from now on."""
        body = {"policy_id": policy, "number": 1}
        assert (await self.city.post(f"/v1/regions/{self.root.id}/policy", json=body)).status_code == 201

    async def compound(self, *, at: Region | None = None, name: str = "粮贸小区") -> UUID:
        """A compound of the first community."""
        place = at or self.communities[0]
        compound_id = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_COMPOUND, compound_id, f"C-{uuid4().hex[:12]}", name, place.id, place.path)
        return compound_id

    async def roll(
        self, given: dict[tuple[str, str, str], Any], *, at: Region | None = None, kind: str = "dwelling"
    ) -> Roll:
        """A compound with a register."""
        return await enter_roll(self.database, await self.compound(at=at), given, kind=kind)

    async def project(self, *compounds: UUID, plan: bool = True) -> str:
        """A project with a plan."""
        body = {
            "title": "改造项目",
            "region_id": str(self.street_region.id),
            "compound_ids": [str(one) for one in compounds],
        }
        made = await self.city.post("/v1/projects", json=body)
        assert made.status_code == 201, made.text
        project = str(made.json()["id"])
        if plan:
            assert (await self.city.post(f"/v1/projects/{project}/plans", json=PLAN)).status_code == 201
        return project

    async def open(self, compound_id: UUID, matter: str, project: str | None = None) -> dict[str, Any]:
        """A consultation that the community begins."""
        body = {"compound_id": str(compound_id), "matter": matter, "project_id": project}
        made = await self.community.post("/v1/consultations", json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    async def act(self, consultation: str, action: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """An action of the community on the consultation as it is now."""
        path = f"/v1/consultations/{consultation}"
        version = (await self.community.get(path)).headers["etag"]
        return await self.community.post(f"{path}/{action}", json=body, headers={"If-Match": version})

    async def answer(
        self, consultation: str, said: dict[UUID, str], *, by: str = "owners_committee", channel: str = "meeting"
    ) -> httpx.Response:
        """Answers that the community enters."""
        answers = [
            {"property_id": str(one), "answer": word, "channel": channel, "asked_by": by} for one, word in said.items()
        ]
        return await self.community.post(f"/v1/consultations/{consultation}/answers", json={"answers": answers})

    async def visit(self, consultation: str, met: dict[UUID, str], by: Iterable[str]) -> httpx.Response:
        """Attempts at doors that the community enters."""
        visits = [
            {
                "property_id": str(one),
                "visited_on": self.today,
                "outcome": outcome,
                "visitors": [{"actor": actor} for actor in by],
            }
            for one, outcome in met.items()
        ]
        return await self.community.post(f"/v1/consultations/{consultation}/visits", json={"visits": visits})

    async def totals(self, consultation: str) -> dict[str, int]:
        """What all doors say now."""
        told = (await self.community.get(f"/v1/consultations/{consultation}/progress")).json()
        found: dict[str, int] = told["totals"]
        return found

    async def targets(self, consultation: str, number: int, **query: Any) -> list[dict[str, Any]]:
        """Every door of a round."""
        items: list[dict[str, Any]] = []
        path = f"/v1/consultations/{consultation}/rounds/{number}/targets"
        cursor = None
        while True:
            page = {"limit": 100, **({"cursor": cursor} if cursor else {}), **query}
            answer = await self.community.get(path, params=page)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                return items

    async def gate(self, project: str, gate: str) -> dict[str, Any]:
        """One gate of a project."""
        gates = (await self.city.get(f"/v1/projects/{project}/gates")).json()["gates"]
        found: dict[str, Any] = next(one for one in gates if one["id"] == gate)
        return found

    async def resident(self, *bound: Door, kind: str = "owner") -> Client:
        """A resident who stands for some doors."""
        client = await sign_in_resident(self.app, self.database)
        for door in bound:
            await bind(self.database, client.resident_id, door, kind)
        return client


async def build(
    app: FastAPI,
    database: Database,
    region: Callable[..., Awaitable[Region]],
    staff: Callable[..., Awaitable[Client]],
) -> City:
    """The city under Yichang's policy."""
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
        today = day_of(uow.now).isoformat()
    root = await region("city")
    street = await region("street", parent=await region("county", parent=root))
    communities = (await region("community", parent=street), await region("community", parent=street))
    made = City(
        app=app,
        database=database,
        root=root,
        street_region=street,
        communities=communities,
        city=await staff("city", root),
        street=await staff("street", street),
        community=await staff("community", communities[0]),
        neighbour=await staff("community", communities[1]),
        today=today,
    )
    await made.follow("yichang")
    return made
