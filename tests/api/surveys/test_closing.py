"""Surveys that close by themselves: by a job that holds however late the worker comes."""

from datetime import date
from typing import Any
from uuid import UUID

from services.core.kit.calendar import end_of
from services.core.kit.uow import SYSTEM
from services.core.surveys.jobs import CloseSurvey
from services.worker import runtime
from services.worker.tasks import surveys as _bound  # noqa: F401 - binds the task
from tests.api.surveys.world import CONTENT, SATISFIED, WISH, World

Json = dict[str, Any]
JOBS = "SELECT id, run_at FROM job WHERE name = 'surveys.close' AND payload ->> 'survey_id' = $1 ORDER BY id"


async def jobs(world: World, survey: Json) -> list[Any]:
    """What is ordered for a survey."""
    async with world.database.read() as reader:
        return list(await reader.fetch(JOBS, survey["id"]))


async def days_later(world: World, survey: Json) -> None:
    """The last day is long gone, and the worker comes back."""
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE survey SET closes_on = '2026-01-01' WHERE id = $1", UUID(survey["id"]))
    for job in await jobs(world, survey):
        await runtime.perform({"database": world.database}, str(job["id"]))


async def state(world: World, survey: Json) -> str:
    return str((await world.clerk.get(f"/v1/surveys/{survey['id']}")).json()["status"])


async def test_it_closes_once_its_last_day_has_ended_and_its_count_is_a_fact(world: World) -> None:
    (home,) = await world.register.homes(1)
    project = await world.project()
    survey = await world.opened(
        SATISFIED,
        purpose="satisfaction",
        project_id=project,
        decisive=CONTENT,
        closes_on="2099-01-01",
        closes_itself=True,
    )
    (job,) = await jobs(world, survey)
    assert job["run_at"] == end_of(date(2099, 1, 1))
    await runtime.perform({"database": world.database}, str(job["id"]))
    assert await state(world, survey) == "open", "rung too early it does nothing"
    async with world.database.begin(SYSTEM) as uow:
        uow.enqueue(CloseSurvey(survey_id=UUID(survey["id"])), run_at=job["run_at"])
    await world.counted(survey, [(home, {"satisfied": 5})])
    await days_later(world, survey)
    assert await state(world, survey) == "closed"
    async with world.database.read() as reader:
        told = await reader.fetchrow(
            "SELECT value, kind FROM fact WHERE subject_id = $1 AND key = 'survey.satisfaction.satisfied_share'"
            " AND superseded_at IS NULL",
            UUID(project),
        )
    assert dict(told) == {"value": "1", "kind": "counted"}


async def test_an_entry_that_waits_for_its_second_person_is_waited_for(world: World) -> None:
    (home,) = await world.register.homes(1)
    survey = await world.opened(WISH, closes_on="2099-01-01", closes_itself=True)
    entered = (await world.enter(survey, home, {"join": "yes"})).json()["id"]
    await days_later(world, survey)
    assert await state(world, survey) == "open"
    assert len(await jobs(world, survey)) == 1, "it looks again"
    confirmed = await world.second.post(f"/v1/surveys/{survey['id']}/responses/{entered}/confirm")
    assert confirmed.status_code == 200
    await days_later(world, survey)
    assert (await state(world, survey), await jobs(world, survey)) == ("closed", [])


async def test_what_was_put_off_is_closed_on_the_later_day_alone(world: World) -> None:
    await world.register.homes(1)
    survey = await world.opened(WISH, closes_on="2099-01-01", closes_itself=True)
    await world.act(survey, "extend", {"closes_on": "2099-02-01", "reason": "回收率不足"})
    first, second = await jobs(world, survey)
    assert first["run_at"] < second["run_at"]
    await runtime.perform({"database": world.database}, str(first["id"]))
    assert await state(world, survey) == "open"
    await days_later(world, survey)
    assert await state(world, survey) == "closed"


async def test_without_a_last_day_nothing_closes_by_itself(world: World) -> None:
    body: Json = {"title": "调查", "purpose": "other", "questions": [WISH], "compound_id": str(world.compound_id)}
    body["closes_itself"] = True
    refused = await world.clerk.post("/v1/surveys", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/closes_on")
