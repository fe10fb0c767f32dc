"""Notices at a site and objections to its works: terms in working days, answers in time or late, a start that waits for both."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx

from services.core.kit.calendar import Unit, WorkCalendar, deadline
from services.core.kit.uow import SYSTEM
from tests.support.works import Building, ok, problem

EARLIER = "UPDATE site_notice SET posted_on = posted_on - 60, open_until = open_until - 60 WHERE project_id = $1"
RAN_OUT = """
UPDATE clock SET due_at = due_at - interval '90 days', started_at = started_at - interval '90 days' WHERE subject_id = $1
"""


async def posted(site: Building, **changed: Any) -> httpx.Response:
    """The street posts a notice."""
    body = {"title": "管网改造施工公告", "content": "自即日起封闭东侧道路", "posted_on": await site.today(), **changed}
    return await site.street.post(f"/v1/projects/{site.project}/notices", json=body)


async def objected(site: Building, **changed: Any) -> httpx.Response:
    """Somebody objects."""
    body = {"what": "夜间施工扰民", "received_on": await site.today(), **changed}
    return await site.street.post(f"/v1/projects/{site.project}/objections", json=body)


async def answered(site: Building, objection: dict[str, Any], state: str = "rejected") -> httpx.Response:
    """The street answers."""
    path = f"/v1/projects/{site.project}/objections/{objection['id']}/answer"
    return await site.street.post(path, json={"state": state, "answer": "夜间停工"})


async def lacking(site: Building) -> str | None:
    """What holds a start back."""
    items = ok(await site.street.get(f"{site.path}/start-requirements"))["items"]
    found: str | None = next(one["missing_zh"] for one in items if one["requirement"] == "objections")
    return found


class TestNotices:
    async def test_are_open_for_working_days_of_the_policy(self, site: Building) -> None:
        problem(await posted(site, open_to_objections=True), 422, "site-notice-invalid", "/open_to_objections")
        await site.under("liuzhou")
        made = ok(await posted(site, open_to_objections=True), 201)
        today = date.fromisoformat(await site.today())
        due = deadline(WorkCalendar.default(), start=today, days=5, unit=Unit.WORKDAY).due
        assert made["open_until"] == due.isoformat()
        assert await lacking(site) == f"公告异议期至 {due.isoformat()}"
        async with site.database.begin(SYSTEM) as uow:
            await uow.driver.execute(EARLIER, UUID(site.project))
        assert await lacking(site) is None

    async def test_a_wrong_one_is_withdrawn_and_posted_anew(self, site: Building) -> None:
        await site.under("liuzhou")
        made = ok(await posted(site, open_to_objections=True), 201)
        path = f"/v1/projects/{site.project}/notices"
        gone = ok(await site.street.post(f"{path}/{made['id']}/withdraw", json={"reason": "日期有误"}))
        assert gone["withdrawn_reason"] == "日期有误"
        again = await site.street.post(f"{path}/{made['id']}/withdraw", json={"reason": "日期有误"})
        problem(again, 409, "site-notice-withdrawn")
        assert await lacking(site) is None
        hanging = ok(await site.street.get(path, params={"withdrawn": False}))["items"]
        assert hanging == []

    async def test_no_day_to_come_and_no_number_of_a_person(self, site: Building) -> None:
        problem(await posted(site, posted_on="2999-01-01"), 422, "site-notice-invalid", "/posted_on")
        problem(await posted(site, content="联系人13812341234"), 422, "input-invalid", "/content")


class TestObjections:
    async def test_are_answered_in_time_and_hold_a_start_until_then(self, site: Building) -> None:
        await site.under("liuzhou")
        made = ok(await objected(site), 201)
        assert made["due_at"] is not None
        assert await lacking(site) == "1 件异议尚未答复"
        done = ok(await answered(site, made, "upheld"))
        assert (done["state"], done["answer"]) == ("upheld", "夜间停工")
        assert await lacking(site) is None
        problem(await answered(site, made), 409, "site-objection-answered")

    async def test_a_late_answer_leaves_its_breach(self, site: Building) -> None:
        await site.under("liuzhou")
        made = ok(await objected(site), 201)
        async with site.database.begin(SYSTEM) as uow:
            await uow.driver.execute(RAN_OUT, UUID(made["id"]))
        ok(await answered(site, made))
        async with site.database.read() as connection:
            late = await connection.fetchval(
                "SELECT (data ->> 'late')::boolean FROM event WHERE kind = 'site_objection.answered' AND subject_id = $1",
                UUID(made["id"]),
            )
            breaches = await connection.fetchval(
                "SELECT count(*) FROM clock_breach b JOIN clock c ON c.id = b.clock_id WHERE c.subject_id = $1",
                UUID(made["id"]),
            )
        assert (late, breaches) == (True, 1)

    async def test_are_of_the_sites_own_notices_and_without_numbers(self, site: Building) -> None:
        other = await site.another()
        body = {"title": "公告", "content": "内容", "posted_on": "2026-01-05"}
        foreign = ok(await site.street.post(f"/v1/projects/{other}/notices", json=body), 201)
        problem(await objected(site, notice_id=foreign["id"]), 422, "site-notice-invalid", "/notice_id")
        problem(await objected(site, what="我是13812341234"), 422, "input-invalid", "/what")
        own = ok(await posted(site), 201)
        ok(await objected(site, notice_id=own["id"]), 201)
        ok(await objected(site), 201)
        path = f"/v1/projects/{site.project}/objections"
        assert len(ok(await site.street.get(path, params={"notice_id": own["id"]}))["items"]) == 1
        assert len(ok(await site.street.get(path, params={"state": "open"}))["items"]) == 2

    async def test_are_answered_by_who_keeps_the_sites_papers(self, site: Building) -> None:
        foreman = await site.person("contractor")
        made = ok(await objected(site), 201)
        path = f"/v1/projects/{site.project}/objections/{made['id']}/answer"
        problem(await foreman.post(path, json={"state": "rejected", "answer": "不成立"}), 403, "not-allowed")
        problem(await site.street.post(path, json={"state": "open", "answer": "再议"}), 422, "input-invalid", "/state")
