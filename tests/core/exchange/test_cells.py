"""What a cell means by the type of its column, and that writing and reading a cell are each other's inverse."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.exchange import cells, delimited
from services.core.exchange.cells import Cell
from services.core.exchange.findings import TEXTS, Wrong, column_letter, told
from services.core.facts.catalogue import CATALOGUE

AREA = cells.fact(CATALOGUE["compound.floor_area"])
SHARE = cells.fact(CATALOGUE["compound.self_built_share"])
YEAR = cells.fact(CATALOGUE["compound.built_year"])
DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")


@pytest.mark.parametrize(
    ("parse", "cell", "meaning"),
    [
        (AREA, "1,200㎡", "1200"),
        (AREA, "1，200．5 平方米", "1200.5"),
        (AREA, "3.5万m²", "35000"),
        (AREA, Decimal("0.30000000000000004"), "0.3"),
        (AREA, Decimal("1E+3"), "1000"),
        (SHARE, "12.5%", "0.125"),
        (SHARE, "２／３", "2/3"),
        (SHARE, Decimal("0.125"), "0.125"),
        (YEAR, "1985年", "1985"),
        (YEAR, Decimal(1985), "1985"),
        (cells.flag, "√", True),
        (cells.flag, "无", False),
        (cells.flag, Decimal(1), True),
        (cells.day, "2026.3.1", date(2026, 3, 1)),
        (cells.day, "2026年3月", date(2026, 3, 1)),
        (cells.day, "2026-03", date(2026, 3, 1)),
        (cells.day, "20260301", date(2026, 3, 1)),
        (cells.day, Decimal(46082), date(2026, 3, 1)),
        (cells.day, Decimal("2026.11"), date(2026, 11, 1)),
        (cells.day, "2026.1", date(2026, 1, 1)),
        (cells.code, Decimal(520327), "520327"),
        (cells.code, " ０５２０３２７ ", "0520327"),
        (cells.code, "甬（2026）1", "甬（2026）1"),
        (cells.codes(3), "A-1、A-2，A-1", ["A-1", "A-2"]),
        (cells.text(10), "　南岳　新村\n", "南岳 新村"),
    ],
)
def test_a_cell_is_taken_as_clerks_mean_it(parse: cells.Parser, cell: Cell, meaning: object) -> None:
    assert parse(cell) == meaning


@pytest.mark.parametrize(
    ("parse", "cell", "code"),
    [
        (AREA, "约1200", "number"),
        (AREA, "1,20", "number"),
        (AREA, "1200-1300", "number"),
        (AREA, "12户", "unit-other"),
        (AREA, date(2026, 3, 1), "number-is-date"),
        (SHARE, date(2026, 2, 3), "number-is-date"),
        (SHARE, "150%", "value"),
        (YEAR, "85年", "value"),
        (YEAR, "八十年代", "number"),
        (cells.flag, "不详", "flag"),
        (cells.day, "2026-02-30", "date"),
        (cells.day, "3月1日", "date"),
        (cells.day, Decimal("2026.1"), "date-number"),
        (cells.code, Decimal("5.203271E+17"), "code-number"),
        (cells.code, "A=1", "code"),
        (cells.codes(1), "A、B", "list-long"),
        (cells.text(3), "四个汉字", "text-long"),
        (cells.text(9), "a\u202eb", "text-control"),
    ],
)
def test_what_a_cell_cannot_mean_is_named(parse: cells.Parser, cell: Cell, code: str) -> None:
    with pytest.raises(Wrong) as wrong:
        parse(cell)
    assert wrong.value.code == code
    assert all(told(code, wrong.value.params, chinese=chinese) for chinese in (True, False))


@given(st.text(max_size=30))
def test_a_guarded_cell_is_no_formula_and_comes_back(cell: str) -> None:
    assert not delimited.guarded(cell).startswith(DANGEROUS)
    assert delimited.unguarded(delimited.guarded(cell)) == cell


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20),
        min_size=1,
    )
)
def test_a_line_of_csv_is_read_as_it_was_written(line: list[str]) -> None:
    content = delimited.line(line).encode()
    (row,) = delimited.rows_of(content, encoding="utf-8", delimiter=",")
    assert row == (1, dict(enumerate(line, start=1)))


@pytest.mark.parametrize(("column", "letter"), [(0, None), (1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")])
def test_columns_have_the_letters_of_a_spreadsheet(column: int, letter: str | None) -> None:
    assert column_letter(column) == letter


def test_every_finding_is_told_in_both_languages() -> None:
    assert all(chinese and english for chinese, english in TEXTS.values())
