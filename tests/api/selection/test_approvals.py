"""Approvals of the bureaus and the confirmation: each once, after the notice; what is missing is named."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.selection.world import STOCK, VOTED, MakeStaff, World
from tests.api.selection.year import RULING, confirm, days_before, end_notice, object_to, plan, publish, today

BUREAUS = ["housing", "ndrc", "finance", "city_government"]
CLEARED = {**VOTED, "notice.plan.cleared": "true"}
PAID = {
    "items": [{"title": "整治", "category": "basic", "quantity": "1", "unit": "项", "cost": "1000"}],
    "budget": "1000",
    "funding": [{"source": "city", "amount": "800"}, {"source": "residents", "amount": "200"}],
    "management_mode": "物业服务",
}


async def liuzhou(world: World, **over: Any) -> dict[str, Any]:
    """A round under Liuzhou's policy: four bureaus, issued jointly."""
    return await world.round(policy_id="liuzhou", year=2028, **over)


async def approve(world: World, round_id: str, bureau: str, by: Any = None, **over: Any) -> httpx.Response:
    """A bureau's answer, issued today."""
    body = {
        "bureau": bureau,
        "document": f"柳{bureau}〔2026〕1号",
        "issued_on": (await today(world)).isoformat(),
        "opinion": "approve",
        **over,
    }
    answer: httpx.Response = await (by or world.city).post(f"/v1/rounds/{round_id}/approvals", json=body)
    return answer


async def test_four_bureaus_approve_and_the_plan_is_issued_jointly(world: World, staff: MakeStaff) -> None:
    chosen = await world.project(world.streets[0], attested=CLEARED, plan=PAID)
    found = await liuzhou(world)
    path = f"/v1/rounds/{found['id']}/approvals"
    assert (await approve(world, found["id"], "housing")).json()["type"] == "/problems/round-not-published"
    published = await publish(world, found["id"])
    early = await approve(world, found["id"], "housing")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/notice-not-ended")
    assert early.json()["notice_until"] == published["notice_until"]

    objection = await object_to(world, found["id"])
    everything = await confirm(world, published["run_id"])
    assert (everything.status_code, everything.json()["type"]) == (409, "/problems/plan-not-ready")
    assert everything.json()["missing"] == [
        "/notice", "/objections", *(f"/approvals/{bureau}" for bureau in BUREAUS), "/document",
    ]  # fmt: skip

    await end_notice(world, found["id"])
    async with world.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"UPDATE round_objection SET received_on = received_on - 30 WHERE id = '{objection['id']}'"
        )
    held = await approve(world, found["id"], "housing")
    assert (held.status_code, held.json()["type"]) == (409, "/problems/objections-open")
    colleague = await staff("city", world.root)
    assert (await colleague.post(f"/v1/objections/{objection['id']}/reject", json=RULING)).status_code == 200

    department = await staff("department", world.root, bureau="housing")
    fixed = [{"project_id": chosen["id"], "budget": "950.50", "client_unit": "柳州市城投"}]
    first = await approve(world, found["id"], "housing", by=department, fixed=fixed)
    assert first.status_code == 201, first.text
    assert first.json()["fixed"] == [{"project_id": chosen["id"], "budget": "950.5", "client_unit": "柳州市城投"}]
    twice = await approve(world, found["id"], "housing")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/bureau-answered")
    other = await approve(world, found["id"], "ndrc", fixed=[{"project_id": chosen["id"], "budget": "960"}])
    assert [one["pointer"] for one in other.json()["errors"]] == ["/fixed/0/budget"]
    for bureau in BUREAUS[1:3]:
        assert (await approve(world, found["id"], bureau)).status_code == 201
    answered = (await world.city.get(path)).json()
    assert (answered["required"], answered["missing"]) == (BUREAUS, ["city_government"])
    lacking = await confirm(world, published["run_id"], document="柳建联〔2026〕9号")
    assert lacking.json()["missing"] == ["/approvals/city_government"]
    assert (await approve(world, found["id"], "city_government")).status_code == 201
    unnumbered = await confirm(world, published["run_id"])
    assert unnumbered.json()["missing"] == ["/document"]
    made = await confirm(world, published["run_id"], document="柳建联〔2026〕9号")
    assert made.status_code == 201, made.text
    item = (await plan(world, 2028))["items"][0]
    assert (item["list"], item["budget"], item["client_unit"], item["document"]) == (
        "implement", "950.5", "柳州市城投", "柳建联〔2026〕9号",
    )  # fmt: skip
    again = await confirm(world, published["run_id"], document="柳建联〔2026〕9号")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/round-confirmed")
    assert (await approve(world, found["id"], "housing")).json()["type"] == "/problems/round-confirmed"
    late = {"ground": "facts", "what": "w", "received_on": (await today(world)).isoformat()}
    refused = await world.city.post(f"/v1/rounds/{found['id']}/objections", json=late)
    assert refused.json()["type"] == "/problems/round-confirmed"


