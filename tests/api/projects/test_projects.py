"""Projects: registering, changing, stages, lists, scope."""

import asyncio
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.api.selection.world import PLAN, World
from tests.support.people import ADD_GRANT


async def register(world: World, **over: object) -> httpx.Response:
    """A project in the northern street."""
    street = world.streets[0]
    body = {"title": "南岳新村改造", "region_id": str(street.id), "compound_ids": [str(await world.compound(street))]}
    return await world.street.post("/v1/projects", json={**body, **over})


async def test_a_project_is_registered_read_and_changed(world: World) -> None:
    made = await register(world, client_unit="区城投")
    assert made.status_code == 201
    project = made.json()
    assert (project["stage"], project["version"], project["plan_number"]) == ("draft", 1, None)
    assert "-20" in project["no"]  # made of region, year and a running number
    path = made.headers["location"]
    assert (await world.street.get(path)).json() == project
    change = {"title": "新名", "compound_ids": [project["compounds"][0]["id"]]}
    assert (await world.street.put(path, json=change)).status_code == 428
    assert (await world.street.put(path, json=change, headers={"If-Match": '"2"'})).status_code == 412
    changed = await world.street.put(path, json=change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (changed.json()["title"], changed.json()["client_unit"]) == ("新名", None)


async def test_a_given_number_is_used_once(world: World) -> None:
    no = f"NB-{uuid4().hex[:8]}"
    assert (await register(world, no=no)).json()["no"] == no
    taken = await register(world, no=no)
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/project-no-taken")
    answers = await asyncio.gather(*(register(world, no=f"{no}-2") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_what_lies_elsewhere_is_not_there(world: World) -> None:
    made = await register(world)
    path = made.headers["location"]
    south = world.streets[1]
    other = await world.compound(south)
    assert (await world.other_district.get(path)).status_code == 404
    put = {"title": "x", "compound_ids": [made.json()["compounds"][0]["id"]]}
    assert (await world.other_district.put(path, json=put, headers={"If-Match": '"1"'})).status_code == 404
    for action in ("apply", "withdraw"):
        refused = await world.other_district.post(f"{path}/{action}", headers={"If-Match": '"1"'})
        assert refused.status_code == 404
    for part in ("plans", "facts", "gates"):
        assert (await world.other_district.get(f"{path}/{part}")).status_code == 404
    assert (await world.other_district.post(f"{path}/plans", json=PLAN)).status_code == 404
    facts = {"facts": [{"key": "survey.response_share", "value": "1", "source": "s", "document": "d"}]}
    assert (await world.other_district.post(f"{path}/facts", json=facts)).status_code == 404
    assert (await register(world, compound_ids=[str(other)])).status_code == 404
    assert (await register(world, compound_ids=[str(uuid4())])).status_code == 404
    assert (await register(world, region_id=str(south.id))).status_code == 404
    body = {"title": "x", "region_id": str(world.streets[0].id), "compound_ids": [str(other)]}
    outside = await world.city.post("/v1/projects", json=body)
    assert (outside.status_code, outside.json()["errors"][0]["pointer"]) == (422, "/compound_ids/0")


async def test_stages_move_as_the_table_says(world: World) -> None:
    made = (await register(world)).json()
    path = f"/v1/projects/{made['id']}"
    early = await world.street.post(f"{path}/withdraw", headers={"If-Match": '"1"'})
    assert (early.status_code, early.json()["type"], early.json()["stage"]) == (
        409,
        "/problems/project-stage-wrong",
        "draft",
    )
    applied = await world.street.post(f"{path}/apply", headers={"If-Match": '"1"'})
    assert (applied.status_code, applied.json()["stage"], applied.headers["etag"]) == (200, "applied", '"2"')
    assert (await world.street.post(f"{path}/apply", headers={"If-Match": '"2"'})).status_code == 409
    assert (await world.street.post(f"{path}/withdraw", headers={"If-Match": '"1"'})).status_code == 412
    other = str(await world.compound(world.streets[0]))
    swapped = await world.street.put(path, json={"title": "x", "compound_ids": [other]}, headers={"If-Match": '"2"'})
    assert swapped.json()["type"] == "/problems/project-stage-wrong"
    withdrawn = await world.street.post(f"{path}/withdraw", headers={"If-Match": '"2"'})
    assert withdrawn.json()["stage"] == "draft"
    swapped = await world.street.put(path, json={"title": "x", "compound_ids": [other]}, headers={"If-Match": '"3"'})
    assert [one["id"] for one in swapped.json()["compounds"]] == [other]


async def test_a_compound_competes_in_one_project_only(world: World) -> None:
    compound = str(await world.compound(world.streets[0]))
    made = [(await register(world, compound_ids=[compound])).json() for _ in range(4)]
    answers = await asyncio.gather(
        *(world.street.post(f"/v1/projects/{one['id']}/apply", headers={"If-Match": '"1"'}) for one in made)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json().get("type") for answer in answers if answer.status_code == 409} == {
        "/problems/compound-already-applied"
    }


async def test_the_list_pages_filters_and_keeps_to_the_scope(world: World) -> None:
    numbers = [(await register(world, title=f"一期 {number}")).json()["no"] for number in range(5)]
    south = await world.project(world.streets[1], title="二期 100%", apply=False)
    paged: list[str] = []
    url = "/v1/projects?limit=2"
    while url:
        answer = await world.district.get(url)
        paged += [one["no"] for one in answer.json()["items"]]
        url = answer.links["next"]["url"] if answer.json()["has_more"] else ""
    assert paged == sorted(numbers)

    async def numbers_of(**query: str) -> list[str]:
        return [one["no"] for one in (await world.city.get("/v1/projects", params=query)).json()["items"]]

    assert await numbers_of(region=str(world.counties[1].id)) == [south["no"]]
    assert set(await numbers_of(region=str(world.root.id))) == {*numbers, south["no"]}
    assert await numbers_of(q="100%") == [south["no"]]
    assert await numbers_of(q="_期 1_") == []
    assert await numbers_of(stage="applied") == []
    assert len(await numbers_of(stage="draft")) == 6
    inside = await world.district.get("/v1/projects", params={"region": str(world.root.id)})
    assert {one["no"] for one in inside.json()["items"]} == set(numbers)
    for region in (str(world.counties[1].id), str(uuid4())):
        assert (await world.district.get("/v1/projects", params={"region": region})).status_code == 404
    empty = await world.city.get("/v1/projects", params={"region": str(world.streets[1].id), "stage": "applied"})
    assert (empty.status_code, empty.json()["items"]) == (200, [])
    assert (await world.city.get("/v1/projects", params={"colour": "red"})).status_code == 422
    assert (await world.city.get("/v1/projects", params={"cursor": "nonsense"})).status_code == 422


async def test_two_grants_see_both_parts_and_nothing_between(world: World, database: Database) -> None:
    first = (await register(world)).json()
    last = await world.project(world.streets[1], apply=False)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            ADD_GRANT, new_id(), world.street.staff_id, "street", world.streets[1].id, world.streets[1].path, None
        )
    seen = {one["no"] for one in (await world.street.get("/v1/projects")).json()["items"]}
    assert seen == {first["no"], last["no"]}
    between = await world.street.get("/v1/projects", params={"region": str(world.counties[1].id)})
    assert [one["no"] for one in between.json()["items"]] == [last["no"]]


async def test_the_list_is_one_statement(world: World) -> None:
    await register(world)
    seen: list[str] = []

    fetch = asyncpg.Connection.fetch

    async def counted(self: asyncpg.Connection, query: str, *values: object, **more: object) -> object:
        seen.append(query)
        return await fetch(self, query, *values, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.Connection, "fetch", counted)
        answer = await world.city.get("/v1/projects", params={"region": str(world.root.id)})
    assert len(answer.json()["items"]) == 1
    assert len([query for query in seen if "FROM project" in query]) == 1


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"title": "a\u0007b"}, "/title"),
        ({"compound_ids": []}, "/compound_ids"),
        ({"no": "a b"}, "/no"),
        ({"owner": "x"}, "/owner"),
    ],
)
async def test_wrong_input_is_named(world: World, wrong: dict[str, object], pointer: str) -> None:
    refused = await register(world, **wrong)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
