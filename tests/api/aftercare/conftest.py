"""Fixtures of what follows a renovation."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.aftercare.estate import Estate, build
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


@pytest.fixture
async def estate(app: FastAPI, database: Database, region: MakeRegion, staff: MakeStaff) -> Estate:
    """A compound whose renovation was handed over."""
    return await build(app, database, region, staff)
