"""What a cell means, by the type of its column: as clerks really type it, exactly, or refused with a code. Pure.

Full-width forms are folded (NFKC), spaces around are dropped, thousand separators and the column's own unit are taken
(1,200㎡), 万 is ten thousand, a percentage is a share. A number cell counts to 15 digits, as spreadsheets show it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.core.exchange.findings import Wrong
from services.core.facts import catalogue
from services.core.facts.catalogue import Entry, ValueType
from services.core.facts.rules import is_ours
from services.core.kit.exact import NotExact, decimal_text, parse_decimal
from services.core.kit.invalid import InvalidAt
from services.core.ownership.rules import holds_personal_number

MAX_SOURCE = 200
SPREADSHEET = Context(prec=15)
WIDE = Context(prec=60)  # no number that we take has more digits: moving its point never rounds

_SEPARATED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_PLAIN = re.compile(r"\d+(?:\.\d+)?(?:/\d+)?", re.ASCII)
_QUANTITY = re.compile(r"([\d.,]+(?:/\d+)?)\s*(万?)\s*([^\W\d_]\S*)?")
_DAY = re.compile(r"(\d{4})(?:[-./](\d{1,2})[-./](\d{1,2})|年(\d{1,2})月(?:(\d{1,2})[日号])?|[-./](\d{1,2}))", re.ASCII)
_COMPACT_DAY = re.compile(r"(?:19|20)\d{6}", re.ASCII)
_JANUARY_OR_OCTOBER = re.compile(r"\d{4}\.1", re.ASCII)
_APART = re.compile(r"[、,，;；\n]")
_NOTHING = frozenset(["", "-", "—", "——", "/", "无"])
_SERIALS = range(18_264, 73_051)  # 1950 to 2099 in the calendar of spreadsheets
_DAY_ZERO = date(1899, 12, 30)
_YES = frozenset(["是", "有", "√", "✓", "✔", "☑", "对", "y", "yes", "true", "1"])
_NO = frozenset(["否", "无", "没有", "×", "✗", "✘", "☒", "x", "n", "no", "false", "0"])
_UNITS: dict[str, frozenset[str]] = {
    "m2": frozenset({"m2", "平方米", "平方", "平米"}),
    "m": frozenset({"m", "米", "延米"}),
    "户": frozenset({"户", "家"}),
    "栋": frozenset({"栋", "幢", "座"}),
    "个": frozenset({"个"}),
    "处": frozenset({"处"}),
    "元": frozenset({"元", "圆"}),
    "年": frozenset({"年"}),
}
_HALF_WIDTH = {0xFF01 + step: chr(0x21 + step) for step in range(94) if chr(0x21 + step) not in "()"}
CODE = re.compile(r"[A-Za-z0-9〔〕()（）_./一-鿿-]{1,64}")
"""What numbers of compounds and projects are written with."""
# Some scripts are not written without them; nobody sees the others, and what looks alike is to be the same name.
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that the file itself says is wrong, or that cannot be taken as it stands; `code` says why."""

    code: str


Cell = str | Decimal | bool | date | Fault | None
"""A cell as the file holds it; a blank one is None."""

Parser = Callable[[Cell], Any]
"""The meaning of a cell; Wrong when it has none. Blank cells (they state nothing) and faults never reach it."""


def blank(cell: Cell) -> bool:
    """Whether nothing stands there."""
    return cell is None or (type(cell) is str and not cell.strip())


def plain(cell: Cell) -> str:
    """A cell as text, for showing the clerk's row again."""
    match cell:
        case None | Fault():
            return ""
        case bool():
            return "是" if cell else "否"
        case Decimal():
            return decimal_text(cell)
        case _:
            return str(cell)


