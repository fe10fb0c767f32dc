"""Panels of experts: opened, scored blind, withdrawn from, looked at again, closed into a counted fact, told by letters."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from tests.api.selection.world import MakeStaff, World
from tests.api.selection.year import RULING, object_to, publish
from tests.support.people import Client

PLAN = "judgement.plan_quality"
Json = dict[str, Any]


async def experts(world: World, staff: MakeStaff, count: int) -> list[Client]:
    """So many experts of the whole city."""
    return [await staff("expert", world.root) for _ in range(count)]


def ids(people: Sequence[Client]) -> list[str]:
    return [str(one.staff_id) for one in people]


async def opened(world: World, round_id: str, people: Sequence[Client], **over: Any) -> Json:
    """A panel of these experts."""
    body = {"fact_key": PLAN, "experts": ids(people), "deadline": "2099-12-31", "least": min(3, len(people)), **over}
    made = await world.city.post(f"/v1/rounds/{round_id}/panels", json=body)
    assert made.status_code == 201, made.text
    panel: Json = made.json()
    return panel


async def score(expert: Client, panel: Json, project: Json, points: str, comment: str | None = None) -> httpx.Response:
    body = {"score": points, "comment": comment}
    return await expert.put(f"/v1/panels/{panel['id']}/projects/{project['id']}/score", json=body)


async def scored(expert: Client, panel: Json, project: Json, points: str) -> None:
    answer = await score(expert, panel, project, points)
    assert answer.status_code == 200, answer.text


async def close(world: World, panel: Json) -> Json:
    answer = await world.city.post(f"/v1/panels/{panel['id']}/close")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def end_the_day(world: World, panel: Json, column: str = "deadline") -> None:
    """Lets a panel's day lie in the past."""
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(f"UPDATE panel SET {column} = $2 WHERE id = $1", panel["id"], date(2026, 1, 1))


async def fact(world: World, project: Json) -> Json | None:
    known = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()
    found: Json | None = known["facts"].get(PLAN)
    return found


async def judged(client: httpx.AsyncClient, panel: Json) -> list[Json]:
    answer = await client.get(f"/v1/panels/{panel['id']}/projects")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


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


async def test_nobody_sees_anothers_score_before_the_closing(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people)
    secret = "73.19"
    given = await score(people[0], panel, project, secret, "方案重点不清")
    assert (given.json()["score"], given.json()["comment"]) == (secret, "方案重点不清")
    auditor = await staff("auditor", world.root)
    department = await staff("department", world.root)
    looking = [*people[1:], world.city, world.district, world.street, department, auditor]
    paths = [
        f"/v1/panels/{panel['id']}",
        f"/v1/panels/{panel['id']}/projects",
        f"/v1/panels/{panel['id']}/experts",
        f"/v1/rounds/{found['id']}/panels",
        f"/v1/projects/{project['id']}/facts",
        "/v1/me/judgements",
        "/v1/events?limit=100",
        "/v1/audit?limit=100",
    ]
    for client in looking:
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code in {200, 403, 404, 409}, f"{path}: {answer.text}"
            assert secret not in answer.text
            assert "重点不清" not in answer.text
    async with world.database.read() as reader:
        told = await reader.fetch(
            "SELECT data::text AS data FROM event WHERE subject_id = $1 UNION ALL"
            " SELECT details::text FROM audit_entry WHERE target_id = $1",
            panel["id"],
        )
    assert len(told) == 4
    assert not [row for row in told if secret in row["data"]]
    progress = (await judged(world.city, panel))[0]
    assert (progress["assigned"], progress["given"], progress["judgements"], progress["mean"]) == (2, 1, [], None)
    own = (await people[0].get("/v1/me/judgements")).json()["items"][0]
    assert (own["score"], own["waits"]) == (secret, False)


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


