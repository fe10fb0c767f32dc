"""Who competes: applications by a last day (domain.md S13), the filter of a round (S18), and the list of those kept out."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.core.kit.uow import SYSTEM
from tests.api.selection.world import STOCK, World

APPLIED_ON = "UPDATE project_stage_entry SET at = $2 WHERE project_id = $1 AND action = 'apply'"


async def applied(world: World, project: dict[str, Any], at: datetime) -> None:
    """Lets a project have applied at another time."""
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(APPLIED_ON, project["id"], at)


async def reasons(world: World, round_id: str, **query: str) -> dict[str, list[str]]:
    """Who did not compete, by title, with the codes why."""
    answer = await world.city.get(f"/v1/rounds/{round_id}/excluded", params={"limit": "100", **query})
    assert answer.status_code == 200, answer.text
    return {one["title"]: [reason["why"] for reason in one["reasons"]] for one in answer.json()["items"]}


async def test_who_applied_after_the_last_day_does_not_compete_and_is_listed_as_late(world: World) -> None:
    timely = await world.project(world.streets[0], title="按时")
    late = await world.project(world.streets[0], title="逾期")
    # The last second of 31 October in Shanghai, and the first of November.
    await applied(world, timely, datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    await applied(world, late, datetime(2026, 10, 31, 16, 0, 0, tzinfo=UTC))
    found = await world.round(apply_until="2026-10-31", apply_until_document="柳建发〔2026〕8号")
    frozen = await world.freeze(found["id"])
    assert (frozen["candidates"], frozen["excluded"]) == (1, {"late": 1})
    run = await world.run(found["id"])
    assert [one["title"] for one in await world.ranking(run["id"])] == ["按时"]
    (shown,) = (await world.city.get(f"/v1/rounds/{found['id']}/excluded")).json()["items"]
    assert (shown["project_id"], shown["no"]) == (late["id"], late["no"])
    (reason,) = shown["reasons"]
    assert (reason["why"], reason["asked"], reason["found"]) == ("late", "2026-10-31", "2026-11-01")
    assert "2026-11-01" in reason["zh"]
    assert "after the last day" in reason["en"]


async def test_who_applies_again_counts_from_then(world: World) -> None:
    project = await world.project(world.streets[0])
    await applied(world, project, datetime(2026, 9, 1, tzinfo=UTC))
    path = f"/v1/projects/{project['id']}"
    for action in ("withdraw", "apply"):
        version = (await world.city.get(path)).headers["etag"]
        moved = await world.city.post(f"{path}/{action}", headers={"If-Match": version})
        assert moved.status_code == 200, moved.text
    found = await world.round(apply_until="2026-10-01", apply_until_document="d")
    assert (await world.freeze(found["id"]))["excluded"] == {"late": 1}


async def test_the_filter_names_what_it_keeps_out(world: World) -> None:
    north, south = world.streets
    fitting = {**STOCK, "compound.households": "120", "compound.self_built_share": "0.5"}
    await world.project(north, title="合适", stock=fitting)
    await world.project(north, title="不详", stock={"compound.hazards": "1"})
    await world.project(south, title="外县", stock=fitting)
    await world.project(
        north, title="新而小", stock={**fitting, "compound.built_year": "2008", "compound.households": "9"}
    )
    await world.project(north, title="自建", stock={**fitting, "compound.self_built_share": "0.500000001"})
    pair = [await world.compound(north, fitting), await world.compound(north, fitting)]
    await world.project(north, title="片区", compounds=pair)
    found = await world.round(
        filter={
            "regions": [str(world.counties[0].id)],
            "clusters": "none",
            "built_before": 2000,
            "min_households": 100,
            "max_self_built_share": "1/2",
        }
    )
    assert found["filter"]["max_self_built_share"] == "0.5"
    frozen = await world.freeze(found["id"])
    assert frozen["candidates"] == 2
    assert frozen["excluded"] == {"region": 1, "built": 1, "households": 1, "self_built": 1, "cluster": 1}
    assert await reasons(world, found["id"]) == {
        "外县": ["region"],
        "新而小": ["built", "households"],
        "自建": ["self_built"],
        "片区": ["cluster"],
    }
    assert await reasons(world, found["id"], why="households") == {"新而小": ["built", "households"]}
    listed = (await world.city.get(f"/v1/rounds/{found['id']}/freezes")).json()["items"]
    assert listed[0]["excluded"] == frozen["excluded"]


async def test_only_clusters_compete_where_the_round_is_for_them(world: World) -> None:
    await world.project(world.streets[0], title="单个")
    pair = [await world.compound(world.streets[0]), await world.compound(world.streets[0])]
    await world.project(world.streets[0], title="片区", compounds=pair)
    found = await world.round(filter={"clusters": "only"})
    assert (await world.freeze(found["id"]))["candidates"] == 1
    assert await reasons(world, found["id"]) == {"单个": ["cluster"]}


async def test_a_conflict_is_listed_with_its_facts_and_each_freeze_has_its_own_list(world: World) -> None:
    compound = await world.compound(world.streets[0])
    await world.project(world.streets[0], title="不一", compounds=[compound])
    found = await world.round()
    await world.freeze(found["id"])
    assert await reasons(world, found["id"]) == {}
    await world.record("compound", compound, world.streets[0], {"compound.built_year": "1999"}, source="房管局")
    frozen = await world.freeze(found["id"])
    assert (frozen["candidates"], frozen["excluded"]) == (1, {"conflict": 1})
    (shown,) = (await world.city.get(f"/v1/rounds/{found['id']}/excluded")).json()["items"]
    assert "建成年代" in shown["reasons"][0]["zh"]
    assert await reasons(world, found["id"], freeze="1") == {}
    assert (await world.city.get(f"/v1/rounds/{found['id']}/excluded", params={"freeze": "3"})).status_code == 404


async def test_the_list_has_pages_a_scope_and_nothing_before_a_freeze(world: World) -> None:
    found = await world.round(world.counties[0], filter={"built_before": 1950})
    path = f"/v1/rounds/{found['id']}/excluded"
    early = await world.city.get(path)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/round-not-frozen")
    numbers = [(await world.project(world.streets[0]))["no"] for _ in range(3)]
    await world.freeze(found["id"])
    assert (await world.other_district.get(path)).status_code == 404
    paged: list[str] = []
    url = f"{path}?limit=2"
    while url:
        answer = await world.district.get(url)
        paged += [one["no"] for one in answer.json()["items"]]
        url = answer.links["next"]["url"] if answer.json()["has_more"] else ""
    assert paged == sorted(numbers)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"apply_until": "2026-10-31"}, "/apply_until_document"),
        ({"apply_until_document": "d"}, "/apply_until_document"),
        ({"filter": {"max_self_built_share": "1.5"}}, "/filter/max_self_built_share"),
        ({"filter": {"max_self_built_share": 0.5}}, "/filter/max_self_built_share"),
        ({"filter": {"clusters": "some"}}, "/filter/clusters"),
        ({"filter": {"stage": "works"}}, "/filter/stage"),
    ],
)
async def test_wrong_terms_are_named(world: World, wrong: dict[str, object], pointer: str) -> None:
    body = {"region_id": str(world.root.id), "year": 2027, "title": "比选", **wrong}
    refused = await world.city.post("/v1/rounds", json=body)
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, [pointer])


async def test_a_filter_names_no_region_outside_the_round(world: World) -> None:
    north, south = (str(county.id) for county in world.counties)
    body = {"region_id": north, "year": 2027, "title": "比选", "filter": {"regions": [north, south]}}
    refused = await world.district.post("/v1/rounds", json=body)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/filter/regions/1"]
    made = await world.round(world.counties[0])
    changed = await world.district.put(
        f"/v1/rounds/{made['id']}",
        json={"year": 2027, "title": "比选", "filter": {"regions": [south]}},
        headers={"If-Match": '"1"'},
    )
    assert [one["pointer"] for one in changed.json()["errors"]] == ["/filter/regions/0"]


async def test_a_round_shows_where_it_stands_in_its_year(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round(year=2100, apply_until="2099-10-31", apply_until_document="d")
    path = f"/v1/rounds/{found['id']}"
    assert (found["calendar"], found["apply_until"], found["apply_until_document"]) == ("applying", "2099-10-31", "d")
    body = {"year": 2100, "title": "比选", "apply_until": "2020-10-31", "apply_until_document": "d"}
    changed = await world.city.put(path, json=body, headers={"If-Match": '"1"'})
    assert changed.json()["calendar"] == "to_freeze"
    changed = await world.city.put(path, json={"year": 2100, "title": "比选"}, headers={"If-Match": '"2"'})
    assert (changed.json()["apply_until"], changed.json()["calendar"]) == (None, "to_freeze")
    await world.freeze(found["id"])
    assert (await world.city.get(path)).json()["calendar"] == "choosing"
    run = await world.run(found["id"])
    published = await world.city.post(f"/v1/runs/{run['id']}/publish")
    assert published.status_code == 201
    shown = (await world.city.get(path)).json()
    assert (shown["calendar"], shown["notice_until"]) == ("on_notice", published.json()["notice_until"])
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE publication SET notice_until = $2 WHERE id = $1", published.json()["id"], date(2026, 1, 5)
        )
    assert (await world.city.get(path)).json()["calendar"] == "notice_ended"
    assert found["id"] in {
        one["id"] for one in (await world.city.get("/v1/rounds")).json()["items"] if one["calendar"] == "notice_ended"
    }


async def test_nothing_is_published_while_applications_are_open(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round(year=2100, apply_until="2099-10-31", apply_until_document="d")
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    refused = await world.city.post(f"/v1/runs/{run['id']}/publish")
    told = refused.json()
    assert (refused.status_code, told["type"], told["apply_until"]) == (
        409, "/problems/applications-open", "2099-10-31",
    )  # fmt: skip


async def test_the_policys_day_holds_where_the_round_names_none(world: World) -> None:
    found = await world.round(policy_id="liuzhou", year=2030)
    assert (found["apply_until"], found["apply_until_document"]) == ("2029-10-31", None)
    body = {"year": 2031, "title": "比选", "policy_id": "liuzhou"}
    changed = await world.city.put(f"/v1/rounds/{found['id']}", json=body, headers={"If-Match": '"1"'})
    assert (changed.json()["apply_until"], changed.json()["calendar"]) == ("2030-10-31", "applying")
