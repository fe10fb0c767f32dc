"""A plan of which projects are stopped, and reserves take their places."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.api.selection.world import STOCK, VOTED, MakeStaff, World, plan_of
from tests.api.selection.year import end_supplement_notice, plan_of_year

READY = {**VOTED, "project.ready": "true"}
DOCUMENT = {"document": "甬建增〔2027〕3号"}
CHANGE = {"document": "甬建调〔2027〕4号"}


@dataclass(slots=True)
class Planned:
    """A confirmed round of one county: two in, then the reserves by rank."""

    world: World
    colleague: httpx.AsyncClient
    round_id: str
    projects: list[dict[str, Any]]

    async def stop(self, number: int, by: Any = None, **over: Any) -> httpx.Response:
        """A proposal to stop the project of a rank."""
        body = {"dropped_project_id": self.projects[number - 1]["id"], "ground": "emergency", "note": "地质灾害"}
        answer: httpx.Response = await (by or self.world.city).post(
            f"/v1/rounds/{self.round_id}/supplements", json={**body, **over}
        )
        return answer

    async def publish(self, supplement_id: str, by: Any = None) -> httpx.Response:
        """The second person's publication."""
        answer: httpx.Response = await (by or self.colleague).post(
            f"/v1/supplements/{supplement_id}/publish", json=DOCUMENT
        )
        return answer

    async def confirm(self, supplement_id: str, by: Any = None) -> httpx.Response:
        """The confirmation, whether or not the notice is over."""
        answer: httpx.Response = await (by or self.colleague).post(
            f"/v1/supplements/{supplement_id}/confirm", json=CHANGE
        )
        return answer

    async def supplemented(self, number: int) -> dict[str, Any]:
        """The project of a rank stopped, its notice over, its supplement confirmed."""
        supplement_id = (await self.stop(number)).json()["id"]
        published = await self.publish(supplement_id)
        assert published.status_code == 200, published.text
        await end_supplement_notice(self.world, supplement_id)
        confirmed = await self.confirm(supplement_id)
        assert confirmed.status_code == 200, confirmed.text
        made: dict[str, Any] = confirmed.json()
        return made

    async def stage(self, number: int) -> str:
        """Where the project of a rank stands."""
        return str((await self.world.city.get(f"/v1/projects/{self.projects[number - 1]['id']}")).json()["stage"])


async def planned(world: World, staff: MakeStaff, budgets: list[str], ready: str, **terms: Any) -> Planned:
    """Projects of falling hazards, so that they rank in this order; `ready` names the ranks whose preparation is done."""
    projects = [
        await world.project(
            world.streets[0],
            title=f"第{number}",
            stock={**STOCK, "compound.hazards": "3", "compound.built_year": str(1980 + number)},
            plan=plan_of(budget),
            attested=READY if str(number) in ready else VOTED,
        )
        for number, budget in enumerate(budgets, start=1)
    ]
    found = await world.round(**{"caps": [{"count": 2, "budget": "300"}], "reserve": 9, **terms})
    await plan_of_year(world, found["id"])
    return Planned(world, await staff("city", world.root), found["id"], projects)


def verdicts(supplement: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Who was asked, and why he was skipped."""
    return [(one["title"], [reason["code"] for reason in one["reasons"]]) for one in supplement["candidates"]]
