"""Fixtures of expert judgement."""

import pytest

from services.core.kit.uow import Database
from tests.api.selection.world import MakeRegion, MakeStaff, World, build


@pytest.fixture
async def world(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """A city of two counties under Ningbo's policy."""
    return await build(database, region, staff)
