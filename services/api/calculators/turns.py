"""Calculators are open to everybody and cost seconds at worst: they take turns."""

from collections.abc import AsyncIterator

from anyio import CapacityLimiter
from fastapi import Request

from services.api.turns import Turns

AT_ONCE = 2
MOST_WAITING = 32

_TURNS = Turns("calculator_turns", at_once=AT_ONCE, most_waiting=MOST_WAITING)


async def turn(request: Request) -> AsyncIterator[None]:
    """Holds one of the turns while a request computes; TemporarilyUnavailable when too many wait already."""
    await request.body()  # before the turn: who sends slowly keeps nobody waiting
    async with _TURNS.turn():
        yield


def turns_of_this_process() -> CapacityLimiter:
    """The turns that there are."""
    return _TURNS.limiter
