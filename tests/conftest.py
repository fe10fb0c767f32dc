"""Fixtures of every test: real PostgreSQL and Redis, the real application.

The database is shared by a whole run and really committed to; each test makes its own part of the region tree, so tests do
not see each other. What is global (the sequencer, the ledgers) takes `fresh_database`.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr
from redis.asyncio import Redis

from services.api.app import create_app
from services.cli import embedded
from services.core.kit.database import create_engine
from services.core.kit.settings import Settings
from services.core.kit.storage import Folder
from services.core.kit.uow import Database
from services.core.kit.vault import open_vault
from tests.support import databases
from tests.support.people import Client, Region, make_region, sign_in, sign_in_resident
from tests.support.wechat import APPID, FakeWeChat, serving
from tests.support.wechat import SECRET as WECHAT_SECRET

ROOT = Path(__file__).resolve().parents[1]
SECRET = "0123456789abcdef" * 4
# Redis has numbers 0 to 15: each process of a run in several has its own, from the last downwards.
REDIS_NUMBER = 15 - int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

# How long an example takes says nothing on a machine that runs other things too.
hypothesis_settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("shared")


@pytest.fixture(scope="session")
def servers() -> dict[str, str]:
    """DATABASE_URL and REDIS_URL of real servers: those of the environment, else the embedded ones of this checkout."""
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if len(given) < 2:
        given = {**embedded.ensure(Path(os.environ.get("JIUGAI_DATA", ROOT / ".data"))), **given}
    return {
        "DATABASE_URL": given["DATABASE_URL"],
        "REDIS_URL": given["REDIS_URL"].rsplit("/", 1)[0] + f"/{REDIS_NUMBER}",
    }


@pytest.fixture(scope="session")
def template(servers: dict[str, str]) -> str:
    """The migrated template database."""
    return databases.template(servers["DATABASE_URL"])


@pytest.fixture(scope="session")
def settings(servers: dict[str, str], template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings on a database of this run."""
    with databases.cloned(servers["DATABASE_URL"], template) as url:
        yield Settings(
            database_url=url,
            redis_url=servers["REDIS_URL"],
            jiugai_secret_key=SECRET,
            jiugai_log_level="ERROR",
            rate_per_client_minute=1_000_000,
            rate_per_principal_minute=1_000_000,
            sign_in_per_client_minute=1_000_000,
            complaints_per_client_minute=1_000_000,
            principal_cache_seconds=0,
            files_path=tmp_path_factory.mktemp("files"),
        )


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(scope="session")
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture(scope="session")
async def database(app: FastAPI) -> Database:
    """The application's own database."""
    return app.state.database  # type: ignore[no-any-return]


@pytest.fixture
async def fresh_database(servers: dict[str, str], template: str, settings: Settings) -> AsyncIterator[Database]:
    """An empty, migrated database of this test alone."""
    url = await databases.clone(servers["DATABASE_URL"], template)
    own = settings.model_copy(update={"database_url": type(settings.database_url)(url)})
    made = Database(create_engine(own, application="test"), vault=open_vault(own), storage=Folder(own.files_path))
    yield made
    await made.close()
    await databases.drop(url)


@pytest.fixture
async def redis(servers: dict[str, str]) -> AsyncIterator[Redis]:
    """Redis, emptied (its database number belongs to tests)."""
    async with Redis.from_url(servers["REDIS_URL"]) as client:
        await client.flushdb()
        yield client


@pytest.fixture
def region(database: Database) -> Callable[..., Awaitable[Region]]:
    """`await region("street", parent=county)` makes a region; without a parent it is a province of its own."""

    async def make(level: str = "county", parent: Region | None = None, **over: str) -> Region:
        return await make_region(database, level, parent, **over)

    return make


@pytest.fixture
def staff(app: FastAPI, database: Database) -> Callable[..., Awaitable[Client]]:
    """`await staff("street", region)` is an HTTP client signed in as somebody with that role there."""

    async def make(role: str, at: Region, **over: str) -> Client:
        return await sign_in(app, database, role, at, **over)

    return make


@pytest.fixture
def resident(app: FastAPI, database: Database) -> Callable[[], Awaitable[Client]]:
    """`await resident()` is an HTTP client signed in as a resident who is bound to nothing yet."""

    async def make() -> Client:
        return await sign_in_resident(app, database)

    return make


@pytest.fixture
async def wechat() -> AsyncIterator[FakeWeChat]:
    """WeChat's server."""
    async with serving() as fake:
        yield fake


@pytest.fixture
async def mini_program(settings: Settings, wechat: FakeWeChat) -> AsyncIterator[FastAPI]:
    """The application connected to that WeChat."""
    own = {"wechat_appid": APPID, "wechat_secret": SecretStr(WECHAT_SECRET), "wechat_base_url": wechat.address}
    application = create_app(settings.model_copy(update=own))
    async with application.router.lifespan_context(application):
        yield application
