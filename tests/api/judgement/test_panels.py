"""Panels of experts: opened, scored, withdrawn from, cancelled, by whom and on what."""

import asyncio
import json
from uuid import uuid4

import pytest

from services.core.kit.uow import SYSTEM
from tests.api.judgement.panels import PLAN, Json, close, end_the_day, experts, fact, ids, judged, opened, score, scored
from tests.api.selection.world import MakeStaff, World


async def test_a_panel_from_opening_to_the_counted_fact(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 3)
    first, second = [await world.project(world.streets[0]) for _ in range(2)]
    await world.project(world.streets[0], apply=False)
    found = await world.round()
    panel = await opened(world, found["id"], people)
    assert (panel["status"], panel["experts"], panel["assigned"], panel["given"]) == ("open", 3, 6, 0)
    desk = (await people[0].get("/v1/me/judgements", params={"waiting": "true"})).json()["items"]
    assert [(one["no"], one["fact_key"], one["waits"]) for one in desk] == [
        (first["no"], PLAN, True),
        (second["no"], PLAN, True),
    ]
    for expert, points in zip(people, ("80", "90", "85.5"), strict=True):
        await scored(expert, panel, first, points)
    await scored(people[0], panel, second, "10")
    await scored(people[0], panel, second, "60")  # changed before the closing
    early = await world.city.post(f"/v1/panels/{panel['id']}/close")
    assert (early.status_code, early.json()["type"], early.json()["waiting"]) == (409, "/problems/panel-incomplete", 2)
    await end_the_day(world, panel)
    late = await score(people[1], panel, second, "70")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/panel-deadline-passed")
    assert (await close(world, panel))["status"] == "closed"
    counted = await fact(world, first)
    assert counted is not None
    assert (counted["value"], counted["kind"]) == ("511/600", "counted")
    (source,) = counted["sources"]
    assert (source["source"], source["rows"]) == ("selection.panel", [{"panel_id": panel["id"], "scores": 3}])
    assert await fact(world, second) is None
    department = await staff("department", world.root)
    shown = {one["no"]: one for one in await judged(department, panel)}
    assert (shown[first["no"]]["mean"], shown[first["no"]]["share"]) == ("511/6", "511/600")
    assert sorted(one["score"] for one in shown[first["no"]]["judgements"]) == ["80", "85.5", "90"]
    assert {one["expert"] for one in shown[first["no"]]["judgements"]} == {"A", "B", "C"}
    assert (shown[second["no"]]["missing"], shown[second["no"]]["mean"], shown[second["no"]]["given"]) == (
        True,
        None,
        1,
    )
    again = await score(people[1], panel, first, "1")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/panel-closed")


POLICY = """
id: own_{id}
version: 1
title: 专家评审计分
rubric:
  scale: "40"
  dimensions:
    - id: plan
      title: 方案
      indicators:
        - {{id: quality, title: 方案质量, fact: judgement.plan_quality, points: "40", curve: {{kind: linear, from: "0", to: "1"}}}}
selection: {{partition: county, over_cap: skip}}
"""


async def test_what_experts_found_gives_points_with_the_panel_behind_them(world: World, staff: MakeStaff) -> None:
    text = POLICY.format(id=world.root.id.hex)
    stored = await world.city.post("/v1/policies", json={"region_id": str(world.root.id), "text": text})
    assert stored.status_code == 201, stored.text
    people = await experts(world, staff, 3)
    worse, better, unjudged = [await world.project(world.streets[0], title=name) for name in ("次", "优", "未评")]
    found = await world.round(policy_id=stored.json()["policy_id"])
    assigned = {project["id"]: ids(people) for project in (worse, better)}
    panel = await opened(world, found["id"], people, assignments=assigned)
    for project, points in ((worse, "60"), (better, "80")):
        for expert, more in zip(people, (0, 1, 0), strict=True):
            await scored(expert, panel, project, str(int(points) + more))
    await close(world, panel)
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    # 40 x 241/300 and 40 x 181/300, each rounded once.
    assert [(one["title"], one["total"]) for one in await world.ranking(run["id"])] == [
        ("优", "32.1333"),
        ("次", "24.1333"),
        ("未评", "0"),
    ]
    shown = (await world.city.get(f"/v1/runs/{run['id']}/projects/{better['id']}")).json()["indicators"][0]
    assert (shown["value"], shown["source"]["sources"][0]["rows"]) == (
        "241/300", [{"panel_id": panel["id"], "scores": 3}],
    )  # fmt: skip
    missing = (await world.city.get(f"/v1/runs/{run['id']}/projects/{unjudged['id']}")).json()
    assert missing["reason"]["missing"] == [PLAN]


