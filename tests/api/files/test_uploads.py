"""tus 1.0: what is announced arrives in pieces, is never torn, belongs to its sender, and becomes the file that it is."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.core.files import uploads
from services.core.files.rules import UPLOAD_FOR
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region, sign_in, sign_in_resident
from tests.support.pictures import SHOT, archive, jpeg, moving, pdf, png
from tests.support.tus import BYTES, SPEAKS, announce, begun, id_of, metadata, offset, send

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]
MakeResident = Callable[[], Awaitable[Client]]
Finished = Callable[[str], Awaitable[None]]


@pytest.fixture
def finished(database: Database) -> Finished:
    """`await finished(at)`: the worker has looked what came."""

    async def do(at: str) -> None:
        async with database.begin(SYSTEM) as uow:
            await uploads.finish(uow, upload_id=id_of(at))

    return do


async def what(client: httpx.AsyncClient, at: str) -> dict[str, object]:
    """What became of an upload."""
    answer = await client.get(at)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


async def sent_whole(client: httpx.AsyncClient, content: bytes, **pairs: str) -> str:
    """An upload whose bytes are all there."""
    at = await begun(client, len(content), **pairs)
    assert (await send(client, at, 0, content)).status_code == 204
    return at


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_a_file_in_pieces_becomes_the_file_that_it_would_be_at_once(
    resident: MakeResident, finished: Finished, database: Database
) -> None:
    client, content = await resident(), jpeg(640, 480, shot=SHOT, seed=1)
    answer = await announce(client, len(content), filename="张三家.jpg", note="a b")
    at = answer.headers["location"]
    assert answer.status_code == 201
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["upload-offset"] == "0"
    third = len(content) // 3
    for start, end in ((0, third), (third, 2 * third), (2 * third, len(content))):
        assert await offset(client, at) == start
        moved = await send(client, at, start, content[start:end])
        assert (moved.status_code, moved.headers["upload-offset"]) == (204, str(end))
    assert (await what(client, at))["state"] == "examining"
    await finished(at)
    done = await what(client, at)
    assert (done["state"], done["refused"]) == ("done", None)
    told = (await client.get(f"/v1/files/{done['file_id']}")).json()
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (told["media_type"], told["width"], told["size"]) == ("image/jpeg", 640, len(content))
    assert (told["taken_at"], told["check_state"]) == ("2026-11-20T07:04:05Z", "pending")
    assert (await client.get(f"/v1/files/{done['file_id']}/content")).content == content
    at_once = await client.post("/v1/files", files={"file": ("a.jpg", content)})
    assert (at_once.status_code, at_once.json()["id"]) == (200, done["file_id"])
    # What was announced is given back, and stands nowhere in the clear.
    head = await client.head(at, headers=SPEAKS)
    assert head.headers["upload-metadata"] == metadata(filename="张三家.jpg", note="a b")
    assert head.headers["upload-length"] == str(len(content))
    assert head.headers["cache-control"] == "no-store"
    async with database.read() as connection:
        row = await connection.fetchval("SELECT u::text FROM upload u WHERE id = $1", id_of(at))
        job = await connection.fetchval(
            "SELECT count(*) FROM job WHERE name = 'files.finish_upload' AND payload ->> 'upload_id' = $1",
            str(id_of(at)),
        )
    assert "张三" not in row
    assert "张三".encode().hex() not in row
    assert job == 1, "the worker was asked once"


async def test_one_piece_lies_where_it_is_to_stay(
    staff: MakeStaff, region: MakeRegion, finished: Finished, database: Database
) -> None:
    client = await staff("community", await region())
    at = await sent_whole(client, pdf())
    async with database.read() as connection:
        lies = await connection.fetchval("SELECT key FROM upload_piece WHERE upload_id = $1", id_of(at))
    await finished(at)
    async with database.read() as connection:
        kept = await connection.fetch(
            "SELECT p.key FROM upload u JOIN file_part p USING (file_id) WHERE u.id = $1", id_of(at)
        )
        left = await connection.fetchval("SELECT count(*) FROM upload_piece WHERE upload_id = $1", id_of(at))
    assert ([row["key"] for row in kept], left) == ([lies], 0)


async def test_what_we_understand_is_told_to_everybody(api: httpx.AsyncClient, settings: Settings) -> None:
    for path in ("/v1/uploads", f"/v1/uploads/{uuid4()}"):
        answer = await api.options(path)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-max-size"] == str(settings.upload_limit_bytes)
        assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
        extensions = "creation,creation-with-upload,checksum,expiration,termination"
        assert answer.headers["tus-extension"] == extensions


async def test_another_version_changes_nothing(resident: MakeResident) -> None:
    client = await resident()
    at = await begun(client, 4)
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        headers = {**BYTES, **version, "Upload-Offset": "0", "Upload-Length": "4"}
        for answer in (
            await client.post("/v1/uploads", headers=headers),
            await client.patch(at, content=b"abcd", headers=headers),
            await client.delete(at, headers=version),
        ):
            assert problem(answer) == (412, "tus-version-unknown")
            assert answer.headers["tus-version"] == "1.0.0"
        assert (await client.head(at, headers=version)).status_code == 412
    assert await offset(client, at) == 0


async def test_what_is_not_a_piece_at_this_offset_changes_nothing(resident: MakeResident) -> None:
    client = await resident()
    at = await begun(client, 8)
    assert (await send(client, at, 0, b"abcd")).status_code == 204
    plain = await client.patch(at, content=b"efgh", headers={**SPEAKS, "Upload-Offset": "4"})
    assert problem(plain) == (415, "not-offset-bytes")
    json = await send(client, at, 4, b"efgh", Content_Type="application/json")
    assert problem(json) == (415, "not-offset-bytes")
    for given in (0, 3, 5, 8):
        assert problem(await send(client, at, given, b"efgh"[: 8 - given])) == (409, "upload-moved")
    for odd in ("-1", "4.0", "", "1" * 16):
        answer = await client.patch(at, content=b"efgh", headers={**SPEAKS, **BYTES, "Upload-Offset": odd})
        assert problem(answer) == (400, "upload-header-invalid")
    assert problem(await send(client, at, 4, b"efghi")) == (413, "upload-too-long")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"efghi"

    assert problem(await send(client, at, 4, endless())) == (413, "upload-too-long")
    assert await offset(client, at) == 4
    assert (await send(client, at, 4, b"efgh")).status_code == 204
    assert problem(await send(client, at, 4, b"efgh")) == (409, "upload-moved")
    # At its end nothing more fits, and nothing is needed.
    assert (await send(client, at, 8, b"")).status_code == 204


async def test_an_announcement_must_make_sense(resident: MakeResident, settings: Settings) -> None:
    client = await resident()
    for length in ("", "-1", "x", "1e3"):
        answer = await client.post("/v1/uploads", headers={**SPEAKS, "Upload-Length": length})
        assert problem(answer) == (400, "upload-header-invalid")
    assert problem(await announce(client, settings.upload_limit_bytes + 1)) == (413, "upload-too-long")
    for header in (
        "a b c",
        "a !!!",
        "a YQ==,a YQ==",
        ", a",
        "a YQ==,",
        "a /w==",
        "a " + "A" * 4096,
    ):
        answer = await announce(client, 4, {"Upload-Metadata": header})
        assert problem(answer) == (400, "upload-header-invalid"), header
    for pairs in (
        {"sha256": "abc"},
        {"lat": "28.6"},
        {"lat": "91", "lon": "115", "crs": "wgs84"},
        {"lat": "nan", "lon": "115", "crs": "wgs84"},
        {"accuracy": "5"},
        {"taken_at": "2026-11-22T08:00:00"},
        {"taken_at": "yesterday"},
    ):
        answer = await announce(client, 4, **pairs)
        assert problem(answer) == (422, "input-invalid"), pairs
    assert problem(await announce(client, 4, project=str(uuid4()))) == (404, "not-found")


async def test_the_first_bytes_may_come_along(resident: MakeResident, finished: Finished) -> None:
    client, content = await resident(), png(seed=7)
    with_bytes = {**BYTES, "Upload-Metadata": metadata(filename="a.png")}
    answer = await client.post(
        "/v1/uploads",
        content=content[:100],
        headers={**SPEAKS, **with_bytes, "Upload-Length": str(len(content))},
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "100")
    at = answer.headers["location"]
    assert (await send(client, at, 100, content[100:])).status_code == 204
    await finished(at)
    assert (await what(client, at))["state"] == "done"
    plain = await client.post("/v1/uploads", content=b"abcd", headers={**SPEAKS, "Upload-Length": "4"})
    assert problem(plain) == (415, "not-offset-bytes")
    long = await client.post("/v1/uploads", content=b"abcde", headers={**SPEAKS, **BYTES, "Upload-Length": "4"})
    assert problem(long) == (413, "upload-too-long")


async def test_an_announcement_repeated_under_its_key_is_the_same_upload(resident: MakeResident) -> None:
    client, key = await resident(), {"Idempotency-Key": str(uuid4())}
    first = await announce(client, 4, key, filename="a.png")
    again = await announce(client, 4, key, filename="a.png")
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["upload-offset"] == "0"
    assert (await announce(client, 5, key, filename="a.png")).status_code == 422


async def test_a_checksum_holds_or_nothing_was_sent(resident: MakeResident, database: Database) -> None:
    client = await resident()
    at = await begun(client, 8)

    def checksum(algorithm: str, content: bytes) -> str:
        digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
        return f"{algorithm} {base64.b64encode(digest).decode()}"

    wrong = await send(client, at, 0, b"abcd", Upload_Checksum=checksum("sha1", b"abce"))
    assert problem(wrong) == (460, "checksum-mismatch")
    for header in ("md5 " + "A" * 24, "sha1", "sha1 !", ""):
        answer = await send(client, at, 0, b"abcd", Upload_Checksum=header)
        assert answer.status_code in {400, 460}, header
    assert await offset(client, at) == 0
    for start, algorithm in ((0, "sha1"), (4, "sha256")):
        part = b"abcdefgh"[start : start + 4]
        assert (await send(client, at, start, part, Upload_Checksum=checksum(algorithm, part))).status_code == 204
    headers = {**SPEAKS, **BYTES, "Upload-Length": "4", "Upload-Checksum": checksum("sha1", b"x")}
    assert problem(await client.post("/v1/uploads", content=b"abcd", headers=headers)) == (460, "checksum-mismatch")
    async with database.read() as connection:
        begun_since = await connection.fetchval("SELECT count(*) FROM upload WHERE owner_id = $1", client.principal_id)
    assert begun_since == 1


async def test_where_patch_cannot_be_sent_a_header_names_it(resident: MakeResident) -> None:
    client = await resident()
    at = await begun(client, 4)

    async def override(method: str, content: bytes = b"", **more: str) -> httpx.Response:
        return await client.post(at, content=content, headers={**SPEAKS, **more, "X-HTTP-Method-Override": method})

    moved = await override("PATCH", b"ab", **BYTES, **{"Upload-Offset": "0"})
    assert (moved.status_code, moved.headers["upload-offset"]) == (204, "2")
    head = await override("HEAD")
    assert (head.status_code, head.headers["upload-offset"]) == (200, "2")
    assert (await override("GET")).status_code == 405
    assert (await override("DELETE")).status_code == 204
    assert (await override("HEAD")).status_code == 404
    # Elsewhere a header changes no method.
    other = await client.post("/v1/files", headers={"X-HTTP-Method-Override": "DELETE"})
    assert other.status_code != 405


async def test_an_upload_is_its_senders_alone(resident: MakeResident, staff: MakeStaff, region: MakeRegion) -> None:
    owner, other, clerk = await resident(), await resident(), await staff("city", await region())
    at = await begun(owner, 4)
    for client in (other, clerk):
        assert problem(await send(client, at, 0, b"abcd")) == (404, "not-found")
        assert problem(await client.get(at)) == (404, "not-found")
        assert (await client.head(at, headers=SPEAKS)).status_code == 404
        assert problem(await client.delete(at, headers=SPEAKS)) == (404, "not-found")
    assert await offset(owner, at) == 0


async def test_of_twenty_pieces_at_one_offset_one_counts(
    staff: MakeStaff, region: MakeRegion, database: Database, finished: Finished
) -> None:
    """Each is sound by itself; what is kept is one of them whole, and the rest of the upload goes on from there."""
    client = await staff("community", await region())
    papers = [pdf(b"/Number %d" % number) for number in range(10, 30)]
    (length,) = {len(one) for one in papers}
    at = await begun(client, length)
    answers = await asyncio.gather(*(send(client, at, 0, one[: length // 2]) for one in papers))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 19
    first = next(one for one, answer in zip(papers, answers, strict=True) if answer.status_code == 204)
    answers = await asyncio.gather(*(send(client, at, length // 2, first[length // 2 :]) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 19
    await finished(at)
    done = await what(client, at)
    assert (await client.get(f"/v1/files/{done['file_id']}/content")).content == first
    async with database.read() as connection:
        asked = await connection.fetchval(
            "SELECT count(*) FROM job WHERE name = 'files.finish_upload' AND payload ->> 'upload_id' = $1",
            str(id_of(at)),
        )
    assert asked == 1


async def test_what_is_no_file_of_ours_is_refused_with_the_reason(
    resident: MakeResident, staff: MakeStaff, region: MakeRegion, finished: Finished
) -> None:
    client, clerk = await resident(), await staff("community", await region())
    bomb = png(6000, 6000)[:60] + bytes(2000)
    for who, content, pairs in (
        (client, b"GIF89a" + bytes(50), {}),
        (client, moving(), {}),
        (client, pdf(), {}),
        (clerk, pdf(b"/OpenAction<</S/JavaScript>>"), {}),
        (client, jpeg(seed=2) + archive(), {}),
        (client, jpeg(seed=2)[:-200], {}),
        (client, bomb, {}),
        (client, jpeg(seed=2), {"filename": "../../etc/cron.d/a.php"}),
        (client, jpeg(seed=2), {"filename": "a.png"}),
        (client, jpeg(seed=2), {"filename": "照片.张三"}),
        (client, jpeg(seed=2), {"sha256": "0" * 64}),
    ):
        at = await sent_whole(who, content, **pairs)
        await finished(at)
        told = await what(who, at)
        assert (told["state"], told["file_id"]) == ("refused", None), pairs
        assert isinstance(told["refused"], dict)
        assert told["refused"]["zh"]
        assert told["refused"]["en"]
        assert problem(await send(who, at, len(content), b"")) == (409, "upload-moved")
    assert problem(await announce(client, 0)) == (422, "file-refused")


async def test_what_the_device_says_stands_beside_the_file(
    staff: MakeStaff, region: MakeRegion, finished: Finished
) -> None:
    client, content = await staff("community", await region()), png(seed=9)
    fix = {"lat": "28.6629", "lon": "115.9098", "crs": "gcj02", "accuracy": "12.5"}
    at = await sent_whole(
        client,
        content,
        filename="a.png",
        sha256=hashlib.sha256(content).hexdigest(),
        taken_at="2026-11-22T08:00:00+08:00",
        **fix,
    )
    await finished(at)
    done = await what(client, at)
    told = (await client.get(f"/v1/files/{done['file_id']}")).json()
    assert told["device_taken_at"] == "2026-11-22T00:00:00Z"
    assert told["fix"] == {"place": {"lat": 28.6629, "lon": 115.9098, "crs": "gcj02"}, "accuracy": 12.5}


async def test_a_terminated_upload_is_gone_and_its_file_stays(resident: MakeResident, finished: Finished) -> None:
    client = await resident()
    half = await begun(client, 8)
    await send(client, half, 0, b"abcd")
    whole = await sent_whole(client, png(seed=11))
    await finished(whole)
    file_id = (await what(client, whole))["file_id"]
    waiting = await sent_whole(client, png(seed=12))
    for at in (half, whole, waiting):
        answer = await client.delete(at, headers=SPEAKS)
        assert (answer.status_code, answer.headers["tus-resumable"]) == (204, "1.0.0")
        assert problem(await client.delete(at, headers=SPEAKS)) == (404, "not-found")
        assert problem(await send(client, at, 4, b"efgh")) == (404, "not-found")
        assert (await client.head(at, headers=SPEAKS)).status_code == 404
    await finished(waiting)
    assert problem(await client.get(waiting)) == (404, "not-found")
    assert (await client.get(f"/v1/files/{file_id}")).status_code == 200


async def test_an_upload_has_three_days_for_each_byte_and_then_goes(resident: MakeResident, database: Database) -> None:
    client = await resident()
    old, young = await begun(client, 8), await begun(client, 8)
    answer = await send(client, young, 0, b"abcd")
    until = parsedate_to_datetime(answer.headers["upload-expires"])
    assert timedelta(0) <= until - datetime.now(UTC) - UPLOAD_FOR + timedelta(seconds=60) < timedelta(seconds=62)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE upload SET expires_at = now() - interval '1 second' WHERE id = $1", id_of(old))
    assert problem(await send(client, old, 0, b"abcd")) == (404, "not-found")
    assert (await client.head(old, headers=SPEAKS)).status_code == 404
    async with database.begin(SYSTEM) as uow:
        assert await uploads.forget(uow) >= 1
    async with database.read() as connection:
        left = await connection.fetch("SELECT id FROM upload WHERE owner_id = $1", client.principal_id)
    assert [row["id"] for row in left] == [id_of(young)]
    assert (await send(client, young, 4, b"efgh")).status_code == 204


@pytest.fixture
async def narrow(settings: Settings) -> Callable[..., FastAPI]:
    """An application with settings of its own, on the same database; its lifespan is the test's matter."""

    def make(**over: int) -> FastAPI:
        return create_app(settings.model_copy(update=over))

    return make


