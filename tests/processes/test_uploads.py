"""Uploads over real sockets to a real server that is killed: by a foreign client of tus, and byte by byte."""

import asyncio
import hashlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tusclient.client import TusClient

from services.core.kit.settings import Settings
from services.core.kit.uow import Database
from tests.support import processes
from tests.support.people import Client, Region, make_region, sign_in
from tests.support.pictures import picture
from tests.support.processes import Process, until
from tests.support.tus import BYTES, SPEAKS, begun, offset, send

pytestmark = pytest.mark.processes


@dataclass
class Server:
    """An API process, a worker, and a clerk signed in there."""

    process: Process
    address: str
    clerk: Client

    async def restart(self) -> None:
        """kill -9, and another one at the same address."""
        self.process.kill()
        self.process.start()
        await until(self.answers, seconds=90, what="the API is back")

    async def answers(self) -> bool:
        """Whether it is there."""
        try:
            return (await self.clerk.get("/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def became(self, at: str) -> dict[str, object]:
        """What the worker made of an upload."""

        async def ended() -> bool:
            return (await self.clerk.get(at)).json()["state"] in {"done", "refused"}

        await until(ended, seconds=60, what="the worker looked at the upload")
        return dict((await self.clerk.get(at)).json())


@pytest.fixture(scope="module")
async def server(
    settings: Settings, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """The processes, on the database and in the folder of this run."""
    logs = tmp_path_factory.mktemp("logs")
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "JIUGAI_SECRET_KEY": settings.jiugai_secret_key.get_secret_value(),
        "JIUGAI_LOG_LEVEL": "WARNING",
        "FILES_PATH": str(settings.files_path),
    }
    region: Region = await make_region(database, "county", None)
    async with processes.api(environment, logs / "api.log") as (process, address):
        with processes.worker(environment, logs / "worker.log"):
            transport = httpx.AsyncHTTPTransport()
            async with await sign_in(
                None, database, "community", region, base_url=address, transport=transport, timeout=30
            ) as clerk:
                yield Server(process, address, clerk)


def photograph(tmp_path: Path) -> tuple[Path, bytes]:
    """A photograph of some hundred kilobytes, on the disk."""
    path = tmp_path / "现场照片.png"
    picture(2000, 1500).effect_spread(40).save(path, "PNG", compress_level=1)
    return path, path.read_bytes()


async def test_a_foreign_client_goes_on_after_sixty_percent_and_a_server_that_was_killed(
    server: Server, tmp_path: Path
) -> None:
    """tuspy, as it comes from PyPI, knows nothing of us."""
    path, content = photograph(tmp_path)
    step = len(content) // 10
    client = TusClient(f"{server.address}/v1/uploads", {"Authorization": f"Bearer {server.clerk.token}"})
    about: Any = {"chunk_size": step, "metadata": {"filename": path.name}}
    with path.open("rb") as file:
        first = client.uploader(file_stream=file, upload_checksum=True, **about)
        await asyncio.to_thread(first.upload, stop_at=6 * step)
    assert first.url is not None
    at = first.url.removeprefix(server.address)
    assert await offset(server.clerk, at) == 6 * step
    await server.restart()
    with path.open("rb") as file:
        second = client.uploader(file_stream=file, url=first.url, **about)
        assert second.offset == 6 * step, "what was sent is not sent again"
        await asyncio.to_thread(second.upload)
    done = await server.became(at)
    assert done["state"] == "done", done
    got = await server.clerk.get(f"/v1/files/{done['file_id']}/content")
    assert hashlib.sha256(got.content).hexdigest() == hashlib.sha256(content).hexdigest()

    async def rendered() -> bool:
        return bool((await server.clerk.get(f"/v1/files/{done['file_id']}")).json()["ready"])

    await until(rendered, seconds=60, what="the rendition is there")


def partly(server: Server, at: str, start: int, content: bytes, sent: int) -> None:
    """A device that promises bytes, sends some of them, and loses its network."""
    host, port = server.address.removeprefix("http://").split(":")
    headers = {
        **SPEAKS,
        **BYTES,
        "Host": host,
        "Authorization": f"Bearer {server.clerk.token}",
        "Upload-Offset": str(start),
        "Content-Length": str(len(content)),
    }
    head = f"PATCH {at} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((host, int(port))) as link:
        link.sendall(head.encode() + b"\r\n" + content[:sent])
        time.sleep(1)  # what the server has not read when the end comes, it never sees


async def test_what_came_before_the_network_was_lost_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    _, content = photograph(tmp_path)
    at = await begun(server.clerk, len(content))
    for sent in (1, 70_000, 300_000):
        start = await offset(server.clerk, at)
        await asyncio.to_thread(partly, server, at, start, content[start:], sent)

        async def kept(expected: int = start + sent) -> bool:
            return await offset(server.clerk, at) == expected

        await until(kept, seconds=20, what="all that came is counted")
    start = await offset(server.clerk, at)
    assert (await send(server.clerk, at, start, content[start:])).status_code == 204
    assert (await server.became(at))["state"] == "done"


async def test_a_server_killed_in_any_phase_of_a_piece_loses_no_byte_that_it_counted(
    server: Server, tmp_path: Path
) -> None:
    """Killed while bytes come, while they are stored, after they were counted: what HEAD says afterwards is true, and goes on."""
    _, content = photograph(tmp_path)
    at = await begun(server.clerk, len(content))
    step = len(content) // 4
    for wait in (0.004, 0.04):
        start = await offset(server.clerk, at)
        sending = asyncio.ensure_future(send(server.clerk, at, start, content[start : start + step]))
        await asyncio.sleep(wait)
        await server.restart()
        (outcome,) = await asyncio.gather(sending, return_exceptions=True)
        stands = await offset(server.clerk, at)
        assert stands in {start, start + step}
        if isinstance(outcome, httpx.Response):
            assert stands == start + step, "what was answered for is there"
    start = await offset(server.clerk, at)
    if start < len(content):
        assert (await send(server.clerk, at, start, content[start:])).status_code == 204
    done = await server.became(at)
    assert done["state"] == "done", done
    assert (await server.clerk.get(f"/v1/files/{done['file_id']}/content")).content == content
