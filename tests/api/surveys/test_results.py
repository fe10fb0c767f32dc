"""What answers come to: facts and gates of the project, results for staff, what everybody reads."""

from typing import Any

import httpx
import pytest
from asyncpg import Connection

from services.core.kit.uow import SYSTEM
from tests.api.surveys.world import ADVICE, CONTENT, JOINING, SATISFIED, WISH, World

Json = dict[str, Any]
ANSWER_ALL = """
WITH asked AS (SELECT unit_id, row_number() OVER (ORDER BY unit_id) AS place FROM survey_unit WHERE survey_id = $1)
INSERT INTO survey_response (id, survey_id, unit_id, questionnaire, answers, channel, state, standing, entered_at)
SELECT gen_random_uuid(), $1, unit_id, 1,
       jsonb_build_object('join', CASE WHEN place % 3 = 0 THEN 'no' ELSE 'yes' END, 'many', jsonb_build_array('a', 'c'),
                          'area', (place % 100)::text), 'phone', 'counted', 'owner', now()
FROM asked
"""
MANY: Json = {
    "id": "many", "kind": "multiple", "title": "改哪些？",
    "options": [{"id": "a", "label": "甲"}, {"id": "b", "label": "乙"}, {"id": "c", "label": "丙"}],
}  # fmt: skip
AREA: Json = {"id": "area", "kind": "number", "title": "面积"}


async def gate(world: World, project: str, gate_id: str) -> Json:
    answer = await world.city.get(f"/v1/projects/{project}/gates")
    assert answer.status_code == 200, answer.text
    found: Json = next(one for one in answer.json()["gates"] if one["id"] == gate_id)
    return found


async def surveyed(world: World, project: str, homes: list[Any], said: list[Json], **over: Any) -> Json:
    """A survey of a project that the first homes answer, closed."""
    survey = await world.opened(**{"purpose": "satisfaction", "decisive": CONTENT, "project_id": project, **over})
    await world.counted(survey, list(zip(homes, said, strict=False)))
    return await world.act(survey, "close")


async def test_satisfaction_of_79_of_99_holds_up_acceptance_and_of_80_does_not(world: World) -> None:
    homes = await world.register.homes(99)
    project = await world.project()
    attested = {
        "key": "survey.satisfaction.satisfied_share", "value": "0.95", "source": "社区", "document": "问卷汇总",
    }  # fmt: skip
    pushed = await world.city.post(f"/v1/projects/{project}/facts", json={"facts": [attested]})
    assert pushed.status_code == 201, pushed.text
    assert (await gate(world, project, "satisfied"))["met"] is True
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE project SET stage = 'works' WHERE id = $1", project)
    # 79 are satisfied and three are not; the others do not answer, and all are in the denominator.
    said = [{"satisfied": 4 + index % 2} for index in range(79)] + [{"satisfied": 3}] * 3
    await surveyed(world, project, homes, said, questions=[SATISFIED])
    found = await gate(world, project, "satisfied")
    assert (found["met"], found["fact"]["value"], found["fact"]["kind"]) == (False, "79/99", "counted")
    assert [one["value"] for one in found["replaced"]] == ["0.95"], "the attested figure stands back, visibly"
    refused = await accept(world, project)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/project-gate-not-met")
    await surveyed(world, project, homes, [{"satisfied": 5}] * 80, questions=[SATISFIED])
    found = await gate(world, project, "satisfied")
    assert (found["met"], found["fact"]["value"]) == (True, "80/99")
    accepted = await accept(world, project)
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["stage"] == "accepted"


async def accept(world: World, project: str) -> httpx.Response:
    version = (await world.city.get(f"/v1/projects/{project}")).headers["etag"]
    body = {"document": "竣工验收报告"}
    return await world.city.post(f"/v1/projects/{project}/accept", json=body, headers={"If-Match": version})


async def test_joining_and_the_plan_are_counted_of_all(world: World) -> None:
    homes = await world.register.homes(5)
    project = await world.project()
    said = [{"join": "yes"}, {"join": "yes"}, {"join": "yes"}, {"join": "no"}]
    await surveyed(world, project, homes, said, purpose="join", decisive=JOINING, questions=[WISH])
    found = await gate(world, project, "join")
    assert (found["met"], found["fact"]["value"]) == (False, "0.6")
    facts = (await world.city.get(f"/v1/projects/{project}/facts")).json()["facts"]
    assert facts["survey.response_share"]["value"] == "0.8"
    await surveyed(world, project, homes, [{"advice": "好"}] * 4, purpose="plan", decisive=None, questions=[ADVICE])
    found = await gate(world, project, "asked")
    assert (found["met"], found["fact"]["value"]) == (True, "0.8")


async def test_a_survey_of_part_of_a_project_is_no_fact_of_it(world: World) -> None:
    building = await world.register.building("1")
    homes = await world.register.homes(2, building_id=building)
    beside = await world.compound()
    whole, alone = await world.project(world.compound_id, beside), await world.project()
    said = [{"satisfied": 5}] * 2
    one = {"compound_id": str(world.compound_id)}
    await surveyed(world, whole, homes, said, questions=[SATISFIED], **one)
    await surveyed(world, alone, homes, said, questions=[SATISFIED], building_ids=[str(building)])
    for project in (whole, alone):
        assert (await gate(world, project, "satisfied"))["fact"] is None
    await surveyed(world, alone, homes, said, questions=[SATISFIED], **one)
    assert (await gate(world, alone, "satisfied"))["fact"]["value"] == "1"


