"""Residents answer for the doors that they are bound to, and for no others."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.core.kit.uow import SYSTEM
from tests.api.surveys.test_answers import chosen, results
from tests.api.surveys.world import ADVICE, JOINING, WISH, MakeResident, World
from tests.support.people import Client
from tests.support.register import Register

Json = dict[str, Any]


async def said(client: Client, survey: Json, home: UUID, answer: str, **over: Any) -> httpx.Response:
    body = {"property_id": str(home), "answers": {"join": answer}, **over}
    return await client.post(f"/v1/surveys/{survey['id']}/responses", json=body)


async def test_an_owner_answers_at_once_and_may_change_it_until_the_close(world: World, owner_of: Any) -> None:
    owner, home, _ = await owner_of()
    survey = await world.opened(WISH)
    first = await said(owner, survey, home, "no")
    assert (first.status_code, first.json()["state"], first.json()["standing"]) == (201, "counted", "owner")
    assert (await said(owner, survey, home, "no")).json()["id"] == first.json()["id"], "the same again"
    last = await said(owner, survey, home, "yes")
    assert chosen(await results(world, survey), "join") == {"yes": 1, "no": 0, "later": 0}
    path = f"/v1/surveys/{survey['id']}/responses"
    assert (await owner.get(f"{path}/{first.json()['id']}")).json()["state"] == "superseded"
    gone = await owner.post(f"{path}/{last.json()['id']}/void", json={"reason": "再想想"})
    assert gone.json()["state"] == "void"
    assert (await results(world, survey))["counted"] == 0
    await said(owner, survey, home, "later")
    await world.act(survey, "close")
    assert (await said(owner, survey, home, "yes")).json()["type"] == "/problems/survey-not-open"


async def test_own_words_hold_no_numbers_and_go_with_the_account(world: World, owner_of: Any) -> None:
    owner, home, _ = await owner_of()
    survey = await world.opened(WISH, ADVICE)
    path = f"/v1/surveys/{survey['id']}/responses"
    for words in ("请打13812341234", "请打１３８ 1234 1234", "证号11010519491231002X"):
        body = {"property_id": str(home), "answers": {"join": "yes", "advice": words}}
        refused = await owner.post(path, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/answers/advice")
        assert words not in refused.text
    body = {"property_id": str(home), "answers": {"join": "yes", "advice": "我是三楼的王伟，楼道太暗"}}
    made = (await owner.post(path, json=body)).json()
    asked = (await owner.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await owner.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
    kept = (await world.clerk.get(f"{path}/{made['id']}")).json()
    assert (kept["state"], kept["answers"]) == ("counted", {"join": "yes"})


async def test_a_stranger_finds_no_survey(world: World, owner_of: Any, resident: MakeResident) -> None:
    owner, home, _ = await owner_of()
    survey = await world.opened(WISH)
    made = (await said(owner, survey, home, "yes")).json()["id"]
    path = f"/v1/surveys/{survey['id']}/responses"
    other = Register(world.database, await world.compound(), world.at)
    neighbour, own, _ = await owner_of(other)
    for stranger, door in ((await resident(), home), (neighbour, home), (neighbour, own), (owner, uuid4())):
        answer = await said(stranger, survey, door, "no")
        assert answer.status_code == 404, answer.text
        assert answer.json()["type"] == "/problems/not-found"
    assert (await neighbour.get(f"{path}/{made}")).status_code == 404
    assert (await neighbour.post(f"{path}/{made}/void", json={"reason": "x"})).status_code == 404
    assert (await neighbour.get("/v1/me/surveys")).json()["items"] == []
    draft = await world.draft(WISH)
    assert (await said(owner, draft, home, "yes")).status_code == 404


async def test_a_tenant_never_speaks_over_the_owners(world: World, owner_of: Any, resident: MakeResident) -> None:
    owner, home, _ = await owner_of()
    tenant = await resident()
    renting = await world.register.tenant(home)
    through = await world.register.bind(tenant.resident_id, home, person=renting, kind="tenant")
    spouse = await resident()
    await world.register.bind(spouse.resident_id, home, invited_by=through, kind="family")
    survey = await world.opened(WISH)
    assert (await said(tenant, survey, home, "no")).json()["standing"] == "tenant"
    assert (await said(spouse, survey, home, "later")).json()["standing"] == "tenant"
    mine = (await said(owner, survey, home, "yes")).json()
    for late in (tenant, spouse):
        answer = await said(late, survey, home, "no")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/survey-owner-answered")
    path = f"/v1/surveys/{survey['id']}/responses/{mine['id']}/void"
    assert (await tenant.post(path, json={"reason": "x"})).status_code == 404
    assert (await tenant.get(path.removesuffix("/void"))).status_code == 404, "what the owners said is theirs"
    (listed,) = (await tenant.get("/v1/me/surveys")).json()["items"]
    assert (listed["response_id"], listed["answered_at"] is None) == (None, False)
    assert chosen(await results(world, survey), "join") == {"yes": 1, "no": 0, "later": 0}
    owners_only = await world.opened(WISH, tenants=False)
    answer = await said(tenant, owners_only, home, "no")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/survey-tenants-not-asked")


async def test_family_speak_for_the_owners_while_these_own(world: World, owner_of: Any, resident: MakeResident) -> None:
    _, home, binding = await owner_of()
    child = await resident()
    await world.register.bind(child.resident_id, home, invited_by=binding, kind="family")
    survey = await world.opened(WISH)
    made = (await said(child, survey, home, "yes")).json()
    assert made["standing"] == "family"
    async with world.database.begin(SYSTEM) as uow:  # title passes to somebody else
        await uow.driver.execute(
            "UPDATE property SET voting_owner_id = (SELECT voting_owner_id FROM property WHERE id = $2) WHERE id = $1",
            home, (await world.register.homes(1))[0],
        )  # fmt: skip
    assert (await said(child, survey, home, "no")).status_code == 404
    assert (await child.get("/v1/me/surveys")).json()["items"] == []
    path = f"/v1/surveys/{survey['id']}/responses/{made['id']}"
    assert (await child.get(path)).json()["answers"] == {"join": "yes"}, "his own words stay his"
    assert (await child.post(f"{path}/void", json={"reason": "x"})).status_code == 404
    assert (await results(world, survey))["counted"] == 1, "what was said stays"


async def test_people_answer_each_for_themselves(world: World, resident: MakeResident) -> None:
    husband, wife = await world.register.person(), await world.register.person()
    home, second = await world.register.homes(2, owners=[husband, wife])
    survey = await world.opened(WISH, unit="person")
    clients = []
    for person in (husband, wife):
        client = await resident()
        await world.register.bind(client.resident_id, home, person=person)
        await world.register.bind(client.resident_id, second, person=person)
        clients.append(client)
    await said(clients[0], survey, home, "yes")
    await said(clients[0], survey, second, "no")
    await said(clients[1], survey, second, "yes")
    found = await results(world, survey)
    assert (found["units"], found["counted"]) == (2, 2)
    assert chosen(found, "join") == {"yes": 1, "no": 1, "later": 0}
    items = (await clients[0].get("/v1/me/surveys")).json()["items"]
    assert [one["unit_id"] for one in items] == [str(husband)]


async def test_own_surveys_are_those_that_ask_and_wait(world: World, owner_of: Any) -> None:
    owner, home, _ = await owner_of()
    await world.draft(WISH)
    first, second = await world.opened(WISH), await world.opened(ADVICE, closes_on="2099-01-01")
    over = await world.opened(WISH, closes_on="2099-01-01")
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE survey SET closes_on = $2 WHERE id = $1", over["id"], date(2026, 1, 1))
    assert (await said(owner, over, home, "yes")).json()["type"] == "/problems/survey-over"
    made = (await said(owner, first, home, "yes")).json()
    listed = (await owner.get("/v1/me/surveys")).json()["items"]
    assert [(one["survey_id"], one["response_id"]) for one in listed] == [
        (first["id"], made["id"]), (second["id"], None), (over["id"], None),
    ]  # fmt: skip
    waiting = (await owner.get("/v1/me/surveys", params={"waiting": True})).json()["items"]
    assert [one["survey_id"] for one in waiting] == [second["id"]]
    page = (await owner.get("/v1/me/surveys", params={"limit": 1})).json()
    rest = (await owner.get("/v1/me/surveys", params={"cursor": page["next_cursor"]})).json()["items"]
    assert [one["survey_id"] for one in rest] == [second["id"], over["id"]]


async def test_a_page_of_own_surveys_fits_the_mini_program(world: World, owner_of: Any) -> None:
    owner, _, _ = await owner_of()
    for _ in range(21):
        await world.opened(ADVICE, title="题" * 200)
    answer = await owner.get("/v1/me/surveys", params={"limit": 100})
    assert len(answer.json()["items"]) == 20
    assert len(answer.content) <= 32 * 1024


async def test_an_old_page_is_told_to_reload(world: World, owner_of: Any) -> None:
    owner, home, _ = await owner_of()
    survey = await world.opened(WISH, purpose="join", decisive=JOINING)
    await world.act(survey, "questionnaires", {"questions": [WISH, ADVICE]})
    stale = await said(owner, survey, home, "yes", questionnaire=1)
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/survey-questionnaire-changed")
    assert (await said(owner, survey, home, "yes", questionnaire=2)).status_code == 201


async def test_an_owner_outdates_what_staff_keyed_and_a_tenant_does_not(
    world: World, owner_of: Any, resident: MakeResident
) -> None:
    owner, home, _ = await owner_of()
    tenant = await resident()
    await world.register.bind(tenant.resident_id, home, person=await world.register.tenant(home), kind="tenant")
    survey = await world.opened(WISH)
    keyed = (await world.enter(survey, home, {"join": "no"})).json()["id"]
    assert (await said(tenant, survey, home, "later")).status_code == 201
    path = f"/v1/surveys/{survey['id']}/responses/{keyed}"
    assert (await world.second.post(f"{path}/confirm")).status_code == 200
    assert chosen(await results(world, survey), "join")["no"] == 1
    assert (await said(tenant, survey, home, "later")).json()["type"] == "/problems/survey-owner-answered"
    again = (await world.enter(survey, home, {"join": "later"})).json()["id"]
    await said(owner, survey, home, "yes")
    late = await world.second.post(f"/v1/surveys/{survey['id']}/responses/{again}/confirm")
    assert late.json()["type"] == "/problems/survey-response-not-pending"
    assert chosen(await results(world, survey), "join") == {"yes": 1, "no": 0, "later": 0}


async def test_two_who_answer_for_one_door_at_once_leave_one_answer(
    world: World, owner_of: Any, resident: MakeResident
) -> None:
    owner, home, binding = await owner_of()
    child = await resident()
    await world.register.bind(child.resident_id, home, invited_by=binding, kind="family")
    survey = await world.opened(WISH)
    both = await asyncio.gather(
        *(said(client, survey, home, answer) for client, answer in [(owner, "yes"), (child, "no")] * 10)
    )
    assert {answer.status_code for answer in both} == {201}
    assert (await results(world, survey))["counted"] == 1


async def test_fifty_identical_answers_are_one(world: World, owner_of: Any) -> None:
    owner, home, _ = await owner_of()
    survey = await world.opened(WISH)
    made = await asyncio.gather(*(said(owner, survey, home, "yes") for _ in range(50)))
    assert len({answer.json()["id"] for answer in made}) == 1
    async with world.database.read() as reader:
        rows = await reader.fetchval("SELECT count(*) FROM survey_response WHERE survey_id = $1", survey["id"])
    assert rows == 1


async def test_an_answer_that_races_the_closing_is_counted_or_refused(world: World, owner_of: Any) -> None:
    owners = [await owner_of() for _ in range(12)]
    survey = await world.opened(WISH)
    *tries, closed = await asyncio.gather(
        *(said(owner, survey, home, "yes") for owner, home, _ in owners), world.tried(survey, "close")
    )
    assert closed.status_code == 200
    assert {answer.status_code for answer in tries} <= {201, 409}
    taken = sum(answer.status_code == 201 for answer in tries)
    assert (await results(world, survey))["counted"] == taken
    async with world.database.read() as reader:
        told = await reader.fetchval(
            "SELECT data ->> 'counted' FROM event WHERE kind = 'survey.closed' AND subject_id = $1", survey["id"]
        )
    assert int(told) == taken


async def test_answers_that_race_a_new_version_are_of_one_or_the_other(world: World, owner_of: Any) -> None:
    owners = [await owner_of() for _ in range(8)]
    survey = await world.opened(WISH)
    again = {"questions": [WISH, {**ADVICE, "required": True}]}
    *tries, reworded = await asyncio.gather(
        *(said(owner, survey, home, "yes") for owner, home, _ in owners), world.tried(survey, "questionnaires", again)
    )
    assert reworded.status_code == 201
    by_version = [answer.json()["questionnaire"] for answer in tries if answer.status_code == 201]
    assert set(by_version) <= {1}
    assert {answer.status_code for answer in tries} <= {201, 422}, "who came later is told what is missing"


async def test_who_was_two_entries_when_it_opened_answers_all_the_same(world: World, owner_of: Any) -> None:
    owner, home, _ = await owner_of()
    survey = await world.opened(WISH, unit="person")
    survivor = await world.register.person()
    async with world.database.begin(SYSTEM) as uow:
        old = await uow.driver.fetchval("SELECT person_id FROM binding WHERE property_id = $1", home)
        await uow.driver.execute("UPDATE owner_member SET person_id = $2 WHERE person_id = $1", old, survivor)
        await uow.driver.execute("UPDATE binding SET person_id = $2 WHERE person_id = $1", old, survivor)
        await uow.driver.execute("UPDATE person SET merged_into_id = $2 WHERE id = $1", old, survivor)
    assert (await said(owner, survey, home, "yes")).status_code == 201
    assert (await results(world, survey))["counted"] == 1
