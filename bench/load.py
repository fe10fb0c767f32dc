"""A load generator that costs little: keep-alive HTTP/1.1 over bare asyncio, so that the server is what gets measured."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

READY = 16
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a burst of requests came to. `took`: seconds of every answer."""

    requests: int
    seconds: float
    wrong: int
    first_wrong: bytes
    took: list[float]

    @property
    def rate(self) -> float:
        """Requests answered as expected per second."""
        return (self.requests - self.wrong) / self.seconds


class _Connection(asyncio.Protocol, ABC):
    """One connection with one request on its way at most; `answered` is called when its answer is complete."""

    def __init__(self, expected: bytes) -> None:
        self._expected = expected
        self._buffer = bytearray()
        self.requests = self.wrong = 0
        self.first_wrong = b""
        self.took: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def ask(self, sent: bytes, since: float) -> None:
        """Sends a request, whose answer takes as long as it comes after `since`."""
        self._since = since
        self.transport.write(sent)

    @abstractmethod
    def answered(self) -> None:
        """What a kind of connection does next."""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self.requests += 1
        self.took.append(time.perf_counter() - self._since)
        if not self._buffer.startswith(self._expected):
            self.wrong += 1
            self.first_wrong = self.first_wrong or bytes(self._buffer[:600])
        self._buffer.clear()
        self.answered()


class _Client(_Connection):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(self, make: Callable[[], bytes], expected: bytes, deadline: float, done: asyncio.Future[None]) -> None:
        super().__init__(expected)
        self._make, self._deadline, self._done = make, deadline, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.ask(self._make(), time.perf_counter())

    def answered(self) -> None:
        if time.perf_counter() < self._deadline:
            self.ask(self._make(), time.perf_counter())
        else:
            self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


def request(method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def burst(
    port: int, make: Callable[[], bytes], *, clients: int, seconds: float, expected: bytes = b"HTTP/1.1 200"
) -> Outcome:
    """Sends requests from `clients` connections for `seconds`; each waits for its answer before the next."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    protocols: list[_Client] = []
    finished = []
    for _ in range(clients):
        done: asyncio.Future[None] = loop.create_future()
        finished.append(done)
        _, protocol = await loop.create_connection(
            lambda done=done: _Client(make, expected, started + seconds, done),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        protocols.append(protocol)
    await asyncio.gather(*finished)
    return _outcome(protocols, time.perf_counter() - started)


def _outcome(connections: Sequence[_Connection], seconds: float) -> Outcome:
    wrong = next((one.first_wrong for one in connections if one.first_wrong), b"")
    took = [seconds for one in connections for seconds in one.took]
    return Outcome(
        sum(one.requests for one in connections), seconds, sum(one.wrong for one in connections), wrong, took
    )


class _OnCall(_Connection):
    """Sends what it is given, and tells when the answer is there."""

    done: asyncio.Future[None]

    def answered(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def flow(
    port: int, make: Callable[[], bytes], *, per_second: float, seconds: float, expected: bytes = b"HTTP/1.1 200"
) -> Outcome:
    """Sends requests by schedule, whatever becomes of those before (an open loop), over as many connections as that takes.

    An answer takes from the instant at which its request was due: what a slow server keeps waiting is not left out. One that has
    not come `PATIENCE` seconds after the last request has taken until then.
    """
    loop = asyncio.get_running_loop()
    idle: list[_OnCall] = []
    every: list[_OnCall] = []

    async def another() -> _OnCall:
        _, made = await loop.create_connection(lambda: _OnCall(expected), "127.0.0.1", port)
        every.append(made)
        return made

    async def send(sent: bytes, due: float) -> None:
        one = idle.pop() if idle else await another()
        one.done = loop.create_future()
        one.ask(sent, due)
        await one.done
        idle.append(one)

    idle += [await another() for _ in range(READY)]
    started = time.perf_counter()
    sending: dict[asyncio.Task[None], float] = {}
    for number in range(int(per_second * seconds)):
        due = started + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sending[loop.create_task(send(make(), due))] = due
    done, late = await asyncio.wait(sending, timeout=PATIENCE)
    ended = time.perf_counter()
    for task in late:
        task.cancel()
    for one in done:
        one.result()
    outcome = _outcome(every, ended - started)
    for connection in every:
        connection.transport.close()
    took = [*outcome.took, *(ended - sending[task] for task in late)]
    return replace(outcome, requests=len(sending), took=took)