def text(limit: int) -> Parser:
    """One line of text; a number cell stands for its digits."""

    def parse(cell: Cell) -> str:
        if type(cell) is not str:
            return _digits(cell)
        found = " ".join(cell.split()) if not cell.isprintable() or "  " in cell else cell.strip()
        if not found.isascii():
            found = unicodedata.normalize("NFC", found)
        if not found.isprintable() and any(
            unicodedata.category(mark) in _UNSEEN and mark not in _JOINERS for mark in found
        ):
            raise Wrong("text-control")
        if len(found) > limit:
            raise Wrong("text-long", limit=limit)
        return found

    return parse


def open_text(limit: int) -> Parser:
    """The same, where it is written of residents and kept in the clear: nobody's phone or identity number."""
    read = text(limit)

    def parse(cell: Cell) -> str:
        found: str = read(cell)
        if holds_personal_number(found):
            raise Wrong("text-personal")
        return found

    return parse


def repeated(parse: Parser) -> Parser:
    """The same for a column in which few values stand in many rows: each is looked at once. Not for what tells of people."""
    return lru_cache(maxsize=2_000, typed=True)(parse)


def source(cell: Cell) -> str:
    """Who says so; nobody speaks for the system itself."""
    found: str = text(MAX_SOURCE)(cell)
    if is_ours(found):
        raise Wrong("source-ours")
    return found


def code(cell: Cell) -> str:
    """A number that is a name: full-width letters and digits folded, no spaces, leading zeros kept where the file kept them."""
    found = _digits(cell) if not isinstance(cell, str) else "".join(cell.translate(_HALF_WIDTH).split())
    if not CODE.fullmatch(found):
        raise Wrong("code")
    return found


def codes(most: int) -> Parser:
    """Several numbers in one cell, separated by 、 or a comma, semicolon or space; each once, in the order given."""

    def parse(cell: Cell) -> list[str]:
        parts = re.split(r"[、,，;；\s]+", cell.strip()) if isinstance(cell, str) else [cell]
        found = list(dict.fromkeys(code(part) for part in parts if not blank(part)))
        if len(found) > most:
            raise Wrong("list-long", limit=most)
        return found

    return parse


def number_of(read: Callable[[str], str], limit: int) -> Parser:
    """Text as `read` keeps it: the number of a building, entrance or door."""

    def parse(cell: Cell) -> str:
        return read(text(limit)(cell))

    return parse


def each(read: Callable[[str], str], code: str, most: int) -> Parser:
    """Several entries in one cell, separated by 、 or a comma, semicolon or line; a blank one, or a dash, is None."""

    def parse(cell: Cell) -> list[str | None]:
        parts = _APART.split(cell.strip()) if isinstance(cell, str) else [_digits(cell)]
        if len(parts) > most:
            raise Wrong("list-long", limit=most)
        try:
            return [None if part.strip() in _NOTHING else read(part) for part in parts]
        except InvalidAt as wrong:
            raise Wrong(code) from wrong

    return parse


def identifier(cell: Cell) -> UUID:
    """The id of something, as an export wrote it."""
    try:
        return UUID(cell.strip() if isinstance(cell, str) else "")
    except ValueError as wrong:
        raise Wrong("identifier") from wrong


def flag(cell: Cell) -> bool:
    """是 or 否, in the marks that clerks use for them."""
    if type(cell) is bool:
        return cell
    if isinstance(cell, Decimal):
        cell = decimal_text(cell)
    if type(cell) is str:
        word = _folded(cell).casefold()
        if word in _YES:
            return True
        if word in _NO:
            return False
    raise Wrong("flag")


def day(cell: Cell) -> date:
    """A date; a month alone is its first day. Of a number 2026.1 nobody knows any more whether 2026.10 was typed."""
    if isinstance(cell, date):
        return cell
    found = decimal_text(cell) if isinstance(cell, Decimal) else _folded(cell) if isinstance(cell, str) else ""
    if isinstance(cell, Decimal) and _JANUARY_OR_OCTOBER.fullmatch(found):
        raise Wrong("date-number")
    try:
        if _COMPACT_DAY.fullmatch(found):
            return date(int(found[:4]), int(found[4:6]), int(found[6:]))
        if found.isdigit() and len(found) == 5 and int(found) in _SERIALS:
            return _DAY_ZERO + timedelta(days=int(found))
        match = _DAY.fullmatch(found)
        if match:
            year, *rest = (int(part) for part in match.groups() if part is not None)
            return date(year, rest[0], rest[1] if len(rest) > 1 else 1)
    except ValueError as impossible:
        raise Wrong("date") from impossible
    raise Wrong("date")


