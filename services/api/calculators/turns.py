"""Calculators are open to everybody and cost seconds at worst: few compute at once, some wait, the rest come again later."""

from collections.abc import AsyncIterator

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from fastapi import Request

from services.api.problems import TemporarilyUnavailable

AT_ONCE = 2
MOST_WAITING = 32

_TURNS: RunVar[CapacityLimiter] = RunVar("calculator_turns")  # one for each process: a limiter belongs to its loop


async def turn(request: Request) -> AsyncIterator[None]:
    """Holds one of the turns while a request computes; TemporarilyUnavailable when too many wait already."""
    await request.body()  # before the turn: who sends slowly keeps nobody waiting
    turns = turns_of_this_process()
    if turns.available_tokens <= 0 and turns.statistics().tasks_waiting >= MOST_WAITING:
        raise TemporarilyUnavailable(headers={"Retry-After": "1"})
    async with turns:
        yield


def turns_of_this_process() -> CapacityLimiter:
    """The turns that there are, made when first asked for."""
    try:
        return _TURNS.get()
    except LookupError:
        turns = CapacityLimiter(AT_ONCE)
        _TURNS.set(turns)
        return turns
