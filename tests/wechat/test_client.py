"""WeChat's client against a server that speaks its protocol, sharing a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from starlette.responses import Response

from services.core.kit.errors import DomainError
from services.wechat.client import WeChat
from services.wechat.errors import (
    PhoneCodeRefused,
    WeChatAccountBlocked,
    WeChatBusy,
    WeChatCodeRefused,
    WeChatNotConfigured,
    WeChatUnavailable,
)
from services.wechat.rest import rest_of
from tests.support.wechat import APPID, SECRET, FakeWeChat

NOWHERE = "redis://127.0.0.1:1/0"
MakeClient = Callable[..., WeChat]


@pytest.fixture
async def client(wechat: FakeWeChat, servers: dict[str, str], redis: Redis) -> AsyncIterator[MakeClient]:
    """`client()` is one process's client; all share Redis."""
    made: list[WeChat] = []

    def make(redis_url: str = servers["REDIS_URL"], secret: str = SECRET) -> WeChat:
        made.append(WeChat(base_url=wechat.address, appid=APPID, secret=SecretStr(secret), redis_url=redis_url))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_a_code_stands_for_an_openid_once_and_for_five_minutes(wechat: FakeWeChat, client: MakeClient) -> None:
    code = wechat.login_code("o-wang")
    assert await client().openid(code) == "o-wang"
    with pytest.raises(WeChatCodeRefused):
        await client().openid(code)
    late = wechat.login_code("o-wang")
    wechat.later = 301
    with pytest.raises(WeChatCodeRefused):
        await client().openid(late)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (40029, WeChatCodeRefused),
        (40163, WeChatCodeRefused),
        (40226, WeChatAccountBlocked),
        (45011, WeChatBusy),
        (40125, WeChatNotConfigured),
        (-1, WeChatUnavailable),
        (99999, WeChatUnavailable),
        (Response("", 502), WeChatUnavailable),
        (Response("<html>"), WeChatUnavailable),
        (Response("[]"), WeChatUnavailable),
        (Response("{}"), WeChatUnavailable),
        (Response('{"errcode":"0","openid":"x"}'), WeChatUnavailable),
    ],
)
async def test_each_answer_has_its_refusal(
    wechat: FakeWeChat, client: MakeClient, answer: int | Response, refusal: type[DomainError]
) -> None:
    wechat.fails("jscode2session", answer)
    with pytest.raises(refusal) as raised:
        await client().openid(wechat.login_code("o-wang"))
    assert ("Retry-After" in raised.value.headers) == (refusal in {WeChatBusy, WeChatUnavailable})
    # What httpx raised holds the secret in its URL: it must not travel into a log as the cause.
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


async def test_a_wrong_secret_is_ours_to_mend(wechat: FakeWeChat, client: MakeClient) -> None:
    with pytest.raises(WeChatNotConfigured):
        await client(secret="x" * 32).openid(wechat.login_code("o-wang"))
    with pytest.raises(WeChatNotConfigured):
        await client(secret="x" * 32).phone_number(wechat.phone_code("13800001234"))


async def test_too_often_by_one_user_makes_nobody_else_wait(wechat: FakeWeChat, client: MakeClient) -> None:
    wechat.per_user_minute = 1
    one = client()
    await one.openid(wechat.login_code("o-wang"))
    with pytest.raises(WeChatBusy):
        await one.openid(wechat.login_code("o-wang"))
    assert await one.openid(wechat.login_code("o-li")) == "o-li"


async def test_no_server_is_told_as_unavailable(client: MakeClient, wechat: FakeWeChat) -> None:
    away = WeChat(base_url="http://127.0.0.1:1", appid=APPID, secret=SecretStr(SECRET), redis_url=NOWHERE)
    with pytest.raises(WeChatUnavailable):
        await away.openid("x")
    await away.close()


async def test_a_phone_number_once_and_with_its_country(wechat: FakeWeChat, client: MakeClient) -> None:
    code = wechat.phone_code("13800001234")
    assert await client().phone_number(code) == "13800001234"
    with pytest.raises(PhoneCodeRefused):
        await client().phone_number(code)
    assert await client().phone_number(wechat.phone_code("51234567", "852")) == "+85251234567"
    with pytest.raises(PhoneCodeRefused):
        await client().phone_number(wechat.login_code("o-wang"))


async def all_of(*calls: Awaitable[str]) -> list[str]:
    return list(await asyncio.gather(*calls))


