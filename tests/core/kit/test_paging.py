"""Cursors: what went in comes out, and nothing else gets through to a query."""

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit import paging
from services.core.kit.errors import CursorInvalid

STORABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)


def cursor_of(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(st.lists(st.one_of(STORABLE, st.uuids(), st.integers(0, paging.GREATEST)), min_size=1, max_size=4))
def test_what_was_encoded_is_decoded(keys: list[str | UUID | int]) -> None:
    kinds: dict[type, Callable[[str], Any]] = {str: str, UUID: UUID, int: paging.whole}
    assert paging.decode(paging.encode(keys), [kinds[type(key)] for key in keys]) == keys


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!!!!",
        "中文",
        "AAAA",
        cursor_of("text"),
        cursor_of({"a": 1}),
        cursor_of([1]),
        cursor_of([]),
        cursor_of(["a", "b"]),
        cursor_of(["not a uuid"]),
        cursor_of(["\x00"]),
        cursor_of(["\ud800"]),
        "W1tbW1tbW1tbW1tb" * 30,
    ],
)
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        paging.decode(cursor, [UUID])


@pytest.mark.parametrize("text", ["-1", "1.5", "", " 1", "٣", "9223372036854775808", "9" * 400, "NaN"])
def test_numbers_that_no_column_holds_are_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        paging.decode(cursor_of([text]), [paging.whole])


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b"])
def test_text_that_no_column_holds_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        paging.decode(cursor_of([text]), [str])


def test_a_parser_may_fail_in_its_own_way() -> None:
    with pytest.raises(CursorInvalid):
        paging.decode(cursor_of(["no number"]), [Decimal])
