"""From the bytes of a file to rows under known columns: which sheet, where the header stands, what is merged, what to skip."""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from services.core.exchange import delimited
from services.core.exchange.cells import Cell, blank, plain
from services.core.exchange.findings import ROW, FileRefused, Finding, refused
from services.core.exchange.forms import HELP_MARK, Column, Form
from services.core.exchange.workbook import Merged, Workbook
from services.core.exchange.worksheet import Row

HEADER_WITHIN = 20
REASONS = "错误说明\nWhat is wrong"
"""The column that an answer adds to the clerk's own rows; sent back, it is not looked at."""

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UNSAID = re.compile(r"\([^()]*\)|[\s/*:.,_\-]")


@dataclass(frozen=True)
class Table:
    """The rows of a file below its header. `header`: by column, as the clerk wrote it; `known`: those that the form has."""

    sheet: str | None
    header_row: int
    header: Mapping[int, str]
    known: Mapping[int, Column]
    rows: Iterator[Row]

    @cached_property
    def columns(self) -> dict[str, int]:
        """The number of each column of the form that is there, by its key."""
        return {column.key: number for number, column in self.known.items()}


def open_table(content: bytes, form: Form) -> Table:
    """The table of a file, XLSX by its content, else CSV. FileRefused says what nobody could read."""
    if content.startswith(_OLD):
        raise refused("file-old-excel")
    best: FileRefused | None = None
    for sheet, rows, merged in _candidates(content):
        begin = list(itertools.islice(rows, HEADER_WITHIN))
        found = _header_of(form, begin)
        if found is None:
            continue
        position, header = found
        problems = header.problems(form, begin[position][0])
        if problems:
            best = best or FileRefused(*problems)
            continue
        filled = _filled(
            itertools.chain(begin[position + 1 :], rows),
            merged(),
            {column for column, what in header.known.items() if what.fills_down},
        )
        return Table(sheet, begin[position][0], header.titles, header.known, _without_help(filled))
    raise best or refused("header-missing", rows=HEADER_WITHIN)


def _candidates(content: bytes) -> Iterator[tuple[str | None, Iterator[Row], Callable[[], list[Merged]]]]:
    if content.startswith(_ZIP):
        for sheet in Workbook(content).sheets:
            yield sheet.name, sheet.rows(), sheet.merged
        return
    encoding = delimited.encoding_of(content)
    for delimiter in delimited.DELIMITERS:
        yield None, delimited.rows_of(content, encoding=encoding, delimiter=delimiter), list


class _Header:
    """A row taken for the header, under the names that a form's columns go by."""

    def __init__(self, names: Mapping[str, Column], cells: Mapping[int, Cell]) -> None:
        self.titles: dict[int, str] = {}
        self.known: dict[int, Column] = {}
        self._unknown: list[int] = []
        self._repeated: list[int] = []
        for column, cell in sorted(cells.items()):
            title = plain(cell).strip()
            if not title:
                continue
            self.titles[column] = title[:200]
            named = names.get(_named(title))
            if named is None:
                if _named(title) != _named(REASONS):
                    self._unknown.append(column)
            elif named in self.known.values():
                self._repeated.append(column)
            else:
                self.known[column] = named

    def missing(self, form: Form) -> list[Column]:
        """Columns that the form needs and that are not there."""
        return [column for column in form.columns if column.required and column not in self.known.values()]

    def problems(self, form: Form, row: int) -> list[Finding]:
        """Why the table below this header cannot be taken."""
        found = [Finding(row, column, "column-unknown") for column in self._unknown]
        found += [Finding(row, column, "column-repeated") for column in self._repeated]
        found += [
            Finding(row, ROW, "column-missing", {"title_zh": column.title_zh, "title_en": column.title_en})
            for column in self.missing(form)
        ]
        return found


def _header_of(form: Form, rows: list[Row]) -> tuple[int, _Header] | None:
    """The first row that names every required column, else the one that names most; at least two."""
    names = {
        _named(name): column
        for column in form.columns
        for name in (column.key, column.title_zh, column.title_en, column.title_zh + column.title_en)
    }
    best: tuple[int, _Header] | None = None
    for position, (_, cells) in enumerate(rows):
        header = _Header(names, cells)
        if len(header.known) < 2:
            continue
        if not header.missing(form):
            return position, header
        if best is None or len(header.known) > len(best[1].known):
            best = position, header
    return best


def _named(title: str) -> str:
    """A title for comparing: full-width forms folded, no units in brackets, no spaces, no marks."""
    return _UNSAID.sub("", unicodedata.normalize("NFKC", title)).casefold()


def _filled(rows: Iterator[Row], merged: list[Merged], columns: set[int]) -> Iterator[Row]:
    """The rows, with what a merged range says in each row of it, in the columns where that is meant."""
    begins: dict[int, list[Merged]] = {}
    for one in merged:
        if one.bottom > one.top and one.left in columns:
            begins.setdefault(one.top, []).append(one)
    tops = sorted(begins, reverse=True)
    said: dict[int, tuple[int, Cell]] = {}
    for number, cells in rows:
        while tops and tops[-1] <= number:
            top = tops.pop()
            for one in begins[top]:
                said[one.left] = (one.bottom, cells.get(one.left) if top == number else None)
        for column, (bottom, value) in said.items():
            if number <= bottom and blank(cells.get(column)) and value is not None:
                cells[column] = value
        yield number, cells


def _without_help(rows: Iterator[Row]) -> Iterator[Row]:
    for number, cells in rows:
        first = cells[min(cells)]
        if isinstance(first, str) and first.startswith(HELP_MARK):
            continue
        if all(blank(cell) for cell in cells.values()):
            continue
        yield number, cells
