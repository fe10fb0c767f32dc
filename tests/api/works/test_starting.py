"""The start of works: no start without ten signatures (I1), who records them, names masked, one door."""

import asyncio

from services.core.kit.uow import Database
from tests.support.people import sign_in
from tests.support.works import Building, ok, photo, problem


class TestCommitments:
    async def test_are_signed_once_for_a_party_and_shown_masked(self, site: Building) -> None:
        made = ok(await site.sign("designer", "project_leader"), 201)
        assert (made["role"], made["signer"], made["name"], made["counts"]) == (
            "designer",
            "project_leader",
            "欧*",
            True,
        )
        problem(await site.sign("designer", "project_leader"), 409, "commitment-exists")
        ok(await site.sign("designer", "legal_representative"), 201)
        listed = ok(await site.street.get(f"/v1/projects/{site.project}/commitments"))["items"]
        assert [one["signer"] for one in listed] == ["project_leader", "legal_representative"]

    async def test_the_name_is_sealed_and_told_for_a_purpose(self, site: Building, database: Database) -> None:
        made = ok(await site.sign("client", "project_leader"), 201)
        async with database.read() as connection:
            kept = await connection.fetchval("SELECT name_sealed FROM commitment WHERE project_id = $1", site.project)
        assert "欧阳".encode() not in kept
        path = f"/v1/projects/{site.project}/commitments/{made['id']}/reveal"
        told = ok(await site.street.post(path, json={"purpose": "quality_liability"}))
        assert told == {"name": "欧阳娜娜"}
        async with database.read() as connection:
            reading = await connection.fetchval(
                "SELECT details ->> 'purpose' FROM audit_entry WHERE action = 'commitment.revealed' AND target_id = $1",
                made["id"],
            )
        assert reading == "quality_liability"
        foreman = await site.person("contractor")
        problem(await foreman.post(path, json={"purpose": "quality_liability"}), 403, "not-allowed")

    async def test_come_with_a_scan_of_ones_own(self, site: Building) -> None:
        problem(await site.sign("client", "project_leader", file_ids=[]), 422, "input-invalid")
        foreign = await photo(site.district)
        problem(await site.sign("client", "project_leader", file_ids=[foreign]), 404, "not-found")
        scan = await photo(site.street)
        ok(await site.sign("client", "project_leader", file_ids=[scan]), 201)
        assert (await (await site.person("client")).get(f"/v1/files/{scan}")).status_code == 200
        assert (await site.district.get(f"/v1/files/{scan}")).status_code == 200
        foreman = await site.person("contractor")  # reads the name masked
        assert (await foreman.get(f"/v1/files/{scan}")).status_code == 404
        other = await sign_in(site.app, site.database, "site", site.county)
        assert (await other.get(f"/v1/files/{scan}")).status_code in {403, 404}

    async def test_no_day_to_come_and_no_party_that_signs_none(self, site: Building) -> None:
        answer = await site.sign("client", "project_leader", signed_on="2999-01-01")
        problem(answer, 422, "site-input-invalid", "/signed_on")
        problem(await site.sign("supplier", "project_leader"), 422, "site-input-invalid", "/site_organisation_id")

    async def test_people_of_a_firm_sign_for_their_own(self, site: Building) -> None:
        designer = await site.person("designer")
        await site.join("surveyor")
        ok(await site.sign("designer", "project_leader", designer), 201)
        problem(await site.sign("surveyor", "project_leader", designer), 404, "not-found")

    async def test_a_wrong_one_is_withdrawn_and_signed_anew(self, site: Building) -> None:
        made = ok(await site.sign("client", "project_leader"), 201)
        path = f"/v1/projects/{site.project}/commitments/{made['id']}/withdraw"
        gone = ok(await site.street.post(path, json={"reason": "签字人有误"}))
        assert (gone["counts"], gone["withdrawn_reason"]) == (False, "签字人有误")
        problem(await site.street.post(path, json={"reason": "签字人有误"}), 409, "commitment-withdrawn")
        ok(await site.sign("client", "project_leader"), 201)
        counted = await site.street.get(f"/v1/projects/{site.project}/commitments", params={"counts": True})
        assert len(ok(counted)["items"]) == 1

    async def test_of_two_recorded_at_once_one_stays(self, site: Building) -> None:
        await site.join("client")
        answers = await asyncio.gather(*(site.sign("client", "project_leader") for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


class TestStart:
    async def test_needs_a_site_that_is_prepared(self, building: Building) -> None:
        problem(await building.start(), 409, "site-start-not-met", "/site")
        await building.open()
        problem(await building.start(), 409, "site-start-not-met", "/site/prepared")

    async def test_needs_all_ten_signatures(self, site: Building) -> None:
        await site.sign_all()
        listed = ok(await site.street.get(f"/v1/projects/{site.project}/commitments", params={"limit": 100}))["items"]
        last = next(one for one in listed if one["role"] == "supervisor" and one["signer"] == "project_leader")
        path = f"/v1/projects/{site.project}/commitments/{last['id']}/withdraw"
        ok(await site.street.post(path, json={"reason": "换人"}))
        ok(await site.act("prepared"))
        refused = problem(await site.start(), 409, "site-start-not-met", "/site/commitments")
        assert "监理单位项目负责人" in refused["errors"][0]["detail"]
        standing = ok(await site.street.get(f"{site.path}/start-requirements"))
        assert standing["passed"] is False
        assert {one["requirement"]: one["met"] for one in standing["items"]}["commitments"] is False
        assert ok(await site.street.get(site.path))["state"] == "ready"
        assert ok(await site.street.get(f"/v1/projects/{site.project}"))["stage"] == "planned"
        ok(await site.sign("supervisor", "project_leader"), 201)
        assert ok(await site.start())["stage"] == "works"
        assert ok(await site.street.get(site.path))["state"] == "started"

    async def test_what_a_party_that_left_has_signed_counts_no_more(self, site: Building) -> None:
        await site.sign_all()
        ok(await site.act("prepared"))
        ok(await site.street.post(f"{site.path}/organisations/{site.parties['contractor']}/leave"))
        await site.join("contractor")
        problem(await site.start(), 409, "site-start-not-met", "/site/commitments")

    async def test_what_works_started_on_is_not_withdrawn(self, site: Building) -> None:
        await site.sign_all()
        ok(await site.act("prepared"))
        ok(await site.start())
        made = ok(await site.street.get(f"/v1/projects/{site.project}/commitments"))["items"][0]
        path = f"/v1/projects/{site.project}/commitments/{made['id']}/withdraw"
        problem(await site.street.post(path, json={"reason": "换人"}), 409, "site-state-wrong")

    async def test_an_organisation_that_leaves_beside_the_start_is_seen_by_it(self, site: Building) -> None:
        """The row of the site decides the race: either the start comes first, or it finds eight signatures."""
        await site.sign_all()
        ok(await site.act("prepared"))
        leave = site.street.post(f"{site.path}/organisations/{site.parties['client']}/leave")
        started, left = await asyncio.gather(site.start(), leave)
        assert left.status_code == 200
        if started.status_code == 409:
            problem(started, 409, "site-start-not-met", "/site/commitments")
        entries = ok(await site.street.get(f"{site.path}/entries"))["items"]
        assert (entries[-1]["action"] == "start") is (started.status_code == 200)
