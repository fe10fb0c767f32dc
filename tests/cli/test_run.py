"""`jiugai run` and its neighbours as a person meets them: real processes, exit codes, one-line refusals."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.cli import embedded
from services.cli.embedded.slot import free_port, port_is_free
from tests.support.watching import alive, eventually

pytestmark = pytest.mark.processes

JIUGAI = [sys.executable, "-m", "services.cli.main"]
ROOT = Path(__file__).resolve().parents[2]

Command = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of this module's own."""
    folder = tmp_path_factory.mktemp("run") / "data"
    yield folder
    embedded.erase(folder)


@pytest.fixture
def command(data: Path) -> Iterator[Command]:
    """`command("status", NAME="value")` starts one; its output is text."""
    started: list[subprocess.Popen[str]] = []
    outside = ("DATABASE_URL", "REDIS_URL", "JIUGAI_SECRET_KEY", "JIUGAI_POSTGRES_BIN", "JIUGAI_ENV", "PORT")

    def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        inherited = {name: value for name, value in os.environ.items() if name not in outside}
        process = subprocess.Popen(
            [*JIUGAI, *arguments],
            cwd=ROOT,
            env={**inherited, "JIUGAI_DATA": str(data), "JIUGAI_LANG": "en", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=120)


def line(process: "subprocess.Popen[str]", code: int) -> str:
    """The one line that a refused command wrote, which is no traceback."""
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == code, said + complaints
    assert len(complaints.splitlines()) == 1, complaints
    return complaints


def wait_ready(port: int, process: "subprocess.Popen[str]") -> None:
    """Returns when the API on this port is ready."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate())


def children(pid: int) -> list[int]:
    """API and worker of a running `jiugai run`."""
    found = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid=,args="], capture_output=True, text=True, check=True)
    return [int(row.split()[0]) for row in found.stdout.splitlines() if "uvicorn" in row or "services.worker" in row]


def test_run_serves_until_told_and_stops_what_it_started(command: Command, data: Path) -> None:
    port = free_port()
    running = command("run", "--port", str(port))
    wait_ready(port, running)
    assert len(children(running.pid)) == 2
    assert f"cannot listen on 127.0.0.1:{port}" in line(command("run", PORT=str(port)), code=1)
    said, _ = command("status").communicate(timeout=120)
    assert re.findall(r"^(postgres|redis)\S*\t(\w+)", said, re.MULTILINE) == [
        ("postgres", "running"),
        ("redis", "running"),
    ]
    running.send_signal(signal.SIGINT)
    said, complaints = running.communicate(timeout=120)
    assert running.returncode == 0, complaints
    assert f"Ready: http://127.0.0.1:{port}" in said
    assert "Traceback" not in complaints
    assert [state.running for state in embedded.status(data)] == [False, False]


def test_api_and_worker_end_when_run_is_killed_and_down_ends_the_servers(command: Command, data: Path) -> None:
    port = free_port()
    first = command("run", "--port", str(port))
    wait_ready(port, first)
    orphans = children(first.pid)
    first.kill()
    first.communicate()
    assert len(orphans) == 2
    assert eventually(lambda: not any(alive(pid) for pid in orphans), seconds=20)
    assert port_is_free(port)
    assert [state.running for state in embedded.status(data)] == [True, True]
    said, _ = command("down").communicate(timeout=120)
    assert said.split() == [state.name for state in embedded.status(data)]


def test_env_starts_servers_that_a_shell_can_use(command: Command, data: Path) -> None:
    said, _ = command("env").communicate(timeout=120)
    assert [row.split("=")[0] for row in sorted(said.splitlines())] == [
        "export DATABASE_URL",
        "export FILES_PATH",
        "export JIUGAI_SECRET_KEY",
        "export REDIS_URL",
    ]
    exported = embedded.ensure(data, environment={})
    seen = subprocess.run(
        ["sh", "-c", f"{said}\nprintf %s $DATABASE_URL"], capture_output=True, text=True, check=True
    ).stdout
    assert seen == exported["DATABASE_URL"]


def test_refusals_are_one_line(command: Command, data: Path) -> None:
    exported = embedded.ensure(data, environment={})
    nowhere = f"127.0.0.1:{free_port()}"
    port = str(free_port())
    refused = {
        "production needs DATABASE_URL": command("api", "--port", port, JIUGAI_ENV="production"),
        "JIUGAI_SECRET_KEY": command("api", "--port", port, JIUGAI_SECRET_KEY="short"),
        "DATABASE_URL cannot be reached": command(
            "worker", DATABASE_URL=f"postgresql://jiugai:secret@{nowhere}/jiugai"
        ),
        "password authentication failed": command(
            "migrate", DATABASE_URL=exported["DATABASE_URL"].replace("jiugai:", "jiugai:wrong", 1)
        ),
        "REDIS_URL cannot be reached": command("migrate", REDIS_URL=f"redis://{nowhere}"),
    }
    for reason, process in refused.items():
        assert reason in line(process, code=1)


async def test_a_database_of_a_newer_version_is_refused(command: Command, data: Path) -> None:
    exported = embedded.ensure(data, environment={})
    connection = await asyncpg.connect(exported["DATABASE_URL"])
    try:
        await connection.execute("CREATE DATABASE newer")
    finally:
        await connection.close()
    newer = exported["DATABASE_URL"].removesuffix("/jiugai") + "/newer"
    connection = await asyncpg.connect(newer)
    try:
        await connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        await connection.execute("INSERT INTO alembic_version VALUES ('of tomorrow')")
    finally:
        await connection.close()
    assert "written by a newer version" in line(command("migrate", DATABASE_URL=newer), code=1)


def test_openapi_is_the_same_each_time_and_needs_no_servers(command: Command, tmp_path: Path) -> None:
    nowhere = {"JIUGAI_DATA": str(tmp_path / "none")}
    written = [command("openapi", "--output", str(tmp_path / name), **nowhere) for name in ("one.json", "two.json")]
    for process in written:
        _, complaints = process.communicate(timeout=120)
        assert process.returncode == 0, complaints
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert '"/readyz"' in (tmp_path / "one.json").read_text(encoding="utf-8")
    assert not (tmp_path / "none").exists()
    kept = Path(__file__).resolve().parents[2] / "docs/openapi.json"
    assert (tmp_path / "one.json").read_bytes() == kept.read_bytes(), "make openapi"
