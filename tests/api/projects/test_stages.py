"""Stages of projects: the way through them is recorded, and nothing leaves the table of moves."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.kit.uow import SYSTEM
from services.core.projects import stages
from services.core.projects.errors import StageWrong
from services.core.projects.rules import MOVES, Action, Stage
from tests.api.selection.world import World


async def way(world: World, project_id: str) -> list[tuple[str, str, str]]:
    """What the history tells: (from, action, to)."""
    items = (await world.street.get(f"/v1/projects/{project_id}/stages", params={"limit": 100})).json()["items"]
    return [(one["from_stage"], one["action"], one["to_stage"]) for one in items]


async def enter(world: World, stage: Stage, action: Action, *ids: str, document: str | None = None) -> None:
    """A move of many projects, as a round that is confirmed makes it."""
    async with world.database.begin(SYSTEM) as uow:
        await stages.enter(
            uow,
            stages={UUID(one): stage for one in ids},
            action=action,
            year=2027,
            round_id=UUID(int=1),
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
