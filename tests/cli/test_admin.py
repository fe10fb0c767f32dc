"""`jiugai admin create` as an operator meets it: a real process, a password never on the command line, one-line refusals."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.settings import Settings
from services.core.kit.uow import Database

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment of a command on this run's database."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("JIUGAI_")},
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "JIUGAI_SECRET_KEY": settings.jiugai_secret_key.get_secret_value(),
        "JIUGAI_LANG": "en",
    }


async def create(environment: dict[str, str], *options: str, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, output and error output of `jiugai admin create`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli.main", "admin", "create", *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    )
    out, error = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), error.decode()


def code() -> str:
    """A region code of this test alone."""
    return f"{uuid4().int % 10**12:012d}"


async def test_the_administrator_signs_in_and_holds_the_city(
    api: httpx.AsyncClient, region: Any, environment: dict[str, str], database: Database
) -> None:
    at, username = await region("city", code=code()), f"admin{uuid4().hex[:12]}"
    options = ("--username", username.upper(), "--name", "管理员", "--region-code", at.code, "--password-stdin")
    status, out, error = await create(environment, *options, stdin=PASSWORD + "\n")
    assert (status, error) == (0, ""), error
    assert at.name in out
    assert PASSWORD not in out
    signed = await api.post("/v1/auth/staff", json={"username": username, "password": PASSWORD})
    assert signed.status_code == 200, signed.text
    headers = {"Authorization": f"Bearer {signed.json()['access_token']}"}
    me = (await api.get("/v1/me", headers=headers)).json()
    assert me["must_change_password"] is False
    assert [(grant["role"], grant["region_id"]) for grant in me["grants"]] == [("city", str(at.id))]
    async with database.read() as connection:
        entry = await connection.fetchrow("SELECT * FROM audit_entry WHERE target_id = $1::uuid ORDER BY id", me["id"])
    assert (entry["action"], entry["actor_kind"], entry["region_path"]) == ("staff.created", "system", at.path)

    status, out, error = await create({**environment, "JIUGAI_ADMIN_PASSWORD": PASSWORD}, *options[:-1])
    assert (status, out) == (1, "")
    assert error.splitlines() == [f"Error: {username.upper()}: This username is taken"]


@pytest.mark.parametrize(
    ("options", "stdin", "told"),
    [
        (("--username", "new.admin", "--password-stdin"), "short\n", "a password has 12 to 128 characters"),
        (("--username", "no name", "--password-stdin"), PASSWORD, "a username has 3 to 64 letters"),
        (("--username", "new.admin"), "", "no password: give it by --password-stdin or JIUGAI_ADMIN_PASSWORD"),
        (("--username", "new.admin", "--password-stdin", "--region-code", "x"), PASSWORD, "No region has this code"),
    ],
)
async def test_refusals_are_one_line(
    environment: dict[str, str], options: tuple[str, ...], stdin: str, told: str
) -> None:
    status, out, error = await create(environment, "--name", "管理员", *options, stdin=stdin)
    assert (status, out) == (1, "")
    [line] = error.splitlines()
    assert told in line
    assert "Traceback" not in error


async def test_without_a_region_it_says_what_to_do(environment: dict[str, str], fresh_database: Database) -> None:
    url = fresh_database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    status, _, error = await create(
        {**environment, "DATABASE_URL": url}, "--username", "first", "--name", "管理员", "--password-stdin",
        stdin=PASSWORD,
    )  # fmt: skip
    assert status == 1
    assert "load regions first" in error
