"""Migrations: from empty to head, no difference to the models, and back by one."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.support import databases

ROOT = Path(__file__).resolve().parents[2]
CODE = "from alembic import command; from services.core.kit.schema_version import alembic_config as c; "


def alembic(url: str, call: str) -> "subprocess.CompletedProcess[str]":
    code = (
        f"from alembic import command; from services.core.kit.schema_version import alembic_config as c; command.{call}"
    )
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "DATABASE_URL": url}, cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


async def test_models_and_migrations_agree_and_the_newest_goes_back(servers: dict[str, str], template: str) -> None:
    url = await databases.clone(servers["DATABASE_URL"], template)
    try:
        checked = alembic(url, "check(c())")
        assert checked.returncode == 0, checked.stderr[-2000:]
        for call in ("downgrade(c(), '-1')", "upgrade(c(), 'head')"):
            moved = alembic(url, call)
            assert moved.returncode == 0, moved.stderr[-2000:]
        assert alembic(url, "check(c())").returncode == 0
    finally:
        await databases.drop(url)


async def test_two_migrating_processes_do_not_collide(servers: dict[str, str]) -> None:
    name = f"{databases.PREFIX}{os.getpid()}_twice"
    admin = await asyncpg.connect(databases.on(servers["DATABASE_URL"], "postgres"))
    await admin.execute(f'CREATE DATABASE "{name}"')
    url = databases.on(servers["DATABASE_URL"], name)
    code = CODE + "command.upgrade(c(), 'head')"
    try:
        both = [
            subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "DATABASE_URL": url}, cwd=ROOT)
            for _ in range(2)
        ]
        assert [process.wait(timeout=60) for process in both] == [0, 0]
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()
