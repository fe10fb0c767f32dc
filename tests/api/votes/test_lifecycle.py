"""A vote from its draft to its certificate: every step in its turn, and what each refuses."""

import hashlib
import json

import httpx
import pytest
from fastapi import FastAPI

from tests.api.selection.world import PLAN, World
from tests.api.votes import owners
from tests.api.votes.owners import (
    Estate,
    act,
    attempt,
    cast,
    days,
    drawn,
    end_result_notice,
    end_roll_notice,
    end_voting,
    entered,
    finalised,
    opened,
    published,
    rolled,
    tally,
)

KINDS = {"roll/publish": None, "open": None, "close": None, "publish": None, "finalise": None}


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


async def test_from_draft_to_certificate_and_facts(estate: Estate, api: httpx.AsyncClient) -> None:
    for _ in range(4):
        await estate.head("100")
    vote = await drawn(estate)
    assert vote["matters"][0]["thresholds"] == {
        "quorum": {"heads": "2/3", "area": "2/3", "strict": False},
        "approval": {"heads": "0.75", "area": "0.75", "strict": False},
    }
    assert (await api.get(f"/public/votes/{vote['id']}")).status_code == 404
    vote = await act(estate, vote, "roll/publish")
    assert (vote["heads"], vote["area"], vote["status"]) == (4, "400", "roll")
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", {"opens_on": days(0), "closes_on": days(3)})
    served = await estate.world.street.post(
        f"/v1/votes/{vote['id']}/services",
        json={"owner_ids": [str(estate.heads[0].id)], "how": "door", "served_on": days(0)},
    )
    assert served.json() == {"by_way": {"door": 1}, "unserved": 3}
    vote = await act(estate, vote, "open")
    for head, choice in zip(estate.heads, ("approve", "approve", "approve", "reject"), strict=True):
        await entered(estate, vote, head, choice)
    # Everybody has voted, so it need not wait for its last day.
    vote = await act(estate, vote, "close")
    vote = await act(estate, vote, "publish")
    assert (await attempt(estate, vote, "finalise")).json()["type"] == "/problems/vote-notice-running"
    await end_result_notice(estate, vote)
    vote = await act(estate, vote, "finalise")
    assert (vote["status"], vote["acts"]) == ("final", [])

    certificate = await estate.world.street.get(f"/v1/votes/{vote['id']}/certificate")
    assert hashlib.sha256(certificate.content).hexdigest() == vote["certificate_digest"]
    told = json.loads(certificate.content)
    assert told["roll"]["digest"] == vote["roll_digest"]
    assert told["notice"]["served"] == {"door": 1}
    assert told["result"]["matters"][0]["in_favour"] == {"heads": 3, "area": "300"}
    shown = (await api.get(f"/public/votes/{vote['id']}")).json()
    assert shown["result"]["matters"][0]["passed"] is True
    assert "owner" not in json.dumps(shown)
    facts = (await estate.world.city.get(f"/v1/projects/{estate.project['id']}/facts")).json()["facts"]
    assert {key: facts[key]["value"] for key in facts if key.startswith("vote.")} == {
        "vote.plan.passed": "true",
        "vote.plan.participation_share": "1",
        "vote.plan.approval_share": "0.75",
        "vote.plan.result_published": "true",
    }
    gates = (await estate.world.city.get(f"/v1/projects/{estate.project['id']}/gates")).json()["gates"]
    gate = next(one for one in gates if one["id"] == "plan_vote")
    assert (gate["met"], gate["fact"]["kind"]) == (True, "counted")


async def test_a_count_replaces_what_was_attested_and_shows_it(estate: Estate) -> None:
    await estate.world.record("project", estate.project["id"], estate.at, {"vote.plan.passed": "true"}, source="社区")
    await estate.head("100")
    vote = await opened(estate)
    await entered(estate, vote, estate.heads[0], "reject")
    await finalised(estate, vote)
    gates = (await estate.world.city.get(f"/v1/projects/{estate.project['id']}/gates")).json()["gates"]
    gate = next(one for one in gates if one["id"] == "plan_vote")
    assert (gate["met"], gate["fact"]["value"]) == (False, "false")
    assert [one["source"] for one in gate["replaced"]] == ["社区"]


async def test_a_count_of_people_who_were_made_up_is_synthetic(estate: Estate) -> None:
    await estate.head("100")
    vote = await opened(estate)
    await entered(estate, vote, estate.heads[0], "approve")
    await owners.sql(estate, "UPDATE person SET synthetic = true WHERE compound_id = $1", estate.compound_id)
    await finalised(estate, vote)
    facts = (await estate.world.city.get(f"/v1/projects/{estate.project['id']}/facts")).json()["facts"]
    assert facts["vote.plan.passed"]["kind"] == "synthetic"


