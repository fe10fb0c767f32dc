"""Quotas that are used up: for a while nobody asks WeChat again, in any process."""

import time
from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.wechat.errors import WeChatBusy

log = structlog.get_logger("wechat")

DAY_QUOTA, MINUTE_QUOTA = 45009, 45011
LONGEST_REST = 600
"""Seconds: a day's quota may be raised or cleared by hand, which is to be noticed."""


def rest_of(errcode: int, now: float) -> int | None:
    """For how many seconds to ask no more; None for an errcode that is no quota. Days are counted in Beijing."""
    if errcode == MINUTE_QUOTA:
        return 60 - int(now) % 60
    if errcode == DAY_QUOTA:
        return min(86_400 - (int(now) + 8 * 3600) % 86_400, LONGEST_REST)
    return None


def busy(seconds: int) -> WeChatBusy:
    """The refusal while a rest lasts."""
    return WeChatBusy(headers={"Retry-After": str(max(1, seconds))})


class Rests:
    """Which interfaces rest, and until when. Kept in Redis for all processes, and here for when Redis is away."""

    def __init__(self, redis: "Redis", appid: str) -> None:
        self._redis, self._appid = redis, appid
        self._until: dict[str, float] = {}

    async def refuse_while_resting(self, interface: str) -> None:
        """WeChatBusy while the interface rests."""
        left = self._until.get(interface, 0.0) - time.time()
        if left <= 0:
            left = await self._told(lambda: self._redis.ttl(self._name(interface)))
        if left > 0:
            raise busy(int(left))

    async def begin(self, interface: str, errcode: int) -> None:
        """WeChatBusy, for everybody from now on, when the errcode tells of a quota; otherwise nothing."""
        seconds = rest_of(errcode, time.time())
        if seconds is None:
            return
        log.warning("a quota of wechat is used up", interface=interface, errcode=errcode, seconds=seconds)
        self._until[interface] = time.time() + seconds
        await self._told(lambda: self._redis.set(self._name(interface), b"1", ex=seconds))
        raise busy(seconds)

    def _name(self, interface: str) -> str:
        return f"wechat:{self._appid}:rest:{interface}"

    @staticmethod
    async def _told(ask: Callable[[], Awaitable[object]]) -> int:
        try:
            answer = await ask()
        except (RedisError, OSError):
            return 0
        return answer if isinstance(answer, int) else 0
