"""Rules of Open311 GeoReport v2: what is the same request sent again, which days a list spans, what is shown as open. Pure."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.core.hotline.rules import OPEN, State
from services.core.kit.invalid import InvalidAt

SPAN = timedelta(days=90)
"""The longest time that one list spans, and the usual one."""
MOST = 1_000
"""Requests in one list (GeoReport v2, *Response Volume*)."""


def same_keys(client_id: str, said: Sequence[str | None], at: datetime) -> tuple[str, str]:
    """What tells a request that is sent again from another with equal words: who hands it over, all that it says, the hour.

    The second is the hour's before: sent again within the hour it is the same, after two it is another.
    """
    told = hashlib.sha256(json.dumps([client_id, *said]).encode()).hexdigest()
    hour = int(at.timestamp()) // 3600
    return f"open311:{told}:{hour}", f"open311:{told}:{hour - 1}"


def span(start: datetime | None, end: datetime | None, *, now: datetime) -> tuple[datetime, datetime]:
    """From when to when a list goes: ninety days unless both ends are given. InvalidAt for more, or an end before its start."""
    if start is None:
        until = now if end is None else end
        return until - SPAN, until
    if end is None:
        return start, start + SPAN
    if end < start:
        raise InvalidAt("?end_date", "不得早于 start_date", "may not lie before start_date")
    if end - start > SPAN:
        raise InvalidAt("?end_date", "起止时间至多相隔 90 天", "may lie at most 90 days after start_date")
    return start, end


def is_open(state: State) -> bool:
    """Whether a request in this state is `open`; whatever has come to an end is `closed`."""
    return state in OPEN
