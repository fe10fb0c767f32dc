"""Stages of projects: the way through them is recorded, and nothing leaves the table of moves."""

import asyncio
from typing import Any, ClassVar
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from services.core.policy import queries as policies
from services.core.projects import stages
from services.core.projects.errors import StageWrong
from services.core.projects.rules import MOVES, Action, Stage
from tests.api.projects.steps import attest, follow, step
from tests.api.selection.world import STOCK, World
from tests.support.works import ready_to_start


async def way(world: World, project_id: str) -> list[tuple[str, str, str]]:
    """What the history tells: (from, action, to)."""
    items = (await world.street.get(f"/v1/projects/{project_id}/stages", params={"limit": 100})).json()["items"]
    return [(one["from_stage"], one["action"], one["to_stage"]) for one in items]


async def enter(world: World, stage: Stage, action: Action, *ids: str, document: str | None = None) -> None:
    """A move of many projects, as a round that is confirmed makes it."""
    async with world.database.begin(SYSTEM) as uow:
        policy = await policies.in_force(uow.driver, region_path=world.root.path)
        assert policy is not None
        await stages.enter(
            uow,
            stages={UUID(one): stage for one in ids},
            action=action,
            year=2027,
            round_id=UUID(int=1),
            policy_version_id=policy.id,
            document=document,
        )


async def stage_of(world: World, project_id: str) -> str:
    """Where it stands."""
    return str((await world.city.get(f"/v1/projects/{project_id}")).json()["stage"])


async def test_the_way_is_recorded_step_by_step_and_paged(world: World) -> None:
    project = (await world.project(world.streets[0]))["id"]
    await enter(world, Stage.LIBRARY, Action.SHELVE, project)
    await enter(world, Stage.LIBRARY, Action.SHELVE, project)
    await enter(world, Stage.PLANNED, Action.CHOOSE, project, document="甬建联〔2026〕1号")
    assert await way(world, project) == [
        ("draft", "apply", "applied"),
        ("applied", "shelve", "library"),
        ("library", "shelve", "library"),
        ("library", "choose", "planned"),
    ]
    page = (await world.city.get(f"/v1/projects/{project}/stages", params={"limit": 3})).json()
    assert page["has_more"]
    rest = await world.city.get(f"/v1/projects/{project}/stages", params={"limit": 3, "cursor": page["next_cursor"]})
    (last,) = rest.json()["items"]
    assert (last["year"], last["round_id"], last["document"]) == (2027, str(UUID(int=1)), "甬建联〔2026〕1号")
    assert page["items"][0]["by"] == str(world.city.staff_id)
    assert (await world.other_district.get(f"/v1/projects/{project}/stages")).status_code == 404


async def test_many_move_together_or_none_does(world: World) -> None:
    ready = [(await world.project(world.streets[0]))["id"] for _ in range(3)]
    draft = await world.project(world.streets[0], apply=False)
    with pytest.raises(StageWrong) as refused:
        await enter(world, Stage.PLANNED, Action.CHOOSE, *ready, draft["id"])
    assert refused.value.extra["projects"] == [{"no": draft["no"], "stage": "draft"}]
    assert {await stage_of(world, one) for one in ready} == {"applied"}
    assert await way(world, draft["id"]) == []
    await enter(world, Stage.PLANNED, Action.CHOOSE, *ready)
    assert {await stage_of(world, one) for one in ready} == {"planned"}
    with pytest.raises(StageWrong):  # the table knows the action, but not that end
        await enter(world, Stage.WORKS, Action.CHOOSE, ready[0])
    with pytest.raises(StageWrong):
        await enter(world, Stage.PLANNED, Action.CHOOSE, str(uuid4()))


async def test_two_bulk_moves_of_the_same_projects_take_turns(world: World) -> None:
    ids = [(await world.project(world.streets[0]))["id"] for _ in range(3)]
    moved = await asyncio.gather(
        enter(world, Stage.PLANNED, Action.CHOOSE, *ids),
        enter(world, Stage.LIBRARY, Action.SHELVE, *reversed(ids)),
        return_exceptions=True,
    )
    # Shelved first, all may still be chosen; chosen first, none can be shelved.
    assert {await stage_of(world, one) for one in ids} == {"planned"}
    assert len({len(await way(world, one)) for one in ids}) == 1
    assert all(one is None or isinstance(one, StageWrong) for one in moved)


async def test_everybody_reads_the_table_of_moves(api: httpx.AsyncClient) -> None:
    served = (await api.get("/public/project-transitions")).json()
    assert {(one["action"], one["from_stage"]): one["to_stage"] for one in served["transitions"]} == {
        (str(action), str(before)): str(after) for (action, before), after in MOVES.items()
    }
    assert set(served["stages"]) == set(Stage)
    assert set(served["actions"]) == set(Action)
    assert served["stages"]["library"] == {"zh": "入库", "en": "in the library"}


