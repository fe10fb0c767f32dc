"""A department's printed statement: Quanjiao county's own figures, as the third report of seeds 001 prints them."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.core.kit.uow import Database
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]

DATA = json.loads((Path(__file__).parents[2] / "data/quanjiao.json").read_text(encoding="utf-8"))
KEYS = {
    "land_area": "compound.land_area",
    "households": "compound.households",
    "road": "compound.road",
    "green": "compound.green",
    "parking": "compound.parking",
    "pipe": "compound.pipe",
    "compounds": "compounds",
}
TWO_NAMES = "万利小区釜山新村"


def line_of(entry: dict[str, Any]) -> dict[str, Any]:
    printed = {key: entry.get(name) for name, key in KEYS.items() if name in entry}
    return {
        "label": TWO_NAMES if entry["name"] == "万利小区" else entry["name"],
        "group": "2016-2018" if entry["year"] < 2019 else "2019",
        "figures": {key: None if value is None else str(value) for key, value in printed.items()},
        "counts_as": entry.get("counts_as", 1),
        "note": entry.get("as_printed"),
    }


def statement(region: Region) -> dict[str, Any]:
    return {
        "region_id": str(region.id),
        "title": "老旧小区改造工作进展情况汇报",
        "source": "全椒县住建局",
        "as_of": "2019-08-01",
        "lines": [line_of(entry) for entry in DATA["compounds"]],
        "totals": [
            {"group": group, "key": KEYS[name], "value": str(value)}
            for group, totals in DATA["reported_totals"].items()
            for name, value in totals.items()
        ],
    }


class Quanjiao:
    """The county of a test, its thirteen entries registered, its statement filed."""

    def __init__(self, client: Client, county: Region) -> None:
        self.client, self.county = client, county
        self.compounds: dict[str, str] = {}
        self.report: dict[str, Any] = {}

    async def set_up(self) -> "Quanjiao":
        for entry in DATA["compounds"]:
            body = {"region_id": str(self.county.id), "name": entry["name"]}
            self.compounds[entry["name"]] = (await self.client.post("/v1/compounds", json=body)).json()["id"]
        filed = await self.client.post("/v1/reports", json=statement(self.county))
        assert filed.status_code == 201, filed.text
        self.report = filed.json()
        return self

    def line(self, label: str) -> dict[str, Any]:
        return next(line for line in self.report["lines"] if line["label"] == label)

    async def facts(self, name: str) -> dict[str, Any]:
        found = (await self.client.get(f"/v1/compounds/{self.compounds[name]}")).json()["facts"]
        return {fact["key"]: fact for fact in found}

    async def open(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.client.get("/v1/discrepancies", params={"region": str(self.county.id), **query})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def resolve(self, label: str, name: str) -> Any:
        return await self.client.post(
            f"/v1/reports/{self.report['id']}/lines/{self.line(label)['id']}/resolve",
            json={"compound_id": self.compounds[name], "reason": "釜山新村另有一行，此行为万利小区"},
        )


@pytest.fixture
async def quanjiao(region: MakeRegion, staff: MakeStaff) -> Quanjiao:
    county = await region("county", name="全椒县")
    return await Quanjiao(await staff("district", county), county).set_up()


async def test_what_does_not_fit_in_quanjiaos_statement(quanjiao: Quanjiao) -> None:
    found = {(item["kind"], item.get("key")): item for item in await quanjiao.open()}
    assert set(found) == {
        ("mismatch", "compound.land_area"),
        ("mismatch", "compound.pipe"),
        ("incomplete", "compound.road"),
        ("ambiguous", None),
    }, "households, green, parking and the number of compounds agree, and so do both totals of 2019"
    land = found["mismatch", "compound.land_area"]
    assert (land["reported"], land["summed"], land["difference"]) == ("424903", "411523", "13380")
    pipe = found["mismatch", "compound.pipe"]
    assert (pipe["reported"], pipe["summed"], pipe["difference"]) == ("7655", "7681", "-26")
    road = found["incomplete", "compound.road"]
    assert (road["difference"], road["missing"], road["group"]) == ("2500", ["慈济中学教师宿舍"], "2016-2018")
    two = found["ambiguous", None]
    assert two["label"] == TWO_NAMES
    assert {one["name"] for one in two["candidates"]} == {"万利小区", "釜山新村"}
    assert all(item["source"] == "全椒县住建局" for item in found.values())
    assert await quanjiao.open() == quanjiao.report["discrepancies"]


async def test_lines_beyond_doubt_become_facts_of_the_source(quanjiao: Quanjiao) -> None:
    facts = await quanjiao.facts("南岳新村")
    assert facts["compound.land_area"]["value"] == "73456"
    holding = facts["compound.households"]
    assert (holding["source"], holding["kind"], holding["observed_on"]) == ("全椒县住建局", "attested", "2019-08-01")
    line = quanjiao.line("南岳新村")
    assert holding["source_rows"] == [{"report_id": quanjiao.report["id"], "line_id": line["id"]}]
    assert "compound.road" not in await quanjiao.facts("慈济中学教师宿舍"), "what was not printed is no fact"
    assert await quanjiao.facts("万利小区") == {}, "nobody has said yet which compound that line means"
    assert (await quanjiao.facts("釜山新村"))["compound.households"]["value"] == "260"


async def test_a_person_settles_the_line_with_two_names(quanjiao: Quanjiao, database: Database) -> None:
    taken = await quanjiao.resolve(TWO_NAMES, "釜山新村")
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/report-line-compound-taken")
    answers = await asyncio.gather(*(quanjiao.resolve(TWO_NAMES, "万利小区") for _ in range(5)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 4}
    settled = (await quanjiao.client.get(f"/v1/reports/{quanjiao.report['id']}")).json()
    line = next(line for line in settled["lines"] if line["label"] == TWO_NAMES)
    assert (line["compound_id"], line["candidates"]) == (quanjiao.compounds["万利小区"], [])
    assert line["reason"].startswith("釜山新村另有一行")
    assert [item["kind"] for item in settled["discrepancies"]] == ["mismatch", "incomplete", "mismatch"]
    assert (await quanjiao.facts("万利小区"))["compound.households"]["value"] == "1800"
    async with database.read() as connection:
        kinds = await connection.fetch(
            "SELECT kind FROM event WHERE subject_id = $1 ORDER BY id", quanjiao.report["id"]
        )
    assert [row["kind"] for row in kinds] == ["report.filed", "report_line.resolved"]


async def test_a_compound_tells_what_is_open_about_it(quanjiao: Quanjiao) -> None:
    at = f"/v1/compounds/{quanjiao.compounds['釜山新村']}"
    fact = {"key": "compound.households", "value": "271", "source": "襄河镇", "document": "摸底表"}
    assert (await quanjiao.client.post(f"{at}/facts", json={"facts": [fact]})).status_code == 201
    items = (await quanjiao.client.get(f"{at}/discrepancies")).json()["items"]
    assert Counter(item["kind"] for item in items) == {"conflict": 1, "mismatch": 2, "incomplete": 1, "ambiguous": 1}
    conflict = items[0]
    assert conflict["compound_id"] == quanjiao.compounds["釜山新村"]
    assert {figure["value"] for figure in conflict["figures"]} == {"260", "271"}
    planned = f"/v1/compounds/{quanjiao.compounds['惠德花园']}/discrepancies"
    assert (await quanjiao.client.get(planned)).json()["items"] == []


async def test_the_list_of_discrepancies_pages_without_gaps(quanjiao: Quanjiao) -> None:
    for name in list(quanjiao.compounds)[:5]:
        facts = [
            {"key": key, "value": "1", "source": "文明办", "document": "统计表"}
            for key in ("compound.households", "compound.land_area")
        ]
        await quanjiao.client.post(f"/v1/compounds/{quanjiao.compounds[name]}/facts", json={"facts": facts})
    whole = await quanjiao.open(limit=100)
    assert Counter(item["kind"] for item in whole) == {"conflict": 10, "mismatch": 2, "incomplete": 1, "ambiguous": 1}
    for limit in (1, 3, 4, 13, 14):
        seen: list[dict[str, Any]] = []
        cursor = None
        while True:
            query: dict[str, Any] = {"region": str(quanjiao.county.id), "limit": limit} | (
                {"cursor": cursor} if cursor else {}
            )
            page = (await quanjiao.client.get("/v1/discrepancies", params=query)).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == whole
    for kind, count in (("conflict", 10), ("mismatch", 2), ("incomplete", 1), ("ambiguous", 1)):
        assert [item["kind"] for item in await quanjiao.open(kind=kind)] == [kind] * count


async def test_an_adjudicated_conflict_leaves_the_list_until_a_new_value_comes(quanjiao: Quanjiao) -> None:
    at = f"/v1/compounds/{quanjiao.compounds['东苑小区']}"

    async def say(source: str, value: str) -> str:
        fact = {"key": "compound.households", "value": value, "source": source, "document": "摸底表"}
        answer = await quanjiao.client.post(f"{at}/facts", json={"facts": [fact]})
        return str(answer.json()["facts"][0]["fact_id"])

    chosen = await say("襄河镇", "510")
    assert len(await quanjiao.open(kind="conflict")) == 1
    body = {"key": "compound.households", "fact_id": chosen, "reason": "逐户核对"}
    assert (await quanjiao.client.post(f"{at}/adjudicate", json=body)).status_code == 201
    assert await quanjiao.open(kind="conflict") == []
    await say("文明办", "500")
    assert await quanjiao.open(kind="conflict") == [], "500 was on the table already"
    await say("文明办", "505")
    assert len(await quanjiao.open(kind="conflict")) == 1
    await say("襄河镇", "505")
    assert {figure["value"] for figure in (await quanjiao.open(kind="conflict"))[0]["figures"]} == {"500", "505"}


async def test_a_synthetic_figure_is_no_conflict(quanjiao: Quanjiao) -> None:
    fact = {"key": "compound.households", "value": "1", "source": "演示数据", "kind": "synthetic"}
    at = f"/v1/compounds/{quanjiao.compounds['东苑小区']}"
    await quanjiao.client.post(f"{at}/facts", json={"facts": [fact]})
    assert await quanjiao.open(kind="conflict") == []


async def test_reports_stay_inside_the_scope(quanjiao: Quanjiao, region: MakeRegion, staff: MakeStaff) -> None:
    foreign = await region("county")
    outsider = await staff("city", foreign)
    at = f"/v1/reports/{quanjiao.report['id']}"
    assert (await outsider.get(at)).status_code == 404
    assert (await outsider.get("/v1/reports")).json()["items"] == []
    assert (await outsider.get("/v1/discrepancies", params={"region": str(quanjiao.county.id)})).status_code == 404
    assert (await outsider.get("/v1/discrepancies")).json()["items"] == []
    assert (await outsider.post("/v1/reports", json=statement(quanjiao.county))).status_code == 404
    line = quanjiao.line(TWO_NAMES)["id"]
    body = {"compound_id": quanjiao.compounds["万利小区"], "reason": "x"}
    assert (await outsider.post(f"{at}/lines/{line}/resolve", json=body)).status_code == 404
    elsewhere = await outsider.post("/v1/compounds", json={"region_id": str(foreign.id), "name": "万利小区"})
    away = body | {"compound_id": elsewhere.json()["id"]}
    assert (await quanjiao.client.post(f"{at}/lines/{line}/resolve", json=away)).status_code == 404
    assert (await quanjiao.client.post(f"{at}/lines/{uuid4()}/resolve", json=body)).status_code == 404
    listed = (await quanjiao.client.get("/v1/reports", params={"region": str(quanjiao.county.id)})).json()["items"]
    assert [item["id"] for item in listed] == [quanjiao.report["id"]]


async def test_a_report_with_wrong_places_is_refused_naming_them(quanjiao: Quanjiao) -> None:
    body = statement(quanjiao.county)
    body["lines"][0]["figures"] = {"compound.households": "约1000", "project.budget": "1"}
    body["totals"][0] |= {"group": "2015"}
    body["totals"].append(body["totals"][1])
    body["totals"].append({"group": "2019", "key": "compound.built_year", "value": "1990"})
    answer = await quanjiao.client.post("/v1/reports", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/lines/0/figures/compound.households",
        "/lines/0/figures/project.budget",
        "/totals/0/group",
        f"/totals/{len(body['totals']) - 2}",
        f"/totals/{len(body['totals']) - 1}/value",
    ]
    foreign = statement(quanjiao.county)
    foreign["lines"][0]["compound_id"] = str(uuid4())
    assert (await quanjiao.client.post("/v1/reports", json=foreign)).status_code == 404


async def test_the_filer_may_name_the_compound(quanjiao: Quanjiao) -> None:
    body = statement(quanjiao.county) | {"source": "襄河镇"}
    for line in body["lines"]:
        if line["label"] == TWO_NAMES:
            line["compound_id"] = quanjiao.compounds["万利小区"]
    filed = (await quanjiao.client.post("/v1/reports", json=body)).json()
    assert "ambiguous" not in {item["kind"] for item in filed["discrepancies"]}
    assert all(line["compound_id"] for line in filed["lines"])
    holding = (await quanjiao.facts("万利小区"))["compound.households"]
    assert (holding["value"], holding["source"]) == ("1800", "襄河镇")


async def test_a_report_replaces_nothing_that_another_recorded(quanjiao: Quanjiao, staff: MakeStaff) -> None:
    department = await staff("department", quanjiao.county)
    line = {"label": "某小区", "group": "一", "figures": {"compound.households": "7"}}
    body = {
        "region_id": str(quanjiao.county.id),
        "title": "更正",
        "source": "全椒县住建局",
        "lines": [line, line | {"compound_id": quanjiao.compounds["釜山新村"]}],
        "totals": [],
    }
    before = (await quanjiao.facts("釜山新村"))["compound.households"]
    refused = await department.post("/v1/reports", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/fact-source-of-another")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/lines/1/figures"]
    assert (await quanjiao.facts("釜山新村"))["compound.households"] == before
    assert (await quanjiao.client.post("/v1/reports", json=body)).status_code == 201
    assert (await quanjiao.facts("釜山新村"))["compound.households"]["value"] == "7"


async def test_a_person_settles_why_a_total_differs(quanjiao: Quanjiao, staff: MakeStaff, database: Database) -> None:
    at = f"/v1/reports/{quanjiao.report['id']}"
    land = next(one for one in quanjiao.report["discrepancies"] if one.get("key") == "compound.land_area")
    body = {"reason": "合计含未列出的巷道用地", "document": "全住建函〔2019〕7号"}
    street = await staff("street", quanjiao.county)
    assert (await street.post(f"{at}/totals/{land['total_id']}/resolve", json=body)).status_code == 403

    answers = await asyncio.gather(
        *(quanjiao.client.post(f"{at}/totals/{land['total_id']}/resolve", json=body) for _ in range(5))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 4}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {
        "/problems/report-total-settled"
    }
    assert "compound.land_area" not in {item.get("key") for item in await quanjiao.open()}
    report = (await quanjiao.client.get(at)).json()
    (told,) = [one for one in report["discrepancies"] if one.get("key") == "compound.land_area"]
    assert (told["difference"], told["settled"]["reason"], told["settled"]["document"]) == (
        "13380",
        body["reason"],
        body["document"],
    )
    assert report["totals"] == quanjiao.report["totals"], "what was printed stays as it was"
    others = [one["settled"] for one in report["discrepancies"] if one["kind"] != "ambiguous" and one != told]
    assert others == [None, None]

    households = next(one for one in report["totals"] if one["key"] == "compound.households")
    agrees = await quanjiao.client.post(f"{at}/totals/{households['id']}/resolve", json=body)
    assert (agrees.status_code, agrees.json()["type"]) == (409, "/problems/report-total-agrees")
    async with database.read() as connection:
        told_events = await connection.fetch(
            "SELECT data FROM event WHERE subject_id = $1 AND kind = 'report_total.resolved'", quanjiao.report["id"]
        )
    assert [row["data"] for row in told_events] == [{"total_id": land["total_id"]}]


async def test_a_compound_finds_its_line_behind_hundreds_of_others(quanjiao: Quanjiao) -> None:
    labels = [f"未登记楼院{number:03}" for number in range(250)] + ["南屏　山小区一期"]
    body = {
        "region_id": str(quanjiao.county.id),
        "title": "摸底",
        "source": "街道",
        "lines": [{"label": label, "group": "2020", "figures": {}} for label in labels],
        "totals": [],
    }
    assert (await quanjiao.client.post("/v1/reports", json=body)).status_code == 201
    named = {"region_id": str(quanjiao.county.id), "name": "南屏山小区"}
    made = (await quanjiao.client.post("/v1/compounds", json=named)).json()["id"]
    found = (await quanjiao.client.get(f"/v1/compounds/{made}/discrepancies")).json()["items"]
    assert [one["label"] for one in found if one["kind"] == "ambiguous"] == ["南屏　山小区一期"]
