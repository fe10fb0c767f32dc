"""Reads XLSX row by row in bounded memory: what lies on disk is counted as it unfolds, no grid is ever built.

A reader of our own, since those at hand build the whole grid first (one cell at XFD1048576 is then 500 GB) or know no merged
cells in their streaming mode. ECMA-376 part 1 is the form; the strict variant and prefixed names are read too.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

from services.core.exchange.findings import refused
from services.core.exchange.parsing import Local, Parsing
from services.core.exchange.worksheet import MAX_COLUMNS, MAX_ROWS, Row, Rows, Strings, Styles, column_number

MAX_UNFOLDED = 256 * 2**20
MAX_STRINGS = 64 * 2**20
CHUNK = 2**16

_BUILT_IN_DAYS = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_DAY_MARKS = re.compile(r"[yd年月日]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']\s*([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


@dataclass(frozen=True, slots=True)
class Merged:
    """A range of cells shown as one; what it holds stands in its first cell."""

    top: int
    bottom: int
    left: int
    right: int


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
        with sound():
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
                    strings = Strings()
                    self._parse(target, strings.parsing)
                    self._strings = strings.found
            self.sheets = self._read_sheets()

    def rows(self, part: str) -> Iterator[Row]:
        """See `Sheet.rows`."""
        reading = Rows(self._strings, self._styles, self._is_1904)
        with sound():
            for chunk in self._open(part, MAX_UNFOLDED):
                reading.parsing.feed(chunk)
                yield from reading.taken()
            reading.parsing.close()
            yield from reading.taken()

    def merged(self, part: str) -> list[Merged]:
        """See `Sheet.merged`."""
        found: list[Merged] = []
        tail = b""
        with sound():
            for chunk in self._open(part, MAX_UNFOLDED):
                text = tail + chunk
                end = 0
                if b"mergeCell" not in text:
                    tail = text[-200:]
                    continue
                for match in _MERGED.finditer(text):
                    left, top, right, bottom = match.groups()
                    found.append(
                        Merged(int(top), int(bottom), column_number(left.decode()), column_number(right.decode()))
                    )
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

    def _parse(self, part: str, parsing: Parsing) -> None:
        for chunk in self._open(part, MAX_STRINGS):
            parsing.feed(chunk)
        parsing.close()

    def _related(self, part: str) -> list[tuple[str, str]]:
        """Target and kind of what a part refers to, in the order of the file."""
        return [(target, kind) for _, target, kind in self._relations(part)]

    def _relations(self, part: str) -> list[tuple[str, str, str]]:
        folder, _, name = part.rpartition("/")
        listed = f"{folder}/_rels/{name}.rels".lstrip("/")
        found: list[tuple[str, str, str]] = []
        local = Local()

        def start(name: str, given: dict[str, str]) -> None:
            if local[name] == "Relationship" and given.get("TargetMode") != "External":
                target = given.get("Target", "")
                whole = target.lstrip("/") if target.startswith("/") or not folder else f"{folder}/{target}"
                found.append((given.get("Id", ""), whole, given.get("Type", "")))

        if listed.casefold() in self._parts:
            self._parse(listed, Parsing(start))
        return found

    def _read_sheets(self) -> list[Sheet]:
        targets = {key: target for key, target, _ in self._relations(self._main)}
        found: list[Sheet] = []
        local = Local()

        def start(name: str, given: dict[str, str]) -> None:
            named = local[name]
            if named == "workbookPr":
                self._is_1904 = given.get("date1904") in {"1", "true"}
            elif named == "sheet" and given.get("state", "visible") == "visible":
                key = next((value for name, value in given.items() if name.endswith(":id")), "")
                if key in targets:
                    found.append(Sheet(given.get("name", "")[:100], self, targets[key]))

        self._parse(self._main, Parsing(start))
        return found

    def _read_styles(self, part: str) -> Styles:
        formats: dict[str, str] = {}
        used: list[str] = []
        inside = False
        local = Local()

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

        self._parse(part, Parsing(start, end))
        days, padded = set(), {}
        for style, number in enumerate(used):
            shown = _QUOTED.sub("", formats.get(number, "")).casefold()
            if (number.isdigit() and int(number) in _BUILT_IN_DAYS) or _DAY_MARKS.search(shown):
                days.add(style)
            elif len(shown) > 1 and set(shown) == {"0"}:
                padded[style] = len(shown)
        return Styles(frozenset(days), padded)


class sound:  # noqa: N801 - reads as a word where it is used
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
            LookupError,  # also an encoding that nobody knows
        )
        if isinstance(error, (*broken, UnicodeDecodeError, ValueError, OverflowError)):
            raise refused("file-unreadable") from error
