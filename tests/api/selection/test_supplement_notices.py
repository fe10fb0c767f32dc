"""Supplements on notice: open to objections, weighed once more at the end, in nobody's way elsewhere."""

import asyncio

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from tests.api.selection.stopping import Planned, planned, verdicts
from tests.api.selection.world import MakeStaff, World, plan_of
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

    async def test_a_second_one_to_what_is_withdrawn_is_upheld_as_moot_and_bars_whom_it_is_about(
        self, world: World, staff: MakeStaff
    ) -> None:
        """The first names a reserve that was passed over: by it alone, who was on notice would compete again."""
        year, supplement_id = await self.on_notice(world, staff, budgets=5, ready="45")
        passed_over, on_notice, nobody = [
            await object_to(world, year.round_id, supplement_id=supplement_id, **named)
            for named in ({"project_id": year.projects[2]["id"]}, {"project_id": year.projects[3]["id"]}, {})
        ]
        first = (await year.colleague.post(f"/v1/objections/{passed_over['id']}/uphold", json=RULING)).json()
        assert (first["status"], first["moot"]) == ("upheld", False)
        withdrawn = (await world.city.get(f"/v1/supplements/{supplement_id}")).json()
        assert verdicts((await year.stop(1)).json()) == [("第3", ["not_ready"]), ("第4", []), ("第5", [])]

        ruling = {"reason": "异议成立；该增补已撤回", "document": "甬建函〔2027〕9号"}
        second = await year.colleague.post(f"/v1/objections/{on_notice['id']}/uphold", json=ruling)
        assert (second.status_code, second.json()["status"], second.json()["moot"]) == (200, "upheld", True), (
            second.text
        )
        assert (second.json()["decision_reason"], second.json()["decision_document"]) == tuple(ruling.values())
        assert (await world.city.get(f"/v1/supplements/{supplement_id}")).json() == withdrawn
        kinds = "SELECT kind, data FROM event WHERE data ->> 'supplement_id' = $1 OR data ->> 'objection_id' = $2 ORDER BY id"
        async with world.database.read() as reader:
            told = [(row["kind"], row["data"]) for row in await reader.fetch(kinds, supplement_id, on_notice["id"])]
        assert [kind for kind, _ in told].count("supplement.withdrawn") == 1
        assert told[-1] == ("objection.decided", {"objection_id": on_notice["id"], "upheld": True, "moot": True})
        rejected = (await year.colleague.post(f"/v1/objections/{nobody['id']}/reject", json=RULING)).json()
        assert (rejected["status"], rejected["moot"]) == ("rejected", False)

        path = f"/v1/rounds/{year.round_id}/supplements"
        (open_now,) = (await world.city.get(path, params={"status": "proposed"})).json()["items"]
        published = (await year.publish(open_now["id"])).json()
        assert verdicts(published) == [("第3", ["not_ready"]), ("第4", ["objection"]), ("第5", [])]

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
