"""Merging and splitting compounds: what is closed stays readable, takes nothing new, and never leaves a project under way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import Database
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]

DECISION = {"document": "咸建发〔2026〕8号", "reason": "逐楼表决同意合并"}
FACT = {"key": "compound.households", "value": "120", "source": "街道", "document": "摸底表"}


async def register(client: httpx.AsyncClient, region: Region, name: str) -> dict[str, Any]:
    answer = await client.post("/v1/compounds", json={"region_id": str(region.id), "name": name})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def merge(client: httpx.AsyncClient, first: str, *others: str, version: int = 1, **over: Any) -> httpx.Response:
    body = {"compound_ids": list(others), "name": "昌盛园", **DECISION, **over}
    return await client.post(f"/v1/compounds/{first}/merge", json=body, headers={"If-Match": f'"{version}"'})


async def split(client: httpx.AsyncClient, compound: str, *parts: dict[str, Any], version: int = 1) -> httpx.Response:
    body = {"parts": list(parts), **DECISION}
    return await client.post(f"/v1/compounds/{compound}/split", json=body, headers={"If-Match": f'"{version}"'})


async def names(client: httpx.AsyncClient, region: Region, **query: Any) -> list[str]:
    page = (await client.get("/v1/compounds", params={"region": str(region.id), **query})).json()
    return sorted(item["name"] for item in page["items"])


async def test_several_become_one_and_stay_readable(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    county = await region("county")
    street = await region("street", county)
    client = await staff("district", county)
    first, second = await register(client, county, "一号院"), await register(client, street, "二号院")
    await client.post(f"/v1/compounds/{first['id']}/facts", json={"facts": [FACT]})

    made = await merge(client, first["id"], second["id"], address="昌盛路")
    assert made.status_code == 201, made.text
    assert made.headers["ETag"] == '"1"'
    new = (await client.get(made.headers["Location"])).json()
    assert (new["name"], new["region_id"], new["closed_at"], new["facts"]) == ("昌盛园", str(county.id), None, [])
    assert {one["id"] for one in new["predecessors"]} == {first["id"], second["id"]}
    assert {(one["kind"], one["document"], one["reason"]) for one in new["predecessors"]} == {
        ("merge", DECISION["document"], DECISION["reason"])
    }
    assert new["successors"] == []

    old = (await client.get(f"/v1/compounds/{first['id']}")).json()
    assert old["closed_at"] is not None
    assert [one["id"] for one in old["successors"]] == [new["id"]]
    assert [(fact["key"], fact["value"]) for fact in old["facts"]] == [("compound.households", "120")]
    assert await names(client, county) == ["昌盛园"]
    assert await names(client, county, closed="true") == sorted(["一号院", "二号院", "昌盛园"])

    async with database.read() as connection:
        told = await connection.fetch(
            "SELECT subject_id, data FROM event WHERE kind = 'compound.merged' AND region_path LIKE $1",
            county.path + "%",
        )
    assert {str(row["subject_id"]) for row in told} == {first["id"], second["id"]}
    assert {row["data"]["successor_id"] for row in told} == {new["id"]}


async def test_one_becomes_several(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    street = await region("street", county)
    client = await staff("district", county)
    old = await register(client, county, "昌盛园")
    no = f"甲-{uuid4().hex[:8]}"
    made = await split(
        client,
        old["id"],
        {"region_id": str(county.id), "name": "东院", "no": no},
        {"region_id": str(street.id), "name": "西院"},
    )
    assert made.status_code == 201, made.text
    assert [(one["name"], one["region_name"]) for one in made.json()["items"]] == [
        ("东院", county.name),
        ("西院", street.name),
    ]
    assert made.json()["items"][0]["no"] == no
    read = (await client.get(f"/v1/compounds/{old['id']}")).json()
    assert {one["name"] for one in read["successors"]} == {"东院", "西院"}
    assert await names(client, county) == sorted(["东院", "西院"])

    # What came of a split may be merged again: it then stands on both sides.
    parts = [one["id"] for one in made.json()["items"]]
    again = await merge(client, *parts)
    assert again.status_code == 201, again.text
    east = (await client.get(f"/v1/compounds/{parts[0]}")).json()
    assert [one["id"] for one in east["predecessors"]] == [old["id"]]
    assert [one["id"] for one in east["successors"]] == [again.json()["id"]]


async def test_a_closed_compound_takes_nothing_new(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("district", county)
    first, second = await register(client, county, "一号院"), await register(client, county, "二号院")
    at = f"/v1/compounds/{first['id']}"
    said = [FACT, FACT | {"value": "130", "source": "住建局"}]
    recorded = await client.post(f"{at}/facts", json={"facts": said})
    fact_id = recorded.json()["facts"][0]["fact_id"]
    listed = (await client.get("/v1/discrepancies", params={"region": str(county.id)})).json()["items"]
    assert [one["compound_id"] for one in listed] == [first["id"]]
    assert (await merge(client, first["id"], second["id"])).status_code == 201

    match = {"If-Match": '"2"'}
    change = {"region_id": str(county.id), "name": "改名"}
    refused = [
        await client.put(at, json=change, headers=match),
        await client.put(f"{at}/facilities", json={"items": []}, headers=match),
        await client.post(f"{at}/facts", json={"facts": [FACT | {"value": "140"}]}),
        await client.post(
            f"{at}/adjudicate", json={"key": "compound.households", "fact_id": fact_id, "reason": "实地核查"}
        ),
        await client.post(f"{at}/drawings", json={"kind": "gas", "state": "missing", "source": "街道"}),
        await client.post(
            f"{at}/comparisons",
            json={
                "renovate_cost": "1",
                "rebuild_cost": "2",
                "appraisal_grade": "A",
                "remaining_years": 1,
                "conclusion": "renovate",
                "assessed_on": "2026-01-01",
                "source": "街道",
                "document": "报告",
            },
        ),
        await merge(client, first["id"], second["id"], version=2),
        await split(client, first["id"], *[change] * 2, version=2),
    ]
    assert [(answer.status_code, answer.json()["type"]) for answer in refused] == [
        (409, "/problems/compound-closed")
    ] * 8
    body = {"title": "改造", "region_id": str(county.id), "compound_ids": [first["id"]]}
    project = await client.post("/v1/projects", json=body)
    assert (project.status_code, project.json()["errors"][0]["pointer"]) == (422, "/compound_ids/0")
    assert (await client.get("/v1/discrepancies", params={"region": str(county.id)})).json()["items"] == []


async def test_reports_keep_what_their_lines_said_and_new_ones_mean_what_stands_now(
    region: MakeRegion, staff: MakeStaff
) -> None:
    county = await region("county")
    client = await staff("district", county)
    first, second = await register(client, county, "一号院"), await register(client, county, "二号院")
    lines = [{"label": "一号院", "group": "2026", "figures": {"compound.households": "120"}}]
    body = {"region_id": str(county.id), "title": "情况", "source": "住建局", "lines": lines}
    old = await client.post("/v1/reports", json=body)
    assert old.json()["lines"][0]["compound_id"] == first["id"]
    assert (await merge(client, first["id"], second["id"])).status_code == 201
    assert (await client.get(old.headers["Location"])).json()["lines"][0]["compound_id"] == first["id"]

    new = (await client.post("/v1/reports", json=body)).json()
    line = new["lines"][0]
    assert (line["compound_id"], line["candidates"]) == (None, [])
    at = f"/v1/reports/{new['id']}/lines/{line['id']}/resolve"
    meant = await client.post(at, json={"compound_id": first["id"], "reason": "原一号院"})
    assert (meant.status_code, meant.json()["type"]) == (409, "/problems/compound-closed")
    named = await client.post("/v1/reports", json=body | {"lines": [lines[0] | {"compound_id": first["id"]}]})
    assert named.status_code == 404


async def test_a_project_that_has_applied_holds_its_compounds(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("district", county)
    first, second = await register(client, county, "一号院"), await register(client, county, "二号院")
    body = {"title": "改造", "region_id": str(county.id), "compound_ids": [first["id"]]}
    project = (await client.post("/v1/projects", json=body)).json()
    at = f"/v1/projects/{project['id']}"
    assert (await client.post(f"{at}/apply", headers={"If-Match": '"1"'})).status_code == 200
    held = await merge(client, second["id"], first["id"])
    assert (held.status_code, held.json()["type"]) == (409, "/problems/compound-under-way")
    assert project["no"] in held.json()["detail"]
    parts = [{"region_id": str(county.id), "name": name} for name in ("东院", "西院")]
    assert (await split(client, first["id"], *parts)).json()["type"] == "/problems/compound-under-way"

    # Withdrawn it is a draft: the merge goes through, and the draft cannot apply before it names the new compound.
    assert (await client.post(f"{at}/withdraw", headers={"If-Match": '"2"'})).status_code == 200
    merged = await merge(client, second["id"], first["id"])
    assert merged.status_code == 201, merged.text
    refused = await client.post(f"{at}/apply", headers={"If-Match": '"3"'})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/compound-closed")
    renamed = {"title": "改造", "compound_ids": [merged.json()["id"]]}
    changed = await client.put(at, json=renamed, headers={"If-Match": '"3"'})
    assert changed.status_code == 200, changed.text
    assert (await client.post(f"{at}/apply", headers={"If-Match": changed.headers["ETag"]})).status_code == 200


async def test_of_two_merges_at_once_one_wins(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("district", county)
    ids = [(await register(client, county, f"{n}号院"))["id"] for n in range(6)]
    answers = await asyncio.gather(*(merge(client, ids[n], ids[(n + 1) % 6], name=f"合并{n}") for n in range(6)))
    won = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    lost = {answer.json()["type"] for answer in answers if answer.status_code != 201}
    assert 2 <= len(won) <= 3
    assert lost <= {"/problems/compound-closed"}
    merged = [one for n in won for one in (ids[n], ids[(n + 1) % 6])]
    assert len(merged) == len(set(merged))  # none went into two
    assert len(await names(client, county)) == 6 - len(won)


async def test_a_merge_and_an_application_at_once(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("district", county)
    for _ in range(5):
        first, second = await register(client, county, "一号院"), await register(client, county, "二号院")
        body = {"title": "改造", "region_id": str(county.id), "compound_ids": [first["id"]]}
        project = (await client.post("/v1/projects", json=body)).json()
        applied, merged = await asyncio.gather(
            client.post(f"/v1/projects/{project['id']}/apply", headers={"If-Match": '"1"'}),
            merge(client, second["id"], first["id"]),
        )
        assert sorted([applied.status_code, merged.status_code]) in ([200, 409], [201, 409])


@pytest.mark.parametrize("role", ["street", "community", "department"])
async def test_the_district_decides(region: MakeRegion, staff: MakeStaff, role: str) -> None:
    county = await region("county")
    client = await staff("district", county)
    first, second = await register(client, county, "一号院"), await register(client, county, "二号院")
    assert (await merge(await staff(role, county), first["id"], second["id"])).status_code == 403


async def test_what_is_wrong_with_a_merge_or_split_is_named(region: MakeRegion, staff: MakeStaff) -> None:
    county, foreign, province = await region("county"), await region("county"), await region("province")
    client = await staff("district", county)
    mine = (await register(client, county, "一号院"))["id"]
    theirs = (await register(await staff("district", foreign), foreign, "外院"))["id"]
    other = (await register(client, county, "二号院"))["id"]
    assert (await merge(client, mine, theirs)).status_code == 404
    twice = await merge(client, mine, mine)
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/compound_ids")
    assert (await merge(client, mine, other, version=7)).status_code == 412
    assert (await merge(client, mine, other, region_id=str(foreign.id))).status_code == 404

    over = await staff("city", province)
    street = await region("street", province)
    there = (await register(over, street, "三号院"))["id"]
    parts = [{"region_id": str(place.id), "name": "院"} for place in (street, province)]
    wrong = await split(over, there, *parts)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/parts/1/region_id")
    one = await client.post(
        f"/v1/compounds/{mine}/split", json={"parts": parts[:1], **DECISION}, headers={"If-Match": '"1"'}
    )
    assert one.status_code == 422
    assert await names(client, county) == sorted(["一号院", "二号院"])  # nothing of all that happened
