"""The nearest change through the API: what is named, done in earnest, alters the outcome of the next run."""

from typing import Any

from tests.api.selection.world import STOCK, World


async def nearest(world: World, run: dict[str, Any], project: dict[str, Any]) -> dict[str, Any]:
    answer = await world.city.get(f"/v1/runs/{run['id']}/projects/{project['id']}/nearest")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_named_makes_the_difference_when_it_is_recorded(world: World) -> None:
    at = world.streets[0]
    ahead = await world.project(at, title="领先", stock={**STOCK, "governance.party_organisation": "true"})
    compound = await world.compound(at)
    behind = await world.project(at, title="落后", compounds=[compound])
    found = await world.round(caps=[{"count": 1}], reserve=1)
    await world.freeze(found["id"])
    run = await world.run(found["id"])

    told = await nearest(world, run, behind)
    assert (told["rank"], told["outcome"], told["kept_by"], told["margin"]) == (2, "reserve", None, None)
    named = {one["steps"][0]["name"]: one for one in told["changes"]}
    assert (named["committee"]["gained"], named["committee"]["rank"], named["committee"]["outcome"]) == ("8", 1, "in")
    # Defects are not recorded: a share of 0.25 gives the 5 points that are wanting, and wins the tie by the greater shortfall.
    assert named["basic"]["steps"] == [
        {"name": "basic", "fact": "facilities.basic.defect_share", "before": None, "after": "0.25"}
    ]
    assert "hazards" not in named, "its 4 points that are left are too few"
    assert named["count"]["steps"] == [{"name": "count", "fact": None, "before": "1", "after": "2"}]
    assert told["sentence_zh"] == told["changes"][0]["sentence_zh"]

    kept = await nearest(world, run, ahead)
    assert (kept["kept_by"], kept["margin"]) == ("points", {"lead": "5", "over": behind["no"]})
    assert kept["sentence_zh"] == f"领先 {behind['no']} 5 分；失分少于 5 分仍列入计划，多于则由其取代。"

    step = named["committee"]["steps"][0]
    await world.record("compound", compound, at, {step["fact"]: step["after"]})
    await world.freeze(found["id"])
    again = {one["project_id"]: one for one in await world.ranking((await world.run(found["id"]))["id"])}
    assert (again[behind["id"]]["rank"], again[behind["id"]]["outcome"]) == (1, "in")
    assert (await nearest(world, run, behind))["rank"] == 2, "the first run still rests on its own facts"


async def test_who_is_not_ranked_is_told_what_to_meet(world: World) -> None:
    project = await world.project(world.streets[0], plan=None)
    found = await world.round()
    await world.freeze(found["id"])
    told = await nearest(world, await world.run(found["id"]), project)
    assert (told["rank"], told["outcome"]) == (None, "not_ranked")
    [change] = told["changes"]
    assert change["steps"] == [{"name": "plan", "fact": "plan.complete", "before": None, "after": "true"}]
    assert (change["kind"], change["rank"], change["outcome"]) == ("gates", 1, "in")
    assert told["sentence_zh"] == "若“设计、预算、资金筹集方案”为是（现为无记录），列第 1 名，列入计划（实施）。"
    assert told["sentence_en"] == "If “Plan complete” were yes (now not recorded), it would be ranked 1, in the plan."


async def test_only_inside_the_scope_and_only_what_the_run_looked_at(world: World) -> None:
    project = await world.project(world.streets[0])
    other = await world.project(world.streets[0], apply=False)
    found = await world.round(world.counties[0])
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    path = f"/v1/runs/{run['id']}/projects/{{}}/nearest"
    assert (await world.other_district.get(path.format(project["id"]))).status_code == 404
    assert (await world.city.get(path.format(other["id"]))).status_code == 404
    told = (await world.district.get(path.format(project["id"]))).json()
    assert (told["kept_by"], told["changes"]) == ("place", [])
    async with world.database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE run SET rules_version = 0 WHERE id = '{run['id']}'")
    refused = await world.district.get(path.format(project["id"]))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/run-of-other-rules")
