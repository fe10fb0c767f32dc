"""Embedded servers, for real: tests start PostgreSQL and Redis processes under temporary folders and leave none."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis
from redis.asyncio import Redis

from services.cli import embedded
from services.cli.embedded import account as accounts
from services.cli.embedded import postgres, slot
from tests.support.watching import alive, eventually

pytestmark = pytest.mark.processes

NOTHING_NAMED: dict[str, str] = {}
START = """
import json, sys
from pathlib import Path
from services.cli import embedded
begun = embedded.start(Path(sys.argv[1]), environment={})
print(json.dumps([begun.environment, begun.started]))
"""
AS_ORDINARY_USER = """
import json, os, sys
from pathlib import Path
from services.cli import embedded
from services.cli.embedded import postgres, redis_server
from services.cli.embedded.account import Account
data, programs = Path(sys.argv[1]), postgres.wheel_programs()
if os.geteuid() == 0:
    nobody = Account(65534, 65534, switched=True)
    programs = postgres.reachable_programs(programs, place=data.parent, account=nobody)
    os.environ["PATH"] = f"{redis_server.program(place=data.parent, account=nobody).parent}:{os.environ['PATH']}"
    "localhost".encode("idna")  # the interpreter itself may be out of that user's reach from here on
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
first = embedded.start(data, postgres_bin=programs, environment={})
embedded.stop(data)
second = embedded.start(data, postgres_bin=programs, environment={})
running = [state.running for state in embedded.status(data)]
print(json.dumps([os.geteuid(), first.environment == second.environment, running, embedded.stop(data)]))
"""

MakeData = Callable[..., Path]


@pytest.fixture
def make_data() -> Iterator[MakeData]:
    """`make_data()` names a data folder that does not exist yet, below a parent of the given mode."""
    parents: list[Path] = []

    def make(mode: int = 0o755) -> Path:
        parent = Path(tempfile.mkdtemp(prefix="jiugai-test-"))
        parent.chmod(mode)
        parents.append(parent)
        return parent / "data"

    yield make
    for parent in parents:
        embedded.erase(parent / "data")
        shutil.rmtree(parent)


def chain(path: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of every folder from here up to the root."""
    found = {folder: folder.stat() for folder in (path, *path.parents)}
    return {folder: (stat.S_IMODE(it.st_mode), it.st_uid, it.st_gid) for folder, it in found.items()}


def start_in_a_process(data: Path) -> bytes:
    """Environment and started servers, in JSON."""
    return subprocess.run([sys.executable, "-c", START, data], stdout=subprocess.PIPE, check=True, timeout=60).stdout


async def write(environment: dict[str, str]) -> None:
    """Leaves a trace in both servers."""
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    await connection.execute("CREATE TABLE trace (text text); INSERT INTO trace VALUES ('翠竹小区')")
    await connection.close()
    async with Redis.from_url(environment["REDIS_URL"]) as client:
        await client.set("trace", "翠竹小区")


async def read(environment: dict[str, str]) -> list[str]:
    """The traces found in both servers."""
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    try:
        in_postgres = await connection.fetchval("SELECT text FROM trace")
    finally:
        await connection.close()
    async with Redis.from_url(environment["REDIS_URL"]) as client:
        in_redis = await client.get("trace")
    return [in_postgres, in_redis.decode()]


async def test_data_outlives_stop_kill_and_a_taken_port(make_data: MakeData) -> None:
    data = make_data()
    first = embedded.start(data, environment=NOTHING_NAMED)
    assert [name.split("-")[0] for name in first.started] == ["postgres", "redis"]
    assert embedded.start(data, environment=NOTHING_NAMED) == embedded.Embedded(first.environment, ())
    await write(first.environment)

    assert embedded.stop(data) == list(first.started)
    assert [state.running for state in embedded.status(data)] == [False, False]
    assert embedded.stop(data) == []
    again = embedded.start(data, environment=NOTHING_NAMED)
    assert again == first  # the same ports, passwords and key
    assert await read(again.environment) == ["翠竹小区", "翠竹小区"]

    records = [slot.Slot(accounts.known_place(data), name).record() for name in first.started]
    killed = [record.pid for record in records if record is not None]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: len(killed) == 2 and not any(alive(pid) for pid in killed))
    after_kill = embedded.start(data, environment=NOTHING_NAMED)
    assert await read(after_kill.environment) == ["翠竹小区", "翠竹小区"]

    embedded.stop(data)
    taken = urlsplit(after_kill.environment["DATABASE_URL"]).port
    with socket.create_server(("127.0.0.1", taken or 0)):
        elsewhere = embedded.start(data, environment=NOTHING_NAMED)
        assert urlsplit(elsewhere.environment["DATABASE_URL"]).port != taken
        assert await read(elsewhere.environment) == ["翠竹小区", "翠竹小区"]


