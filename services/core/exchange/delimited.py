"""Reads and writes CSV as spreadsheets of Chinese offices do: UTF-8 with or without mark, UTF-16, GB18030; comma, semicolon, tab.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which reading takes off again.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator

from services.core.exchange.cells import Cell
from services.core.exchange.findings import refused
from services.core.exchange.worksheet import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Row

DELIMITERS = (",", ";", "\t")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_CHUNK = 2**16


def encoding_of(content: bytes) -> str:
    """By its mark, else the first of UTF-8 and GB18030 that it is wholly written in."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for begin in range(0, len(content), _CHUNK):
                decoder.decode(content[begin : begin + _CHUNK])
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise refused("file-encoding")


def rows_of(content: bytes, *, encoding: str, delimiter: str) -> Iterator[Row]:
    """Number and cells by column (1 is A) of each line that holds anything; a line break inside quotes makes no new one."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    counted = 0
    try:
        for number, line in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):
            cells: dict[int, Cell] = {
                column: unguarded(cell[: MAX_CELL + 1]) for column, cell in enumerate(line, start=1) if cell
            }
            if not cells:
                continue
            counted += 1
            if counted > MAX_ROWS + 50 or max(cells) > MAX_COLUMNS:
                raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
            yield number, cells
    except (csv.Error, UnicodeError) as broken:
        raise refused("file-unreadable") from broken


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if _DANGEROUS.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell


def line(cells: Iterable[str]) -> str:
    """One line of CSV, its cells guarded, ended as RFC 4180 says."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([guarded(cell) for cell in cells])
    return out.getvalue()
