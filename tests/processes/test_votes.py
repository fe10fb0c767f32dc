"""An API process killed while owners cast: what it answered is in the ledger, and a recount says so."""

import asyncio
import contextlib
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.api.votes import owners
from tests.processes.conftest import City
from tests.support import processes

pytestmark = pytest.mark.processes
HEADS = 40


async def test_an_api_killed_while_owners_cast(city: City, tmp_path: Path) -> None:
    estate = await owners.estate(None, city.world)
    for _ in range(HEADS):
        await estate.head("50.25")
    residents = [await estate.resident(head) for head in estate.heads]
    vote = await owners.opened(estate)
    path = f"/v1/votes/{vote['id']}/ballots"
    answered: dict[str, str] = {}

    async with processes.api(city.environment, tmp_path / "killed.log") as (process, address):

        async def cast(token: str) -> None:
            async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
                with contextlib.suppress(httpx.HTTPError):
                    answer = await client.post(path, json={"choices": {"1": "approve"}})
                    assert answer.status_code == 201, answer.text
                    answered[answer.json()["owner_id"]] = answer.json()["ballot_id"]
                    if len(answered) == HEADS // 2:
                        process.kill()

        await asyncio.gather(*(cast(one.token) for one in residents))
    assert len(answered) >= HEADS // 2

    async with city.world.database.read() as reader:
        rows = await reader.fetch("SELECT owner_id, id FROM ballot WHERE vote_id = $1", UUID(vote["id"]))
    kept = {str(row["owner_id"]): str(row["id"]) for row in rows}
    assert answered.items() <= kept.items()  # none that was answered is lost; what was cut off is whole, or not at all
    await owners.finalised(estate, vote)
    found = (await city.world.street.get(f"/v1/votes/{vote['id']}/recount")).json()
    assert found["equal"] is True
    assert found["matters"][0]["in_favour"]["heads"] == len(kept)
    async with city.world.database.read() as reader:
        told = await reader.fetchval(
            "SELECT count(*) FROM event WHERE kind = 'ballot.cast' AND subject_id = $1", UUID(vote["id"])
        )
    assert told == len(kept)
