"""What happens at the same time: one consistent winner, nothing in between."""

import asyncio
from collections.abc import Sequence

import httpx

from tests.api.selection.world import STOCK, World

PAIRS = 50


async def test_a_racing_edit_of_two_facts_is_frozen_wholly_or_not_at_all(world: World) -> None:
    compound = await world.compound(world.streets[0], {**STOCK, "compound.hazards": "0", "compound.buildings": "0"})
    await world.project(world.streets[0], compounds=[compound])
    found = await world.round()

    async def edit() -> None:
        for number in range(1, PAIRS + 1):
            values = {"compound.hazards": str(number), "compound.buildings": str(number)}
            await world.record("compound", compound, world.streets[0], values)

    editing = asyncio.create_task(edit())
    freezes = [(await world.freeze(found["id"]))["id"]]
    while not editing.done():
        freezes.append((await world.freeze(found["id"]))["id"])
    await editing
    async with world.database.read() as reader:
        rows = await reader.fetch("SELECT facts FROM freeze_candidate WHERE freeze_id = ANY($1::uuid[])", freezes)
    pairs = [(row["facts"]["compound.hazards"], row["facts"]["compound.buildings"]) for row in rows]
    assert len(pairs) == len(freezes)
    assert all(hazards == buildings for hazards, buildings in pairs)
    assert len(set(pairs)) > 2  # otherwise nothing raced


def _statuses(answers: Sequence[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def test_publishing_races_a_new_freeze_and_one_of_them_wins(world: World) -> None:
    await world.project(world.streets[0])
    for _ in range(8):
        found = await world.round()
        await world.freeze(found["id"])
        run = await world.run(found["id"])
        version = (await world.city.get(f"/v1/rounds/{found['id']}")).headers["etag"]
        published, frozen = await asyncio.gather(
            world.city.post(f"/v1/runs/{run['id']}/publish"),
            world.city.post(f"/v1/rounds/{found['id']}/freeze", headers={"If-Match": version}),
        )
        assert _statuses([published, frozen]) == [201, 409]
        after = (await world.city.get(f"/v1/rounds/{found['id']}")).json()
        assert after["status"] == ("published" if published.status_code == 201 else "frozen")
        shown = await world.city.get(f"/public/rounds/{found['id']}/ranking")
        assert shown.status_code == (200 if published.status_code == 201 else 404)


async def test_a_run_is_published_once_however_many_ask(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    answers = await asyncio.gather(*(world.city.post(f"/v1/runs/{run['id']}/publish") for _ in range(6)))
    assert _statuses(answers) == [201, 409, 409, 409, 409, 409]
    assert len((await world.city.get(f"/v1/rounds/{found['id']}/publications")).json()["items"]) == 1


async def test_publishing_races_the_run_itself(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    await world.freeze(found["id"])
    asked = (await world.city.post(f"/v1/rounds/{found['id']}/runs")).json()
    answers: list[httpx.Response] = []

    async def publish() -> None:
        while not answers or answers[-1].status_code == 409:
            answers.append(await world.city.post(f"/v1/runs/{asked['id']}/publish"))

    await asyncio.gather(publish(), world.work(asked["id"]))
    assert answers[-1].status_code == 201
    assert {answer.json()["type"] for answer in answers[:-1]} <= {"/problems/run-not-done"}
    shown = (await world.city.get(f"/public/rounds/{found['id']}/ranking")).json()
    assert len(shown["results"]) == 1


async def test_two_freezes_at_once_take_turns(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    answers = await asyncio.gather(
        *(
            world.city.post(f"/v1/rounds/{found['id']}/freeze", headers={"If-Match": f'"{found["version"]}"'})
            for _ in range(4)
        )
    )
    assert _statuses(answers) == [201, 412, 412, 412]
