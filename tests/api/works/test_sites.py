"""A site: opened for a chosen project, its way, its organisations, and people who see this site and no other."""

import asyncio
from typing import Any

import pytest

from tests.support.people import Client, sign_in
from tests.support.works import DATES, Building, ok, problem, stage


async def changed(site: Building, **body: Any) -> Any:
    """The street edits the site."""
    version = (await site.street.get(site.path)).headers["etag"]
    return await site.street.put(site.path, json={**DATES, **body}, headers={"If-Match": version})


class TestSite:
    async def test_is_opened_once_the_project_is_in_a_plan(self, building: Building) -> None:
        await stage(building.database, building.project, "library")
        answer = await building.street.post(building.path, json=DATES)
        assert problem(answer, 409, "site-too-early")["stage"] == "library"
        await stage(building.database, building.project, "planned")
        made = await building.open()
        assert (made["state"], made["risk"], made["version"]) == ("preparing", None, 1)
        problem(await building.street.post(building.path, json=DATES), 409, "site-exists")

    async def test_of_two_who_open_it_at_once_one_does(self, building: Building) -> None:
        answers = await asyncio.gather(*(building.street.post(building.path, json=DATES) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [201, 409]

    async def test_ends_no_earlier_than_it_starts(self, building: Building) -> None:
        body = {**DATES, "planned_end": "2027-03-14"}
        problem(await building.street.post(building.path, json=body), 422, "site-input-invalid", "/planned_end")

    async def test_keeps_every_version_of_its_dates_and_grade(self, site: Building) -> None:
        assert ok(await changed(site, risk="high", planned_end="2027-09-30"))["risk"] == "high"
        entries = ok(await site.street.get(f"{site.path}/entries"))["items"]
        assert [(one["action"], one["risk"], one["planned_end"]) for one in entries] == [
            ("open", None, "2027-10-31"),
            ("change", "high", "2027-09-30"),
        ]
        stale = await site.street.put(site.path, json=DATES, headers={"If-Match": '"1"'})
        problem(stale, 412, "version-stale")

    async def test_what_was_declared_too_early_is_taken_back_with_a_reason(self, site: Building) -> None:
        assert ok(await site.act("prepared"))["state"] == "ready"
        problem(await site.act("prepared"), 409, "site-state-wrong")
        problem(await site.act("reopen"), 422, "site-input-invalid", "/reason")
        assert ok(await site.act("reopen", reason="图纸尚缺"))["state"] == "preparing"

    async def test_lists_by_state_and_by_who_takes_part(self, site: Building) -> None:
        other = await site.another()
        await site.join("client")
        everything = ok(await site.street.get("/v1/sites", params={"state": "preparing"}))["items"]
        assert {one["project_id"] for one in everything} == {site.project, other}
        mine = ok(await site.street.get("/v1/sites", params={"organisation_id": site.firms["client"]}))["items"]
        assert [one["project_id"] for one in mine] == [site.project]
        first = ok(await site.street.get("/v1/sites", params={"limit": 1}))
        second = ok(await site.street.get("/v1/sites", params={"limit": 1, "cursor": first["next_cursor"]}))
        assert {first["items"][0]["project_id"], second["items"][0]["project_id"]} == {site.project, other}
        assert ok(await site.street.get("/v1/sites", params={"state": "started"}))["items"] == []


class TestOrganisations:
    async def test_of_the_five_parties_there_is_one_each(self, site: Building) -> None:
        await site.join("supervisor")
        body = {"organisation_id": await site.firm("supervisor"), "role": "supervisor"}
        problem(await site.street.post(f"{site.path}/organisations", json=body), 409, "site-party-taken")
        await site.join("supplier")
        await site.join("supplier")

    async def test_one_leaves_and_another_takes_its_place(self, site: Building) -> None:
        first = await site.join("contractor")
        gone = ok(await site.street.post(f"{site.path}/organisations/{first}/leave"))
        assert gone["left_at"] is not None
        problem(await site.street.post(f"{site.path}/organisations/{first}/leave"), 409, "site-organisation-left")
        second = await site.join("contractor")
        there = ok(await site.street.get(f"{site.path}/organisations", params={"present": True}))["items"]
        assert [one["id"] for one in there] == [second]
        left = ok(await site.street.get(f"{site.path}/organisations", params={"present": False}))["items"]
        assert [one["id"] for one in left] == [first]

    async def test_a_firm_has_a_credit_code(self, site: Building) -> None:
        body = {"region_id": str(site.county.id), "name": "无码公司", "kind": "contractor"}
        nameless = ok(await site.district.post("/v1/organisations", json=body), 201)["id"]
        wanted = {"organisation_id": nameless, "role": "contractor"}
        path = f"{site.path}/organisations"
        problem(await site.street.post(path, json=wanted), 422, "site-input-invalid", "/organisation_id")
        ok(await site.street.post(path, json={**wanted, "role": "client"}), 201)

    async def test_one_of_elsewhere_is_unknown(self, site: Building, region: Any) -> None:
        elsewhere = await region("county")
        district = await sign_in(site.app, site.database, "district", elsewhere)
        body = {"region_id": str(elsewhere.id), "name": "外地单位", "kind": "department"}
        foreign = ok(await district.post("/v1/organisations", json=body), 201)["id"]
        answer = await site.street.post(
            f"{site.path}/organisations", json={"organisation_id": foreign, "role": "client"}
        )
        problem(answer, 422, "site-input-invalid", "/organisation_id")


class TestPeople:
    async def test_see_their_site_and_no_other(self, site: Building) -> None:
        other, foreman = await site.another(), await site.person("contractor")
        assert ok(await foreman.get(site.path))["project_id"] == site.project
        problem(await foreman.get(f"/v1/projects/{other}/site"), 404, "not-found")
        assert [one["project_id"] for one in ok(await foreman.get("/v1/sites"))["items"]] == [site.project]
        posts = ok(await foreman.get("/v1/me/sites"))["items"]
        assert [(one["project_id"], one["role"], one["position"]) for one in posts] == [
            (site.project, "contractor", "负责人")
        ]

    async def test_may_not_set_the_site_up(self, site: Building) -> None:
        foreman = await site.person("contractor")
        answer = await foreman.post(f"{site.path}/prepared", json={}, headers={"If-Match": '"1"'})
        problem(answer, 403, "not-allowed")

    async def test_see_nothing_of_the_region(self, site: Building) -> None:
        foreman = await site.person("client")
        assert ok(await foreman.get("/v1/sites"))["items"]
        for path in ("/v1/projects", "/v1/compounds", "/v1/complaints", "/v1/staff"):
            problem(await foreman.get(path), 403, "not-allowed")

    async def test_without_a_post_nothing_opens(self, site: Building) -> None:
        nobody = await sign_in(site.app, site.database, "site", site.county)
        problem(await nobody.get(site.path), 403, "not-allowed")
        assert ok(await nobody.get("/v1/me/sites"))["items"] == []

    @pytest.mark.parametrize("how", ["withdrawn", "organisation", "role"])
    async def test_lose_sight_when_their_post_ends(self, site: Building, how: str) -> None:
        foreman = await site.person("contractor")
        ok(await foreman.get(site.path))
        if how == "withdrawn":
            person = ok(await site.street.get(f"{site.path}/people"))["items"][0]["id"]
            ok(await site.street.post(f"{site.path}/people/{person}/leave"))
            problem(await site.street.post(f"{site.path}/people/{person}/leave"), 409, "site-person-left")
        elif how == "organisation":
            ok(await site.street.post(f"{site.path}/organisations/{site.parties['contractor']}/leave"))
        else:
            await end_role(site, foreman)
        problem(await foreman.get(site.path), 403, "not-allowed")
        assert ok(await foreman.get("/v1/me/sites"))["items"] == []

    async def test_act_for_organisations_that_are_there(self, site: Building) -> None:
        joined = await site.join("contractor")
        ok(await site.street.post(f"{site.path}/organisations/{joined}/leave"))
        who = await sign_in(site.app, site.database, "site", site.county)
        body = {"site_organisation_id": joined, "staff_id": str(who.staff_id), "position": "项目经理"}
        problem(await site.street.post(f"{site.path}/people", json=body), 409, "site-organisation-left")

    async def test_hold_a_post_once(self, site: Building) -> None:
        foreman = await site.person("contractor")
        body = {
            "site_organisation_id": site.parties["contractor"],
            "staff_id": str(foreman.staff_id),
            "position": "安全员",
        }
        problem(await site.street.post(f"{site.path}/people", json=body), 409, "site-person-posted")

    async def test_have_an_account_for_sites_of_the_region(self, site: Building, region: Any) -> None:
        joined = await site.join("contractor")
        elsewhere = await sign_in(site.app, site.database, "site", await region("county"))
        for who in (elsewhere, site.district):
            body = {"site_organisation_id": joined, "staff_id": str(who.staff_id), "position": "项目经理"}
            answer = await site.street.post(f"{site.path}/people", json=body)
            problem(answer, 422, "site-input-invalid", "/staff_id")

    async def test_the_district_opens_and_ends_their_accounts(self, site: Building) -> None:
        grant = {"role": "site", "region_id": str(site.county.id)}
        body = {"username": f"foreman-{site.project[-12:]}", "display_name": "王工", "grants": [grant]}
        made = ok(await site.district.post("/v1/staff", json=body), 201)
        assert made["temporary_password"]


async def end_role(site: Building, who: Client) -> None:
    """The district ends the role by which he may be put on sites."""
    account = await site.district.get(f"/v1/staff/{who.staff_id}")
    grant = ok(account)["grants"][0]["id"]
    ok(
        await site.district.post(
            f"/v1/staff/{who.staff_id}/grants/{grant}/end", headers={"If-Match": account.headers["etag"]}
        )
    )
