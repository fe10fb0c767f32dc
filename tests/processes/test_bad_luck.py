"""Killed workers, lost Redis, a restarted PostgreSQL, everybody at once: nothing lost, nothing twice."""

import asyncio
from functools import partial
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM
from services.core.policy.events import PolicyAssigned
from tests.api.selection.world import World
from tests.processes.conftest import City
from tests.support import processes
from tests.support.processes import until
from tests.support.proxy import proxy

pytestmark = pytest.mark.processes
CANDIDATES = 3000
MANY = 12

ADD_CANDIDATES = """
INSERT INTO freeze_candidate (freeze_id, project_id, no, title, partition, compounds, facts, synthetic, conflicts, exceptions)
SELECT $1, p.id, p.no, p.title, c.partition, c.compounds, c.facts, c.synthetic, c.conflicts, c.exceptions
FROM project p, (SELECT * FROM freeze_candidate WHERE freeze_id = $1 LIMIT 1) c WHERE p.no LIKE $2
"""
ADD_PROJECTS = """
INSERT INTO project (id, no, title, region_id, region_path, stage, version, created_at)
SELECT gen_random_uuid(), $1 || n, '项目 ' || n, $2, $3, 'applied', 1, now() FROM generate_series(1, $4::int) AS n
"""


async def finished(world: World, runs: list[str]) -> dict[str, int]:
    """How often each run says in the events that it has finished."""
    async with world.database.read() as reader:
        rows = await reader.fetch(
            "SELECT data->>'run_id' AS run, count(*) AS n FROM event WHERE kind = 'run.finished'"
            " AND data->>'run_id' = ANY($1) GROUP BY 1",
            runs,
        )
    return {row["run"]: row["n"] for row in rows}


async def open_jobs(world: World) -> int:
    async with world.database.read() as reader:
        return int(await reader.fetchval("SELECT count(*) FROM job WHERE name = 'selection.run'"))


async def frozen_round(world: World) -> str:
    await world.project(world.streets[0])
    found = await world.round()
    await world.freeze(found["id"])
    return str(found["id"])


async def request_runs(world: World, round_id: str, number: int) -> list[str]:
    answers = [await world.city.post(f"/v1/rounds/{round_id}/runs") for _ in range(number)]
    assert {answer.status_code for answer in answers} == {202}
    return [answer.json()["id"] for answer in answers]


async def state_of(world: World, run_id: str) -> str:
    return str((await world.city.get(f"/v1/runs/{run_id}")).json()["state"])


async def until_finished(world: World, runs: list[str], seconds: float = 60) -> None:
    async def all_finished() -> bool:
        return len(await finished(world, runs)) == len(runs)

    await until(all_finished, seconds=seconds, what=f"{len(runs)} runs finished")
    assert set((await finished(world, runs)).values()) == {1}
    assert {await state_of(world, run) for run in runs} == {"done"}


async def test_a_worker_killed_in_mid_run(city: City) -> None:
    world = city.world
    round_id = await frozen_round(world)
    prefix = f"BIG-{uuid4().hex[:6]}-"
    street = world.streets[0]
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_PROJECTS, prefix, street.id, street.path, CANDIDATES)
        freeze_id = await uow.driver.fetchval("SELECT id FROM round_freeze WHERE round_id = $1", UUID(round_id))
        await uow.driver.execute(ADD_CANDIDATES, freeze_id, f"{prefix}%")
    (run_id,) = await request_runs(world, round_id, 1)

    async def is_running() -> bool:
        return await state_of(world, run_id) == "running"

    with city.worker("killed") as worker:
        await until(is_running, seconds=60, what="the run is under way")
        worker.kill()
    assert await state_of(world, run_id) == "running"
    assert await finished(world, [run_id]) == {}
    with city.worker("second"):
        await until_finished(world, [run_id], seconds=120)
    async with world.database.read() as reader:
        results = await reader.fetchval("SELECT count(*) FROM run_result WHERE run_id = $1", UUID(run_id))
        candidates = await reader.fetchval("SELECT count(*) FROM freeze_candidate WHERE freeze_id = $1", freeze_id)
    assert results == candidates > CANDIDATES
    assert await open_jobs(world) == 0


async def test_redis_flushed_with_jobs_queued(city: City) -> None:
    world = city.world
    runs = await request_runs(world, await frozen_round(world), MANY)
    async with Redis.from_url(city.environment["REDIS_URL"]) as redis:
        await until(redis.dbsize, seconds=10, what="the bells have rung")
        await redis.flushall()
    with city.worker():
        await until_finished(world, runs)


async def test_redis_down_while_the_api_keeps_accepting(city: City) -> None:
    world = city.world
    round_id = await frozen_round(world)
    city.stop("redis")
    try:
        runs = await request_runs(world, round_id, 5)
        assert (await world.city.get("/readyz")).status_code == 200
        assert {await state_of(world, run) for run in runs} == {"queued"}
    finally:
        city.start()
    with city.worker():
        await until_finished(world, runs)


