"""The supervisor with real processes: restart, orderly end, and no survivors when it is killed itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.watching import alive, eventually

pytestmark = pytest.mark.processes

# Supervises programs given as name=shell text; each runs in a folder where it can leave files.
SUPERVISE = """
import os, sys
from services.cli import supervisor
supervisor.FIRST_DELAY_SECONDS = 0.05
programs = [supervisor.Program(f"program{n}", ["sh", "-c", text], os.environ, delay=0.05) for n, text in enumerate(sys.argv[1:])]
supervisor.supervise(programs, grace_seconds=1)
print("all ended", flush=True)
"""

Supervise = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    """`supervise("sleep 9", …)` runs shell texts under a supervisor whose working folder is tmp_path."""
    started: list[subprocess.Popen[str]] = []

    def start(*texts: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, *texts],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()  # so that it ends its programs too
        process.communicate(timeout=10)


def pids(file: Path) -> list[int]:
    """The process ids that programs noted."""
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_a_program_that_ends_is_started_again_later_and_later(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise("echo $$ >> ends; exit 3", "echo $$ >> stays; exec sleep 60")
    assert eventually(lambda: len(pids(tmp_path / "ends")) == 4)
    assert len(pids(tmp_path / "stays")) == 1
    process.send_signal(signal.SIGTERM)
    said, complaints = process.communicate(timeout=10)
    assert said == "all ended\n"
    assert process.returncode == 0
    announced = [line for line in complaints.splitlines() if line.startswith("program0 ended (code 3)")]
    assert [line.rsplit("in ", 1)[1] for line in announced[:3]] == ["0.05 s", "0.1 s", "0.2 s"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_programs_end_in_their_own_time_when_told(supervise: Supervise, tmp_path: Path, sign: signal.Signals) -> None:
    process = supervise("trap 'sleep 0.3; touch finished; exit 0' TERM; touch began; while :; do sleep 0.05; done")
    assert eventually((tmp_path / "began").exists)
    process.send_signal(sign)
    assert process.communicate(timeout=10) == ("all ended\n", "")
    assert (tmp_path / "finished").exists()


def test_a_program_that_will_not_end_is_killed_with_what_it_started(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise("trap '' TERM; sleep 60 & echo $! $$ > all; while :; do sleep 0.05; done")
    assert eventually(lambda: len(pids(tmp_path / "all")) == 2)
    process.send_signal(signal.SIGTERM)
    said, complaints = process.communicate(timeout=10)
    assert said == "all ended\n"
    assert "did not end within 1 s and is killed" in complaints
    assert eventually(lambda: not any(alive(pid) for pid in pids(tmp_path / "all")))


def test_what_a_dead_program_left_behind_is_cleared_before_it_starts_again(
    supervise: Supervise, tmp_path: Path
) -> None:
    supervise("sleep 60 & echo $! >> left; exit 1")
    assert eventually(lambda: len(pids(tmp_path / "left")) >= 2)
    first = pids(tmp_path / "left")[0]
    assert eventually(lambda: not alive(first))


def test_programs_end_when_the_supervisor_is_killed_outright(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise("echo $$ >> all; exec sleep 60", "echo $$ >> all; exec sleep 60")
    assert eventually(lambda: len(pids(tmp_path / "all")) == 2)
    process.kill()
    process.communicate()
    assert eventually(lambda: not any(alive(pid) for pid in pids(tmp_path / "all")))
