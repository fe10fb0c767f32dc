"""Sheets to print and to count on, as XLSX. Text is written as text, so that no cell is ever taken for a formula."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO

from xlsxwriter import Workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
A4 = 9
DIGITS = 15
"""Of a number that a spreadsheet keeps; one with more is written as text."""

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading in both languages, its width in characters."""

    zh: str
    en: str
    width: int = 12


def sheet(
    *,
    title: str,
    under: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    foot: Sequence[str],
    made_at: datetime,
) -> bytes:
    """A workbook of one sheet: title, headings that stay, rows, foot. Memory does not grow with the rows but for the file itself.

    The same rows give the same bytes: the time that the file names is `made_at`, when its content came about.
    """
    file = BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": False,
    }
    book = Workbook(file, options)
    book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
    plain = book.add_format({"text_wrap": True, "valign": "vcenter", "border": 1})
    head = book.add_format({"text_wrap": True, "valign": "vcenter", "align": "center", "border": 1, "bold": True})
    bold, small = book.add_format({"bold": True, "font_size": 16}), book.add_format({"font_size": 9})
    page = book.add_worksheet()
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(2)
    page.set_footer("&C&P / &N")
    page.freeze_panes(3, 0)
    for place, column in enumerate(columns):
        page.set_column(place, place, column.width)
    page.write_string(0, 0, title, bold)
    page.write_string(1, 0, under, small)
    for place, column in enumerate(columns):
        page.write_string(2, place, f"{column.zh}\n{column.en}", head)
    line = 3
    for row in rows:
        for place, cell in enumerate(row):
            if cell is None:
                page.write_blank(line, place, None, plain)
            elif isinstance(cell, str) or len(Decimal(cell).as_tuple().digits) > DIGITS:
                page.write_string(line, place, str(cell), plain)
            else:
                page.write_number(line, place, cell, plain)
        line += 1
    for offset, text in enumerate(foot, start=1):
        page.write_string(line + offset, 0, text, small)
    book.close()
    return file.getvalue()