async def test_a_department_answers_for_its_own_bureau_and_the_city_keeps_every_paper(
    world: World, staff: MakeStaff
) -> None:
    await world.project(world.streets[0], attested=CLEARED, plan=PAID)
    found = await liuzhou(world)
    await publish(world, found["id"])
    await end_notice(world, found["id"])
    finance = await staff("department", world.root, bureau="finance")
    unbound = await staff("department", world.root)
    elsewhere = await staff("department", world.counties[0], bureau="finance")
    for by, status, code in ((finance, 403, "bureau-not-yours"), (unbound, 403, "bureau-not-yours")):
        refused = await approve(world, found["id"], "housing", by=by)
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{code}")
    assert (await approve(world, found["id"], "finance", by=elsewhere)).status_code == 404
    assert (await approve(world, found["id"], "finance", by=finance)).status_code == 201
    assert (await approve(world, found["id"], "housing")).status_code == 201
    answered = (await world.city.get(f"/v1/rounds/{found['id']}/approvals")).json()
    assert [(one["bureau"], one["recorded_by"]) for one in answered["items"]] == [
        ("finance", str(finance.staff_id)), ("housing", str(world.city.staff_id)),
    ]  # fmt: skip


async def test_a_return_reopens_the_round_and_every_bureau_is_asked_anew(world: World) -> None:
    await world.project(world.streets[0], attested=CLEARED, plan=PAID)
    found = await liuzhou(world)
    first = await publish(world, found["id"])
    await end_notice(world, found["id"])
    assert (await approve(world, found["id"], "housing")).status_code == 201
    silent = await approve(world, found["id"], "finance", opinion="return")
    assert [one["pointer"] for one in silent.json()["errors"]] == ["/note"]
    returned = await approve(world, found["id"], "finance", opinion="return", note="资金来源不落实")
    assert returned.status_code == 201
    assert (await world.city.get(f"/v1/rounds/{found['id']}")).json()["status"] == "reopened"
    assert (await approve(world, found["id"], "ndrc")).json()["type"] == "/problems/round-reopened"
    assert (await confirm(world, first["run_id"])).json()["type"] == "/problems/round-reopened"

    second = await publish(world, found["id"])
    await end_notice(world, found["id"])
    answered = (await world.city.get(f"/v1/rounds/{found['id']}/approvals")).json()
    assert answered["missing"] == BUREAUS
    assert len(answered["items"]) == 2
    assert (await confirm(world, first["run_id"])).json()["type"] == "/problems/run-not-published"
    for bureau in BUREAUS:
        assert (await approve(world, found["id"], bureau)).status_code == 201
    assert (await confirm(world, second["run_id"], document="柳建联〔2026〕9号")).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"bureau": "planning"}, "/bureau"),
        ({"issued_on": "2099-01-01"}, "/issued_on"),
        ({"issued_on": "before the end"}, "/issued_on"),
        ({"fixed": [{"budget": "1"}]}, "/fixed/0/project_id"),
        ({"fixed": [{}]}, "/fixed/0"),
        ({"fixed": [{"budget": "1"}, {"budget": "1"}]}, "/fixed/1/project_id"),
        ({"fixed": [{"budget": "1000.01"}]}, "/fixed/0/budget"),
        ({"opinion": "return", "note": "n", "fixed": [{"budget": "1"}]}, "/fixed"),
    ],
)
async def test_a_wrong_answer_is_named(world: World, wrong: dict[str, Any], pointer: str) -> None:
    worse = {**STOCK, "compound.hazards": "5"}
    chosen = await world.project(world.streets[0], attested=CLEARED, plan=PAID, stock=worse)
    not_chosen = await world.project(world.streets[0], attested=CLEARED, plan=PAID)
    found = await liuzhou(world, caps=[{"budget": "1000"}])
    await publish(world, found["id"])
    await end_notice(world, found["id"])
    if wrong.get("issued_on") == "before the end":
        wrong = {"issued_on": days_before(await today(world), 28)}
    if "fixed" in wrong:
        foreign = pointer == "/fixed/0/project_id"
        wrong = {
            **wrong,
            "fixed": [{"project_id": (not_chosen if foreign else chosen)["id"], **row} for row in wrong["fixed"]],
        }
    refused = await approve(world, found["id"], **{"bureau": "housing", **wrong})
    assert refused.status_code == 422, refused.text
    assert pointer in [one["pointer"] for one in refused.json()["errors"]]


