"""Files that are hard to read or mean harm: each is read rightly, or refused with a name for what is wrong."""

import io
import re
import zipfile
from uuid import uuid4

import pytest

from services.core.exchange import workbook, worksheet
from services.core.exchange.cells import Fault
from services.core.exchange.findings import FileRefused
from services.core.exchange.forms import COMPOUNDS
from services.core.exchange.tables import open_table
from tests.api.exchange.sheets import Clerk, csv, xlsx

HEAD = "小区编号,小区名称,所属区域,户数"
TABLE: list[list[object]] = [["小区名称", "所属区域", "户数"], ["南岳", "何家社区", 120]]


def changed(content: bytes, part: str, pattern: bytes, into: bytes) -> bytes:
    """A workbook with a part rewritten."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                data, times = re.subn(pattern, into, data)
                assert times
            new.writestr(name, data)
    return target.getvalue()


SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"


def names(content: bytes) -> list[object]:
    """The compound names that a file holds."""
    table = open_table(content, COMPOUNDS)
    (column,) = (number for number, known in table.known.items() if known.key == "name")
    return [cells.get(column) for _, cells in table.rows]


def refusal(content: bytes) -> list[str]:
    """Why a file is refused."""
    with pytest.raises(FileRefused) as refused:
        names(content)
    return [finding.code for finding in refused.value.findings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_the_encodings_and_with_the_delimiters_of_offices(encoding: str, delimiter: str) -> None:
    content = csv(
        *(line.replace(",", delimiter) for line in (HEAD, ",南岳,何家社区,1", "", ',"龙泉\n北区",何家社区,2')),
        encoding=encoding,
    )
    assert names(content) == ["南岳", "龙泉\n北区"]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", ["header-missing"]),
        (b"\xff\xff\xfe\x81", ["file-encoding"]),
        (b"PK\x03\x04 no archive", ["file-unreadable"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ["file-old-excel"]),
        (csv("小区名称,户数", '"南岳,1'), ["file-unreadable"]),
        (csv("甲,乙", "1,2"), ["header-missing"]),
        (csv("小区编号,户数,房价", "1,2,3"), ["column-unknown", "column-missing"]),
        (csv("小区名称,户数,小区名称", "南岳,1,龙泉"), ["column-repeated"]),
        (csv("小区名称,户数", "南岳," + "," * 300 + "x"), ["file-too-large"]),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(content: bytes, codes: list[str]) -> None:
    assert refusal(content) == codes


def test_a_workbook_of_another_program() -> None:
    """Prefixed names, cells without references, text in several pieces with a reading aid."""
    content = xlsx(TABLE)
    bare = changed(content, SHEET, rb' r="[A-Z]*\d+"', b"")
    prefixed = changed(bare, SHEET, rb"<(/?)(?=\w)", rb"<\1x:")
    prefixed = changed(prefixed, SHEET, rb'xmlns="', b'xmlns:x="')
    assert names(prefixed) == ["南岳"]
    spoken = changed(
        content,
        "xl/sharedStrings.xml",
        "<t>南岳</t>".encode(),
        "<r><t>南</t></r><r><t>岳</t></r><rPh><t>x</t></rPh>".encode(),
    )
    assert names(spoken) == ["南岳"]


@pytest.mark.parametrize(
    ("part", "pattern", "into"),
    [
        (SHEET, rb"^<\?xml[^>]*>", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'),
        (SHEET, rb"</sheetData>", b""),
        (SHEET, rb"<v>0</v>", b"<v>99</v>"),
        (SHEET, rb"UTF-8", b"UTF-9"),
        (BOOK, rb"<sheets>", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><sheets>'),
        ("xl/_rels/workbook.xml.rels", rb"sheet1", b"sheet9"),
    ],
)
def test_a_workbook_that_is_broken_or_declares_entities(part: str, pattern: bytes, into: bytes) -> None:
    assert refusal(changed(xlsx(TABLE), part, pattern, into)) == ["file-unreadable"]


def test_a_cell_at_the_far_corner_costs_nothing() -> None:
    content = xlsx(TABLE)
    far = b'<row r="1048576"><c r="XFD1048576"%s/></row></sheetData>'
    assert names(changed(content, SHEET, rb"</sheetData>", far % b' s="0"')) == ["南岳"]
    filled = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    assert refusal(changed(content, SHEET, rb"</sheetData>", filled)) == ["file-too-large"]


@pytest.mark.parametrize(("limit", "part"), [("MAX_UNFOLDED", SHEET), ("MAX_STRINGS", "xl/sharedStrings.xml")])
def test_what_unfolds_to_too_much_is_cut_off(limit: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of blanks is a kilobyte in the file; the directory may even lie about it."""
    bomb = changed(xlsx(TABLE), part, rb">\s*$", b">" + b" " * 2**21)
    assert names(bomb) == ["南岳"]
    monkeypatch.setattr(workbook, limit, 2**20)
    assert len(bomb) < 2**16
    assert refusal(bomb) == ["file-too-large"]