async def test_scores_far_from_the_mean_are_looked_at_again_before_the_panel_closes(
    world: World, staff: MakeStaff
) -> None:
    people = await experts(world, staff, 4)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people, deviation_limit="20", review_days=2)
    for expert, points in zip(people, ("80", "80", "70", "10"), strict=True):
        await scored(expert, panel, project, points)
    asked = await close(world, panel)
    assert (asked["status"], asked["to_review"]) == ("reviewing", 1)
    assert await fact(world, project) is None
    assert (await judged(world.city, panel))[0]["judgements"] == []
    waiting = await world.city.post(f"/v1/panels/{panel['id']}/close")
    assert (waiting.status_code, waiting.json()["waiting"]) == (409, 1)
    others = await score(people[0], panel, project, "79")
    assert (others.status_code, others.json()["type"]) == (409, "/problems/judgement-not-flagged")
    own = (await people[3].get("/v1/me/judgements", params={"waiting": "true"})).json()["items"]
    assert [(one["flagged"], one["waits"], one["score"]) for one in own] == [(True, True, "10")]
    assert (await people[0].get("/v1/me/judgements", params={"waiting": "true"})).json()["items"] == []
    await scored(people[3], panel, project, "50")
    twice = await score(people[3], panel, project, "51")
    assert twice.json()["type"] == "/problems/judgement-not-flagged"
    assert (await close(world, panel))["status"] == "closed"
    known = await fact(world, project)
    assert known is not None
    assert known["value"] == "0.7"
    flagged = [one for one in (await judged(world.city, panel))[0]["judgements"] if one["flagged"]]
    assert [
        (one["first_score"], one["score"], one["reviewed"], one["counted"], one["deviation"]) for one in flagged
    ] == [("10", "50", True, True, "-20")]


async def test_a_flagged_score_that_nobody_looked_at_again_does_not_count(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 3)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people, deviation_limit="40", least=2)
    for expert, points in zip(people, ("80", "90", "10"), strict=True):
        await scored(expert, panel, project, points)
    assert (await close(world, panel))["status"] == "reviewing"
    await end_the_day(world, panel, "review_until")
    late = await score(people[2], panel, project, "10")
    assert late.json()["type"] == "/problems/panel-deadline-passed"
    assert (await close(world, panel))["status"] == "closed"
    known = await fact(world, project)
    assert known is not None
    assert known["value"] == "0.85"
    left_out = [one for one in (await judged(world.city, panel))[0]["judgements"] if not one["counted"]]
    assert [(one["score"], one["flagged"], one["reviewed"]) for one in left_out] == [("10", True, False)]


async def test_the_highest_and_the_lowest_are_left_out_where_the_panel_says_so(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 5)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people, drop_extremes=True, scale=10)
    for expert, points in zip(people, ("0", "7", "8", "9", "10"), strict=True):
        await scored(expert, panel, project, points)
    await close(world, panel)
    known = await fact(world, project)
    assert known is not None
    assert known["value"] == "0.8"
    counted = [one["score"] for one in (await judged(world.city, panel))[0]["judgements"] if one["counted"]]
    assert sorted(counted) == ["7", "8", "9"]


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


async def test_names_are_for_the_auditor_after_the_closing_and_reading_them_is_on_record(
    world: World, staff: MakeStaff
) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people, least=1)
    path = f"/v1/panels/{panel['id']}/experts"
    auditor = await staff("auditor", world.root)
    early = await auditor.get(path)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/panel-open")
    await scored(people[0], panel, project, "77")
    conflict = f"/v1/panels/{panel['id']}/projects/{project['id']}/conflict-of-interest"
    await people[1].post(conflict, json={"reason": "亲属居住于该小区"})
    await close(world, panel)
    for client in (world.city, world.district, people[0]):
        assert (await client.get(path)).status_code == 403
    told = (await auditor.get(path)).json()["items"]
    assert {one["staff_id"] for one in told} == set(ids(people))
    by_staff = {one["staff_id"]: one for one in told}
    assert by_staff[ids(people)[1]]["conflicts"] == [{"project_id": project["id"], "reason": "亲属居住于该小区"}]
    (given,) = [one for one in (await judged(world.city, panel))[0]["judgements"] if one["score"]]
    assert given["expert"] == by_staff[ids(people)[0]]["letter"]
    async with world.database.read() as reader:
        read = await reader.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'panel.identified' AND target_id = $1 AND actor_id = $2",
            panel["id"], auditor.staff_id,
        )  # fmt: skip
    assert read == 1
    for client in (world.city, people[0]):
        shown = await client.get(f"/v1/panels/{panel['id']}/projects")
        assert not [one for one in ids(people) if one in shown.text]