async def test_twenty_requests_of_four_processes_fetch_one_token(wechat: FakeWeChat, client: MakeClient) -> None:
    wechat.slow = 0.2
    processes = [client() for _ in range(4)]
    numbers = await all_of(*(processes[n % 4].phone_number(wechat.phone_code(f"138000012{n:02}")) for n in range(20)))
    assert numbers == [f"138000012{n:02}" for n in range(20)]
    assert wechat.calls["stable_token"] == 1


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_refused_token_is_replaced_once_for_all_processes(
    wechat: FakeWeChat, client: MakeClient, errcode: int
) -> None:
    processes = [client() for _ in range(4)]
    for process in processes:
        await process.phone_number(wechat.phone_code("13800001234"))
    assert wechat.calls["stable_token"] == 1
    wechat.slow = 0.2
    if errcode == 40001:
        wechat.revoke_tokens()
    elif errcode == 42001:
        wechat.later = 7201
    together = asyncio.Barrier(20) if errcode == 40014 else None
    codes = [wechat.phone_code("13800001234", together=together) for _ in range(20)]
    numbers = await all_of(*(processes[n % 4].phone_number(code) for n, code in enumerate(codes)))
    assert numbers == ["13800001234"] * 20
    # WeChat repeats the token of 40014, for it holds as far as it knows; even then it is asked for once.
    assert wechat.calls["stable_token"] == 2


async def test_a_token_that_is_refused_twice_is_given_up(wechat: FakeWeChat, client: MakeClient) -> None:
    wechat.fails("getuserphonenumber", 40001, 40001)
    with pytest.raises(WeChatUnavailable):
        await client().phone_number(wechat.phone_code("13800001234"))
    assert wechat.calls == {"stable_token": 2, "getuserphonenumber": 2}


@pytest.mark.parametrize("errcode", [45009, 45011])
@pytest.mark.parametrize("path", ["getuserphonenumber", "stable_token"])
async def test_a_used_up_quota_rests_in_every_process(
    wechat: FakeWeChat, client: MakeClient, path: str, errcode: int
) -> None:
    wechat.fails(path, errcode)
    with pytest.raises(WeChatBusy) as first:
        await client().phone_number(wechat.phone_code("13800001234"))
    assert 1 <= int(first.value.headers["Retry-After"]) <= 600
    calls = wechat.calls.copy()
    with pytest.raises(WeChatBusy):
        await client().phone_number(wechat.phone_code("13800001234"))
    assert wechat.calls == calls
    assert await client().openid(wechat.login_code("o-wang")) == "o-wang"


def test_how_long_a_quota_rests() -> None:
    assert rest_of(45011, 1_800_000_030) == 30
    assert rest_of(45009, 1_800_000_000) == 600
    assert rest_of(45009, 1_799_942_390) == 10  # ten seconds before midnight in Beijing
    assert rest_of(40001, 1_800_000_000) is None


async def test_without_redis_people_sign_in_and_each_process_fetches_for_itself(
    wechat: FakeWeChat, client: MakeClient
) -> None:
    alone, other = client(NOWHERE), client(NOWHERE)
    assert await alone.openid(wechat.login_code("o-wang")) == "o-wang"
    for _ in range(3):
        assert await alone.phone_number(wechat.phone_code("13800001234")) == "13800001234"
    assert wechat.calls["stable_token"] == 1
    assert await other.phone_number(wechat.phone_code("13800001234")) == "13800001234"
    assert wechat.calls["stable_token"] == 2
    assert len(wechat.tokens) == 1  # the normal mode repeated it: neither made the other's worthless
    wechat.revoke_tokens()
    assert await alone.phone_number(wechat.phone_code("13800001234")) == "13800001234"
    wechat.fails("stable_token", 45009)
    with pytest.raises(WeChatBusy):
        await client(NOWHERE).phone_number(wechat.phone_code("13800001234"))


async def test_who_dies_while_fetching_leaves_no_lock_behind(
    wechat: FakeWeChat, client: MakeClient, redis: Redis
) -> None:
    wechat.slow = 5
    dying = asyncio.create_task(client().phone_number(wechat.phone_code("13800001234")))
    while not wechat.calls["stable_token"]:  # noqa: ASYNC110 - another task counts
        await asyncio.sleep(0.01)
    assert 0 < await redis.ttl(f"wechat:{APPID}:fetching") <= 10  # of one that is killed, it ends by itself
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    wechat.slow = 0
    assert await client().phone_number(wechat.phone_code("13800001234")) == "13800001234"
