"""A plan version as it is printed: what it says is there, escaped in the page, text in the sheet, always the same bytes."""

import re
from html import unescape
from io import BytesIO
from zipfile import ZipFile

from tests.api.selection.world import PLAN, World

EVIL = '=cmd|"/c calc"!A1 <script>alert(1)</script>'


async def test_the_page_and_the_sheet_show_the_version_that_is_asked_for(world: World) -> None:
    items = [{**PLAN["items"][0], "title": EVIL}, PLAN["items"][1]]
    project = await world.project(world.streets[0], title="南岳 & 北山", plan={**PLAN, "items": items}, apply=False)
    second = {**PLAN, "budget": "400000.50", "funding": [], "management_mode": None}
    assert (await world.city.post(f"/v1/projects/{project['id']}/plans", json=second)).status_code == 201
    path = f"/v1/projects/{project['id']}/plans/{{}}/document".format

    page = await world.city.get(path(1))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    cells = [unescape(cell).strip() for cell in re.findall("<t[dh][^>]*>(.*?)</t[dh]>", page.text)]
    assert EVIL in cells
    assert {"基础类", "120.5", "300,000.00", "400,000.50", "物业服务", "市级财政", "360,000.45", "90%", "10%"} <= set(
        cells
    )
    assert "南岳 &amp; 北山" in page.text
    assert "演示数据" not in page.text
    unchanged = await world.city.get(path(1), headers={"If-None-Match": page.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    later = await world.city.get(path(2), headers={"Accept-Language": "en"})
    assert "Not arranged yet." in later.text
    assert (await world.city.get(path(3))).status_code == 404
    assert (await world.other_district.get(path(1))).status_code == 404
    assert (await world.other_district.get(path(1) + ".xlsx")).status_code == 404

    sheet = await world.city.get(path(1) + ".xlsx")
    assert (await world.city.get(path(1) + ".xlsx")).content == sheet.content
    with ZipFile(BytesIO(sheet.content)) as file:
        text = file.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in text
    assert EVIL in unescape(text)
    assert "<v>400000.50</v>" in text
    assert "90%" in text


async def test_a_plan_made_up_for_a_demonstration_says_so(world: World) -> None:
    project = await world.project(world.streets[0], plan={**PLAN, "synthetic": True}, attested={}, apply=False)
    path = f"/v1/projects/{project['id']}/plans/1/document"
    assert "演示数据：本方案不作为决策依据。" in (await world.city.get(path)).text
    with ZipFile(BytesIO((await world.city.get(f"{path}.xlsx")).content)) as file:
        assert "Synthetic: this plan decides nothing." in file.read("xl/worksheets/sheet1.xml").decode()