def test_a_process_that_was_given_the_old_number_is_left_alone(make_data: MakeData) -> None:
    data = make_data()
    embedded.start(data, environment=NOTHING_NAMED)
    embedded.stop(data)
    place = accounts.known_place(data)
    bystander = subprocess.Popen(["sleep", "60"], **accounts.current().process_arguments)
    try:
        for note in place.glob("*.json"):
            note.write_text(json.dumps({**json.loads(note.read_text()), "pid": bystander.pid}))
        (place / "postgres-18" / "postmaster.pid").write_text(f"{bystander.pid}\n")  # as after a reboot
        assert embedded.stop(data) == []
        embedded.start(data, environment=NOTHING_NAMED)
        embedded.stop(data)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_processes_that_start_at_once_share_the_servers_and_folders_do_not(make_data: MakeData) -> None:
    data, other = make_data(), make_data()
    with ThreadPoolExecutor() as threads:
        starts = threads.map(start_in_a_process, (data, data, data, other))
    answers = [json.loads(answer) for answer in starts]
    assert answers[0][0] == answers[1][0] == answers[2][0]
    assert sorted(name for answer in answers[:3] for name in answer[1]) == ["postgres-18", "redis"]
    ours, theirs = answers[0][0], answers[3][0]
    assert all(ours[name] != theirs[name] for name in ours)
    await write(ours)
    with pytest.raises(asyncpg.UndefinedTableError):
        await read(theirs)


@pytest.mark.parametrize("mode", [0o755, 0o700])
async def test_nothing_that_was_there_changes_mode_or_owner(make_data: MakeData, mode: int) -> None:
    data = make_data(mode)
    watched = [data.parent, Path("/var/lib"), Path("/var/tmp"), postgres.wheel_programs()]
    before = [chain(path) for path in watched]
    begun = embedded.start(data, environment=NOTHING_NAMED)
    await write(begun.environment)
    assert await read(begun.environment) == ["翠竹小区", "翠竹小区"]
    embedded.stop(data)
    assert [chain(path) for path in watched] == before
    place = accounts.known_place(data)
    assert (place == data) is (mode == 0o755 or os.geteuid() != 0)
    for folder in (place / "postgres-18", place / "redis"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "secrets.env").stat().st_mode) == 0o600


async def test_data_made_outside_goes_with_its_data_folder_and_is_not_shared_with_a_copy(make_data: MakeData) -> None:
    data = make_data(0o700)
    first = embedded.start(data, environment=NOTHING_NAMED)
    await write(first.environment)
    copy = make_data(0o700)
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("postgres-*", "redis*"))
    beside = embedded.start(copy, environment=NOTHING_NAMED)
    assert beside.environment["DATABASE_URL"] != first.environment["DATABASE_URL"]
    with pytest.raises(asyncpg.UndefinedTableError):
        await read(beside.environment)
    if accounts.known_place(data) == data:
        embedded.stop(data)
    shutil.rmtree(data)  # as somebody does who wants to begin anew, servers running or not
    anew = embedded.start(data, environment=NOTHING_NAMED)
    assert set(anew.started) == set(first.started)
    with pytest.raises(asyncpg.UndefinedTableError):
        await read(anew.environment)


