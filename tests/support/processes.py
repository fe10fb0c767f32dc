"""Real processes: servers of a test's own, API and worker as they run in production."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.cli import embedded

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """One child process; `kill` is kill -9, `stop` asks nicely."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    child: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Starts it (again)."""
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stdout=log, stderr=log, cwd=ROOT
            )

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and waits."""
        self._end(signal.SIGTERM)

    def ask_to_end(self) -> None:
        """Sends the signal to stop, and does not wait."""
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(how)
            self.child.wait(timeout=30)

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self.child is not None and self.child.poll() is None


@contextlib.contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[Process]:
    """A worker process, started."""
    process = Process([sys.executable, "-m", "services.worker"], environment, log)
    process.start()
    try:
        yield process
    finally:
        process.kill()


@contextlib.asynccontextmanager
async def api(environment: dict[str, str], log: Path) -> AsyncIterator[tuple[Process, str]]:
    """An API process and its address, ready."""
    port = free_port()
    process = Process(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "services.api.app:create_app",
            "--factory",
            "--port",
            str(port),
            "--no-access-log",
        ],
        environment,
        log,
    )
    process.start()
    try:
        address = f"http://127.0.0.1:{port}"
        await until(lambda: _ready(address), seconds=90, what=f"the API is ready (see {log})")
        yield process, address
    finally:
        process.kill()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


async def until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Waits for `condition` (plain or a coroutine function) to hold; fails naming what never came."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never happened within {seconds:g} s: {what}")


def clean_environment() -> dict[str, str]:
    """This process's environment without the servers that it may name."""
    return {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}


@contextlib.contextmanager
def own_servers(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL and a Redis of this test alone, which it may stop and start as it likes."""
    try:
        yield embedded.ensure(folder, environment=clean_environment())
    finally:
        embedded.erase(folder)
