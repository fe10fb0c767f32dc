"""Supplements: a project of the plan is stopped by two people; the first ready reserve is on notice, and then takes its place."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from tests.api.selection.world import STOCK, VOTED, MakeStaff, World, plan_of
from tests.api.selection.year import (
    RULING,
    end_notice,
    end_supplement_notice,
    object_to,
    plan,
    plan_of_year,
    publish,
    today,
)
from tests.api.selection.year import confirm as confirm_run

READY = {**VOTED, "project.ready": "true"}
DOCUMENT = {"document": "甬建增〔2027〕3号"}
CHANGE = {"document": "甬建调〔2027〕4号"}


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

    async def publish(self, supplement_id: str, by: Any = None) -> httpx.Response:
        """The second person's publication."""
        answer: httpx.Response = await (by or self.colleague).post(
            f"/v1/supplements/{supplement_id}/publish", json=DOCUMENT
        )
        return answer

    async def confirm(self, supplement_id: str, by: Any = None) -> httpx.Response:
        """The confirmation, whether or not the notice is over."""
        answer: httpx.Response = await (by or self.colleague).post(
            f"/v1/supplements/{supplement_id}/confirm", json=CHANGE
        )
        return answer

    async def supplemented(self, number: int) -> dict[str, Any]:
        """The project of a rank stopped, its notice over, its supplement confirmed."""
        supplement_id = (await self.stop(number)).json()["id"]
        published = await self.publish(supplement_id)
        assert published.status_code == 200, published.text
        await end_supplement_notice(self.world, supplement_id)
        confirmed = await self.confirm(supplement_id)
        assert confirmed.status_code == 200, confirmed.text
        made: dict[str, Any] = confirmed.json()
        return made

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


