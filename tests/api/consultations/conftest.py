"""Fixtures of consultations."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.consultations.city import City, build
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


@pytest.fixture
async def city(app: FastAPI, database: Database, region: MakeRegion, staff: MakeStaff) -> City:
    """A city of two communities under Yichang's policy."""
    return await build(app, database, region, staff)
