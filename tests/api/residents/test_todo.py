"""What waits for a resident, told in one answer; his votes; all that he gave in his export."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.consultations import city as consultations
from tests.api.consultations.city import City
from tests.api.residents.steps import agree
from tests.api.selection import world as selection
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.api.surveys import world as surveys
from tests.api.surveys.world import WISH, World
from tests.api.votes import owners
from tests.api.votes.owners import Estate, cast, opened
from tests.support.people import Client

PAGE = 32_768


@pytest.fixture
async def estate(app: FastAPI, database: Database, region: MakeRegion, staff: MakeStaff) -> Estate:
    """A compound with a project that may be voted on."""
    return await owners.estate(app, await selection.build(database, region, staff))


@pytest.fixture
async def street(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """A street with surveys."""
    return await surveys.build(database, region, staff)


@pytest.fixture
async def city(app: FastAPI, database: Database, region: MakeRegion, staff: MakeStaff) -> City:
    """A city with consultations."""
    return await consultations.build(app, database, region, staff)


async def todo(me: Client) -> dict[str, Any]:
    answer = await me.get("/v1/me/todo")
    assert answer.status_code == 200, answer.text
    assert len(answer.content) <= PAGE
    return dict(answer.json())


async def test_a_new_account_has_the_texts_to_read_and_nothing_else(resident: Callable[[], Awaitable[Client]]) -> None:
    me = await resident()
    told = await todo(me)
    assert (told["votes"], told["surveys"], told["consultations"], told["more"]) == ([], [], [], False)
    assert {text["topic"] for text in told["consents"]} == {"privacy", "phone_matching"}
    await agree(me, "privacy", "refused")
    assert {text["topic"] for text in (await todo(me))["consents"]} == {"phone_matching"}


async def test_an_open_vote_waits_until_his_head_counts(estate: Estate) -> None:
    head, other = await estate.head("80", "60"), await estate.head("70")
    me, neighbour = await estate.resident(head), await estate.resident(other)
    assert (await todo(me))["votes"] == []
    vote = await opened(estate)
    (waiting,) = (await todo(me))["votes"]
    assert (waiting["vote_id"], waiting["uncounted"]) == (vote["id"], 1)
    (mine,) = (await me.get("/v1/me/votes", params={"status": "open"})).json()["items"]
    assert (mine["id"], mine["heads"], mine["uncounted"]) == (vote["id"], 1, 1)
    assert (await cast(me, vote, "approve")).status_code == 201
    assert (await todo(me))["votes"] == []
    assert (await me.get("/v1/me/votes")).json()["items"][0]["uncounted"] == 0
    assert len((await todo(neighbour))["votes"]) == 1
    (ballot,) = (await me.post("/v1/me/export")).json()["ballots"]
    assert (ballot["vote_id"], ballot["choices"]) == (vote["id"], ["approve"])
    assert (await neighbour.post("/v1/me/export")).json()["ballots"] == []


async def test_erasure_keeps_the_ballot_that_counts(estate: Estate) -> None:
    head = await estate.head("80")
    await estate.head("70")
    me = await estate.resident(head)
    vote = await opened(estate)
    assert (await cast(me, vote, "approve")).status_code == 201
    before = await owners.tally(estate, vote)
    asked = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await me.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
    assert await owners.tally(estate, vote) == before


async def test_past_votes_stay_listed_and_the_next_page_follows(estate: Estate) -> None:
    me = await estate.resident(await estate.head("80"))
    votes = [(await opened(estate))["id"] for _ in range(3)]
    page = (await me.get("/v1/me/votes", params={"limit": 2})).json()
    rest = (await me.get("/v1/me/votes", params={"cursor": page["next_cursor"]})).json()
    assert [row["id"] for row in page["items"] + rest["items"]] == votes[::-1]
    assert (page["has_more"], rest["has_more"]) == (True, False)


async def test_eleven_votes_are_ten_and_more(estate: Estate) -> None:
    me = await estate.resident(await estate.head("80"))
    for _ in range(11):
        await opened(estate)
    told = await todo(me)
    assert (len(told["votes"]), told["more"]) == (10, True)


async def test_a_survey_waits_until_somebody_of_the_household_answered(
    street: World, resident: Callable[[], Awaitable[Client]]
) -> None:
    person = await street.register.person()
    (home,) = await street.register.homes(1, owners=[person])
    me = await resident()
    await street.register.bind(me.resident_id, home, person=person)
    survey = await street.opened(WISH)
    (waiting,) = (await todo(me))["surveys"]
    assert waiting["survey_id"] == survey["id"]
    body = {"property_id": str(home), "answers": {"join": "yes"}}
    assert (await me.post(f"/v1/surveys/{survey['id']}/responses", json=body)).status_code == 201
    assert (await todo(me))["surveys"] == []
    (given,) = (await me.post("/v1/me/export")).json()["survey_answers"]
    assert (given["survey_id"], given["answers"]) == (survey["id"], {"join": "yes"})


async def test_a_consultation_waits_until_the_door_has_said_something(city: City) -> None:
    roll = await city.roll(consultations.doors(1, 1, 1))
    (door,) = roll.doors.values()
    me = await city.resident(door)
    project = await city.project(roll.compound_id)
    made = await city.open(roll.compound_id, "renovation", project)
    (waiting,) = (await todo(me))["consultations"]
    assert (waiting["consultation_id"], waiting["matter"]) == (made["id"], "renovation")
    body = {"property_id": str(door.property_id), "answer": "agree"}
    said = await me.post(f"/v1/me/consultations/{made['id']}/answers", json=body)
    assert said.status_code == 201, said.text
    assert (await todo(me))["consultations"] == []
    (given,) = (await me.post("/v1/me/export")).json()["consultation_answers"]
    assert (given["consultation_id"], given["answer"]) == (made["id"], "agree")