async def test_nothing_leaves_the_table_of_moves(world: World) -> None:
    project = (await world.project(world.streets[0], apply=False))["id"]
    for before in Stage:
        for action in Action:
            for after in Stage:
                async with world.database.begin(SYSTEM) as uow:
                    await uow.driver.execute("UPDATE project SET stage = $2 WHERE id = $1", UUID(project), before)
                if MOVES.get((action, before)) is after:
                    await enter(world, after, action, project)
                else:
                    with pytest.raises(StageWrong):
                        await enter(world, after, action, project)
    assert {(step[1], step[0], step[2]) for step in await way(world, project)} == {
        (str(action), str(before), str(after)) for (action, before), after in MOVES.items()
    }


class TestSteps:
    """What people do to a project of the plan: start, accept, hand over; and dropping before it is planned."""

    GATES: ClassVar[list[dict[str, Any]]] = [
        {"id": "join", "fact": "survey.join.agree_of_all_share", "at_least": "0.80", "gates": "inclusion"},
        {"id": "asked", "fact": "survey.plan.asked_share", "at_least": "0.80", "gates": "plan"},
        {"id": "plan_vote", "vote": "renovation_plan", "hard": False, "gates": "works"},
        {"id": "ready", "fact": "project.ready", "is": True, "gates": "works"},
        {
            "id": "satisfied",
            "fact": "survey.satisfaction.satisfied_share",
            "at_least": "0.80",
            "gates": "acceptance",
        },
    ]
    DOCUMENT: ClassVar[dict[str, str]] = {"document": "甬建开〔2027〕1号"}

    async def planned(self, world: World) -> str:
        """A project of the plan, under a policy with gates of every kind."""
        await follow(world, self.GATES)
        said = {"survey.join.agree_of_all_share": "0.8"}
        project = str((await world.project(world.streets[0], attested=said))["id"])
        await enter(world, Stage.PLANNED, Action.CHOOSE, project)
        await ready_to_start(world.database, project)
        return project

    async def test_start_names_every_gate_up_to_the_works_with_its_figure(self, world: World) -> None:
        project = await self.planned(world)
        await attest(world, project, {"survey.plan.asked_share": "0.79"})
        refused = await step(world, project, "start", self.DOCUMENT)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/project-gate-not-met")
        missing = {one["pointer"]: one["detail"] for one in refused.json()["errors"]}
        assert set(missing) == {"/gates/asked", "/gates/plan_vote", "/gates/ready"}
        assert "0.79" in missing["/gates/asked"]
        assert "0.8" in missing["/gates/asked"]
        await attest(world, project, {"survey.plan.asked_share": "0.8", "project.ready": "true"})
        excepted = await world.district.post(
            f"/v1/projects/{project}/gates/plan_vote/except", json={"reason": "原则上", "document": "会议纪要1号"}
        )
        assert excepted.status_code == 201
        assert (await step(world, project, "start", self.DOCUMENT)).json()["stage"] == "works"

    async def test_the_way_to_hand_over(self, world: World) -> None:
        project = await self.planned(world)
        await attest(
            world,
            project,
            {"survey.plan.asked_share": "1", "project.ready": "true", "vote.plan.passed": "true"},
        )
        assert (await step(world, project, "accept", self.DOCUMENT)).json()["type"] == "/problems/project-stage-wrong"
        started = await step(world, project, "start", {**self.DOCUMENT, "reason": "开工令"})
        assert (started.status_code, started.json()["stage"]) == (200, "works")
        refused = await step(world, project, "accept", self.DOCUMENT)
        assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/satisfied"]
        await attest(world, project, {"survey.satisfaction.satisfied_share": "4/5"})
        assert (await step(world, project, "accept", self.DOCUMENT)).json()["stage"] == "accepted"
        assert (await step(world, project, "hand-over", self.DOCUMENT)).json()["stage"] == "handed_over"
        items = (await world.city.get(f"/v1/projects/{project}/stages")).json()["items"]
        assert [(one["action"], one["document"], one["reason"]) for one in items[2:]] == [
            ("start", "甬建开〔2027〕1号", "开工令"),
            ("accept", "甬建开〔2027〕1号", None),
            ("hand_over", "甬建开〔2027〕1号", None),
        ]

    async def test_who_may_and_with_what(self, world: World) -> None:
        project = await self.planned(world)
        path = f"/v1/projects/{project}/start"
        assert (await world.district.post(path, json=self.DOCUMENT)).status_code == 428
        version = (await world.district.get(f"/v1/projects/{project}")).headers["etag"]
        assert (await world.street.post(path, json=self.DOCUMENT, headers={"If-Match": version})).status_code == 403
        for wrong in ({}, {"document": ""}):
            refused = await world.district.post(path, json=wrong, headers={"If-Match": version})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/document")

    async def test_two_who_start_at_once_start_it_once(self, world: World) -> None:
        project = await self.planned(world)
        await attest(
            world,
            project,
            {"survey.plan.asked_share": "1", "project.ready": "true", "vote.plan.passed": "true"},
        )
        version = (await world.district.get(f"/v1/projects/{project}")).headers["etag"]
        answers = await asyncio.gather(
            *(
                world.district.post(f"/v1/projects/{project}/start", json=self.DOCUMENT, headers={"If-Match": version})
                for _ in range(4)
            )
        )
        assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
        assert [one[1] for one in await way(world, project)] == ["apply", "choose", "start"]

    async def test_an_application_needs_the_gates_of_inclusion(self, world: World) -> None:
        await follow(world, self.GATES)
        project = str((await world.project(world.streets[0], attested={}, apply=False))["id"])
        refused = await step(world, project, "apply", None)
        assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/join"]
        await attest(world, project, {"survey.join.agree_of_all_share": "0.8"})
        assert (await step(world, project, "apply", None)).json()["stage"] == "applied"

    async def test_a_project_is_dropped_before_it_is_planned_and_not_after(self, world: World) -> None:
        compound = await world.compound(world.streets[0])
        project = str((await world.project(world.streets[0], compounds=[compound]))["id"])
        nameless = await step(world, project, "drop", {})
        assert (nameless.status_code, nameless.json()["errors"][0]["pointer"]) == (422, "/reason")
        dropped = await step(world, project, "drop", {"reason": "列入征收"})
        assert dropped.json()["stage"] == "dropped"
        items = (await world.city.get(f"/v1/projects/{project}/stages")).json()["items"]
        assert (items[-1]["reason"], items[-1]["from_stage"]) == ("列入征收", "applied")
        assert (await step(world, project, "apply", None)).status_code == 409
        # The compound is free for another project.
        other = str((await world.project(world.streets[0], compounds=[compound]))["id"])
        await enter(world, Stage.PLANNED, Action.CHOOSE, other)
        refused = await step(world, other, "drop", {"reason": "列入征收"})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/project-planned-already")


