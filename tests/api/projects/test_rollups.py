"""Roll-ups: exact sums over a region's subtree, by the regions below it, as they stood at the last refresh."""

import asyncio
import csv
import io
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.facts.rules import Kind
from services.core.kit.uow import SYSTEM
from services.core.policy import queries as policies
from services.core.projects import rollups, stages
from services.core.projects.jobs import RefreshRollups
from services.core.projects.rules import Action, Stage
from services.worker import runtime
from services.worker.schedule import SCHEDULE
from services.worker.tasks import projects as _bound  # noqa: F401 - binds the task
from tests.api.selection.world import World, plan_of

STOCK = {"compound.households": "120", "compound.floor_area": "1000.25"}


async def refresh(world: World) -> None:
    """What the worker does every few minutes."""
    async with world.database.begin(SYSTEM) as uow:
        job = uow.enqueue(RefreshRollups())
    await runtime.perform({"database": world.database}, str(job))


async def rollup(world: World, **query: Any) -> dict[str, Any]:
    """The whole city by counties, unless asked otherwise."""
    asked = {"region": str(world.root.id), "group": "county", **query}
    answer = await world.city.get("/v1/rollups/projects", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def chosen(world: World, project: str, stage: Stage, action: Action, year: int) -> None:
    """A round of that year decided about it."""
    async with world.database.begin(SYSTEM) as uow:
        policy = await policies.in_force(uow.driver, region_path=world.root.path)
        assert policy is not None
        await stages.enter(
            uow,
            stages={UUID(project): stage},
            action=action,
            year=year,
            round_id=uuid4(),
            policy_version_id=policy.id,
            document=None,
        )


async def started(world: World, project: str) -> None:
    """Works began."""
    async with world.database.begin(SYSTEM) as uow:
        await stages.enter(
            uow,
            stages={UUID(project): Stage.WORKS},
            action=Action.START,
            year=None,
            round_id=None,
            policy_version_id=None,
            document=None,
        )


async def test_sums_are_exact_by_region_stage_and_payer(world: World) -> None:
    north, south = world.streets
    made = [await world.project(north, stock=STOCK) for _ in range(3)]
    await world.project(south, stock=STOCK, plan=plan_of("100.10"), attested={}, apply=False)
    await chosen(world, made[0]["id"], Stage.PLANNED, Action.CHOOSE, 2027)
    await chosen(world, made[1]["id"], Stage.PLANNED, Action.CHOOSE, 2027)
    await started(world, made[1]["id"])
    await chosen(world, made[2]["id"], Stage.LIBRARY, Action.SHELVE, 2026)
    await refresh(world)
    found = await rollup(world)
    whole = found["whole"]
    assert (whole["projects"], whole["compounds"], whole["households"]) == (4, 4, 480)
    assert (whole["floor_area"], whole["budget"]) == ("4001", "1200101.6")
    assert whole["funding"] == {"city": "1080101.45", "residents": "120000.15"}
    assert {stage: number for stage, number in whole["by_stage"].items() if number} == {
        "draft": 1,
        "library": 1,
        "planned": 1,
        "works": 1,
    }
    assert whole["progress"] == {
        "planned": 2,
        "started": 1,
        "accepted": 0,
        "handed_over": 0,
        "started_share": "0.5",
        "accepted_share": "0",
        "handed_over_share": "0",
    }
    parts = {one["region_id"]: one for one in found["items"]}
    assert parts.keys() == {str(one.id) for one in world.counties}
    assert [parts[str(one.id)]["projects"] for one in world.counties] == [3, 1]
    assert parts[str(world.counties[1].id)]["progress"]["started_share"] is None
    assert sum(Fraction(one["budget"]) for one in parts.values()) == Fraction(whole["budget"])
    by_year = (await rollup(world, year=2027))["whole"]
    assert (by_year["projects"], by_year["budget"]) == (2, "800001")
    assert (await rollup(world, year=2027, stage="works"))["whole"]["projects"] == 1
    assert (await rollup(world, stage="draft"))["whole"]["budget"] == "100.1"
    assert (await rollup(world, year=2030))["whole"]["projects"] == 0


async def test_households_are_those_that_decisions_read(world: World) -> None:
    street = world.streets[0]
    agreed, torn, decided, bare = [
        await world.compound(street, figures) for figures in (STOCK, STOCK, STOCK, {"compound.floor_area": "10"})
    ]
    for compound in (torn, decided):
        await world.record("compound", compound, street, {"compound.households": "130"}, source="街道")
    await world.record("compound", agreed, street, {"compound.households": "7"}, source="演示", kind=Kind.SYNTHETIC)
    figures = await world.city.get(f"/v1/compounds/{decided}/facts", params={"key": "compound.households"})
    fact = next(one for one in figures.json()["items"] if one["value"] == "130")
    body = {"key": "compound.households", "fact_id": fact["fact_id"], "reason": "以街道核实为准"}
    assert (await world.district.post(f"/v1/compounds/{decided}/adjudicate", json=body)).status_code == 201
    together = [[agreed], [torn], [decided], [agreed, bare]]
    ids = [(await world.project(street, compounds=one, plan=None, attested={}, apply=False))["id"] for one in together]
    await refresh(world)
    whole = (await rollup(world))["whole"]
    known = [(await world.city.get(f"/v1/projects/{one}/facts")).json()["facts"] for one in ids]
    values = [facts.get("compound.households", {"value": None})["value"] for facts in known]
    assert values == ["120", None, "130", None]
    assert (whole["households"], whole["households_unknown"]) == (130, 2)
    assert (whole["floor_area"], whole["floor_area_unknown"]) == ("3010.75", 0)
    assert (whole["without_plan"], whole["compounds"], whole["synthetic"]) == (4, 4, 0)
    await world.record("compound", bare, street, {"compound.households": "3"}, source="演示", kind=Kind.SYNTHETIC)
    await refresh(world)
    whole = (await rollup(world))["whole"]
    assert (whole["households"], whole["households_unknown"], whole["synthetic"]) == (253, 1, 1)


async def test_a_compound_of_several_projects_counts_once_wherever_one_looks(world: World) -> None:
    street, county = world.streets[0], world.counties[0]
    compound = await world.compound(street, STOCK)
    chosen_one = await world.project(street, compounds=[compound])
    for place in (street, county):
        await world.project(place, compounds=[compound], plan=None, attested={}, apply=False)
    dropped = await world.project(street, compounds=[compound], plan=None, attested={}, apply=False)
    version = (await world.district.get(f"/v1/projects/{dropped['id']}")).headers["etag"]
    path = f"/v1/projects/{dropped['id']}/drop"
    await world.district.post(path, json={"reason": "列入征收"}, headers={"If-Match": version})
    await chosen(world, chosen_one["id"], Stage.PLANNED, Action.CHOOSE, 2027)
    await refresh(world)

    async def found(**query: Any) -> tuple[Any, ...]:
        whole = (await rollup(world, **query))["whole"]
        return tuple(
            whole[name] for name in ("projects", "compounds", "households", "households_unknown", "floor_area")
        )

    once = (1, 120, 0, "1000.25")
    assert await found() == (3, *once)
    assert await found(region=str(county.id), group="street") == (3, *once)
    assert await found(region=str(street.id), group="street") == (2, *once)
    assert await found(stage="draft") == (2, *once)  # the newer of the street's
    assert await found(stage="planned") == (1, 0, 0, 0, "0")
    assert await found(stage="dropped") == (1, *once)


async def test_dropped_projects_are_counted_and_left_out_of_sums(world: World) -> None:
    street = world.streets[0]
    await world.project(street, stock=STOCK)
    dropped = await world.project(street, stock=STOCK)
    version = (await world.district.get(f"/v1/projects/{dropped['id']}")).headers["etag"]
    path = f"/v1/projects/{dropped['id']}/drop"
    await world.district.post(path, json={"reason": "列入征收"}, headers={"If-Match": version})
    await refresh(world)
    whole = (await rollup(world))["whole"]
    assert (whole["projects"], whole["households"], whole["by_stage"]["dropped"]) == (1, 120, 1)
    only = (await rollup(world, stage="dropped"))["whole"]
    assert (only["projects"], only["households"], only["by_stage"]["applied"]) == (1, 120, 0)


async def test_what_has_left_a_stage_leaves_its_sum(world: World) -> None:
    project = await world.project(world.streets[0], stock=STOCK)
    await refresh(world)
    before = await rollup(world)
    assert before["whole"]["by_stage"]["applied"] == 1
    await chosen(world, project["id"], Stage.PLANNED, Action.CHOOSE, 2027)
    assert (await rollup(world))["whole"] == before["whole"]  # as old as it says
    await asyncio.gather(refresh(world), refresh(world))
    after = await rollup(world)
    assert (after["whole"]["by_stage"]["applied"], after["whole"]["by_stage"]["planned"]) == (0, 1)
    assert datetime.fromisoformat(after["as_of"]) > datetime.fromisoformat(before["as_of"])


async def test_who_lies_in_no_region_of_the_level_is_told(world: World) -> None:
    await world.project(world.streets[0])
    await world.project(world.counties[0])
    await refresh(world)
    found = await rollup(world, region=str(world.counties[0].id), group="street")
    assert (found["whole"]["projects"], found["elsewhere"]) == (2, 1)
    assert [one["projects"] for one in found["items"]] == [1]
    whole = await world.city.get("/v1/rollups/projects", params={"region": str(world.root.id)})
    assert (whole.json()["group"], whole.json()["elsewhere"]) == ("county", 0)
    assert (await rollup(world, group="province"))["elsewhere"] == 2


async def test_the_regions_are_paged_by_path(world: World) -> None:
    seen, query = [], {"limit": 1}
    while True:
        page = await rollup(world, **query)
        seen += [one["region_id"] for one in page["items"]]
        if not page["has_more"]:
            break
        query = {"limit": 1, "cursor": page["next_cursor"]}
    assert seen == [str(one.id) for one in sorted(world.counties, key=lambda one: one.path)]


async def test_sums_are_read_inside_the_scope_only(world: World) -> None:
    own, other = (str(one.id) for one in world.counties)
    for path in ("/v1/rollups/projects", "/v1/rollups/projects.csv"):
        asked = {"group": "street"}
        assert (await world.district.get(path, params={**asked, "region": own})).status_code == 200
        for foreign in (other, str(world.root.id), str(uuid4())):
            assert (await world.district.get(path, params={**asked, "region": foreign})).status_code == 404
        wrong = await world.district.get(path, params={"region": own, "group": "nation"})
        assert wrong.status_code == 422


async def test_the_table_says_the_same(world: World) -> None:
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE region SET name = '=1+1' WHERE id = $1", world.counties[1].id)
    await world.project(world.streets[0], stock=STOCK)
    await refresh(world)
    asked = {"region": str(world.root.id), "group": "county"}
    answer = await world.city.get("/v1/rollups/projects.csv", params=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    header, whole, *parts = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert len({len(header), len(whole), *(len(row) for row in parts)}) == 1
    table = dict(zip(header, whole, strict=True))
    assert (table["项目 projects"], table["户数 households"], table["预算 budget (yuan)"]) == ("1", "120", "400000.5")
    assert (table["申报 applied"], table["资金 residents"], table["资金 central"]) == ("1", "40000.05", "0")
    assert [row[1] for row in parts] == [world.counties[0].name, "'=1+1"]


async def test_a_table_of_too_many_regions_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"region": str(world.root.id), "group": "county"}
    monkeypatch.setattr(rollups, "MOST_REGIONS", 2)
    assert (await world.city.get("/v1/rollups/projects.csv", params=asked)).status_code == 200
    monkeypatch.setattr(rollups, "MOST_REGIONS", 1)
    answer = await world.city.get("/v1/rollups/projects.csv", params=asked)
    assert (answer.json()["type"], answer.json()["errors"][0]["pointer"]) == ("/problems/rollup-too-large", "/region")


def test_the_refresh_is_scheduled() -> None:
    assert RefreshRollups.name in {recurring.job.name for recurring in SCHEDULE}
