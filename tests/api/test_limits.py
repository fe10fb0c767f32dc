"""Sizes and rates are bounded, and the refusal says how to go on."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.core.kit.settings import Settings


@pytest.fixture
def narrow(settings: Settings) -> FastAPI:
    """An application with little patience."""
    return create_app(settings.model_copy(update={"rate_per_client_minute": 3, "body_limit_bytes": 100}))


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test")


async def test_too_many_requests(narrow: FastAPI) -> None:
    async with client_of(narrow) as client:
        answers = [await client.get("/problems") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert refused.headers["ratelimit-policy"] == '"client";q=3;w=60'
    assert refused.json()["type"] == "/problems/too-many-requests"


async def test_health_is_not_counted(narrow: FastAPI) -> None:
    async with client_of(narrow) as client:
        answers = [await client.get("/healthz") for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("streamed", [False, True])
async def test_too_large(narrow: FastAPI, *, streamed: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10

    async with client_of(narrow) as client:
        body = chunks() if streamed else b"x" * 200
        answer = await client.post("/public/calculators/vote", content=body)
    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == 100
