"""What-if: other weights, caps or facts over a freeze, told as the difference to the run; nothing is stored."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.api.selection.what_if import TURNS
from services.core.selection import what_if
from tests.api.selection.world import STOCK, VOTED, World, plan_of

Answer = dict[str, Any]


async def ask(world: World, round_id: str, **supposed: Any) -> Answer:
    """The difference."""
    answer = await world.city.post(f"/v1/rounds/{round_id}/what-if", json=supposed)
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()
    return found


async def frozen(world: World, *hazards: str, **over: Any) -> tuple[Answer, list[Answer]]:
    """A frozen round of projects with so many hazards each, named by letters."""
    projects = [
        await world.project(
            world.streets[0], title=name, stock={**STOCK, "compound.hazards": count}, plan=plan_of("100000")
        )
        for name, count in zip("甲乙丙丁", hazards, strict=False)
    ]
    found = await world.round(**over)
    await world.freeze(found["id"])
    return found, projects


async def state_of_everything(world: World) -> dict[str, tuple[int, int]]:
    """Every table with the number of its rows and a sum over all that they hold."""
    async with world.database.read() as reader:
        tables = [row[0] for row in await reader.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {
            table: tuple(
                await reader.fetchrow(
                    f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM "{table}" t'
                )
            )
            for table in tables
        }


async def test_nothing_supposed_changes_nothing_and_nothing_is_stored(world: World) -> None:
    found, _ = await frozen(world, "5", "3", caps=[{"count": 1}], reserve=1)
    run = await world.run(found["id"])
    before = await state_of_everything(world)
    same = await ask(world, found["id"])
    assert (same["freeze"], same["run_id"], same["candidates"]) == (1, run["id"], 2)
    assert (same["changes"], same["entered"], same["left"]) == ([], [], [])
    count = next(one for one in same["caps"] if one["cap"] == "count")
    assert count["before"] == count["after"] == {"limit": "1", "used": "1"}
    other = await ask(world, found["id"], caps=[], reserve=0, over_cap="stop", weights={"basic": "25", "hazards": "5"})
    assert other["entered"]
    assert await state_of_everything(world) == before


async def test_a_fact_supposed_moves_projects_as_a_real_one_would(world: World) -> None:
    found, (first, second, third) = await frozen(world, "5", "4", "3", caps=[{"count": 1}], reserve=1)
    run = await world.run(found["id"])
    # With two flags worth 13 points the last one comes first.
    founded = {"governance.committee": "true", "governance.party_organisation": True}
    told = await ask(world, found["id"], facts={third["id"]: founded})
    assert (told["run_id"], told["entered"], told["left"]) == (run["id"], [third["id"]], [first["id"]])
    by_no = {one["no"]: one for one in told["changes"]}
    ranking = {one["no"]: one for one in await world.ranking(run["id"])}
    for no, change in by_no.items():
        stored = ranking[no]
        assert change["before"] == {"rank": stored["rank"], "total": stored["total"], "outcome": stored["outcome"]}
    assert {no: (one["after"]["rank"], one["after"]["outcome"], one["moved"]) for no, one in by_no.items()} == {
        third["no"]: (1, "in", True),
        first["no"]: (2, "reserve", True),
        second["no"]: (3, "later", True),
    }
    assert [one["no"] for one in told["changes"]] == [third["no"], first["no"], second["no"]]
    assert "第 1 名" in by_no[third["no"]]["sentence_zh"]
    assert "in the plan" in by_no[third["no"]]["sentence_en"]
    # What was supposed, made real, comes to the same.
    said = [{"key": key, "value": "true", "source": "街道", "document": "d"} for key in founded]
    compound = (await world.city.get(f"/v1/projects/{third['id']}")).json()["compounds"][0]["id"]
    assert (await world.city.post(f"/v1/compounds/{compound}/facts", json={"facts": said})).status_code == 201
    await world.freeze(found["id"])
    real = {one["no"]: one for one in await world.ranking((await world.run(found["id"]))["id"])}
    for no, change in by_no.items():
        after = {"rank": real[no]["rank"], "total": real[no]["total"], "outcome": real[no]["outcome"]}
        assert change["after"] == after
        assert change["sentence_zh"] == real[no]["sentence_zh"]
    # The first freeze can still be asked, the newest one is asked by default.
    assert (await ask(world, found["id"], freeze=1, facts={third["id"]: founded}))["entered"] == [third["id"]]
    assert (await ask(world, found["id"]))["freeze"] == 2


async def test_caps_reserve_and_what_they_take(world: World) -> None:
    found, projects = await frozen(world, "5", "4", "3", caps=[{"budget": "200000"}], reserve=0)
    told = await ask(world, found["id"], caps=[{"partition": str(world.counties[0].id), "count": 1}], reserve=1)
    assert told["left"] == [projects[1]["id"]]
    assert [(one["no"], one["after"]["outcome"]) for one in told["changes"]] == [(projects[1]["no"], "reserve")]
    caps = {one["cap"]: (one["before"], one["after"]) for one in told["caps"]}
    assert caps == {
        "count": ({"limit": None, "used": "2"}, {"limit": "1", "used": "1"}),
        "budget": ({"limit": "200000", "used": "200000"}, {"limit": None, "used": "100000"}),
        "floor_area": ({"limit": None, "used": "2000"}, {"limit": None, "used": "1000"}),
    }
    assert (await ask(world, found["id"], caps=[]))["entered"] == [projects[2]["id"]]
    stopping = await ask(world, found["id"], over_cap="stop", facts={projects[0]["id"]: {"project.budget": "200001"}})
    assert stopping["left"] == [projects[0]["id"], projects[1]["id"]]


async def test_weights_take_their_curves_along(world: World) -> None:
    found, projects = await frozen(world, "5", "2")
    told = await ask(world, found["id"], weights={"hazards": "20", "basic": "10"})
    totals = {one["no"]: (one["before"]["total"], one["after"]["total"]) for one in told["changes"]}
    # Five hazards fill the indicator before and after; two give two fifths of it. Built in 1985: 4 points in both.
    gained = {no: float(after) - float(before) for no, (before, after) in totals.items()}
    assert gained == {projects[0]["no"]: 10.0, projects[1]["no"]: 4.0}
    banded = await ask(world, found["id"], weights={"built": "10", "basic": "15"})
    assert {float(one["after"]["total"]) - float(one["before"]["total"]) for one in banded["changes"]} == {4.0}


async def test_a_conflict_supposed_away_lets_the_project_in(world: World) -> None:
    compound = await world.compound(world.streets[0])
    project = await world.project(world.streets[0], compounds=[compound])
    await world.record("compound", compound, world.streets[0], {"compound.built_year": "1999"}, source="房管局")
    found = await world.round()
    await world.freeze(found["id"])
    told = await ask(world, found["id"], facts={project["id"]: {"compound.built_year": "1999"}})
    assert told["entered"] == [project["id"]]
    assert told["changes"][0]["before"]["outcome"] == "not_ranked"
    out = await ask(
        world, found["id"], facts={project["id"]: {"compound.built_year": "1999", "vote.plan.passed": None}}
    )
    assert [(one["moved"], one["after"]["outcome"]) for one in out["changes"]] == [(False, "not_ranked")]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"weights": {"basic": "21"}}, "/weights"),
        ({"weights": {"beauty": "0"}}, "/weights/beauty"),
        ({"weights": {"basic": 20.0}}, "/weights/basic"),
        ({"caps": [{"partition": str(uuid4())}]}, "/caps/0/partition"),
        ({"over_cap": "bend"}, "/over_cap"),
        ({"reserve": -1}, "/reserve"),
        ({"partition": "nowhere"}, "/partition"),
        ({"what": 1}, "/what"),
    ],
)
async def test_what_cannot_be_supposed_is_named(world: World, wrong: dict[str, Any], pointer: str) -> None:
    found, _ = await frozen(world, "1")
    refused = await world.city.post(f"/v1/rounds/{found['id']}/what-if", json=wrong)
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, [pointer])


async def test_facts_that_cannot_be_supposed_are_named(world: World) -> None:
    found, (project,) = await frozen(world, "1")
    other = str(uuid4())
    wrong = {project["id"]: {"compound.hazards": "many", "no.such": "1", "vote.plan.passed": "perhaps"}, other: {}}
    refused = await world.city.post(f"/v1/rounds/{found['id']}/what-if", json={"facts": wrong})
    assert {one["pointer"] for one in refused.json()["errors"]} == {
        f"/facts/{project['id']}/compound.hazards",
        f"/facts/{project['id']}/no.such",
        f"/facts/{project['id']}/vote.plan.passed",
        f"/facts/{other}",
    }


async def test_only_where_one_may_read_and_only_what_is_frozen(world: World) -> None:
    found = await world.round(world.counties[0])
    path = f"/v1/rounds/{found['id']}/what-if"
    early = await world.district.post(path, json={})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/round-not-frozen")
    await world.freeze(found["id"])
    assert (await world.district.post(path, json={})).status_code == 200
    assert (await world.district.post(path, json={"freeze": 2})).status_code == 404
    assert (await world.other_district.post(path, json={})).status_code == 404


async def test_a_large_round_is_asked_about_by_partition(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = await frozen(world, "5", "4")
    await world.project(world.streets[1], attested=VOTED)
    await world.freeze(found["id"])
    monkeypatch.setattr(what_if, "MOST_CANDIDATES", 2)
    refused = await world.city.post(f"/v1/rounds/{found['id']}/what-if", json={})
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/partition"]
    assert "2" in refused.json()["errors"][0]["detail"]
    told = await ask(world, found["id"], partition=str(world.counties[0].id))
    assert told["candidates"] == 2


async def test_they_take_turns_and_too_many_are_sent_away(world: World) -> None:
    found, _ = await frozen(world, "1")
    limiter = TURNS.limiter
    await limiter.acquire_on_behalf_of(holder := object())
    path = f"/v1/rounds/{found['id']}/what-if"
    waiting = [asyncio.create_task(world.city.post(path, json={})) for _ in range(16)]
    while limiter.statistics().tasks_waiting < 16:  # noqa: ASYNC110 - a limiter tells nobody who waits
        await asyncio.sleep(0.01)
    refused = await world.city.post(path, json={})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    limiter.release_on_behalf_of(holder)
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
