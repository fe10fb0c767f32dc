"""Codes as they are made, printed and typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.residents.rules import ALPHABET, LENGTH, Assurance, new_code, printed, stronger, typed

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_codes_are_of_the_alphabet_and_never_the_same() -> None:
    made = {new_code() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(code) for code in made} == {LENGTH}
    assert set("".join(made)) == set(ALPHABET)


@given(CODES, st.sampled_from(["-", " ", "", "．", "\u3000"]), st.booleans())
def test_what_is_printed_is_understood_however_it_is_typed(code: str, between: str, lower: bool) -> None:
    text = printed(code).replace("-", between)
    assert typed(text.lower() if lower else text) == code


@given(CODES)
def test_letters_that_look_like_figures_are_meant_as_figures(code: str) -> None:
    assert typed(code.replace("0", "o").replace("1", "I")) == code
    assert typed(code.replace("1", "l")) == code


@pytest.mark.parametrize("given_", ["", "1" * 15, "1" * 17, "U" * 16, "é" * 16, "王" * 16, "😀" * 16])
def test_what_is_no_code(given_: str) -> None:
    assert typed(given_) is None


def test_on_sight_is_surer_than_a_code_and_that_than_a_number() -> None:
    assert stronger(Assurance.PHONE, Assurance.CODE) is Assurance.CODE
    assert stronger(Assurance.ON_SITE, Assurance.CODE) is Assurance.ON_SITE
    assert stronger(Assurance.PHONE, Assurance.PHONE) is Assurance.PHONE
