"""A clerk of a street with two communities."""

import pytest

from services.core.kit.uow import Database
from tests.api.exchange.sheets import Clerk
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Region


@pytest.fixture
async def street(region: MakeRegion) -> Region:
    """The street."""
    return await region("street", await region("county", await region("city", code=None)))


@pytest.fixture
async def communities(region: MakeRegion, street: Region) -> list[Region]:
    """Its communities."""
    return [await region("community", street, name=name) for name in ("何家社区", "文昌社区")]


@pytest.fixture
async def clerk(database: Database, street: Region, communities: list[Region], staff: MakeStaff) -> Clerk:
    """The clerk."""
    return Clerk(await staff("street", street), database, street)