async def test_a_vote_lapses_with_its_plan(estate: Estate) -> None:
    await estate.head("100")
    vote = await opened(estate)
    await entered(estate, vote, estate.heads[0], "approve")
    await published(estate, vote)
    await end_result_notice(estate, vote)
    changed = await estate.world.city.post(
        f"/v1/projects/{estate.project['id']}/plans", json={**PLAN, "management_mode": "自治"}
    )
    assert changed.status_code == 201
    await act(estate, vote, "finalise")
    facts = (await estate.world.city.get(f"/v1/projects/{estate.project['id']}/facts")).json()["facts"]
    assert "vote.plan.passed" not in facts
    refused = await estate.world.street.post(
        "/v1/votes",
        json={
            "project_id": estate.project["id"],
            "title": "旧方案",
            "plan_version": 1,
            "matters": owners.PLAN_VOTE,
            "roll_days": 5,
            "result_days": 5,
        },
    )
    assert code(refused) == "plan-not-in-force"


async def test_a_plan_that_changed_before_the_opening_is_not_voted_on(estate: Estate) -> None:
    await estate.head("100")
    vote = await rolled(estate)
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", {"opens_on": days(0), "closes_on": days(3)})
    await estate.world.city.post(f"/v1/projects/{estate.project['id']}/plans", json={**PLAN, "management_mode": "自治"})
    assert code(await attempt(estate, vote, "open")) == "vote-plan-outdated"


async def test_every_act_has_its_turn(estate: Estate) -> None:
    await estate.head("100")
    vote = await drawn(estate)
    for name in ("open", "close", "publish", "finalise"):
        assert code(await attempt(estate, vote, name)) == "vote-status-wrong", name
    vote = await act(estate, vote, "roll/publish")
    early = await attempt(estate, vote, "notify", {"opens_on": days(0), "closes_on": days(3)})
    assert code(early) == "vote-notice-running"
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", {"opens_on": days(1), "closes_on": days(3)})
    assert code(await attempt(estate, vote, "open")) == "vote-input-invalid"
    await owners.sql(estate, "UPDATE vote SET opens_on = opens_on - 1 WHERE id = $1::text::uuid", vote["id"])
    await act(estate, vote, "open")
    assert code(await attempt(estate, vote, "close")) == "vote-not-over"
    assert (
        code(await attempt(estate, vote, "extend", {"closes_on": days(3), "reason": "参与不足"}))
        == "vote-input-invalid"
    )
    await act(estate, vote, "extend", {"closes_on": days(5), "reason": "参与不足"})
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert (
        code(await attempt(estate, vote, "extend", {"closes_on": days(9), "reason": "参与不足"})) == "vote-status-wrong"
    )
    cancelled = await act(estate, vote, "cancel", {"reason": "方案撤回"})
    assert cancelled["status"] == "cancelled"
    assert (await estate.world.street.get(f"/v1/votes/{vote['id']}/certificate")).status_code == 409


async def test_a_stale_version_moves_nothing(estate: Estate) -> None:
    await estate.head("100")
    vote = await drawn(estate)
    path = f"/v1/votes/{vote['id']}/roll/publish"
    assert (await estate.world.street.post(path)).status_code == 428
    assert (await estate.world.street.post(path, headers={"If-Match": '"1"'})).status_code == 200
    assert (await estate.world.street.post(path, headers={"If-Match": '"1"'})).status_code == 412


async def test_a_roll_is_corrected_before_it_is_frozen_and_never_after(estate: Estate) -> None:
    first, second = await estate.head("100"), await estate.head("50")
    vote = await rolled(estate)
    objection = await estate.world.street.post(
        f"/v1/votes/{vote['id']}/objections", json={"what": "101 室面积有误", "received_on": days(0)}
    )
    assert objection.status_code == 201, objection.text
    await end_roll_notice(estate, vote)
    announce = {"opens_on": days(0), "closes_on": days(3)}
    assert code(await attempt(estate, vote, "notify", announce)) == "vote-objections-open"
    uphold = f"/v1/votes/{vote['id']}/objections/{objection.json()['id']}/uphold"
    assert code(await estate.world.street.post(uphold, json={"reason": "核实"})) == "vote-second-person-needed"
    assert (await estate.world.city.post(uphold, json={"reason": "核实"})).json()["status"] == "upheld"
    assert code(await attempt(estate, vote, "notify", announce)) == "vote-objections-open"  # not put right yet
    await owners.sql(estate, "UPDATE property SET area_by_register = 110.5 WHERE id = $1", first.properties[0])
    corrected = await act(estate, vote, "roll/publish")
    assert (corrected["roll_revision"], corrected["area"]) == (2, "160.5")
    assert corrected["roll_digest"] != vote["roll_digest"]
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", announce)
    frozen = await act(estate, vote, "open")
    with pytest.raises(Exception, match="frozen"):
        await owners.sql(estate, "UPDATE roll_owner SET area = area + 1 WHERE owner_id = $1", second.id)
    await owners.sql(estate, "UPDATE property SET area_by_register = 999 WHERE id = $1", first.properties[0])
    assert (await tally(estate, frozen))["total"] == {"heads": 2, "area": "160.5"}


