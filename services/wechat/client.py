"""What this system asks of WeChat: who signs in, which phone number he taps to give, whether what he sent is fit to be shown."""

import contextlib
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.kit.errors import DomainError
from services.core.kit.settings import Settings
from services.wechat.access_token import AccessTokens
from services.wechat.errors import (
    ContentNotChecked,
    PhoneCodeRefused,
    WeChatAccountBlocked,
    WeChatCodeRefused,
    WeChatNotConfigured,
)
from services.wechat.rest import Rests, busy, rest_of
from services.wechat.wire import Refused, call, text, unavailable

PHONE = "getuserphonenumber"
CODE_WRONG = 40029
TOKEN_WRONG = frozenset({40001, 40014, 42001})
CHINA = "86"
TEXT_CHECK, IMAGE_CHECK = "msg_sec_check", "media_check_async"
FORUM = 3  # the scene: what residents send here is read by others
IMAGE = 2


@dataclass(frozen=True, slots=True)
class Suggested:
    """What WeChat says of a content: pass, review or risky; and of what kind it finds it."""

    suggest: str
    label: int | None


class WeChat:
    """The client of one process. Close it when done."""

    def __init__(self, *, base_url: str, appid: str, secret: SecretStr, redis_url: str) -> None:
        self._appid, self._secret = appid, secret
        self._http = httpx.AsyncClient(base_url=base_url, timeout=httpx.Timeout(5, connect=2))
        self._redis: Redis = Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=1)
        self._rests = Rests(self._redis, appid)
        self._tokens = AccessTokens(self._http, self._redis, self._rests, appid=appid, secret=secret)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """As the settings say; None where no mini-program is set."""
        if settings.wechat_appid is None or settings.wechat_secret is None:
            return None
        return cls(
            base_url=settings.wechat_base_url,
            appid=settings.wechat_appid,
            secret=settings.wechat_secret,
            redis_url=settings.redis_url.get_secret_value(),
        )

    async def openid(self, code: str) -> str:
        """Whom the code of `wx.login` stands for (`jscode2session`, which needs no access token, hence no Redis).

        The answer's `session_key` is dropped here. Refusals as of `services.wechat.errors`.
        """
        params = {
            "appid": self._appid,
            "secret": self._secret.get_secret_value(),
            "js_code": code,
            "grant_type": "authorization_code",
        }
        try:
            told = await call(self._http, "GET", "/sns/jscode2session", params=params)
        except Refused as refusal:
            raise _sign_in_refusal(refusal.errcode) from None
        return text(told, "openid")

    async def phone_number(self, code: str) -> str:
        """The number behind the code of a tap, with + and its country unless it is a Chinese one.

        PhoneCodeRefused; WeChatBusy and its like.
        """
        try:
            told = await self._authorised(PHONE, "/wxa/business/getuserphonenumber", {"code": code})
        except Refused as refusal:
            raise (PhoneCodeRefused() if refusal.errcode == CODE_WRONG else unavailable()) from None
        info = told.get("phone_info")
        if not isinstance(info, dict):
            raise unavailable()
        number = text(info, "purePhoneNumber")
        country = str(info.get("countryCode") or CHINA)
        return number if country == CHINA else f"+{country}{number}"

    async def text_suggestion(self, *, openid: str, content: str) -> Suggested:
        """What `msg_sec_check` (version 2) says of a text, at most 2,500 characters. ContentNotChecked: it never will."""
        body = {"version": 2, "openid": openid, "scene": FORUM, "content": content}
        try:
            told = await self._authorised(TEXT_CHECK, "/wxa/msg_sec_check", body)
        except Refused as refusal:
            raise ContentNotChecked(errcode=refusal.errcode) from None
        return suggested(told)

    async def image_check(self, *, openid: str, url: str) -> str:
        """Has WeChat fetch an image and look at it (`media_check_async`, version 2): the id under which it will push the result.

        ContentNotChecked: it never will of this one.
        """
        body = {"version": 2, "openid": openid, "scene": FORUM, "media_url": url, "media_type": IMAGE}
        try:
            told = await self._authorised(IMAGE_CHECK, "/wxa/media_check_async", body)
        except Refused as refusal:
            raise ContentNotChecked(errcode=refusal.errcode) from None
        return text(told, "trace_id")

    async def _authorised(self, interface: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call with the access token; one that is refused is replaced once, for all processes, and the call tried once more.

        Refused; WeChatBusy when a quota is used up, from now on for everybody.
        """
        await self._rests.refuse_while_resting(interface)
        held = await self._tokens.get()
        try:
            return await self._called(path, held.token, body)
        except Refused as refusal:
            if refusal.errcode not in TOKEN_WRONG:
                await self._rests.begin(interface, refusal.errcode)
                raise
        held = await self._tokens.replace(held)
        try:
            return await self._called(path, held.token, body)
        except Refused as refusal:
            await self._rests.begin(interface, refusal.errcode)
            raise (unavailable() if refusal.errcode in TOKEN_WRONG else refusal) from None

    async def _called(self, path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        return await call(self._http, "POST", path, params={"access_token": token}, body=body)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()


def suggested(told: dict[str, Any]) -> Suggested:
    """The verdict of an answer or a push, whose label may be a number or its text. WeChatUnavailable for what is none."""
    result = told.get("result")
    if not isinstance(result, dict):
        raise unavailable()
    label = str(result.get("label", ""))
    return Suggested(text(result, "suggest"), int(label) if label.isdecimal() else None)


def _sign_in_refusal(errcode: int) -> DomainError:
    """45011 counts this user's calls alone, so it makes nobody else wait."""
    match errcode:
        case 40029 | 40163:  # wrong, used already
            return WeChatCodeRefused()
        case 40226:
            return WeChatAccountBlocked()
        case 40013 | 40125 | 40164 | 41002 | 41004:
            return WeChatNotConfigured()
        case _:
            seconds = rest_of(errcode, time.time())
            return unavailable() if seconds is None else busy(seconds)
