"""Supplements: a project of the plan is stopped by one person and confirmed by another; the first ready reserve takes its place."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from tests.api.selection.world import STOCK, VOTED, MakeStaff, World, plan_of
from tests.api.selection.year import plan, plan_of_year, publish, today

READY = {**VOTED, "project.ready": "true"}
DOCUMENT = {"document": "甬建增〔2027〕3号"}


@dataclass(slots=True)
class Planned:
    """A confirmed round of one county: two in, then the reserves by rank."""

    world: World
    colleague: httpx.AsyncClient
    round_id: str
    projects: list[dict[str, Any]]

    async def stop(self, number: int, by: Any = None, **over: Any) -> httpx.Response:
        """A proposal to stop the project of a rank."""
        body = {"dropped_project_id": self.projects[number - 1]["id"], "ground": "emergency", "note": "地质灾害"}
        answer: httpx.Response = await (by or self.world.city).post(
            f"/v1/rounds/{self.round_id}/supplements", json={**body, **over}
        )
        return answer

    async def confirm(self, supplement_id: str, by: Any = None) -> httpx.Response:
        """The second person's confirmation."""
        answer: httpx.Response = await (by or self.colleague).post(
            f"/v1/supplements/{supplement_id}/confirm", json=DOCUMENT
        )
        return answer

    async def stage(self, number: int) -> str:
        """Where the project of a rank stands."""
        return str((await self.world.city.get(f"/v1/projects/{self.projects[number - 1]['id']}")).json()["stage"])


async def planned(world: World, staff: MakeStaff, budgets: list[str], ready: str, **terms: Any) -> Planned:
    """Projects of falling hazards, so that they rank in this order; `ready` names the ranks whose preparation is done."""
    projects = [
        await world.project(
            world.streets[0],
            title=f"第{number}",
            stock={**STOCK, "compound.hazards": "3", "compound.built_year": str(1980 + number)},
            plan=plan_of(budget),
            attested=READY if str(number) in ready else VOTED,
        )
        for number, budget in enumerate(budgets, start=1)
    ]
    found = await world.round(**{"caps": [{"count": 2, "budget": "300"}], "reserve": 9, **terms})
    await plan_of_year(world, found["id"])
    return Planned(world, await staff("city", world.root), found["id"], projects)