async def test_a_conflict_of_interest_removes_the_expert_for_that_project(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 3)
    first, second = [await world.project(world.streets[0]) for _ in range(2)]
    found = await world.round()
    panel = await opened(world, found["id"], people, least=2)
    for project in (first, second):
        for expert, points in zip(people, ("100", "50", "0"), strict=True):
            await scored(expert, panel, project, points)
    path = f"/v1/panels/{panel['id']}/projects/{first['id']}/conflict-of-interest"
    declared = await people[2].post(path, json={"reason": "参与过该项目设计"})
    assert (declared.status_code, declared.json()["score"], declared.json()["waits"]) == (200, None, False)
    again = await people[2].post(path, json={"reason": "再次"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/judgement-withdrawn")
    refused = await score(people[2], panel, first, "1")
    assert refused.json()["type"] == "/problems/judgement-withdrawn"
    assert (await people[2].post(path, json={})).status_code == 422
    assert (await close(world, panel))["withdrawn"] == 1
    values = [known["value"] for project in (first, second) if (known := await fact(world, project)) is not None]
    assert values == ["0.75", "0.5"]
    shown = {one["no"]: one for one in await judged(world.city, panel)}
    withdrawn = [one for one in shown[first["no"]]["judgements"] if one["withdrawn"]]
    assert [(one["score"], one["counted"], one["deviation"]) for one in withdrawn] == [(None, False, None)]
    assert "设计" not in json.dumps(shown, ensure_ascii=False)


async def test_experts_judge_what_is_assigned_to_them(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 3)
    first, second = [await world.project(world.streets[0]) for _ in range(2)]
    found = await world.round()
    assignments = {first["id"]: ids(people[:2]), second["id"]: ids(people[1:])}
    panel = await opened(world, found["id"], people, least=2, assignments=assignments)
    assert panel["assigned"] == 4
    assert (await score(people[0], panel, second, "1")).status_code == 404
    assert [one["no"] for one in (await people[2].get("/v1/me/judgements")).json()["items"]] == [second["no"]]


async def test_an_expert_sees_no_project_outside_the_panels_region(world: World, staff: MakeStaff) -> None:
    north, south = world.streets
    here, elsewhere = await world.project(north), await world.project(south)
    found = await world.round(world.counties[0])
    expert = await staff("expert", world.counties[0])
    panel = await opened(world, found["id"], [expert])
    assert [one["no"] for one in (await expert.get("/v1/me/judgements")).json()["items"]] == [here["no"]]
    assert (await score(expert, panel, elsewhere, "1")).status_code == 404
    foreign = await staff("expert", world.counties[1])
    assert (await score(foreign, panel, here, "1")).status_code == 404
    assert (await foreign.get(f"/v1/panels/{panel['id']}")).status_code == 404
    # Who is no longer an expert there judges no more.
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE role_grant SET ended_at = now() WHERE principal_id = $1", expert.staff_id)
    assert (await score(expert, panel, here, "1")).status_code == 403


async def test_who_may_open_and_close(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    found = await world.round(world.counties[0])
    path = f"/v1/rounds/{found['id']}/panels"
    body = {"fact_key": PLAN, "experts": ids(people), "least": 2, "deadline": "2099-12-31"}
    assert (await world.street.post(path, json=body)).status_code == 403
    assert (await people[0].post(path, json=body)).status_code == 403
    assert (await world.other_district.post(path, json=body)).status_code == 404
    panel = (await world.district.post(path, json=body)).json()
    twice = await world.district.post(path, json=body)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/panel-exists")
    assert (await world.street.get(path)).status_code == 404  # the round is the county's
    assert [one["id"] for one in (await world.district.get(path)).json()["items"]] == [panel["id"]]
    for expert in people:
        await scored(expert, panel, project, "50")
    assert (await people[0].post(f"/v1/panels/{panel['id']}/close")).status_code == 403
    assert (await world.other_district.post(f"/v1/panels/{panel['id']}/close")).status_code == 404
    assert (await world.district.post(f"/v1/panels/{panel['id']}/close")).status_code == 200


async def test_a_chair_is_no_expert_of_the_panel(world: World, staff: MakeStaff) -> None:
    await world.project(world.streets[0])
    (other,) = await experts(world, staff, 1)
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "INSERT INTO role_grant (id, principal_kind, principal_id, role, region_id, region_path, given_at)"
            " VALUES ($1, 'staff', $2, 'expert', $3, $4, now())",
            uuid4(), world.district.staff_id, world.counties[0].id, world.counties[0].path,
        )  # fmt: skip
    found = await world.round(world.counties[0])
    body = {"fact_key": PLAN, "experts": ids([other, world.district]), "least": 1, "deadline": "2099-12-31"}
    refused = await world.district.post(f"/v1/rounds/{found['id']}/panels", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/panel-chair-is-expert")
    panel = await opened(world, found["id"], [other, world.district], least=1)
    await end_the_day(world, panel)
    refused = await world.district.post(f"/v1/panels/{panel['id']}/close")
    assert refused.json()["type"] == "/problems/panel-chair-is-expert"


async def test_wrong_terms_are_named(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    stranger = await staff("expert", world.counties[1])
    found = await world.round(world.counties[0])
    body: Json = {"fact_key": PLAN, "experts": ids(people), "least": 1, "deadline": "2099-12-31"}
    cases: list[tuple[Json, str | None]] = [
        ({"fact_key": "plan.complete"}, "/fact_key"),
        ({"fact_key": "judgement.beauty"}, "/fact_key"),
        ({"deadline": "2026-01-01"}, "/deadline"),
        ({"least": 3}, "/least"),
        ({"deviation_limit": "100.01"}, "/deviation_limit"),
        ({"experts": [*ids(people), str(stranger.staff_id)]}, "/experts/2"),
        ({"experts": [*ids(people), str(world.street.staff_id)]}, "/experts/2"),
        ({"experts": ids([*people, people[0]])}, "/experts/2"),
        ({"assignments": {str(uuid4()): ids(people)}}, None),
        ({"assignments": {project["id"]: ids([stranger])}}, f"/assignments/{project['id']}"),
        ({"assignments": {project["id"]: ids(people[:1])}, "least": 2}, f"/assignments/{project['id']}"),
        ({"assignments": {project["id"]: ids([people[0], people[0]])}}, f"/assignments/{project['id']}"),
        ({"scale": 0}, "/scale"),
    ]
    for wrong, pointer in cases:
        refused = await world.district.post(f"/v1/rounds/{found['id']}/panels", json={**body, **wrong})
        assert refused.status_code == 422, refused.text
        pointers = [one["pointer"] for one in refused.json()["errors"]]
        assert pointers == [pointer] if pointer else pointers[0].startswith("/assignments/")
    empty = await world.round(world.counties[0], filter={"stage": "library"})
    refused = await world.district.post(f"/v1/rounds/{empty['id']}/panels", json=body)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/assignments"]


@pytest.mark.parametrize("wrong", ["100.01", "-1", "1.001", 50.5, "many"])
async def test_a_score_lies_on_the_scale(world: World, staff: MakeStaff, wrong: object) -> None:
    (expert,) = await experts(world, staff, 1)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], [expert])
    path = f"/v1/panels/{panel['id']}/projects/{project['id']}/score"
    refused = await expert.put(path, json={"score": wrong})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, ["/score"])


async def test_no_panel_once_the_ranking_is_published(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 1)
    await world.project(world.streets[0])
    found = await world.round()
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    assert (await world.city.post(f"/v1/runs/{run['id']}/publish")).status_code == 201
    body = {"fact_key": PLAN, "experts": ids(people), "least": 1, "deadline": "2099-12-31"}
    refused = await world.city.post(f"/v1/rounds/{found['id']}/panels", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/round-published")


async def test_what_experts_judge_is_not_attested_by_hand(world: World) -> None:
    project = await world.project(world.streets[0])
    said = [{"key": PLAN, "value": "1", "source": "街道", "document": "d"}]
    refused = await world.city.post(f"/v1/projects/{project['id']}/facts", json={"facts": said})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, ["/facts/0/key"])


async def test_of_two_who_open_the_same_panel_at_once_one_does(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 1)
    await world.project(world.streets[0])
    found = await world.round()
    body = {"fact_key": PLAN, "experts": ids(people), "least": 1, "deadline": "2099-12-31"}
    answers = await asyncio.gather(*(world.city.post(f"/v1/rounds/{found['id']}/panels", json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_panel_opened_wrongly_is_cancelled_and_nothing_of_it_is_told(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    found = await world.round()
    wrong = await opened(world, found["id"], people[:1])
    await scored(people[0], wrong, project, "91.37")
    path = f"/v1/panels/{wrong['id']}/cancel"
    assert (await people[0].post(path, json={"reason": "r"})).status_code == 403
    assert (await world.city.post(path, json={})).status_code == 422
    answers = await asyncio.gather(*(world.city.post(path, json={"reason": "专家名单有误"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (cancelled,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "专家名单有误")
    for refused in (
        await score(people[0], wrong, project, "1"),
        await world.city.post(f"/v1/panels/{wrong['id']}/close"),
    ):
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/panel-cancelled")
    assert (await people[0].get("/v1/me/judgements")).json()["items"] == []
    assert [one["judgements"] for one in await judged(world.city, wrong)] == [[]]
    assert await fact(world, project) is None
    right = await opened(world, found["id"], people)
    assert [one["status"] for one in (await world.city.get(f"/v1/rounds/{found['id']}/panels")).json()["items"]] == [
        "cancelled", "open",
    ]  # fmt: skip
    for expert in people:
        await scored(expert, right, project, "50")
    await close(world, right)
    late = await world.city.post(f"/v1/panels/{right['id']}/cancel", json={"reason": "r"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/panel-closed")
