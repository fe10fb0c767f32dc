"""Answers that staff enter: one a household, confirmed by a second person, edited until the survey is closed, or void."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.core.kit.uow import SYSTEM
from tests.api.surveys.world import ADVICE, JOINING, SATISFIED, WISH, MakeRegion, MakeStaff, World

Json = dict[str, Any]


async def results(world: World, survey: Json) -> Json:
    answer = await world.clerk.get(f"/v1/surveys/{survey['id']}/results")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def chosen(found: Json, question: str) -> dict[str, int]:
    (one,) = [one for one in found["questions"] if one["id"] == question]
    return {choice["id"]: choice["responses"] for choice in one["choices"]}


async def test_what_is_entered_counts_once_a_second_person_has_confirmed_it(world: World) -> None:
    (home, _) = await world.register.homes(2)
    survey = await world.opened(WISH)
    entered = await world.enter(survey, home, {"join": "yes"}, document="档案 3")
    assert entered.status_code == 201, entered.text
    assert entered.json()["state"] == "pending"
    assert (await results(world, survey))["counted"] == 0
    path = f"/v1/surveys/{survey['id']}/responses/{entered.json()['id']}"
    own = await world.clerk.post(f"{path}/confirm")
    assert (own.status_code, own.json()["type"]) == (409, "/problems/survey-second-person-needed")
    confirmed = await world.second.post(f"{path}/confirm")
    assert confirmed.json()["state"] == "counted"
    assert confirmed.json()["confirmed_by"] == str(world.second.staff_id)
    again = await world.second.post(f"{path}/confirm")
    assert again.json()["type"] == "/problems/survey-response-not-pending"
    found = await results(world, survey)
    assert (found["counted"], found["units"], found["share"]) == (1, 2, "0.5")
    assert chosen(found, "join") == {"yes": 1, "no": 0, "later": 0}


async def test_an_edited_answer_takes_the_place_of_the_earlier_which_stays_on_record(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    (first,) = await world.counted(survey, [(home, {"join": "no"})])
    await world.enter(survey, home, {"join": "later"})
    assert chosen(await results(world, survey), "join")["no"] == 1, "what waits changes nothing yet"
    (last,) = await world.counted(survey, [(home, {"join": "yes"})])
    assert chosen(await results(world, survey), "join") == {"yes": 1, "no": 0, "later": 0}
    path = f"/v1/surveys/{survey['id']}/responses"
    history = (await world.clerk.get(path, params={"unit_id": str(home)})).json()["items"]
    assert [(one["state"], one["answers"]["join"]) for one in history] == [
        ("superseded", "no"), ("superseded", "later"), ("counted", "yes"),
    ]  # fmt: skip
    assert (history[0]["id"], history[2]["id"]) == (first, last)


async def test_the_same_entry_again_changes_nothing(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    first, second = [await world.enter(survey, home, {"join": "yes"}) for _ in range(2)]
    assert first.json() == second.json()


WRONG: list[tuple[Json, str]] = [
    ({}, "/answers/join"),
    ({"join": None}, "/answers/join"),
    ({"join": "oui"}, "/answers/join"),
    ({"join": ["yes"]}, "/answers/join"),
    ({"join": "yes", "never": 1}, "/answers/never"),
    ({"join": "yes", "many": []}, "/answers/many"),
    ({"join": "yes", "many": ["a", "a"]}, "/answers/many"),
    ({"join": "yes", "many": ["a", "b", "c"]}, "/answers/many"),
    ({"join": "yes", "satisfied": 6}, "/answers/satisfied"),
    ({"join": "yes", "satisfied": True}, "/answers/satisfied"),
    ({"join": "yes", "area": 80.5}, "/answers/area"),
    ({"join": "yes", "area": "-1"}, "/answers/area"),
    ({"join": "yes", "advice": "a\u0007"}, "/answers/advice"),
    ({"join": "yes", "advice": "多" * 1001}, "/answers/advice"),
    ({"join": "yes", "picture": []}, "/answers/picture"),
    ({"join": "yes", "picture": ["档案 3-1"]}, "/answers/picture"),
]
MANY: Json = {
    "id": "many", "kind": "multiple", "title": "改哪些？", "most": 2,
    "options": [{"id": "a", "label": "甲"}, {"id": "b", "label": "乙"}, {"id": "c", "label": "丙"}],
}  # fmt: skip
AREA: Json = {"id": "area", "kind": "number", "title": "面积"}
PICTURE: Json = {"id": "picture", "kind": "photo", "title": "照片"}


async def test_wrong_answers_are_named_by_their_question(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH, MANY, {**SATISFIED, "required": False}, AREA, ADVICE, PICTURE)
    for answers, pointer in WRONG:
        answer = await world.enter(survey, home, answers)
        assert answer.status_code == 422, (answers, answer.text)
        assert answer.json()["type"] == "/problems/survey-answers-invalid"
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], answers
    right = {
        "join": "yes", "many": ["c", "a"], "satisfied": 4, "area": "80.50", "advice": " 多种树 ",
    }  # fmt: skip
    stored = (await world.enter(survey, home, right)).json()["answers"]
    assert stored == {**right, "many": ["a", "c"], "area": "80.5", "advice": "多种树"}


async def test_a_batch_takes_each_by_itself(world: World) -> None:
    homes = await world.register.homes(3)
    survey = await world.opened(WISH)
    sent = [
        {"property_id": str(homes[0]), "channel": "door", "answers": {"join": "yes"}},
        {"property_id": str(homes[1]), "channel": "door", "answers": {"join": "oui"}},
        {"property_id": str(homes[0]), "channel": "door", "answers": {"join": "no"}},
        {"property_id": str(uuid4()), "channel": "door", "answers": {"join": "no"}},
        {"property_id": str(homes[2]), "channel": "phone", "answers": {"join": "no"}},
        {"property_id": str(homes[2]), "channel": "paper", "answers": {"join": "no"}, "questionnaire": 9},
    ]
    answer = await world.clerk.post(f"/v1/surveys/{survey['id']}/responses/batch", json={"responses": sent})
    items = answer.json()["items"]
    assert [one["index"] for one in items] == list(range(6))
    assert [one["refusal"] and one["refusal"]["type"].rpartition("/")[2] for one in items] == [
        None, "survey-answers-invalid", "survey-not-asked", "survey-not-asked", "survey-answers-invalid",
        "survey-answers-invalid",
    ]  # fmt: skip
    assert items[1]["refusal"]["errors"][0]["pointer"] == "/answers/join"
    ids = [items[0]["response_id"], items[0]["response_id"], str(uuid4())]
    confirmed = await world.second.post(f"/v1/surveys/{survey['id']}/responses/confirm", json={"response_ids": ids})
    assert [one["refusal"] and one["refusal"]["type"] for one in confirmed.json()["items"]] == [
        None, None, "/problems/not-found",
    ]  # fmt: skip
    assert (await results(world, survey))["counted"] == 1
    too_many = {"responses": sent[:1] * 201}
    assert (await world.clerk.post(f"/v1/surveys/{survey['id']}/responses/batch", json=too_many)).status_code == 422


async def test_a_void_answer_counts_no_more_and_stays_on_record(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    (made,) = await world.counted(survey, [(home, {"join": "yes"})])
    path = f"/v1/surveys/{survey['id']}/responses/{made}"
    assert (await world.clerk.post(f"{path}/void", json={})).status_code == 422
    void = await world.clerk.post(f"{path}/void", json={"reason": "冒名填写"})
    assert (void.json()["state"], void.json()["end_reason"]) == ("void", "冒名填写")
    again = await world.clerk.post(f"{path}/void", json={"reason": "冒名填写"})
    assert again.json()["type"] == "/problems/survey-response-ended"
    assert (await results(world, survey))["counted"] == 0
    await world.counted(survey, [(home, {"join": "no"})])
    assert (await results(world, survey))["counted"] == 1


async def test_a_closed_survey_takes_nothing(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    (made,) = await world.counted(survey, [(home, {"join": "yes"})])
    await world.act(survey, "close")
    path = f"/v1/surveys/{survey['id']}/responses"
    tries = [
        await world.enter(survey, home, {"join": "no"}),
        await world.clerk.post(f"{path}/{made}/void", json={"reason": "x"}),
        await world.clerk.post(f"{path}/{made}/refuse", json={"reason": "x"}),
        await world.second.post(f"{path}/{made}/confirm"),
    ]
    assert {answer.json()["type"] for answer in tries} == {"/problems/survey-not-open"}


async def test_paper_of_an_earlier_version_is_entered_as_it_was_printed(world: World) -> None:
    homes = await world.register.homes(2)
    survey = await world.opened(WISH)
    await world.act(survey, "questionnaires", {"questions": [{**WISH, "options": WISH["options"][:2]}, SATISFIED]})
    new = await world.enter(survey, homes[0], {"join": "later"})
    assert {error["pointer"] for error in new.json()["errors"]} == {"/answers/join", "/answers/satisfied"}
    await world.counted(survey, [(homes[1], {"join": "yes", "satisfied": 5})])
    old = await world.enter(survey, homes[0], {"join": "later"}, questionnaire=1)
    await world.second.post(f"/v1/surveys/{survey['id']}/responses/{old.json()['id']}/confirm")
    found = await results(world, survey)
    assert chosen(found, "join") == {"yes": 1, "no": 0, "later": 1}
    assert chosen(found, "satisfied") == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}


async def test_fifty_identical_posts_are_one_answer(world: World) -> None:
    homes = await world.register.homes(2)
    survey = await world.opened(WISH)
    body = {"property_id": str(homes[0]), "channel": "paper", "answers": {"join": "yes"}}
    path = f"/v1/surveys/{survey['id']}/responses"
    key = {"Idempotency-Key": uuid4().hex}
    keyed = await asyncio.gather(*(world.clerk.post(path, json=body, headers=key) for _ in range(50)))
    assert {answer.status_code for answer in keyed} <= {201, 409}
    assert len({answer.json()["id"] for answer in keyed if answer.status_code == 201}) == 1
    bare = await asyncio.gather(
        *(world.clerk.post(path, json={**body, "property_id": str(homes[1])}) for _ in range(50))
    )
    assert {answer.status_code for answer in bare} == {201}
    assert len({answer.json()["id"] for answer in bare}) == 1
    items = (await world.clerk.get(path, params={"limit": 100})).json()["items"]
    assert [one["state"] for one in items] == ["pending", "pending"]


async def test_two_different_answers_at_once_leave_one(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    both = await asyncio.gather(
        *(world.enter(survey, home, {"join": said}) for said in ("yes", "no", "later") for _ in range(5))
    )
    ids = list({answer.json()["id"] for answer in both})
    path = f"/v1/surveys/{survey['id']}/responses"
    await asyncio.gather(*(world.second.post(f"{path}/{one}/confirm") for one in ids))
    items = (await world.clerk.get(path, params={"limit": 100})).json()["items"]
    assert sum(one["state"] == "counted" for one in items) == 1
    assert (await results(world, survey))["counted"] == 1


async def test_an_entry_that_races_the_closing_holds_it_up_or_is_refused(world: World) -> None:
    homes = await world.register.homes(10)
    survey = await world.opened(WISH)
    tries = [world.enter(survey, home, {"join": "yes"}) for home in homes]
    *entered, closed = await asyncio.gather(*tries, world.tried(survey, "close"))
    taken = sum(answer.status_code == 201 for answer in entered)
    assert all(answer.status_code in {201, 409} for answer in entered)
    assert (closed.status_code == 200) == (taken == 0)
    assert (await results(world, survey))["pending"] == taken


async def test_a_clerk_of_another_community_finds_nothing(world: World, region: MakeRegion, staff: MakeStaff) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    stranger = await staff("community", await region("street", world.root))
    body = {"property_id": str(home), "channel": "paper", "answers": {"join": "yes"}}
    path = f"/v1/surveys/{survey['id']}/responses"
    assert (await stranger.post(path, json=body)).status_code == 404
    assert (await stranger.get(path)).status_code == 404


async def test_what_is_said_is_in_no_event_and_no_audit_entry(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH, ADVICE)
    (made,) = await world.counted(survey, [(home, {"join": "later", "advice": "张三家漏水"})])
    await world.clerk.post(f"/v1/surveys/{survey['id']}/responses/{made}/void", json={"reason": "李四冒名"})
    async with world.database.read() as reader:
        told = await reader.fetch("SELECT data::text FROM event WHERE subject_id = $1", survey["id"])
        told += await reader.fetch("SELECT details::text FROM audit_entry WHERE target_id = $1", survey["id"])
    assert len(told) == 2 * 5
    text = "".join(row[0] for row in told)
    assert not any(word in text for word in ("later", "张三", "李四"))


async def test_progress_tells_doors_and_not_names(world: World) -> None:
    building = await world.register.building("3")
    first, second = [await world.register.entrance(building, no) for no in ("1", "2")]
    near = await world.register.homes(3, building_id=building, entrance_id=first)
    far = await world.register.homes(2, building_id=building, entrance_id=second)
    survey = await world.opened(WISH, target="0.4")
    await world.counted(survey, [(near[0], {"join": "yes"})])
    await world.enter(survey, near[1], {"join": "no"})
    path = f"/v1/surveys/{survey['id']}"
    progress = (await world.clerk.get(f"{path}/progress")).json()
    assert [(one["entrance"], one["units"], one["counted"], one["pending"]) for one in progress["entrances"]] == [
        ("1", 3, 1, 1), ("2", 2, 0, 0),
    ]  # fmt: skip
    assert (progress["share"], progress["target"], progress["reached"]) == ("0.2", "0.4", False)
    left = (await world.clerk.get(f"{path}/unanswered")).json()["items"]
    assert {one["property_id"] for one in left} == {str(home) for home in (near[2], *far)}
    assert set(left[0]) == {"unit_id", "property_id", "compound_id", "building", "entrance", "door_no"}
    here = (await world.clerk.get(f"{path}/unanswered", params={"entrance_id": str(first)})).json()["items"]
    assert [one["property_id"] for one in here] == [str(near[2])]
    await world.counted(survey, [(far[0], {"join": "yes"})])
    assert (await world.clerk.get(f"{path}/progress")).json()["reached"] is True


@pytest.mark.parametrize("mine", [True, False])
async def test_a_second_person_finds_what_others_entered(world: World, mine: bool) -> None:
    homes = await world.register.homes(2)
    survey = await world.opened(WISH, purpose="join", decisive=JOINING)
    entered = await world.enter(survey, homes[0], {"join": "yes"})
    items = (
        await world.clerk.get(f"/v1/surveys/{survey['id']}/responses", params={"mine": mine, "state": "pending"})
    ).json()["items"]
    assert [one["id"] for one in items] == ([entered.json()["id"]] if mine else [])


async def test_staff_enter_for_people_by_person(world: World) -> None:
    person = await world.register.person()
    (home,) = await world.register.homes(1, owners=[person])
    survey = await world.opened(WISH, unit="person")
    by_door = await world.enter(survey, home, {"join": "yes"})
    assert (by_door.status_code, by_door.json()["type"]) == (422, "/problems/survey-not-asked")
    body = {"person_id": str(person), "channel": "telephone", "answers": {"join": "yes"}}
    entered = await world.clerk.post(f"/v1/surveys/{survey['id']}/responses", json=body)
    assert (entered.json()["unit_id"], entered.json()["property_id"]) == (str(person), str(home))


async def test_paper_that_came_in_time_is_entered_after_the_last_day(world: World) -> None:
    homes = await world.register.homes(2)
    survey = await world.opened(WISH, closes_on="2099-01-01")
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE survey SET closes_on = '2026-01-01' WHERE id = $1", survey["id"])
    await world.counted(survey, [(homes[0], {"join": "yes"})])
    assert (await world.act(survey, "close"))["status"] == "closed"


async def test_a_refusal_in_a_batch_is_told_in_the_callers_language(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH)
    body = {"responses": [{"property_id": str(home), "channel": "door", "answers": {"join": "oui"}}]}
    path = f"/v1/surveys/{survey['id']}/responses/batch"
    for language, detail in (("zh", "应为所列选项之一"), ("en", "must be one of the options")):
        answer = await world.clerk.post(path, json=body, headers={"Accept-Language": language})
        (one,) = answer.json()["items"]
        assert one["refusal"]["status"] == 422
        assert one["refusal"]["errors"] == [{"pointer": "/answers/join", "detail": detail}]
