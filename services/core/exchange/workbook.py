"""Reads XLSX row by row in bounded memory: what lies on disk is counted as it unfolds, no grid is ever built.

A reader of our own, since those at hand build the whole grid first (one cell at XFD1048576 is then 500 GB) or know no merged
cells in their streaming mode. ECMA-376 part 1 is the form; the strict variant and prefixed names are read too.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.parsers import expat

from services.core.exchange.cells import Cell, Fault
from services.core.exchange.findings import refused

MAX_ROWS = 200_000
MAX_COLUMNS = 256
MAX_UNFOLDED = 256 * 2**20
MAX_STRINGS = 64 * 2**20
MAX_CELL = 32_767  # characters; spreadsheets hold no more in a cell
MAX_PIECES = 8  # of a cell's text as the parser hands it over, 8,192 characters each: more than MAX_CELL
CHUNK = 2**16


_BUILT_IN_DAYS = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_DAY_MARKS = re.compile(r"[yd年月日]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']\s*([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Row = tuple[int, dict[int, Cell]]


@dataclass(frozen=True, slots=True)
class Merged:
    """A range of cells shown as one; what it holds stands in its first cell."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Styles:
    """By number of style: which show a date, and to how many digits a code is padded with zeros."""

    days: frozenset[int] = frozenset()
    padded: dict[int, int] = field(default_factory=dict)