async def test_what_experts_judge_is_not_attested_by_hand(world: World) -> None:
    project = await world.project(world.streets[0])
    said = [{"key": PLAN, "value": "1", "source": "街道", "document": "d"}]
    refused = await world.city.post(f"/v1/projects/{project['id']}/facts", json={"facts": said})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, ["/facts/0/key"])


async def test_last_years_mean_stands_in_neither_while_this_years_panel_judges_nor_for_too_few_scores(
    world: World, staff: MakeStaff
) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    first = await opened(world, (await world.round())["id"], people, least=1)
    for expert in people:
        await scored(expert, first, project, "90")
    await close(world, first)
    assert await fact(world, project) is not None
    second = await opened(world, (await world.round(year=2028))["id"], people, least=2)
    assert await fact(world, project) is None
    await scored(people[0], second, project, "40")
    await end_the_day(world, second)
    await close(world, second)
    assert await fact(world, project) is None


async def test_of_two_who_close_at_once_one_does(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 1)
    project = await world.project(world.streets[0])
    panel = await opened(world, (await world.round())["id"], people)
    await scored(people[0], panel, project, "40")
    answers = await asyncio.gather(*(world.city.post(f"/v1/panels/{panel['id']}/close") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    async with world.database.read() as reader:
        facts = await reader.fetchval(
            "SELECT count(*) FROM fact WHERE subject_id = $1 AND key = $2", project["id"], PLAN
        )
        closed = await reader.fetchval(
            "SELECT count(*) FROM event WHERE subject_id = $1 AND kind = 'panel.closed'", panel["id"]
        )
    assert (facts, closed) == (1, 1)


async def test_a_score_races_the_closing_and_is_in_the_mean_or_refused(world: World, staff: MakeStaff) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    for year in range(2030, 2036):
        panel = await opened(world, (await world.round(year=year))["id"], people, least=1)
        await scored(people[0], panel, project, "40")
        await scored(people[1], panel, project, "40")
        changed, closed = await asyncio.gather(
            score(people[1], panel, project, "60"), world.city.post(f"/v1/panels/{panel['id']}/close")
        )
        assert closed.status_code == 200
        assert changed.status_code in {200, 409}
        known = await fact(world, project)
        assert known is not None
        assert known["value"] == ("0.5" if changed.status_code == 200 else "0.4")


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


async def test_a_reopened_round_judges_again(world: World, staff: MakeStaff) -> None:
    people, colleague = await experts(world, staff, 1), await staff("city", world.root)
    wrong, right = [await world.project(world.streets[0]) for _ in range(2)]
    found = await world.round()
    body = {"fact_key": PLAN, "experts": ids(people), "least": 1, "deadline": "2099-12-31"}
    url = f"/v1/rounds/{found['id']}/panels"
    panel = await opened(world, found["id"], people)
    for project in (wrong, right):
        await scored(people[0], panel, project, "60")
    await close(world, panel)
    twice = await world.city.post(url, json=body)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/panel-exists")
    await publish(world, found["id"])
    objection = await object_to(world, found["id"], project_id=wrong["id"], ground="points")
    assert (await colleague.post(f"/v1/objections/{objection['id']}/uphold", json=RULING)).status_code == 200

    again = await opened(world, found["id"], people, assignments={wrong["id"]: ids(people)})
    assert (await world.city.post(url, json=body)).json()["type"] == "/problems/panel-exists"
    await scored(people[0], again, wrong, "75")
    await close(world, again)
    assert [(await fact(world, project) or {})["value"] for project in (wrong, right)] == ["0.75", "0.6"]
    assert (await judged(world.city, panel))[0]["mean"] == "60", "what it rested on stays on record"
    assert (await world.city.post(url, json=body)).json()["type"] == "/problems/panel-exists", "until it is published"
