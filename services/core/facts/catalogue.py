"""Every fact that a decision may read: its key, type, unit, meaning, and how it is taken over the compounds of a project.

Keys under `compound`, `facilities` and `governance` are recorded on compounds and aggregated; all others on projects.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from services.core.facts.entries import ENTRIES
from services.core.kit.exact import MAX_DIGITS, NotExact, decimal_text, parse_fraction

Value = Fraction | bool | str
"""What a fact holds in memory: numbers of every kind as a Fraction, a flag as a bool, text as a str."""

MAX_TEXT = 500
MAX_PLACES = 9
"""Most decimal places that a recorded number has, and most digits of a recorded share's denominator.

Denominators multiply in an exact mean: over the 200 compounds of a project it has some 1,850 digits then. Python writes and reads
4,300 at most.
"""

# What `text_of` writes of most figures; read and written again, such a text is the same.
_CANONICAL = re.compile(r"(?:0|[1-9]\d{0,19})(\.\d{0,8}[1-9])?", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{1,4000}(?:\.\d{1,4000}|/[1-9]\d{0,3999})?", re.ASCII)


class ValueType(StrEnum):
    """How a fact's value is written and compared."""

    SHARE = "share"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLAG = "flag"
    YEAR = "year"
    TEXT = "text"


class Subject(StrEnum):
    """What a fact is recorded on."""

    COMPOUND = "compound"
    PROJECT = "project"


class Aggregation(StrEnum):
    """How a compound's fact is taken over the compounds of a project. The mean is weighted by `compound.floor_area`."""

    SUM = "sum"
    AREA_WEIGHTED_MEAN = "area_weighted_mean"
    EARLIEST = "earliest"
    ALL = "all"
    ANY = "any"


class ValueInvalid(ValueError):
    """A text that is no value of the fact's type. `zh` and `en` say why, without repeating what was given."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact of the catalogue. `aggregation` is None exactly for what is recorded on projects."""

    key: str
    value_type: ValueType
    unit: str | None
    subject: Subject
    aggregation: Aggregation | None
    title_zh: str
    title_en: str
    meaning_zh: str
    meaning_en: str

    @property
    def needs_document(self) -> bool:
        """Whether a person who attests it names a document: the outcome of a vote, a survey, a consultation or a notice."""
        return self.key.startswith(("vote.", "survey.", "notice.", "consultation."))

    @property
    def is_judged(self) -> bool:
        """Whether a panel of experts finds it: nobody attests such a fact by hand."""
        return self.key.startswith("judgement.")

    @property
    def is_ordered(self) -> bool:
        """Whether values of this fact can be compared with a threshold."""
        return self.value_type not in (ValueType.FLAG, ValueType.TEXT)


def entry(key: str) -> Entry | None:
    """The catalogue's entry of `key`, or None when there is no such fact."""
    return CATALOGUE.get(key)


def parse_value(of: Entry, given: object) -> str:
    """The canonical text of `given` as a value of `of` to record; ValueInvalid when it is none. Parsing a canonical text gives it
    back.

    Shares and decimals: "0.75", a share also "2/3" where no decimal is exact; see MAX_PLACES. Flags: "true", "false". No number is
    below zero.
    """
    if isinstance(given, str) and of.value_type in (ValueType.DECIMAL, ValueType.INTEGER):
        canonical = _CANONICAL.fullmatch(given)
        if canonical and (of.value_type is ValueType.DECIMAL or not canonical[1]):
            return given
    value = value_of(of, given)
    if isinstance(value, Fraction) and 10**MAX_PLACES % value.denominator:
        if of.value_type is not ValueType.SHARE:
            raise ValueInvalid(f"至多 {MAX_PLACES} 位小数", f"may have at most {MAX_PLACES} decimal places")
        if value.denominator >= 10**MAX_PLACES:
            raise ValueInvalid(
                f"至多 {MAX_PLACES} 位小数，写成分数时分母至多 {MAX_PLACES} 位",
                f"may have at most {MAX_PLACES} decimal places, or as a fraction {MAX_PLACES} digits below the line",
            )
    return text_of(value)


def value_of(of: Entry, given: object) -> Value:
    """What a text (or integer, or bool for a flag) means as a value of `of`, exactly; ValueInvalid when it is none."""
    if of.value_type is ValueType.FLAG:
        return _flag(given)
    if of.value_type is ValueType.TEXT:
        return _text(given)
    try:
        return _in_range(of, parse_fraction(given))
    except NotExact as wrong:
        raise ValueInvalid(wrong.zh, wrong.en) from wrong


def aggregated_value(of: Entry, text: str) -> Value:
    """The value that `text_of` wrote of an aggregated fact: an exact mean over many compounds has more digits than we take in."""
    if of.value_type in (ValueType.FLAG, ValueType.TEXT) or not _LONG_NUMBER.fullmatch(text):
        return value_of(of, text)
    if "/" in text:
        return _in_range(of, Fraction(text))
    whole, _, part = text.partition(".")  # what Fraction would read in three times the time
    scale = 10 ** len(part)
    return _in_range(of, Fraction(int(whole) * scale + int(part or 0), scale))