class TestApplicants:
    """Who applies (domain.md S12)."""

    async def project(self, world: World, **recorded: str) -> str:
        """A draft whose compound has these bodies."""
        stock = {**STOCK, **{f"governance.{key}": value for key, value in recorded.items()}}
        return str((await world.project(world.streets[0], stock=stock, apply=False))["id"])

    async def shown(self, world: World, project: str) -> tuple[str | None, str | None]:
        """The applicant of the project, and the reason on record."""
        items = (await world.city.get(f"/v1/projects/{project}/stages")).json()["items"]
        assert items[-1]["applicant"] == (await world.city.get(f"/v1/projects/{project}")).json()["applicant"]
        return items[-1]["applicant"], items[-1]["reason"]

    async def test_whose_turn_it_is_applies_unless_said(self, world: World) -> None:
        project = await self.project(world, owners_committee="false", self_management_group="true")
        assert (await world.city.get(f"/v1/projects/{project}")).json()["applicant"] is None
        assert (await step(world, project, "apply", None)).status_code == 200
        assert await self.shown(world, project) == ("self_management_group", None)
        assert (await step(world, project, "withdraw", None)).status_code == 200
        assert (await world.city.get(f"/v1/projects/{project}")).json()["applicant"] is None

    async def test_a_later_one_gives_a_reason(self, world: World) -> None:
        project = await self.project(world, owners_committee="true")
        later = {"applicant": "neighbourhood_committee"}
        refused = await step(world, project, "apply", later)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/applicant-out-of-turn")
        assert (refused.json()["errors"][0]["pointer"], "业主委员会" in refused.text) == ("/reason", True)
        applied = await step(world, project, "apply", {**later, "reason": "业委会正在换届"})
        assert applied.status_code == 200
        assert await self.shown(world, project) == ("neighbourhood_committee", "业委会正在换届")

    async def test_one_that_is_not_there_does_not_apply(self, world: World) -> None:
        project = await self.project(world, owners_committee="false")
        refused = await step(world, project, "apply", {"applicant": "owners_committee", "reason": "r"})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/applicant")
        assert await stage_of(world, project) == "draft"
