"""Utilities before works (I6): told with a clock, planning for themselves; conflicts of place and time; days of rest (I9)."""

from typing import Any

import httpx

from tests.support.people import Client, sign_in
from tests.support.works import Building, ok, problem


async def told(site: Building, utility: str = "utility", kind: str = "gas") -> dict[str, Any]:
    """A utility is told of the site."""
    joined = site.parties.get(utility) or await site.join("utility")
    body = {"site_organisation_id": joined, "kind": kind, "title": "管线改造确认"}
    return ok(await site.street.post(f"/v1/projects/{site.project}/utility-tasks", json=body), 201)


async def act(who: Client, task: dict[str, Any], action: str, **body: Any) -> httpx.Response:
    """A step of a task's way."""
    path = f"/v1/projects/{task['project_id']}/utility-tasks/{task['id']}"
    version = (await who.get(path)).headers.get("etag", '"1"')
    return await who.post(f"{path}/{action}", json=body, headers={"If-Match": version})


async def planned(who: Client, task: dict[str, Any], areas: list[str], since: str, until: str, **more: Any) -> Any:
    """A utility plans."""
    body = {"starts_on": since, "ends_on": until, "area_ids": areas, "digs": True, "machines": True, **more}
    return await act(who, task, "plan", **body)


async def area(site: Building, title: str) -> str:
    """A part of the site."""
    return str(ok(await site.street.post(f"{site.path}/areas", json={"title": title}), 201)["id"])


async def rest(site: Building, by: Client, since: str, until: str, forbids: str = "machines") -> dict[str, Any]:
    """Days of rest of the county."""
    body = {
        "region_id": str(site.county.id),
        "kind": "examination",
        "title": "高考期间",
        "starts_on": since,
        "ends_on": until,
        "forbids": forbids,
        "document": "教考〔2027〕1号",
    }
    return ok(await by.post("/v1/blackouts", json=body), 201)


async def conflicts(site: Building, **query: Any) -> list[dict[str, Any]]:
    """What is in each other's way."""
    found: list[dict[str, Any]] = ok(await site.street.get(f"{site.path}/conflicts", params=query))["items"]
    return found


class TestUtilities:
    async def test_each_confirms_and_plans_for_itself(self, site: Building) -> None:
        gas = await site.person("utility")
        task, road = await told(site), await area(site, "东侧道路")
        assert (task["state"], task["due_at"]) == ("told", None)
        shown = ok(await planned(gas, task, [road], "2027-04-01", "2027-04-20", note="夜间不施工"))
        assert (shown["state"], shown["starts_on"], shown["area_ids"]) == ("planned", "2027-04-01", [road])
        again = ok(await planned(gas, task, [road], "2027-04-05", "2027-04-25"))
        assert again["starts_on"] == "2027-04-05"
        assert ok(await act(gas, task, "done"))["state"] == "done"
        path = f"/v1/projects/{site.project}/utility-tasks/{task['id']}/entries"
        steps = [(one["action"], one["starts_on"], one["area_ids"]) for one in ok(await gas.get(path))["items"]]
        assert steps == [
            ("tell", None, []),
            ("plan", "2027-04-01", [road]),
            ("plan", "2027-04-05", [road]),
            ("done", "2027-04-05", [road]),
        ]

    async def test_do_not_plan_for_others(self, site: Building) -> None:
        await site.join("utility")
        task = await told(site)
        site.parties.pop("utility")
        water = await site.person("utility")
        problem(await act(water, task, "nothing"), 404, "not-found")
        foreman = await site.person("contractor")
        problem(await act(foreman, task, "nothing"), 403, "not-allowed")
        assert ok(await act(site.street, task, "nothing", document="复函1号"))["state"] == "nothing"

    async def test_only_utilities_are_told(self, site: Building) -> None:
        joined = await site.join("contractor")
        body = {"site_organisation_id": joined, "kind": "gas", "title": "管线改造确认"}
        answer = await site.street.post(f"/v1/projects/{site.project}/utility-tasks", json=body)
        problem(answer, 422, "schedule-invalid", "/site_organisation_id")

    async def test_a_start_waits_for_what_they_confirm(self, site: Building) -> None:
        await site.under("chengdu")
        assert await lacking(site) == "尚未通报专营单位"
        task = await told(site)
        assert task["due_at"] is not None
        assert await lacking(site) == "1 家专营单位尚未确认"
        ok(await act(site.street, task, "nothing"))
        assert await lacking(site) is None
        problem(await act(site.street, task, "done"), 409, "utility-state-wrong")

    async def test_what_is_withdrawn_is_waited_for_no_more(self, site: Building) -> None:
        await site.under("chengdu")
        await told(site)
        kept = await told(site, kind="water")
        ok(await act(site.street, await told(site, kind="power"), "withdraw", note="重复"))
        ok(await act(site.street, kept, "nothing"))
        assert await lacking(site) == "1 家专营单位尚未确认"

    async def test_are_listed_over_the_sites_that_one_sees(self, site: Building) -> None:
        gas, other = await site.person("utility"), await site.another()
        task = await told(site)
        assert [one["id"] for one in ok(await gas.get("/v1/utility-tasks"))["items"]] == [task["id"]]
        none = ok(await site.street.get("/v1/utility-tasks", params={"project_id": other}))["items"]
        assert none == []
        waiting = ok(await site.street.get("/v1/utility-tasks", params={"state": "told", "kind": "gas"}))["items"]
        assert [one["id"] for one in waiting] == [task["id"]]


