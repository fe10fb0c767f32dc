"""The stage of the demonstration: a database of its own, a real API and a real worker; nothing stays behind."""

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx

from services.cli import embedded
from services.cli.embedded import Refusal
from services.cli.environment import migrate_to_head, prepared
from services.cli.supervisor import spawn

DATABASE = "jiugai_demo"
REDIS_NUMBER = "13"


@contextlib.contextmanager
def own_database() -> Iterator[None]:
    """This process's DATABASE_URL and REDIS_URL name an empty database and Redis number, removed again afterwards."""
    with embedded.running(embedded.data_folder()) as exported:
        admin_url = exported["DATABASE_URL"]
        name = f"{DATABASE}_{os.getpid()}"
        url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
        redis_url = urlunsplit(urlsplit(exported["REDIS_URL"])._replace(path=f"/{REDIS_NUMBER}"))
        asyncio.run(_execute(admin_url, f'CREATE DATABASE "{name}"'))
        try:
            asyncio.run(_flush(redis_url))
            prepared({**exported, "DATABASE_URL": url, "REDIS_URL": redis_url, "JIUGAI_LOG_LEVEL": "WARNING"})
            migrate_to_head()
            yield
        finally:
            asyncio.run(_execute(admin_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            asyncio.run(_flush(redis_url))


@contextlib.contextmanager
def programs(log: Path) -> Iterator[str]:
    """API and worker as processes of their own; the address of the API, once it is ready."""
    port = _free_port()
    api = [sys.executable, "-m", "uvicorn", "services.api.app:create_app", "--factory", "--port", str(port)]
    commands = [[*api, "--no-access-log", "--log-level", "warning"], [sys.executable, "-m", "services.worker"]]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        running = [spawn(command, os.environ, output=output) for command in commands]
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_ready(address, running, log)
            yield address
        finally:
            for process in running:
                process.terminate()
            for process in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=15)
                process.kill()


def _wait_ready(address: str, running: "list[subprocess.Popen[bytes]]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in running):
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{address}/readyz", timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise Refusal(zh=f"服务没有启动成功，见 {log}", en=f"the service did not start, see {log}")


def make_admin() -> str:
    """Makes the first administrator the way an operator would, on the command line; his password."""
    password = secrets.token_urlsafe(18)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "services.cli.main",
            "admin",
            "create",
            "--username",
            "demo.admin",
            "--name",
            "演示管理员",
        ],
        env={**os.environ, "JIUGAI_ADMIN_PASSWORD": password},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return password


def end_notice(round_id: str) -> None:
    """Moves what is on notice of a round thirty days back, in the demonstration's own database: its notice is over."""
    moved = "SET published_at = published_at - interval '30 days', notice_until = notice_until - 30 WHERE round_id = $1"
    for statement in (
        f"UPDATE publication {moved} AND superseded_at IS NULL",
        f"UPDATE supplement {moved} AND status = 'published'",
    ):
        asyncio.run(_execute(os.environ["DATABASE_URL"], statement, UUID(round_id)))


def pass_time(vote_id: str) -> None:
    """Lets the notices and the voting of a vote be over, in the demonstration's own database."""
    for statement in (
        "UPDATE vote SET roll_until = roll_until - 30, closes_at = now() WHERE id = $1",
        "UPDATE vote_result SET notice_until = notice_until - 30 WHERE vote_id = $1",
    ):
        asyncio.run(_execute(os.environ["DATABASE_URL"], statement, UUID(vote_id)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _execute(url: str, statement: str, *values: object) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def _flush(url: str) -> None:
    import redis.asyncio

    async with redis.asyncio.Redis.from_url(url) as client:
        await client.flushdb()
