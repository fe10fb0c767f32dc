"""`python -m bench [part …]`: figures, each beside its floor. Writes `.data/bench.json`; `PARTS` names the parts."""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import httpx
import uvloop
from redis.asyncio import Redis

from bench import clocks, desk, hotline, national, readers, rollups, stage, uploads, votes
from bench.imports import imports
from bench.jobs import DONE, FLOOR_QUEUE, STARTED, Nothing, redis
from bench.load import burst, request
from bench.report import Figure, paired, write
from bench.round import publish_a_round
from services.api.doorbell import RedisDoorbell
from services.core.kit.scope import Scope
from services.core.kit.uow import SYSTEM, Database
from tests.support.processes import Process

CLIENTS = 16
SECONDS = 2.0
JOBS = 2000
IDLE_SAMPLES = 100
PARTS = (
    "ground",
    "rollups",
    "imports",
    "county",
    "reads",
    "nation",
    "votes",
    "desk",
    "clocks",
    "intake",
    "nearby",
    "uploads",
)


async def rate(port: int, make: Callable[[], bytes], expected: bytes = b"HTTP/1.1 200") -> float:
    """Requests per second; anything but the expected answer ends the benchmark."""
    outcome = await burst(port, make, clients=CLIENTS, seconds=SECONDS, expected=expected)
    if outcome.wrong:
        sys.exit(f"{outcome.wrong} of {outcome.requests} answers were wrong, the first: {outcome.first_wrong!r}")
    return outcome.rate


async def reads(database: Database, token: str, ours: int, floor: int) -> list[Figure]:
    """A page of 20 projects of a region, walking through counties, cities and the nation."""
    async with database.read() as connection:
        regions = await connection.fetch(
            "SELECT id FROM region WHERE level IN ('nation', 'province', 'city', 'county') ORDER BY path"
        )
    ids = [row["id"] for row in regions]
    turn = count()
    authorised = {"Authorization": f"Bearer {token}"}

    def page() -> bytes:
        return request("GET", f"/v1/projects?region={ids[next(turn) % len(ids)]}&limit=20", headers=authorised)

    def bare() -> bytes:
        return request("GET", f"/projects?region={ids[next(turn) % len(ids)]}")

    return [
        await paired(
            "project list, page of 20 by region, 219,000 rows",
            ours=lambda: rate(ours, page), floor=lambda: rate(floor, bare), must=0.5,
        )
    ]  # fmt: skip


async def public_ranking(round_id: UUID, ours: int, floor: int) -> list[Figure]:
    """A county's published ranking, and the 304 of who has it already."""
    path = f"/public/rounds/{round_id}/ranking"
    published = httpx.get(f"http://127.0.0.1:{ours}{path}").raise_for_status()
    httpx.put(f"http://127.0.0.1:{floor}/constant", content=published.content).raise_for_status()
    same = {"If-None-Match": published.headers["etag"]}
    print(f"published ranking: {len(published.content):,} bytes")
    whole = await paired(
        "public ranking of a county",
        ours=lambda: rate(ours, lambda: request("GET", path)),
        floor=lambda: rate(floor, lambda: request("GET", "/constant")),
        must=0.7,
    )
    unchanged = await paired(
        "public ranking, If-None-Match → 304",
        ours=lambda: rate(ours, lambda: request("GET", path, headers=same), b"HTTP/1.1 304"),
        floor=lambda: rate(floor, lambda: request("GET", "/constant")),
        must=0.7,
    )
    return [whole, unchanged]


async def writes(county: UUID, compounds: list[UUID], token: str, ours: int, floor: int) -> list[Figure]:
    """Registering a compound: authorised, scoped, idempotent, audited, an event, one commit. Beside it, attesting a fact."""
    turn = count()

    def post(path: str, body: bytes) -> bytes:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        }
        return request("POST", path, headers=headers, body=body)

    def register() -> bytes:
        return post("/v1/compounds", b'{"region_id":"%s","name":"bench %d"}' % (str(county).encode(), next(turn)))

    def attest() -> bytes:
        number = next(turn)
        fact = b'{"key":"compound.hazards","value":"%d","kind":"attested","source":"bench","document":"b"}'
        return post(f"/v1/compounds/{compounds[number % len(compounds)]}/facts", b'{"facts":[%s]}' % (fact % number))

    body = b'{"key":"compound.hazards","value":"7","source":"bench"}'
    bare = request("POST", "/write", headers={"Content-Type": "application/json"}, body=body)

    async def measured(name: str, make: Callable[[], bytes], must: float) -> Figure:
        return await paired(
            name,
            ours=lambda: rate(ours, make, b"HTTP/1.1 201"),
            floor=lambda: rate(floor, lambda: bare, b"HTTP/1.1 201"),
            must=must,
        )

    return [
        await measured("small authenticated write", register, 0.25),
        await measured("correcting a fact (history kept)", attest, 0.15),
    ]


async def until_done(marks: "Redis", number: int) -> None:
    """Waits until so many jobs have been marked."""
    deadline = time.monotonic() + 120
    while int(await marks.get(DONE) or 0) < number:
        if time.monotonic() > deadline:
            sys.exit(f"only {await marks.get(DONE)} of {number} jobs were done in 120 s")
        await asyncio.sleep(0.002)


