"""A lift with the works, or its pit made ready (R4): a line of a plan differs from building to building."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.api.consultations.city import PLAN, City, doors
from tests.api.consultations.test_printing import strings_and_formulas


def plan(*choices: tuple[object, str]) -> dict[str, Any]:
    """A plan whose lifts differ by building."""
    buildings = [{"building_id": str(one), "option": option} for one, option in choices]
    return {**PLAN, "items": [{**PLAN["items"][0], "title": "加装电梯", "buildings": buildings}]}


async def buildings(city: City, compound_id: UUID) -> list[UUID]:
    """The buildings of a compound by number."""
    async with city.database.read() as reader:
        rows = await reader.fetch("SELECT id FROM building WHERE compound_id = $1 ORDER BY no", compound_id)
    return [row["id"] for row in rows]


async def add(city: City, project: str, body: dict[str, Any]) -> httpx.Response:
    """A further plan version."""
    return await city.city.post(f"/v1/projects/{project}/plans", json=body)


async def test_each_building_has_its_option_in_the_plan_and_in_print(city: City) -> None:
    roll = await city.roll(doors(3, 1, 1))
    first, second, third = await buildings(city, roll.compound_id)
    project = await city.project(roll.compound_id, plan=False)
    made = await add(city, project, plan((first, "with_works"), (second, "pit_ready"), (third, "pit_ready")))
    assert made.status_code == 201, made.text
    [item] = made.json()["items"]
    assert [one["option"] for one in item["buildings"]] == ["with_works", "pit_ready", "pit_ready"]
    agreed = await add(city, project, plan((first, "with_works"), (second, "with_works"), (third, "pit_ready")))
    assert agreed.json()["digest"] != made.json()["digest"], "the owners vote on where lifts come"
    assert agreed.json()["changes"]["items"]["changed"] != []
    page = (await city.city.get(f"/v1/projects/{project}/plans/2/document")).text
    assert "随改造实施（栋）：2" in page
    assert "预留基坑（栋）：1" in page
    sheet = (await city.city.get(f"/v1/projects/{project}/plans/2/document.xlsx")).content
    assert "with the works (buildings): 2" in strings_and_formulas(sheet)[0]


async def test_a_plan_without_options_is_what_it_was(city: City) -> None:
    roll = await city.roll(doors(1, 1, 1))
    project = await city.project(roll.compound_id)
    [item] = (await city.city.get(f"/v1/projects/{project}/plans")).json()["items"][0]["items"]
    assert "buildings" not in item


async def test_only_buildings_of_the_project_and_each_once(city: City) -> None:
    roll, other = await city.roll(doors(1, 1, 1)), await city.roll(doors(1, 1, 1))
    [ours] = await buildings(city, roll.compound_id)
    [theirs] = await buildings(city, other.compound_id)
    project = await city.project(roll.compound_id, plan=False)
    for choices, place in (
        ([(theirs, "pit_ready")], 0),
        ([(ours, "with_works"), (uuid4(), "pit_ready")], 1),
        ([(ours, "with_works"), (ours, "pit_ready")], 1),
    ):
        refused = await add(city, project, plan(*choices))
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == f"/items/0/buildings/{place}/building_id"
    assert (await add(city, project, plan((ours, "wait")))).status_code == 422
