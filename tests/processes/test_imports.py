"""A worker killed in the middle of an import: nothing half, nothing twice."""

from typing import Any
from uuid import uuid4

import pytest

from tests.processes.conftest import City
from tests.support.processes import until

pytestmark = pytest.mark.processes
ROWS = 6000


async def test_a_worker_killed_in_mid_import(city: City) -> None:
    world, mark = city.world, uuid4().hex[:6]
    county, client = world.counties[0], world.city
    lines = ["小区编号,小区名称,户数,楼栋数", *(f"{mark}-{row},小区{row},{row},1" for row in range(ROWS))]
    answer = await client.post(
        "/v1/imports",
        data={"kind": "compounds", "region": str(county.id), "source": "摸底"},
        files={"file": ("小区.csv", "\r\n".join(lines).encode())},
    )
    assert answer.status_code == 202, answer.text
    address = answer.headers["location"]

    async def now() -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(address)).json()
        return found

    async def half_way() -> bool:
        return 0 < int((await now())["rows_read"]) < ROWS

    async def over() -> bool:
        return str((await now())["state"]) == "done"

    async def stored() -> tuple[int, int, int]:
        async with world.database.read() as reader:
            row = await reader.fetchrow(
                "SELECT (SELECT count(*) FROM compound WHERE no LIKE $1),"
                " (SELECT count(*) FROM fact f JOIN compound c ON c.id = f.subject_id WHERE c.no LIKE $1),"
                " (SELECT count(*) FROM event e JOIN compound c ON c.id = e.subject_id WHERE c.no LIKE $1)",
                f"{mark}-%",
            )
        return tuple(row)

    with city.worker("killed") as worker:
        await until(half_way, seconds=60, what="some rows are read")
        worker.kill()
    assert (await now())["state"] == "running"
    assert await stored() == (0, 0, 0)
    with city.worker("second"):
        await until(over, seconds=180, what="the import is done")
    done = await now()
    assert (done["rows_read"], done["created"], done["rows_bad"]) == (ROWS, ROWS, 0)
    assert await stored() == (ROWS, 2 * ROWS, ROWS)