def verdicts(supplement: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Who was asked, and why he was skipped."""
    return [(one["title"], [reason["code"] for reason in one["reasons"]]) for one in supplement["candidates"]]


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
    own = await year.confirm(proposed.json()["id"], by=world.city)
    assert (own.status_code, own.json()["type"]) == (409, "/problems/second-person-needed")
    assert (await api.get(f"/public/supplements/{proposed.json()['id']}")).status_code == 404

    confirmed = await year.confirm(proposed.json()["id"])
    assert confirmed.status_code == 200, confirmed.text
    made = confirmed.json()
    assert (made["status"], made["added_project_id"], made["document"]) == (
        "confirmed", year.projects[4]["id"], DOCUMENT["document"],
    )  # fmt: skip
    assert made["notice_until"] > (await today(world)).isoformat()
    assert (await year.stage(1), await year.stage(5)) == ("dropped", "planned")
    again = await year.confirm(made["id"])
    assert (again.status_code, again.json()["type"]) == (409, "/problems/supplement-decided")

    whole = await plan(world)
    assert {one["title"]: (one["list"], one["kind"]) for one in whole["items"] if one["kind"] != "confirmed"} == {
        "第1": (None, "dropped"), "第5": ("implement", "supplemented"),
    }  # fmt: skip
    assert (whole["baseline"]["implement"]["budget"], whole["totals"]["implement"]["budget"]) == ("250", "240")
    assert [one["title"] for one in (await plan(world, changed="true"))["items"]] == ["第1", "第5"]
    steps = (await world.city.get(f"/v1/projects/{year.projects[4]['id']}/lineage")).json()["steps"]
    assert [(one["of"], one["step"]) for one in steps] == [
        ("stage", "apply"), ("stage", "shelve"), ("plan", "confirmed"), ("stage", "supplement"), ("plan", "supplemented"),
    ]  # fmt: skip
    assert steps[-1]["ground"] == "emergency"

    public = (await api.get("/public/plans/2027", params={"region": str(world.root.id)})).json()
    assert [(one["id"], one["notice_until"]) for one in public["supplements"]] == [(made["id"], made["notice_until"])]
    shown = await api.get(f"/public/supplements/{made['id']}")
    assert (shown.json()["dropped"]["title"], shown.json()["added"]["title"]) == ("第1", "第5")
    assert shown.json()["notice"]["until"] == made["notice_until"]
    assert shown.json()["candidates"][0]["reasons"][0]["zh"]
    assert "地质灾害" not in shown.text
    assert year.projects[0]["id"] not in shown.text
    same = await api.get(f"/public/supplements/{made['id']}", headers={"If-None-Match": shown.headers["etag"]})
    assert same.status_code == 304
    gone = await year.stop(1)
    assert (gone.status_code, gone.json()["errors"][0]["pointer"]) == (422, "/dropped_project_id")


async def test_what_decides_is_what_holds_when_it_is_confirmed(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100", "100"], ready="3")
    proposed = (await year.stop(2)).json()
    assert verdicts(proposed) == [("第3", []), ("第4", ["not_ready"])]
    unready = {"key": "project.ready", "value": "false", "source": "街道", "document": "d"}
    said = await world.city.post(f"/v1/projects/{year.projects[2]['id']}/facts", json={"facts": [unready]})
    assert said.status_code == 201, said.text
    ready = {"facts": [{**unready, "value": "true"}]}
    assert (await world.city.post(f"/v1/projects/{year.projects[3]['id']}/facts", json=ready)).status_code == 201
    confirmed = (await year.confirm(proposed["id"])).json()
    assert verdicts(confirmed) == [("第3", ["not_ready"]), ("第4", [])]
    assert confirmed["added_project_id"] == year.projects[3]["id"]


async def test_when_no_reserve_passes_the_project_is_dropped_alone(
    world: World, staff: MakeStaff, api: httpx.AsyncClient
) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="")
    confirmed = await year.confirm((await year.stop(1)).json()["id"])
    assert (confirmed.status_code, confirmed.json()["added_project_id"]) == (200, None)
    assert (await year.stage(1), await year.stage(3)) == ("dropped", "library")
    assert (await plan(world))["totals"]["implement"]["projects"] == 1
    assert (await api.get(f"/public/supplements/{confirmed.json()['id']}")).json()["added"] is None


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
    assert (await world.district.post(f"{path}/confirm", json=DOCUMENT)).status_code == 403
    cancelled = await world.district.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await year.confirm(proposed.json()["id"])).json()["type"] == "/problems/supplement-decided"
    assert (await year.stage(1), await year.stage(3)) == ("planned", "library")
    listed = await world.city.get(f"/v1/rounds/{year.round_id}/supplements", params={"status": "cancelled"})
    assert [one["id"] for one in listed.json()["items"]] == [proposed.json()["id"]]
    assert (await year.stop(1)).status_code == 201  # a cancelled proposal is in nobody's way


async def test_two_confirm_at_once_and_one_of_them_does(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100", "100"], ready="34")
    third = await staff("city", world.root)
    supplement_id = (await year.stop(1)).json()["id"]
    answers = await asyncio.gather(year.confirm(supplement_id), year.confirm(supplement_id, by=third))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (await plan(world))["totals"]["implement"]["projects"] == 2
    assert (await year.stage(3), await year.stage(4)) == ("planned", "library")


async def test_two_supplements_at_once_never_take_the_same_reserve(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["150", "150", "140", "150", "150"], ready="345")
    first, second = (await year.stop(1)).json(), (await year.stop(2)).json()
    answers = await asyncio.gather(year.confirm(first["id"]), year.confirm(second["id"]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert {answer.json()["added_project_id"] for answer in answers} == {year.projects[2]["id"], year.projects[3]["id"]}
    totals = (await plan(world))["totals"]["implement"]
    assert (totals["projects"], totals["budget"]) == (2, "290")


async def test_a_project_whose_works_have_begun_is_not_dropped(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="3")
    proposed = (await year.stop(1)).json()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE project SET stage = 'works' WHERE id = $1", year.projects[0]["id"])
    for late in (await year.stop(1, dropped_project_id=year.projects[0]["id"]), await year.confirm(proposed["id"])):
        assert (late.status_code, late.json()["type"]) == (409, "/problems/project-stage-wrong")
