"""Supplements: a project of the plan is stopped by two people; the first ready reserve is on notice, and then takes its place."""

import asyncio

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from tests.api.selection.stopping import CHANGE, DOCUMENT, READY, Planned, planned, verdicts
from tests.api.selection.world import MakeStaff, World, plan_of
from tests.api.selection.year import confirm as confirm_run
from tests.api.selection.year import (
    end_notice,
    end_supplement_notice,
    plan,
    publish,
    today,
)


async def test_the_first_ready_reserve_that_fits_takes_the_place(
    world: World, staff: MakeStaff, api: httpx.AsyncClient
) -> None:
    year = await planned(world, staff, ["100", "150", "200.01", "120", "90", "80"], ready="356")
    proposed = await year.stop(1)
    assert (proposed.status_code, proposed.json()["status"]) == (201, "proposed")
    # 300 less the 150 of the one that stays: the third is ready and asks too much, the fourth is not ready.
    assert verdicts(proposed.json()) == [("第3", ["cap"]), ("第4", ["not_ready"]), ("第5", []), ("第6", [])]
    cap = proposed.json()["candidates"][0]["reasons"][0]
    assert (cap["cap"], cap["left"], cap["asks"]) == ("budget", "150", "200.01")
    assert (await year.stage(1), await year.stage(5)) == ("planned", "library")
    twice = await year.stop(1, note="再次")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/supplement-open")
    own = await year.publish(proposed.json()["id"], by=world.city)
    assert (own.status_code, own.json()["type"]) == (409, "/problems/second-person-needed")
    assert (await api.get(f"/public/supplements/{proposed.json()['id']}")).status_code == 404
    for what in ("objections", "notice"):
        assert (await api.get(f"/public/supplements/{proposed.json()['id']}/{what}")).status_code == 404
    early = await year.confirm(proposed.json()["id"])
    assert (early.status_code, early.json()["type"]) == (409, "/problems/supplement-not-published")

    published = await year.publish(proposed.json()["id"])
    assert published.status_code == 200, published.text
    made = published.json()
    assert (made["status"], made["added_project_id"], made["document"]) == (
        "published", year.projects[4]["id"], DOCUMENT["document"],
    )  # fmt: skip
    assert made["notice_until"] > (await today(world)).isoformat()
    # Stopped at once; who is on notice waits for the end of it, and so do his works.
    assert (await year.stage(1), await year.stage(5)) == ("dropped", "library")
    version = (await world.district.get(f"/v1/projects/{year.projects[4]['id']}")).headers["etag"]
    works = await world.district.post(
        f"/v1/projects/{year.projects[4]['id']}/start", json=DOCUMENT, headers={"If-Match": version}
    )
    assert (works.status_code, works.json()["type"]) == (409, "/problems/project-stage-wrong")
    for again in (await year.publish(made["id"]), await world.city.post(f"/v1/supplements/{made['id']}/cancel")):
        assert (again.status_code, again.json()["type"]) == (409, "/problems/supplement-on-notice")
    twice = await year.stop(1, note="再次")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/supplement-open")
    shown = await api.get(f"/public/supplements/{made['id']}")
    assert (shown.json()["dropped"]["title"], shown.json()["added"]["title"]) == ("第1", "第5")
    assert shown.json()["notice"]["until"] == made["notice_until"]
    assert shown.json()["candidates"][0]["reasons"][0]["zh"]
    page = await api.get(f"/public/supplements/{made['id']}/notice")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for told in ("第1", "第5", "突发事件", DOCUMENT["document"], "余量 150", "前期工作尚未就绪"):
        assert told in page.text
    english = await api.get(f"/public/supplements/{made['id']}/notice", headers={"Accept-Language": "en"})
    assert "is to take its place" in english.text
    assert "script" not in page.text
    assert "地质灾害" not in shown.text + page.text
    assert year.projects[0]["id"] not in shown.text
    same = await api.get(f"/public/supplements/{made['id']}", headers={"If-None-Match": shown.headers["etag"]})
    assert same.status_code == 304
    soon = await year.confirm(made["id"])
    assert (soon.status_code, soon.json()["type"], soon.json()["missing"]) == (
        409, "/problems/supplement-not-ready", ["/notice"],
    )  # fmt: skip

    await end_supplement_notice(world, made["id"])
    proposer = await year.confirm(made["id"], by=world.city)
    assert (proposer.status_code, proposer.json()["type"]) == (409, "/problems/second-person-needed")
    confirmed = await year.confirm(made["id"])
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed"), confirmed.text
    assert (confirmed.json()["document"], confirmed.json()["decision_document"]) == (
        DOCUMENT["document"], CHANGE["document"],
    )  # fmt: skip
    assert (await year.stage(1), await year.stage(5)) == ("dropped", "planned")
    again = await year.confirm(made["id"])
    assert (again.status_code, again.json()["type"]) == (409, "/problems/supplement-decided")

    whole = await plan(world)
    assert {one["title"]: (one["list"], one["kind"], one["document"]) for one in whole["items"] if one["ground"]} == {
        "第1": (None, "dropped", DOCUMENT["document"]), "第5": ("implement", "supplemented", CHANGE["document"]),
    }  # fmt: skip
    assert (whole["baseline"]["implement"]["budget"], whole["totals"]["implement"]["budget"]) == ("250", "240")
    assert sorted(one["title"] for one in (await plan(world, changed="true"))["items"]) == ["第1", "第5"]
    steps = (await world.city.get(f"/v1/projects/{year.projects[4]['id']}/lineage")).json()["steps"]
    assert [(one["of"], one["step"]) for one in steps] == [
        ("stage", "apply"), ("stage", "shelve"), ("plan", "confirmed"), ("stage", "supplement"), ("plan", "supplemented"),
    ]  # fmt: skip
    assert steps[-1]["ground"] == "emergency"

    public = (await api.get("/public/plans/2027", params={"region": str(world.root.id)})).json()
    assert [(one["id"], one["status"]) for one in public["supplements"]] == [(made["id"], "confirmed")]
    assert [(one["ground"], one["ground_zh"], one["ground_en"]) for one in public["supplements"]] == [
        ("emergency", "突发事件", "an emergency")
    ]
    await _supplements_go_with_their_projects(api, world, made["id"])
    assert (await api.get(f"/public/supplements/{made['id']}")).content == shown.content
    gone = await year.stop(1)
    assert (gone.status_code, gone.json()["errors"][0]["pointer"]) == (422, "/dropped_project_id")