def _in_range(of: Entry, number: Fraction) -> Fraction:
    if number.numerator < 0:
        raise ValueInvalid("不得小于 0", "must be at least 0")
    if of.value_type is ValueType.SHARE and number.numerator > number.denominator:
        raise ValueInvalid("份额不得大于 1", "a share must be at most 1")
    if of.value_type in (ValueType.INTEGER, ValueType.YEAR) and number.denominator != 1:
        raise ValueInvalid("应为整数", "must be a whole number")
    if of.value_type is ValueType.YEAR and not 1000 <= number <= 2999:
        raise ValueInvalid("应为四位年份", "must be a year of four digits")
    return number


def text_of(value: Value) -> str:
    """The canonical text of a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    text = decimal_text(value)
    if len(text) > MAX_DIGITS and "/" not in text and sum(mark.isdigit() for mark in text) > MAX_DIGITS:
        return f"{value.numerator}/{value.denominator}"  # 1/2**60 has 60 decimal places: too long to be read back
    return text


def aggregate(of: Entry, values: Sequence[Value | None], weights: Sequence[Fraction | None]) -> Value | None:
    """The value of a compound's fact over all compounds of a project, exactly; None when what is known does not settle it.

    `values` and `weights` (floor areas, m²) are per compound, in one order. A missing part makes the whole unknown, except where
    the known parts already decide (one `false` under `all`, one `true` under `any`). The mean of equal values needs no weights.
    """
    if of.aggregation is None:
        raise ValueError(f"{of.key} is recorded on projects and is not aggregated")
    return _AGGREGATIONS[of.aggregation](values, weights) if values else None


def _flag(given: object) -> bool:
    if isinstance(given, bool):
        return given
    if given in ("true", "false"):
        return given == "true"
    raise ValueInvalid('应为 "true" 或 "false"', 'must be "true" or "false"')


def _text(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueInvalid("应为非空文本", "must be text, not empty")
    if len(given) > MAX_TEXT:
        raise ValueInvalid(f"至多 {MAX_TEXT} 个字符", f"may have at most {MAX_TEXT} characters")
    if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in given):
        raise ValueInvalid("不得含有控制字符", "may not hold control characters")
    return unicodedata.normalize("NFC", given.strip())


def _numbers(values: Sequence[Value | None]) -> list[Fraction] | None:
    numbers = [value for value in values if isinstance(value, Fraction)]
    return numbers if len(numbers) == len(values) else None


def _sum(values: Sequence[Value | None], _weights: Sequence[Fraction | None]) -> Value | None:
    numbers = _numbers(values)
    return None if numbers is None else sum(numbers, Fraction(0))


def _earliest(values: Sequence[Value | None], _weights: Sequence[Fraction | None]) -> Value | None:
    numbers = _numbers(values)
    return None if numbers is None else min(numbers)


def _mean(values: Sequence[Value | None], weights: Sequence[Fraction | None]) -> Value | None:
    numbers = _numbers(values)
    if numbers is None:
        return None
    if min(numbers) == max(numbers):
        return numbers[0]
    known = [weight for weight in weights if weight is not None]
    if len(known) != len(numbers) or not sum(known):
        return None
    return sum((number * weight for number, weight in zip(numbers, known, strict=True)), Fraction(0)) / sum(known)


def _all(values: Sequence[Value | None], _weights: Sequence[Fraction | None]) -> Value | None:
    if False in values:
        return False
    return None if None in values else True


def _any(values: Sequence[Value | None], _weights: Sequence[Fraction | None]) -> Value | None:
    if True in values:
        return True
    return None if None in values else False


_AGGREGATIONS: dict[
    Aggregation, Callable[[Sequence[Value | None], Sequence[Fraction | None]], Value | None]
] = {
    Aggregation.SUM: _sum,
    Aggregation.AREA_WEIGHTED_MEAN: _mean,
    Aggregation.EARLIEST: _earliest,
    Aggregation.ALL: _all,
    Aggregation.ANY: _any,
}  # fmt: skip


def _catalogue() -> dict[str, Entry]:
    entries = {}
    for key, value_type, unit, aggregation, title_zh, title_en, meaning_zh, meaning_en in sorted(ENTRIES):
        entries[key] = Entry(
            key=key,
            value_type=ValueType(value_type),
            unit=unit,
            subject=Subject.PROJECT if aggregation is None else Subject.COMPOUND,
            aggregation=None if aggregation is None else Aggregation(aggregation),
            title_zh=title_zh,
            title_en=title_en,
            meaning_zh=meaning_zh,
            meaning_en=meaning_en,
        )
    return entries


CATALOGUE: dict[str, Entry] = _catalogue()
"""Every entry by key, in the order of keys."""