async def test_a_chosen_project_that_has_withdrawn_holds_the_confirmation_back(world: World) -> None:
    gone = await world.project(world.streets[0])
    found = await world.round()
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    version = (await world.city.get(f"/v1/projects/{gone['id']}")).headers["etag"]
    left = await world.city.post(f"/v1/projects/{gone['id']}/withdraw", headers={"If-Match": version})
    assert left.status_code == 200, left.text
    refused = await confirm(world, published["run_id"])
    assert refused.json()["missing"] == [f"/projects/{gone['no']}"]


async def test_the_day_of_issue_lies_after_the_notice(world: World) -> None:
    found = await world.round()
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    day = await today(world)
    for wrong in (days_before(day, 29), days_before(day, -1)):
        refused = await confirm(world, published["run_id"], issued_on=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/issued_on")


async def test_a_round_is_confirmed_once_however_many_ask(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    answers = await asyncio.gather(*(confirm(world, published["run_id"]) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len((await plan(world))["items"]) == 1


async def test_confirming_races_an_objection_in_time_and_one_of_them_wins(world: World) -> None:
    await world.project(world.streets[0])
    day = await today(world)
    for turn in range(6):
        found = await world.round(year=2030 + turn)
        published = await publish(world, found["id"])
        await end_notice(world, found["id"])
        body = {"ground": "facts", "what": "w", "received_on": days_before(day, 30)}
        calls = [
            confirm(world, published["run_id"]),
            world.city.post(f"/v1/rounds/{found['id']}/objections", json=body),
        ]
        answers = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        confirmed = (await world.city.get(f"/v1/rounds/{found['id']}")).json()["status"] == "confirmed"
        objections = (await world.city.get(f"/v1/rounds/{found['id']}/objections")).json()["items"]
        assert len(objections) == (0 if confirmed else 1)


async def test_confirming_races_an_upheld_late_objection_and_one_of_them_wins(world: World, staff: MakeStaff) -> None:
    await world.project(world.streets[0])
    colleague = await staff("city", world.root)
    for turn in range(4):
        found = await world.round(year=2040 + turn)
        published = await publish(world, found["id"])
        await end_notice(world, found["id"])
        late = await object_to(world, found["id"])
        calls = [
            confirm(world, published["run_id"]),
            colleague.post(f"/v1/objections/{late['id']}/uphold", json=RULING),
        ]
        answers = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
        losers = [answer.json()["type"] for answer in answers if answer.status_code == 409]
        after = (await world.city.get(f"/v1/rounds/{found['id']}")).json()["status"]
        assert (after, losers) in [
            ("confirmed", ["/problems/round-confirmed"]),
            ("reopened", ["/problems/round-reopened"]),
        ]


async def test_a_repeated_confirmation_gets_the_first_answer(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    body = {"issued_on": (await today(world)).isoformat()}
    url, key = f"/v1/runs/{published['run_id']}/confirm", {"Idempotency-Key": "the plan of this year"}
    first, again = [await world.city.post(url, json=body, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await world.city.post(url, json=body)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/round-confirmed")
