"""A mini-program that residents have open, and the desk of the community beside it."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.ownership.desk import Desk
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Client, sign_in_resident


@pytest.fixture
def phone(mini_program: FastAPI, database: Database) -> Callable[[], Awaitable[Client]]:
    """`await phone()` is somebody's phone: a new account, signed in, on the application that is connected to WeChat."""

    async def make() -> Client:
        transport = httpx.ASGITransport(mini_program, raise_app_exceptions=False)
        return await sign_in_resident(None, database, transport=transport)

    return make


@pytest.fixture
def community(region: MakeRegion, staff: MakeStaff) -> Callable[[], Awaitable[Desk]]:
    """`await community()` is the desk of a community of its own with one compound."""

    async def make() -> Desk:
        at = await region("community", await region("street"))
        client = await staff("community", at)
        answer = await client.post("/v1/compounds", json={"region_id": str(at.id), "name": "南岳新村"})
        assert answer.status_code == 201, answer.text
        return Desk(client, answer.json()["id"], at)

    return make


@pytest.fixture
async def desk(community: Callable[[], Awaitable[Desk]]) -> Desk:
    """The desk of a community."""
    return await community()
