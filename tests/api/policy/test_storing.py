"""A region's own policies: checked without storing, stored under a new number each, and never changing what began before."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from services.core.kit.exact import digest
from services.core.policy.loader import MAX_BYTES
from tests.api.selection.world import MakeRegion, MakeStaff, World

TEXT = """\
id: {id}
version: {version}
title: 本市竞争比选
rubric: {{same_as: ningbo, illustrative: true}}
gates:
  - {{id: plan, title: 方案齐备, fact: plan.complete, is: true, hard: true}}
selection: {{partition: county, over_cap: {over_cap}, illustrative: true}}
notices: {{ranking: {{days: 5, unit: workday, illustrative: true}}}}
"""


def text_of(name: str, version: int = 1, *, over_cap: str = "skip") -> str:
    """A whole policy."""
    return TEXT.format(id=name, version=version, over_cap=over_cap)


def own(world: World) -> str:
    """An id that no other test uses."""
    return f"own_{world.root.id.hex}"


async def store(world: World, text: str) -> httpx.Response:
    return await world.city.post("/v1/policies", json={"region_id": str(world.root.id), "text": text})


async def test_a_text_is_checked_with_every_place_and_nothing_is_stored(world: World) -> None:
    good = await world.city.post("/v1/policies/check", json={"text": text_of(own(world))})
    assert (good.status_code, good.json()["valid"], good.json()["faults"]) == (200, True, [])
    assert good.json()["digest"] == digest(good.json()["body"])
    assert (await world.city.get(f"/v1/policies/{own(world)}")).status_code == 404
    wrong = text_of(own(world), over_cap="wait").replace("plan.complete", "plan.done") + "colour: red\ntitle: 二\n"
    told = (await world.city.post("/v1/policies/check", json={"text": wrong})).json()
    assert (told["valid"], told["total"], told["digest"], told["body"]) == (False, 4, None, None)
    assert [(one["line"], one["column"], one["pointer"]) for one in told["faults"]] == [
        (6, 29, "/gates/0/fact"),
        (7, 32, "/selection/over_cap"),
        (9, 1, "/colour"),
        (10, 1, "/title"),
    ]
    assert all(one["zh"] and one["en"] for one in told["faults"])


async def test_what_is_wrong_is_a_problem_with_the_places_in_the_callers_language(world: World) -> None:
    body = {"region_id": str(world.root.id), "text": text_of(own(world)).replace("plan.complete", "plan.done")}
    chinese = await world.city.post("/v1/policies", json=body)
    english = await world.city.post("/v1/policies", json=body, headers={"Accept-Language": "en"})
    assert (chinese.status_code, chinese.json()["type"]) == (422, "/problems/policy-malformed")
    assert chinese.json()["errors"] == [{"pointer": "/gates/0/fact", "detail": "第 6 行第 29 列：事实目录中没有这一项"}]
    assert english.json()["errors"][0]["detail"] == "line 6, column 29: is not a fact of the catalogue"
    assert "plan.done" not in chinese.text
    too_long = await world.city.post("/v1/policies/check", json={"text": "#" + "x" * MAX_BYTES})
    assert (too_long.status_code, too_long.json()["errors"][0]["pointer"]) == (422, "/text")


async def test_a_version_is_stored_once_and_never_changed(world: World, api: httpx.AsyncClient) -> None:
    first = await store(world, text_of(own(world)))
    assert (first.status_code, first.json()["region_id"]) == (201, str(world.root.id))
    assert first.headers["location"] == f"/v1/policies/{own(world)}?number=1"
    again = await store(world, "# the same in other words\n" + text_of(own(world)))
    assert (again.status_code, again.json()["digest"]) == (200, first.json()["digest"])
    changed = await store(world, text_of(own(world), over_cap="stop"))
    assert (changed.status_code, changed.json()["type"]) == (409, "/problems/policy-changed-in-place")
    assert (await store(world, text_of(own(world), 3, over_cap="stop"))).status_code == 201
    late = await store(world, text_of(own(world), 2))
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/version")
    kept = await api.get(f"/public/policies/{own(world)}", params={"number": 1})
    assert kept.json()["body"] == first.json()["body"]
    assert kept.json()["superseded_by"] == 3
    newest = await api.get(f"/public/policies/{own(world)}")
    assert (newest.json()["number"], newest.json()["superseded_by"]) == (3, None)
    assert kept.headers["etag"] != f'"{first.json()["digest"]}"', "what is marked as superseded is another answer"


async def test_only_who_may_and_only_under_an_id_of_its_own(world: World, region: MakeRegion, staff: MakeStaff) -> None:
    body = {"region_id": str(world.root.id), "text": text_of(own(world))}
    assert (await world.district.post("/v1/policies", json=body)).status_code == 403
    assert (await world.district.post("/v1/policies/check", json={"text": "id: a"})).status_code == 403
    elsewhere = await region("city")
    stranger = await staff("city", elsewhere)
    assert (await stranger.post("/v1/policies", json=body)).status_code == 404
    packaged = await store(world, text_of("ningbo", 2))
    assert (packaged.status_code, packaged.json()["type"]) == (422, "/problems/policy-id-reserved")
    assert (await store(world, text_of(own(world)))).status_code == 201
    taken = await stranger.post(
        "/v1/policies", json={"region_id": str(elsewhere.id), "text": text_of(own(world), 2, over_cap="stop")}
    )
    assert (taken.status_code, taken.json()["type"]) == (403, "/problems/policy-of-another-region")


async def test_of_two_cities_that_take_one_new_id_the_second_is_refused(
    world: World, region: MakeRegion, staff: MakeStaff
) -> None:
    elsewhere = await region("city")
    stranger = await staff("city", elsewhere)
    bodies = [
        (world.city, {"region_id": str(world.root.id), "text": text_of(own(world), 1)}),
        (stranger, {"region_id": str(elsewhere.id), "text": text_of(own(world), 2)}),
    ]
    answers = await asyncio.gather(*(client.post("/v1/policies", json=body) for client, body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 403]


@pytest.fixture
async def governed(world: World) -> World:
    """The city under version 1 of its own policy."""
    assert (await store(world, text_of(own(world)))).status_code == 201
    assert (await assign(world, 1)).status_code == 201
    return world


async def assign(world: World, number: int) -> httpx.Response:
    body = {"policy_id": own(world), "number": number}
    return await world.city.post(f"/v1/regions/{world.root.id}/policy", json=body)


SECOND = """\
  - {id: ready, title: 前期工作完成, fact: project.ready, is: true, hard: true}
