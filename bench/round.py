"""A county's round, played by HTTP, so that the published bytes are real ones."""

import asyncio
from uuid import UUID

import httpx

from services.core.kit.uow import Database
from services.worker.runtime import perform
from services.worker.tasks import selection as _selection  # noqa: F401 - binds the task

PROJECTS = 60


async def publish_a_round(database: Database, token: str, port: int) -> tuple[UUID, UUID, list[UUID]]:
    """The id of a published round of one county, the county's, and its compounds'."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:

        async def post(path: str, body: object = None, version: int | None = None) -> dict[str, object]:
            match = {} if version is None else {"If-Match": f'"{version}"'}
            answer = await client.post(path, json=body, headers=match)
            if answer.is_error:
                raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
            return dict(answer.json())

        county = (await client.get("/v1/regions", params={"q": "520327"})).json()["items"][0]
        compounds: list[UUID] = []
        for number in range(PROJECTS):
            compound = await post("/v1/compounds", {"region_id": county["id"], "name": f"测速小区{number:03d}"})
            compounds.append(UUID(str(compound["id"])))
            await post(f"/v1/compounds/{compound['id']}/facts", {"facts": _compound_facts(number)})
            project = await post(
                "/v1/projects",
                {"title": f"测速项目{number:03d}", "region_id": county["id"], "compound_ids": [compound["id"]]},
            )
            await post(f"/v1/projects/{project['id']}/plans", _plan(number))
            await post(f"/v1/projects/{project['id']}/facts", {"facts": _project_facts(number)})
            current = (await client.get(f"/v1/projects/{project['id']}")).json()["version"]
            await post(f"/v1/projects/{project['id']}/apply", version=current)
        found = await post(
            "/v1/rounds",
            {
                "region_id": county["id"], "year": 2027, "title": "测速", "policy_id": "ningbo",
                "caps": [{"count": 20}], "reserve": 10,
            },
        )  # fmt: skip
        await post(f"/v1/rounds/{found['id']}/freeze", version=int(str(found["version"])))
        run = await post(f"/v1/rounds/{found['id']}/runs")
        async with database.read() as connection:
            job_id = await connection.fetchval("SELECT id FROM job WHERE payload->>'run_id' = $1", str(run["id"]))
        await asyncio.wait_for(perform({"database": database}, str(job_id)), 60)
        await post(f"/v1/runs/{run['id']}/publish")
        return UUID(str(found["id"])), UUID(county["id"]), compounds


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
