"""A community of its own for each test."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from tests.api.hotline.offices import Offices, open_offices
from tests.api.hotline.town import MakeTown, Town
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Region


@pytest.fixture
def towns(region: MakeRegion, staff: MakeStaff, database: Database) -> MakeTown:
    """`await towns()` is a community with a compound."""

    async def make() -> Town:
        at = await region("community", await region("street"))
        clerk = await staff("community", at)
        answer = await clerk.post("/v1/compounds", json={"region_id": str(at.id), "name": "南岳新村"})
        assert answer.status_code == 201, answer.text
        return Town(clerk, answer.json()["id"], at, database)

    return make


@pytest.fixture
async def town(towns: MakeTown) -> Town:
    """A community."""
    return await towns()


@pytest.fixture
async def offices(region: MakeRegion, staff: MakeStaff, database: Database) -> Offices:
    """A district whose hotline works."""
    return await open_offices(await region("county"), database, staff)


@pytest.fixture
def partner_of(
    app: FastAPI, api: httpx.AsyncClient, staff: MakeStaff
) -> Callable[[Region], Awaitable[httpx.AsyncClient]]:
    """`await partner_of(region)` is the system of a 12345 line, signed in for the region."""

    async def make(at: Region) -> httpx.AsyncClient:
        body = {"name": "12345", "organisation": "市政务服务热线", "region_ids": [str(at.id)]}
        made = (await (await staff("city", at)).post("/v1/clients", json=body)).json()
        grant = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["client_secret"]}
        token = (await api.post("/oauth/token", data=grant)).json()["access_token"]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    return make


@pytest.fixture
def partner(
    partner_of: Callable[[Region], Awaitable[httpx.AsyncClient]], town: Town
) -> Callable[[], Awaitable[httpx.AsyncClient]]:
    """`await partner()` is one of the community."""
    return lambda: partner_of(town.at)
