"""What is printed: forms for doors with a QR code, the list of a round as a sheet, and where the code leads."""

from io import BytesIO
from zipfile import ZipFile

import httpx

from tests.api.consultations.city import City, doors

NASTY = "=HYPERLINK(0)"


def strings_and_formulas(file: bytes) -> tuple[str, bool]:
    """All that a workbook says, and whether any cell computes."""
    with ZipFile(BytesIO(file)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    return sheet, "<f>" in sheet


async def test_a_form_for_each_door_of_an_entrance_that_does_not_agree(city: City) -> None:
    roll = await city.roll({("3", "2", "301"): ("王伟", "80"), ("3", "2", "302"): ("李<b>", "60")})
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    path = f"/v1/consultations/{consultation}/form"
    entrance = {"entrance_id": str(roll.doors["3", "2", "301"].entrance_id)}
    both = await city.community.get(path, params=entrance)
    assert (both.status_code, both.text.count("居民征询意见表")) == (200, 2)
    assert "3-2-301" in both.text
    assert "王*" in both.text
    assert "王伟" not in both.text
    assert "<b>" not in both.text
    assert both.text.count("<svg") == 2
    assert f"/public/consultations/{consultation}" in both.text
    assert "第 1 版方案" in both.text
    assert both.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in both.headers["content-security-policy"]
    await city.answer(consultation, {roll.properties[0]: "agree"})
    assert (await city.community.get(path, params=entrance)).text.count("居民征询意见表") == 1
    one = {"property_id": str(roll.properties[0])}
    assert (await city.community.get(path, params=one)).status_code == 404, "who agrees is not asked again"
    blank = await city.community.get(path, headers={"Accept-Language": "en"})
    assert blank.text.count("Consultation of residents") == 1
    assert "301" not in blank.text
    assert (await city.neighbour.get(path)).status_code == 404


async def test_the_form_about_duties_lists_them(city: City) -> None:
    await city.follow("beijing")
    roll = await city.roll(doors(1, 1, 1))
    consultation = (await city.open(roll.compound_id, "duties"))["id"]
    page = (await city.community.get(f"/v1/consultations/{consultation}/form")).text
    for duty in ("配合改造", "拆除违法建设", "缴纳物业费", "归集住宅专项维修资金"):
        assert duty in page


async def test_the_sheet_of_a_round_masks_names_and_computes_nothing(city: City) -> None:
    roll = await city.roll({("=1", "2", "301"): (NASTY, "80"), ("=1", "2", "302"): ("王伟", "60")})
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    await city.visit(consultation, {roll.properties[1]: "agreed"}, ["owners_committee"])
    path = f"/v1/consultations/{consultation}/rounds/1/targets.xlsx"
    waiting = await city.community.get(path)
    assert waiting.status_code == 200
    said, computes = strings_and_formulas(waiting.content)
    assert not computes
    assert "=*" in said
    assert "HYPERLINK" not in said
    assert "302" not in said, "who agrees is not visited again"
    whole, _ = strings_and_formulas((await city.community.get(path, params={"waiting": False})).content)
    assert "王*" in whole
    assert "王伟" not in whole
    assert (await city.neighbour.get(path)).status_code == 404
    assert (await city.community.get(path.replace("rounds/1", "rounds/2"))).status_code == 404


async def test_where_the_code_leads_there_is_no_figure(city: City, api: httpx.AsyncClient) -> None:
    roll = await city.roll(doors(1, 1, 2))
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    shown = (await api.get(f"/public/consultations/{consultation}")).json()
    assert (shown["matter"], shown["round"], shown["actors"]) == ("plan", 1, ["owners_committee"])
    assert not {"doors", "agreed", "project_id", "region_path", "close_reason"} & set(shown)
    assert (await api.get(f"/public/consultations/{roll.compound_id}")).status_code == 404
