"""What comes again after it was closed: marked, tied to the time before, counted; at intake, in the case, in the desk's list."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.hotline import counting, repeats
from services.core.hotline.jobs import CountComplaints
from services.core.kit.uow import SYSTEM
from tests.api.hotline.offices import Offices
from tests.api.hotline.town import Town
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]
PHONE = {"contact": {"phone": "13911112222"}}
HERE = {"lat": 32.115236, "lon": 118.264712, "crs": "wgs84"}
NEXT_DOOR = {**HERE, "lat": 32.1155}  # 29 m to the north
ROUND_THE_CORNER = {**HERE, "lat": 32.1158}  # 63 m
AGE = "UPDATE complaint SET closed_at = closed_at - $2::interval WHERE id = $1"


async def closed(town: Town, complaint_id: str) -> None:
    """It was answered and closed."""
    assert (await town.do(complaint_id, "reply", {"text": "已修。"})).status_code == 200
    assert (await town.do(complaint_id, "close")).status_code == 200


async def grown_older(town: Town, complaint_id: str, **ago: int) -> None:
    """It was closed so long ago."""
    async with town.database.begin(SYSTEM) as uow:
        await uow.driver.execute(AGE, UUID(complaint_id), timedelta(**ago))


async def test_who_calls_again_after_the_close_is_told_apart_from_who_calls_first(town: Town) -> None:
    first = await town.call(**PHONE)
    assert (first["came_again"], first["repeat_of_id"]) == (0, None)
    open_still = await town.call(**PHONE, description="还在漏水。")
    assert open_still["came_again"] == 0, "the first is not closed"
    await closed(town, first["id"])
    again = await town.call(**PHONE, description="又漏水了。")
    assert (again["came_again"], again["repeat_of_id"]) == (1, first["id"])
    assert (await town.call(**PHONE, description="又漏水了。"))["came_again"] == 1, "the same intake, told the same"
    seen = await town.get(again["id"])
    assert (seen["repeat_of_id"], seen["repeat_by"], seen["came_again"]) == (first["id"], "reporter", 1)
    await closed(town, again["id"])
    third = await town.call(**PHONE, description="第三次漏水。")
    assert (third["came_again"], third["repeat_of_id"]) == (2, again["id"]), "the last time, counted on"
    for other in (
        {"contact": {"phone": "13933334444"}},
        {**PHONE, "category": "noise"},
        {**PHONE, "anonymous": True, "description": "不留名。"},
    ):
        assert (await town.call(**other))["came_again"] == 0, other
    assert [event["data"]["came_again"] for event in await town.events(third["id"]) if "channel" in event["data"]] == [
        2
    ]


async def test_the_same_place_is_the_same_matter_whoever_says_it(town: Town, resident: MakeResident) -> None:
    first = await town.call(place=HERE, contact={"phone": "13911112222"})
    await closed(town, first["id"])
    me = await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said(place=NEXT_DOOR))).json()
    assert taken["came_again"] == 1
    assert "repeat_of_id" not in taken, "whose that was is nobody's business"
    seen = await town.get(taken["id"])
    assert (seen["repeat_of_id"], seen["repeat_by"]) == (first["id"], "place")
    far = (await me.post("/v1/me/complaints", json=town.said(place=ROUND_THE_CORNER, description="另一处"))).json()
    assert far["came_again"] == 0


async def test_a_number_that_anybody_may_type_tells_nothing(
    town: Town, api: httpx.AsyncClient, resident: MakeResident
) -> None:
    first = await town.call(**PHONE)
    await closed(town, first["id"])
    typed = town.said(**PHONE, description="又漏水了。")
    for taken in (
        (await api.post("/public/complaints", json=typed)).json(),
        (await (await resident()).post("/v1/me/complaints", json=typed)).json(),
    ):
        assert taken["came_again"] == 0, "whether a neighbour complained is not told to who knows his number"
    assert (await town.call(**PHONE, description="又漏水了。"))["came_again"] == 1


async def test_what_was_merged_was_closed_with_its_case(offices: Offices) -> None:
    town = Town(offices.clerk, offices.compound, offices.at, offices.database)
    lead, mine = await town.call(contact={"phone": "13911110000"}), await town.call(**PHONE)
    assert (await town.do(lead["id"], "merge", {"others": [mine["id"]]})).status_code == 200
    await closed(town, lead["id"])
    again = await town.call(**PHONE, description="又漏水了。")
    assert again["repeat_of_id"] == mine["id"]


async def test_days_and_metres_are_the_policys(offices: Offices) -> None:
    town = Town(offices.clerk, offices.compound, offices.at, offices.database)
    first = await town.call(**PHONE, place=HERE)
    await closed(town, first["id"])
    await grown_older(town, first["id"], days=9, hours=23)
    near = {"contact": {"phone": "13955556666"}, "place": HERE}
    assert (await town.call(**near))["came_again"] == 1, "Jiaozuo's ninety days and fifty metres"
    await offices.govern("clocks: {complaint: {reply: {days: 13, unit: workday}}}, repeat: {days: 10}")
    assert (await town.call(**near, description="别处"))["came_again"] == 0, "a place tells nothing here"
    assert (await town.call(**PHONE, description="又漏水"))["came_again"] == 1
    await grown_older(town, first["id"], hours=2)
    assert (await town.call(**PHONE, description="还漏水"))["came_again"] == 0, "eleven days"


async def test_a_desk_sees_what_came_again_and_the_rubric_counts_it(offices: Offices) -> None:
    await offices.rule("物业科")
    town = Town(offices.clerk, offices.compound, offices.at, offices.database)
    first = await offices.call(place=HERE)
    for act, body in (("reply", {"text": "已修。"}), ("close", None)):
        done = await offices.act(first, act, body, by=offices.desks["物业科"].staff)
        assert done.status_code == 200, done.text
    again = await offices.call(place=NEXT_DOOR, description="又漏水")
    desk = offices.desks["物业科"]
    (item,) = (await desk.staff.get(f"/v1/desks/{desk.id}/complaints")).json()["items"]
    assert (item["id"], item["came_again"], item["repeat_of_id"]) == (again, 1, first)
    listed = (await offices.clerk.get("/v1/complaints", params={"compound_id": offices.compound})).json()["items"]
    assert {one["id"]: one["came_again"] for one in listed} == {first: 0, again: 1}
    async with town.database.begin(SYSTEM, now=datetime.now(UTC)) as uow:
        await counting.count(uow, CountComplaints(after=UUID(int=UUID(town.compound).int - 1)))
    async with town.database.read() as connection:
        value = await connection.fetchval(
            "SELECT value FROM fact WHERE subject_id = $1 AND key = 'compound.hotline_repeats' AND superseded_at IS NULL",
            UUID(town.compound),
        )
    assert value == "1", "by its place: nobody was known who could be told to be the same"


async def test_a_part_of_a_complaint_did_not_come_again(offices: Offices) -> None:
    town = Town(offices.clerk, offices.compound, offices.at, offices.database)
    first = await town.call(**PHONE)
    await closed(town, first["id"])
    whole = await town.call(**PHONE, category="noise", description="漏水，又吵")
    parted = await town.do(whole["id"], "split", {"matters": [{"category": "leak", "description": "漏水"}]})
    assert [one["came_again"] for one in parted.json()["items"]] == [0]


async def test_who_leaves_is_tied_to_nothing_any_more(town: Town, resident: MakeResident) -> None:
    me = await resident()
    said = town.said(**PHONE)
    first = (await me.post("/v1/me/complaints", json=said)).json()["id"]
    await closed(town, first)
    again = await town.call(**PHONE, description="又漏水了。")
    assert again["repeat_of_id"] == first
    asked = (await me.post("/v1/me/erase", json={})).json()
    assert (await me.post("/v1/me/erase", json={"confirmation": asked["confirmation"]})).status_code == 204
    seen = await town.get(again["id"])
    assert (seen["repeat_of_id"], seen["repeat_by"], seen["came_again"]) == (None, None, 1), (
        "it came again all the same"
    )


async def test_an_earlier_place_is_found_by_its_index(town: Town) -> None:
    async with town.database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL enable_seqscan = off")
        lines = await uow.driver.fetch(
            f"EXPLAIN {repeats.EARLIER}", "leak", "1.", None, datetime.now(UTC), uuid4(), uuid4(), [b"1"],
            ((118.3, 32.2), (118.2, 32.1)), (118.26, 32.1), 50,
        )  # fmt: skip
    plan = "\n".join(line[0] for line in lines)
    for index in (
        "ix_complaint_point", "ix_complaint_reporter_resident_id", "ix_complaint_reporter_phone_index",
        "ix_complaint_reporter_property_id", "pk_complaint",
    ):  # fmt: skip
        assert index in plan, plan


@pytest.mark.parametrize("place", [None, HERE])
async def test_where_nobody_says_who_a_place_alone_tells(
    town: Town, api: httpx.AsyncClient, place: dict[str, Any] | None
) -> None:
    bodies = [town.said(description=words, **({} if place is None else {"place": place})) for words in ("漏水", "又漏")]
    for body, times in zip(bodies, (0, 0 if place is None else 1), strict=True):
        taken = (await api.post("/public/complaints", json=body)).json()
        assert taken["came_again"] == times, taken
        await closed(town, taken["id"])
