"""One call to WeChat: JSON by content whatever its header says, an `errcode` that may be missing, HTTP 200 even for errors."""

import asyncio
import json
from typing import Any

import httpx

from services.wechat.errors import WeChatUnavailable

SECONDS = 8.0
BUSY = -1


class Refused(Exception):
    """WeChat answered with an errcode."""

    def __init__(self, errcode: int) -> None:
        super().__init__(f"errcode {errcode}")
        self.errcode = errcode


def unavailable() -> WeChatUnavailable:
    """To be tried again in a moment."""
    return WeChatUnavailable(headers={"Retry-After": "2"})


async def call(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    params: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The members of a good answer. `Refused` for an errcode; WeChatUnavailable when there is no answer to speak of.

    What httpx raises is never chained: its request holds the secret in its URL.
    """
    try:
        async with asyncio.timeout(SECONDS):
            answer = await http.request(method, path, params=params, json=body)
    except (httpx.HTTPError, TimeoutError):
        raise unavailable() from None
    if answer.status_code != httpx.codes.OK:
        raise unavailable()
    try:
        told = json.loads(answer.content)
    except ValueError:
        raise unavailable() from None
    if not isinstance(told, dict):
        raise unavailable()
    errcode = told.get("errcode", 0)
    if not isinstance(errcode, int) or errcode == BUSY:
        raise unavailable()
    if errcode != 0:
        raise Refused(errcode)
    return told


def text(told: dict[str, Any], member: str) -> str:
    """A member that must be there, as text."""
    value = told.get(member)
    if not isinstance(value, str) or not value:
        raise unavailable()
    return value
