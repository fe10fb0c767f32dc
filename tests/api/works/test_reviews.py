"""Joint review (S14): departments asked with clocks, answers in time or late, revisions, exceptions by two people."""

from typing import Any
from uuid import UUID

import httpx

from services.core.clocks.sweeping import sweep
from services.core.kit.uow import SYSTEM
from tests.support.people import Client, sign_in
from tests.support.works import Building, ok, problem

DEPARTMENTS = ("housing", "ndrc", "finance", "planning", "police", "fire")
EARLIER = """
UPDATE clock SET due_at = due_at - interval '90 days', started_at = started_at - interval '90 days'
WHERE subject_type = 'review_part' AND subject_id = ANY ($1::uuid[])
"""
STEPS_EARLIER = """
UPDATE clock_step SET due_at = due_at - interval '90 days'
WHERE clock_id IN (SELECT id FROM clock WHERE subject_id = ANY ($1::uuid[]))
"""


async def opened(site: Building, desks: list[str], **changed: Any) -> dict[str, Any]:
    """A round of the joint review."""
    body = {"title": "联合审查", "departments": [{"desk_id": desk} for desk in desks], **changed}
    return ok(await site.street.post(f"/v1/projects/{site.project}/reviews", json=body), 201)


async def said(
    site: Building, review: dict[str, Any], place: int, who: Client, verdict: str = "agree", **more: Any
) -> httpx.Response:
    """A department answers."""
    path = f"/v1/projects/{site.project}/reviews/{review['id']}/parts/{review['parts'][place]['id']}/opinions"
    return await who.post(path, json={"verdict": verdict, "opinion": "消防通道须保持四米", **more})


async def closed(site: Building, review: dict[str, Any]) -> httpx.Response:
    """The street ends the round."""
    return await site.street.post(f"/v1/projects/{site.project}/reviews/{review['id']}/close")


async def let_pass(site: Building, review: dict[str, Any], places: list[int]) -> None:
    """The time of some departments has passed."""
    parts = [UUID(review["parts"][place]["id"]) for place in places]
    async with site.database.begin(SYSTEM) as uow:
        await uow.driver.execute(EARLIER, parts)
        await uow.driver.execute(STEPS_EARLIER, parts)


async def missing(site: Building, requirement: str = "review") -> dict[str, Any]:
    """What is lacking of one requirement of a start."""
    items = ok(await site.street.get(f"{site.path}/start-requirements"))["items"]
    return next(one for one in items if one["requirement"] == requirement)


class TestRound:
    async def test_ends_when_all_have_answered(self, site: Building) -> None:
        (police, officer), (fire, fireman) = await site.desk("公安局"), await site.desk("消防")
        review = await opened(site, [police, fire])
        assert (await missing(site))["met"] is False
        ok(await said(site, review, 0, officer), 201)
        assert problem(await closed(site, review), 409, "review-not-answered")["waiting"] == [fire]
        ok(await said(site, review, 1, fireman, "conditions"), 201)
        ended = ok(await closed(site, review))
        assert (ended["state"], ended["agreed"]) == ("closed", True)
        assert (await missing(site))["met"] is True
        problem(await said(site, review, 0, officer), 409, "review-not-open")

    async def test_a_later_word_corrects_an_earlier_one(self, site: Building) -> None:
        desk, officer = await site.desk("公安局")
        review = await opened(site, [desk])
        ok(await said(site, review, 0, officer, "disagree"), 201)
        shown = ok(await said(site, review, 0, officer, "agree", document="公函2号"), 201)
        assert shown["parts"][0]["said"]["verdict"] == "agree"
        path = f"/v1/projects/{site.project}/reviews/{review['id']}/parts/{review['parts'][0]['id']}/opinions"
        assert [one["verdict"] for one in ok(await officer.get(path))["items"]] == ["disagree", "agree"]

    async def test_is_answered_by_who_is_on_duty_or_from_a_paper(self, site: Building) -> None:
        (police, _), (_, fireman) = await site.desk("公安局"), await site.desk("消防")
        review = await opened(site, [police])
        problem(await said(site, review, 0, fireman), 409, "review-not-on-duty")
        problem(await said(site, review, 0, site.street), 409, "review-not-on-duty")
        shown = ok(await said(site, review, 0, site.street, document="公函〔2027〕3号"), 201)
        assert shown["parts"][0]["said"]["on_behalf"] is True

    async def test_a_department_sees_what_waits_at_its_desk(self, site: Building) -> None:
        (police, officer), (_, fireman) = await site.desk("公安局"), await site.desk("消防")
        review = await opened(site, [police])
        mine = ok(await officer.get("/v1/me/review-parts", params={"state": "waiting"}))["items"]
        assert [one["review_id"] for one in mine] == [review["id"]]
        assert ok(await fireman.get("/v1/me/review-parts"))["items"] == []

    async def test_a_revision_asks_anew_and_supersedes(self, site: Building) -> None:
        desk, officer = await site.desk("公安局")
        problem(
            await site.street.post(
                f"/v1/projects/{site.project}/reviews",
                json={"title": "联合审查", "change": "调整", "departments": [{"desk_id": desk}]},
            ),
            422,
            "review-input-invalid",
            "/change",
        )
        first = await opened(site, [desk])
        ok(await said(site, first, 0, officer, "disagree"), 201)
        assert ok(await closed(site, first))["agreed"] is False
        assert "不同意" in (await missing(site))["missing_zh"]
        second = await opened(site, [desk], change="按公安意见增加监控")
        third = await opened(site, [desk], change="再次调整")
        states = ok(await site.street.get(f"/v1/projects/{site.project}/reviews"))["items"]
        assert [(one["number"], one["state"]) for one in states] == [(1, "closed"), (2, "superseded"), (3, "open")]
        problem(await said(site, second, 0, officer), 409, "review-not-open")
        ok(await said(site, third, 0, officer), 201)
        ok(await closed(site, third))
        assert (await missing(site))["met"] is True

    async def test_asks_desks_that_answer_for_the_region_once_each(self, site: Building) -> None:
        desk, _ = await site.desk("公安局")
        body: dict[str, Any] = {"title": "联合审查", "departments": [{"desk_id": desk}, {"desk_id": desk}]}
        path = f"/v1/projects/{site.project}/reviews"
        problem(await site.street.post(path, json=body), 422, "review-input-invalid", "/departments/1/desk_id")
        body = {"title": "联合审查", "plan_number": 7, "departments": [{"desk_id": str(UUID(int=1))}]}
        answer = await site.street.post(path, json=body)
        assert {one["pointer"] for one in problem(answer, 422, "review-input-invalid")["errors"]} == {
            "/plan_number",
            "/departments/0/desk_id",
        }


