"""What is printed of a run: the public notice and the sheet. Nothing that a person typed becomes markup or a formula."""

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import httpx
import pytest

from services.core.facts.rules import Kind
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM
from tests.api.selection.world import STOCK, World, plan_of
from tests.api.selection.year import plan, plan_of_year

STOP = """
INSERT INTO plan_entry (id, plan_id, project_id, run_id, year, region_path, number, kind, partition, rank, carried_times,
                        ground, document, at)
SELECT $2, plan_id, project_id, run_id, year, region_path, number + 1, 'dropped', partition, rank, 0,
       'emergency', '甬建发〔2027〕9号', now()
FROM plan_entry WHERE project_id = $1
"""
SCRIPT = "<script>alert('甲')</script>"
FORMULA = '=HYPERLINK("http://example.org","甲")'


class Read(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.cells.append(data.strip())


async def ranked(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """A round of two counties, run: names that want to be more than names, a synthetic figure, one that is not ranked."""
    north, south = world.streets
    compound = await world.compound(north, {**STOCK, "compound.households": "120"}, name=FORMULA)
    await world.project(north, title=SCRIPT, compounds=[compound])
    await world.project(north, title="危房少", stock={**STOCK, "compound.hazards": "1"})
    await world.project(north, title="未表决", attested={"vote.menu.passed": "true"})
    south_compound = await world.compound(south)
    await world.record(
        "compound", south_compound, south, {"facilities.basic.defect_share": "0.5"}, source="演示", kind=Kind.SYNTHETIC
    )
    await world.project(south, title="另一县", compounds=[south_compound])
    found = await world.round(title="一<b>轮", caps=[{"count": 1}], reserve=1)
    await world.freeze(found["id"])
    return found, await world.run(found["id"])


async def test_the_notice_is_a_page_without_scripts_that_shows_what_was_published(
    world: World, api: httpx.AsyncClient
) -> None:
    found, run = await ranked(world)
    path = f"/public/rounds/{found['id']}/notice"
    assert (await api.get(path)).status_code == 404, "nothing is published yet"
    assert (await world.city.post(f"/v1/runs/{run['id']}/publish")).status_code == 201
    answer = await api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Read(answer.text)
    assert not {"script", "img", "link", "iframe", "b"} & set(page.elements)
    assert not [name for name in page.attributes if name.startswith("on") or name in {"src", "href", "style"}]
    assert "&lt;script&gt;" in answer.text

    style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "@page { size: A4" in style.group(1)
    assert "url(" not in style.group(1)
    assert "import" not in style.group(1)

    shown = (await api.get(f"/public/rounds/{found['id']}/ranking")).json()
    text = " ".join(page.cells)
    for one in shown["results"]:
        assert one["title"] in text
        assert one["sentence"]["zh"] in text
        assert all(name in text for name in one["compounds"])
    [first] = [one for one in shown["results"] if one["title"] == SCRIPT]
    assert (first["households"], first["budget"], first["rank"]) == ("120", "400000.5", 1)
    place = page.cells.index(SCRIPT)
    row = page.cells[place - 2 : place + 4]
    assert row == ["1", first["no"], SCRIPT, FORMULA, "120", "400,000.50"]
    assert {"实施", "谋划"} <= set(page.cells)
    assert "另一县 *" in text
    assert "标 * 的项目含演示数据" in text
    assert "评分细则为示例" in text
    assert shown["policy"]["digest"] in text
    assert shown["run"]["digest"] in text
    assert f"至 {shown['notice']['until'][:4]}年" in text
    assert shown["notice"]["how_to_object"]["zh"] in text


async def test_the_notice_speaks_both_languages_and_is_the_same_bytes(world: World, api: httpx.AsyncClient) -> None:
    found, run = await ranked(world)
    await world.city.post(f"/v1/runs/{run['id']}/publish")
    path = f"/public/rounds/{found['id']}/notice"
    chinese = await api.get(path)
    english = await api.get(path, headers={"Accept-Language": "en"})
    assert '<html lang="en">' in english.text
    assert "Projects that were not ranked:" in english.text
    assert chinese.headers["etag"] != english.headers["etag"]
    assert chinese.headers["vary"] == "Accept-Language"
    again = await api.get(path, headers={"If-None-Match": chinese.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    north = await api.get(path, params={"partition": str(world.counties[0].id)})
    assert "另一县" not in north.text
    assert "危房少" in north.text
    assert (await api.get(path, params={"partition": str(uuid4())})).status_code == 404


def cells(content: bytes) -> dict[str, tuple[str, str]]:
    """The cells of the first sheet: type and text by place."""
    with ZipFile(BytesIO(content)) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    found = {}
    for place, attributes, inner in re.findall(r'<c r="([A-Z]+\d+)"([^>]*?)(?:/>|>(.*?)</c>)', sheet, re.DOTALL):
        kind = re.search(r't="(\w+)"', attributes)
        text = unescape(re.sub("<[^>]+>", "", inner))
        found[place] = ("n" if kind is None else kind.group(1), text)
    assert "<f>" not in sheet
    assert 'ySplit="3"' in sheet, "the headings stay"
    return found


async def test_the_sheet_holds_text_as_text_and_is_the_same_bytes(world: World) -> None:
    _, run = await ranked(world)
    path = f"/v1/runs/{run['id']}/ranking.xlsx"
    answer = await world.city.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["content-disposition"] == f'attachment; filename="ranking-{run["id"]}.xlsx"'
    assert (await world.city.get(path)).content == answer.content
    found = cells(answer.content)
    assert found["A1"] == ("inlineStr", "一<b>轮")
    assert found["B3"] == ("inlineStr", "名次\nRank")
    assert (found["B4"], found["G4"]) == (("n", "1"), ("n", "400000.5"))
    assert found["D4"] == ("inlineStr", SCRIPT)
    assert found["E4"] == ("inlineStr", FORMULA)
    assert found["F4"] == ("n", "120")
    assert found["F5"][1] == "", "what is not known is left blank"
    foot = " ".join(text for _, text in found.values())
    assert run["digest"] in foot
    assert "ningbo@1" in foot
    assert "基础类设施缺损" in foot, "the synthetic figure is named in its row"
    south = cells((await world.city.get(path, params={"partition": str(world.counties[1].id)})).content)
    assert south["D4"] == ("inlineStr", "另一县")


async def test_sheets_keep_to_the_scope_and_wait_for_the_run(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round(world.counties[0])
    await world.freeze(found["id"])
    asked = (await world.city.post(f"/v1/rounds/{found['id']}/runs")).json()
    path = f"/v1/runs/{asked['id']}/ranking.xlsx"
    early = await world.district.get(path)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/run-not-done")
    await world.work(asked["id"])
    assert (await world.district.get(path)).status_code == 200
    assert (await world.other_district.get(path)).status_code == 404


async def test_too_many_projects_are_printed_by_partition(
    world: World, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, run = await ranked(world)
    await world.city.post(f"/v1/runs/{run['id']}/publish")
    monkeypatch.setattr("services.core.selection.printing.MOST_ROWS", 3)
    long = await api.get(f"/public/rounds/{found['id']}/notice")
    assert (long.status_code, long.json()["type"]) == (422, "/problems/print-too-long")
    short = await api.get(f"/public/rounds/{found['id']}/notice", params={"partition": str(world.counties[0].id)})
    assert short.status_code == 200


async def test_the_plan_of_a_year_is_a_sheet_beside_what_was_confirmed(world: World) -> None:
    first = await world.project(world.streets[0], title=FORMULA, plan=plan_of("100"))
    await world.project(world.streets[0], title="乙", stock={**STOCK, "compound.hazards": "1"}, plan=plan_of("200.5"))
    await world.project(world.streets[1], title="丙", plan=plan_of("300"))
    found = await world.round(caps=[{"count": 1}], reserve=1)
    await plan_of_year(world, found["id"])
    held = {one["no"]: one for one in (await plan(world))["items"]}
    body = {"project_id": first["id"], "client_unit": "区住建局", "document": "甬建发〔2027〕3号"}
    version = {"If-Match": f'"{held[first["no"]]["version"]}"'}
    adjusted = await world.city.post("/v1/plans/2027/adjust", json=body, headers=version)
    assert adjusted.status_code == 201, adjusted.text
    path = f"/v1/plans/2027.xlsx?region={world.root.id}"
    answer = await world.city.get(path)
    assert answer.status_code == 200, answer.text
    assert (await world.city.get(path)).content == answer.content
    shown = cells(answer.content)
    rows = {shown[f"A{line}"][1]: line for line in (4, 5, 6)}
    assert set(rows) == set(held)
    line = rows[first["no"]]
    assert shown[f"B{line}"] == ("inlineStr", FORMULA)
    assert (shown[f"C{line}"][1], shown[f"H{line}"][1], shown[f"E{line}"][1]) == (
        "实施 implement", "调整 adjusted", "区住建局",
    )  # fmt: skip
    assert (shown[f"K{line}"][1], shown[f"M{line}"][1]) == ("实施 implement", "")
    assert {shown[f"C{line}"][1] for line in rows.values()} == {"实施 implement", "谋划 reserve"}
    assert "谋划 reserve: 1 个项目 projects, 200.5 元 yuan, 1000 m²" in {text for _, text in shown.values()}
    south = cells((await world.other_district.get(f"/v1/plans/2027.xlsx?region={world.counties[1].id}")).content)
    assert south["B4"][1] == "丙"
    assert "A5" not in south
    assert (await world.other_district.get(path)).status_code == 404
    empty = cells((await world.city.get(f"/v1/plans/2031.xlsx?region={world.root.id}")).content)
    assert "A4" not in empty


async def test_the_plan_of_the_year_is_a_page_that_shows_its_lists_and_what_became_of_them(
    world: World, api: httpx.AsyncClient
) -> None:
    found, _ = await ranked(world)
    where = {"region": str(world.root.id)}
    path = "/public/plans/2027/notice"
    assert (await api.get(path, params=where)).status_code == 404, "no plan is confirmed yet"
    await plan_of_year(world, found["id"])
    answer = await api.get(path, params=where)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Read(answer.text)
    assert not {"script", "img", "link", "iframe", "b"} & set(page.elements)
    assert not [name for name in page.attributes if name.startswith("on") or name in {"src", "href", "style"}]
    assert {"实施", "谋划"} <= set(page.cells)
    assert unescape("&lt;script&gt;") not in answer.text
    assert [cell for cell in page.cells if cell.endswith(" *")] == ["另一县 *"], (
        "what rests on synthetic figures is marked"
    )
    entries = (await plan(world))["items"]
    assert all(one["no"] in page.cells for one in entries)
    assert (await api.get(path, params=where, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
    english = await api.get(path, params=where, headers={"Accept-Language": "en"})
    assert {"implement", "reserve", "Client unit"} <= set(Read(english.text).cells)
    stopped = next(one for one in entries if one["list"] == "implement")
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(STOP, UUID(stopped["project_id"]), new_id())
    after = Read((await api.get(path, params=where)).text)
    assert {"停止实施", "突发事件", "甬建发〔2027〕9号"} <= set(after.cells)
    county = await api.get(path, params={"region": str(world.counties[1].id)})
    assert "另一县 *" in " ".join(Read(county.text).cells)
