"""A county's round, played by HTTP, so that the published bytes are real ones."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from services.core.kit.uow import Database
from services.worker.runtime import perform
from services.worker.tasks import selection as _selection  # noqa: F401 - binds the task

PROJECTS = 60


class Client(httpx.AsyncClient):
    """A caller of our API who is allowed everything and does not go on after a refusal."""

    def __init__(self, token: str, port: int) -> None:
        super().__init__(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=60)

    async def told(self, path: str, body: object = None, version: int | None = None) -> dict[str, Any]:
        """The answer to a POST."""
        match = {} if version is None else {"If-Match": f'"{version}"'}
        answer = await self.post(path, json=body, headers=match)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return dict(answer.json())


async def freeze_a_round(client: Client, code: str, projects: int) -> tuple[UUID, UUID, list[UUID]]:
    """The id of a frozen round of so many projects in one county, the county's, and its compounds'."""
    county = (await client.get("/v1/regions", params={"q": code})).json()["items"][0]
    compounds: list[UUID] = []
    for number in range(projects):
        compound = await client.told("/v1/compounds", {"region_id": county["id"], "name": f"测速小区{number:03d}"})
        compounds.append(UUID(compound["id"]))
        await client.told(f"/v1/compounds/{compound['id']}/facts", {"facts": _compound_facts(number)})
        project = await client.told(
            "/v1/projects",
            {"title": f"测速项目{number:03d}", "region_id": county["id"], "compound_ids": [compound["id"]]},
        )
        await client.told(f"/v1/projects/{project['id']}/plans", _plan(number))
        await client.told(f"/v1/projects/{project['id']}/facts", {"facts": _project_facts(number)})
        current = (await client.get(f"/v1/projects/{project['id']}")).json()["version"]
        await client.told(f"/v1/projects/{project['id']}/apply", version=current)
    found = await client.told(
        "/v1/rounds",
        {
            "region_id": county["id"], "year": 2027, "title": "测速", "policy_id": "ningbo",
            "caps": [{"count": projects // 3}], "reserve": projects // 6,
        },
    )  # fmt: skip
    await client.told(f"/v1/rounds/{found['id']}/freeze", version=found["version"])
    return UUID(found["id"]), UUID(county["id"]), compounds


async def publish_a_round(database: Database, token: str, port: int) -> tuple[UUID, UUID, list[UUID]]:
    """The id of a published round of one county, the county's, and its compounds'."""
    async with Client(token, port) as client:
        round_id, county, compounds = await freeze_a_round(client, "520327", PROJECTS)
        run = await client.told(f"/v1/rounds/{round_id}/runs")
        async with database.read() as connection:
            job_id = await connection.fetchval("SELECT id FROM job WHERE payload->>'run_id' = $1", str(run["id"]))
        await asyncio.wait_for(perform({"database": database}, str(job_id)), 60)
        await client.told(f"/v1/runs/{run['id']}/publish")
        return round_id, county, compounds


def _fact(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "kind": "synthetic", "source": "bench"}


def _compound_facts(number: int) -> list[dict[str, str]]:
    return [
        _fact("compound.households", str(100 + number)),
        _fact("compound.floor_area", f"{8000 + 13 * number}.50"),
        _fact("compound.built_year", str(1975 + number % 30)),
        _fact("compound.hazards", str(number % 7)),
        _fact("facilities.basic.defect_share", f"0.{10 + number % 90}"),
        _fact("facilities.improved.defect_share", f"0.{10 + number * 7 % 90}"),
        _fact("governance.party_organisation", "true"),
        _fact("governance.committee", "true" if number % 3 else "false"),
    ]


def _project_facts(number: int) -> list[dict[str, str]]:
    return [
        _fact("vote.menu.passed", "true"),
        _fact("vote.plan.passed", "true" if number % 9 else "false"),
        _fact("vote.plan.approval_share", f"0.{75 + number % 25}"),
        _fact("survey.response_share", f"0.{60 + number % 40}"),
    ]


def _plan(number: int) -> dict[str, object]:
    budget = f"{1_000_000 + 7_001 * number}.00"
    return {
        "items": [
            {"title": "雨污管网", "category": "basic", "quantity": "100", "unit": "米", "cost": budget},
        ],
        "budget": budget,
        "funding": [{"source": "county", "amount": budget}],
        "management_mode": "业主自管",
    }
