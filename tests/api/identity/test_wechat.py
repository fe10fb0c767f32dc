"""Residents sign in from WeChat: tokens, refusals, one account however often, limits at the door."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.api.app import create_app
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from tests.support.wechat import APPID, SECRET, FakeWeChat


@pytest.fixture
async def door(mini_program: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The mini-program, not signed in."""
    transport = httpx.ASGITransport(mini_program, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_first_sign_in_makes_the_account_and_the_next_finds_it(
    door: httpx.AsyncClient, wechat: FakeWeChat, database: Database
) -> None:
    ids = []
    for _ in range(2):
        answer = await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-first")})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "never-to-be-seen" not in answer.text
        me = (await door.get("/v1/me", headers=bearer(answer.json()["access_token"]))).json()
        ids.append(me["id"])
        assert (me["kind"], me["language"]) == ("resident", "zh")
    assert ids[0] == ids[1]
    async with database.read() as connection:
        row = await connection.fetchrow("SELECT * FROM resident WHERE id = $1::text::uuid", ids[0])
        assert b"o-first" not in row["openid"] + row["openid_digest"]
        tables = await connection.fetch("SELECT details::text FROM audit_entry WHERE actor_id = $1::text::uuid", ids[0])
    assert "o-first" not in str(tables)


async def test_ten_first_sign_ins_at_once_make_one_account(door: httpx.AsyncClient, wechat: FakeWeChat) -> None:
    answers = await asyncio.gather(
        *(door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-many")}) for _ in range(10))
    )
    tokens = [answer.json()["access_token"] for answer in answers]
    ids = {(await door.get("/v1/me", headers=bearer(token))).json()["id"] for token in tokens}
    assert len(ids) == 1


async def test_refresh_and_language(door: httpx.AsyncClient, wechat: FakeWeChat) -> None:
    pair = (await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-refresh")})).json()
    assert pair["refresh_expires_in"] == 14 * 86_400
    again = await door.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert again.status_code == 200, again.text
    headers = bearer(again.json()["access_token"])
    assert (await door.put("/v1/me/language", json={"language": "en"}, headers=headers)).status_code == 204
    assert (await door.get("/v1/me", headers=headers)).json()["language"] == "en"
    assert (await door.post("/v1/auth/sign-out", headers=headers)).status_code == 204
    assert (
        await door.post("/v1/auth/refresh", json={"refresh_token": again.json()["refresh_token"]})
    ).status_code == 401


@pytest.mark.parametrize(
    ("errcode", "status", "code"),
    [
        (40029, 401, "wechat-code-refused"),
        (45011, 429, "wechat-busy"),
        (40226, 403, "wechat-account-blocked"),
        (-1, 503, "wechat-unavailable"),
    ],
)
async def test_refusals_of_wechat_are_problems(
    door: httpx.AsyncClient, wechat: FakeWeChat, errcode: int, status: int, code: str
) -> None:
    wechat.fails("jscode2session", errcode)
    answer = await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-refused")})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert ("retry-after" in answer.headers) == (status in {429, 503})


async def test_a_disabled_account_is_told_so_and_gets_nothing(
    door: httpx.AsyncClient, wechat: FakeWeChat, database: Database
) -> None:
    pair = (await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-shut")})).json()
    me = (await door.get("/v1/me", headers=bearer(pair["access_token"]))).json()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE resident SET disabled_at = now() WHERE id = $1::text::uuid", me["id"])
    answer = await door.post("/v1/auth/wechat", json={"code": wechat.login_code("o-shut")})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/account-disabled")
    assert (await door.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401
    async with database.read() as connection:
        refused = await connection.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'resident.sign_in' AND outcome = 'refused'"
            " AND target_id = $1::text::uuid",
            me["id"],
        )
    assert refused == 1


async def test_the_door_is_limited_per_client_and_asks_wechat_no_more(settings: Settings, wechat: FakeWeChat) -> None:
    narrow = settings.model_copy(
        update={
            "wechat_appid": APPID,
            "wechat_secret": SecretStr(SECRET),
            "wechat_base_url": wechat.address,
            "sign_in_per_client_minute": 3,
        }
    )
    app = create_app(narrow)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        answers = [await client.post("/v1/auth/wechat", json={"code": "wrong"}) for _ in range(8)]
    # A minute may begin between two of them.
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 429}
    assert wechat.calls["jscode2session"] == statuses.count(401) <= 6


async def test_without_a_mini_program_nobody_signs_in(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/auth/wechat", json={"code": "x"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/wechat-not-configured")
