"""What waits for a resident, told in one answer; his votes; all that he gave in his export."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from services.api.residents.todo import (
    TodoOut,
    WaitingInvitation,
    WaitingNotice,
    WaitingRequest,
    WaitingVote,
    fitting,
)
from services.core.kit.uow import Database
from tests.api.consultations import city as consultations
from tests.api.consultations.city import City
from tests.api.ownership.desk import Desk
from tests.api.residents.steps import MakePhone, agree, bound, by_code
from tests.api.selection import world as selection
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.api.surveys import world as surveys
from tests.api.surveys.world import WISH, World
from tests.api.votes import owners
from tests.api.votes.owners import Estate, cast, opened
from tests.support.people import Client
from tests.support.register import Register

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


async def test_what_is_on_notice_about_his_compound_is_told_until_its_last_day(estate: Estate) -> None:
    me = await estate.resident(await estate.head("80"))
    assert (await todo(me))["notices"] == []
    vote = await owners.rolled(estate)
    (notice,) = (await todo(me))["notices"]
    assert (notice["kind"], notice["id"], notice["title"]) == ("vote_roll", vote["id"], vote["title"])
    await owners.end_roll_notice(estate, vote)
    await owners.sql(estate, "UPDATE vote_roll SET notice_until = '2026-01-05' WHERE vote_id = $1", UUID(vote["id"]))
    assert (await todo(me))["notices"] == [], "a notice that has ended waits for nobody"
    await owners.act(estate, vote, "notify", {"opens_on": owners.days(0), "closes_on": owners.days(10)})
    assert [one["kind"] for one in (await todo(me))["notices"]] == ["vote"]
    await owners.act(estate, vote, "open")
    assert (await todo(me))["notices"] == [], "an open vote waits as a vote"
    await owners.published(estate, vote)
    assert [one["kind"] for one in (await todo(me))["notices"]] == ["vote_result"]


async def test_a_lift_in_his_entrance_is_told_until_its_consultation_ends(city: City) -> None:
    roll = await city.roll(consultations.doors(1, 2, 2))
    ours, theirs = await city.resident(roll.doors["1", "1", "1"]), await city.resident(roll.doors["1", "2", "1"])
    asked = {"property_id": str(roll.doors["1", "1", "2"].property_id)}
    lift = (await city.community.post("/v1/lift-requests", json=asked)).json()["id"]
    (waiting,) = (await todo(ours))["lifts"]
    assert (waiting["lift_request_id"], waiting["state"], waiting["overdue"]) == (lift, "requested", False)
    assert (await todo(theirs))["lifts"] == []
    version = (await city.community.get(f"/v1/lift-requests/{lift}")).headers["etag"]
    begun = await city.community.post(f"/v1/lift-requests/{lift}/start", headers={"If-Match": version})
    assert (await todo(ours))["lifts"][0]["state"] == "consulting"
    assert (await city.act(begun.json()["consultation_id"], "close", {"reason": "业主未达成一致"})).status_code == 200
    assert (await todo(ours))["lifts"] == []


async def test_an_invitation_and_a_request_are_told_while_nobody_has_answered_them(
    desk: Desk, phone: MakePhone
) -> None:
    me, child = await phone(), await phone()
    held = await bound(desk, me)
    asked = {"by": "request", "compound_id": desk.compound, "door": "502", "name": "王伟"}
    request_id = (await me.post("/v1/me/properties", json=asked)).json()["request_id"]
    code = (await me.post(f"/v1/me/properties/{held['id']}/invite")).json()["code"]
    told = await todo(me)
    assert [(one["binding_id"], one["door_no"]) for one in told["invitations"]] == [(held["id"], "301")]
    assert [(one["request_id"], one["door"]) for one in told["requests"]] == [(request_id, "502")]
    assert (await todo(child))["invitations"] == []
    assert (await by_code(child, code)).status_code == 201
    assert (await me.delete(f"/v1/me/requests/{request_id}")).status_code == 204
    told = await todo(me)
    assert (told["invitations"], told["requests"]) == ([], [])


async def test_a_published_ranking_that_his_compound_stands_in_is_told_while_it_may_be_objected_to(
    database: Database, region: MakeRegion, staff: MakeStaff, resident: Callable[[], Awaitable[Client]]
) -> None:
    world = await selection.build(database, region, staff)
    compound, elsewhere = [await world.compound(world.streets[0]) for _ in range(2)]
    await world.project(world.streets[0], compounds=[compound])
    clients = []
    for one in (compound, elsewhere):
        register = Register(database, one, world.streets[0])
        person = await register.person()
        (home,) = await register.homes(1, owners=[person])
        clients.append(await resident())
        await register.bind(clients[-1].resident_id, home, person=person)
    found = await world.round()
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    assert (await world.city.post(f"/v1/runs/{run['id']}/publish")).status_code == 201
    (notice,) = (await todo(clients[0]))["notices"]
    assert (notice["kind"], notice["id"]) == ("ranking", found["id"])
    assert (await todo(clients[1]))["notices"] == []


def test_however_long_the_names_it_fits_a_page() -> None:
    now, title = datetime.now(UTC), "问" * 200
    some = {"id": uuid4(), "title": title, "compound_name": title, "door_no": "9" * 60}
    out = TodoOut(
        votes=[WaitingVote(vote_id=uuid4(), closes_at=now, uncounted=1, **some) for _ in range(10)],
        surveys=[],
        consultations=[],
        lifts=[],
        notices=[WaitingNotice(kind="vote", until=now.date(), **some) for _ in range(10)],
        invitations=[WaitingInvitation(binding_id=uuid4(), expires_at=now, **some) for _ in range(10)],
        requests=[
            WaitingRequest(request_id=uuid4(), building=title[:60], door=title[:60], created_at=now, **some)
            for _ in range(10)
        ],
        consents=[],
        more=False,
    )
    assert len(out.model_dump_json().encode()) > PAGE
    told = json.loads(fitting(out))
    assert told["more"] is True
    assert len(fitting(out)) <= PAGE
    assert min(len(told[kind]) for kind in ("votes", "notices", "invitations", "requests")) >= 7


async def test_words_of_an_objection_to_a_vote_go_with_the_account_and_the_objection_stays(estate: Estate) -> None:
    me = await estate.resident(await estate.head("80"))
    vote = await owners.rolled(estate)
    made = await me.post(f"/v1/me/votes/{vote['id']}/objections", json={"what": "我家面积少记了两平方米"})
    assert made.status_code == 201, made.text
    asked = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await me.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
    (kept,) = (await estate.world.street.get(f"/v1/votes/{vote['id']}/objections")).json()["items"]
    assert (kept["what"], kept["status"]) == ("", "open")
