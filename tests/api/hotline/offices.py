"""A town whose hotline works: a policy with clocks, desks with people on duty, and rules that send to them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from tests.support.people import Client, Region

MakeStaff = Callable[..., Awaitable[Client]]


@dataclass
class Office:
    """A desk and who is on duty there."""

    id: str
    staff: Client


@dataclass
class Offices:
    """A district under the policy of Jiaozuo, with its dispatcher and its arbiter."""

    at: Region
    database: Database
    make: MakeStaff
    compound: str
    clerk: Client
    arbiter: Client
    desks: dict[str, Office] = field(default_factory=dict)

    async def desk(self, name: str, at: Region | None = None) -> Office:
        """A desk by its name, opened when first asked for."""
        if name not in self.desks:
            at = at or self.at
            made = await self.clerk.post("/v1/desks", json={"region_id": str(at.id), "title": name})
            assert made.status_code == 201, made.text
            who = await self.make("department", at)
            put = await self.clerk.post(f"/v1/desks/{made.json()['id']}/members", json={"staff_id": str(who.staff_id)})
            assert put.status_code == 201, put.text
            self.desks[name] = Office(made.json()["id"], who)
        return self.desks[name]

    async def rule(self, lead: str, *co: str, **over: Any) -> str:
        """A rule that sends leaks to desks."""
        body = {
            "region_id": str(self.at.id),
            "title": f"漏水到{lead}",
            "conditions": {"categories": ["leak"]},
            "desk_id": (await self.desk(lead)).id,
            "co_desk_ids": [(await self.desk(name)).id for name in co],
        }
        made = await self.clerk.post("/v1/routing-rules", json={**body, **over})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def call(self, **over: Any) -> str:
        """A complaint by telephone; its id."""
        body = {"category": "leak", "description": "楼道漏水", "compound_id": self.compound, **over}
        made = await self.clerk.post("/v1/complaints", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def get(self, complaint_id: str, part: str = "") -> dict[str, Any]:
        """The complaint, or a part of it, as the clerk reads it."""
        answer = await self.clerk.get(f"/v1/complaints/{complaint_id}{part}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def assignments(self, complaint_id: str) -> dict[str, dict[str, Any]]:
        """The newest assignment of each desk, by the desk's title."""
        items = (await self.get(complaint_id, "/assignments"))["items"]
        return {one["desk_title"]: one for one in items}

    async def at_desk(
        self, complaint_id: str, name: str, act: str, body: dict[str, Any] | None = None, *, by: Client | None = None
    ) -> httpx.Response:
        """Something done with a desk's part, by who is on duty there."""
        one = (await self.assignments(complaint_id))[name]
        path = f"/v1/complaints/{complaint_id}/assignments/{one['id']}/{act}"
        return await (by or self.desks[name].staff).post(path, json=body)

    async def act(
        self, complaint_id: str, act: str, body: dict[str, Any] | None = None, *, by: Client
    ) -> httpx.Response:
        """Something done with the case as a whole, in the version that it has now."""
        version = (await self.get(complaint_id))["version"]
        return await by.post(f"/v1/complaints/{complaint_id}/{act}", json=body, headers={"If-Match": f'"{version}"'})

    async def govern(self, hotline: str) -> None:
        """A policy of the district's own, with these leaves of the hotline, is in force from now on."""
        policy_id = f"own_{uuid4().hex[:12]}"
        text = (
            f"id: {policy_id}\nversion: 1\ntitle: 本区热线\nrubric: {{same_as: ningbo}}\n"
            f"selection: {{partition: county, over_cap: skip}}\nhotline: {{{hotline}}}\n"
        )
        stored = await self.clerk.post("/v1/policies", json={"region_id": str(self.at.id), "text": text})
        assert stored.status_code == 201, stored.text
        follows = {"policy_id": policy_id, "number": 1}
        assert (await self.clerk.post(f"/v1/regions/{self.at.id}/policy", json=follows)).status_code == 201

    async def clocks(self, subject_id: str) -> dict[str, dict[str, Any]]:
        """The newest clock of each kind of a case or an assignment."""
        async with self.database.read() as connection:
            rows = await connection.fetch("SELECT * FROM clock WHERE subject_id = $1 ORDER BY id", UUID(subject_id))
        return {row["kind"]: dict(row) for row in rows}


async def open_offices(at: Region, database: Database, make: MakeStaff) -> Offices:
    """The district with a compound, its dispatcher and an arbiter of his own."""
    clerk, arbiter = await make("city", at), await make("district", at)
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    governed = await clerk.post(f"/v1/regions/{at.id}/policy", json={"policy_id": "jiaozuo", "number": 2})
    assert governed.status_code in {200, 201}, governed.text
    compound = await clerk.post("/v1/compounds", json={"region_id": str(at.id), "name": "南岳新村"})
    assert compound.status_code == 201, compound.text
    return Offices(at, database, make, compound.json()["id"], clerk, arbiter)
