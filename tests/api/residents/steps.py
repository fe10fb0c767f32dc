"""What residents do again and again."""

import csv
import io
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from services.core.kit.uow import SYSTEM, Database
from tests.api.ownership.desk import Desk, people, person
from tests.support.people import Client

MakePhone = Callable[[], Awaitable[Client]]
MakeDesk = Callable[[], Awaitable[Desk]]


def number() -> str:
    """A mobile number that nobody else has."""
    return f"139{uuid4().int % 10**8:08}"


async def agree(me: Client, topic: str = "phone_matching", answer: str = "given") -> httpx.Response:
    """Answers the text as it reads now."""
    texts = (await me.get("/v1/me/consents")).json()["items"]
    newest = next(text["number"] for text in texts if text["topic"] == topic)
    return await me.post("/v1/me/consents", json={"topic": topic, "number": newest, "answer": answer})


async def properties(me: Client) -> list[dict[str, Any]]:
    """The properties for which somebody stands."""
    answer = await me.get("/v1/me/properties")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def by_code(me: Client, code: str, **headers: str) -> httpx.Response:
    """Types a code."""
    return await me.post("/v1/me/properties", json={"by": "code", "code": code}, headers=headers)


async def sheet(desk: Desk, **over: Any) -> list[dict[str, str]]:
    """Codes printed for a compound, row by row."""
    answer = await desk.tried(f"{desk.at}/binding-codes", {"format": "csv", **over})
    assert answer.status_code == 200, answer.text
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    return [{title.rpartition(" ")[2]: cell for title, cell in row.items()} for row in rows]


async def owned(desk: Desk, door: str = "301", name: str = "王伟") -> tuple[dict[str, Any], str]:
    """A property, and the code of its one owner."""
    held = await desk.property(door, people(person(name, number())))
    (row,) = [row for row in await sheet(desk) if row["Door"] == door]
    return held, row["Code"]


async def bound(desk: Desk, me: Client, door: str = "301", name: str = "王伟") -> dict[str, Any]:
    """Somebody bound as the owner of a property of his own; that property as he sees it."""
    _, code = await owned(desk, door, name)
    answer = await by_code(me, code)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["bound"][0])


async def later(database: Database, sql: str, *values: Any) -> None:
    """Time goes by in a table."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(sql, *values)
