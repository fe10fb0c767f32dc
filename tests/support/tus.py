"""A client of tus 1.0 for tests: one request at a time, each header in plain sight."""

import base64
from typing import Any
from uuid import UUID

import httpx

SPEAKS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def metadata(**pairs: str) -> str:
    """The header Upload-Metadata."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


async def announce(
    client: httpx.AsyncClient, length: int, headers: dict[str, str] | None = None, /, **pairs: str
) -> httpx.Response:
    """Announces a file, with metadata."""
    about = {"Upload-Metadata": metadata(**pairs)} if pairs else {}
    given = {**SPEAKS, "Upload-Length": str(length), **about, **(headers or {})}
    return await client.post("/v1/uploads", headers=given)


async def begun(client: httpx.AsyncClient, length: int, **pairs: str) -> str:
    """The address of a new upload."""
    answer = await announce(client, length, **pairs)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def send(client: httpx.AsyncClient, at: str, offset: int, content: Any, **headers: str) -> httpx.Response:
    """Sends bytes from an offset on."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.patch(at, content=content, headers={**SPEAKS, **BYTES, "Upload-Offset": str(offset), **given})


async def offset(client: httpx.AsyncClient, at: str) -> int:
    """Where an upload stands."""
    answer = await client.head(at, headers=SPEAKS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def id_of(at: str) -> UUID:
    """The id in an address."""
    return UUID(at.rpartition("/")[2])
