"""Quotas by building: told as reached or missing, and where the survey says so the end of it for that building."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.api.surveys.test_residents import said
from tests.api.surveys.world import WISH, MakeResident, World
from tests.support.people import Client
from tests.support.register import Register

Json = dict[str, Any]


async def houses(world: World, *homes: int) -> list[tuple[UUID, list[UUID]]]:
    """Buildings of so many homes each."""
    made = []
    for no, count in enumerate(homes, start=1):
        building = await world.register.building(str(no))
        made.append((building, await world.register.homes(count, building_id=building)))
    return made


def wanted(*quotas: tuple[UUID, int], stop: bool = True) -> Json:
    """So many answers of each building."""
    return {"quotas": [{"building_id": str(one), "target": target} for one, target in quotas], "quotas_stop": stop}


async def reached(world: World, survey: Json) -> list[tuple[str, int, int, bool]]:
    """Of each building with a quota its number, answers, what it lacks, and whether it takes nobody new."""
    told = (await world.clerk.get(f"/v1/surveys/{survey['id']}/progress")).json()["quotas"]
    return [(one["building"], one["counted"], one["missing"], one["full"]) for one in told]


@pytest.mark.parametrize("stop", [True, False])
async def test_a_quota_is_told_and_ends_a_building_where_the_survey_says_so(world: World, stop: bool) -> None:
    (first, homes), (second, others) = await houses(world, 4, 2)
    survey = await world.opened(WISH, **wanted((first, 2), (second, 2), stop=stop))
    assert await reached(world, survey) == [("1", 0, 2, False), ("2", 0, 2, False)]
    await world.counted(survey, [(homes[0], {"join": "yes"}), (homes[1], {"join": "no"}), (others[0], {"join": "no"})])
    assert await reached(world, survey) == [("1", 2, 0, stop), ("2", 1, 1, False)]
    late = await world.enter(survey, homes[2], {"join": "yes"})
    assert (late.status_code, late.json().get("type")) == (
        (409, "/problems/survey-quota-full") if stop else (201, None)
    )
    edited = await world.enter(survey, homes[0], {"join": "later"})
    assert edited.status_code == 201, "who has answered may say something else"


async def test_of_papers_keyed_in_time_those_over_the_quota_are_not_confirmed(world: World) -> None:
    ((building, homes),) = await houses(world, 4)
    survey = await world.opened(WISH, **wanted((building, 2)))
    keyed = [(await world.enter(survey, home, {"join": "yes"})).json()["id"] for home in homes[:3]]
    path = f"/v1/surveys/{survey['id']}/responses"
    outcomes = (await world.second.post(f"{path}/confirm", json={"response_ids": keyed})).json()["items"]
    assert [one["refusal"] and one["refusal"]["type"] for one in outcomes] == [
        None, None, "/problems/survey-quota-full",
    ]  # fmt: skip
    assert await reached(world, survey) == [("1", 2, 0, True)]
    one = await world.clerk.post(f"{path}/{keyed[0]}/void", json={"reason": "误录"})
    assert one.status_code == 200, one.text
    assert (await world.second.post(f"{path}/{keyed[2]}/confirm")).status_code == 200, "a place is free again"


async def test_of_ten_who_take_the_last_place_at_once_one_has_it(world: World, resident: MakeResident) -> None:
    building = await world.register.building("1")
    people: list[tuple[Client, UUID]] = []
    for _ in range(10):
        person = await world.register.person()
        (home,) = await world.register.homes(1, building_id=building, owners=[person])
        client = await resident()
        await world.register.bind(client.resident_id, home, person=person)
        people.append((client, home))
    survey = await world.opened(WISH, **wanted((building, 1)))
    waiting = {"waiting": True}
    assert len((await people[0][0].get("/v1/me/surveys", params=waiting)).json()["items"]) == 1
    answers = await asyncio.gather(*(said(client, survey, home, "yes") for client, home in people))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 9
    assert {one.json()["type"] for one in answers if one.status_code == 409} == {"/problems/survey-quota-full"}
    assert await reached(world, survey) == [("1", 1, 0, True)]
    for client, _ in people:
        assert (await client.get("/v1/me/surveys", params=waiting)).json()["items"] == [], (
            "nothing waits for anybody any more"
        )
    assert (await world.act(survey, "close"))["status"] == "closed"


async def test_a_survey_with_a_last_day_ends_early_when_its_quotas_are_full(world: World) -> None:
    ((building, homes),) = await houses(world, 3)
    survey = await world.opened(WISH, closes_on="2099-01-01", **wanted((building, 1)))
    assert (await world.tried(survey, "close")).json()["type"] == "/problems/survey-under-way"
    await world.counted(survey, [(homes[0], {"join": "yes"})])
    assert (await world.act(survey, "close"))["status"] == "closed"


async def test_what_is_wrong_with_quotas_is_named(world: World) -> None:
    ((building, _),) = await houses(world, 2)
    elsewhere = await Register(world.database, await world.compound(), world.at).building("1")
    body = {"title": "调查", "purpose": "other", "questions": [WISH], "compound_id": str(world.compound_id)}
    cases: list[tuple[Json, str]] = [
        (wanted(), "/quotas"),
        (wanted((building, 1), (building, 2)), "/quotas/1/building_id"),
        (wanted((building, 0)), "/quotas/0/target"),
        (wanted((elsewhere, 1)), "/quotas/0/building_id"),
    ]
    for over, pointer in cases:
        refused = await world.clerk.post("/v1/surveys", json={**body, **over})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    draft = await world.draft(WISH, **wanted((building, 3)))
    assert draft["quotas"] == [{"building_id": str(building), "target": 3}]
    refused = await world.tried(draft, "open")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/quotas/0/target")