class TestConflicts:
    async def test_are_shown_where_place_and_time_meet(self, site: Building) -> None:
        road, yard = await area(site, "东侧道路"), await area(site, "中心花园")
        gas, water = await told(site), await told(site, kind="water")
        ok(await planned(site.street, gas, [road, yard], "2027-04-01", "2027-04-20"))
        ok(await planned(site.street, water, [road], "2027-04-20", "2027-05-10"))
        (met,) = await conflicts(site)
        assert (met["kind"], met["area_title"]) == ("same_time", "东侧道路")
        assert (met["meets_from"], met["meets_until"]) == ("2027-04-20", "2027-04-20")
        ok(await planned(site.street, water, [road], "2027-04-21", "2027-05-10"))
        (twice,) = await conflicts(site)
        assert (twice["kind"], twice["meets_from"]) == ("dug_again", None)
        ok(await planned(site.street, water, [road], "2027-04-21", "2027-05-10", digs=False))
        assert await conflicts(site) == []

    async def test_of_one_task_and_paged(self, site: Building) -> None:
        road = await area(site, "东侧道路")
        tasks = [await told(site, kind=kind) for kind in ("gas", "water", "power")]
        for task in tasks:
            ok(await planned(site.street, task, [road], "2027-04-01", "2027-04-20"))
        assert len(await conflicts(site)) == 3
        assert len(await conflicts(site, subject_id=tasks[0]["id"])) == 2
        first = ok(await site.street.get(f"{site.path}/conflicts", params={"limit": 2}))
        rest_of = ok(
            await site.street.get(f"{site.path}/conflicts", params={"limit": 2, "cursor": first["next_cursor"]})
        )
        assert (len(first["items"]), len(rest_of["items"])) == (2, 1)

    async def test_what_is_not_planned_any_more_is_in_nobodys_way(self, site: Building) -> None:
        road = await area(site, "东侧道路")
        gas, water = await told(site), await told(site, kind="water")
        for task in (gas, water):
            ok(await planned(site.street, task, [road], "2027-04-01", "2027-04-20"))
        ok(await act(site.street, water, "nothing"))
        assert await conflicts(site) == []

    async def test_areas_are_the_sites_own(self, site: Building) -> None:
        road, task, other = await area(site, "东侧道路"), await told(site), await site.another()
        made = await site.street.post(f"/v1/projects/{other}/site/areas", json={"title": "北门"})
        foreign = ok(made, 201)["id"]
        answer = await planned(site.street, task, [road, foreign], "2027-04-01", "2027-04-20")
        problem(answer, 422, "schedule-invalid", "/area_ids/1")
        answer = await planned(site.street, task, [road], "2027-04-20", "2027-04-01")
        problem(answer, 422, "schedule-invalid", "/ends_on")
        problem(await site.street.post(f"{site.path}/areas", json={"title": "东侧道路"}), 409, "site-area-exists")


