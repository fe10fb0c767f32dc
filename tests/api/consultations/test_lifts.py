"""Lifts (R3): one household asks and the community's clock runs; two thirds sign, neighbours object, the house is appraised."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.kit.calendar import Unit, WorkCalendar, day_of, deadline, end_of
from services.worker import runtime
from services.worker.tasks import consultations as _bound  # noqa: F401 - binds the task
from tests.api.consultations.city import City, doors
from tests.support.people import Client
from tests.support.rolls import Roll

ASKED_LONG_AGO = """
UPDATE lift_request SET due_at = due_at - interval '60 days', requested_at = requested_at - interval '60 days' WHERE id = $1
"""
OVERDUE_EVENTS = "SELECT count(*) FROM event WHERE kind = 'lift.overdue' AND subject_id = $1"


async def ask(city: City, door: UUID) -> dict[str, Any]:
    """The community enters a household's request."""
    made = await city.community.post("/v1/lift-requests", json={"property_id": str(door)})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def act(client: Client, lift: str, action: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """An action on the request as it is now."""
    path = f"/v1/lift-requests/{lift}"
    version = (await client.get(path)).headers["etag"]
    method = "PUT" if action == "appraisal" else "POST"
    return await client.request(method, f"{path}/{action}", json=body, headers={"If-Match": version})


async def started(city: City, door: UUID) -> tuple[str, str]:
    """A request whose consultation has begun: both ids."""
    lift = (await ask(city, door))["id"]
    begun = await act(city.community, lift, "start")
    assert begun.status_code == 201, begun.text
    return lift, begun.json()["consultation_id"]


async def gates(city: City, lift: str) -> dict[str, Any]:
    """What holds now: {gate: what is missing in Chinese, None when it is met}, and who signs."""
    told = (await city.community.get(f"/v1/lift-requests/{lift}/gates")).json()
    missing = {one["id"]: one["missing"] and one["missing"]["zh"] for one in told["gates"]}
    assert told["met"] is (set(missing.values()) <= {None})
    return {**missing, "signed": told["signed"]}


async def sign(city: City, consultation: str, said: dict[UUID, str]) -> None:
    """The neighbourhood committee collects signatures."""
    answered = await city.answer(consultation, said, by="neighbourhood_committee", channel="paper")
    assert answered.status_code == 201, answered.text


async def test_one_household_asks_and_the_community_has_ten_working_days(city: City) -> None:
    await city.follow("shanghai")
    roll = await city.roll(doors(1, 2, 3))
    lift = await ask(city, roll.doors["1", "1", "1"].property_id)
    asked = datetime.fromisoformat(lift["requested_at"])
    due = deadline(WorkCalendar.default(), start=day_of(asked), days=10, unit=Unit.WORKDAY)
    assert datetime.fromisoformat(lift["due_at"]) == end_of(due.due)
    assert (lift["provisional"], lift["overdue"], lift["state"]) == (due.provisional, False, "requested")
    begun = (await act(city.community, lift["id"], "start")).json()
    assert (begun["state"], begun["overdue"]) == ("consulting", False)
    consultation = begun["consultation_id"]
    assert (await city.totals(consultation))["doors"] == 3, "the entrance alone is asked"
    [told] = (await city.community.get(f"/v1/consultations/{consultation}/rounds")).json()["items"]
    assert (told["actors"], told["targets"]) == (["neighbourhood_committee"], 3)
    again = await act(city.community, lift["id"], "start")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/lift-started")


async def test_late_is_late_for_ever(city: City) -> None:
    await city.follow("shanghai")
    roll = await city.roll(doors(1, 2, 2))
    late = (await ask(city, roll.doors["1", "1", "1"].property_id))["id"]
    in_time = (await ask(city, roll.doors["1", "2", "1"].property_id))["id"]
    async with city.database.engine.begin() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.execute(ASKED_LONG_AGO, UUID(late))
        jobs = await raw.fetch(
            "SELECT id FROM job WHERE name = 'consultations.lift_overdue' AND payload ->> 'lift_request_id' = ANY ($1)",
            [late, in_time],
        )
    listed = (await city.community.get("/v1/lift-requests", params={"overdue": True})).json()["items"]
    assert [one["id"] for one in listed] == [late]
    assert (await act(city.community, in_time, "start")).status_code == 201
    assert len(jobs) == 2
    for job in jobs:
        await runtime.perform({"database": city.database}, str(job["id"]))
    async with city.database.read() as reader:
        assert await reader.fetchval(OVERDUE_EVENTS, UUID(late)) == 1
        assert await reader.fetchval(OVERDUE_EVENTS, UUID(in_time)) == 0
    begun = (await act(city.community, late, "start")).json()
    assert (begun["state"], begun["overdue"]) == ("consulting", True)
    waiting = await city.community.get("/v1/lift-requests", params={"waiting": True})
    assert waiting.json()["items"] == []


async def test_where_nothing_obliges_there_is_no_clock(city: City) -> None:
    roll = await city.roll(doors(1, 1, 3))
    lift = await ask(city, roll.properties[0])
    assert (lift["due_at"], lift["provisional"], lift["overdue"]) == (None, None, False)


@pytest.mark.parametrize(("signers", "met"), [(3, False), (4, True)])
async def test_two_thirds_of_heads_and_area_exactly(city: City, signers: int, met: bool) -> None:
    roll = await city.roll(doors(1, 1, 6))
    lift, consultation = await started(city, roll.properties[0])
    await sign(city, consultation, dict.fromkeys(roll.properties[:signers], "agree"))
    told = await gates(city, lift)
    assert (told["heads"] is None, told["area"] is None) == (met, met)
    if not met:
        assert (told["heads"], told["area"]) == ("还差 1 位业主签字", "还差 80 平方米")


async def test_a_hundredth_of_a_square_metre_short_is_short(city: City) -> None:
    given = doors(1, 1, 3)
    given["1", "1", "1"] = ("王甲", "80.01")
    roll = await city.roll(given)
    lift, consultation = await started(city, roll.properties[0])
    await sign(city, consultation, dict.fromkeys(roll.properties[1:], "agree"))  # 160.00 of 240.01, two heads of three
    told = await gates(city, lift)
    assert (told["heads"], told["area"]) == (None, "还差 0.01 平方米")


async def test_an_owner_of_two_flats_is_one_head_and_signs_for_both(city: City) -> None:
    given = {("1", "1", "1"): ("王甲", "50"), ("1", "1", "2"): ("王甲", "50"), ("1", "1", "3"): ("王乙", "50")}
    roll = await city.roll(given)
    lift, consultation = await started(city, roll.properties[0])
    first, second, third = roll.properties
    await sign(city, consultation, {first: "agree", third: "agree"})
    told = (await gates(city, lift))["signed"]
    assert (told["heads"], told["heads_signed"], told["area"], told["area_signed"]) == (2, 1, "150", "100")
    await sign(city, consultation, {second: "agree"})
    assert (await gates(city, lift))["signed"]["heads_signed"] == 2


async def test_area_that_nobody_recorded_cannot_be_counted(city: City) -> None:
    roll = await city.roll({**doors(1, 1, 2), ("1", "1", "3"): ("王丙", None)})
    lift, consultation = await started(city, roll.properties[0])
    await sign(city, consultation, dict.fromkeys(roll.properties, "agree"))
    told = await gates(city, lift)
    assert told["heads"] is None
    assert told["area"] == "1 处专有部分未登记面积，无法计算"


async def test_objections_are_settled_and_the_house_is_appraised_before_it_is_through(city: City) -> None:
    roll = await city.roll(doors(1, 2, 3))
    lift, consultation = await started(city, roll.doors["1", "1", "1"].property_id)
    of_entrance = [roll.doors["1", "1", str(flat)].property_id for flat in (1, 2, 3)]
    await sign(city, consultation, dict.fromkeys(of_entrance, "agree"))
    neighbour = roll.doors["1", "2", "1"].property_id
    path = f"/v1/lift-requests/{lift}/objections"
    objected = await city.community.post(path, json={"property_id": str(neighbour), "reason": "遮挡采光"})
    assert objected.status_code == 201
    assert (await gates(city, lift)) | {"signed": None} == {
        "heads": None,
        "area": None,
        "no_objection": "1 项异议未解决",
        "appraisal": "房屋尚未鉴定，须 B 级及以上",
        "signed": None,
    }
    refused = await city.act(consultation, "close", {})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")
    settle = f"{path}/{objected.json()['id']}/settle"
    settled = await asyncio.gather(
        *(city.community.post(settle, json={"settlement": "调整位置并补偿"}) for _ in range(3))
    )
    assert sorted(one.status_code for one in settled) == [200, 409, 409]
    grade = {"grade": "C", "document": "鉴定报告1号", "appraised_on": city.today}
    assert (await act(city.community, lift, "appraisal", grade)).json()["appraisal_grade"] == "C"
    assert (await gates(city, lift))["appraisal"] == "鉴定为 C 级，须 B 级及以上"
    assert (await act(city.community, lift, "appraisal", {**grade, "grade": "B"})).status_code == 200
    assert (await act(city.community, lift, "appraisal", {**grade, "appraised_on": "2999-01-01"})).status_code == 422
    stale = await city.community.put(f"/v1/lift-requests/{lift}/appraisal", json=grade, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    closed = await city.act(consultation, "close", {})
    assert closed.status_code == 200, closed.text
    assert (await city.community.get(f"/v1/lift-requests/{lift}")).json()["state"] == "closed"
    assert (await ask(city, of_entrance[0]))["state"] == "requested", "after it has ended one may ask again"


async def test_of_two_households_who_ask_at_once_one_is_first(city: City) -> None:
    roll = await city.roll(doors(1, 1, 4))
    answers = await asyncio.gather(
        *(city.community.post("/v1/lift-requests", json={"property_id": str(one)}) for one in roll.properties)
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["type"] for one in answers if one.status_code == 409} == {"/problems/lift-requested"}


async def test_who_may_ask_where(city: City) -> None:
    roll = await city.roll(doors(1, 1, 1))
    ours = roll.properties[0]
    assert (await city.neighbour.post("/v1/lift-requests", json={"property_id": str(ours)})).status_code == 404
    lift = (await ask(city, ours))["id"]
    for below in ("", "/gates", "/objections"):
        assert (await city.neighbour.get(f"/v1/lift-requests/{lift}{below}")).status_code == 404
    elsewhere = await city.roll(doors(1, 1, 1), at=city.communities[1])
    body = {"property_id": str(elsewhere.properties[0]), "reason": "遮挡采光"}
    refused = await city.community.post(f"/v1/lift-requests/{lift}/objections", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/property_id")
    body = {"property_id": str(ours), "reason": "请联系 13812341234"}
    refused = await city.community.post(f"/v1/lift-requests/{lift}/objections", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")
    await city.follow("ningbo")
    other = await city.roll(doors(1, 1, 1))
    refused = await city.community.post("/v1/lift-requests", json={"property_id": str(other.properties[0])})
    assert refused.json()["type"] == "/problems/consultation-undefined"


class TestResidents:
    """What a resident does from his own phone."""

    async def two(self, city: City) -> tuple[Roll, Client, Client]:
        """A roll, and an owner in each of two entrances."""
        roll = await city.roll(doors(1, 2, 2))
        return (
            roll,
            await city.resident(roll.doors["1", "1", "1"]),
            await city.resident(roll.doors["1", "2", "1"]),
        )

    async def test_asks_for_a_lift_of_his_own_entrance(self, city: City) -> None:
        roll, ours, theirs = await self.two(city)
        body = {"property_id": str(roll.doors["1", "1", "1"].property_id)}
        refused = await theirs.post("/v1/me/lift-requests", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/property_id")
        made = await ours.post("/v1/me/lift-requests", json=body)
        assert (made.status_code, made.json()["state"]) == (201, "requested")
        [seen] = (await city.community.get("/v1/lift-requests")).json()["items"]
        assert seen["id"] == made.json()["id"]
        [known] = (await theirs.get("/v1/me/lift-requests")).json()["items"]
        assert (known["id"], known["entrance_no"], known["overdue"]) == (seen["id"], "1", False)
        assert "property_id" not in known, "neighbours learn of the lift, not of who asked"
        stranger = await city.resident((await city.roll(doors(1, 1, 1))).doors["1", "1", "1"])
        assert (await stranger.get("/v1/me/lift-requests")).json()["items"] == []

    async def test_of_entrance_a_does_not_answer_in_b(self, city: City) -> None:
        roll, ours, theirs = await self.two(city)
        own = roll.doors["1", "1", "1"].property_id
        _, consultation = await started(city, own)
        path = f"/v1/me/consultations/{consultation}/answers"
        signed = await ours.post(path, json={"property_id": str(own), "answer": "agree"})
        assert signed.status_code == 201, signed.text
        assert [door["answer"] for door in signed.json()["doors"]] == ["agree"]
        for property_id in (own, roll.doors["1", "2", "1"].property_id):
            foreign = await theirs.post(path, json={"property_id": str(property_id), "answer": "agree"})
            assert foreign.status_code == 404
        beside = await ours.post(
            path, json={"property_id": str(roll.doors["1", "1", "2"].property_id), "answer": "agree"}
        )
        assert (beside.status_code, beside.json()["errors"][0]["pointer"]) == (422, "/property_id")
        assert (await theirs.get("/v1/me/consultations")).json()["items"] == []

    async def test_a_tenant_does_not_sign_for_a_lift_but_is_asked_about_the_plan(self, city: City) -> None:
        roll = await city.roll(doors(1, 1, 2))
        door = roll.doors["1", "1", "1"]
        tenant = await city.resident(door, kind="tenant")
        _, lift = await started(city, door.property_id)
        body = {"property_id": str(door.property_id), "answer": "agree", "opinion": "支持"}
        refused = await tenant.post(f"/v1/me/consultations/{lift}/answers", json=body)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/lift-owner-needed")
        plan = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
        assert (await tenant.post(f"/v1/me/consultations/{plan}/answers", json=body)).status_code == 201
        [said] = (await city.community.get(f"/v1/consultations/{plan}/answers")).json()["items"]
        assert (said["answer"], said["channel"], said["opinion"]) == ("agree", "app", "支持")
        assert str(tenant.resident_id) not in str(said)
        shown = (await tenant.get("/v1/me/consultations")).json()["items"]
        assert [(one["matter"], one["doors"][0]["answer"]) for one in shown] == [("plan", "agree"), ("lift", None)]
        assert len((await tenant.get("/v1/me/consultations")).content) <= 32 * 1024

    async def test_a_tenant_says_nothing_over_somebody_else_and_has_no_lift_to_sign(self, city: City) -> None:
        roll = await city.roll(doors(1, 1, 2))
        door = roll.doors["1", "1", "1"]
        owner, tenant = await city.resident(door), await city.resident(door, kind="tenant")
        await started(city, door.property_id)
        plan = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
        waiting = (await tenant.get("/v1/me/todo")).json()["consultations"]
        assert [one["matter"] for one in waiting] == ["plan"]
        path, body = f"/v1/me/consultations/{plan}/answers", {"property_id": str(door.property_id)}
        for said in ("agree", "disagree"):
            assert (await tenant.post(path, json={**body, "answer": said})).status_code == 201
        assert (await owner.post(path, json={**body, "answer": "agree"})).status_code == 201
        refused = await tenant.post(path, json={**body, "answer": "disagree"})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/consultation-door-answered")
        assert (await city.totals(plan))["agreed"] == 1

    async def test_pages_of_his_fit_the_mini_program(self, city: City) -> None:
        roll = await city.roll(doors(1, 25, 1))
        me = await city.resident(*roll.doors.values())
        for door in roll.doors.values():
            await started(city, door.property_id)
        for path in ("/v1/me/lift-requests", "/v1/me/consultations"):
            page = await me.get(path, params={"limit": 100})
            assert (len(page.json()["items"]), page.json()["has_more"]) == (20, True)
            assert len(page.content) <= 32_768

    async def test_words_of_an_objection_go_with_the_account_and_the_objection_stays(self, city: City) -> None:
        roll, _, theirs = await self.two(city)
        lift, _ = await started(city, roll.doors["1", "1", "1"].property_id)
        body = {"property_id": str(roll.doors["1", "2", "1"].property_id), "reason": "家中有病人，怕吵"}
        assert (await theirs.post(f"/v1/me/lift-requests/{lift}/objections", json=body)).status_code == 201
        asked = (await theirs.post("/v1/me/erase", json={})).json()["confirmation"]
        assert (await theirs.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
        [kept] = (await city.community.get(f"/v1/lift-requests/{lift}/objections")).json()["items"]
        assert (kept["reason"], kept["by_resident"], kept["settled_at"]) == ("", True, None)

    async def test_what_staff_write_holds_nobodys_number(self, city: City) -> None:
        roll, _, theirs = await self.two(city)
        lift, consultation = await started(city, roll.doors["1", "1", "1"].property_id)
        body = {"property_id": str(roll.doors["1", "2", "1"].property_id), "reason": "遮挡采光"}
        made = (await theirs.post(f"/v1/me/lift-requests/{lift}/objections", json=body)).json()
        told = "已与住户 13812341234 谈妥"
        path = f"/v1/lift-requests/{lift}/objections/{made['id']}/settle"
        refused = await city.community.post(path, json={"settlement": told})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/settlement")
        assert "13812341234" not in refused.text
        refused = await city.act(consultation, "close", {"reason": told})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")

    async def test_a_former_owner_answers_no_more(self, city: City) -> None:
        roll = await city.roll(doors(1, 1, 2))
        door = roll.doors["1", "1", "1"]
        former = await city.resident(door)
        plan = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
        async with city.database.engine.begin() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            await raw.execute(
                "UPDATE property SET voting_owner_id = $2 WHERE id = $1",
                door.property_id,
                roll.doors["1", "1", "2"].owner_id,
            )
        body = {"property_id": str(door.property_id), "answer": "agree"}
        assert (await former.post(f"/v1/me/consultations/{plan}/answers", json=body)).status_code == 404

    async def test_objects_as_a_neighbour(self, city: City) -> None:
        roll, ours, theirs = await self.two(city)
        lift, _ = await started(city, roll.doors["1", "1", "1"].property_id)
        path = f"/v1/me/lift-requests/{lift}/objections"
        body = {"property_id": str(roll.doors["1", "2", "1"].property_id), "reason": "遮挡采光"}
        assert (await ours.post(path, json=body)).status_code == 422
        assert (await theirs.post(path, json=body)).status_code == 201
        stranger = await city.resident((await city.roll(doors(1, 1, 1))).doors["1", "1", "1"])
        assert (await stranger.post(path, json=body)).status_code == 404
        assert (await gates(city, lift))["no_objection"] == "1 项异议未解决"
        shown = await city.community.get(f"/v1/lift-requests/{lift}/objections")
        assert [one["by_resident"] for one in shown.json()["items"]] == [True]
        assert str(theirs.resident_id) not in shown.text, "staff know the property, not the account"