async def test_redis_goes_and_comes_back_under_a_worker(city: City) -> None:
    world = city.world
    round_id = await frozen_round(world)
    with city.worker() as worker:
        await until_finished(world, await request_runs(world, round_id, 1))
        city.stop("redis")
        runs = await request_runs(world, round_id, 3)

        async def told_meanwhile() -> bool:
            async with world.database.read() as reader:
                return not await reader.fetchval("SELECT EXISTS (SELECT FROM event WHERE seq IS NULL)")

        await until(told_meanwhile, seconds=30, what="events are numbered without Redis")
        await asyncio.sleep(1)
        assert worker.is_running
        city.start()
        await until_finished(world, runs, seconds=90)
        worker.stop()  # and it still listens to being told to end


async def test_a_connection_to_redis_that_falls_silent_is_given_up(city: City) -> None:
    world = city.world
    round_id = await frozen_round(world)
    address = urlsplit(city.environment["REDIS_URL"])
    assert address.port is not None
    async with proxy(address.port) as between:
        through = urlunsplit(address._replace(netloc=address.netloc.replace(str(address.port), str(between.port))))
        with processes.worker(city.environment | {"REDIS_URL": through}, city.data / "silent.log"):
            await until_finished(world, await request_runs(world, round_id, 1))
            between.silence()
            await until_finished(world, await request_runs(world, round_id, 2), seconds=60)


async def test_a_worker_told_to_stop_stops_though_redis_goes_away(city: City) -> None:
    world = city.world
    round_id = await frozen_round(world)
    with city.worker() as worker:
        async with world.database.begin(SYSTEM) as uow:
            await uow.driver.execute("LOCK TABLE run_result IN ACCESS EXCLUSIVE MODE")
            (run_id,) = await request_runs(world, round_id, 1)

            async def is_running() -> bool:
                return await state_of(world, run_id) == "running"

            await until(is_running, seconds=30, what="the run is under way")
            worker.ask_to_end()
            await asyncio.sleep(0.5)
            city.stop("redis")
            await asyncio.sleep(1)
        try:
            await until(lambda: not worker.is_running, seconds=20, what="the worker has ended")
        finally:
            city.start()
    assert await finished(world, [run_id]) == {run_id: 1}, "what was under way was brought to its end"


async def test_two_workers_do_each_job_once(city: City) -> None:
    world = city.world
    round_id = await frozen_round(world)
    with city.worker("one"), city.worker("two"):
        runs = await request_runs(world, round_id, MANY * 2)
        await until_finished(world, runs)


async def test_postgres_restarted_under_load(city: City) -> None:
    world = city.world
    county = world.counties[0]
    stop = asyncio.Event()
    answered: dict[str, str] = {}
    troubles = 0

    async def register(client: httpx.AsyncClient) -> None:
        """Registers compounds one after the other; repeats a request under its key until it is answered for good."""
        nonlocal troubles
        while not stop.is_set():
            key = uuid4().hex
            while True:
                try:
                    made = await client.post(
                        "/v1/compounds",
                        json={"region_id": str(county.id), "name": key},
                        headers={"Idempotency-Key": key},
                    )
                except httpx.HTTPError:
                    troubles += 1
                    continue
                if made.status_code == 201:
                    answered[key] = made.json()["id"]
                    break
                assert made.status_code in {409, 503}, made.text
                troubles += 1
                await asyncio.sleep(0.05)

    async with httpx.AsyncClient(base_url=city.address, headers=world.city.headers, timeout=30) as client:
        loads = [asyncio.create_task(register(client)) for _ in range(8)]
        await until(lambda: len(answered) > 20, seconds=60, what="some are registered")
        await asyncio.to_thread(city.stop, "postgres")
        await asyncio.to_thread(city.start)
        so_far = len(answered)
        await until(lambda: len(answered) > so_far + 20, seconds=60, what="more are registered after the restart")
        stop.set()
        await asyncio.gather(*loads)
    assert troubles > 0  # otherwise nothing was restarted under load
    async with world.database.read() as reader:
        rows = await reader.fetch("SELECT id, name FROM compound WHERE name = ANY($1)", list(answered))
        events = await reader.fetchval(
            "SELECT count(*) FROM event WHERE kind = 'compound.registered' AND subject_id = ANY($1::uuid[])",
            [UUID(one) for one in answered.values()],
        )
    assert {row["name"]: str(row["id"]) for row in rows} == answered
    assert len(rows) == events == len(answered)


