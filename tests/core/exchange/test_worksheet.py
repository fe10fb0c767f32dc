"""A sheet's rows and the shared strings: what the expressions take is what the parser would have said."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.exchange.findings import FileRefused
from services.core.exchange.parsing import Parsing
from services.core.exchange.workbook import sound
from services.core.exchange.worksheet import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Row, Rows, Strings, Styles

SHARED = ["", "甲", "乙"]
STYLES = Styles(frozenset({1}), {2: 6})
PLAIN = b'<row r="%d" spans="1:3"><c r="A%d" t="s"><v>1</v></c><c r="B%d" s="1"><v>46000</v></c></row>'
CELLS = [
    b'<c r="A1"><v>1</v></c>',
    b'<c r="A1" s="1" t="s"><v>2</v></c>',
    b'<c r="B2" t="s"><v>0</v></c>',
    b'<c r="C1" s="2"><v>12</v></c>',
    b'<c r="B1" s="1"><v>46000</v></c>',
    b'<c r="D1" t="b"><v>1</v></c>',
    b'<c r="D1" t="b"><v>0</v></c>',
    b'<c r="E1"/>',
    b'<c r="E1" s="1"></c>',
    b'<c r="A1"><v>1.2.3</v></c>',
    b'<c r="A1"><v>1e99</v></c>',
    b'<c r="A1" t="n"><v>-0.50</v></c>',
    b"<c><v>7</v></c>",
    b"<c r='F1'><v>8</v></c>",
    b'<c r="F1" t="str"><f>A1&amp;B1</f><v>x</v></c>',
    b'<c r="G1"><f>A1</f></c>',
    b'<c r="G1" t="e"><v>#N/A</v></c>',
    b'<c r="G1" t="inlineStr"><is><t>in</t><rPh><t>no</t></rPh></is></c>',
    b'<c r="H1"><v> 5 </v></c>',
    b'<c r="A1" t="s"><v>9</v></c>',
    b'<c r="A1" t="s"><v>1.5</v></c>',
    b'<c r="ZZZ1"><v>1</v></c>',
    b'<c r="A1" r="B1"><v>1</v></c>',
    b'<c r="A1"><v>&#49;</v></c>',
    b'<c r="B1"><v>1<!-- 2 -->3</v></c>',
    b"<!-- </row> -->",
    b"<![CDATA[ </row> ]]>",
    b" ",
    b"text",
    b"]]>",
    b'<row r="5">',
    b"</row>",
    b"<c>",
    b"<x>",
    b"\xff",
]
STARTS = [
    b"<row>",
    b'<row r="4">',
    b'<row r="4" spans="1:3" x14ac:dyDescent="0.25">',
    b'<row r="4" ht="1" ht="2">',
    b'<row r="4" r="5">',
    b'<row r="x">',
    b'<row r="4" s="&lt;">',
    b'<row\n r="4">',
    b'<x:row r="4">',
]
BETWEEN = [
    b"",
    b"",
    b"",
    b"\r\n  ",
    b"<row/>",
    b'<row r="9"/>',
    b'<!-- <row r="6"> -->',
    b"<![CDATA[</row>",
    b"]]>",
    b"<!--",
    b"-->",
    b"</x:row>",
]
STRINGS = [
    b"<si><t>%s</t></si>",
    b'<si><t xml:space="preserve"> %s</t></si>',
    b'<si><t>%s</t><phoneticPr fontId="1" type="noConversion"/></si>',
    b"<si><r><t>a</t></r><r><t>%s</t></r></si>",
    b"<si><t>a</t><rPh><t>%s</t></rPh></si>",
    b"<si><t><![CDATA[%s]]></t></si>",
    b"<si/>",
    b"<si><t>%s</t>",
    b"<!-- <si><t>%s</t></si> -->",
    b"\n<si><t>%s</t></si>\n",
]
TEXTS = [
    b"",
    "何家社区".encode(),
    b"a&amp;b",
    b"a]b",
    b"]]>",
    b"a\r\nb",
    b"\t",
    b"\x01",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbf\xbe",
    "￥".encode(),
    b"<b/>",
]
HEADS = [
    b"",
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    b'<?xml version="1.0" encoding="ISO-8859-1"?>',
    b"\xef\xbb\xbf",
]


def read(parsing: Parsing, taken: Callable[[], list[object]], content: bytes, size: int) -> object:
    """What comes of a part given in pieces; the codes of its refusal."""
    try:
        with sound():
            for at in range(0, len(content), size):
                parsing.feed(content[at : at + size])
            parsing.close()
    except FileRefused as refusal:
        return [finding.code for finding in refusal.findings]
    return taken()


def both(
    make: Callable[[], tuple[Parsing, Callable[[], list[object]]]], content: bytes, size: int
) -> tuple[object, object]:
    """The same part read with and without passing over the parser."""
    parsing, taken = make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parsing, "passing", lambda *_: None)
        parsed = make()
    return read(parsing, taken, content, size), read(*parsed, content, size)


def rows_of() -> tuple[Parsing, Callable[[], list[object]]]:
    rows = Rows(SHARED, STYLES, False)
    return rows.parsing, lambda: [*rows.taken()]


def strings_of() -> tuple[Parsing, Callable[[], list[object]]]:
    strings = Strings()
    return strings.parsing, lambda: [*strings.found]


@given(
    head=st.sampled_from(HEADS),
    rows=st.lists(
        st.one_of(
            st.integers(1, 99).map(lambda n: PLAIN % (n, n, n)),
            st.tuples(st.sampled_from(STARTS), st.lists(st.sampled_from(CELLS), max_size=3).map(b"".join)).map(
                lambda row: b"".join(row) + b"</row>"
            ),
            st.sampled_from(BETWEEN),
        ),
        max_size=12,
    ),
    size=st.sampled_from([1, 7, 64, 100, 333, 65536]),
)
def test_rows_are_what_the_parser_makes_of_them(head: bytes, rows: list[bytes], size: int) -> None:
    ours, parsed = both(rows_of, head + b"<worksheet><sheetData>" + b"".join(rows) + b"</sheetData></worksheet>", size)
    assert ours == parsed


@given(
    head=st.sampled_from(HEADS),
    strings=st.lists(
        st.tuples(st.sampled_from(STRINGS), st.sampled_from(TEXTS)).map(lambda one: one[0].replace(b"%s", one[1])),
        max_size=8,
    ),
    size=st.sampled_from([1, 7, 64, 100, 65536]),
)
def test_strings_are_what_the_parser_makes_of_them(head: bytes, strings: list[bytes], size: int) -> None:
    ours, parsed = both(strings_of, head + b"<sst>" + b"".join(strings) + b"</sst>", size)
    assert ours == parsed


def test_plain_rows_pass_the_parser_by() -> None:
    rows = Rows(SHARED, STYLES, False)
    rows.parsing.feed(b"<worksheet><sheetData>" + PLAIN % (1, 1, 1))
    seen: list[str] = []
    parser = rows.parsing._parser
    parser.StartElementHandler = lambda name, _given: seen.append(name)
    rows.parsing.feed(PLAIN % (2, 2, 2) + PLAIN % (3, 3, 3))
    assert not seen
    found: list[Row] = rows.taken()
    assert found == [(n, {1: "甲", 2: date(2025, 12, 9)}) for n in (1, 2, 3)]


@pytest.mark.parametrize("cell", [b'<c r="IW1"><v>1</v></c>', b'<c r="IW1"><v>1</v><x/></c>'])
def test_a_cell_too_far_right_is_refused_either_way(cell: bytes) -> None:
    assert MAX_COLUMNS == 256
    rows = Rows([], Styles(), False)
    rows.parsing.feed(b'<sheetData><row r="1"></row>')
    with pytest.raises(FileRefused, match="file-too-large"):
        rows.parsing.feed(b'<row r="2">' + cell + b"</row>")


def test_too_many_plain_rows_are_refused() -> None:
    rows = Rows([], Styles(), False)
    rows.parsing.feed(b"<sheetData>")
    row = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    rows.parsing.feed(row * (MAX_ROWS + 50))
    with pytest.raises(FileRefused, match="file-too-large"):
        rows.parsing.feed(row)


def test_a_plain_string_is_cut_where_spreadsheets_end() -> None:
    strings = Strings()
    strings.parsing.feed(b"<sst><si><t>a</t></si>" + b"<si><t>" + "街".encode() * (MAX_CELL + 9) + b"</t></si></sst>")
    assert [len(one) for one in strings.found] == [1, MAX_CELL + 1]


def test_numbers_of_plain_cells_keep_their_style() -> None:
    rows = Rows(SHARED, STYLES, False)
    rows.parsing.feed(b'<sheetData><row r="1"></row>')
    rows.parsing.feed(
        b'<row r="2"><c r="A2"><v>12</v></c><c r="B2" s="2"><v>12</v></c><c r="C2" t="b"><v>1</v></c></row>'
    )
    assert rows.taken() == [(2, {1: Decimal(12), 2: "000012", 3: True})]
