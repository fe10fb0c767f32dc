"""A small WeChat: a real HTTP server that speaks the documented protocol, with its error codes, expiry and quotas.

Answers come with HTTP 200 and as text/plain even when they are errors; a good answer of `jscode2session` has no `errcode`.
Documentation: developers.weixin.qq.com, code2Session, getStableAccessToken, getPhoneNumber, msgSecCheck, mediaCheckAsync.
"""

import asyncio
import hashlib
import json
import secrets
import socket
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

APPID, SECRET = "wx0123456789abcdef", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
CODE_SECONDS = 300
TOKEN_SECONDS = 7200
RENEWED_BEFORE = 300
VISIT_SECONDS = 7200


@dataclass
class Code:
    """A code of `wx.login` or of a tap: once, and five minutes."""

    stands_for: str
    made_at: float
    used: bool = False
    together: asyncio.Barrier | None = None  # its first call waits for the others, and is refused: 40014


@dataclass
class FakeWeChat:
    """What the server knows. `later` moves its clock; `failures` are taken by the next calls of a path, in order."""

    address: str = ""
    later: float = 0.0
    force_errors: dict[str, deque[int | Response]] = field(default_factory=dict)
    login_codes: dict[str, Code] = field(default_factory=dict)
    phone_codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)  # until when each holds
    calls: Counter[str] = field(default_factory=Counter)
    per_user_minute: int = 100
    users: Counter[tuple[str, int]] = field(default_factory=Counter)
    slow: float = 0.0
    visitors: dict[str, float] = field(default_factory=dict)  # when each openid was here last
    risky_words: dict[str, tuple[str, int]] = field(default_factory=dict)  # a word: what is suggested of it
    checked_texts: list[str] = field(default_factory=list)
    checked_images: dict[str, str] = field(default_factory=dict)  # trace id: the URL to fetch

    @property
    def now(self) -> float:
        """Its own time."""
        return time.time() + self.later

    def login_code(self, openid: str) -> str:
        """What `wx.login` gives on somebody's phone."""
        code = "0" + secrets.token_hex(15)
        self.login_codes[code] = Code(openid, self.now)
        return code

    def phone_code(self, number: str, country: str = "86", *, together: asyncio.Barrier | None = None) -> str:
        """What a tap on the phone-number button gives."""
        code = secrets.token_hex(32)
        self.phone_codes[code] = Code(f"{country} {number}", self.now, together=together)
        return code

    def visits(self, openid: str) -> None:
        """He has the mini-program open."""
        self.visitors[openid] = self.now

    def result_of(self, trace_id: str, suggest: str, label: int | str) -> dict[str, Any]:
        """What is pushed when an image was looked at; the label comes as a number or as text."""
        detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
        return {
            "ToUserName": "gh_9df7d78a1234",
            "FromUserName": "o4_t144jTUSEoxydysUA2E234_tc",
            "CreateTime": int(self.now),
            "MsgType": "event",
            "Event": "wxa_media_check",
            "appid": APPID,
            "trace_id": trace_id,
            "version": 2,
            "detail": [detail],
            "errcode": 0,
            "errmsg": "ok",
            "result": {"suggest": suggest, "label": label},
        }

    def fails(self, path: str, *answers: int | Response) -> None:
        """The next calls of a path get these errcodes or answers."""
        self.force_errors.setdefault(path, deque()).extend(answers)

    def revoke_tokens(self) -> None:
        """No token holds any more (as after a forced refresh elsewhere): 40001."""
        self.tokens.clear()

    def forced(self, path: str) -> Response | None:
        """The failure that this call is to get."""
        waiting = self.force_errors.get(path)
        if not waiting:
            return None
        answer = waiting.popleft()
        return answer if isinstance(answer, Response) else told({"errcode": answer, "errmsg": "said so"})


def told(body: dict[str, Any]) -> Response:
    """HTTP 200 and text/plain, whatever it says."""
    return Response(json.dumps(body), media_type="text/plain")


def error(errcode: int, errmsg: str) -> Response:
    """An error as WeChat tells it."""
    return told({"errcode": errcode, "errmsg": f"{errmsg}, rid: 0"})


def signed(token: str, timestamp: int, nonce: str) -> dict[str, str]:
    """The query that WeChat puts to what it pushes."""
    signature = hashlib.sha1("".join(sorted([token, str(timestamp), nonce])).encode()).hexdigest()  # noqa: S324
    return {"signature": signature, "timestamp": str(timestamp), "nonce": nonce}


def use(codes: dict[str, Code], given: str, now: float) -> str | None:
    """Whom a code stands for; it is used up."""
    code = codes.get(given)
    if code is None or code.used or now - code.made_at > CODE_SECONDS:
        return None
    code.used = True
    return code.stands_for


