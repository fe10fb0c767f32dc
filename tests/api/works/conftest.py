"""Fixtures of works."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.support.people import Region
from tests.support.works import Building, build


@pytest.fixture
async def building(app: FastAPI, database: Database, region: Callable[..., Awaitable[Region]]) -> Building:
    """A project in an annual plan, without a site yet."""
    return await build(app, database, region)


@pytest.fixture
async def site(building: Building) -> Building:
    """The same with its site opened."""
    await building.open()
    return building
