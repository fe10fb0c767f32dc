"""Closing a panel: blind until then, deviations looked at again, exact means, letters, everybody at once."""

import asyncio

from services.core.kit import sequencer
from tests.api.judgement.panels import PLAN, close, end_the_day, experts, fact, ids, judged, opened, score, scored
from tests.api.selection.world import MakeStaff, World
from tests.api.selection.year import RULING, object_to, publish


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


async def test_who_lay_far_only_from_one_who_has_a_conflict_counts_without_looking_again(
    world: World, staff: MakeStaff
) -> None:
    people = await experts(world, staff, 4)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people, least=2, deviation_limit="20")
    for expert, points in zip(people, ("80", "84", "40", "0"), strict=True):
        await scored(expert, panel, project, points)
    assert (await close(world, panel))["to_review"] == 3  # the mean is 51
    path = f"/v1/panels/{panel['id']}/projects/{project['id']}/conflict-of-interest"
    assert (await people[3].post(path, json={"reason": "亲属居住于该小区"})).status_code == 200
    shown = (await world.city.get(f"/v1/panels/{panel['id']}")).json()
    # The mean of the three that are left is 68.
    assert (shown["status"], shown["to_review"], shown["withdrawn"]) == ("reviewing", 0, 1)
    assert (await close(world, panel))["status"] == "closed"
    known = await fact(world, project)
    assert known is not None
    assert known["value"] == "0.68"


async def test_the_feed_tells_no_name_of_an_expert_and_the_audit_only_to_who_may_identify(
    world: World, staff: MakeStaff
) -> None:
    people = await experts(world, staff, 2)
    project = await world.project(world.streets[0])
    found = await world.round()
    panel = await opened(world, found["id"], people, least=1)
    await scored(people[0], panel, project, "50")
    path = f"/v1/panels/{panel['id']}/projects/{project['id']}/conflict-of-interest"
    assert (await people[1].post(path, json={"reason": "参与设计"})).status_code == 200
    for table in ("event", "audit_entry"):
        waiting = True
        while waiting:
            async with world.database.engine.begin() as connection:
                await sequencer.number(connection, table)
            async with world.database.read() as reading:
                waiting = await reading.fetchval(f"SELECT EXISTS (SELECT FROM {table} WHERE seq IS NULL)")
    auditor = await staff("auditor", world.root)
    for reader in (world.city, auditor):
        events = (await reader.get("/v1/events", params={"limit": 100})).json()["items"]
        kinds = {one["kind"]: one["actor"]["id"] for one in events if one["subject"]["id"] == panel["id"]}
        assert (kinds["judgement.given"], kinds["judgement.withdrawn"]) == (None, None)
        assert kinds["panel.opened"] == str(world.city.staff_id)
    entries = (await auditor.get("/v1/audit", params={"target_id": panel["id"]})).json()["items"]
    assert {one["action"]: one["actor_id"] for one in entries}["judgement.given"] == str(people[0].staff_id)
    city = (await world.city.get("/v1/audit", params={"target_id": panel["id"]})).json()["items"]
    assert {one["action"] for one in city} == {"panel.opened"}


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