async def published(world: World, survey: Json, *questions: str) -> Json:
    await world.act(survey, "publish", {"questions": list(questions)})
    answer = await httpx_get(world, f"/public/surveys/{survey['id']}/results")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def httpx_get(world: World, path: str, **headers: str) -> httpx.Response:
    """As somebody without a token."""
    request = world.city.build_request("GET", path, headers=headers)
    del request.headers["authorization"]
    return await world.city.send(request)


async def test_everybody_reads_what_was_published_without_small_numbers(world: World) -> None:
    homes = await world.register.homes(40)
    survey = await world.opened(WISH, MANY, ADVICE, target="2/3")
    said = [{"join": "yes", "many": ["a"]}] * 20 + [{"join": "no", "many": ["a", "b"]}] * 8
    said += [{"join": "later", "advice": "再想想", "many": ["c"]}] * 2
    await world.counted(survey, list(zip(homes, said, strict=False)))
    path = f"/public/surveys/{survey['id']}"
    assert (await httpx_get(world, f"{path}/results")).status_code == 404
    await world.act(survey, "close")
    assert (await httpx_get(world, f"{path}/results")).status_code == 404
    wrong = await world.tried(survey, "publish", {"questions": ["advice", "join", "join"]})
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/questions/0", "/questions/2"]
    found = await published(world, survey, "join", "many")
    assert (found["units"], found["responses"], found["response_share"]) == (40, 30, "0.75")
    join, many = found["questions"]
    assert [(one["id"], one["responses"]) for one in join["choices"]] == [("yes", 20), ("no", None), ("later", None)]
    # Of 30, two did not choose `a`, eight chose `b`, two chose `c`.
    assert [one["responses"] for one in many["choices"]] == [None, None, None]
    assert "再想想" not in str(found)


async def test_results_and_questions_are_revalidated_and_fit_a_page(world: World) -> None:
    homes = await world.register.homes(6)
    survey = await world.draft(WISH)
    path = f"/public/surveys/{survey['id']}"
    assert (await httpx_get(world, path)).status_code == 404, "a draft is nobody's business"
    await world.act(survey, "open")
    shown = await httpx_get(world, path)
    assert shown.json()["questions"][0]["id"] == "join"
    assert (await httpx_get(world, path, **{"If-None-Match": shown.headers["etag"]})).status_code == 304
    await world.counted(survey, [(home, {"join": "yes"}) for home in homes])
    await world.act(survey, "close")
    await published(world, survey, "join")
    answer = await httpx_get(world, f"{path}/results")
    assert len(answer.content) <= 32 * 1024
    same = await httpx_get(world, f"{path}/results", **{"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_question_that_not_all_were_asked_hides_who_passed_it_over(world: World) -> None:
    homes = await world.register.homes(30)
    optional = {**SATISFIED, "required": False, "points": 2}
    survey = await world.opened(optional)
    said: list[Json] = [{"satisfied": 1}] * 10 + [{"satisfied": 2}] * 17 + [{}] * 3
    await world.counted(survey, list(zip(homes, said, strict=True)))
    await world.act(survey, "close")
    (question,) = (await published(world, survey, "satisfied"))["questions"]
    assert [one["responses"] for one in question["choices"]] == [None, 17]
    assert question["unanswered"] is None


async def test_four_answers_are_too_few_to_tell(world: World) -> None:
    homes = await world.register.homes(4)
    survey = await world.opened(WISH)
    await world.counted(survey, [(home, {"join": "yes"}) for home in homes])
    await world.act(survey, "close")
    found = await published(world, survey, "join")
    assert (found["responses"], found["response_share"]) == (None, None)
    assert {one["responses"] for one in found["questions"][0]["choices"]} == {None}


async def test_results_of_five_thousand_take_a_fixed_number_of_statements(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.register.homes(5000)
    survey = await world.opened(WISH, MANY, AREA, ADVICE)
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ANSWER_ALL, survey["id"])
    ran: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval"):
        genuine = getattr(Connection, name)

        def counted(self: Any, query: str, *given: Any, _genuine: Any = genuine, **more: Any) -> Any:
            ran.append(query)
            return _genuine(self, query, *given, **more)

        monkeypatch.setattr(Connection, name, counted)
    answer = await world.clerk.get(f"/v1/surveys/{survey['id']}/results")
    assert len(ran) <= 8, ran
    found = answer.json()
    assert (found["counted"], found["share"]) == (5000, "1")
    join, many, area, advice = found["questions"]
    assert [one["responses"] for one in join["choices"]] == [3334, 1666, 0]
    assert [one["responses"] for one in many["choices"]] == [5000, 0, 5000]
    assert area["numbers"] == {"sum": "247500", "least": "0", "most": "99"}
    assert (advice["answered"], advice["choices"]) == (0, [])
