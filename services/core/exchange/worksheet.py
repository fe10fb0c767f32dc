"""What the parts of a workbook say: the cells of a sheet row by row, and the strings that sheets share.

Both can be read in two ways: by the parser's calls and, where they are written plainly, by expressions (see `parsing`). What comes
out is the same.
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from services.core.exchange.cells import Cell, Fault
from services.core.exchange.findings import refused
from services.core.exchange.parsing import Local, Parsing

MAX_ROWS = 200_000
MAX_COLUMNS = 256
MAX_CELL = 32_767  # characters; spreadsheets hold no more in a cell
MAX_PIECES = 8  # of a cell's text as the parser hands it over, 8,192 characters each: more than MAX_CELL
MAX_KNOWN = 20_000

# Plain: nothing but ASCII, in the order of attributes that programs write them in, without formulas and texts in place. A row's
# further attributes are taken when each stands once.
_ROW = re.compile(rb"""[ \t\r\n]*<row r="(\d{1,7})"((?: [A-Za-z][A-Za-z0-9:]*="[ !#-%'-;=-~]*")*)>""")
_ATTRIBUTE = re.compile(rb' ([A-Za-z0-9:]+)="[^"]*"')
_CELL = re.compile(
    rb"""<c r="([A-Z]{1,3})\d{1,7}"(?: s="(\d{1,4})")?(?: t="([bns])")?(?:/>|>(?:<v>([0-9.eE+-]{1,40})</v>)?</c>)"""
)
_STRING = re.compile(
    rb"""[ \t\r\n]*<si><t(?: xml:space="preserve")?>([^<&\]\0-\x1f]*)</t>"""
    rb"""(?:<phoneticPr fontId="\d+"(?: type="[A-Za-z]+")?/>)?</si>"""
)
_NO_CHARACTER = b"\xef\xbf"  # begins what XML does not allow, and rare marks

Row = tuple[int, dict[int, Cell]]


@dataclass(frozen=True, slots=True)
class Styles:
    """By number of style: which show a date, and to how many digits a code is padded with zeros."""

    days: frozenset[int] = frozenset()
    padded: dict[int, int] = field(default_factory=dict)


class Strings:
    """What the parser has seen of the shared strings."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.parsing = Parsing(self._start, self._end, self._text)
        self.parsing.passing(b"</si>", self._plain)
        self._pieces: list[str] = []
        self._local = Local()
        self._reading, self._spoken = False, False  # inside <t>; inside a reading aid, which is no part of the text

    def _start(self, name: str, _given: dict[str, str]) -> None:
        match self._local[name]:
            case "t":
                self._reading = not self._spoken
            case "rPh":
                self._spoken = True
            case _:
                pass

    def _end(self, name: str) -> None:
        match self._local[name]:
            case "si":
                self.found.append("".join(self._pieces)[: MAX_CELL + 1])
                self._pieces.clear()
                self.parsing.ended()
            case "t":
                self._reading = False
            case "rPh":
                self._spoken = False
            case _:
                pass

    def _text(self, given: str) -> None:
        if self._reading:
            self._pieces.append(given)

    def _plain(self, chunk: bytes, at: int) -> int:
        while (found := _STRING.match(chunk, at)) is not None and _NO_CHARACTER not in found[1]:
            self.found.append(found[1].decode()[: MAX_CELL + 1])
            at = found.end()
        return at


class Rows:
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
        self._numbers: dict[tuple[bytes, bytes, bytes], Cell] = {}
        self._attributes: set[bytes] = set()
        self._local = Local()
        self.parsing = Parsing(self._start, self._end, self._text)
        self.parsing.passing(b"</row>", self._plain)

    def taken(self) -> list[Row]:
        """The rows that are complete, once."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, given: dict[str, str]) -> None:
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

    def _end(self, name: str) -> None:
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
            self._take()
            self.parsing.ended()
        elif local == "rPh":
            self._spoken = False

    def _text(self, given: str) -> None:
        if self._reading and len(self._pieces) < MAX_PIECES:
            self._pieces.append(given)

    def _plain(self, chunk: bytes, at: int) -> int:
        while (begin := _ROW.match(chunk, at)) is not None:
            end = chunk.find(b"</row>", begin.end())
            if end < 0 or not self._distinct(begin[2]):
                break
            cells = _CELL.split(chunk[begin.end() : end])
            if any(cells[::5]):
                break
            self._row, self._cells = int(begin[1]), {}
            for letters, style, kind, found in zip(cells[1::5], cells[2::5], cells[3::5], cells[4::5], strict=True):
                if found is None:
                    continue
                value = self._strings[int(found)] if kind == b"s" else self._known(style, kind, found)
                if value != "":
                    self._cells[self._column_of(letters.decode())] = value
            if self._cells and max(self._cells) > MAX_COLUMNS:
                raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
            self._take()
            at = end + len(b"</row>")
        return at

    def _distinct(self, attributes: bytes) -> bool:
        """Whether a row's attributes, `r` aside, each stand once."""
        if attributes not in self._attributes:
            names = [b"r", *_ATTRIBUTE.findall(attributes)]
            if len(set(names)) < len(names):
                return False
            if len(self._attributes) < MAX_KNOWN:
                self._attributes.add(attributes)
        return True

    def _known(self, style: bytes, kind: bytes, found: bytes) -> Cell:
        """A number or truth that stands in many cells is made once."""
        key = style, kind, found
        value = self._numbers.get(key)
        if value is None:
            self._kind, self._style, self._computed = (kind or b"n").decode(), int(style or 0), False
            value = self._value(found.decode())
            if len(self._numbers) < MAX_KNOWN:
                self._numbers[key] = value
        return value

    def _take(self) -> None:
        """The row at hand is complete."""
        if self._cells:
            self._counted += 1
            if self._counted > MAX_ROWS + 50:  # titles and headers are not counted among the rows
                raise refused("file-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
            self._done.append((self._row, self._cells))

    def _place(self, reference: str | None) -> None:
        self._column = self._column + 1 if reference is None else self._column_of(reference.rstrip("0123456789"))

    def _column_of(self, letters: str) -> int:
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = column_number(letters)
        return column

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


def column_number(letters: str) -> int:
    """The number of a column by its letters: A is 1. FileRefused for what no spreadsheet calls a column."""
    number = 0
    if not letters or len(letters) > 3 or not (letters.isascii() and letters.isupper()):
        raise refused("file-unreadable")
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