async def test_a_roll_needs_every_area(estate: Estate) -> None:
    head = await estate.head("100")
    await estate.flat(head, None)
    answer = await attempt(estate, await drawn(estate), "roll/publish")
    assert (code(answer), answer.json()["without_area"]) == ("vote-roll-incomplete", 1)


async def test_an_upheld_objection_to_the_result_reopens_the_count(estate: Estate) -> None:
    heads = [await estate.head("100") for _ in range(2)]
    vote = await opened(estate)
    ballot = await entered(estate, vote, heads[0], "approve")
    await entered(estate, vote, heads[1], "approve")
    await published(estate, vote)
    objection = await estate.world.street.post(
        f"/v1/votes/{vote['id']}/objections", json={"what": "选票录入有误", "received_on": days(0)}
    )
    decide = f"/v1/votes/{vote['id']}/objections/{objection.json()['id']}/uphold"
    await end_result_notice(estate, vote)
    assert code(await attempt(estate, vote, "finalise")) == "vote-objections-open"
    assert (await estate.world.city.post(decide, json={"reason": "核实"})).status_code == 200
    void = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}/void"
    line = (await estate.world.street.post(void, json={"reason": "非本人"})).json()["ballot_id"]
    assert code(await attempt(estate, vote, "publish")) == "vote-ballots-unconfirmed"
    confirm = f"/v1/votes/{vote['id']}/ballots/{line}/confirm"
    assert code(await estate.world.street.post(confirm, json={})) == "vote-second-person-needed"
    assert (await estate.world.city.post(confirm, json={})).status_code == 200
    again = await act(estate, vote, "publish")
    assert again["result_revision"] == 2
    assert (await tally(estate, vote))["taking_part"] == {"heads": 1, "area": "100"}
    assert code(await attempt(estate, vote, "finalise")) == "vote-notice-running"  # a full notice again


async def test_terms_are_refused_by_their_place(estate: Estate) -> None:
    body = {
        "project_id": estate.project["id"],
        "title": "表决",
        "matters": [
            {"title": "方案", "rule": "renovation_plan", "kind": "ordinary"},
            {"title": "未写种类"},
            {"title": "没有这一表决", "rule": "lottery", "kind": "ordinary"},
            {"title": "设施", "rule": "menu", "kind": "ordinary", "item": {"area": "public", "name": "没有"}},
        ],
        "scope": "building",
    }
    answer = await estate.world.street.post("/v1/votes", json=body)
    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json()["errors"]} >= {
        "/roll_days", "/result_days", "/plan_version", "/building_id", "/matters/0/kind", "/matters/1/kind",
        "/matters/2/rule", "/matters/3/item", "/matters/0/rule",
    }  # fmt: skip


async def test_several_matters_each_have_their_own_result(estate: Estate) -> None:
    for _ in range(4):
        await estate.head("100")
    matters = [
        *owners.PLAN_VOTE,
        {"title": "使用维修资金", "kind": "use_repair_fund"},
        {"title": "增收公共收益", "kind": "common_parts_use_or_business"},
    ]
    vote = await opened(estate, matters=matters)
    for head, choices in zip(
        estate.heads,
        (("approve", "approve", "approve"),) * 2 + (("approve", "approve", "reject"), ("abstain", "reject", "abstain")),
        strict=True,
    ):
        await entered(estate, vote, head, *choices)
    vote = await published(estate, vote)
    answer = (await estate.world.street.get(f"/v1/votes/{vote['id']}/tally")).json()
    assert [one["passed"] for one in answer["matters"]] == [True, True, False]
    assert answer["matters"][2]["approval_missing"] == {"heads": 1, "area": "100"}


async def test_a_project_of_two_compounds_has_passed_when_both_have(app: FastAPI, world: World) -> None:
    first = await owners.estate(app, world)
    second = await world.compound(first.at)
    project = await world.project(first.at, compounds=[first.compound_id, second], attested={}, apply=False)
    both = [first, await owners.estate(app, world)]
    both[1].compound_id = second
    for one in both:
        one.project = project
        await owners.sql(one, "UPDATE building SET compound_id = $2 WHERE id = $1", one.building_id, one.compound_id)
        await one.head("100")
    unnamed = await world.street.post(
        "/v1/votes", json={"project_id": project["id"], "title": "一", "matters": owners.PLAN_VOTE}
    )
    assert unnamed.json()["errors"][0]["pointer"] == "/compound_id"

    async def passed(one: Estate, choice: str) -> str | None:
        vote = await opened(one, compound_id=str(one.compound_id))
        await entered(one, vote, one.heads[0], choice)
        await finalised(one, vote)
        facts = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()["facts"]
        value: str | None = facts.get("vote.plan.passed", {}).get("value")
        return value

    assert await passed(both[0], "approve") is None
    assert await passed(both[1], "approve") == "true"
    assert await passed(both[0], "reject") == "false"


