"""RFC 9457 problems: in the caller's language, naming the place, never repeating the input."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest

from services.api.problems import language_of
from tests.support.people import Client, Region

SECRET_INPUT = "110101199003071234"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "zh"), ("", "zh"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("fr", "zh"), ("zh-CN,en;q=0.5", "zh"),
        ("en;q=0.1,zh;q=0.9", "zh"), ("en;q=0", "zh"), ("*", "zh"), ("en;q=nonsense", "en"),
    ],
)  # fmt: skip
def test_language(accept: str | None, expected: str) -> None:
    assert language_of(accept) == expected


async def test_unknown_address(api: httpx.AsyncClient) -> None:
    english = await api.get("/nothing/here", headers={"Accept-Language": "en"})
    chinese = await api.get("/nothing/here")
    assert english.status_code == chinese.status_code == 404
    assert english.headers["content-type"] == "application/problem+json"
    assert english.json()["type"] == "/problems/route-not-found"
    assert english.json()["title"] != chinese.json()["title"]
    assert chinese.headers["content-language"] == "zh-CN"
    assert english.json()["request_id"] == english.headers["x-request-id"]


async def test_wrong_method(api: httpx.AsyncClient) -> None:
    answer = await api.delete("/healthz")
    assert answer.status_code == 405
    assert answer.json()["type"] == "/problems/method-not-allowed"


async def test_the_input_is_never_echoed(
    region: Callable[..., Awaitable[Region]], staff: Callable[..., Awaitable[Client]]
) -> None:
    county = await region("county")
    client = await staff("city", county)
    body = {"name": {"nested": SECRET_INPUT}, "region_id": SECRET_INPUT, SECRET_INPUT[:3] + "unknown": SECRET_INPUT}
    answer = await client.post("/v1/compounds", json=body)
    assert answer.status_code == 422
    assert SECRET_INPUT not in answer.text
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert {"/name", "/region_id"} <= pointers


async def test_broken_json_is_told_as_such(
    region: Callable[..., Awaitable[Region]], staff: Callable[..., Awaitable[Client]]
) -> None:
    client = await staff("city", await region("county"))
    answer = await client.post("/v1/compounds", content=b'{"name": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/request-malformed"


async def test_every_problem_that_can_be_answered_is_in_the_catalogue(api: httpx.AsyncClient) -> None:
    items = (await api.get("/problems")).json()["items"]
    codes = [item["code"] for item in items]
    assert len(codes) == len(set(codes)) > 10
    for item in items:
        assert item["title"]["zh-CN"]
        assert item["title"]["en"]
        one = await api.get(f"/problems/{item['code']}")
        assert json.loads(one.text) == item
    assert (await api.get("/problems/none-such")).status_code == 404
