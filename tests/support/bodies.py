"""Requests that are valid by the OpenAPI document: what a route requires and nothing more."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

OFFSET_BYTES = "application/offset+octet-stream"
Supply = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the document."""

    method: str
    path: str
    operation: dict[str, Any]
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def permission(self) -> str | None:
        """The permission that the document names, when it names exactly one."""
        scopes = [scope for entry in self.operation.get("security", ()) for scope in entry.get("token", ())]
        return scopes[0] if len(scopes) == 1 else None

    @property
    def path_parameters(self) -> list[str]:
        """The names between braces, from left to right."""
        return re.findall(r"\{(\w+)\}", self.path)

    async def request(self, supply: Supply) -> dict[str, Any]:
        """What httpx needs to send a valid request, apart from the values of the path."""
        query = {}
        for parameter in self.operation.get("parameters", ()):
            if parameter["in"] == "query" and parameter.get("required"):
                query[parameter["name"]] = await self.value(parameter["schema"], parameter["name"], supply)
        headers = {
            one["name"]: one["schema"]["examples"][0]
            for one in self.operation.get("parameters", ())
            if one["in"] == "header" and one.get("required")
        }
        sent: dict[str, Any] = {"params": query, "headers": {"If-Match": '"1"', **headers}}
        content = self.operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            sent["json"] = await self.value(content["application/json"]["schema"], "", supply)
        elif OFFSET_BYTES in content:
            sent["content"] = b"x"
            sent["headers"]["Content-Type"] = OFFSET_BYTES
        elif "multipart/form-data" in content:
            fields = await self.value(content["multipart/form-data"]["schema"], "", supply)
            sent["files"] = {name: value for name, value in fields.items() if isinstance(value, bytes)}
            sent["data"] = {name: value for name, value in fields.items() if not isinstance(value, bytes)}
        return sent

    async def value(self, schema: dict[str, Any], name: str, supply: Supply) -> Any:
        """The least value that a schema takes; ids by the name of their property from `supply`."""
        schema = self._resolved(schema)
        fixed = [schema[key] for key in ("const", "default", "example") if key in schema]
        if fixed:
            return fixed[0]
        if schema.get("format") == "uuid":
            return await supply(name) or str(uuid4())
        offered = [schema[key][0] for key in ("examples", "enum") if schema.get(key)]
        if offered:
            return offered[0]
        match schema.get("type"):
            case "object":
                required = schema.get("required", ())
                return {one: await self.value(schema["properties"][one], one, supply) for one in required}
            case "array":
                item = name.removesuffix("s")
                return [await self.value(schema["items"], item, supply) for _ in range(schema.get("minItems", 0))]
            case _:
                return _plain(schema, f"{self}: {name}")

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema behind references, the first one of several."""
        while True:
            several = [schema[key][0] for key in ("anyOf", "oneOf", "allOf") if key in schema]
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            elif several and not schema.get("examples"):
                schema = several[0]
            else:
                return schema


def _plain(schema: dict[str, Any], place: str) -> Any:
    match schema.get("type"):
        case "string":
            return _text(schema, place)
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
        case "null":
            return None
        case other:
            raise AssertionError(f"{place} needs an example, its schema says only {other}")


def _text(schema: dict[str, Any], place: str) -> str | bytes:
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return b"x"
    known = {"date": "2026-11-21", "date-time": "2026-11-21T00:00:00Z"}.get(str(schema.get("format")))
    if known:
        return known
    if "pattern" in schema:
        raise AssertionError(f"{place} has a pattern and needs an example")
    least: int = schema.get("minLength", 1)
    return "x" * max(1, least)


def routes(document: dict[str, Any]) -> list[Route]:
    """Every operation of the document."""
    return [
        Route(method.upper(), path, operation, document)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