class TestUnderLiuzhou:
    async def asked(self, site: Building) -> tuple[dict[str, Any], list[Client]]:
        """A round that asks every department of the policy."""
        await site.under("liuzhou")
        desks = [await site.desk(name) for name in DEPARTMENTS]
        departments = [
            {"desk_id": desk, "department": name} for (desk, _), name in zip(desks, DEPARTMENTS, strict=True)
        ]
        return await opened(site, [], departments=departments), [who for _, who in desks]

    async def test_every_department_of_the_policy_is_asked(self, site: Building) -> None:
        await site.under("liuzhou")
        assert (await missing(site))["missing_zh"] == "尚未组织部门联合审查"
        desk, _ = await site.desk("公安局")
        body = {"title": "联合审查", "departments": [{"desk_id": desk, "department": "police"}]}
        answer = await site.street.post(f"/v1/projects/{site.project}/reviews", json=body)
        problem(answer, 422, "review-input-invalid", "/departments")

    async def test_who_lets_his_time_pass_is_on_record_and_holds_nobody_up(self, site: Building) -> None:
        review, people = await self.asked(site)
        assert all(part["due_at"] for part in review["parts"])
        for place in range(4):
            ok(await said(site, review, place, people[place]), 201)
        problem(await closed(site, review), 409, "review-not-answered")
        await let_pass(site, review, [4, 5])
        late = ok(await said(site, review, 4, people[4]), 201)
        assert late["parts"][4]["said"]["late"] is True
        ended = ok(await closed(site, review))
        assert [part["state"] for part in ended["parts"]] == ["answered"] * 5 + ["overdue"]
        async with site.database.read() as connection:
            breaches = await connection.fetchval(
                "SELECT count(*) FROM clock_breach b JOIN clock c ON c.id = b.clock_id WHERE c.subject_id = ANY ($1::uuid[])",
                [UUID(part["id"]) for part in review["parts"]],
            )
        assert breaches == 2

    async def test_a_sweep_that_was_first_changes_nothing(self, site: Building) -> None:
        review, people = await self.asked(site)
        for place in range(5):
            ok(await said(site, review, place, people[place]), 201)
        await let_pass(site, review, [5])
        async with site.database.begin(SYSTEM) as uow:
            while await sweep(uow):
                pass
        ended = ok(await closed(site, review))
        assert [part["state"] for part in ended["parts"]][5] == "overdue"

    async def test_two_people_except_a_start_from_it(self, site: Building) -> None:
        await site.under("liuzhou")
        await site.attest(
            {
                "vote.plan.passed": "true",
                "notice.plan.cleared": "true",
                "funding.residents_and_companies_share": "0.2",
            }
        )
        await site.sign_all()
        ok(await site.act("prepared"))
        problem(await site.start(), 409, "site-start-not-met", "/site/review")
        path = f"{site.path}/start-exceptions"
        body = {"requirement": "review", "reason": "汛期前须完成排水", "document": "会议纪要1号"}
        never = await site.district.post(path, json={**body, "requirement": "commitments"})
        problem(never, 409, "start-without-exception")
        asked = ok(await site.district.post(path, json=body), 201)
        problem(await site.district.post(path, json=body), 409, "start-exception-exists")
        own = await site.district.post(f"{path}/{asked['id']}/decide", json={"agree": True})
        problem(own, 409, "site-second-person-needed")
        problem(await site.start(), 409, "site-start-not-met", "/site/review")
        second = await site.desk("督查室")
        problem(await second[1].post(f"{path}/{asked['id']}/decide", json={"agree": True}), 403, "not-allowed")
        other = await another_district(site)
        agreed = ok(await other.post(f"{path}/{asked['id']}/decide", json={"agree": True}))
        assert (agreed["state"], agreed["decided_by"]) == ("agreed", str(other.staff_id))
        problem(await other.post(f"{path}/{asked['id']}/decide", json={"agree": False}), 409, "start-exception-decided")
        assert (await missing(site))["excepted"] is True
        assert ok(await site.start())["stage"] == "works"


async def another_district(site: Building) -> Client:
    """A second person of the district."""
    return await sign_in(site.app, site.database, "district", site.county)
