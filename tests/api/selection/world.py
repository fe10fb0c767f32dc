"""A city of two counties with people, compounds and projects, built for one test."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from services.core.facts import service as facts
from services.core.facts.rules import Kind
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from services.worker import runtime
from services.worker.tasks import selection as _bound  # noqa: F401 - binds the task
from tests.support.people import Client, Region

ADD_COMPOUND = """
INSERT INTO compound (id, no, name, region_id, region_path, version, created_at) VALUES ($1, $2, $3, $4, $5, 1, now())
"""
VOTED = {"vote.menu.passed": "true", "vote.plan.passed": "true"}
STOCK = {"compound.floor_area": "1000", "compound.built_year": "1985", "compound.hazards": "3"}
PLAN: dict[str, Any] = {
    "items": [
        {"title": "雨污管网", "category": "basic", "quantity": "120.5", "unit": "m", "cost": "300000"},
        {"title": "健身场地", "category": "upgraded", "quantity": "1", "unit": "处", "cost": "100000.50"},
    ],
    "budget": "400000.50",
    "funding": [
        {"source": "city", "amount": "360000.45"},
        {"source": "residents", "amount": "40000.05"},
    ],
    "management_mode": "物业服务",
}


def plan_of(budget: str) -> dict[str, Any]:
    """A whole plan of one item that the city pays."""
    return {
        "items": [{"title": "整治", "category": "basic", "quantity": "1", "unit": "项", "cost": budget}],
        "budget": budget,
        "funding": [{"source": "city", "amount": budget}],
        "management_mode": "物业服务",
    }


@dataclass(slots=True)
class World:
    """The city, its two counties with a street each, and who is signed in where."""

    database: Database
    root: Region
    counties: tuple[Region, Region]
    streets: tuple[Region, Region]
    city: Client
    district: Client
    other_district: Client
    street: Client

    async def compound(self, at: Region, stock: Mapping[str, str] = STOCK, *, name: str = "南岳新村") -> UUID:
        """A compound with figures of its own."""
        compound_id = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_COMPOUND, compound_id, f"C-{uuid4().hex[:12]}", name, at.id, at.path)
        await self.record("compound", compound_id, at, stock)
        return compound_id

    async def record(
        self,
        subject: str,
        subject_id: UUID,
        at: Region,
        values: Mapping[str, str],
        *,
        source: str = "普查",
        kind: Kind = Kind.ATTESTED,
    ) -> None:
        """What a source says about a subject, all of it at once."""
        async with self.database.begin(SYSTEM) as uow:
            await facts.push(
                uow,
                [
                    facts.NewFact(subject, subject_id, at.path, key, value, kind, source)
                    for key, value in values.items()
                ],
            )

    async def project(
        self,
        at: Region,
        *,
        title: str = "改造项目",
        stock: Mapping[str, str] = STOCK,
        attested: Mapping[str, str] = VOTED,
        plan: Mapping[str, Any] | None = PLAN,
        compounds: Sequence[UUID] = (),
        apply: bool = True,
    ) -> dict[str, Any]:
        """A project, through the API: registered, planned, attested and applied."""
        ids = list(compounds) or [await self.compound(at, stock)]
        body = {"title": title, "region_id": str(at.id), "compound_ids": [str(one) for one in ids]}
        made = await self.city.post("/v1/projects", json=body)
        assert made.status_code == 201, made.text
        project: dict[str, Any] = made.json()
        if plan is not None:
            added = await self.city.post(f"/v1/projects/{project['id']}/plans", json=plan)
            assert added.status_code == 201, added.text
        if attested:
            said = [
                {"key": key, "value": value, "source": "街道", "document": "甬街〔2026〕1号"}
                for key, value in attested.items()
            ]
            pushed = await self.city.post(f"/v1/projects/{project['id']}/facts", json={"facts": said})
            assert pushed.status_code == 201, pushed.text
        if apply:
            version = (await self.city.get(f"/v1/projects/{project['id']}")).headers["etag"]
            applied = await self.city.post(f"/v1/projects/{project['id']}/apply", headers={"If-Match": version})
            assert applied.status_code == 200, applied.text
        return project

    async def round(self, at: Region | None = None, **over: Any) -> dict[str, Any]:
        """A draft round of the whole city, or of a part."""
        region = at or self.root
        body = {"region_id": str(region.id), "year": 2027, "title": "二〇二七年度比选", "policy_id": "ningbo", **over}
        made = await self.city.post("/v1/rounds", json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    async def freeze(self, round_id: str) -> dict[str, Any]:
        """The round frozen as it stands."""
        version = (await self.city.get(f"/v1/rounds/{round_id}")).headers["etag"]
        taken = await self.city.post(f"/v1/rounds/{round_id}/freeze", headers={"If-Match": version})
        assert taken.status_code == 201, taken.text
        found: dict[str, Any] = taken.json()
        return found

    async def run(self, round_id: str) -> dict[str, Any]:
        """A finished run: requested through the API, computed by the worker's own task."""
        asked = await self.city.post(f"/v1/rounds/{round_id}/runs")
        assert asked.status_code == 202, asked.text
        await self.work(asked.json()["id"])
        run: dict[str, Any] = (await self.city.get(asked.headers["location"])).json()
        return run

    async def work(self, run_id: str) -> None:
        """Does the job of a run as a worker does."""
        async with self.database.read() as reader:
            job = await reader.fetchval(
                "SELECT id FROM job WHERE name = 'selection.run' AND payload ->> 'run_id' = $1", run_id
            )
        await runtime.perform({"database": self.database}, str(job))

    async def ranking(self, run_id: str, **query: str) -> list[dict[str, Any]]:
        """The whole ranking of a run."""
        items: list[dict[str, Any]] = (
            await self.city.get(f"/v1/runs/{run_id}/ranking", params={"limit": "100", **query})
        ).json()["items"]
        return items


MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


async def build(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """The city under Ningbo's policy."""
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    root = await region("city")
    north, south = await region("county", parent=root), await region("county", parent=root)
    streets = (await region("street", parent=north), await region("street", parent=south))
    world = World(
        database=database,
        root=root,
        counties=(north, south),
        streets=streets,
        city=await staff("city", root),
        district=await staff("district", north),
        other_district=await staff("district", south),
        street=await staff("street", streets[0]),
    )
    assigned = await world.city.post(f"/v1/regions/{root.id}/policy", json={"policy_id": "ningbo", "number": 1})
    assert assigned.status_code == 201, assigned.text
    return world
