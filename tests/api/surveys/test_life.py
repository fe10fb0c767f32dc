"""A survey's life through the API: drafted, opened, reworded, extended, closed, published."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from tests.api.surveys.world import ADVICE, CONTENT, JOINING, SATISFIED, WISH, MakeRegion, MakeStaff, World


def pointers(answer: httpx.Response) -> set[str]:
    return {error["pointer"] for error in answer.json()["errors"]}


async def test_a_draft_is_changed_until_it_opens_and_not_after(world: World) -> None:
    await world.register.homes(3)
    drafted = await world.draft(WISH, purpose="join", decisive=JOINING)
    assert (drafted["status"], drafted["units"], drafted["questionnaire"]) == ("draft", None, 1)
    path = f"/v1/surveys/{drafted['id']}"
    body = {"title": "意愿调查", "decisive": JOINING, "questions": [WISH, ADVICE], "tenants": False, "target": "2/3"}
    changed = await world.clerk.put(path, json=body, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["target"] == "2/3"
    assert [question["id"] for question in changed.json()["questions"]] == ["join", "advice"]
    assert (await world.clerk.put(path, json=body, headers={"If-Match": '"1"'})).status_code == 412
    opened = await world.act(drafted, "open")
    assert (opened["status"], opened["units"]) == ("open", 3)
    late = await world.clerk.put(path, json=body, headers={"If-Match": f'"{opened["version"]}"'})
    assert late.json()["type"] == "/problems/survey-not-draft"
    assert (await world.tried(drafted, "open")).json()["type"] == "/problems/survey-not-draft"


async def test_whom_it_asks_is_frozen_when_it_opens(world: World) -> None:
    building = await world.register.building("1")
    entrance = await world.register.entrance(building, "2")
    await world.register.homes(2, building_id=building)
    await world.register.homes(3, building_id=building, entrance_id=entrance)
    await world.register.homes(4)
    await world.register.homes(5, kind="shop")
    assert (await world.opened())["units"] == 9
    assert (await world.opened(building_ids=[str(building)]))["units"] == 5
    within = await world.opened(entrance_ids=[str(entrance)])
    assert within["units"] == 3
    await world.register.homes(1, entrance_id=entrance, building_id=building)
    progress = (await world.clerk.get(f"/v1/surveys/{within['id']}/progress")).json()
    assert progress["units"] == 3


async def test_people_are_owners_and_where_asked_tenants_each_once(world: World) -> None:
    owner, other = await world.register.person(), await world.register.person()
    homes = await world.register.homes(3, owners=[owner, other])
    await world.register.tenant(homes[0])
    assert (await world.opened(unit="person"))["units"] == 3
    assert (await world.opened(unit="person", tenants=False))["units"] == 2


async def test_nobody_on_the_register_is_nobody_to_ask(world: World) -> None:
    await world.register.homes(2, kind="garage")
    answer = await world.tried(await world.draft(), "open")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/survey-asks-nobody")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"questions": [WISH, WISH]}, "/questions/1/id"),
    ({"questions": [{**WISH, "id": "1a"}]}, "/questions/0/id"),
    ({"questions": [{**WISH, "options": []}]}, "/questions/0/options"),
    ({"questions": [{**WISH, "options": [*WISH["options"], WISH["options"][0]]}]}, "/questions/0/options/3/id"),
    ({"questions": [{**WISH, "most": 2}]}, "/questions/0/most"),
    ({"questions": [{**SATISFIED, "points": None}]}, "/questions/0/points"),
    ({"questions": [ADVICE], "purpose": "join"}, "/decisive"),
    ({"questions": [WISH], "decisive": JOINING}, "/decisive"),
    ({"questions": [ADVICE], "purpose": "join", "decisive": JOINING}, "/decisive/question"),
    ({"questions": [WISH], "purpose": "join", "decisive": {**JOINING, "choices": ["oui"]}}, "/decisive/choices/0"),
    ({"closes_on": "2026-01-01"}, "/closes_on"),
    ({"compound_id": None}, "/project_id"),
    ({"building_ids": ["0190b0c8-0000-7000-8000-000000000000"]}, "/building_ids/0"),
    (
        {
            "questions": [
                {**WISH, "kind": "menu", "options": [{"id": "a", "label": "泳池"}, {"id": "b", "label": "电梯"}]}
            ]
        },
        "/questions/0/options/0/label",
    ),
]


@pytest.mark.parametrize(("over", "pointer"), BAD, ids=[pointer for _, pointer in BAD])
async def test_what_is_wrong_with_a_draft_is_named(world: World, over: dict[str, Any], pointer: str) -> None:
    body = {
        "title": "调查", "purpose": "other", "questions": [ADVICE], "compound_id": str(world.compound_id), **over,
    }  # fmt: skip
    answer = await world.clerk.post("/v1/surveys", json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in pointers(answer)


async def test_a_menu_offers_what_the_compound_has(world: World) -> None:
    facility = {
        "name": "雨污管网", "area": "public", "category": "basic", "tier": "must", "condition": "broken", "severity": 2,
        "observed_on": "2026-01-05", "source": "普查",
    }  # fmt: skip
    path = f"/v1/compounds/{world.compound_id}/facilities"
    two = [facility, {**facility, "name": "道路"}]
    recorded = await world.city.put(path, json={"items": two}, headers={"If-Match": '"1"'})
    assert recorded.status_code == 200, recorded.text
    options = [{"id": "pipes", "label": "雨污管网"}, {"id": "roads", "label": "道路"}]
    await world.register.homes(1)
    question = {"id": "menu", "kind": "menu", "title": "改哪些？", "options": options, "most": 2}
    survey = await world.opened(question)
    one = await world.city.put(path, json={"items": [facility]}, headers={"If-Match": '"2"'})
    assert one.status_code == 200, one.text
    await world.act(survey, "questionnaires", {"questions": [question, ADVICE]})
    new = {**question, "options": [*options, {"id": "pool", "label": "泳池"}]}
    wrong = await world.tried(survey, "questionnaires", {"questions": [new]})
    assert pointers(wrong) == {"/questions/0/options/2/label"}


async def test_a_new_version_keeps_kinds_and_labels_and_the_deciding_question(world: World) -> None:
    await world.register.homes(1)
    survey = await world.opened(WISH, purpose="join", decisive=JOINING)
    relabelled = {**WISH, "options": [{"id": "yes", "label": "随便"}, *WISH["options"][1:]]}
    wrong = await world.tried(survey, "questionnaires", {"questions": [relabelled]})
    assert pointers(wrong) == {"/questions/0/options/0/label"}
    wrong = await world.tried(survey, "questionnaires", {"questions": [{**ADVICE, "id": "join"}]})
    assert pointers(wrong) == {"/questions/0/kind", "/decisive/question"}
    more = {**WISH, "title": "同意吗？", "options": [*WISH["options"], {"id": "ask", "label": "想先看方案"}]}
    reworded = await world.act(survey, "questionnaires", {"questions": [more, ADVICE]})
    assert reworded["questionnaire"] == 2
    versions = (await world.clerk.get(f"/v1/surveys/{survey['id']}/questionnaires")).json()["items"]
    assert [len(version["questions"]) for version in versions] == [1, 2]
    # What an earlier version said binds also after a version in between left it out.
    without = [{**more, "options": more["options"][:2]}]
    await world.act(survey, "questionnaires", {"questions": without})
    back = [{**more, "options": [*more["options"][:2], {"id": "ask", "label": "别的"}]}]
    wrong = await world.tried(survey, "questionnaires", {"questions": back})
    assert pointers(wrong) == {"/questions/0/options/2/label"}


async def test_the_last_day_is_put_off_but_never_brought_forward(world: World) -> None:
    await world.register.homes(1)
    survey = await world.opened(closes_on="2099-06-01")
    earlier = await world.tried(survey, "extend", {"closes_on": "2099-06-01", "reason": "春节"})
    assert pointers(earlier) == {"/closes_on"}
    later = await world.act(survey, "extend", {"closes_on": "2099-06-15", "reason": "春节"})
    assert later["closes_on"] == "2099-06-15"
    async with world.database.read() as reader:
        row = await reader.fetchrow("SELECT * FROM survey_extension WHERE survey_id = $1", survey["id"])
    assert (row["closes_on"] - row["closed_on"], row["reason"]) == (timedelta(14), "春节")


async def test_nothing_goes_back(world: World) -> None:
    await world.register.homes(1)
    survey = await world.opened()
    assert (await world.tried(survey, "publish", {"questions": []})).json()["type"] == "/problems/survey-not-closed"
    await world.act(survey, "close")
    for action, body in (("open", None), ("close", None), ("extend", {"closes_on": "2099-01-01", "reason": "x"})):
        answer = await world.tried(survey, action, body)
        assert answer.status_code == 409, answer.text
    await world.act(survey, "publish", {"questions": []})
    assert (await world.tried(survey, "publish", {"questions": []})).status_code == 409


async def test_a_survey_is_closed_once_every_entry_has_its_second_person(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened()
    entered = await world.enter(survey, home, {"advice": "多种树"})
    answer = await world.tried(survey, "close")
    assert (answer.json()["type"], answer.json()["pending"]) == ("/problems/survey-unconfirmed", 1)
    path = f"/v1/surveys/{survey['id']}/responses/{entered.json()['id']}/refuse"
    refused = await world.second.post(path, json={"reason": "看不清"})
    assert refused.json()["state"] == "refused"
    await world.act(survey, "close")


async def test_who_was_told_of_a_last_day_may_answer_until_then(world: World) -> None:
    homes = await world.register.homes(2)
    survey = await world.opened(closes_on="2099-01-01")
    await world.counted(survey, [(homes[0], {})])
    assert (await world.tried(survey, "close")).json()["type"] == "/problems/survey-under-way"
    await world.counted(survey, [(homes[1], {})])
    assert (await world.act(survey, "close"))["status"] == "closed", "nobody is left to wait for"
    over = await world.opened(closes_on="2099-01-01")
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE survey SET closes_on = '2026-01-01' WHERE id = $1", over["id"])
    assert (await world.act(over, "close"))["status"] == "closed"


async def test_the_last_day_there_is_is_a_day_like_others(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(closes_on="9999-12-31")
    assert (await world.tried(survey, "close")).json()["type"] == "/problems/survey-under-way"
    await world.counted(survey, [(home, {})])
    assert (await world.act(survey, "close"))["status"] == "closed"


async def test_a_compound_that_moves_takes_its_surveys_along(
    world: World, region: MakeRegion, staff: MakeStaff
) -> None:
    survey = await world.draft()
    beside = await region("street", world.root)
    theirs = await staff("community", beside)
    assert (await theirs.get(f"/v1/surveys/{survey['id']}")).status_code == 404
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE compound SET region_id = $2, region_path = $3 WHERE id = $1",
            world.compound_id,
            beside.id,
            beside.path,
        )
    assert (await theirs.get(f"/v1/surveys/{survey['id']}")).status_code == 200
    assert (await world.clerk.get(f"/v1/surveys/{survey['id']}")).status_code == 404


async def test_lists_filter(world: World) -> None:
    project = await world.project()
    await world.register.homes(1)
    join = await world.draft(WISH, purpose="join", decisive=JOINING, project_id=project)
    other = await world.opened(SATISFIED, purpose="satisfaction", decisive=CONTENT)
    for query, expected in (
        ({}, [join["id"], other["id"]]),
        ({"status": "open"}, [other["id"]]),
        ({"purpose": "join"}, [join["id"]]),
        ({"project_id": project}, [join["id"]]),
        ({"compound_id": str(world.compound_id)}, [other["id"]]),
    ):
        items = (await world.clerk.get("/v1/surveys", params=query)).json()["items"]
        assert [item["id"] for item in items] == expected, query
    first = (await world.clerk.get("/v1/surveys", params={"limit": 1})).json()
    second = (await world.clerk.get("/v1/surveys", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [*first["items"], *second["items"]][1]["id"] == other["id"]
    assert not second["has_more"]