async def _supplements_go_with_their_projects(api: httpx.AsyncClient, world: World, supplement_id: str) -> None:
    """Each page of one project tells the supplement that stopped or added it, and no other."""
    query, told = {"region": str(world.root.id), "limit": "1"}, {}
    while True:
        page = (await api.get("/public/plans/2027", params=query)).json()
        told[page["items"][0]["title"]] = [one["id"] for one in page["supplements"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert {title for title, ids in told.items() if ids} == {"第1", "第5"}
    assert told["第1"] == told["第5"] == [supplement_id]
    assert len(told) > 2


async def test_when_no_reserve_passes_the_project_is_dropped_alone(
    world: World, staff: MakeStaff, api: httpx.AsyncClient
) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="")
    made = await year.supplemented(1)
    assert (made["status"], made["added_project_id"]) == ("confirmed", None)
    assert (await year.stage(1), await year.stage(3)) == ("dropped", "library")
    assert (await plan(world))["totals"]["implement"]["projects"] == 1
    assert (await api.get(f"/public/supplements/{made['id']}")).json()["added"] is None
    # The place is empty: it is filled when somebody is ready, and the project is not stopped twice.
    again = (await year.stop(1)).json()
    nobody = await year.publish(again["id"])
    assert (nobody.status_code, nobody.json()["type"]) == (409, "/problems/supplement-nobody-enters")
    ready = {"facts": [{"key": "project.ready", "value": "true", "source": "街道", "document": "d"}]}
    assert (await world.city.post(f"/v1/projects/{year.projects[2]['id']}/facts", json=ready)).status_code == 201
    assert (await year.publish(again["id"])).json()["added_project_id"] == year.projects[2]["id"]
    await end_supplement_notice(world, again["id"])
    assert (await year.confirm(again["id"])).status_code == 200
    steps = (await world.city.get(f"/v1/projects/{year.projects[0]['id']}/lineage")).json()["steps"]
    assert [one["step"] for one in steps] == ["apply", "choose", "confirmed", "drop", "dropped"]
    assert (await year.stop(1)).status_code == 422


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ("withdrawn", ["stage"]),
        ("vote lost", ["gate"]),
        ("sources differ", ["conflict", "cap"]),
    ],
)
async def test_a_reserve_has_to_pass_now(world: World, staff: MakeStaff, change: str, codes: list[str]) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="3", caps=[{"count": 2, "floor_area": "2000"}])
    reserve = year.projects[2]
    path = f"/v1/projects/{reserve['id']}"
    if change == "withdrawn":
        version = (await world.city.get(path)).headers["etag"]
        assert (await world.city.post(f"{path}/withdraw", headers={"If-Match": version})).status_code == 200
    elif change == "vote lost":
        lost = {"key": "vote.plan.passed", "value": "false", "source": "街道", "document": "甬街〔2027〕2号"}
        assert (await world.city.post(f"{path}/facts", json={"facts": [lost]})).status_code == 201
    else:
        compound = (await world.city.get(path)).json()["compounds"][0]["id"]
        await world.record("compound", compound, world.streets[0], {"compound.floor_area": "999"}, source="测绘院")
    assert verdicts((await year.stop(1)).json()) == [("第3", codes)]