class TestObjections:
    """What is on notice is open to objections, as a ranking is."""

    async def on_notice(
        self, world: World, staff: MakeStaff, budgets: int = 4, ready: str = "34"
    ) -> tuple[Planned, str]:
        """The first stopped, the third on notice for its place."""
        year = await planned(world, staff, ["100"] * budgets, ready=ready)
        supplement_id: str = (await year.stop(1)).json()["id"]
        assert (await year.publish(supplement_id)).status_code == 200
        return year, supplement_id

    async def test_an_upheld_one_withdraws_it_and_the_next_reserve_is_proposed(
        self, world: World, staff: MakeStaff, api: httpx.AsyncClient
    ) -> None:
        year, first = await self.on_notice(world, staff)
        made = await object_to(world, year.round_id, supplement_id=first, project_id=year.projects[2]["id"])
        assert (made["supplement_id"], made["publication_id"], made["late"]) == (first, None, False)
        counted = (await api.get(f"/public/supplements/{first}/objections")).json()
        assert (counted["status"], counted["open"]) == ("published", 1)
        assert (await api.get(f"/public/rounds/{year.round_id}/objections")).json()["open"] == 0
        listed = (
            await world.city.get(f"/v1/rounds/{year.round_id}/objections", params={"supplement_id": first})
        ).json()
        assert [one["id"] for one in listed["items"]] == [made["id"]]

        await end_supplement_notice(world, first)
        async with world.database.begin(SYSTEM) as uow:  # it came while the notice ran
            await uow.driver.execute(
                "UPDATE round_objection SET received_on = received_on - 30 WHERE id = $1", made["id"]
            )
        held = await year.confirm(first)
        assert (held.status_code, held.json()["missing"]) == (409, ["/objections"])
        own = await world.city.post(f"/v1/objections/{made['id']}/uphold", json=RULING)
        assert (own.status_code, own.json()["type"]) == (409, "/problems/second-person-needed")
        upheld = await year.colleague.post(f"/v1/objections/{made['id']}/uphold", json=RULING)
        assert (upheld.status_code, upheld.json()["status"]) == (200, "upheld")
        withdrawn = (await world.city.get(f"/v1/supplements/{first}")).json()
        assert (withdrawn["status"], withdrawn["decision_document"]) == ("withdrawn", RULING["document"])
        assert (await world.city.get(f"/v1/rounds/{year.round_id}")).json()["status"] == "confirmed"
        assert (await year.stage(1), await year.stage(3)) == ("dropped", "library")
        late = await year.confirm(first)
        assert (late.status_code, late.json()["type"]) == (409, "/problems/supplement-decided")
        body = {"ground": "facts", "what": "w", "received_on": (await today(world)).isoformat(), "supplement_id": first}
        too_late = await world.city.post(f"/v1/rounds/{year.round_id}/objections", json=body)
        assert (too_late.status_code, too_late.json()["type"]) == (409, "/problems/supplement-decided")
        public = (await api.get("/public/plans/2027", params={"region": str(world.root.id)})).json()
        assert [one["status"] for one in public["supplements"]] == ["withdrawn"]
        assert "已撤回" in (await api.get(f"/public/supplements/{first}/notice")).text
        assert (await api.get(f"/public/supplements/{first}")).json()["added"]["title"] == "第3"

        second = await year.stop(1)
        assert second.status_code == 201, second.text
        assert verdicts(second.json()) == [("第3", ["objection"]), ("第4", [])]
        assert (await year.publish(second.json()["id"])).json()["added_project_id"] == year.projects[3]["id"]
        await end_supplement_notice(world, second.json()["id"])
        assert (await year.confirm(second.json()["id"])).status_code == 200
        entries = {one["title"]: (one["list"], one["version"]) for one in (await plan(world))["items"]}
        assert entries == {
            "第1": (None, 2), "第2": ("implement", 1), "第3": ("reserve", 1), "第4": ("implement", 2),
        }  # fmt: skip

    async def test_one_for_a_reserve_that_was_passed_over_lets_the_other_compete_again(
        self, world: World, staff: MakeStaff
    ) -> None:
        year, first = await self.on_notice(world, staff, ready="4")
        made = await object_to(world, year.round_id, supplement_id=first, project_id=year.projects[2]["id"])
        assert (await year.colleague.post(f"/v1/objections/{made['id']}/uphold", json=RULING)).status_code == 200
        assert verdicts((await year.stop(1)).json()) == [("第3", ["not_ready"]), ("第4", [])]

    async def test_a_rejected_one_and_a_late_one_hold_nothing_back(self, world: World, staff: MakeStaff) -> None:
        year, supplement_id = await self.on_notice(world, staff)
        made = await object_to(world, year.round_id, supplement_id=supplement_id)
        assert (await year.colleague.post(f"/v1/objections/{made['id']}/reject", json=RULING)).status_code == 200
        await end_supplement_notice(world, supplement_id)
        late = await object_to(world, year.round_id, supplement_id=supplement_id)
        assert late["late"] is True
        assert (await year.confirm(supplement_id)).status_code == 200
        upheld = await year.colleague.post(f"/v1/objections/{late['id']}/uphold", json=RULING)
        assert (upheld.status_code, upheld.json()["type"]) == (409, "/problems/supplement-decided")
        assert (await year.colleague.post(f"/v1/objections/{late['id']}/reject", json=RULING)).status_code == 200

    async def test_a_street_objects_for_its_own_project(self, world: World, staff: MakeStaff) -> None:
        year, supplement_id = await self.on_notice(world, staff)
        own = await object_to(
            world, year.round_id, by=world.street, supplement_id=supplement_id, project_id=year.projects[3]["id"]
        )
        assert (await world.street.get(f"/v1/objections/{own['id']}")).status_code == 200
        body = {"ground": "facts", "what": "w", "received_on": (await today(world)).isoformat()}
        path = f"/v1/rounds/{year.round_id}/objections"
        nameless = await world.street.post(path, json={**body, "supplement_id": supplement_id})
        assert nameless.status_code == 404

    async def test_what_nobody_has_published_is_not_objected_to(self, world: World, staff: MakeStaff) -> None:
        year = await planned(world, staff, ["100"] * 3, ready="3")
        proposed = (await year.stop(1)).json()["id"]
        body = {"ground": "facts", "what": "w", "received_on": (await today(world)).isoformat()}
        for unknown in (proposed, year.round_id):
            refused = await world.city.post(
                f"/v1/rounds/{year.round_id}/objections", json={**body, "supplement_id": unknown}
            )
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/supplement_id")

    async def test_confirming_races_upholding_and_one_of_them_wins(self, world: World, staff: MakeStaff) -> None:
        year, supplement_id = await self.on_notice(world, staff, budgets=8, ready="345678")
        for turn in range(4):
            await end_supplement_notice(world, supplement_id)
            late = await object_to(world, year.round_id, supplement_id=supplement_id)
            calls = [
                year.confirm(supplement_id),
                year.colleague.post(f"/v1/objections/{late['id']}/uphold", json=RULING),
            ]
            answers = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            status = (await world.city.get(f"/v1/supplements/{supplement_id}")).json()["status"]
            implemented = (await plan(world))["totals"]["implement"]["projects"]
            assert implemented == (2 if status == "confirmed" else 1)
            if status == "confirmed":
                return
            supplement_id = (await year.stop(1)).json()["id"]
            assert (await year.publish(supplement_id)).status_code == 200


