"""The annual plan: three lists, baseline and difference, adjustments, and a project's way through the years."""

import asyncio

import httpx
import pytest
from asyncpg import RestrictViolationError

from services.core.kit.uow import SYSTEM
from tests.api.selection.world import STOCK, World, plan_of
from tests.api.selection.year import confirm, end_notice, plan, plan_of_year, publish


async def chosen_of_three(world: World) -> list[dict[str, str]]:
    """Three projects of one county, of which the round takes the first, keeps the second and shelves the third."""
    return [
        await world.project(
            world.streets[0], title=title, stock={**STOCK, "compound.hazards": hazards}, plan=plan_of(budget)
        )
        for title, hazards, budget in (("甲", "5", "100"), ("乙", "4", "200"), ("丙", "3", "300.5"))
    ]


async def test_three_lists_enter_the_plan_and_the_stages(world: World, api: httpx.AsyncClient) -> None:
    first, second, third = await chosen_of_three(world)
    held = await world.project(world.streets[0], title="未表决", attested={"vote.menu.passed": "true"})
    elsewhere = await world.project(world.streets[1], title="丁", plan=plan_of("400"))
    found = await world.round(caps=[{"count": 1}], reserve=1)
    confirmation = await plan_of_year(world, found["id"])
    assert confirmation["round_id"] == found["id"]
    stages = {
        one["title"]: (await world.city.get(f"/v1/projects/{one['id']}")).json()["stage"]
        for one in (first, second, third, held, elsewhere)
    }
    assert stages == {"甲": "planned", "乙": "library", "丙": "library", "未表决": "applied", "丁": "planned"}

    whole = await plan(world)
    assert whole["totals"] == whole["baseline"]
    assert whole["totals"] == {
        "implement": {"projects": 2, "budget": "500", "floor_area": "2000"},
        "reserve": {"projects": 1, "budget": "200", "floor_area": "1000"},
        "later": {"projects": 1, "budget": "300.5", "floor_area": "1000"},
    }
    assert {one["title"]: one["list"] for one in whole["items"]} == {
        "甲": "implement", "乙": "reserve", "丙": "later", "丁": "implement",
    }  # fmt: skip
    assert [one["title"] for one in (await plan(world, list="reserve"))["items"]] == ["乙"]
    assert (await plan(world, changed="true"))["items"] == []
    county = await plan(world, by=world.other_district, region=str(world.counties[1].id))
    assert [one["title"] for one in county["items"]] == ["丁"]
    assert county["totals"]["implement"]["projects"] == 1
    foreign = await world.other_district.get("/v1/plans/2027", params={"region": str(world.counties[0].id)})
    assert foreign.status_code == 404
    assert (await plan(world, 2028))["items"] == []

    shown = (await api.get("/public/plans/2027", params={"region": str(world.root.id), "limit": "3"})).json()
    assert shown["has_more"] is True
    rest = (
        await api.get(
            "/public/plans/2027",
            params={"region": str(world.root.id), "limit": "3", "cursor": shown["next_cursor"]},
        )
    ).json()
    assert [one["no"] for one in shown["items"] + rest["items"]] == [one["no"] for one in whole["items"]]
    assert shown["totals"] == whole["totals"]
    assert not {"project_id", "at"} & set(shown["items"][0])
    assert (await api.get("/public/plans/2027", params={"region": confirmation["plan_id"]})).status_code == 404


