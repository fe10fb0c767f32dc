"""One server of one data folder: whether it lives, how it is started and stopped.

A server inherits an open, locked file and keeps it until its last process ends. The lock, not a process id on disk,
says that it lives: it survives neither `kill -9` nor a reboot, and no other program can be mistaken for it.
"""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from services.cli.embedded.account import Account
from services.cli.embedded.errors import Refusal

READY_SECONDS = 90  # recovery after a crash replays the log first
STOP_SECONDS = 30
PORTS = range(20_000, 32_000)  # below the range that the kernel gives to outgoing connections

_children: set[int] = set()  # servers that this very process started, its to reap if they end before it does


@dataclass(frozen=True)
class Record:
    """What is remembered of a server's last start. `pid` means something only while the lock is held."""

    pid: int
    port: int
    folder: str
    ours: bool  # False for binaries that the caller named


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and what it reads from its standard input."""

    arguments: list[str | Path]
    standard_input: bytes = b""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds a lock file; a second process waits here until the first is done."""
    with _held(path, fcntl.LOCK_EX):
        yield


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Holds a lock file together with others who do."""
    with _held(path, fcntl.LOCK_SH):
        yield


@contextmanager
def _held(path: Path, how: int) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def locked(path: Path) -> bool:
    """Whether somebody holds this lock file."""
    if not path.exists():
        return False
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def port_is_free(port: int) -> bool:
    """Whether a server can listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    return next(port for port in iter(lambda: secrets.choice(PORTS), None) if port_is_free(port))


@dataclass(frozen=True)
class Slot:
    """The place of one server. Callers hold the data folder's lock."""

    place: Path
    name: str

    @property
    def folder(self) -> Path:
        return self.place / self.name

    @property
    def lock(self) -> Path:
        return self.place / f"{self.name}.lock"

    @property
    def log(self) -> Path:
        return self.place / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.place / f"{self.name}.json"

    @property
    def is_running(self) -> bool:
        return locked(self.lock)

    def record(self) -> Record | None:
        """What was remembered at the last start; None before the first."""
        if not self._record.exists():
            return None
        return Record(**json.loads(self._record.read_text(encoding="utf-8")))

    def launch(
        self,
        command: Callable[[int], Command],
        *,
        account: Account,
        ready: Callable[[Record], bool],
        ours: bool,
    ) -> Record:
        """Starts the server on the port it had, or a free one, and returns when it answers. Refusal with its last words."""
        before = self.record()
        if before is not None:
            _reap(before.pid)
        port = before.port if before is not None and port_is_free(before.port) else free_port()
        for _attempt in range(5):
            record = self._spawn(command(port), port=port, account=account, ours=ours)
            if self.wait_ready(record, ready):
                return record
            if port_is_free(port):
                break
            port = free_port()  # somebody took it between the look and the start
        last = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise Refusal(
            zh=f"{self.name} 未能启动（日志 {self.log}）：{' / '.join(last)}",
            en=f"{self.name} did not start (log {self.log}): {' / '.join(last)}",
        )

    def _spawn(self, command: Command, *, port: int, account: Account, ours: bool) -> Record:
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with open(self.log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
                process = subprocess.Popen(
                    command.arguments,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(handle,),
                    start_new_session=True,  # Ctrl-C is for us; servers are stopped in order
                    cwd="/",
                    env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                    umask=0o077,
                    **account.process_arguments,
                )
            assert process.stdin is not None  # noqa: S101 - asked for above
            try:
                process.stdin.write(command.standard_input)
                process.stdin.close()
            except BrokenPipeError:
                pass  # it ended at once; its log says why
        finally:
            os.close(handle)
        _children.add(process.pid)
        process.returncode = 0  # let go of: it outlives us, of which Popen would warn
        record = Record(process.pid, port, str(self.folder), ours)
        unfinished = self._record.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(record)), encoding="utf-8")
        unfinished.replace(self._record)
        return record

    def wait_ready(self, record: Record, ready: Callable[[Record], bool]) -> bool:
        """True once the server answers; False when it has ended. Refusal when it does neither in time."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if ready(record):
                return True
            if not self.is_running:
                _reap(record.pid)
                return False
            time.sleep(0.02)
        raise Refusal(
            zh=f"{self.name} 在 {READY_SECONDS} 秒内没有就绪（日志 {self.log}）",
            en=f"{self.name} was not ready within {READY_SECONDS} s (log {self.log})",
        )

    def stop(self, gentle: signal.Signals) -> bool:
        """Stops the server with the signal it ends cleanly on, then by force. True when there was one."""
        if not self.is_running:
            return False
        record = self.record()
        for sign, seconds in ((gentle, STOP_SECONDS), (signal.SIGKILL, 10)):
            if record is not None and self._holds_lock(record.pid):
                os.kill(record.pid, sign)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if not self.is_running:
                    if record is not None:
                        _reap(record.pid)
                    return True
                time.sleep(0.02)
        raise Refusal(
            zh=f"无法停止 {self.name}：仍有进程占用 {self.lock}",
            en=f"{self.name} could not be stopped: a process still holds {self.lock}",
        )

    def _holds_lock(self, pid: int) -> bool:
        """Whether this process is the server and not one that was given its number since."""
        try:
            handles = list(Path(f"/proc/{pid}/fd").iterdir())
        except (FileNotFoundError, PermissionError):
            return False
        mine = self.lock.stat()
        for handle in handles:
            try:
                if os.path.samestat(handle.stat(), mine):
                    return True
            except FileNotFoundError:
                continue
        return False


def _reap(pid: int) -> None:
    """Clears a server that we started from the process table. Its lock is free: it has ended, or is about to."""
    if pid in _children:
        _children.remove(pid)
        os.waitpid(pid, 0)
