"""Fixtures of surveys."""

import pytest

from services.core.kit.uow import Database
from tests.api.surveys.world import MakeRegion, MakeStaff, World, build


@pytest.fixture
async def world(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """A street under Hebei's policy."""
    return await build(database, region, staff)
