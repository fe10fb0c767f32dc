"""Fixtures of votes."""

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.selection.world import MakeRegion, MakeStaff, World, build
from tests.api.votes import owners
from tests.api.votes.owners import Estate


@pytest.fixture
async def world(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    """A city of two counties under Ningbo's policy."""
    return await build(database, region, staff)


@pytest.fixture
async def estate(app: FastAPI, world: World) -> Estate:
    """A compound with a project, whose register a test fills."""
    return await owners.estate(app, world)