"""


def second(world: World) -> str:
    """Version 2: one gate more, and nobody is tried after the first who does not fit."""
    text = text_of(own(world), 2, over_cap="stop")
    return text.replace("selection:", f"{SECOND}selection:")


async def outcome(world: World, run: dict[str, Any]) -> list[tuple[int | None, str, str]]:
    return [(one["rank"], one["outcome"], one["sentence_zh"]) for one in await world.ranking(run["id"])]


async def test_what_began_under_a_version_keeps_it_after_it_is_superseded(governed: World) -> None:
    world = governed
    for place in (1, 2):
        await world.project(world.streets[0], title=f"项目{place}")
    began = await world.round(policy_id=own(world), caps=[{"budget": "500000"}])
    await world.freeze(began["id"])
    before = await world.run(began["id"])

    assert (await store(world, second(world))).status_code == 201
    assert (await assign(world, 2)).status_code == 201

    found = (await world.city.get(f"/v1/rounds/{began['id']}")).json()
    assert (found["policy_number"], found["policy_superseded_by"], before["state"]) == (1, 2, "done")
    after = await world.run(began["id"])
    assert after["digest"] == before["digest"]
    assert await outcome(world, after) == await outcome(world, before)
    assert [one[0] for one in await outcome(world, after)] == [1, 2]
    bundle = [json.loads(line) for line in (await world.city.get(f"/v1/runs/{after['id']}/bundle")).text.splitlines()]
    assert [line["inputs"]["policy"]["version"] for line in bundle if "inputs" in line] == [1]
    published = await world.city.post(f"/v1/runs/{after['id']}/publish")
    assert published.status_code == 201
    shown = (await world.city.get(f"/public/rounds/{began['id']}/ranking")).json()
    assert shown["policy"]["number"] == 1

    later = await world.round(policy_id=None, caps=[{"budget": "500000"}])
    assert (later["policy_id"], later["policy_number"], later["policy_superseded_by"]) == (own(world), 2, None)
    await world.freeze(later["id"])
    ranked = await outcome(world, await world.run(later["id"]))
    assert [one[1] for one in ranked] == ["not_ranked", "not_ranked"]


async def test_gates_of_a_project_follow_what_is_assigned_now(governed: World) -> None:
    world = governed
    project = await world.project(world.streets[0])

    async def gates() -> tuple[int, list[str]]:
        told = (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()
        return told["policy_number"], [one["id"] for one in told["gates"]]

    assert await gates() == (1, ["plan"])
    assert (await store(world, second(world))).status_code == 201
    assert await gates() == (1, ["plan"]), "storing a version changes nothing"
    in_force = (await world.city.get(f"/v1/regions/{world.root.id}/policy")).json()
    assert (in_force["number"], in_force["superseded_by"]) == (1, 2)
    assert (await assign(world, 2)).status_code == 201
    assert await gates() == (2, ["plan", "ready"])
    assert (await assign(world, 1)).status_code == 201
    assert await gates() == (1, ["plan"]), "the latest assignment holds, not the highest number"


async def test_the_form_is_public_and_stays_the_same_bytes(api: httpx.AsyncClient) -> None:
    first = await api.get("/public/policy-schema")
    assert first.status_code == 200
    assert first.json()["title"] == "Policy"
    assert first.json()["properties"]["rubric"]
    again = await api.get("/public/policy-schema", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
