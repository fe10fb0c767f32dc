"""Exact numbers: what is taken, refused, rounded, written and hashed."""

import json
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.core.kit import exact
from services.core.kit.exact import NotExact

FRACTIONS = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**9)
DECIMALS = st.decimals(min_value=-(10**15), max_value=10**15, places=6)


@pytest.mark.parametrize(
    ("given_text", "number"),
    [
        ("2/3", Fraction(2, 3)),
        ("0.75", Fraction(3, 4)),
        ("-1/2", Fraction(-1, 2)),
        (3, Fraction(3)),
        ("007", Fraction(7)),
    ],
)
def test_fractions_are_read_exactly(given_text: object, number: Fraction) -> None:
    assert exact.parse_fraction(given_text) == number


@pytest.mark.parametrize(
    "wrong",
    [0.75, True, None, "", " 1", "1 ", "1\n", "+1", "1e3", "NaN", "Infinity", "1/0", "1/-2", "1//2", ".5", "5.", "１", "1_000",
     "1" * 31, "0." + "1" * 30, 10**30, Decimal("NaN"), Decimal("Infinity"), [], "½"],
)  # fmt: skip
def test_what_is_not_exact_is_refused(wrong: object) -> None:
    with pytest.raises(NotExact) as refusal:
        exact.parse_fraction(wrong)
    assert refusal.value.zh
    assert refusal.value.en
    with pytest.raises(NotExact):
        exact.parse_decimal(wrong)


def test_a_decimal_is_no_fraction_text() -> None:
    with pytest.raises(NotExact):
        exact.parse_decimal("2/3")


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        (Fraction(1, 2), 0, "1"),
        (Fraction(5, 1000), 2, "0.01"),
        (Fraction(-5, 1000), 2, "-0.01"),
        (Fraction(4999, 10**6), 2, "0.00"),
        (Decimal("2.675"), 2, "2.68"),
        (0, 4, "0.0000"),
        (Decimal("12345678901234567890123456789.015"), 2, "12345678901234567890123456789.02"),
    ],
)
def test_halves_round_away_from_zero(number: Fraction | Decimal | int, places: int, text: str) -> None:
    assert format(exact.round_half_up(number, places), "f") == text


@given(DECIMALS, st.integers(0, 5))
def test_rounding_agrees_with_the_decimal_module(number: Decimal, places: int) -> None:
    with localcontext(prec=60):
        assert exact.round_half_up(number, places) == number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("720.00"), "720"), (Decimal("1E+3"), "1000"), (Decimal("-0.50"), "-0.5"), (Decimal("-0.00"), "0"),
        (Decimal(100), "100"), (Fraction(1, 8), "0.125"), (Fraction(2, 3), "2/3"), (Fraction(-7, 50), "-0.14"), (0, "0"),
        (10**40, "1" + "0" * 40),
    ],
)  # fmt: skip
def test_a_number_has_one_text(number: Decimal | Fraction | int, text: str) -> None:
    assert exact.decimal_text(number) == text


@given(FRACTIONS)
def test_a_text_reads_back_as_the_same_number(number: Fraction) -> None:
    assert Fraction(exact.decimal_text(number)) == number


@given(DECIMALS)
def test_equal_numbers_have_equal_texts(number: Decimal) -> None:
    assert exact.decimal_text(number) == exact.decimal_text(Fraction(number))


@given(st.lists(DECIMALS, max_size=50))
def test_sums_are_exact_in_any_order(numbers: list[Decimal]) -> None:
    assert Fraction(exact.exact_sum(numbers)) == sum(map(Fraction, numbers), Fraction(0))
    assert exact.exact_sum(sorted(numbers)) == exact.exact_sum(numbers)


def test_a_sum_of_many_digits_is_not_rounded() -> None:
    assert exact.exact_sum([Decimal("1" * 30), Decimal("0.01")]) == Decimal("1" * 30 + ".01")


@given(st.integers(-(10**18), 10**18))
def test_fen_and_yuan_are_inverse(fen: int) -> None:
    assert exact.fen_of(exact.yuan_of(fen)) == fen


def test_less_than_a_fen_is_refused() -> None:
    with pytest.raises(NotExact):
        exact.fen_of(Decimal("0.001"))


def test_canonical_json_is_one_way_to_write() -> None:
    value = {"b": [Decimal("1.0"), Fraction(2, 3), None, True], "a": "中\n", "Z": 1}
    assert exact.canonical_json(value) == '{"Z":1,"a":"中\\n","b":["1","2/3",null,true]}'.encode()


@pytest.mark.parametrize(
    "wrong", [1.5, [0.0], {"a": {"b": float("nan")}}, {1: "a"}, {None: 1}, object(), {"a": {1, 2}}]
)
def test_canonical_json_refuses_what_is_not_exact(wrong: Any) -> None:
    with pytest.raises(TypeError):
        exact.canonical_json(wrong)


def test_canonical_json_refuses_lone_surrogates() -> None:
    with pytest.raises(UnicodeEncodeError):
        exact.canonical_json("\ud800")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_reads_back_and_is_stable(value: Any) -> None:
    content = exact.canonical_json(value)
    assert json.loads(content) == value
    assert exact.canonical_json(json.loads(content)) == content


def test_digest_is_sha_256_of_the_canonical_bytes() -> None:
    assert exact.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert exact.digest({"a": 1, "b": 2}) == exact.digest({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("kind", "taken", "text"),
    [
        (exact.Money, "1250.5", "1250.50"), (exact.Money, 10, "10.00"), (exact.Money, "99999999999999.99", "99999999999999.99"),
        (exact.Area, "60.50", "60.5"), (exact.Share, "0.80", "0.8"), (exact.Ratio, "2/3", "2/3"), (exact.Ratio, "1", "1"),
        (exact.ExactDecimal, "-3.10", "-3.1"), (exact.NotNegative, 0, "0"),
    ],
)  # fmt: skip
def test_types_take_text_and_answer_text(kind: Any, taken: object, text: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    assert json.loads(adapter.dump_json(adapter.validate_python(taken))) == text


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (exact.Money, "1.234"), (exact.Money, "-1"), (exact.Money, 1.5), (exact.Money, "100000000000000"),
        (exact.Money, "1." + "0" * 28 + "1"), (exact.Area, "0.001"), (exact.Area, "1000000000000"), (exact.Share, "1.01"),
        (exact.Share, "-0.1"), (exact.Ratio, "4/3"), (exact.Ratio, 0.5), (exact.NotNegative, "-1"), (exact.ExactDecimal, None),
    ],
)  # fmt: skip
def test_types_refuse_what_does_not_fit(kind: Any, wrong: object) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    with pytest.raises(ValidationError) as refusal:
        adapter.validate_python(wrong)
    reason = refusal.value.errors()[0]["ctx"]["error"]
    assert isinstance(reason, NotExact)
    assert len(reason.args) == 2
