"""A load generator that costs little: keep-alive HTTP/1.1 over bare asyncio, so that the server is what gets measured."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast


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


class _Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is complete."""

    def __init__(self, make: Callable[[], bytes], expected: bytes, deadline: float, done: asyncio.Future[None]) -> None:
        self._make, self._expected, self._deadline, self._done = make, expected, deadline, done
        self._buffer = bytearray()
        self.requests = self.wrong = 0
        self.first_wrong = b""
        self.took: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._make())

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
        self.took.append(time.perf_counter() - self._asked)
        if not self._buffer.startswith(self._expected):
            self.wrong += 1
            self.first_wrong = self.first_wrong or bytes(self._buffer[:600])
        self._buffer.clear()
        if time.perf_counter() < self._deadline:
            self._ask()
        else:
            self._transport.close()

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
    elapsed = time.perf_counter() - started
    wrong = next((protocol.first_wrong for protocol in protocols if protocol.first_wrong), b"")
    took = [seconds for protocol in protocols for seconds in protocol.took]
    return Outcome(sum(p.requests for p in protocols), elapsed, sum(p.wrong for p in protocols), wrong, took)
