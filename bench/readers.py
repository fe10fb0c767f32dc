"""What people wait for: a county's ranking, its what-if, and reads while a national run goes on. API and worker are processes."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

from bench import national, stage
from bench.load import Outcome, burst, request
from bench.report import Figure
from bench.round import Client, freeze_a_round
from services.core.kit.uow import SYSTEM, Database
from services.core.projects import rollups
from services.core.selection.jobs import ComputeRun
from tests.support.processes import Process

COUNTY = 300
TIMES = 9
READERS = 2
SECONDS = 1.0
CALM = 5
LONGEST = 600
LOOK_SECONDS = 0.02


@asynccontextmanager
async def worker() -> AsyncIterator[None]:
    """A worker as it runs in production."""
    running = Process([sys.executable, "-m", "services.worker"], {}, stage.LOGS / "worker.log")
    running.start()
    try:
        yield
    finally:
        running.stop()


async def county(token: str, port: int) -> list[Figure]:
    """Seconds from asking for a run until its ranking is read, looking often; and of a what-if with other caps."""
    ranked, supposed = [], []
    async with Client(token, port) as client, worker():
        round_id, *_ = await freeze_a_round(client, "520324", COUNTY)
        for turn in range(TIMES):
            begun = time.perf_counter()
            run = await client.told(f"/v1/rounds/{round_id}/runs")
            while not (await client.get(f"/v1/runs/{run['id']}/ranking")).raise_for_status().json()["items"]:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
            ranked.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            answer = await client.told(f"/v1/rounds/{round_id}/what-if", {"caps": [{"count": 50 + turn}]})
            supposed.append(time.perf_counter() - begun)
            assert answer["changes"]
    told = [
        statistics.median(ranked[1:]),
        statistics.median(supposed[1:]),
    ]  # the first run waits for the worker to start
    return [
        Figure(name, round(seconds, 2), must, "most", f"{seconds:.2f} s", "–")
        for name, seconds, must in (
            (f"a county of {COUNTY}, request to ranking (s)", told[0], 3.0),
            (f"a county of {COUNTY}, what-if (s)", told[1], 0.5),
        )
    ]


async def reads(database: Database, token: str, nation: UUID, port: int) -> list[Figure]:
    """p99 of a page of projects and of a roll-up while a national run goes on, over p99 without it."""
    async with database.begin(SYSTEM) as uow:
        await rollups.refresh(uow)
    async with database.read() as connection:
        rows = await connection.fetch("SELECT id FROM region WHERE level IN ('city', 'county') ORDER BY path")
    regions, turn = [row["id"] for row in rows], count()
    authorised = {"Authorization": f"Bearer {token}"}

    def page() -> bytes:
        path = f"/v1/projects?region={regions[next(turn) % len(regions)]}&limit=20"
        return request("GET", path, headers=authorised)

    def leaders() -> bytes:
        return request("GET", f"/v1/rollups/projects?region={nation}&group=province&limit=100", headers=authorised)

    kinds = {"list": page, "roll-up": leaders}
    run_id = await national.prepare(database, stage.NATION)
    calm: dict[str, list[float]] = {name: [] for name in kinds}
    busy: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(CALM):
        await _both(port, kinds, calm)
    async with worker():
        async with database.begin(SYSTEM) as uow:
            uow.enqueue(ComputeRun(run_id=run_id))
        deadline = time.monotonic() + LONGEST
        while (state := await _state(database, run_id)) != "done":
            if time.monotonic() > deadline:
                sys.exit(f"the national run is {state} after {LONGEST} s")
            if state == "running":
                await _both(port, kinds, busy)
            else:
                await asyncio.sleep(LOOK_SECONDS)
    figures = []
    for name in kinds:
        with_run, without = _p99(busy[name]), _p99(calm[name])
        figures.append(
            Figure(
                f"{name} p99 while a national run goes on, over without", round(with_run / without, 2), 3.0, "most",
                f"{with_run * 1000:.1f} ms", f"{without * 1000:.1f} ms",
            )
        )  # fmt: skip
    return figures


async def _both(port: int, kinds: dict[str, Callable[[], bytes]], took: dict[str, list[float]]) -> None:
    """Some readers for a while, each kind in its turn."""
    for name, make in kinds.items():
        outcome: Outcome = await burst(port, make, clients=READERS, seconds=SECONDS)
        if outcome.wrong:
            sys.exit(f"{outcome.wrong} wrong answers, the first: {outcome.first_wrong!r}")
        took[name] += outcome.took


async def _state(database: Database, run_id: UUID) -> str:
    async with database.read() as connection:
        return str(await connection.fetchval("SELECT state FROM run WHERE id = $1", run_id))


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99) - 1]