async def test_only_the_partition_of_the_dropped_project_is_asked(world: World, staff: MakeStaff) -> None:
    other = [
        await world.project(world.streets[1], title=f"另{number}", attested=READY, plan=plan_of("10"))
        for number in range(2)
    ]
    year = await planned(world, staff, ["100", "100"], ready="", caps=[{"count": 1}])
    assert verdicts((await year.stop(1)).json()) == [("第2", ["not_ready"])]
    assert len(other) == 2


async def test_under_a_policy_that_knows_no_supplements_a_project_is_stopped_alone(
    world: World, staff: MakeStaff
) -> None:
    """Otherwise nobody could stop it: what a plan holds is stopped by two people, and by no other way."""
    paid = {**READY, "notice.plan.cleared": "true"}
    plan_paid = {
        **plan_of("100"),
        "funding": [{"source": "city", "amount": "80"}, {"source": "residents", "amount": "20"}],
    }
    projects = [
        await world.project(world.streets[0], title=title, attested=paid, plan=plan_paid) for title in ("甲", "乙")
    ]
    found = await world.round(policy_id="liuzhou", year=2028, caps=[{"count": 1}], reserve=1)
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    for bureau in ("housing", "ndrc", "finance", "city_government"):
        body = {"bureau": bureau, "document": "d", "issued_on": (await today(world)).isoformat(), "opinion": "approve"}
        assert (await world.city.post(f"/v1/rounds/{found['id']}/approvals", json=body)).status_code == 201
    assert (await confirm_run(world, published["run_id"], document="柳建联〔2026〕9号")).status_code == 201
    chosen = (await plan(world, 2028, list="implement"))["items"][0]["project_id"]
    year = Planned(world, await staff("city", world.root), found["id"], projects)
    wrong = await year.stop(1, dropped_project_id=chosen, ground="whatever")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/ground")
    assert "emergency" in wrong.json()["errors"][0]["detail"]
    stopped = (await year.stop(1, dropped_project_id=chosen)).json()
    assert stopped["candidates"] == []
    published_supplement = await year.publish(stopped["id"])
    assert (published_supplement.status_code, published_supplement.json()["added_project_id"]) == (200, None)
    assert (await world.city.get(f"/v1/projects/{chosen}")).json()["stage"] == "dropped"


