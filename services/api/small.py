"""Pages that the mini-program reads: no answer to it is larger than 32 KB, whatever its rows hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_json

from services.api.deps import PageQuery
from services.core.kit import paging

MOST_BYTES = 32_768
AROUND = 2_048
"""Bytes for what stands around the rows: the cursor, a title."""


def fitting(page: PageQuery, rows: Sequence[Mapping[str, Any]], *, beside: int = 0) -> PageQuery:
    """The page with as many of `rows` as fit it, `beside` so many bytes; the others follow on the next. A row fits by itself."""
    left = MOST_BYTES - AROUND - beside
    for count, row in enumerate(rows[: page.limit]):
        left -= len(to_json(row)) + 1
        if left < 0:
            return replace(page, limit=max(count, 1))
    return page


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows of a page, how many fit, and where the next one is."""

    rows: Sequence[Mapping[str, Any]]
    cursor: str | None
    next_url: str | None

    @property
    def headers(self) -> dict[str, str]:
        """Where the next page is (RFC 8288)."""
        return {} if self.next_url is None else {"Link": f'<{self.next_url}>; rel="next"'}


def cut(
    page: PageQuery,
    rows: Sequence[Mapping[str, Any]],
    key: Callable[[Mapping[str, Any]], Sequence[Any]],
    *,
    beside: int = 0,
) -> Cut:
    """The same for a form of its own, from up to `limit + 1` rows."""
    kept = rows[: fitting(page, rows, beside=beside).limit]
    if len(kept) == len(rows):
        return Cut(kept, None, None)
    cursor = paging.encode(key(kept[-1]))
    return Cut(kept, cursor, str(page.request.url.include_query_params(cursor=cursor)))