def choice(titles: Mapping[str, tuple[str, str]]) -> Parser:
    """One of several words: its key, or its title in Chinese or English."""
    known = {name.casefold(): key for key, names in titles.items() for name in (key, *names)}

    def parse(cell: Cell) -> str:
        key = known.get(_folded(cell).casefold()) if isinstance(cell, str) else None
        if key is None:
            words = ("、".join(names[0] for names in titles.values()), ", ".join(names[1] for names in titles.values()))
            raise Wrong("choice", zh=words[0], en=words[1])
        return key

    return parse


def amount(unit: str | None, *, digits: int, places: int) -> Parser:
    """A number of at least 0 with at most `digits` before the point and `places` behind it."""

    def parse(cell: Cell) -> Decimal:
        try:
            number = parse_decimal(_number(cell, unit))
        except NotExact as wrong:
            raise Wrong("number") from wrong
        if not 0 <= number < 10**digits or number != round(number, places):
            raise Wrong("amount", places=places)
        return number

    return parse


def fact(entry: Entry) -> Parser:
    """The canonical value of a fact of the catalogue."""

    @lru_cache(maxsize=20_000, typed=True)
    def parse(cell: Cell) -> str:
        given: object = cell
        if entry.value_type is ValueType.FLAG:
            given = flag(cell)
        elif entry.value_type is ValueType.TEXT:
            given = text(catalogue.MAX_TEXT)(cell)
        elif entry.value_type is ValueType.SHARE:
            given = _share(cell)
        else:
            given = _number(cell, entry.unit)
        try:
            return catalogue.parse_value(entry, given)
        except catalogue.ValueInvalid as invalid:
            raise Wrong("value", zh=invalid.zh, en=invalid.en) from invalid

    return parse


def _share(cell: Cell) -> str:
    if isinstance(cell, str):
        found = _folded(cell)
        if found.endswith("%"):
            part = _exact(_number(found[:-1], None))
            return decimal_text(part.scaleb(-2, WIDE))
        if "/" in found:
            return found
    return _number(cell, None)


def _exact(number: str) -> Decimal:
    try:
        return parse_decimal(number)
    except NotExact as wrong:
        raise Wrong("number") from wrong


def _number(cell: Cell, unit: str | None) -> str:
    """The digits of a number, as text; whether they are one, the exact parser decides."""
    if isinstance(cell, Decimal):
        return decimal_text(SPREADSHEET.plus(cell))
    if isinstance(cell, date):
        raise Wrong("number-is-date")
    if not isinstance(cell, str):
        raise Wrong("number")
    found = _folded(cell)
    if found.isascii() and found.isdigit():
        return found
    match = _QUANTITY.fullmatch(found)
    if match is None:
        raise Wrong("number")
    digits, myriad, said = match.groups()
    if said and said.casefold() not in _UNITS.get(unit or "", ()):
        raise Wrong("unit-other", unit=unit or "—")
    if _SEPARATED.fullmatch(digits):
        digits = digits.replace(",", "")
    if not _PLAIN.fullmatch(digits):
        raise Wrong("number")
    return decimal_text(_exact(digits).scaleb(4, WIDE)) if myriad else digits


def _digits(cell: Cell) -> str:
    """A number cell in a column of text: 520327 is a code, 5.2E+17 has lost its digits."""
    if isinstance(cell, Decimal):
        if cell == cell.to_integral_value() and abs(cell) < 10**15:
            return decimal_text(cell)
        raise Wrong("code-number")
    if isinstance(cell, date):
        return cell.isoformat()
    if type(cell) is bool:
        return "TRUE" if cell else "FALSE"
    raise Wrong("required")


def _folded(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())
