"""A city with servers of its own, which tests may stop, flush and restart; API and workers are real processes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.cli import embedded
from services.core.kit.database import create_engine
from services.core.kit.settings import Settings
from services.core.kit.uow import Database
from services.core.kit.vault import open_vault
from tests.api.selection.world import World, build
from tests.conftest import SECRET
from tests.support import databases, processes
from tests.support.people import Client, Region, make_region, sign_in
from tests.support.processes import Process


@dataclass
class City:
    """The servers, the API's address and a world of people and projects on it."""

    data: Path
    environment: dict[str, str]
    address: str
    world: World

    def stop(self, server: str) -> None:
        """Stops `postgres` or `redis`."""
        slots = [state.name for state in embedded.status(self.data) if state.name.startswith(server)]
        assert embedded.stop(self.data, only=tuple(slots)) == slots

    def start(self) -> None:
        """Starts again what was stopped, at the same address."""
        again = embedded.ensure(self.data, environment=processes.clean_environment())
        assert again["REDIS_URL"] == self.environment["REDIS_URL"]

    @contextlib.contextmanager
    def worker(self, name: str = "worker") -> Iterator[Process]:
        """A worker process."""
        with processes.worker(self.environment, self.data / f"{name}.log") as process:
            yield process


@pytest.fixture(scope="session")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """The city, up."""
    data = tmp_path_factory.mktemp("city") / "data"
    with processes.own_servers(data) as given:
        template = await asyncio.to_thread(databases.template, given["DATABASE_URL"])
        url = await databases.clone(given["DATABASE_URL"], template)
        environment = {
            "DATABASE_URL": url,
            "REDIS_URL": given["REDIS_URL"],
            "JIUGAI_SECRET_KEY": SECRET,
            "JIUGAI_LOG_LEVEL": "WARNING",
            "RATE_PER_CLIENT_MINUTE": "1000000",
            "RATE_PER_PRINCIPAL_MINUTE": "1000000",
        }
        settings = Settings(**{name.lower(): value for name, value in environment.items()})  # type: ignore[arg-type]
        database = Database(create_engine(settings, application="test"), vault=open_vault(settings))
        async with processes.api(environment, data / "api.log") as (_, address):

            async def region(level: str, parent: Region | None = None) -> Region:
                return await make_region(database, level, parent)

            async def staff(role: str, at: Region) -> Client:
                return await sign_in(
                    None, database, role, at, base_url=address, transport=httpx.AsyncHTTPTransport(), timeout=30
                )

            world = await build(database, region, staff)
            yield City(data, environment, address, world)
            for person in (world.city, world.district, world.other_district, world.street):
                await person.aclose()
        await database.close()