def test_many_sheets_are_no_way_round_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand names for one part: each look at it counts."""
    content = changed(xlsx([["甲", "乙"]]), SHEET, rb"</sheetData>", b"<row/>" * 100_000 + b"</sheetData>")
    content = changed(content, BOOK, rb"(<sheet [^>]*/>)", rb"\1" * 100)
    monkeypatch.setattr(workbook, "MAX_UNFOLDED", 2**20)
    assert refusal(content) == ["file-too-large"]


def test_a_cell_without_end_is_not_kept() -> None:
    content = changed(
        xlsx(TABLE), SHEET, rb'<c r="A2"[^>]*>.*?</c>', b'<c r="A2" t="str"><v>' + b"x" * 2**20 + b"</v></c>"
    )
    (name,) = names(content)
    assert len(str(name)) == worksheet.MAX_CELL + 1


def test_rows_past_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worksheet, "MAX_ROWS", 10)
    rows: list[list[object]] = [["小区名称", "户数"], *([f"小区{number}", 1] for number in range(70))]
    assert refusal(xlsx(rows)) == ["file-too-large"]


def test_cells_that_are_errors_or_lost_their_value() -> None:
    content = changed(xlsx(TABLE), SHEET, rb"<v>120</v>", b"<f>SUM(A1)</f><v></v>")
    assert [cells[3] for _, cells in open_table(content, COMPOUNDS).rows] == [Fault("formula-without-value")]
    content = changed(xlsx(TABLE), SHEET, rb'<c r="C2"><v>120</v>', b'<c r="C2" t="e"><v>#N/A</v>')
    assert [cells[3] for _, cells in open_table(content, COMPOUNDS).rows] == [Fault("cell-error")]


async def test_merged_figures_are_not_multiplied(clerk: Clerk) -> None:
    """A region stands for each row that it was merged over; a number of households does not."""
    rows: list[list[object]] = [["小区名称", "所属区域", "户数"], ["南岳", None, None], ["龙泉", None, None]]
    content = xlsx(rows, merged=[(1, 1, 2, 1, "何家社区"), (1, 2, 2, 2, "120")])
    done = await clerk.bring(content)
    assert done["state"] == "done", await clerk.errors(done["id"])
    found = await clerk.compounds()
    assert {name: one["region_name"] for name, one in found.items()} == {"南岳": "何家社区", "龙泉": "何家社区"}
    assert (set(found["南岳"]["facts"]), set(found["龙泉"]["facts"])) == ({"compound.households"}, set())


async def test_rows_that_are_no_data_are_named(clerk: Clerk) -> None:
    mark = uuid4().hex[:6]
    refused = await clerk.bring(
        csv(
            HEAD + ",数据日期,自建住房占比",
            f"{mark}1,南岳,何家社区,12.5,,",
            f"{mark}2,龙泉,何家社区,1,2026-13-01,",
            f"{mark}3,碧桂,何家社区,1,,150%",
            f"{mark} 4!,万利,何家社区,1,,",
            f"{mark}5,釜山,,1,,",
            f"{mark}6,文峰,何家社区,1,,,多余",
            ",合 计,,300,,",
            f"{mark}1,北门,何家社区,1,,",
            f"{mark}7,西门,何家社区,1,,",
            f"{mark}7,西门,何家社区,1,,",
        )
    )
    assert await clerk.places(refused["id"]) == [
        (2, "D", "value"),
        (3, "E", "date"),
        (4, "F", "value"),
        (5, "A", "code"),
        (6, "C", "required"),
        (7, "G", "column-untitled"),
        (8, None, "row-total"),
        (11, "D", "figure-repeated"),
    ]
    details = {one["row"]: one["detail"] for one in await clerk.errors(refused["id"])}
    assert (details[2], details[4], details[11]) == ("应为整数", "份额不得大于 1", "同一来源对同一项已在第 10 行填报")


async def test_the_bad_rows_come_back_to_be_mended(clerk: Clerk) -> None:
    taken = await clerk.bring(
        csv(HEAD, ",南岳,何家社区,很多", ",龙泉,何家社区,80", ",=1+1,何家社区,x"), mode="good_rows"
    )
    answer = await clerk.client.get(f"/v1/imports/{taken['id']}/errors.xlsx", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    table = open_table(answer.content, COMPOUNDS)
    rows = [cells for _, cells in table.rows]
    assert [row[2] for row in rows] == ["南岳", "=1+1"]
    assert rows[0][5] == "户数：must be a number such as 1200 or 1,200.5"
    mended = changed(answer.content, SHEET, "很多".encode(), b"120")
    mended = changed(mended, SHEET, rb">x<", b">60<")
    done = await clerk.bring(mended)
    assert (done["state"], done["created"]) == ("done", 2), await clerk.errors(done["id"])
    assert {name: one["facts"]["compound.households"]["value"] for name, one in (await clerk.compounds()).items()} == {
        "南岳": "120",
        "龙泉": "80",
        "=1+1": "60",
    }
