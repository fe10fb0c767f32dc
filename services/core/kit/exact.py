"""Exact numbers: parsed, rounded, written and hashed without a float on the way.

Decimals travel as text ("720.5"), shares also as fractions ("2/3"). What cannot be exact is refused, never approximated.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import partial, reduce
from typing import Annotated, Any
from uuid import UUID

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

MAX_DIGITS = 30

_DECIMAL = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_FRACTION = re.compile(r"-?\d{1,30}/\d{1,30}", re.ASCII)
_HUNDREDTH = Decimal("0.01")
_BILLION = 10**9
_EXACT = Context(prec=200, traps=[Inexact])
_AS_IT_IS, _LISTS, _NUMBERS = (str, bool, int), (list, tuple), (Decimal, Fraction)


class NotExact(ValueError):
    """What was given is no exact number of the kind wanted. Its two arguments say why, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en


def parse_decimal(given: object) -> Decimal:
    """The exact decimal that a text, an integer or a Decimal stands for.

    Refused with NotExact: floats, booleans, NaN and infinities, exponents, spaces, a sign `+`, more than 30 digits.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        given = Decimal(given)
    if isinstance(given, Decimal) and given.is_finite():
        given = format(given, "f")
    if not isinstance(given, str) or not _DECIMAL.fullmatch(given):
        raise NotExact('应为以文本书写的十进制数，如 "12.5"', 'must be a decimal written as text, such as "12.5"')
    if len(given) > MAX_DIGITS and sum(mark.isdigit() for mark in given) > MAX_DIGITS:
        raise NotExact(f"至多 {MAX_DIGITS} 位数字", f"may have at most {MAX_DIGITS} digits")
    return Decimal(given)


def parse_fraction(given: object) -> Fraction:
    """The exact fraction that "2/3", "0.75", an integer, a Decimal or a Fraction stands for; NotExact otherwise."""
    if isinstance(given, Fraction):
        return given
    if isinstance(given, str) and _FRACTION.fullmatch(given):
        numerator, denominator = (int(part) for part in given.split("/"))
        if denominator == 0:
            raise NotExact("分母不能为零", "the denominator may not be zero")
        return Fraction(numerator, denominator)
    if isinstance(given, str) and not _DECIMAL.fullmatch(given):
        raise NotExact(
            '应为以文本书写的分数或十进制数，如 "2/3" 或 "0.75"',
            'must be a fraction or a decimal written as text, such as "2/3" or "0.75"',
        )
    return Fraction(parse_decimal(given))


def round_half_up(number: Fraction | Decimal | int, places: int) -> Decimal:
    """`number` with exactly `places` decimals, rounded once, halves away from zero (四舍五入)."""
    scaled = abs(Fraction(number)) * 10**places
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return _decimal_of(-units if number < 0 else units, places)


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """The sum without the rounding to 28 digits that Python's own decimal context would do."""
    return reduce(_EXACT.add, numbers, Decimal(0))


def fen_of(money: Decimal) -> int:
    """An amount of yuan as fen; ValueError when it holds less than a fen."""
    fen = _EXACT.scaleb(money, 2)
    if fen != int(fen):
        raise NotExact("金额至多两位小数", "an amount may have at most two decimal places")
    return int(fen)


def yuan_of(fen: int) -> Decimal:
    """Fen as yuan with two places."""
    return _decimal_of(fen, 2)


