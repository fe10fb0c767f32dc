"""A community with a hotline: one compound, who answers the telephone, and what they do again and again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region

LEAK = {"category": "leak", "description": "3 栋 2 单元楼道漏水，已经三天。"}


@dataclass
class Town:
    """A community, its compound and its clerk."""

    clerk: Client
    compound: str
    at: Region
    database: Database

    def said(self, **over: Any) -> dict[str, Any]:
        """What somebody says of the compound."""
        return {**LEAK, "compound_id": self.compound, **over}

    async def call(self, **over: Any) -> dict[str, Any]:
        """A complaint taken by telephone."""
        answer = await self.clerk.post("/v1/complaints", json=self.said(**over))
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())

    async def get(self, complaint_id: str, part: str = "") -> dict[str, Any]:
        """The complaint as the clerk reads it."""
        answer = await self.clerk.get(f"/v1/complaints/{complaint_id}{part}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def do(
        self, complaint_id: str, act: str, body: dict[str, Any] | None = None, *, by: Client | None = None
    ) -> httpx.Response:
        """Does something with it, in the version that it has now."""
        version = (await self.get(complaint_id))["version"]
        path = f"/v1/complaints/{complaint_id}/{act}"
        return await (by or self.clerk).post(path, json=body, headers={"If-Match": f'"{version}"'})

    async def events(self, complaint_id: str) -> list[dict[str, Any]]:
        """What was told of it, in order."""
        async with self.database.read() as connection:
            rows = await connection.fetch(
                "SELECT kind, data, actor_id FROM event WHERE subject_id = $1 ORDER BY id", UUID(complaint_id)
            )
        return [dict(row) for row in rows]


MakeTown = Callable[[], Awaitable[Town]]


async def everything(database: Database) -> str:
    """All that is kept in tables which complaints touch, as text."""
    tables = ("complaint", "complaint_reporter", "complaint_entry", "event", "audit_entry", "job")
    async with database.begin(SYSTEM) as uow:
        found = [await uow.driver.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} t") for table in tables]
    return " ".join(part or "" for part in found)
