"""Writes tables as XLSX and CSV: text is text whatever it begins with, and a number stays a number while no digit is lost."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from services.core.exchange import delimited
from services.core.exchange.forms import HELP_MARK, Form
from services.core.exchange.pages import Value
from services.core.kit.exact import decimal_text

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
DIGITS = 15  # of a number that a spreadsheet keeps
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
MAX_NAME = 31  # of a sheet, as spreadsheets take it
LISTED_ROWS = 5_000  # rows of a template that have drop-down lists


class Book:
    """An XLSX file of one sheet, written row by row in constant memory; what it says of itself never changes."""

    def __init__(self, target: IO[bytes], *, sheet: str, titles: Sequence[str]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(target, options)
        self._book.set_properties({"created": date(2026, 1, 1)})
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE6F0"})
        self._note = self._book.add_format(
            {"italic": True, "text_wrap": True, "valign": "top", "font_color": "#555555"}
        )
        self._text = self._book.add_format({"num_format": "@"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        name = _NOT_IN_NAMES.sub(" ", sheet)[:MAX_NAME].strip("' ")
        self._sheet = self._book.add_worksheet(name or None)
        self._sheet.set_column(0, len(titles) - 1, 16)
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        self._strings(titles, self._head)

    def help(self, texts: Sequence[str]) -> None:
        """The row that tells how to fill in the form."""
        self._strings([HELP_MARK + texts[0], *texts[1:]], self._note)

    def offer(self, column: int, words: Sequence[str]) -> None:
        """A drop-down list below what was written so far."""
        self._sheet.data_validation(
            self._row, column, self._row + LISTED_ROWS, column, {"validate": "list", "source": list(words)}
        )

    def as_text(self, column: int) -> None:
        """A column where what is typed stays as it is typed (leading zeros)."""
        self._sheet.set_column(column, column, 16, self._text)

    def rows(self, rows: Iterable[Sequence[Value]]) -> None:
        """Adds rows."""
        for row in rows:
            for column, value in enumerate(row):
                self._cell(column, value)
            self._row += 1

    def close(self) -> None:
        """Ends the file."""
        self._book.close()

    def _strings(self, texts: Sequence[str], shape: Any) -> None:
        for column, text in enumerate(texts):
            self._sheet.write_string(self._row, column, text, shape)
        self._row += 1

    def _cell(self, column: int, value: Value) -> None:
        match value:
            case None | "":
                return
            case Decimal() if len(value.as_tuple().digits) <= DIGITS:
                self._sheet.write_number(self._row, column, value)
            case date():
                self._sheet.write_datetime(self._row, column, value, self._day)
            case _:
                self._sheet.write_string(self._row, column, as_text(value), self._text)


def as_text(value: Value) -> str:
    """A value as CSV has it."""
    match value:
        case None:
            return ""
        case Decimal():
            return decimal_text(value)
        case date():
            return value.isoformat()
        case str():
            return value


def csv_head(titles: Sequence[str]) -> bytes:
    """The mark by which spreadsheets know UTF-8, and the line of titles."""
    return ("\ufeff" + delimited.line(title.replace("\n", " ") for title in titles)).encode()


def csv_rows(rows: Iterable[Sequence[Value]]) -> bytes:
    """Lines of CSV."""
    return "".join(delimited.line(map(as_text, row)) for row in rows).encode()


def xlsx_template(target: IO[bytes], form: Form) -> None:
    """An empty form: titles, a row of help, drop-down lists."""
    book = Book(target, sheet=form.title_zh, titles=[column.header for column in form.columns])
    for position, column in enumerate(form.columns):
        if column.key in {"no", "project_no", "compounds", "region"}:
            book.as_text(position)
    book.help([column.help for column in form.columns])
    for position, column in enumerate(form.columns):
        if column.offered:
            book.offer(position, column.offered)
    book.close()


def csv_template(form: Form) -> bytes:
    """An empty form: titles and a line of help."""
    helps = [column.help.replace("\n", " ") for column in form.columns]
    return csv_head([column.header for column in form.columns]) + csv_rows([[HELP_MARK + helps[0], *helps[1:]]])