async def jobs(database: Database) -> list[Figure]:
    """Jobs enqueued by 16 at once and done by one worker process; and how soon one starts when nothing else is going on."""
    marks = await redis()
    logs = stage.LOGS
    workers = {
        side: Process([sys.executable, "-m", "bench.jobs", side], {}, logs / f"worker-{side}.log")
        for side in ("ours", "arq")
    }

    async def spread(enqueue: Callable[[int], Awaitable[object]]) -> float:
        await marks.delete(STARTED, DONE)
        turn = count()

        async def enqueuer() -> None:
            while (number := next(turn)) < JOBS:
                await enqueue(number)

        started = time.perf_counter()
        await asyncio.gather(*(enqueuer() for _ in range(CLIENTS)))
        await until_done(marks, JOBS)
        return JOBS / (time.perf_counter() - started)

    async def through_ledger(number: int) -> None:
        async with database.begin(SYSTEM) as uow:
            uow.enqueue(Nothing(number=number))

    async def alone(number: int) -> None:
        await marks.enqueue_job("bench.bare", number, _queue_name=FLOOR_QUEUE)

    for worker in workers.values():
        worker.start()
    try:
        throughput = await paired(
            "jobs through the ledger", ours=lambda: spread(through_ledger), floor=lambda: spread(alone), must=0.3
        )
        delays = await start_delays(through_ledger, marks)
    finally:
        for worker in workers.values():
            worker.stop()
    p50, p99 = statistics.median(delays), sorted(delays)[int(len(delays) * 0.99) - 1]
    return [
        throughput,
        Figure("job start delay when idle, p50 (ms)", round(p50 * 1000, 1), 50, "most", f"{p50 * 1000:.1f} ms", "–"),
        Figure("job start delay when idle, p99 (ms)", round(p99 * 1000, 1), 250, "most", f"{p99 * 1000:.1f} ms", "–"),
    ]


async def start_delays(enqueue: Callable[[int], Awaitable[object]], marks: "Redis") -> list[float]:
    """Seconds from the commit of a job to its start, one at a time, at uneven intervals."""
    delays = []
    for sample in range(IDLE_SAMPLES):
        await marks.delete(STARTED, DONE)
        await enqueue(sample)
        committed = time.time()
        await until_done(marks, 1)
        started = await cast("Awaitable[bytes]", marks.hget(STARTED, str(sample)))
        delays.append(max(0.0, float(started) - committed))
        await asyncio.sleep(0.05 + (sample * 37 % 100) / 1000)
    return delays


async def chosen(parts: set[str], measures: dict[str, Callable[[], Awaitable[list[Figure]]]]) -> list[Figure]:
    """The figures of those parts that are wanted, measured one after the other."""
    return [figure for part, measure in measures.items() if part in parts for figure in await measure()]


async def main(parts: set[str]) -> None:
    """Seeds, measures, reports."""
    begun = time.monotonic()
    engine = stage.engine()
    bell = RedisDoorbell(os.environ["REDIS_URL"])
    database = Database(engine, doorbell=bell.ring)
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} seeding {stage.NATION:,} projects …", flush=True)
    token, nation = await stage.seed(database)
    whole = Scope.of([await region_path(database, nation)])
    floor_environment = {"FLOOR_QUERY": stage.floor_query(whole)}
    async with (
        stage.process("services.api.app", factory="create_app", environment=uploads.ENVIRONMENT) as ours,
        stage.process("bench.floor", factory="create_app", environment=floor_environment) as floor,
    ):
        figures: list[Figure] = []
        if "ground" in parts:
            round_id, county, compounds = await publish_a_round(database, token, ours)
            figures += await reads(database, token, ours, floor)
            figures += await public_ranking(round_id, ours, floor)
            figures += await writes(county, compounds, token, ours, floor)
        figures += await chosen(
            parts,
            {
                "rollups": lambda: rollups.measure(database, token, nation, ours),
                "imports": lambda: imports(database, token, ours),
                "county": lambda: readers.county(token, ours),
                "reads": lambda: readers.reads(database, token, nation, ours),
                "votes": lambda: votes.measure(database, token, ours, floor),
                "desk": lambda: desk.measure(database, token, ours, floor),
                "intake": lambda: hotline.intake(database, ours, floor),
                "uploads": lambda: uploads.measure(token, ours, floor),
            },
        )
        for figure in figures:
            print(figure, flush=True)
    if "ground" in parts:
        figures += await jobs(database)
    figures += await chosen(
        parts,
        {
            "clocks": lambda: clocks.measure(database),
            "nearby": lambda: hotline.nearby(database),
            "nation": lambda: national.figures(database),
        },
    )
    await database.close()
    await bell.close()
    write(figures, Path(".data/bench.json"))
    print(f"{time.monotonic() - begun:.0f} s in all")
    if not all(figure.holds for figure in figures):
        sys.exit(1)


async def region_path(database: Database, region_id: UUID) -> str:
    """The path of a region."""
    async with database.read() as connection:
        return str(await connection.fetchval("SELECT path FROM region WHERE id = $1", region_id))


if __name__ == "__main__":
    wanted = set(sys.argv[1:]) or set(PARTS)
    if wanted - set(PARTS):
        sys.exit(f"parts: {', '.join(PARTS)}")
    with stage.servers():
        uvloop.run(main(wanted))
