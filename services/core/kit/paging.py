"""Keyset pages: the cursor holds the keys of the last row, opaque to the caller, parsed by type before it meets a query."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from services.core.kit.errors import CursorInvalid

GREATEST = 2**63 - 1  # of PostgreSQL's bigint


def encode(keys: Sequence[Any]) -> str:
    """The cursor after a row with these keys."""
    return (
        base64.urlsafe_b64encode(json.dumps([str(key) for key in keys], ensure_ascii=False).encode())
        .decode()
        .rstrip("=")
    )


def decode(cursor: str, kinds: Sequence[Callable[[str], Any]]) -> list[Any]:
    """The keys inside a cursor, each through its parser; anything else is refused."""
    try:
        texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(texts, list) or not all(isinstance(text, str) and _is_storable(text) for text in texts):
            raise CursorInvalid
        return [kind(text) for kind, text in zip(kinds, texts, strict=True)]
    except (ValueError, ArithmeticError, binascii.Error) as wrong:
        raise CursorInvalid from wrong


def whole(text: str) -> int:
    """A number that a bigint column can hold and that is not negative; the parser for cursors over such columns."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= GREATEST):
        raise ValueError(text)
    return int(text)


def instant(text: str) -> datetime:
    """An instant with its zone, in UTC; the parser for cursors over such columns."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _is_storable(text: str) -> bool:
    """Lone surrogates fail here (a ValueError), not in the driver."""
    return b"\x00" not in text.encode()
