"""What began under a policy version ends under it: superseding it in between moves no gate of a project under way."""

from typing import Any

from services.core.projects.rules import Action, Stage
from tests.api.projects.steps import attest, follow, step
from tests.api.projects.test_stages import enter
from tests.api.selection.world import World
from tests.support.works import ready_to_start

READY: dict[str, Any] = {"id": "ready", "fact": "project.ready", "is": True, "gates": "works"}
SATISFIED: dict[str, Any] = {
    "id": "satisfied", "fact": "survey.satisfaction.satisfied_share", "at_least": "0.8", "gates": "acceptance",
}  # fmt: skip
HARDER: list[dict[str, Any]] = [
    READY,
    {**SATISFIED, "at_least": "0.95"},
    {"id": "asked", "fact": "survey.plan.asked_share", "at_least": "0.8", "hard": False, "gates": "plan"},
]
DOCUMENT = {"document": "甬建开〔2027〕1号"}


async def gates(world: World, project: str, **query: Any) -> dict[str, Any]:
    answer = await world.district.get(f"/v1/projects/{project}/gates", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_harder_gates_in_between_move_nothing_that_was_chosen(world: World) -> None:
    policy = await follow(world, [READY, SATISFIED])
    project = (await world.project(world.streets[0], attested={"project.ready": "true"}))["id"]
    await enter(world, Stage.PLANNED, Action.CHOOSE, project)
    await follow(world, HARDER, after=policy)

    mine = await gates(world, project)
    assert (mine["policy_number"], mine["basis"], [one["id"] for one in mine["gates"]]) == (
        1, "pinned", ["ready", "satisfied"],
    )  # fmt: skip
    await ready_to_start(world.database, project)
    assert (await step(world, project, "start", DOCUMENT)).status_code == 200
    await attest(world, project, {"survey.satisfaction.satisfied_share": "0.8"})

    # What the newer one would ask is told when it is asked for, and decides nothing.
    newer = await gates(world, project, policy_id=policy)
    assert (newer["policy_number"], newer["basis"]) == (2, "asked")
    assert [(one["id"], one["passed"]) for one in newer["gates"]] == [
        ("ready", True), ("satisfied", False), ("asked", False),
    ]  # fmt: skip
    accepted = await step(world, project, "accept", DOCUMENT)
    assert (accepted.status_code, accepted.json()["stage"]) == (200, "accepted")


async def test_until_a_round_chooses_the_version_in_force_is_asked(world: World) -> None:
    policy = await follow(world, [READY])
    project = (await world.project(world.streets[0], attested={}))["id"]
    assert ((await gates(world, project))["policy_number"], (await gates(world, project))["basis"]) == (1, "in_force")
    await follow(world, HARDER, after=policy)
    assert ((await gates(world, project))["policy_number"], (await gates(world, project))["basis"]) == (2, "in_force")
    await enter(world, Stage.LIBRARY, Action.SHELVE, project)
    assert (await gates(world, project))["basis"] == "in_force"
    await enter(world, Stage.PLANNED, Action.CHOOSE, project)
    assert ((await gates(world, project))["policy_number"], (await gates(world, project))["basis"]) == (2, "pinned")


async def test_a_round_of_another_version_ties_whom_it_chooses_to_its_own(world: World) -> None:
    policy = await follow(world, [READY])
    project = (await world.project(world.streets[0], attested={}))["id"]
    await follow(world, HARDER, after=policy)
    await enter(world, Stage.PLANNED, Action.CHOOSE, project)  # by a round under the version in force
    refused = await step(world, project, "start", DOCUMENT)
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (
        409, ["/gates/ready", "/gates/asked"],
    )  # fmt: skip


async def test_an_exception_names_the_policy_where_it_is_another(world: World) -> None:
    policy = await follow(world, [READY])
    project = (await world.project(world.streets[0], attested={}))["id"]
    await enter(world, Stage.PLANNED, Action.CHOOSE, project)
    await follow(world, HARDER, after=policy)
    path, why = f"/v1/projects/{project}/gates/asked/except", {"reason": "已入户征询", "document": "甬建例〔2026〕1号"}
    assert (await world.district.post(path, json=why)).status_code == 404  # its own version knows no such gate
    nameless = await world.district.post(path, json={**why, "policy_number": 2})
    assert (nameless.status_code, nameless.json()["errors"][0]["pointer"]) == (422, "/policy_id")
    made = await world.district.post(path, json={**why, "policy_id": policy, "policy_number": 2})
    assert made.status_code == 201, made.text
    shown = {one["id"]: one["passed"] for one in (await gates(world, project, policy_id=policy))["gates"]}
    assert shown["asked"] is True
    assert (
        await world.district.get(f"/v1/projects/{project}/gates", params={"policy_id": "nobody"})
    ).status_code == 404


async def test_an_exception_to_a_gate_is_none_to_a_stricter_one_of_the_next_version(world: World) -> None:
    asked = {"id": "asked", "fact": "survey.plan.asked_share", "at_least": "0.3", "hard": False, "gates": "plan"}
    policy = await follow(world, [READY, asked])
    project = (await world.project(world.streets[0], attested={}))["id"]
    path, why = f"/v1/projects/{project}/gates/asked/except", {"reason": "已入户征询", "document": "甬建例〔2026〕1号"}
    assert (await world.district.post(path, json=why)).status_code == 201
    await follow(world, [READY, {**asked, "at_least": "0.66"}], after=policy)
    passed = {}
    for number in (1, 2):
        told = await gates(world, project, policy_id=policy, policy_number=number)
        passed[number] = {one["id"]: one["passed"] for one in told["gates"]}["asked"]
    assert passed == {1: True, 2: False}
    assert (await world.district.post(path, json=why)).status_code == 201  # another document, another version
    assert (await world.district.post(path, json=why)).status_code == 409
