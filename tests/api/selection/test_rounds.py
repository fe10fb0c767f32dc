"""Rounds: who may do what where, versions, idempotency, wrong terms."""

from uuid import uuid4

import httpx
import pytest

from tests.api.selection.world import STOCK, MakeRegion, MakeStaff, World


def terms(**over: object) -> dict[str, object]:
    return {"year": 2027, "title": "二〇二七年度比选", "policy_id": "ningbo", **over}


async def test_only_who_may_and_only_where(world: World, api: httpx.AsyncClient) -> None:
    north = str(world.counties[0].id)
    assert (await api.post("/v1/rounds", json=terms(region_id=north))).status_code == 401
    assert (await world.street.post("/v1/rounds", json=terms(region_id=north))).status_code == 403
    assert (await world.other_district.post("/v1/rounds", json=terms(region_id=north))).status_code == 404
    assert (await world.district.post("/v1/rounds", json=terms(region_id=str(world.root.id)))).status_code == 404
    made = await world.district.post("/v1/rounds", json=terms(region_id=north))
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/rounds/{made.json()['id']}")
    path = made.headers["location"]
    assert (await world.district.get(path)).status_code == 200
    assert (await world.other_district.get(path)).status_code == 404
    assert made.json()["id"] not in [
        one["id"] for one in (await world.other_district.get("/v1/rounds")).json()["items"]
    ]
    frozen = await world.district.post(f"{path}/freeze", headers={"If-Match": '"1"'})
    assert frozen.status_code == 201
    run = (await world.district.post(f"{path}/runs")).json()
    assert (await world.other_district.get(f"/v1/runs/{run['id']}")).status_code == 404
    assert (await world.other_district.get(f"/v1/runs/{run['id']}/ranking")).status_code == 404
    assert (await world.other_district.get(f"/v1/runs/{run['id']}/bundle")).status_code == 404
    assert (await world.other_district.post(f"{path}/runs")).status_code == 404
    assert (await world.district.post(f"/v1/runs/{run['id']}/publish")).status_code == 403
    assert (await world.district.get(f"/v1/runs/{run['id']}")).json()["state"] == "queued"
    assert (await world.district.get(f"/v1/runs/{run['id']}/ranking")).json()["items"] == []
    early = await world.city.get(f"/v1/runs/{run['id']}/bundle")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/run-not-done")


async def test_a_draft_is_changed_with_its_version_and_no_longer_once_frozen(world: World) -> None:
    made = await world.round()
    path = f"/v1/rounds/{made['id']}"
    assert (await world.city.put(path, json=terms(reserve=3))).status_code == 428
    assert (await world.city.put(path, json=terms(reserve=3), headers={"If-Match": '"7"'})).status_code == 412
    changed = await world.city.put(
        path, json=terms(reserve=3, caps=[{"budget": "1000000.50"}]), headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (changed.json()["reserve"], changed.json()["caps"]) == (3, [{"partition": None, "budget": "1000000.5"}])
    assert (await world.city.post(f"{path}/runs")).json()["type"] == "/problems/round-not-frozen"
    await world.freeze(made["id"])
    late = await world.city.put(path, json=terms(), headers={"If-Match": '"3"'})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/round-not-draft")


async def test_a_repeated_request_gets_the_first_answer(world: World) -> None:
    body = terms(region_id=str(world.root.id))
    key = {"Idempotency-Key": str(uuid4())}
    first = await world.city.post("/v1/rounds", json=body, headers=key)
    again = await world.city.post("/v1/rounds", json=body, headers=key)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    await world.freeze(first.json()["id"])
    runs = [
        await world.city.post(f"/v1/rounds/{first.json()['id']}/runs", headers={"Idempotency-Key": "one run"})
        for _ in range(2)
    ]
    assert runs[0].json()["id"] == runs[1].json()["id"]
    assert len((await world.city.get(f"/v1/rounds/{first.json()['id']}/runs")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"policy_id": "atlantis"}, "/policy_id"),
        ({"policy_number": 99}, "/policy_id"),
        ({"caps": [{"partition": str(uuid4())}]}, "/caps/0/partition"),
        ({"caps": [{"count": 1}, {"count": 2}]}, "/caps/1/partition"),
        ({"caps": [{"budget": "1.001"}]}, "/caps/0/budget"),
        ({"caps": [{"budget": 1.5}]}, "/caps/0/budget"),
        ({"caps": [{"count": -1}]}, "/caps/0/count"),
        ({"title": " \t"}, "/title"),
        ({"title": "a\x00b"}, "/title"),
        ({"what": 1}, "/what"),
    ],
)
async def test_wrong_terms_are_named(world: World, wrong: dict[str, object], pointer: str) -> None:
    refused = await world.city.post("/v1/rounds", json=terms(region_id=str(world.root.id), **wrong))
    assert refused.status_code == 422
    assert [place["pointer"] for place in refused.json()["errors"]] == [pointer]


