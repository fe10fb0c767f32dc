"""What this system asks of WeChat: who signs in, and which phone number he taps to give."""

import contextlib
import time
from typing import Self

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.kit.errors import DomainError
from services.core.kit.settings import Settings
from services.wechat.access_token import AccessTokens
from services.wechat.errors import (
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

        A refused access token is replaced once, for all processes, and the call tried once more.
        """
        await self._rests.refuse_while_resting(PHONE)
        held = await self._tokens.get()
        try:
            return await self._phone_number(code, held.token)
        except Refused as refusal:
            if refusal.errcode not in TOKEN_WRONG:
                raise await self._phone_refusal(refusal.errcode) from None
        held = await self._tokens.replace(held)
        try:
            return await self._phone_number(code, held.token)
        except Refused as refusal:
            raise await self._phone_refusal(refusal.errcode) from None

    async def _phone_number(self, code: str, token: str) -> str:
        params = {"access_token": token}
        told = await call(self._http, "POST", "/wxa/business/getuserphonenumber", params=params, body={"code": code})
        info = told.get("phone_info")
        if not isinstance(info, dict):
            raise unavailable()
        number = text(info, "purePhoneNumber")
        country = str(info.get("countryCode") or CHINA)
        return number if country == CHINA else f"+{country}{number}"

    async def _phone_refusal(self, errcode: int) -> DomainError:
        if errcode == CODE_WRONG:
            return PhoneCodeRefused()
        await self._rests.begin(PHONE, errcode)
        return unavailable()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()


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
