"""The access token of the mini-program, one for every process, kept in Redis (`stable_token`).

In its normal mode `stable_token` repeats the token that holds, so a process that cannot reach Redis fetches for itself and harms
nobody. What Redis buys is that hundreds of requests in ten processes fetch once.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import cast

import httpx
import structlog
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.wechat.errors import WeChatNotConfigured
from services.wechat.rest import Rests
from services.wechat.wire import SECONDS, Refused, call, text, unavailable

log = structlog.get_logger("wechat")

BEFORE_EXPIRY = 300
"""Seconds: WeChat renews five minutes before the end, and the old token holds meanwhile."""
LOCK_SECONDS = 10
LOOK_AGAIN = 0.05
# 40013, 40125, 41002, 41004: appid or secret wrong or missing; 40164: our address is not on WeChat's list.
OURS_TO_MEND = frozenset({40001, 40013, 40125, 40164, 41002, 41004})

# Compared with what is there, so that who comes late throws away neither a younger token nor somebody else's lock.
DROP_IF = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end"


@dataclass(frozen=True, slots=True)
class Held:
    """A token and the fetch that it came from: WeChat may repeat the token, a fetch is never repeated."""

    fetch: str
    token: str

    def pack(self) -> str:
        """As Redis keeps it."""
        return f"{self.fetch} {self.token}"

    @classmethod
    def unpack(cls, packed: bytes) -> "Held":
        """What Redis kept."""
        fetch, _, token = packed.decode().partition(" ")
        return cls(fetch, token)


class AccessTokens:
    """Gives the token that holds. One `stable_token` call for however many ask, in however many processes."""

    def __init__(self, http: httpx.AsyncClient, redis: "Redis", rests: Rests, *, appid: str, secret: SecretStr) -> None:
        self._http, self._redis, self._rests = http, redis, rests
        self._appid, self._secret = appid, secret
        self._key, self._lock = f"wechat:{appid}:token", f"wechat:{appid}:fetching"
        self._own: tuple[float, Held] | None = None
        self._turn = asyncio.Lock()

    async def get(self) -> Held:
        """The token that holds, fetched when there is none."""
        return await self._get(not_this=None)

    async def replace(self, refused: Held) -> Held:
        """Another than the one that WeChat refused: fetched by somebody else since, or now."""
        return await self._get(not_this=refused)

    async def _get(self, not_this: Held | None) -> Held:
        try:
            return await self._shared(not_this)
        except (RedisError, OSError) as away:
            log.warning("redis does not answer; this process fetches for itself", error=type(away).__name__)
        await self._rests.refuse_while_resting("stable_token")
        async with self._turn:
            if self._own is not None and self._own[0] > time.monotonic() and self._own[1] != not_this:
                return self._own[1]
            held, lasts = await self._fetch()
            self._own = (time.monotonic() + lasts, held)
            return held

    async def _shared(self, not_this: Held | None) -> Held:
        if not_this is not None:
            await self._drop(self._key, not_this.pack())
        mine, until = secrets.token_hex(8), time.monotonic() + SECONDS + LOCK_SECONDS
        while time.monotonic() < until:
            packed = await self._redis.get(self._key)
            if packed is not None:
                return Held.unpack(packed)
            await self._rests.refuse_while_resting("stable_token")
            if await self._redis.set(self._lock, mine, nx=True, ex=LOCK_SECONDS):
                try:
                    # Between the look and the lock somebody may have finished.
                    packed = await self._redis.get(self._key)
                    return Held.unpack(packed) if packed is not None else await self._fetch_for_all()
                finally:
                    await self._drop(self._lock, mine)
            await asyncio.sleep(LOOK_AGAIN)
        raise unavailable()

    async def _drop(self, key: str, value: str) -> None:
        await cast("Awaitable[object]", self._redis.eval(DROP_IF, 1, key, value))

    async def _fetch_for_all(self) -> Held:
        held, lasts = await self._fetch()
        await self._redis.set(self._key, held.pack(), ex=lasts)
        return held

    async def _fetch(self) -> tuple[Held, int]:
        body = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._secret.get_secret_value(),
            "force_refresh": False,
        }
        try:
            told = await call(self._http, "POST", "/cgi-bin/stable_token", body=body)
        except Refused as refusal:
            await self._rests.begin("stable_token", refusal.errcode)
            log.error("wechat gives no access token", errcode=refusal.errcode)
            if refusal.errcode in OURS_TO_MEND:
                raise WeChatNotConfigured from None
            raise unavailable() from None
        expires_in = told.get("expires_in")
        if not isinstance(expires_in, int):
            raise unavailable()
        return Held(secrets.token_hex(8), text(told, "access_token")), max(1, expires_in - BEFORE_EXPIRY)
