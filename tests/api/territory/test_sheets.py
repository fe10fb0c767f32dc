"""A compound's other sheets: drawings, governance, eligibility, renovating compared with rebuilding."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]

POLICY = """\
id: own_{name}
version: 1
title: 本市竞争比选
eligibility:
  source: 省级文件
  built_before: {{year: 2000}}
  self_built_share_at_most: {{share: "1/2", source: 001_d2c724e6bca81fae.txt}}
rebuild: {{close_share: "2/3", illustrative: true}}
rubric: {{same_as: ningbo, illustrative: true}}
selection: {{partition: county, over_cap: skip, illustrative: true}}
notices: {{ranking: {{days: 5, unit: workday, illustrative: true}}}}
"""


async def compound_of(client: httpx.AsyncClient, region: Region) -> str:
    answer = await client.post("/v1/compounds", json={"region_id": str(region.id), "name": "南岳新村"})
    assert answer.status_code == 201, answer.text
    return f"/v1/compounds/{answer.json()['id']}"


async def attest(client: httpx.AsyncClient, at: str, key: str, value: str, **over: Any) -> None:
    fact = {"key": key, "value": value, "source": "街道", "document": "摸底表", **over}
    answer = await client.post(f"{at}/facts", json={"facts": [fact]})
    assert answer.status_code == 201, answer.text


async def under_own_policy(client: httpx.AsyncClient, region: Region) -> None:
    name = region.id.hex
    stored = await client.post("/v1/policies", json={"region_id": str(region.id), "text": POLICY.format(name=name)})
    assert stored.status_code == 201, stored.text
    body = {"policy_id": f"own_{name}", "number": 1}
    assert (await client.post(f"/v1/regions/{region.id}/policy", json=body)).status_code == 201


def drawing(kind: str, state: str = "present", **over: Any) -> dict[str, Any]:
    return {"kind": kind, "state": state, "source": "城建档案馆", **over}


async def test_drawings_tell_what_is_missing_and_it_is_counted(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    await attest(client, at, "compound.drawings_missing", "0")
    every = ["architecture", "structure", "water", "electricity", "gas", "as_built", "pipelines"]
    assert (await client.get(f"{at}/drawings")).json()["missing"] == every

    said = [
        drawing("architecture", archive_place="卷宗 1988-017"),
        drawing("pipelines", "missing"),
        drawing("pipelines", "resurvey_ordered", document="委托书3号"),
        drawing("structure", "resurveyed", archive_place="卷宗 2026-002"),
    ]
    answers = [await client.post(f"{at}/drawings", json=one) for one in said]
    assert {answer.status_code for answer in answers} == {201}
    again = await client.post(f"{at}/drawings", json=said[-1])
    assert again.json() == answers[-1].json() == (await client.get(f"{at}/drawings")).json()
    assert [(one["kind"], one["state"], one["archive_place"]) for one in again.json()["items"]] == [
        ("architecture", "present", "卷宗 1988-017"),
        ("pipelines", "resurvey_ordered", None),
        ("structure", "resurveyed", "卷宗 2026-002"),
    ]
    assert again.json()["missing"] == ["water", "electricity", "gas", "as_built", "pipelines"]

    (fact,) = (await client.get(at)).json()["facts"]
    assert (fact["key"], fact["value"], fact["kind"]) == ("compound.drawings_missing", "5", "counted")
    assert [one["value"] for one in fact["replaced"]] == ["0"]
    pages = [(await client.get(f"{at}/drawings/history", params={"limit": 3})).json()]
    pages.append(
        (await client.get(f"{at}/drawings/history", params={"cursor": pages[0]["next_cursor"]})).json(),
    )
    ever = [(one["kind"], one["state"], one["superseded_at"] is None) for page in pages for one in page["items"]]
    assert ever == [
        ("architecture", "present", True),
        ("pipelines", "missing", False),
        ("pipelines", "resurvey_ordered", True),
        ("structure", "resurveyed", True),
    ]
    async with database.read() as connection:
        told = await connection.fetch(
            "SELECT data -> 'missing' AS missing FROM event WHERE kind = 'compound.drawing_recorded' AND subject_id = $1"
            " ORDER BY id",
            at.rpartition("/")[2],
        )
    assert [row["missing"] for row in told] == [6, 6, 6, 5]


async def test_what_is_not_there_has_no_place_in_the_archive(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    for state in ("missing", "resurvey_ordered"):
        answer = await client.post(f"{at}/drawings", json=drawing("gas", state, archive_place="卷宗1"))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/archive_place")
    assert (await client.get(f"{at}/drawings")).json()["items"] == []


async def test_drawings_recorded_at_once_are_all_counted(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("community", county)
    at = await compound_of(client, county)
    said = [drawing(kind) for kind in ("architecture", "structure", "water", "gas")]
    said += [drawing("pipelines", state) for state in ("present", "missing", "resurvey_ordered", "resurveyed")]
    answers = await asyncio.gather(*(client.post(f"{at}/drawings", json=one) for one in said))
    assert {answer.status_code for answer in answers} == {201}
    found = (await client.get(f"{at}/drawings")).json()
    assert len(found["items"]) == 5
    (fact,) = (await client.get(at)).json()["facts"]
    assert fact["value"] == str(len(found["missing"]))


async def test_governance_says_what_holds_since_when_and_what_was_said_before(
    region: MakeRegion, staff: MakeStaff
) -> None:
    county = await region("county")
    client = await staff("community", county)
    other = await staff("department", county)
    at = await compound_of(client, county)
    committee = "governance.committee"
    await attest(client, at, committee, "false", observed_on="2020-01-01")
    await attest(client, at, committee, "true", observed_on="2021-05-01", document="备案表")
    await attest(client, at, committee, "true", observed_on="2026-01-01", document="复核表")
    await attest(client, at, "governance.committee_party_share", "3/5")
    await attest(client, at, "governance.property_service", "false")
    await attest(client, at, "governance.self_managed", "true")
    await attest(client, at, "governance.party_organisation", "true")
    await attest(other, at, "governance.party_organisation", "false", source="组织部")

    found = (await client.get(f"{at}/governance")).json()
    assert found["management_modes"] == ["governance.self_managed"]
    items = {item["key"]: item for item in found["items"]}
    assert items[committee]["since"] == "2021-05-01"
    assert items[committee]["holds"]["document"] == "复核表"
    assert [(one["value"], one["document"]) for one in items[committee]["history"]] == [
        ("true", "复核表"),
        ("true", "备案表"),
        ("false", "摸底表"),
    ]
    assert items["governance.committee_party_share"]["holds"]["value"] == "0.6"
    assert len(items["governance.party_organisation"]["holds"]["conflict"]) == 2
    assert items["governance.party_organisation"]["since"] is None
    assert (items["governance.cross_posts"]["holds"], items["governance.cross_posts"]["history"]) == (None, [])


@pytest.mark.parametrize(
    ("year", "self_built", "eligible", "met"),
    [
        ("2000", "0.5", "yes", ["yes", "yes"]),
        ("2001", "0.1", "no", ["no", "yes"]),
        ("1985", "0.51", "no", ["yes", "no"]),
        ("1985", None, "unknown", ["yes", "unknown"]),
        (None, "0.51", "no", ["unknown", "no"]),
        (None, None, "unknown", ["unknown", "unknown"]),
    ],
)
async def test_eligibility_by_year_and_self_built_share(
    region: MakeRegion, staff: MakeStaff, year: str | None, self_built: str | None, eligible: str, met: list[str]
) -> None:
    county = await region("county")
    client = await staff("city", county)
    at = await compound_of(client, county)
    await under_own_policy(client, county)
    for key, value in (("compound.built_year", year), ("compound.self_built_share", self_built)):
        if value is not None:
            await attest(client, at, key, value)
    found = (await client.get(f"{at}/eligibility")).json()
    assert (found["eligible"], [one["met"] for one in found["criteria"]]) == (eligible, met)
    assert [(one["id"], one["limit"], one["source"]) for one in found["criteria"]] == [
        ("built_before", "2000", "省级文件"),
        ("self_built_share_at_most", "0.5", "001_d2c724e6bca81fae.txt"),
    ]
    assert [one["fact"] and one["fact"]["value"] for one in found["criteria"]] == [year, self_built]


async def test_eligibility_is_unknown_while_sources_differ_and_needs_a_policy(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    county = await region("county")
    client = await staff("city", county)
    at = await compound_of(client, county)
    nothing = await client.get(f"{at}/eligibility")
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/no-policy-in-force")
    async with database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    for policy, criteria in (("liuzhou", ["built_before"]), ("fenggang", [])):
        await client.post(f"/v1/regions/{county.id}/policy", json={"policy_id": policy, "number": 1})
        found = (await client.get(f"{at}/eligibility")).json()
        assert [one["id"] for one in found["criteria"]] == criteria
        assert found["eligible"] == ("unknown" if criteria else "yes")
    await under_own_policy(client, county)
    await attest(client, at, "compound.self_built_share", "0")
    for year, source in (("1999", "街道"), ("2003", "住建局")):
        await attest(client, at, "compound.built_year", year, source=source)
    found = (await client.get(f"{at}/eligibility")).json()
    assert found["eligible"] == "unknown"
    assert {one["value"] for one in found["criteria"][0]["fact"]["conflict"]} == {"1999", "2003"}


def comparison(**over: Any) -> dict[str, Any]:
    return {
        "renovate_cost": "2000000.00",
        "rebuild_cost": "3000000.00",
        "appraisal_grade": "C",
        "remaining_years": 15,
        "conclusion": "rebuild",
        "assessed_on": "2026-05-20",
        "source": "房屋安全鉴定所",
        "document": "鉴定报告12号",
    } | over


async def test_renovating_is_compared_with_rebuilding_exactly(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    client = await staff("city", county)
    at = await compound_of(client, county)
    bare = await client.post(f"{at}/comparisons", json=comparison())
    assert bare.status_code == 201, bare.text
    assert (bare.json()["ratio"], bare.json()["comes_close"], bare.json()["renovate_cost_per_m2"]) == (
        "2/3",
        None,
        None,
    )
    await attest(client, at, "compound.floor_area", "1500.5")
    await under_own_policy(client, county)
    close = (await client.post(f"{at}/comparisons", json=comparison())).json()
    assert (close["renovate_cost_per_m2"], close["rebuild_cost_per_m2"]) == ("4000000/3001", "6000000/3001")
    assert (close["close_share"], close["comes_close"]) == ("2/3", True)
    below = comparison(renovate_cost="1999999.99", conclusion="renovate")
    far = (await client.post(f"{at}/comparisons", json=below)).json()
    assert far["comes_close"] is False

    # What was recorded stays what it was, whatever becomes of the area.
    await attest(client, at, "compound.floor_area", "3000")
    first = (await client.get(f"{at}/comparisons", params={"limit": 2})).json()
    rest = (await client.get(f"{at}/comparisons", params={"cursor": first["next_cursor"]})).json()
    assert first["items"] + rest["items"] == [bare.json(), close, far]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"rebuild_cost": "0"}, "/rebuild_cost"),
        ({"assessed_on": "2999-01-01"}, "/assessed_on"),
        ({"appraisal_grade": "E"}, "/appraisal_grade"),
        ({"renovate_cost": "1.234"}, "/renovate_cost"),
        ({"remaining_years": -1}, "/remaining_years"),
    ],
)
async def test_a_wrong_comparison_is_named(
    region: MakeRegion, staff: MakeStaff, wrong: dict[str, Any], pointer: str
) -> None:
    county = await region("county")
    client = await staff("city", county)
    at = await compound_of(client, county)
    answer = await client.post(f"{at}/comparisons", json=comparison(**wrong))
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])
    assert (await client.get(f"{at}/comparisons")).json()["items"] == []
