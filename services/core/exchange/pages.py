"""What an export is made of: cells, rows page by page, and the way to read them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

Value = str | Decimal | date | None
Reading = Callable[[], "AbstractAsyncContextManager[asyncpg.Connection]"]
"""Opens a connection for a page: none is held while the caller writes."""


@dataclass(frozen=True, slots=True)
class Export:
    """A table to write: titles of its columns, and its rows page by page."""

    titles: tuple[str, ...]
    pages: AsyncIterator[list[list[Value]]]
