"""Where a request costs a second of computing: few compute at once, some wait, the rest come again later."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from services.api.problems import TemporarilyUnavailable


class Turns:
    """So many at once in this process, and so many waiting for their turn."""

    def __init__(self, name: str, *, at_once: int, most_waiting: int) -> None:
        self._at_once, self._most_waiting = at_once, most_waiting
        self._limiter: RunVar[CapacityLimiter] = RunVar(name)  # a limiter belongs to its loop

    @property
    def limiter(self) -> CapacityLimiter:
        """The turns that there are, made when first asked for."""
        try:
            return self._limiter.get()
        except LookupError:
            made = CapacityLimiter(self._at_once)
            self._limiter.set(made)
            return made

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Holds one of the turns; TemporarilyUnavailable when too many wait already."""
        limiter = self.limiter
        if limiter.available_tokens <= 0 and limiter.statistics().tasks_waiting >= self._most_waiting:
            raise TemporarilyUnavailable(headers={"Retry-After": "1"})
        async with limiter:
            yield
