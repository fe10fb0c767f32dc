"""Keeps programs running together: restarts what ends by itself, ends all of them in good order.

A program whose supervisor was killed outright is told to end by the kernel, so none outlives it unseen.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

GRACE_SECONDS = 20.0  # the worker gives its running jobs 10
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_SECONDS = 30.0  # a program that lived this long starts again at once
TURN_SECONDS = 0.1

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Program:
    """One program to keep running, and how it fares."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    due: float = 0.0
    delay: float = field(default=FIRST_DELAY_SECONDS)

    def tend(self, now: float) -> None:
        """Starts the program when it is due; notices that it ended and says when it will be started again."""
        if self.process is None:
            if now >= self.due:
                self.process = spawn(self.command, self.environment)
                self.began = now
            return
        code = self.collect()
        if code is None:
            return
        if now - self.began >= HEALTHY_SECONDS:
            self.delay = FIRST_DELAY_SECONDS
        print(f"{self.name} ended ({_how(code)}); starting it again in {self.delay:g} s", file=sys.stderr, flush=True)
        self.due = now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY_SECONDS)

    def collect(self) -> int | None:
        """The exit code once it has ended, together with every process that it left behind; None while it runs."""
        if self.process is None or not _has_ended(self.process.pid):
            return None
        # Its entry in the process table still stands, so the number of its group cannot belong to anyone else.
        _signal_group(self.process.pid, signal.SIGKILL)
        code, self.process = self.process.wait(), None
        return code


def supervise(
    programs: Sequence[Program], *, each_turn: Callable[[], None] = lambda: None, grace_seconds: float = GRACE_SECONDS
) -> None:
    """Runs the programs until SIGINT or SIGTERM, then ends them: SIGTERM, and SIGKILL to what is left after the grace.

    Their output passes through. `each_turn` is called about ten times a second. Call it from the main thread.
    """
    told = threading.Event()
    before = {sign: signal.signal(sign, lambda *_: told.set()) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not told.is_set():
            for program in programs:
                program.tend(time.monotonic())
            each_turn()
            told.wait(TURN_SECONDS)
    finally:
        _end(programs, grace_seconds)
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _end(programs: Sequence[Program], grace_seconds: float) -> None:
    for program in programs:
        if program.process is not None:
            os.kill(program.process.pid, signal.SIGTERM)  # Popen.send_signal would reap it, and its group be lost
    end = time.monotonic() + grace_seconds
    while any(program.process is not None for program in programs):
        for program in programs:
            if program.process is not None and time.monotonic() >= end:
                print(f"{program.name} did not end within {grace_seconds:g} s and is killed", file=sys.stderr)
                _signal_group(program.process.pid, signal.SIGKILL)
                program.process.wait()
                program.process = None
            program.collect()
        time.sleep(TURN_SECONDS / 5)


def spawn(
    command: Sequence[str], environment: Mapping[str, str], *, output: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """Starts a program in a session of its own that ends when this process does; its output goes to `output`, if given."""
    parent = os.getpid()

    def die_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it was killed between the fork and the call above
            os._exit(1)

    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,  # Ctrl-C reaches the supervisor alone
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has no threads
    )


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal_group(leader: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, sign)


def _how(code: int) -> str:
    return f"code {code}" if code >= 0 else signal.Signals(-code).name