async def test_sealed_until_closed_also_for_staff(estate: Estate) -> None:
    head = await estate.head("100")
    resident = await estate.resident(head)
    vote = await opened(estate)
    assert (await cast(resident, vote, "reject")).status_code == 201
    shown = await tally(estate, vote)
    assert shown["sealed"] is True
    assert shown["taking_part"] == {"heads": 1, "area": "100"}
    assert [shown[key] for key in ("in_favour", "against", "abstaining", "approval", "passed")] == [None] * 5
    ledger = (await estate.world.city.get(f"/v1/votes/{vote['id']}/ballots")).json()["items"]
    assert [(one["choices"], one["by_id"]) for one in ledger] == [(None, None)]
    assert "reject" not in (await estate.world.city.get("/v1/events")).text
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert (await tally(estate, vote))["against"] == {"heads": 1, "area": "100"}
    own = (await resident.get(f"/v1/votes/{vote['id']}/tally")).json()
    assert own["sealed"] is True  # an owner learns it when it is published
    ledger = (await estate.world.city.get(f"/v1/votes/{vote['id']}/ballots")).json()["items"]
    assert ledger[0]["choices"] == ["reject"]


async def test_a_menu_vote_proposes_by_severity_and_demand(estate: Estate) -> None:
    facilities = [
        {"name": name, "area": "public", "category": "basic", "tier": "must", "condition": condition, "severity": severity,
         "improvement": None, "observed_on": "2026-01-01", "source": "普查"}
        for name, condition, severity in (("雨污管网", "broken", 3), ("路灯", "worn", 1), ("围墙", "sound", 0))
    ]  # fmt: skip
    version = (await estate.world.city.get(f"/v1/compounds/{estate.compound_id}")).headers["etag"]
    stored = await estate.world.city.put(
        f"/v1/compounds/{estate.compound_id}/facilities", json={"items": facilities}, headers={"If-Match": version}
    )
    assert stored.status_code == 200, stored.text
    for _ in range(4):
        await estate.head("100")
    matters = [
        {"title": name, "rule": "menu", "kind": "ordinary", "item": {"area": "public", "name": name}}
        for name in ("围墙", "路灯", "雨污管网")
    ]
    vote = await opened(estate, matters=matters, plan_version=None)
    for head, choices in zip(
        estate.heads,
        [("approve", "approve", "approve")] * 2 + [("approve", "approve", "reject"), ("approve", "approve", "approve")],
        strict=True,
    ):
        await entered(estate, vote, head, *choices)
    assert (await estate.world.street.get(f"/v1/votes/{vote['id']}/contents")).status_code == 409
    await finalised(estate, vote)
    items = (await estate.world.street.get(f"/v1/votes/{vote['id']}/contents")).json()["items"]
    assert [(one["item"], one["severity"], one["demand"], one["weight"], one["proposed"]) for one in items] == [
        ("雨污管网", 3, "0.75", "2.25", True),
        ("路灯", 1, "1", "1", True),
        ("围墙", 0, "1", "0", False),
    ]
    facts = (await estate.world.city.get(f"/v1/projects/{estate.project['id']}/facts")).json()["facts"]
    assert facts["vote.menu.passed"]["value"] == "true"


async def test_notices_and_transitions_are_public(estate: Estate, api: httpx.AsyncClient) -> None:
    await estate.head("100")
    vote = await rolled(estate)
    listed = (await api.get("/public/notices", params={"region": str(estate.at.id)})).json()["items"]
    assert [(one["kind"], one["vote_id"]) for one in listed] == [("vote_roll", vote["id"])]
    moves = (await api.get("/public/vote-transitions")).json()
    assert {"act": "finalise", "from_status": "preliminary", "to_status": "final"} in moves["transitions"]


async def test_a_page_of_notices_fits_the_mini_program(estate: Estate, api: httpx.AsyncClient) -> None:
    await estate.head("100")
    for _ in range(21):
        await rolled(estate, title="决" * 200)
    await owners.sql(estate, "UPDATE compound SET name = $2 WHERE id = $1", estate.compound_id, "园" * 100)
    page = await api.get("/public/notices", params={"region": str(estate.at.id), "limit": "100"})
    assert (len(page.json()["items"]), page.json()["has_more"]) == (20, True)
    assert len(page.content) <= 32 * 1024