class TestRest:
    async def test_no_plan_begins_or_ends_on_it(self, site: Building) -> None:
        task = await told(site)
        exams = await rest(site, site.district, "2027-06-07", "2027-06-10")
        refused = await planned(site.street, task, [], "2027-06-10", "2027-06-20")
        assert problem(refused, 409, "site-rests", "/starts_on")["blackouts"] == [exams["id"]]
        problem(await planned(site.street, task, [], "2027-06-01", "2027-06-07"), 409, "site-rests", "/ends_on")
        ok(await planned(site.street, task, [], "2027-06-10", "2027-06-20", machines=False))
        ok(await planned(site.street, task, [], "2027-06-01", "2027-06-20"))
        shown = ok(await site.street.get(f"{site.path}/blackouts"))["items"]
        assert [one["id"] for one in shown] == [exams["id"]]

    async def test_is_put_right_and_lifted(self, site: Building) -> None:
        exams = await rest(site, site.district, "2027-06-07", "2027-06-10", "works")
        path = f"/v1/blackouts/{exams['id']}"
        body = {key: exams[key] for key in ("kind", "title", "ends_on", "forbids", "document")}
        new = {**body, "starts_on": "2027-06-06"}
        assert ok(await site.district.put(path, json=new, headers={"If-Match": '"1"'}))["starts_on"] == "2027-06-06"
        problem(await site.district.put(path, json=new, headers={"If-Match": '"1"'}), 412, "version-stale")
        wrong = {**new, "starts_on": "2027-06-11"}
        answer = await site.district.put(path, json=wrong, headers={"If-Match": '"2"'})
        problem(answer, 422, "schedule-invalid", "/ends_on")
        assert ok(await site.district.post(f"{path}/lift", headers={"If-Match": '"2"'}))["lifted_at"]
        answer = await site.district.post(f"{path}/lift", headers={"If-Match": '"3"'})
        problem(answer, 409, "blackout-lifted")
        ok(await planned(site.street, await told(site), [], "2027-06-07", "2027-06-10"))
        assert ok(await site.district.get("/v1/blackouts", params={"lifted": False}))["items"] == []

    async def test_is_read_below_and_set_by_the_district(self, site: Building, region: Any) -> None:
        exams = await rest(site, site.district, "2027-06-07", "2027-06-10")
        assert [one["id"] for one in ok(await site.street.get("/v1/blackouts"))["items"]] == [exams["id"]]
        body = {**{key: exams[key] for key in exams if key in BLACKOUT}, "region_id": str(site.street_region.id)}
        problem(await site.street.post("/v1/blackouts", json=body), 403, "not-allowed")
        elsewhere = await sign_in(site.app, site.database, "district", await region("county"))
        problem(await elsewhere.get(f"/v1/blackouts/{exams['id']}"), 404, "not-found")
        problem(await elsewhere.post("/v1/blackouts", json=body), 422, "schedule-invalid", "/region_id")

    async def test_holds_a_start_back(self, site: Building) -> None:
        await site.sign_all()
        ok(await site.act("prepared"))
        today = await site.today()
        machines = await rest(site, site.district, today, today)
        assert await lacking(site, "rest") is None
        all_works = await rest(site, site.district, today, today, "works")
        problem(await site.start(), 409, "site-start-not-met", "/site/rest")
        path = f"/v1/blackouts/{all_works['id']}/lift"
        ok(await site.district.post(path, headers={"If-Match": '"1"'}))
        assert machines["lifted_at"] is None
        ok(await site.start())


BLACKOUT = {"kind", "title", "starts_on", "ends_on", "forbids", "document"}


async def lacking(site: Building, requirement: str = "utilities") -> str | None:
    """What is lacking of one requirement of a start."""
    items = ok(await site.street.get(f"{site.path}/start-requirements"))["items"]
    found: str | None = next(one["missing_zh"] for one in items if one["requirement"] == requirement)
    return found
