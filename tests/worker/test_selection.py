"""The task of a run: shown while it works, done once however often it starts, honest when it fails."""

import asyncio
import time
from typing import Any

import pytest

from services.core.kit.uow import Database
from services.core.selection import computing
from services.core.selection.jobs import ComputeRun
from services.core.selection.rules import RoundImpossible
from services.worker import runtime
from tests.api.selection.world import MakeRegion, MakeStaff, World, build


@pytest.fixture
async def world(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """A city with one candidate."""
    made = await build(database, region, staff)
    await made.project(made.streets[0])
    return made


async def _asked(world: World) -> tuple[str, str]:
    """A queued run and its job."""
    found = await world.round()
    await world.freeze(found["id"])
    run = (await world.city.post(f"/v1/rounds/{found['id']}/runs")).json()
    async with world.database.read() as reader:
        job = await reader.fetchval("SELECT id FROM job WHERE payload ->> 'run_id' = $1", run["id"])
    return run["id"], str(job)


async def _state(world: World, run_id: str) -> str:
    return str((await world.city.get(f"/v1/runs/{run_id}")).json()["state"])


async def test_a_run_is_seen_running_before_its_results(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, job = await _asked(world)
    assert await _state(world, run_id) == "queued"
    seen: list[tuple[str, int]] = []
    ranked = computing._ranked

    def watched(*given: Any) -> object:
        asyncio.run_coroutine_threadsafe(look(), loop).result(5)
        return ranked(*given)

    async def look() -> None:
        seen.append((await _state(world, run_id), len(await world.ranking(run_id))))

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(computing, "_ranked", watched)
    await runtime.perform({"database": world.database}, job)
    assert seen == [("running", 0)]
    assert (await _state(world, run_id), len(await world.ranking(run_id))) == ("done", 1)


async def test_a_run_that_starts_many_times_has_its_results_once(world: World) -> None:
    run_id, job = await _asked(world)
    await asyncio.gather(*(runtime.perform({"database": world.database}, job) for _ in range(5)))
    await runtime.perform({"database": world.database}, job)
    assert await _state(world, run_id) == "done"
    assert len(await world.ranking(run_id)) == 1
    async with world.database.read() as reader:
        finished = await reader.fetchval(
            "SELECT count(*) FROM event WHERE kind = 'run.finished' AND data ->> 'run_id' = $1", run_id
        )
    assert finished == 1


async def test_an_error_is_shown_and_the_run_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, job = await _asked(world)
    with monkeypatch.context() as broken:
        broken.setattr(computing, "_ranked", lambda *_: 1 / 0)
        await runtime.perform({"database": world.database}, job)
    failed = (await world.city.get(f"/v1/runs/{run_id}")).json()
    assert (failed["state"], failed["error"]) == ("failed", "ZeroDivisionError")
    assert await world.ranking(run_id) == []
    await runtime.perform({"database": world.database}, job)
    done = (await world.city.get(f"/v1/runs/{run_id}")).json()
    assert (done["state"], done["error"]) == ("done", None)


async def test_a_round_that_cannot_be_computed_ends_as_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, job = await _asked(world)

    def impossible(*_: object) -> object:
        raise RoundImpossible("a partition has caps twice")

    monkeypatch.setattr(computing, "_ranked", impossible)
    await runtime.perform({"database": world.database}, job)
    failed = (await world.city.get(f"/v1/runs/{run_id}")).json()
    assert (failed["state"], failed["error"]) == ("failed", "a partition has caps twice")
    async with world.database.read() as reader:
        assert await reader.fetchval("SELECT count(*) FROM job WHERE id = $1::uuid", job) == 0


async def test_a_run_that_is_out_of_time_is_shown_as_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, job = await _asked(world)
    ranked = computing._ranked

    def slowly(*given: Any) -> object:
        time.sleep(1.5)
        return ranked(*given)

    with monkeypatch.context() as slow:
        slow.setattr(computing, "_ranked", slowly)
        slow.setattr(ComputeRun, "timeout_seconds", 1)
        await runtime.perform({"database": world.database}, job)
    failed = (await world.city.get(f"/v1/runs/{run_id}")).json()
    assert (failed["state"], failed["error"]) == ("failed", "CancelledError")
    async with world.database.read() as reader:
        attempt = await reader.fetchrow("SELECT attempts, last_error FROM job WHERE id = $1::uuid", job)
    assert (attempt["attempts"], attempt["last_error"].startswith("TimeoutError")) == (1, True)
    await runtime.perform({"database": world.database}, job)
    assert (await _state(world, run_id), len(await world.ranking(run_id))) == ("done", 1)


async def test_a_cancelled_run_starts_again_from_the_beginning(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, job = await _asked(world)

    async def stopped(*_: object) -> object:
        raise asyncio.CancelledError

    with monkeypatch.context() as halfway:
        halfway.setattr(computing, "_copy", stopped)
        with pytest.raises(asyncio.CancelledError):
            await runtime.perform({"database": world.database}, job)
    assert await _state(world, run_id) == "failed"
    await runtime.perform({"database": world.database}, job)
    assert (await _state(world, run_id), len(await world.ranking(run_id))) == ("done", 1)
