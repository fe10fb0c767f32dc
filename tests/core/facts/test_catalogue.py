"""The catalogue: canonical values, refusals with a reason, exact aggregation over compounds."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.facts.catalogue import (
    CATALOGUE,
    Aggregation,
    Entry,
    Subject,
    Value,
    ValueInvalid,
    ValueType,
    aggregate,
    aggregated_value,
    entry,
    parse_value,
    text_of,
    value_of,
)
from services.core.facts.rules import EffectiveFact, Figure, Kind, effective
from services.core.kit.exact import canonical_json
from services.core.projects.figures import facts_of_project


def of(value_type: ValueType, aggregation: Aggregation | None = None) -> Entry:
    """An entry of a type, apart from what the catalogue happens to hold."""
    subject = Subject.PROJECT if aggregation is None else Subject.COMPOUND
    return Entry("some.fact", value_type, None, subject, aggregation, "事实", "Fact", "意义", "Meaning")


@pytest.mark.parametrize(
    ("value_type", "given_", "canonical"),
    [
        (ValueType.SHARE, "0.750", "0.75"),
        (ValueType.SHARE, "3/4", "0.75"),
        (ValueType.SHARE, "4/6", "2/3"),
        (ValueType.SHARE, "333333333/999999998", "333333333/999999998"),
        (ValueType.SHARE, "0.123456789", "0.123456789"),
        (ValueType.SHARE, "1", "1"),
        (ValueType.SHARE, 0, "0"),
        (ValueType.DECIMAL, "13380.50", "13380.5"),
        (ValueType.DECIMAL, "0012", "12"),
        (ValueType.DECIMAL, "7/2", "3.5"),
        (ValueType.INTEGER, "55", "55"),
        (ValueType.INTEGER, "55.0", "55"),
        (ValueType.INTEGER, 808, "808"),
        (ValueType.YEAR, "1985", "1985"),
        (ValueType.FLAG, "true", "true"),
        (ValueType.FLAG, False, "false"),
        (ValueType.TEXT, "  物业公司 ", "物业公司"),
    ],
)
def test_a_value_has_one_canonical_text(value_type: ValueType, given_: object, canonical: str) -> None:
    assert parse_value(of(value_type), given_) == canonical
    assert parse_value(of(value_type), canonical) == canonical


@pytest.mark.parametrize(
    ("value_type", "given_"),
    [
        *[
            (ValueType.SHARE, bad)
            for bad in (
                "1.1",
                "-0.1",
                "80%",
                "",
                " 0.5",
                "NaN",
                "1e-1",
                "1/0",
                0.5,
                True,
                None,
                "９",
                "0.1234567891",
                "1/1000000007",
            )
        ],
        *[(ValueType.INTEGER, bad) for bad in ("1.5", "1/3", "-1", "约500", "1,000")],
        *[(ValueType.DECIMAL, bad) for bad in ("36.7万", "Infinity", "1" * 31, "0.1234567891", "1/3")],
        *[(ValueType.YEAR, bad) for bad in ("85", "1985.5", "80年代", "9999")],
        *[(ValueType.FLAG, bad) for bad in ("True", "1", 1, "是", "")],
        *[(ValueType.TEXT, bad) for bad in ("", "   ", "a\x00b", "a\nb", "字" * 501, 5, "\ud800")],
    ],
)
def test_what_is_no_value_is_refused_with_a_reason_that_does_not_repeat_it(
    value_type: ValueType, given_: object
) -> None:
    with pytest.raises(ValueInvalid) as refused:
        parse_value(of(value_type), given_)
    assert refused.value.zh
    assert refused.value.en
    if isinstance(given_, str) and len(given_.strip()) > 3:
        assert given_ not in refused.value.zh + refused.value.en


@given(st.fractions(0, 1, max_denominator=10**9 - 1))
def test_any_share_that_can_be_written_is_read_back_exactly(share: Fraction) -> None:
    text = parse_value(of(ValueType.SHARE), f"{share.numerator}/{share.denominator}")
    assert value_of(of(ValueType.SHARE), text) == share
    assert parse_value(of(ValueType.SHARE), text) == text


@pytest.mark.parametrize("value_type", [ValueType.DECIMAL, ValueType.INTEGER])
@given(text=st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,10})?", fullmatch=True))
def test_a_number_written_as_we_write_it_is_taken_as_it_stands(value_type: ValueType, text: str) -> None:
    number = Fraction(text)
    try:
        taken = parse_value(of(value_type), text)
    except ValueInvalid:
        assert 10**9 % number.denominator or (value_type is ValueType.INTEGER and number.denominator != 1)
    else:
        assert taken == text_of(number)


def test_a_share_too_long_as_a_decimal_stays_a_fraction() -> None:
    tiny = Fraction(1, 2**60)
    assert text_of(tiny) == f"1/{2**60}"


THIRD, HALF = Fraction(1, 3), Fraction(1, 2)


@pytest.mark.parametrize(
    ("aggregation", "values", "weights", "expected"),
    [
        (Aggregation.SUM, [Fraction(55), Fraction(220)], [None, None], Fraction(275)),
        (Aggregation.SUM, [Fraction(55), None], [None, None], None),
        (Aggregation.EARLIEST, [Fraction(1990), Fraction(1985)], [None, None], Fraction(1985)),
        (Aggregation.EARLIEST, [Fraction(1990), None], [None, None], None),
        (Aggregation.AREA_WEIGHTED_MEAN, [THIRD, HALF], [Fraction(2), Fraction(1)], Fraction(7, 18)),
        (Aggregation.AREA_WEIGHTED_MEAN, [THIRD, HALF], [Fraction(2), None], None),
        (Aggregation.AREA_WEIGHTED_MEAN, [THIRD, None], [Fraction(2), Fraction(1)], None),
        (Aggregation.AREA_WEIGHTED_MEAN, [THIRD, HALF], [Fraction(0), Fraction(0)], None),
        (Aggregation.AREA_WEIGHTED_MEAN, [THIRD, HALF], [Fraction(0), Fraction(1)], HALF),
        (Aggregation.AREA_WEIGHTED_MEAN, [THIRD], [None], THIRD),
        (Aggregation.AREA_WEIGHTED_MEAN, [HALF, HALF], [None, Fraction(3)], HALF),
        (Aggregation.ALL, [True, True], [None, None], True),
        (Aggregation.ALL, [True, None], [None, None], None),
        (Aggregation.ALL, [None, False], [None, None], False),
        (Aggregation.ANY, [False, None], [None, None], None),
        (Aggregation.ANY, [None, True], [None, None], True),
        (Aggregation.ANY, [False, False], [None, None], False),
        (Aggregation.SUM, [], [], None),
        (Aggregation.ALL, [], [], None),
    ],
)
def test_aggregation_is_exact_and_never_guesses(
    aggregation: Aggregation, values: list[Value | None], weights: list[Fraction | None], expected: Value | None
) -> None:
    result = aggregate(of(ValueType.DECIMAL, aggregation), values, weights)
    assert result == expected
    assert type(result) is type(expected)


def test_a_fact_of_projects_is_not_aggregated() -> None:
    with pytest.raises(ValueError, match="recorded on projects"):
        aggregate(of(ValueType.SHARE), [HALF], [None])


@given(
    st.lists(st.tuples(st.fractions(0, 1), st.fractions(1, 1000)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_a_mean_lies_between_its_parts_in_whatever_order(parts: list[tuple[Fraction, Fraction]], random: Any) -> None:
    mean = of(ValueType.SHARE, Aggregation.AREA_WEIGHTED_MEAN)
    result = aggregate(mean, [value for value, _ in parts], [weight for _, weight in parts])
    assert isinstance(result, Fraction)
    assert min(value for value, _ in parts) <= result <= max(value for value, _ in parts)
    random.shuffle(parts)
    assert aggregate(mean, [value for value, _ in parts], [weight for _, weight in parts]) == result


def test_an_exact_mean_over_many_compounds_is_read_back_though_no_request_may_send_it() -> None:
    mean = CATALOGUE["facilities.basic.defect_share"]
    parts = [Fraction(7, below) for below in (23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101)]
    whole = aggregate(mean, list(parts), [Fraction(1000 + place) for place, _ in enumerate(parts)])
    assert whole is not None
    text = text_of(whole)
    assert len(text) > 60
    assert aggregated_value(mean, text) == whole
    with pytest.raises(ValueInvalid):
        parse_value(mean, text)


def recorded(key: str, text: str) -> EffectiveFact:
    value, noon = parse_value(CATALOGUE[key], text), datetime(2026, 11, 21, 4, tzinfo=UTC)
    return effective([Figure(UUID(int=1), key, value, Kind.ATTESTED, "office", None, (), None, noon)], None)


def test_the_longest_mean_over_a_project_of_200_compounds_can_be_stored_and_read_back() -> None:
    share = "facilities.basic.defect_share"
    compounds = [UUID(int=number) for number in range(1, 201)]
    known = {}
    for place, compound in enumerate(compounds):
        said = {share: f"{place + 1}/{999_999_999 - place}", "compound.floor_area": f"{9 * 10**11 + place}.123456789"}
        known[compound] = {key: recorded(key, text) for key, text in said.items()}
    facts = facts_of_project(UUID(int=0), compounds, known)
    assert len(facts.facts[share]["value"]) > 2_000
    assert canonical_json(facts.facts)
    areas = [Fraction(9 * 10**11 + place) + Fraction("0.123456789") for place in range(200)]
    parts = [Fraction(place + 1, 999_999_999 - place) * area for place, area in enumerate(areas)]
    assert facts.value(share) == sum(parts) / sum(areas)


@given(st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,20}|/[1-9][0-9]{0,19})?", fullmatch=True))
def test_an_aggregated_number_is_read_as_a_fraction_would_read_it(text: str) -> None:
    assert aggregated_value(of(ValueType.DECIMAL), text) == Fraction(text)


def test_an_aggregated_value_keeps_to_its_type() -> None:
    with pytest.raises(ValueInvalid):
        aggregated_value(CATALOGUE["facilities.basic.defect_share"], "3/2")
    with pytest.raises(ValueInvalid):
        aggregated_value(CATALOGUE["facilities.basic.defect_share"], "1/0")
    assert aggregated_value(CATALOGUE["governance.committee"], "true") is True
    assert aggregated_value(CATALOGUE["compound.built_year"], "1990") == 1990


def test_every_entry_is_complete_and_recorded_where_its_key_says() -> None:
    assert list(CATALOGUE) == sorted(CATALOGUE)
    for key, one in CATALOGUE.items():
        of_compounds = key.split(".")[0] in ("compound", "facilities", "governance")
        assert one.key == key
        assert one.subject is (Subject.COMPOUND if of_compounds else Subject.PROJECT)
        assert (one.aggregation is not None) == of_compounds
        assert all((one.title_zh, one.title_en, one.meaning_zh, one.meaning_en))
        if one.aggregation in (Aggregation.ALL, Aggregation.ANY):
            assert one.value_type is ValueType.FLAG
        elif one.aggregation is not None:
            assert one.is_ordered


def test_every_key_is_entered_once() -> None:
    from services.core.facts.entries import ENTRIES

    assert len(ENTRIES) == len(CATALOGUE)
    assert entry("compound.households") is CATALOGUE["compound.households"]
    assert entry("compound.unknown") is None
