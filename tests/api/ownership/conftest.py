"""A desk to work at."""

import pytest

from tests.api.ownership.desk import Desk
from tests.api.selection.world import MakeRegion, MakeStaff


@pytest.fixture
async def desk(region: MakeRegion, staff: MakeStaff) -> Desk:
    """The desk of a community that has one compound."""
    community = await region("community", await region("street"))
    client = await staff("community", community)
    answer = await client.post("/v1/compounds", json={"region_id": str(community.id), "name": "南岳新村"})
    assert answer.status_code == 201, answer.text
    return Desk(client, answer.json()["id"], community)
