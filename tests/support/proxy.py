"""A TCP proxy whose open connections can fall silent without being closed, as behind a fail-over or a forgotten NAT entry."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Forwards to `target` on this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._silent = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    def silence(self) -> None:
        """Whatever is open now never says a word again; new connections work."""
        self._silent.set()
        self._silent = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        silent = self._silent
        for source, sink in ((reader, onward_writer), (onward_reader, writer)):
            self._writers.append(sink)
            self._tasks.append(asyncio.create_task(self._forward(source, sink, silent)))

    @staticmethod
    async def _forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if silent.is_set():
                    return
                sink.write(data)
                await sink.drain()
            sink.close()

    async def close(self) -> None:
        """Cuts everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)


@contextlib.asynccontextmanager
async def proxy(target: int) -> AsyncIterator[Proxy]:
    """A running proxy before a port of this machine."""
    made = Proxy(target)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
