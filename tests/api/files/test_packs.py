"""The evidence pack: originals as they came, a manifest that tells what was found, constant memory however many there are."""

import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Request, Response

from services.api.app import create_app
from services.api.files.packs import evidence_pack
from services.api.security import Access, requires
from services.core.files.packing import pack
from services.core.files.whereabouts import Fence
from services.core.identity.access import Permission
from services.core.kit.geo import Crs, Place
from services.core.kit.ids import new_id
from services.core.kit.settings import Settings
from services.core.kit.storage import Folder, one
from services.core.kit.uow import SYSTEM, Database
from tests.api.files.conftest import Attach
from tests.support.people import Client, Region, sign_in
from tests.support.pictures import GPS, SHOT, TAKEN_PLACE, jpeg, pdf

MakeRegion = Callable[..., Awaitable[Region]]
FENCE = Fence(Place(*TAKEN_PLACE, Crs.WGS84), 300)
FIXED = """
UPDATE file SET device_taken_at = $2, fix_lat = 28.6629, fix_lon = 115.9098, fix_crs = 'wgs84', fix_accuracy = 8 WHERE id = $1
"""
ADD = """
WITH numbered AS (SELECT gen_random_uuid() AS id, number FROM generate_series(1, $1::int) AS number),
f AS (
  INSERT INTO file (id, owner_kind, owner_id, sha256, size, media_type, width, height, check_state, created_at)
  SELECT id, 'staff', $2, md5(number::text) || md5('x' || number), $3, 'image/jpeg', 4000, 3000, 'passed', now() FROM numbered),
p AS (
  INSERT INTO file_part (file_id, part, key, sha256, size, media_type)
  SELECT id, 'original', 'test/' || id, repeat('0', 64), $3, 'image/jpeg' FROM numbered)
INSERT INTO file_use (file_id, subject_type, subject_id, position, public, attached_by_kind, attached_at)
SELECT id, 'test', $4, number, false, 'staff', now() FROM numbered
"""


@pytest.fixture
async def packing(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application with a route that hands out the evidence of subjects of type `test`."""
    app = create_app(settings)

    async def get(
        request: Request, access: Annotated[Access, requires(Permission.FILE_READ)], subject_id: UUID
    ) -> Response:
        return await evidence_pack(
            request,
            access.principal,
            subject_type="test",
            subject_id=subject_id,
            region_path="1.",
            fence=FENCE,
            about={"project": "P-1"},
        )

    app.add_api_route("/v1/tests/{subject_id}/evidence-pack", get)
    async with app.router.lifespan_context(app):
        yield app


async def sent(client: Client, content: bytes) -> str:
    """The id of a file of his."""
    return str((await client.post("/v1/files", files={"file": ("a", content)})).json()["id"])


async def test_a_pack_holds_the_originals_and_says_what_is_known_of_each(
    packing: FastAPI, database: Database, region: MakeRegion, attached: Attach
) -> None:
    client = await sign_in(packing, database, "community", await region())
    contents = [jpeg(seed=201, shot=SHOT, gps=GPS), jpeg(seed=202), pdf()]
    files = [await sent(client, content) for content in contents]
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            FIXED,
            UUID(files[0]),
            datetime(2026, 11, 20, 7, 4, 9, tzinfo=UTC),
        )
    subject_id = await attached(client, "staff", *files)
    answer = await client.get(f"/v1/tests/{subject_id}/evidence-pack")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="evidence-{subject_id}.zip"'
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
        assert [archive.read(name) for name in names[:3]] == contents
    assert [name.partition("-")[0] for name in names[:3]] == ["00001", "00002", "00003"]
    assert names[2].endswith(".pdf")
    assert (manifest["edition"], manifest["project"]) == (1, "P-1")
    assert manifest["subject"] == {"type": "test", "id": str(subject_id)}
    assert [one["name"] for one in manifest["files"]] == names[:3]
    first, second, _ = manifest["files"]
    assert first["sha256"] == hashlib.sha256(contents[0]).hexdigest()
    assert (first["size"], first["packed"], first["intact"]) == (len(contents[0]), True, True)
    assert first["device_taken_at"] == "2026-11-20T07:04:09+00:00"
    assert first["camera_taken_at"] == "2026-11-20T07:04:05+00:00"
    assert first["device_fix"] == {"lat": 28.6629, "lon": 115.9098, "crs": "wgs84", "accuracy": 8.0}
    assert first["whereabouts"] == {"standing": "inside", "distance": 0, "camera_distance": 0, "apart": 0}
    assert second["whereabouts"]["standing"] == "unknown"
    assert second["device_taken_at"] is None
    assert datetime.fromisoformat(second["received_at"]) <= datetime.fromisoformat(manifest["packed_at"])
    async with database.read() as connection:
        audited = await connection.fetch(
            "SELECT actor_id, details FROM audit_entry WHERE action = 'evidence.packed' AND target_id = $1", subject_id
        )
    assert [row["actor_id"] for row in audited] == [client.principal_id]
    assert audited[0]["details"] == {"files": 3}


async def test_what_is_lost_or_changed_is_said_and_stops_nothing(
    packing: FastAPI, database: Database, region: MakeRegion, attached: Attach
) -> None:
    client = await sign_in(packing, database, "community", await region())
    files = [await sent(client, jpeg(seed=210 + number)) for number in range(3)]
    subject_id = await attached(client, "staff", *files)
    storage = packing.state.database.storage
    other = await storage.put(one(b"something else"))
    async with database.begin(SYSTEM) as uow:
        keys = {
            str(row["file_id"]): row["key"]
            for row in await uow.driver.fetch(
                "SELECT file_id, key FROM file_part WHERE file_id = ANY ($1::uuid[])", files
            )
        }
        await uow.driver.execute("UPDATE file_part SET key = $2 WHERE file_id = $1", UUID(files[1]), other.key)
    await storage.delete(keys[files[0]])
    answer = await client.get(f"/v1/tests/{subject_id}/evidence-pack")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert len(archive.namelist()) == 3, "two files and the manifest"
    assert [(one["packed"], one["intact"]) for one in manifest["files"]] == [
        (False, False),
        (True, False),
        (True, True),
    ]


async def test_an_empty_pack_is_a_pack(packing: FastAPI, database: Database, region: MakeRegion) -> None:
    client = await sign_in(packing, database, "community", await region())
    answer = await client.get(f"/v1/tests/{new_id()}/evidence-pack")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["manifest.json"]
        assert json.loads(archive.read("manifest.json"))["files"] == []


class Everywhere(Folder):
    """A storage where every key leads to the same bytes."""

    CHUNK = bytes(2**16)

    async def open(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:  # noqa: ARG002
        """Them."""
        yield self.CHUNK


async def test_ten_thousand_photographs_take_no_more_memory_than_their_list(database: Database, tmp_path: Path) -> None:
    """What grows is a line of the archive's directory for each."""
    subject_id, number = new_id(), 10_000
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD, number, new_id(), len(Everywhere.CHUNK), subject_id)
    arguments: dict[str, Any] = {"subject_type": "test", "subject_id": subject_id, "fence": None}
    sent_bytes, largest = 0, 0
    tracemalloc.start()
    try:
        async for chunk in pack(database, Everywhere(tmp_path), **arguments, now=datetime.now(UTC), about={}):
            sent_bytes, largest = sent_bytes + len(chunk), max(largest, len(chunk))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent_bytes > number * len(Everywhere.CHUNK)
    assert peak < 40 * 2**20, f"{peak / 2**20:.0f} MiB"
    assert largest < 2**20