def decimal_text(number: Decimal | Fraction | int) -> str:
    """The one text of a number: no exponent, no trailing zeros ("720", "0.5"); "n/d" for what no decimal can hold."""
    if isinstance(number, Decimal):
        text = format(number, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    exact = number if isinstance(number, Fraction) else Fraction(number)
    times, uneven = divmod(_BILLION, exact.denominator)
    if not uneven:  # nine places hold it, as nearly every figure; the rest is the same by hand
        text = billionths_text(abs(exact.numerator) * times)
        return f"-{text}" if exact.numerator < 0 else text
    rest, places = exact.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        places = max(places, power)
    if rest != 1:
        return f"{exact.numerator}/{exact.denominator}"
    return format(_decimal_of(exact.numerator * 10**places // exact.denominator, places), "f")


def billionths_text(billionths: int) -> str:
    """The one text of so many billionths, which are not negative."""
    whole, part = divmod(billionths, _BILLION)
    return f"{whole}.{part:09d}".rstrip("0") if part else str(whole)


def canonical_json(value: Any) -> bytes:
    """The one way to write `value` as JSON: keys by code point, no spaces, UTF-8, exact numbers as text.

    TypeError for floats, keys that are not text, and anything that JSON does not know; UnicodeEncodeError for lone surrogates.
    """
    return json.dumps(
        _plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()


def digest(value: Any) -> str:
    """SHA-256 of `canonical_json(value)`, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, _AS_IT_IS):
        return value
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("canonical JSON has keys of text only")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, _LISTS):
        return [_plain(item) for item in value]
    if isinstance(value, _NUMBERS):
        return decimal_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"canonical JSON does not hold {type(value).__name__}")


def _decimal_of(units: int, places: int) -> Decimal:
    """`units` / 10**places without the rounding that a decimal context would do."""
    return Decimal(f"{units}E-{places}")


# Types of request and answer models. All travel as text; integers are taken too, floats never.

_DECIMAL_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^-?\d{1,30}(\.\d{1,30})?$", "examples": ["12.5"]})
_AMOUNT_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^\d{1,14}(\.\d{1,2})?$", "examples": ["1250.50"]})
_RATIO_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^-?\d{1,30}((\.|/)\d{1,30})?$", "examples": ["2/3", "0.75"]}
)
_AS_TEXT = PlainSerializer(decimal_text, return_type=str)
_AS_MONEY = PlainSerializer(lambda amount: format(yuan_of(fen_of(amount)), "f"), return_type=str)


def _amount(given: object, *, digits: int) -> Decimal:
    """A decimal of at least 0 that fits a column of two places and `digits` before the point."""
    number = _not_negative(given)
    if number >= 10**digits or number != number.quantize(_HUNDREDTH):
        raise NotExact(
            f"至多两位小数，小数点前至多 {digits} 位",
            f"may have at most two decimal places, and {digits} digits before the point",
        )
    return number


def _not_negative(given: object) -> Decimal:
    number = parse_decimal(given)
    if number < 0:
        raise NotExact("不得小于 0", "must be at least 0")
    return number


def _share(given: object) -> Decimal:
    number = parse_decimal(given)
    if not 0 <= number <= 1:
        raise NotExact("应在 0 与 1 之间", "must be between 0 and 1")
    return number


def _ratio(given: object) -> Fraction:
    number = parse_fraction(given)
    if not 0 <= number <= 1:
        raise NotExact("应在 0 与 1 之间", "must be between 0 and 1")
    return number


ExactDecimal = Annotated[Decimal, PlainValidator(parse_decimal), _AS_TEXT, _DECIMAL_SCHEMA]
"""Any exact decimal."""

NotNegative = Annotated[Decimal, PlainValidator(_not_negative), _AS_TEXT, _DECIMAL_SCHEMA]
"""An exact decimal of at least 0."""

Share = Annotated[Decimal, PlainValidator(_share), _AS_TEXT, _DECIMAL_SCHEMA]
"""A decimal between 0 and 1, both included."""

Ratio = Annotated[Fraction, PlainValidator(_ratio), _AS_TEXT, _RATIO_SCHEMA]
"""A share that may also be written as a fraction ("2/3"), between 0 and 1."""

Money = Annotated[Decimal, PlainValidator(partial(_amount, digits=14)), _AS_MONEY, _AMOUNT_SCHEMA]
"""Yuan, at least 0, whole fen; fits Numeric(16, 2); written with two places."""

Area = Annotated[Decimal, PlainValidator(partial(_amount, digits=12)), _AS_TEXT, _AMOUNT_SCHEMA]
"""Square metres, at least 0, at most two places; fits Numeric(14, 2)."""

DecimalOut = Annotated[Decimal, _AS_TEXT]
"""A decimal that we answer with; not checked again, so that a sum of many may be longer than what a caller may send."""

MoneyOut = Annotated[Decimal, _AS_MONEY]
"""Yuan that we answer with, written with two places."""
