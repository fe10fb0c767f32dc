"""Household visits after hand-over (C2): who is visited by whom, how far it is, what was said."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.aftercare.estate import CONTENT, UNION, WOMEN, WORDS, Estate


def pointers(answer: Any) -> list[str]:
    """The places that a refusal names."""
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_three_bodies_visit_every_household_up_to_the_last(estate: Estate) -> None:
    campaign = await estate.open()
    path = f"/v1/visit-campaigns/{campaign['id']}"
    union, league, women = (body["id"] for body in campaign["bodies"])
    assert [body["kind"] for body in campaign["bodies"]] == ["trade_union", "youth_league", "womens_federation"]
    first, second, third, fourth, fifth, sixth = estate.homes
    for body, homes in ((union, estate.homes[:3]), (women, estate.homes[3:])):
        given = {"body_id": body, "visitor_id": None, "property_ids": [str(one) for one in homes]}
        assert (await estate.community.post(f"{path}/assign", json=given)).json() == {"assigned": 3}
    mine = {"body_id": league, "visitor_id": str(estate.community.staff_id), "property_ids": [str(sixth)]}
    assert (await estate.community.post(f"{path}/assign", json=mine)).status_code == 200
    listed = (await estate.community.get(f"{path}/households", params={"mine": True})).json()["items"]
    assert [(one["property_id"], one["body_id"]) for one in listed] == [(str(sixth), league)]
    listed = (await estate.community.get(f"{path}/households", params={"body_id": women})).json()["items"]
    assert [one["property_id"] for one in listed] == [str(fourth), str(fifth)]

    made = await estate.record(
        campaign,
        estate.attempt(campaign, first, answers={"content": 5, "wants": ["parking", "leak"]}),
        estate.attempt(campaign, second, "not_home"),
        estate.attempt(campaign, third, "declined"),
        estate.attempt(campaign, fourth, answers={"content": 2, "words": "楼道灯不亮"}, body_id=women, note="下周再来"),
    )
    assert made.status_code == 201, made.text
    assert made.json()["totals"] == {"households": 6, "met": 2, "declined": 1, "waiting": 3}
    refused = await estate.close(campaign)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/visit-reason-needed")
    rest = [estate.attempt(campaign, home) for home in (second, third, fifth, sixth)]
    assert (await estate.record(campaign, *rest)).json()["totals"]["met"] == 6, "who declined may change his mind"
    progress = (await estate.community.get(f"{path}/progress")).json()
    assert progress["visited_share"] == "1"
    assert [(one["building_no"], one["met"], one["waiting"]) for one in progress["items"]] == [("1", 3, 0), ("2", 3, 0)]
    closed = await estate.close(campaign)
    assert closed.status_code == 200, closed.text
    ended = closed.json()
    assert (ended["status"], ended["households"], ended["met"], ended["declined"]) == ("closed", 6, 6, 0)
    late = await estate.record(campaign, estate.attempt(campaign, first))
    assert late.json()["type"] == "/problems/visit-campaign-closed"


async def test_results_count_each_household_once_by_its_latest_answers(estate: Estate) -> None:
    campaign = await estate.open()
    first, second, third, *_ = estate.homes
    await estate.record(
        campaign,
        estate.attempt(campaign, first, answers={"content": 1, "wants": ["leak"]}),
        estate.attempt(campaign, second, answers={"content": 5, "wants": ["leak", "light"]}),
        estate.attempt(campaign, third, "declined"),
    )
    await estate.record(campaign, estate.attempt(campaign, first, answers={"content": 5, "words": "漏水已修好"}))
    await estate.record(campaign, estate.attempt(campaign, first, "declined"))
    told = (await estate.community.get(f"/v1/visit-campaigns/{campaign['id']}/results")).json()
    assert told["totals"] == {"households": 6, "met": 2, "declined": 1, "waiting": 3}, "who was met stays met"
    content, wants, words = told["questions"]
    assert [one["responses"] for one in content["choices"]] == [0, 0, 0, 0, 2]
    assert {one["id"]: one["responses"] for one in wants["choices"]} == {"leak": 1, "light": 1, "parking": 0}
    assert (wants["answered"], words["answered"], words["choices"]) == (1, 1, [])
    ledger = (await estate.community.get(f"/v1/visit-campaigns/{campaign['id']}/attempts")).json()["items"]
    assert [one["outcome"] for one in ledger] == ["met", "met", "declined", "met", "declined"]


@pytest.mark.parametrize("stage", ["planned", "works", "accepted"])
async def test_nobody_is_visited_before_hand_over(estate: Estate, stage: str) -> None:
    await estate.stage(stage)
    refused = await estate.try_open()
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/visit-not-handed-over")


async def test_what_a_campaign_asks_for_is_checked_whole(estate: Estate) -> None:
    photo = {"id": "photo", "kind": "photo", "title": "照片"}
    assert pointers(await estate.try_open(questions=[CONTENT, photo])) == ["/questions/1/kind"]
    assert pointers(await estate.try_open(questions=[WORDS, WORDS])) == ["/questions/1/id"]
    assert pointers(await estate.try_open(bodies=[UNION, {**WOMEN, "title": UNION["title"]}])) == ["/bodies/1/title"]
    assert pointers(await estate.try_open(project_id=str(uuid4()))) == ["/project_id"]
    assert (await estate.try_open(compound_id=str(uuid4()))).status_code == 404


async def test_an_attempt_says_only_what_it_can(estate: Estate) -> None:
    campaign = await estate.open()
    first, second, *_ = estate.homes
    tomorrow = (date.fromisoformat(estate.today) + timedelta(days=1)).isoformat()
    yesterday = (date.fromisoformat(estate.today) - timedelta(days=1)).isoformat()
    wrong = await estate.record(
        campaign,
        estate.attempt(campaign, first, answers={"content": 6}),
        estate.attempt(campaign, first, "not_home", answers={"content": 1}),
        estate.attempt(campaign, uuid4(), answers={}),
        estate.attempt(campaign, second, made_on=tomorrow, note="电话13812345678", body_id=str(uuid4())),
        estate.attempt(campaign, estate.homes[2], made_on=yesterday, answers={"content": 3, "words": "13812345678"}),
    )
    assert wrong.status_code == 422
    assert sorted(pointers(wrong)) == sorted(
        [
            "/attempts/0/answers/content",
            "/attempts/1/answers",
            "/attempts/1/property_id",
            "/attempts/2/answers/content",
            "/attempts/2/property_id",
            "/attempts/3/body_id",
            "/attempts/3/made_on",
            "/attempts/3/note",
            "/attempts/4/answers/words",
            "/attempts/4/made_on",
        ]
    )
    assert "13812345678" not in wrong.text
    progress = (await estate.community.get(f"/v1/visit-campaigns/{campaign['id']}/progress")).json()
    assert progress["totals"]["waiting"] == 6, "all or none"


async def test_a_dwelling_that_is_no_more_is_not_waited_for_and_a_new_one_is_visited(estate: Estate) -> None:
    campaign = await estate.open()
    gone, kept, *_ = estate.homes
    async with estate.database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE property SET closed_at = now() WHERE id = '{gone}'")
    added = await estate.community.post(
        f"/v1/compounds/{estate.roll.compound_id}/properties",
        json={"door_no": "901", "kind": "dwelling", "owners": {"kind": "unknown"}},
    )
    assert added.status_code == 201, added.text
    shop = await estate.community.post(
        f"/v1/compounds/{estate.roll.compound_id}/properties",
        json={"door_no": "S1", "kind": "shop", "owners": {"kind": "unknown"}},
    )
    assert shop.status_code == 201, shop.text
    refused = await estate.record(campaign, estate.attempt(campaign, UUID(shop.json()["id"])))
    assert pointers(refused) == ["/attempts/0/property_id"], "a shop is no household"
    made = await estate.record(
        campaign, estate.attempt(campaign, UUID(added.json()["id"])), estate.attempt(campaign, kept)
    )
    assert made.json()["totals"] == {"households": 6, "met": 2, "declined": 0, "waiting": 4}


async def test_two_campaigns_at_once_are_one(estate: Estate) -> None:
    answers = await asyncio.gather(*(estate.try_open() for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "/problems/visit-campaign-exists"


async def test_attempts_beside_the_end_are_counted_or_refused(estate: Estate) -> None:
    campaign = await estate.open()
    ended, *made = await asyncio.gather(
        estate.close(campaign, "人手不足"),
        *(estate.record(campaign, estate.attempt(campaign, home)) for home in estate.homes),
    )
    assert ended.status_code == 200, ended.text
    counted = sum(answer.status_code == 201 for answer in made)
    assert {answer.status_code for answer in made} <= {201, 409}
    shown = (await estate.community.get(f"/v1/visit-campaigns/{campaign['id']}")).json()
    assert shown["met"] == counted


async def test_a_repeated_request_is_one_attempt(estate: Estate) -> None:
    campaign = await estate.open()
    body = {"attempts": [estate.attempt(campaign, estate.homes[0])]}
    path, key = f"/v1/visit-campaigns/{campaign['id']}/attempts", {"Idempotency-Key": uuid4().hex}
    first = await estate.community.post(path, json=body, headers=key)
    again = await estate.community.post(path, json=body, headers=key)
    assert first.json() == again.json()
    assert len((await estate.community.get(path)).json()["items"]) == 1


async def test_neighbours_do_not_see_it(estate: Estate) -> None:
    campaign = await estate.open()
    path = f"/v1/visit-campaigns/{campaign['id']}"
    for place in ("", "/progress", "/households", "/attempts", "/results"):
        assert (await estate.neighbour.get(path + place)).status_code == 404
    assert (await estate.neighbour.get("/v1/visit-campaigns")).json()["items"] == []
    shown = (await estate.district.get("/v1/visit-campaigns", params={"status": "open"})).json()["items"]
    assert [one["id"] for one in shown] == [campaign["id"]]


async def test_a_compound_is_not_merged_in_the_midst_of_visits(estate: Estate) -> None:
    campaign = await estate.open()
    other = await estate.community.post(
        "/v1/compounds",
        json={"region_id": str(estate.community_region.id), "name": "老中医院小区", "no": f"C-{uuid4().hex[:12]}"},
    )
    assert other.status_code == 201, other.text
    body = {
        "compound_ids": [other.json()["id"]],
        "name": "新区",
        "no": f"C-{uuid4().hex[:12]}",
        "region_id": str(estate.community_region.id),
        "document": "甬政〔2026〕1号",
        "reason": "合并",
    }
    path = f"/v1/compounds/{estate.roll.compound_id}"
    version = (await estate.district.get(path)).headers["etag"]
    refused = await estate.district.post(f"{path}/merge", json=body, headers={"If-Match": version})
    assert refused.json()["type"] == "/problems/compound-visited", refused.text
    assert (await estate.close(campaign, "小区合并")).status_code == 200
    merged = await estate.district.post(f"{path}/merge", json=body, headers={"If-Match": version})
    assert merged.status_code == 201, merged.text


async def found(estate: Estate, campaign: dict[str, Any], attempt_id: str, **over: Any) -> httpx.Response:
    """The community takes in what was found at a household."""
    path = f"/v1/visit-campaigns/{campaign['id']}/attempts/{attempt_id}/complaints"
    return await estate.community.post(path, json={"category": "leak", "description": "厨房顶渗水", **over})


async def test_what_a_visit_finds_becomes_a_complaint_once_and_each_leads_to_the_other(estate: Estate) -> None:
    campaign = await estate.open()
    first, second, *_ = estate.homes
    recorded = await estate.record(
        campaign, estate.attempt(campaign, first, answers={"content": 2}), estate.attempt(campaign, second, "not_home")
    )
    attempt_id, other = recorded.json()["attempt_ids"]
    taken = await found(estate, campaign, attempt_id, phone="13812345678")
    assert taken.status_code == 201, taken.text
    leak = taken.json()
    again = await found(estate, campaign, attempt_id)
    assert (again.status_code, again.json()["id"], again.json()["repeated"]) == (200, leak["id"], True)
    differs = await found(estate, campaign, attempt_id, description="卫生间顶渗水")
    assert (differs.status_code, differs.json()["type"]) == (409, "/problems/complaint-finding-differs")
    bath = (await found(estate, campaign, attempt_id, finding=2, description="卫生间顶渗水")).json()
    assert (bath["repeated"], bath["id"] != leak["id"]) == (False, True)
    seen = (await estate.community.get(f"/v1/complaints/{leak['id']}")).json()
    assert (seen["channel"], seen["visit_attempt_id"], seen["anonymous"]) == ("visit", attempt_id, False)
    assert (seen["compound_id"], seen["project_id"]) == (str(estate.roll.compound_id), estate.project)
    path = f"/v1/visit-campaigns/{campaign['id']}/attempts"
    listed = {one["id"]: one["complaints"] for one in (await estate.community.get(path)).json()["items"]}
    assert listed[attempt_id] == [
        {"finding": 1, "complaint_id": leak["id"]},
        {"finding": 2, "complaint_id": bath["id"]},
    ]
    assert listed[other] == []
    async with estate.database.read() as connection:
        door = await connection.fetchval(
            "SELECT property_id FROM complaint_reporter WHERE complaint_id = $1", UUID(leak["id"])
        )
        told = await connection.fetch(
            "SELECT data FROM event WHERE kind = 'visits.finding_taken' AND subject_id = $1", UUID(campaign["id"])
        )
    assert door == first
    assert [row["data"]["complaint_id"] for row in told] == [leak["id"], bath["id"]]


async def test_equal_findings_at_once_are_one_and_a_closed_campaign_still_takes_them(estate: Estate) -> None:
    campaign = await estate.open()
    recorded = await estate.record(campaign, estate.attempt(campaign, estate.homes[0]))
    (attempt_id,) = recorded.json()["attempt_ids"]
    assert (await estate.close(campaign, "其余住户不在")).status_code == 200
    answers = await asyncio.gather(*(found(estate, campaign, attempt_id) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_finding_is_of_its_own_campaign_and_of_the_callers_region(estate: Estate) -> None:
    campaign = await estate.open()
    recorded = await estate.record(campaign, estate.attempt(campaign, estate.homes[0]))
    (attempt_id,) = recorded.json()["attempt_ids"]
    path = f"/v1/visit-campaigns/{campaign['id']}/attempts/{attempt_id}/complaints"
    body = {"category": "leak", "description": "渗水"}
    assert (await estate.neighbour.post(path, json=body)).status_code == 404
    assert (await found(estate, campaign, str(uuid4()))).status_code == 404
    await estate.close(campaign, "重来")
    elsewhere = await estate.open()
    assert (await found(estate, elsewhere, attempt_id)).status_code == 404, "an attempt of another campaign"
    unknown = await found(estate, campaign, attempt_id, category="nothing")
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/complaint-category-unknown")