async def test_an_adjustment_is_kept_beside_what_was_confirmed(world: World) -> None:
    first, second, _ = await chosen_of_three(world)
    found = await world.round(caps=[{"count": 1, "budget": "150"}], reserve=1)
    await plan_of_year(world, found["id"])
    path = "/v1/plans/2027/adjust"
    body = {"project_id": first["id"], "budget": "150", "document": "甬建调〔2027〕1号"}
    assert (await world.city.post(path, json=body)).status_code == 428
    assert (await world.city.post(path, json=body, headers={"If-Match": '"2"'})).status_code == 412
    now = {"If-Match": '"1"'}
    over = await world.city.post(path, json={**body, "budget": "150.01"}, headers=now)
    assert (over.status_code, over.json()["type"]) == (409, "/problems/caps-exceeded")
    same = await world.city.post(path, json={**body, "budget": "100"}, headers=now)
    assert (same.status_code, same.json()["errors"][0]["pointer"]) == (422, "/budget")
    reserve = await world.city.post(path, json={**body, "project_id": second["id"]}, headers=now)
    assert (reserve.status_code, reserve.json()["type"]) == (409, "/problems/project-not-in-plan")
    assert (await world.district.post(path, json=body, headers=now)).status_code == 403
    answers = await asyncio.gather(*(world.city.post(path, json=body, headers=now) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412]
    unit = await world.city.post(
        path,
        json={"project_id": first["id"], "client_unit": "区建设局", "document": "甬建调〔2027〕2号"},
        headers={"If-Match": '"2"'},
    )
    assert (unit.status_code, unit.headers["etag"], unit.json()["budget"]) == (201, '"3"', "150")

    whole = await plan(world, changed="true")
    assert [
        (one["title"], one["kind"], one["budget"], one["client_unit"], one["version"]) for one in whole["items"]
    ] == [("甲", "adjusted", "150", "区建设局", 3)]
    assert whole["items"][0]["baseline"] == {"list": "implement", "budget": "100", "client_unit": None}
    assert (whole["totals"]["implement"]["budget"], whole["baseline"]["implement"]["budget"]) == ("150", "100")

    steps = (await world.city.get(f"/v1/projects/{first['id']}/lineage")).json()["steps"]
    assert [(one["of"], one["step"], one["to_stage"], one["list"], one["budget"]) for one in steps] == [
        ("stage", "apply", "applied", None, None),
        ("stage", "choose", "planned", None, None),
        ("plan", "confirmed", None, "implement", "100"),
        ("plan", "adjusted", None, "implement", "150"),
        ("plan", "adjusted", None, "implement", "150"),
    ]
    assert [one["year"] for one in steps] == [None, 2027, 2027, 2027, 2027]


async def test_a_second_round_of_the_year_takes_nothing_from_the_first(world: World) -> None:
    first, second, _ = await chosen_of_three(world)
    one, other = await world.round(caps=[{"count": 1}]), await world.round(caps=[{"count": 0}], reserve=9)
    runs = {found["id"]: (await publish(world, found["id"]))["run_id"] for found in (one, other)}
    for found in (one, other):
        await end_notice(world, found["id"])
        made = await confirm(world, runs[found["id"]])
        assert made.status_code == 201, made.text
    lists = {item["title"]: (item["list"], item["version"]) for item in (await plan(world))["items"]}
    assert lists == {"甲": ("implement", 1), "乙": ("reserve", 2), "丙": ("reserve", 2)}
    steps = (await world.city.get(f"/v1/projects/{first['id']}/lineage")).json()["steps"]
    assert [step["list"] for step in steps if step["of"] == "plan"] == ["implement"]
    assert (await world.city.get(f"/v1/projects/{second['id']}")).json()["stage"] == "library"


async def test_who_was_given_up_since_the_publication_is_no_reserve(world: World) -> None:
    _, second, _ = await chosen_of_three(world)
    found = await world.round(caps=[{"count": 1}], reserve=1)
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    version = (await world.city.get(f"/v1/projects/{second['id']}")).headers["etag"]
    body = {"reason": "拆迁", "document": "柳建字2号"}
    dropped = await world.city.post(f"/v1/projects/{second['id']}/drop", json=body, headers={"If-Match": version})
    assert dropped.status_code == 200, dropped.text
    assert (await confirm(world, published["run_id"])).status_code == 201
    whole = await plan(world)
    assert {one["title"]: one["list"] for one in whole["items"]} == {"甲": "implement", "丙": "later"}
    assert whole["totals"]["reserve"]["projects"] == 0


async def test_what_the_city_implements_is_adjusted_though_its_county_keeps_it_in_reserve(world: World) -> None:
    _, second, _ = await chosen_of_three(world)
    county = await world.round(at=world.counties[0], caps=[{"count": 0}], reserve=9)
    await plan_of_year(world, county["id"])
    version = (await world.city.get(f"/v1/projects/{second['id']}")).headers["etag"]
    applied = await world.city.post(f"/v1/projects/{second['id']}/apply", headers={"If-Match": version})
    assert applied.status_code == 200
    await plan_of_year(world, (await world.round())["id"])
    body = {"project_id": second["id"], "client_unit": "城建投", "document": "柳建字1号"}
    made = await world.city.post("/v1/plans/2027/adjust", json=body, headers={"If-Match": '"2"'})
    assert (made.status_code, made.json()["list"], made.json()["version"]) == (201, "implement", 3)


async def test_the_round_confirmed_last_has_the_word_and_no_project_is_counted_twice(
    world: World, api: httpx.AsyncClient
) -> None:
    first, second, third = await chosen_of_three(world)
    county = await world.round(at=world.counties[0], caps=[{"count": 1}], reserve=9)
    await plan_of_year(world, county["id"])
    for project in (second, third):
        path = f"/v1/projects/{project['id']}"
        version = (await world.city.get(path)).headers["etag"]
        assert (await world.city.post(f"{path}/apply", headers={"If-Match": version})).status_code == 200
    await plan_of_year(world, (await world.round(caps=[{"count": 1}], reserve=9))["id"])
    whole = await plan(world)
    assert {(one["title"], one["list"], one["version"]) for one in whole["items"]} == {
        ("甲", "implement", 1), ("乙", "implement", 2), ("丙", "reserve", 2),
    }  # fmt: skip
    assert {name: one["projects"] for name, one in whole["totals"].items()} == {
        "implement": 2, "reserve": 1, "later": 0,
    }  # fmt: skip
    assert len(whole["items"]) == 3
    assert whole["baseline"] == whole["totals"]
    public = (await api.get("/public/plans/2027", params={"region": str(world.root.id)})).json()
    assert sorted(one["title"] for one in public["items"]) == ["丙", "乙", "甲"]
    # What the city has taken over is no reserve of its county any more.
    body = {"dropped_project_id": first["id"], "ground": "emergency", "note": "n"}
    proposed = await world.city.post(f"/v1/rounds/{county['id']}/supplements", json=body)
    assert (proposed.status_code, proposed.json()["candidates"]) == (201, [])
    steps = (await world.city.get(f"/v1/projects/{second['id']}/lineage")).json()["steps"]
    assert [step["list"] for step in steps if step["of"] == "plan"] == ["reserve", "implement"]


async def test_rounds_of_county_and_city_confirmed_at_once_list_a_project_once(world: World) -> None:
    projects = await chosen_of_three(world)
    for year, stage in ((2031, "applied"), *((year, "library") for year in range(2032, 2036))):
        rounds = [
            await world.round(at=at, year=year, filter={"stage": stage}, caps=[{"count": 0}], reserve=9)
            for at in (world.root, world.counties[0])
        ]
        runs = [(await publish(world, found["id"]))["run_id"] for found in rounds]
        for found in rounds:
            await end_notice(world, found["id"])
        answers = await asyncio.gather(*(confirm(world, run) for run in runs))
        codes = {answer.json().get("type") for answer in answers if answer.status_code != 201}
        assert codes <= {"/problems/plan-changed", "/problems/project-stage-wrong"}, [one.text for one in answers]
        assert any(answer.status_code == 201 for answer in answers)
        again = [await confirm(world, run) for run, one in zip(runs, answers, strict=True) if one.status_code != 201]
        assert all(answer.status_code == 201 for answer in again)
        assert sorted(one["project_id"] for one in (await plan(world, year))["items"]) == sorted(
            one["id"] for one in projects
        )
        assert {one["version"] for one in (await plan(world, year))["items"]} == {2}


async def test_a_project_of_the_library_is_chosen_the_year_after(world: World) -> None:
    _, second, _ = await chosen_of_three(world)
    await plan_of_year(world, (await world.round(caps=[{"count": 1}], reserve=1))["id"])
    await plan_of_year(world, (await world.round(caps=[{"count": 1}], year=2028, filter={"stage": "library"}))["id"])
    steps = (await world.city.get(f"/v1/projects/{second['id']}/lineage")).json()["steps"]
    assert [(one["step"], one["list"], one["year"]) for one in steps if one["of"] == "plan"] == [
        ("confirmed", "reserve", 2027),
        ("confirmed", "implement", 2028),
    ]
    assert [one["to_stage"] for one in steps if one["of"] == "stage"] == ["applied", "library", "planned"]


@pytest.mark.parametrize(
    "change", ["UPDATE plan_entry SET budget = 1", "DELETE FROM plan_entry", "TRUNCATE plan_entry"]
)
async def test_the_ledger_only_grows(world: World, change: str) -> None:
    with pytest.raises(RestrictViolationError):
        async with world.database.begin(SYSTEM) as uow:
            await uow.driver.execute(change)