class _Local(dict[str, str]):
    """Names of elements without their prefix: a part holds one vocabulary, so the prefix tells nothing."""

    def __missing__(self, name: str) -> str:
        found = self[name] = name.rpartition(":")[2]
        return found


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visible sheet of a workbook."""

    name: str
    _book: "Workbook"
    _part: str

    def rows(self) -> Iterator[Row]:
        """Number and cells by column (1 is A) of each row that holds anything."""
        return self._book.rows(self._part)

    def merged(self) -> list[Merged]:
        """The ranges that are shown as one cell. They stand behind the rows, so the sheet is unpacked once for them alone."""
        return self._book.merged(self._part)


class Workbook:
    """An XLSX file. FileRefused when it is none, is broken, holds a document type, or unfolds to too much."""

    def __init__(self, content: bytes) -> None:
        with _sound():
            self._package = zipfile.ZipFile(io.BytesIO(content))
            self._parts = {name.casefold(): name for name in self._package.namelist()}
            self._left = 3 * MAX_UNFOLDED  # many sheets, or one named many times, are no way round the limit of each
            self._is_1904 = False
            main = next((target for target, kind in self._related("") if kind.endswith("/officeDocument")), None)
            self._main = main or "xl/workbook.xml"
            self._styles, self._strings = Styles(), []  # type: Styles, list[str]
            for target, kind in self._related(self._main):
                if kind.endswith("/styles"):
                    self._styles = self._read_styles(target)
                elif kind.endswith("/sharedStrings"):
                    self._strings = self._read_strings(target)
            self.sheets = self._read_sheets()

    def rows(self, part: str) -> Iterator[Row]:
        """See `Sheet.rows`."""
        reading = _Rows(self._strings, self._styles, self._is_1904)
        with _sound():
            parser = _parser(reading.start, reading.end, reading.text)
            for chunk in self._open(part, MAX_UNFOLDED):
                parser.Parse(chunk, False)
                yield from reading.taken()
            parser.Parse(b"", True)
            yield from reading.taken()

    def merged(self, part: str) -> list[Merged]:
        """See `Sheet.merged`."""
        found: list[Merged] = []
        tail = b""
        with _sound():
            for chunk in self._open(part, MAX_UNFOLDED):
                text = tail + chunk
                end = 0
                if b"mergeCell" not in text:
                    tail = text[-200:]
                    continue
                for match in _MERGED.finditer(text):
                    left, top, right, bottom = match.groups()
                    found.append(Merged(int(top), int(bottom), _column(left.decode()), _column(right.decode())))
                    end = match.end()
                    if len(found) > MAX_ROWS:
                        raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
                tail = text[max(end, len(text) - 200) :]
        return found

    def _open(self, part: str, limit: int) -> Iterator[bytes]:
        """A part as it is unpacked, piece by piece; refused past its limit, or the book's, whatever the directory says of sizes."""
        name = self._parts.get(part.casefold())
        if name is None:
            raise refused("file-unreadable")
        with self._package.open(name) as unfolding:
            while chunk := unfolding.read(CHUNK):
                limit -= len(chunk)
                self._left -= len(chunk)
                if min(limit, self._left) < 0:
                    raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
                yield chunk

    def _parse(self, part: str, start: Start, end: End | None = None, text: End | None = None) -> None:
        parser = _parser(start, end, text)
        for chunk in self._open(part, MAX_STRINGS):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _related(self, part: str) -> list[tuple[str, str]]:
        """Target and kind of what a part refers to, in the order of the file."""
        return [(target, kind) for _, target, kind in self._relations(part)]

    def _relations(self, part: str) -> list[tuple[str, str, str]]:
        folder, _, name = part.rpartition("/")
        listed = f"{folder}/_rels/{name}.rels".lstrip("/")
        found: list[tuple[str, str, str]] = []
        local = _Local()

        def start(name: str, given: dict[str, str]) -> None:
            if local[name] == "Relationship" and given.get("TargetMode") != "External":
                target = given.get("Target", "")
                whole = target.lstrip("/") if target.startswith("/") or not folder else f"{folder}/{target}"
                found.append((given.get("Id", ""), whole, given.get("Type", "")))

        if listed.casefold() in self._parts:
            self._parse(listed, start)
        return found

    def _read_sheets(self) -> list[Sheet]:
        targets = {key: target for key, target, _ in self._relations(self._main)}
        found: list[Sheet] = []
        local = _Local()

        def start(name: str, given: dict[str, str]) -> None:
            named = local[name]
            if named == "workbookPr":
                self._is_1904 = given.get("date1904") in {"1", "true"}
            elif named == "sheet" and given.get("state", "visible") == "visible":
                key = next((value for name, value in given.items() if name.endswith(":id")), "")
                if key in targets:
                    found.append(Sheet(given.get("name", "")[:100], self, targets[key]))

        self._parse(self._main, start)
        return found

    def _read_styles(self, part: str) -> Styles:
        formats: dict[str, str] = {}
        used: list[str] = []
        inside = False
        local = _Local()

        def start(name: str, given: dict[str, str]) -> None:
            nonlocal inside
            match local[name]:
                case "numFmt":
                    formats[given.get("numFmtId", "")] = given.get("formatCode", "")
                case "cellXfs":
                    inside = True
                case "xf" if inside:
                    used.append(given.get("numFmtId", "0"))
                case _:
                    pass

        def end(name: str) -> None:
            nonlocal inside
            inside = inside and local[name] != "cellXfs"

        self._parse(part, start, end)
        days, padded = set(), {}
        for style, number in enumerate(used):
            shown = _QUOTED.sub("", formats.get(number, "")).casefold()
            if (number.isdigit() and int(number) in _BUILT_IN_DAYS) or _DAY_MARKS.search(shown):
                days.add(style)
            elif len(shown) > 1 and set(shown) == {"0"}:
                padded[style] = len(shown)
        return Styles(frozenset(days), padded)

    def _read_strings(self, part: str) -> list[str]:
        found: list[str] = []
        pieces: list[str] = []
        local = _Local()
        reading, spoken = False, False  # inside <t>; inside a reading aid, which is no part of the text

        def start(name: str, _given: dict[str, str]) -> None:
            nonlocal reading, spoken
            match local[name]:
                case "t":
                    reading = not spoken
                case "rPh":
                    spoken = True
                case _:
                    pass

        def end(name: str) -> None:
            nonlocal reading, spoken
            match local[name]:
                case "si":
                    found.append("".join(pieces)[: MAX_CELL + 1])
                    pieces.clear()
                case "t":
                    reading = False
                case "rPh":
                    spoken = False
                case _:
                    pass

        def text(given: str) -> None:
            if reading:
                pieces.append(given)

        self._parse(part, start, end, text)
        return found


