"""WeChat's checks of contents, against a server that speaks the protocol."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from services.core.kit.errors import DomainError
from services.wechat.client import Suggested, WeChat, suggested
from services.wechat.errors import ContentNotChecked, WeChatBusy, WeChatUnavailable
from tests.support.wechat import APPID, SECRET, FakeWeChat

OPENID, URL = "o-wang", "https://jiugai.example.gov.cn/public/content-checks/x"


@pytest.fixture
async def client(wechat: FakeWeChat, servers: dict[str, str], redis: Redis) -> AsyncIterator[WeChat]:
    """A client, and somebody who has the mini-program open."""
    wechat.visits(OPENID)
    made = WeChat(base_url=wechat.address, appid=APPID, secret=SecretStr(SECRET), redis_url=servers["REDIS_URL"])
    yield made
    await made.close()


async def test_a_text_is_judged_at_once(wechat: FakeWeChat, client: WeChat) -> None:
    wechat.risky_words = {"办证": ("risky", 10001)}
    assert await client.text_suggestion(openid=OPENID, content="三单元漏水") == Suggested("pass", 100)
    assert await client.text_suggestion(openid=OPENID, content="办证") == Suggested("risky", 10001)


async def test_an_image_is_asked_about_under_an_id(wechat: FakeWeChat, client: WeChat) -> None:
    trace_id = await client.image_check(openid=OPENID, url=URL)
    assert wechat.checked_images == {trace_id: URL}


async def test_a_token_that_ran_out_is_replaced_once(wechat: FakeWeChat, client: WeChat) -> None:
    await client.text_suggestion(openid=OPENID, content="一")
    wechat.revoke_tokens()
    assert (await client.text_suggestion(openid=OPENID, content="二")).suggest == "pass"
    assert wechat.calls["stable_token"] == 2
    wechat.fails("media_check_async", 40001, 40001)
    with pytest.raises(WeChatUnavailable):
        await client.image_check(openid=OPENID, url=URL)


@pytest.mark.parametrize(
    ("errcode", "refusal"),
    [
        (40003, ContentNotChecked),
        (40129, ContentNotChecked),
        (43104, ContentNotChecked),
        (44002, ContentNotChecked),
        (61010, ContentNotChecked),
        (-1, WeChatUnavailable),
        (45009, WeChatBusy),
        (45011, WeChatBusy),
    ],
)
async def test_refusals(wechat: FakeWeChat, client: WeChat, errcode: int, refusal: type[DomainError]) -> None:
    wechat.fails("msg_sec_check", errcode)
    with pytest.raises(refusal):
        await client.text_suggestion(openid=OPENID, content="一")
    if refusal is WeChatBusy:  # nobody asks again for a while, not even of what would be answered
        calls = wechat.calls["msg_sec_check"]
        with pytest.raises(WeChatBusy):
            await client.text_suggestion(openid=OPENID, content="一")
        assert wechat.calls["msg_sec_check"] == calls
        await client.image_check(openid=OPENID, url=URL)  # another interface has a quota of its own


async def test_who_was_not_there_within_two_hours_is_not_judged(wechat: FakeWeChat, client: WeChat) -> None:
    wechat.later = 7201
    with pytest.raises(ContentNotChecked):
        await client.text_suggestion(openid=OPENID, content="一")


@pytest.mark.parametrize("told", [{}, {"result": None}, {"result": {}}, {"result": {"suggest": 1, "label": 100}}])
def test_what_is_no_verdict_is_none(told: dict[str, object]) -> None:
    with pytest.raises(WeChatUnavailable):
        suggested(told)


@pytest.mark.parametrize(("label", "number"), [(100, 100), ("20002", 20002), ("", None), ("n/a", None)])
def test_a_label_comes_as_a_number_or_as_text(label: object, number: int | None) -> None:
    assert suggested({"result": {"suggest": "pass", "label": label}}).label == number