def test_an_ordinary_user_needs_no_other_account(make_data: MakeData) -> None:
    data = make_data(0o777)
    done = subprocess.run(
        [sys.executable, "-c", AS_ORDINARY_USER, data], stdout=subprocess.PIPE, check=True, timeout=60
    )
    user, same, running, stopped = json.loads(done.stdout)
    assert user != 0
    assert (same, running, stopped) == (True, [True, True], ["postgres-18", "redis"])
    assert data.stat().st_uid == (data / "postgres-18").stat().st_uid == user
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_each_url_that_is_named_is_not_embedded(make_data: MakeData) -> None:
    data = make_data()
    named = {
        "DATABASE_URL": "postgresql://elsewhere/db",
        "REDIS_URL": "redis://elsewhere",
        "JIUGAI_SECRET_KEY": "k" * 64,
    }
    assert embedded.start(data, environment=named) == embedded.Embedded(named, ())
    assert not data.exists()
    with embedded.running(data, environment=named) as exported:
        assert exported == named
    assert not data.exists()

    half = embedded.start(data, environment={"DATABASE_URL": named["DATABASE_URL"]})
    assert half.started == ("redis",)
    assert half.environment["DATABASE_URL"] == named["DATABASE_URL"]
    assert len(bytes.fromhex(half.environment["JIUGAI_SECRET_KEY"])) == 32
    assert embedded.stop(data) == ["redis"]
    assert not list(data.glob("postgres*"))


def test_production_names_its_own_servers(make_data: MakeData) -> None:
    data = make_data()
    with pytest.raises(embedded.Refusal, match="REDIS_URL, JIUGAI_SECRET_KEY"):
        embedded.ensure(data, environment={"JIUGAI_ENV": "production", "DATABASE_URL": "postgresql://elsewhere/db"})
    assert not data.exists()


async def test_nobody_gets_in_without_the_password(make_data: MakeData) -> None:
    exported = embedded.ensure(make_data(), environment=NOTHING_NAMED)
    at = urlsplit(exported["DATABASE_URL"])
    for password in (None, "wrong"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host="127.0.0.1",
                port=at.port,
                user="jiugai",
                database="jiugai",
                password=password,
                passfile="/nonexistent",
            )
    async with Redis(host="127.0.0.1", port=urlsplit(exported["REDIS_URL"]).port or 0) as client:
        with pytest.raises(redis.AuthenticationError):
            await client.ping()
    connection = await asyncpg.connect(exported["DATABASE_URL"])
    shown = [await connection.fetchval(f"SHOW {name}") for name in ("fsync", "server_encoding", "timezone")]
    assert shown == ["on", "UTF8", "UTC"]
    assert await connection.fetchval("SELECT 'é' ~* 'É' AND 'a' > 'Z'")  # knows letters, orders by code point
    await connection.close()


def test_another_major_version_is_refused_and_other_programs_have_data_of_their_own(make_data: MakeData) -> None:
    data = make_data()
    embedded.start(data, environment={"REDIS_URL": "redis://elsewhere"})
    embedded.stop(data)
    place = accounts.known_place(data)
    for name in ("postgres-18", "postgres-18.json"):
        (place / name).rename(place / name.replace("18", "17"))
    with pytest.raises(embedded.Refusal, match=r"holds data of PostgreSQL 17, but 18 is installed.*pg_dump"):
        embedded.ensure(data, environment=NOTHING_NAMED)
    # Programs that the caller names keep out of it: their data is their own.
    named = embedded.start(data, environment=NOTHING_NAMED, postgres_bin=postgres.wheel_programs())
    assert "postgres-18" in named.started


def test_a_block_stops_what_it_started_unless_another_uses_it(make_data: MakeData) -> None:
    data = make_data()
    with embedded.running(data, environment=NOTHING_NAMED) as first:
        with embedded.running(data, environment=NOTHING_NAMED) as second:
            assert second == first
        assert [state.running for state in embedded.status(data)] == [True, True]
    assert [state.running for state in embedded.status(data)] == [False, False]


def test_erase_leaves_nothing(make_data: MakeData) -> None:
    data = make_data(0o700)
    embedded.start(data, environment=NOTHING_NAMED)
    place = accounts.known_place(data)
    embedded.erase(data)
    assert not data.exists()
    assert not place.exists()


def test_a_folder_that_somebody_else_put_in_our_place_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "jiugai-0123456789abcdef"
    link.symlink_to(tmp_path)
    with pytest.raises(embedded.Refusal, match="belongs to somebody else"):
        accounts.refuse_foreign(link)


def test_processes_that_make_the_folder_at_once_all_have_it(tmp_path: Path) -> None:
    places = [tmp_path / str(number) / "data" for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda place: accounts.open_data(place, accounts.current()), [one for one in places for _ in range(8)]
            )
        )
    assert all(place.is_dir() for place in places)
