"""Panels as tests open, score and close them, through the API."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx

from services.core.kit.uow import SYSTEM
from tests.api.selection.world import MakeStaff, World
from tests.support.people import Client

PLAN = "judgement.plan_quality"
Json = dict[str, Any]


async def experts(world: World, staff: MakeStaff, count: int) -> list[Client]:
    """So many experts of the whole city."""
    return [await staff("expert", world.root) for _ in range(count)]


def ids(people: Sequence[Client]) -> list[str]:
    return [str(one.staff_id) for one in people]


async def opened(world: World, round_id: str, people: Sequence[Client], **over: Any) -> Json:
    """A panel of these experts."""
    body = {"fact_key": PLAN, "experts": ids(people), "deadline": "2099-12-31", "least": min(3, len(people)), **over}
    made = await world.city.post(f"/v1/rounds/{round_id}/panels", json=body)
    assert made.status_code == 201, made.text
    panel: Json = made.json()
    return panel


async def score(expert: Client, panel: Json, project: Json, points: str, comment: str | None = None) -> httpx.Response:
    body = {"score": points, "comment": comment}
    return await expert.put(f"/v1/panels/{panel['id']}/projects/{project['id']}/score", json=body)


async def scored(expert: Client, panel: Json, project: Json, points: str) -> None:
    answer = await score(expert, panel, project, points)
    assert answer.status_code == 200, answer.text


async def close(world: World, panel: Json) -> Json:
    answer = await world.city.post(f"/v1/panels/{panel['id']}/close")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def end_the_day(world: World, panel: Json, column: str = "deadline") -> None:
    """Lets a panel's day lie in the past."""
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(f"UPDATE panel SET {column} = $2 WHERE id = $1", panel["id"], date(2026, 1, 1))


async def fact(world: World, project: Json) -> Json | None:
    known = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()
    found: Json | None = known["facts"].get(PLAN)
    return found


async def judged(client: httpx.AsyncClient, panel: Json) -> list[Json]:
    answer = await client.get(f"/v1/panels/{panel['id']}/projects")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items