async def test_what_is_announced_counts_against_the_days_quota(
    narrow: Callable[..., FastAPI], database: Database
) -> None:
    app = narrow(files_per_day=3, file_bytes_per_day=1000)
    async with app.router.lifespan_context(app):
        client = await sign_in_resident(app, database)
        answers = await asyncio.gather(*(announce(client, 10) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 7
        # What is given up was sent all the same; nor does another door let more in.
        taken = next(answer.headers["location"] for answer in answers if answer.status_code == 201)
        assert (await client.delete(taken, headers=SPEAKS)).status_code == 204
        assert problem(await announce(client, 10)) == (429, "file-quota-used-up")
        assert (await client.post("/v1/files", files={"file": ("a.png", png(seed=20))})).status_code == 429
        other = await sign_in_resident(app, database)
        assert (await announce(other, 600)).status_code == 201
        assert problem(await announce(other, 600)) == (429, "file-quota-used-up")


async def test_a_project_has_so_much_room_whoever_sends(
    narrow: Callable[..., FastAPI], database: Database, region: MakeRegion
) -> None:
    app = narrow(project_file_bytes=1000)
    async with app.router.lifespan_context(app):
        at, elsewhere = await region(), await region()
        people = [await sign_in(app, database, "street", at) for _ in range(8)]
        project = await _project(people[0], at)
        answers = await asyncio.gather(*(announce(client, 300, project=project) for client in people))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert problem(refused) == (409, "project-space-used-up")
        assert (await announce(people[0], 300)).status_code == 201, "on his own account"
        foreign = await sign_in(app, database, "street", elsewhere)
        assert problem(await announce(foreign, 10, project=project)) == (404, "not-found")
        given_up = next(
            (client, answer) for client, answer in zip(people, answers, strict=True) if answer.status_code == 201
        )
        await given_up[0].delete(given_up[1].headers["location"], headers=SPEAKS)
        assert (await announce(people[1], 300, project=project)).status_code == 201


async def _project(client: Client, at: Region) -> str:
    compound = await client.post("/v1/compounds", json={"region_id": str(at.id), "name": "南岳新村"})
    body = {"title": "改造项目", "region_id": str(at.id), "compound_ids": [compound.json()["id"]]}
    answer = await client.post("/v1/projects", json=body)
    assert answer.status_code == 201, answer.text
    return str(UUID(answer.json()["id"]))