class _Rows:
    """What the parser has seen of a sheet's rows."""

    def __init__(self, strings: list[str], styles: Styles, is_1904: bool) -> None:
        self._strings, self._styles, self._is_1904 = strings, styles, is_1904
        self._done: list[Row] = []
        self._row, self._column, self._counted = 0, 0, 0
        self._cells: dict[int, Cell] = {}
        self._kind, self._style = "n", 0
        self._pieces: list[str] = []
        self._reading, self._spoken, self._computed = False, False, False
        self._columns: dict[str, int] = {}
        self._local = _Local()

    def taken(self) -> list[Row]:
        """The rows that are complete, once."""
        done, self._done = self._done, []
        return done

    def start(self, name: str, given: dict[str, str]) -> None:
        local = self._local[name]
        if local == "v":
            self._reading = True
        elif local == "c":
            self._place(given.get("r"))
            self._kind = given.get("t", "n")
            style = given.get("s", "0")
            self._style = int(style) if style.isdigit() else 0
            self._computed = False
            if self._pieces:
                self._pieces.clear()
        elif local == "t":
            self._reading = not self._spoken
        elif local == "row":
            number = given.get("r", "")
            self._row = int(number) if number.isdigit() and len(number) < 8 else self._row + 1
            self._column = 0
            self._cells = {}
        elif local == "f":
            self._computed = True
        elif local == "rPh":
            self._spoken = True

    def end(self, name: str) -> None:
        local = self._local[name]
        if local == "v" or local == "t":  # noqa: PLR1714 - twice a million times
            self._reading = False
        elif local == "c":
            value = self._value("".join(self._pieces))
            if value is not None and value != "":
                if self._column > MAX_COLUMNS:
                    raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
                self._cells[self._column] = value
        elif local == "row":
            if self._cells:
                self._counted += 1
                if self._counted > MAX_ROWS + 50:  # titles and headers are not counted among the rows
                    raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
                self._done.append((self._row, self._cells))
        elif local == "rPh":
            self._spoken = False

    def text(self, given: str) -> None:
        if self._reading and len(self._pieces) < MAX_PIECES:
            self._pieces.append(given)

    def _place(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
            return
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column(letters)
        self._column = column

    def _value(self, found: str) -> Cell:
        kind = self._kind
        if kind == "s":
            return self._strings[int(found)] if found else None
        if kind == "inlineStr" or kind == "str":  # noqa: PLR1714
            return found[: MAX_CELL + 1]
        if not found:
            return Fault("formula-without-value") if self._computed else None
        if kind == "n":
            return self._number(found)
        if kind == "b":
            return found == "1"
        if kind == "d":
            return _iso_day(found)
        return Fault("cell-error")

    def _number(self, found: str) -> Cell:
        try:
            number = Decimal(found)
        except InvalidOperation:
            return Fault("number")
        if not number.is_finite() or abs(number.adjusted()) > 40:
            return Fault("number")
        if self._style in self._styles.days:
            return _day(number, self._is_1904)
        width = self._styles.padded.get(self._style)
        if width is not None and number == number.to_integral_value() and number >= 0:
            return format(number, "f").partition(".")[0].zfill(width)
        return number


def _day(number: Decimal, is_1904: bool) -> Cell:
    """The day of a serial number; the calendar of 1900 counts a 29 February that never was."""
    if not 1 <= number < 2_958_466:
        return number
    days = int(number)
    if is_1904:
        return date(1904, 1, 1) + timedelta(days=days) if days < 2_957_004 else Fault("date")
    return date(1899, 12, 31 if days < 60 else 30) + timedelta(days=days)


def _iso_day(found: str) -> Cell:
    try:
        return date.fromisoformat(found[:10])
    except ValueError:
        return Fault("date")


def _column(letters: str) -> int:
    number = 0
    if not letters or len(letters) > 3 or not (letters.isascii() and letters.isupper()):
        raise refused("file-unreadable")
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _parser(start: Start, end: End | None, text: End | None) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _no_document_type
    return parser


def _no_document_type(*_: object) -> None:
    raise refused("file-unreadable")  # entities that grow, files of ours that they name


class _sound:  # noqa: N801 - reads as a word where it is used
    """What goes wrong inside is a broken file."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        broken = (
            zipfile.BadZipFile,
            zlib.error,
            expat.ExpatError,
            EOFError,
            NotImplementedError,
            RuntimeError,
            IndexError,
        )
        if isinstance(error, (*broken, UnicodeDecodeError, KeyError, ValueError, OverflowError)):
            raise refused("file-unreadable") from error
