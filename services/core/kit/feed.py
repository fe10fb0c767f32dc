"""The events in order of their numbers, as one caller may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, BigInteger, String, any_, bindparam, or_, select, true

from services.core.kit.database import Statement, in_scope
from services.core.kit.events import EventRow, SequenceCounter
from services.core.kit.scope import Scope

if TYPE_CHECKING:
    import asyncpg

# A caller with a small scope far behind would otherwise scan the whole ledger in one statement.
LOOK_AT = 20_000


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`reached` is where the next page starts; everything up to it has been looked at."""

    rows: "Sequence[asyncpg.Record]"
    reached: int
    has_more: bool


_KINDS = bindparam("kinds", type_=ARRAY(String))
_FOUND = (
    select(EventRow)
    .where(
        EventRow.seq > bindparam("after", type_=BigInteger),
        EventRow.seq <= bindparam("until", type_=BigInteger),
        in_scope(EventRow.region_path),
        or_(_KINDS.is_(None), EventRow.kind == any_(_KINDS)),
    )
    .order_by(EventRow.seq)
    .limit(bindparam("limit", type_=BigInteger))
    .lateral("found")
)
# One statement is one snapshot: the newest number and every event up to it are seen together.
PAGE = Statement(
    select(SequenceCounter.last, _FOUND)
    .select_from(SequenceCounter)
    .outerjoin(_FOUND, true())
    .where(SequenceCounter.name == "event")
    .order_by(_FOUND.c.seq)
)


async def read(
    driver: "asyncpg.Connection", *, scope: Scope, after: int, kinds: Sequence[str] | None, limit: int
) -> FeedPage:
    """Up to `limit` events numbered after `after` inside `scope`; looks at no more than `LOOK_AT` numbers."""
    until = after + LOOK_AT
    rows: list[Any] = await PAGE.all(driver, after=after, until=until, kinds=kinds, limit=limit + 1, **scope.parameters)
    if not rows:
        return FeedPage((), after, has_more=False)
    newest = rows[0]["last"]
    found = [row for row in rows if row["id"] is not None]
    if len(found) > limit:
        return FeedPage(found[:limit], found[limit - 1]["seq"], has_more=True)
    return FeedPage(found, max(after, min(newest, until)), has_more=newest > until)