async def jscode2session(request: Request) -> Response:
    """The interface of that name."""
    fake: FakeWeChat = request.app.state.fake
    fake.calls["jscode2session"] += 1
    query = request.query_params
    if (forced := fake.forced("jscode2session")) is not None:
        return forced
    if query.get("appid") != APPID:
        return error(40013, "invalid appid")
    if query.get("secret") != SECRET:
        return error(40125, "invalid appsecret")
    if query.get("grant_type") != "authorization_code":
        return error(40002, "invalid grant_type")
    openid = use(fake.login_codes, query.get("js_code", ""), fake.now)
    if openid is None:
        return error(40029, "invalid code")
    minute = (openid, int(fake.now // 60))
    fake.users[minute] += 1
    if fake.users[minute] > fake.per_user_minute:
        return error(45011, "api minute-quota reach limit, must slower, retry next minute")
    return told({"openid": openid, "session_key": "never-to-be-seen=="})


async def stable_token(request: Request) -> Response:
    """The interface of that name."""
    fake: FakeWeChat = request.app.state.fake
    fake.calls["stable_token"] += 1
    await asyncio.sleep(fake.slow)
    if (forced := fake.forced("stable_token")) is not None:
        return forced
    body = json.loads(await request.body())
    if body.get("grant_type") != "client_credential":
        return error(40002, "invalid grant_type")
    if body.get("appid") != APPID:
        return error(40013, "invalid appid")
    if body.get("secret") != SECRET:
        return error(40125, "invalid appsecret")
    if body.get("force_refresh"):
        fake.tokens.clear()
    # The normal mode repeats the token that holds; five minutes before its end there is a new one, and both hold.
    for token, until in fake.tokens.items():
        if until - fake.now > RENEWED_BEFORE:
            return told({"access_token": token, "expires_in": int(until - fake.now)})
    token = secrets.token_urlsafe(96)
    fake.tokens[token] = fake.now + TOKEN_SECONDS
    return told({"access_token": token, "expires_in": TOKEN_SECONDS})


async def authorised(request: Request, interface: str) -> Response | dict[str, Any]:
    """The body of a call with an access token, or what it is refused with."""
    fake: FakeWeChat = request.app.state.fake
    fake.calls[interface] += 1
    token = request.query_params.get("access_token")
    if (forced := fake.forced(interface)) is not None:
        return forced
    if not token:
        return error(41001, "access_token missing")
    if token not in fake.tokens:
        return error(40001, "invalid credential, access_token is invalid or not latest")
    if fake.tokens[token] < fake.now:
        return error(42001, "access_token expired")
    try:
        body: dict[str, Any] = json.loads(await request.body())
    except ValueError:
        return error(47001, "data format error")
    return body


def seen(fake: FakeWeChat, body: dict[str, Any]) -> Response | None:
    """Contents are judged of those alone who were there within two hours."""
    if body.get("version") != 2 or body.get("scene") not in {1, 2, 3, 4}:
        return error(40129, "invalid scene")
    if body.get("openid") not in fake.visitors:
        return error(40003, "invalid openid")
    if fake.now - fake.visitors[body["openid"]] > VISIT_SECONDS:
        return error(61010, "code is expired, user has not visited the mini-program within two hours")
    return None


async def msg_sec_check(request: Request) -> Response:
    """The interface of that name, version 2."""
    fake: FakeWeChat = request.app.state.fake
    body = await authorised(request, "msg_sec_check")
    if isinstance(body, Response):
        return body
    if (refusal := seen(fake, body)) is not None:
        return refusal
    content = body.get("content", "")
    if not content or len(content) > 2500:
        return error(44002, "empty post data") if not content else error(45002, "content size out of limit")
    fake.checked_texts.append(content)
    found = next((said for word, said in fake.risky_words.items() if word in content), ("pass", 100))
    result = {"suggest": found[0], "label": found[1]}
    return told({"errcode": 0, "errmsg": "ok", "trace_id": secrets.token_hex(16), "result": result, "detail": []})


async def media_check_async(request: Request) -> Response:
    """The interface of that name, version 2. The result is pushed when a test says so."""
    fake: FakeWeChat = request.app.state.fake
    body = await authorised(request, "media_check_async")
    if isinstance(body, Response):
        return body
    if (refusal := seen(fake, body)) is not None:
        return refusal
    if not str(body.get("media_url", "")).startswith("http") or body.get("media_type") != 2:
        return error(40129, "invalid media_type")
    trace_id = secrets.token_hex(16)
    fake.checked_images[trace_id] = body["media_url"]
    return told({"errcode": 0, "errmsg": "ok", "trace_id": trace_id})


async def phone_number(request: Request) -> Response:
    """The interface of that name."""
    fake: FakeWeChat = request.app.state.fake
    body = await authorised(request, "getuserphonenumber")
    if isinstance(body, Response):
        return body
    code = fake.phone_codes.get(body.get("code", ""))
    if code is not None and code.together is not None:
        together, code.together = code.together, None
        await together.wait()
        return error(40014, "invalid access_token")
    number = use(fake.phone_codes, body.get("code", ""), fake.now)  # a code of wx.login is none of these
    if number is None:
        return error(40029, "invalid code")
    country, _, pure = number.partition(" ")
    full = pure if country == "86" else f"+{country} {pure}"
    info = {
        "phoneNumber": full,
        "purePhoneNumber": pure,
        "countryCode": country,
        "watermark": {"timestamp": int(fake.now), "appid": APPID},
    }
    return told({"errcode": 0, "errmsg": "ok", "phone_info": info})


def application(fake: FakeWeChat) -> Starlette:
    """The server's routes."""
    made = Starlette(
        routes=[
            Route("/sns/jscode2session", jscode2session),
            Route("/cgi-bin/stable_token", stable_token, methods=["POST"]),
            Route("/wxa/business/getuserphonenumber", phone_number, methods=["POST"]),
            Route("/wxa/msg_sec_check", msg_sec_check, methods=["POST"]),
            Route("/wxa/media_check_async", media_check_async, methods=["POST"]),
        ]
    )
    made.state.fake = fake
    return made


@asynccontextmanager
async def serving() -> AsyncIterator[FakeWeChat]:
    """The server, on a port of its own, on this loop."""
    fake = FakeWeChat()
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(fake), log_level="error", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve([listening]))
    fake.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield fake
    finally:
        server.should_exit = True
        await running