async def test_the_filter_leaves_out_what_was_built_later(world: World) -> None:
    old = await world.project(world.streets[0], title="老")
    await world.project(world.streets[0], title="新", stock={**STOCK, "compound.built_year": "2008"})
    unknown = await world.project(world.streets[0], title="不详", stock={"compound.hazards": "1"})
    found = await world.round(filter={"built_before": 2000})
    assert (await world.freeze(found["id"]))["candidates"] == 2
    run = await world.run(found["id"])
    assert {one["no"] for one in await world.ranking(run["id"])} == {old["no"], unknown["no"]}


async def test_pages_of_a_ranking_have_no_gaps(world: World) -> None:
    for _ in range(5):
        await world.project(world.streets[0])
    found = await world.round()
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    whole = [one["no"] for one in await world.ranking(run["id"])]
    paged: list[str] = []
    url = f"/v1/runs/{run['id']}/ranking?limit=2"
    while url:
        answer = await world.city.get(url)
        paged += [one["no"] for one in answer.json()["items"]]
        url = answer.links["next"]["url"] if answer.json()["has_more"] else ""
    assert paged == whole
    assert len(set(whole)) == 5


async def test_unknown_public_rounds(api: httpx.AsyncClient) -> None:
    for key in (str(uuid4()), "nonsense"):
        assert (await api.get(f"/public/rounds/{key}/ranking")).status_code == 404
    assert (await api.get("/public/rounds", params={"region": str(uuid4())})).json()["items"] == []


async def test_a_district_opens_no_round_under_another_policy_than_the_one_in_force(world: World) -> None:
    north = str(world.counties[0].id)
    other = await world.district.post("/v1/rounds", json=terms(region_id=north, policy_id="fenggang"))
    assert (other.status_code, other.json()["type"]) == (409, "/problems/round-policy-not-in-force")
    made = await world.district.post("/v1/rounds", json=terms(region_id=north, policy_number=1))
    assert made.status_code == 201, made.text
    path, first = made.headers["location"], {"If-Match": '"1"'}
    assert (await world.district.put(path, json=terms(policy_id="fenggang"), headers=first)).status_code == 409
    changed = await world.city.put(path, json=terms(policy_id="fenggang"), headers=first)
    assert (changed.status_code, changed.json()["policy_id"]) == (200, "fenggang")


async def test_where_no_policy_is_in_force_a_round_names_its_own(
    region: MakeRegion, staff: MakeStaff, world: World
) -> None:
    county = await region("county")
    district = await staff("district", county)
    made = await district.post("/v1/rounds", json=terms(region_id=str(county.id), policy_id="fenggang"))
    assert (made.status_code, made.json()["policy_id"]) == (201, "fenggang")


async def test_a_draft_keeps_the_version_that_it_began_under_until_another_is_named(world: World) -> None:
    """A clerk who corrects a title does not move the round to what has superseded its policy meanwhile."""
    north, name = str(world.counties[0].id), f"draft_{world.root.id.hex}"
    for policy, number in ((name, 1), (name, 2), (f"{name}_next", 1)):
        text = (
            f"id: {policy}\nversion: {number}\ntitle: 本市竞争比选\nrubric: {{same_as: ningbo, illustrative: true}}\n"
            "selection: {partition: county, over_cap: skip, illustrative: true}\n"
        )
        stored = await world.city.post("/v1/policies", json={"region_id": str(world.root.id), "text": text})
        assert stored.status_code == 201, stored.text

    async def assign(policy: str, number: int) -> None:
        body = {"policy_id": policy, "number": number}
        assert (await world.city.post(f"/v1/regions/{world.root.id}/policy", json=body)).status_code == 201

    async def change(version: int, **over: object) -> tuple[int, object]:
        answer = await world.district.put(
            path, json={"year": 2027, "title": "改正的名称", **over}, headers={"If-Match": f'"{version}"'}
        )
        told = answer.json()
        return answer.status_code, told["policy_number"] if answer.is_success else told["type"]

    await assign(name, 1)
    made = await world.district.post("/v1/rounds", json={"region_id": north, "year": 2027, "title": "名称"})
    path = made.headers["location"]
    await assign(name, 2)
    assert await change(1) == (200, 1)
    assert await change(2, policy_id=name) == (200, 1)
    assert await change(3, policy_number=2) == (422, "/problems/round-input-invalid")
    await assign(f"{name}_next", 1)
    assert await change(3, policy_id=name, policy_number=1) == (200, 1)
    assert await change(4, policy_id=name, policy_number=2) == (409, "/problems/round-policy-not-in-force")
    assert await change(4, policy_id=f"{name}_next") == (200, 1)
    assert (await world.district.get(path)).json()["policy_id"] == f"{name}_next"
