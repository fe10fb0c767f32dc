"""Another system that hands requests over to a community by Open311, and the schemas that its answers must keep."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.town import Town
from tests.support.people import Client

SCHEMAS = Path(__file__).parents[2] / "data" / "open311"
V2 = "/open311/v2"
LEAK = {"service_code": "leak", "lat": "28.66290", "long": "115.90980", "description": "3 栋 2 单元楼道漏水"}


def conforms(name: str, content: Any) -> None:
    """Fails unless the content keeps a schema of open311/schema-validation."""
    known = {one.name: json.loads(one.read_text(encoding="utf-8")) for one in SCHEMAS.glob("*.json")}
    registry = Registry().with_resources(
        (title, Resource.from_contents(schema, default_specification=DRAFT4)) for title, schema in known.items()
    )
    Draft4Validator(known[f"{name}.json"], registry=registry, format_checker=FormatChecker()).validate(content)


def parsed(answer: httpx.Response) -> ElementTree.Element:
    """An XML answer, read by somebody else's parser."""
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return ElementTree.fromstring(answer.content)  # noqa: S314 - our own answer


@dataclass
class App:
    """A citizens' app with a key for a region."""

    api: httpx.AsyncClient
    manager: Client
    client_id: str
    key: str
    key_id: str
    version: int = 2
    headers: dict[str, str] = field(default_factory=dict)

    async def send(
        self, over: "dict[str, Any] | None" = None, *, form: str = "json", query: str = "", **more: Any
    ) -> httpx.Response:
        """Hands a request over; None leaves a parameter out."""
        fields = {"api_key": self.key, **LEAK, **(over or {}), **more}
        sent = {name: value for name, value in fields.items() if value is not None}
        return await self.api.post(f"{V2}/requests.{form}{query}", data=sent, headers=self.headers)

    async def taken(self, over: "dict[str, Any] | None" = None, **more: Any) -> str:
        """The id of a request that was handed over."""
        answer = await self.send(over, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()[0]["service_request_id"])

    async def one(self, number: str) -> dict[str, Any]:
        """A request as everybody reads it."""
        answer = await self.api.get(f"{V2}/requests/{number}.json")
        assert answer.status_code == 200, answer.text
        conforms("requests", answer.json())
        (found,) = answer.json()
        return dict(found)

    async def listed(self, **query: Any) -> list[dict[str, Any]]:
        """A list of requests."""
        answer = await self.api.get(f"{V2}/requests.json", params=query)
        assert answer.status_code == 200, answer.text
        conforms("requests", answer.json())
        return list(answer.json())


MakeApp = Callable[[Town], Awaitable[App]]


async def connected(api: httpx.AsyncClient, manager: Client, region_ids: list[str]) -> App:
    """A client of the manager's regions with a key."""
    body = {"name": "随手拍应用", "organisation": "市民应用公司", "region_ids": region_ids}
    made = (await manager.post("/v1/clients", json=body)).json()
    key = await manager.post(f"/v1/clients/{made['id']}/keys", headers={"If-Match": '"1"'})
    assert key.status_code == 201, key.text
    return App(api, manager, made["id"], key.json()["api_key"], key.json()["id"])


async def coded(database: Database, town: Town, code: str) -> str:
    """Gives the community a code, by which Open311 calls it."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE region SET code = $2 WHERE id = $1", town.at.id, code)
    return code


async def complaint_id(database: Database, number: str) -> str:
    """Which complaint a request is."""
    async with database.read() as reader:
        return str(await reader.fetchval("SELECT id FROM complaint WHERE no = $1", number))