async def test_what_decides_is_what_holds_when_it_is_confirmed(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100", "100"], ready="3")
    proposed = (await year.stop(2)).json()
    assert verdicts(proposed) == [("第3", []), ("第4", ["not_ready"])]
    unready = {"key": "project.ready", "value": "false", "source": "街道", "document": "d"}
    said = await world.city.post(f"/v1/projects/{year.projects[2]['id']}/facts", json={"facts": [unready]})
    assert said.status_code == 201, said.text
    ready = {"facts": [{**unready, "value": "true"}]}
    assert (await world.city.post(f"/v1/projects/{year.projects[3]['id']}/facts", json=ready)).status_code == 201
    published = (await year.publish(proposed["id"])).json()
    assert verdicts(published) == [("第3", ["not_ready"]), ("第4", [])]
    assert published["added_project_id"] == year.projects[3]["id"]


@pytest.mark.parametrize("change", ["withdrawn", "unready", "dearer", "taken over"])
async def test_who_fails_while_he_is_on_notice_does_not_enter(world: World, staff: MakeStaff, change: str) -> None:
    year = await planned(world, staff, ["150", "150", "150", "100"], ready="34")
    reserve = year.projects[2]["id"]
    path = f"/v1/projects/{reserve}"
    supplement_id = (await year.stop(1)).json()["id"]
    assert (await year.publish(supplement_id)).status_code == 200
    await end_supplement_notice(world, supplement_id)
    version = {"If-Match": (await world.city.get(path)).headers["etag"]}
    if change == "withdrawn":
        assert (await world.city.post(f"{path}/withdraw", headers=version)).status_code == 200
    elif change == "unready":
        said = {"key": "project.ready", "value": "false", "source": "街道", "document": "d"}
        assert (await world.city.post(f"{path}/facts", json={"facts": [said]})).status_code == 201
    elif change == "dearer":
        assert (await world.city.post(f"{path}/plans", json=plan_of("151"))).status_code == 201
    else:
        county = await world.round(at=world.counties[0], filter={"stage": "library"}, caps=[{"count": 0}], reserve=9)
        await plan_of_year(world, county["id"])
    refused = await year.confirm(supplement_id)
    assert (refused.status_code, set(refused.json()["missing"])) == (409, {"/added_project_id"}), refused.text
    assert await year.stage(1) == "dropped"
    # The way out is an objection that says so; then the next one is proposed.
    late = await object_to(world, year.round_id, supplement_id=supplement_id, ground="withdrawn", project_id=reserve)
    assert (await year.colleague.post(f"/v1/objections/{late['id']}/uphold", json=RULING)).status_code == 200
    assert (await year.stop(1)).status_code == 201


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


async def test_two_publish_at_once_and_one_of_them_does_and_so_with_confirming(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["100", "100", "100", "100"], ready="34")
    third = await staff("city", world.root)
    supplement_id = (await year.stop(1)).json()["id"]
    for act in (year.publish, year.confirm):
        answers = await asyncio.gather(act(supplement_id), act(supplement_id, by=third))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        if act == year.publish:
            await end_supplement_notice(world, supplement_id)
    assert (await plan(world))["totals"]["implement"]["projects"] == 2
    assert (await year.stage(3), await year.stage(4)) == ("planned", "library")


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


async def test_who_is_on_notice_holds_his_room_against_an_adjustment(world: World, staff: MakeStaff) -> None:
    year = await planned(world, staff, ["150", "140", "150"], ready="3")
    supplement_id = (await year.stop(1)).json()["id"]
    assert (await year.publish(supplement_id)).status_code == 200
    body = {"project_id": year.projects[1]["id"], "budget": "150.01", "document": "甬建调〔2027〕1号"}
    for budget, status in (("150.01", 409), ("150", 201)):
        answer = await world.city.post(
            "/v1/plans/2027/adjust", json={**body, "budget": budget}, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == status, answer.text
    await end_supplement_notice(world, supplement_id)
    assert (await year.confirm(supplement_id)).status_code == 200
    items = (await plan(world))["items"]
    assert {one["title"]: one["stage"] for one in items} == {"第1": "dropped", "第2": "planned", "第3": "planned"}


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


async def test_who_is_on_notice_in_another_round_of_the_year_is_skipped_until_that_has_ended(
    world: World, staff: MakeStaff
) -> None:
    """Another round, confirmed later, holds the reserve now; he is on notice for a place of the first one still."""
    first = await planned(world, staff, ["100"] * 4, ready="4")
    on_notice = (await first.stop(1)).json()["id"]
    assert (await first.publish(on_notice)).json()["added_project_id"] == first.projects[3]["id"]
    later = await world.round(caps=[{"count": 1}], reserve=1, filter={"stage": "library"})
    published = await publish(world, later["id"])
    await end_notice(world, later["id"])
    assert (await confirm_run(world, published["run_id"])).status_code == 201
    second = Planned(world, first.colleague, later["id"], first.projects)
    proposed = (await second.stop(3)).json()
    assert verdicts(proposed) == [("第4", ["on_notice"])]
    objection = await object_to(world, first.round_id, supplement_id=on_notice)
    upheld = await first.colleague.post(f"/v1/objections/{objection['id']}/uphold", json=RULING)
    assert upheld.status_code == 200, upheld.text
    stopped = await second.publish(proposed["id"])
    assert (stopped.status_code, stopped.json()["added_project_id"]) == (200, first.projects[3]["id"])