@pytest.mark.parametrize("keyed", [True, False])
async def test_the_same_request_fifty_times_at_once(city: City, *, keyed: bool) -> None:
    world = city.world
    name, key = f"同名小区 {uuid4().hex}", uuid4().hex
    body = {"region_id": str(world.counties[0].id), "name": name}
    headers = {"Idempotency-Key": key} if keyed else {}
    async with httpx.AsyncClient(
        base_url=city.address, headers=world.city.headers, timeout=60, limits=httpx.Limits(max_connections=50)
    ) as client:
        answers = await asyncio.gather(
            *(client.post("/v1/compounds", json=body, headers=headers) for _ in range(50)), return_exceptions=False
        )
    statuses = {answer.status_code for answer in answers}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    async with world.database.read() as reader:
        stored = await reader.fetchval("SELECT count(*) FROM compound WHERE name = $1", name)
    if keyed:
        assert statuses <= {201, 409}
        assert len(made) == stored == 1
        in_flight = {answer.json()["type"] for answer in answers if answer.status_code == 409}
        assert in_flight <= {"/problems/request-in-flight"}
    else:
        assert statuses == {201}
        assert len(made) == stored == 50


async def test_one_number_asked_for_fifty_times_at_once_is_given_once(city: City) -> None:
    world = city.world
    body = {"region_id": str(world.counties[0].id), "name": "一号小区", "no": f"N-{uuid4().hex[:12]}"}
    async with httpx.AsyncClient(base_url=city.address, headers=world.city.headers, timeout=60) as client:
        answers = await asyncio.gather(*(client.post("/v1/compounds", json=body) for _ in range(50)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 49


async def test_a_long_transaction_beside_the_event_feed(city: City) -> None:
    """Its events come when it has ended, after those that overtook it; a reader that goes on by cursor misses none."""
    world = city.world
    with city.worker():
        seen: list[str] = []
        cursor: str | None = None

        async def read() -> None:
            nonlocal cursor
            query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
            page = (await world.city.get("/v1/events", params=query)).json()
            seen.extend(item["id"] for item in page["items"])
            cursor = page["next_cursor"]

        async def told(kind: str, subject: UUID) -> bool:
            await read()
            async with world.database.read() as reader:
                rows = await reader.fetch("SELECT id FROM event WHERE kind = $1 AND subject_id = $2", kind, subject)
            return bool(rows) and all(str(row["id"]) in seen for row in rows)

        held, quick = new_id(), []
        async with world.database.begin(SYSTEM) as long:
            long.record(
                PolicyAssigned(region_id=held, policy_id="ningbo", number=1),
                subject="region",
                subject_id=held,
                region_path=world.root.path,
            )
            await long.flush()
            for number in range(5):
                body = {"region_id": str(world.counties[0].id), "name": f"快 {number}"}
                quick.append(UUID((await world.city.post("/v1/compounds", json=body)).json()["id"]))
            for subject in quick:
                await until(partial(told, "compound.registered", subject), seconds=30, what="quick ones told")
            async with world.database.read() as reader:
                assert await reader.fetchval("SELECT count(*) FROM event WHERE subject_id = $1", held) == 0
        await until(partial(told, "policy.assigned", held), seconds=30, what="the long one told")
        async with world.database.read() as reader:
            numbers = dict(
                await reader.fetch(
                    "SELECT subject_id, seq FROM event WHERE subject_id = ANY($1::uuid[])", [held, *quick]
                )
            )
            everything = await reader.fetch(
                "SELECT id FROM event WHERE region_path LIKE $1 AND seq IS NOT NULL", f"{world.root.path}%"
            )
        assert numbers[held] > max(numbers[subject] for subject in quick)
        assert len(seen) == len(set(seen))
        await read()
        assert {str(row["id"]) for row in everything} <= set(seen)


async def test_requests_that_stop_in_mid_body_hold_no_connection(city: City) -> None:
    """More of them than the pool has connections; everybody else is still served."""
    host, port = city.address.removeprefix("http://").split(":")
    token = city.world.city.headers["Authorization"]
    heads = [
        "POST /oauth/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        f"POST /v1/compounds HTTP/1.1\r\nAuthorization: {token}\r\nIdempotency-Key: k\r\n",
        f"POST /v1/messages/{new_id()}/read HTTP/1.1\r\nAuthorization: {token}\r\nIdempotency-Key: k\r\n",
    ]
    held = []
    for number in range(75):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"{heads[number % 3]}Host: city\r\nContent-Length: 50\r\n\r\nhalf=".encode())
        await writer.drain()
        held.append(writer)
    await asyncio.sleep(0.5)
    try:
        answers = await asyncio.gather(*(world_read(city) for _ in range(10)))
        assert set(answers) == {200}
    finally:
        for writer in held:
            writer.close()


async def world_read(city: City) -> int:
    return (await city.world.city.get("/v1/projects", timeout=5)).status_code
