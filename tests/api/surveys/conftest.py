"""Fixtures of surveys."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.core.kit.uow import Database
from tests.api.surveys.world import MakeRegion, MakeResident, MakeStaff, World, build
from tests.support.people import Client
from tests.support.register import Register


@pytest.fixture
async def world(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """A street under Hebei's policy."""
    return await build(database, region, staff)


@pytest.fixture
def owner_of(world: World, resident: MakeResident) -> Callable[..., Awaitable[tuple[Client, UUID, UUID]]]:
    """`await owner_of()` is somebody who owns a new home, the home, and his binding to it."""

    async def make(register: Register | None = None) -> tuple[Client, UUID, UUID]:
        register = register or world.register
        person = await register.person()
        (home,) = await register.homes(1, owners=[person])
        client = await resident()
        return client, home, await register.bind(client.resident_id, home, person=person)

    return make