@pytest.mark.parametrize(
    ("over", "pointer"),
    [({"ground": "no_such_ground"}, "/ground"), ({"dropped_project_id": "reserve"}, "/dropped_project_id")],
)
async def test_a_wrong_proposal_is_named(world: World, staff: MakeStaff, over: dict[str, str], pointer: str) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="")
    if over.get("dropped_project_id"):
        over = {"dropped_project_id": year.projects[2]["id"]}
    refused = await year.stop(1, **over)
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, [pointer])


async def test_before_the_plan_there_is_nothing_to_supplement(world: World) -> None:
    project = await world.project(world.streets[0])
    found = await world.round()
    await publish(world, found["id"])
    body = {"dropped_project_id": project["id"], "ground": "emergency", "note": "n"}
    early = await world.city.post(f"/v1/rounds/{found['id']}/supplements", json=body)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/round-not-confirmed")


async def test_a_district_proposes_for_its_own_project_and_takes_it_back(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="3")
    foreign = await year.stop(1, by=world.other_district)
    assert (foreign.status_code, foreign.json()["type"]) == (404, "/problems/not-found")
    proposed = await year.stop(1, by=world.district)
    assert proposed.status_code == 201, proposed.text
    path = f"/v1/supplements/{proposed.json()['id']}"
    assert (await world.district.get(path)).status_code == 200
    assert (await world.other_district.get(path)).status_code == 404
    assert (await world.other_district.post(f"{path}/cancel")).status_code == 404
    for action in ("publish", "confirm"):
        assert (await world.district.post(f"{path}/{action}", json=DOCUMENT)).status_code == 403
    cancelled = await world.district.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await year.publish(proposed.json()["id"])).json()["type"] == "/problems/supplement-decided"
    assert (await year.stage(1), await year.stage(3)) == ("planned", "library")
    listed = await world.city.get(f"/v1/rounds/{year.round_id}/supplements", params={"status": "cancelled"})
    assert [one["id"] for one in listed.json()["items"]] == [proposed.json()["id"]]
    assert (await year.stop(1)).status_code == 201  # a cancelled proposal is in nobody's way


async def test_two_supplements_at_once_never_take_the_same_reserve_or_room(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["150", "150", "140", "161", "150"], ready="345")
    first, second = (await year.stop(1)).json(), (await year.stop(2)).json()
    answers = await asyncio.gather(year.publish(first["id"]), year.publish(second["id"]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert {answer.json()["added_project_id"] for answer in answers} == {
        year.projects[2]["id"], year.projects[4]["id"],
    }  # fmt: skip
    in_turn = [year.projects[2]["id"], year.projects[4]["id"]]
    one, other = sorted((answer.json() for answer in answers), key=lambda made: in_turn.index(made["added_project_id"]))
    assert verdicts(other) == [("第3", ["on_notice"]), ("第4", ["cap"]), ("第5", [])]
    for made in (one, other):
        await end_supplement_notice(world, made["id"])
        assert (await year.confirm(made["id"])).status_code == 200
    totals = (await plan(world))["totals"]["implement"]
    assert (totals["projects"], totals["budget"]) == (2, "290")


async def test_a_project_whose_works_have_begun_is_not_dropped(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="3")
    proposed = (await year.stop(1)).json()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE project SET stage = 'works' WHERE id = $1", year.projects[0]["id"])
    late = await year.publish(proposed["id"])
    assert (late.status_code, late.json()["type"]) == (409, "/problems/project-stage-wrong")
    cancelled = await world.city.post(f"/v1/supplements/{proposed['id']}/cancel")
    assert cancelled.status_code == 200
    again = await year.stop(1)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/project-stage-wrong")
