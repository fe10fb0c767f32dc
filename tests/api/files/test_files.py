"""Sending files and reading them: who may, what is one file, what leaves under which headers."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.core.kit.errors import NotFound
from services.core.kit.settings import Settings
from services.core.kit.storage import Folder
from services.core.kit.uow import Database
from tests.api.files.conftest import Attach
from tests.support.people import Client, Region, sign_in_resident
from tests.support.pictures import GPS, SHOT, TAKEN_PLACE, jpeg, pdf, png

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]
MakeResident = Callable[[], Awaitable[Client]]
Rendered = Callable[[str], Awaitable[None]]


async def send(
    client: httpx.AsyncClient, content: bytes, name: str = "a.jpg", *, key: str | None = None
) -> httpx.Response:
    """What the answer is to a file."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/v1/files", files={"file": (name, content)}, headers=headers)


async def sent(client: httpx.AsyncClient, content: bytes, name: str = "a.jpg") -> str:
    """The id of a file that was taken."""
    answer = await send(client, content, name)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_photograph_is_taken_with_what_its_camera_wrote(resident: MakeResident, database: Database) -> None:
    client = await resident()
    content = jpeg(640, 480, shot=SHOT, gps=GPS, seed=1)
    answer = await send(client, content, "微信图片.jpg")
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["location"] == f"/v1/files/{told['id']}"
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (told["media_type"], told["width"], told["height"], told["size"]) == ("image/jpeg", 640, 480, len(content))
    assert told["taken_at"] == "2026-11-20T07:04:05Z"
    assert told["taken_place"] == {"lat": TAKEN_PLACE[0], "lon": TAKEN_PLACE[1], "crs": "wgs84"}
    assert (told["check_state"], told["ready"]) == ("pending", False)
    assert (await client.get(f"/v1/files/{told['id']}")).json() == told
    async with database.read() as connection:
        rows = await connection.fetch("SELECT f::text AS row FROM file f WHERE id = $1", UUID(told["id"]))
    assert "微信图片" not in rows[0]["row"]


async def test_staff_answer_for_what_they_send(staff: MakeStaff, region: MakeRegion) -> None:
    client = await staff("community", await region())
    told = (await send(client, pdf(), "会议纪要.pdf")).json()
    assert (told["media_type"], told["check_state"], told["width"]) == ("application/pdf", "passed", None)
    shown = await client.get(f"/v1/files/{told['id']}/rendition")
    assert shown.status_code == 404
    got = await client.get(f"/v1/files/{told['id']}/content")
    assert got.content == pdf()
    assert got.headers["content-disposition"] == f'attachment; filename="{told["id"]}.pdf"'


async def test_a_resident_sends_no_documents_and_a_refusal_echoes_nothing(resident: MakeResident) -> None:
    client = await resident()
    answer = await send(client, pdf(), "张三身份证.pdf")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/file-refused"
    assert answer.json()["errors"][0]["pointer"] == "/file"
    assert "张三" not in answer.text
    assert (await client.post("/v1/files", data={"file": "text"})).status_code == 422
    assert (await client.post("/v1/files", json={})).status_code in {400, 422}


async def test_what_the_device_says_may_stand_beside_the_file(staff: MakeStaff, region: MakeRegion) -> None:
    client, content = await staff("community", await region()), jpeg(seed=6, shot=SHOT, gps=GPS)
    said = {
        "taken_at": "2026-11-22T08:00:00+08:00",
        "lat": "28.6629",
        "lon": "115.9188",
        "crs": "wgs84",
        "accuracy": "15",
    }
    for wrong in ({"lat": "28"}, {"accuracy": "-1"}, {"taken_at": "2026-11-22T08:00:00"}):
        answer = await client.post("/v1/files", files={"file": ("a.jpg", content)}, data=wrong)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/input-invalid")
    other = await client.post("/v1/files", files={"file": ("a.jpg", content)}, data={"sha256": "0" * 64})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/file-refused")
    answer = await client.post("/v1/files", files={"file": ("a.jpg", content)}, data=said)
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert told["device_taken_at"] == "2026-11-22T00:00:00Z"
    assert told["fix"] == {"place": {"lat": 28.6629, "lon": 115.9188, "crs": "wgs84"}, "accuracy": 15.0}
    assert told["apart"] == 878, "metres between camera and device"


async def test_the_same_bytes_of_one_sender_are_one_file(resident: MakeResident) -> None:
    client, other = await resident(), await resident()
    content = png(seed=2)
    first = await send(client, content, "a.png")
    again = await send(client, content, "b.png")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert (await sent(other, content, "a.png")) != first.json()["id"]


async def test_a_repeated_key_gets_its_answer_and_another_file_under_it_is_refused(resident: MakeResident) -> None:
    client, key = await resident(), str(uuid4())
    first = await send(client, png(seed=3), "a.png", key=key)
    again = await send(client, png(seed=3), "a.png", key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert (await send(client, png(seed=4), "a.png", key=key)).status_code == 422


async def test_of_twenty_equal_uploads_at_once_one_is_kept(resident: MakeResident, database: Database) -> None:
    client, content = await resident(), jpeg(seed=5)
    answers = await asyncio.gather(*(send(client, content) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    async with database.read() as connection:
        kept = await connection.fetchval(
            "SELECT count(*) FROM file f JOIN file_part p ON p.file_id = f.id WHERE f.owner_id = $1",
            client.principal_id,
        )
    assert kept == 1


@pytest.fixture
async def narrow(settings: Settings) -> Callable[..., FastAPI]:
    """An application with settings of its own, on the same database; its lifespan is the test's matter."""

    def make(**over: int) -> FastAPI:
        return create_app(settings.model_copy(update=over))

    return make


async def test_a_days_quota_holds_for_ten_at_once(
    narrow: Callable[..., FastAPI], database: Database, resident: MakeResident
) -> None:
    app = narrow(files_per_day=3)
    async with app.router.lifespan_context(app):
        client = await sign_in_resident(app, database)
        answers = await asyncio.gather(*(send(client, jpeg(seed=10 + n)) for n in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 7
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["type"] == "/problems/file-quota-used-up"
        assert int(refused.headers["retry-after"]) > 0
        # What he has sent already is no new file.
        taken = next(n for n, answer in enumerate(answers) if answer.status_code == 201)
        assert (await send(client, jpeg(seed=10 + taken))).status_code == 200


async def test_bytes_count_too_and_a_file_has_its_limit(narrow: Callable[..., FastAPI], database: Database) -> None:
    content = jpeg(seed=30)
    app = narrow(file_bytes_per_day=len(content) + 10, file_limit_bytes=100_000)
    async with app.router.lifespan_context(app):
        client = await sign_in_resident(app, database)
        assert (await send(client, content)).status_code == 201
        assert (await send(client, jpeg(seed=31))).status_code == 429
        large = await send(client, bytes(200_000))
        assert large.status_code == 413


async def test_until_it_is_used_a_file_is_its_senders_alone(
    resident: MakeResident, staff: MakeStaff, region: MakeRegion
) -> None:
    owner, other, clerk = await resident(), await resident(), await staff("city", await region())
    file_id = await sent(owner, jpeg(seed=40))
    for client in (other, clerk):
        for path in ("", "/content", "/rendition", "/thumbnail"):
            answer = await client.get(f"/v1/files/{file_id}{path}")
            assert answer.status_code == 404, path
            assert answer.json()["type"] == "/problems/not-found"
    assert (await owner.get(f"/v1/files/{file_id}/content")).content == jpeg(seed=40)


async def test_whoever_reads_the_subject_reads_its_files_and_residents_no_originals(
    resident: MakeResident,
    staff: MakeStaff,
    region: MakeRegion,
    readers: set[UUID],
    attached: Attach,
    rendered: Rendered,
    database: Database,
) -> None:
    owner, neighbour, clerk, stranger = (
        await resident(),
        await resident(),
        await staff("street", await region()),
        await resident(),
    )
    shown, hidden = await sent(owner, jpeg(seed=50, gps=GPS)), await sent(owner, jpeg(seed=51))
    subject_id = await attached(owner, "resident", shown, public=True)
    await attached(owner, "resident", hidden, subject_id=subject_id)
    readers.update({neighbour.principal_id, clerk.principal_id})
    for file_id in (shown, hidden):
        await rendered(file_id)
        assert (await clerk.get(f"/v1/files/{file_id}/content")).status_code == 200
        assert (await stranger.get(f"/v1/files/{file_id}")).status_code == 404
    assert (await neighbour.get(f"/v1/files/{shown}")).status_code == 404, "nobody has looked at it yet"
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE file SET check_state = 'passed' WHERE id = '{shown}'")
    told = (await neighbour.get(f"/v1/files/{shown}")).json()
    assert told["taken_place"] is None
    assert (await neighbour.get(f"/v1/files/{shown}/rendition")).status_code == 200
    assert (await neighbour.get(f"/v1/files/{shown}/content")).status_code == 404
    assert (await neighbour.get(f"/v1/files/{hidden}/rendition")).status_code == 404
    assert (await clerk.get(f"/v1/files/{shown}")).json()["taken_place"] is not None


async def test_only_a_sender_attaches_and_all_or_none(
    resident: MakeResident, attached: Attach, readers: set[UUID]
) -> None:
    owner, thief = await resident(), await resident()
    mine, other = await sent(owner, jpeg(seed=60)), await sent(thief, jpeg(seed=61))
    readers.add(owner.principal_id)
    for files in ((mine,), (other, mine), (str(uuid4()),)):
        with pytest.raises(NotFound):
            await attached(thief, "resident", *files)
    # Nothing of the attempts stands: what is unused is still the sender's alone.
    assert (await owner.get(f"/v1/files/{mine}")).json()["expires_at"] is not None
    await attached(owner, "resident", mine, mine)
    assert (await owner.get(f"/v1/files/{mine}")).json()["expires_at"] is None


async def test_a_rendition_waits_for_the_worker_and_holds_nothing_but_the_picture(
    resident: MakeResident, rendered: Rendered
) -> None:
    client = await resident()
    file_id = await sent(client, jpeg(3000, 2000, shot=SHOT, gps=GPS))
    early = await client.get(f"/v1/files/{file_id}/rendition")
    assert early.status_code == 409
    assert early.json()["type"] == "/problems/file-not-ready"
    assert early.headers["retry-after"] == "2"
    await rendered(file_id)
    await rendered(file_id)  # done twice it is done once
    answer = await client.get(f"/v1/files/{file_id}/rendition")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == f'inline; filename="{file_id}.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert b"Exif" not in answer.content
    small = await client.get(f"/v1/files/{file_id}/thumbnail")
    assert len(small.content) < len(answer.content)


async def test_ranges_and_validators(resident: MakeResident) -> None:
    client, content = await resident(), jpeg(300, 200, seed=70)
    path = f"/v1/files/{await sent(client, content)}/content"
    whole = await client.get(path)
    tag, size = whole.headers["etag"], len(content)
    assert whole.content == content
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "private, no-cache"
    assert tag == f'"{hashlib.sha256(content).hexdigest()}"'

    async def ranged(given: str, **headers: str) -> tuple[int, bytes, str | None]:
        answer = await client.get(path, headers={"Range": given, **headers})
        return answer.status_code, answer.content, answer.headers.get("content-range")

    assert await ranged("bytes=0-9") == (206, content[:10], f"bytes 0-9/{size}")
    assert await ranged("bytes=10-") == (206, content[10:], f"bytes 10-{size - 1}/{size}")
    assert await ranged("bytes=-7") == (206, content[-7:], f"bytes {size - 7}-{size - 1}/{size}")
    assert await ranged("bytes=5-9999999") == (206, content[5:], f"bytes 5-{size - 1}/{size}")
    assert await ranged(f"bytes=-{size + 5}") == (206, content, f"bytes 0-{size - 1}/{size}")
    assert await ranged(f"bytes={size}-") == (416, b"", f"bytes */{size}")
    assert await ranged("bytes=-0") == (416, b"", f"bytes */{size}")
    for not_served in ("bytes=0-1,4-5", "bytes=9-3", "bytes=-", "items=0-1", "bytes=a-b"):
        assert await ranged(not_served) == (200, content, None), not_served
    assert (await ranged("bytes=0-9", **{"If-Range": tag}))[0] == 206
    assert (await ranged("bytes=0-9", **{"If-Range": '"older"'}))[0] == 200
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        assert (await client.get(path, headers={"If-None-Match": known})).status_code == 304
    assert (await client.get(path, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_the_public_sees_what_was_attached_for_it_and_passed(
    api: httpx.AsyncClient,
    staff: MakeStaff,
    resident: MakeResident,
    region: MakeRegion,
    attached: Attach,
    rendered: Rendered,
    database: Database,
) -> None:
    clerk, owner = await staff("street", await region()), await resident()
    passed, inner, pending, narrow = (
        await sent(clerk, jpeg(seed=80)),
        await sent(clerk, jpeg(seed=81)),
        await sent(owner, jpeg(seed=82)),
        await sent(clerk, jpeg(seed=83)),
    )
    for file_id in (passed, inner, pending, narrow):
        await rendered(file_id)
    await attached(clerk, "staff", narrow, public=True, subject_type="not for everybody")
    await attached(clerk, "staff", passed, public=True)
    await attached(clerk, "staff", inner)
    await attached(owner, "resident", pending, public=True)
    answer = await api.get(f"/public/files/{passed}/rendition")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert (await api.get(f"/public/files/{passed}/thumbnail")).status_code == 200
    assert (await api.get(f"/public/files/{passed}/content")).status_code == 404
    for other in (inner, pending, narrow, str(uuid4())):
        assert (await api.get(f"/public/files/{other}/rendition")).status_code == 404
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE file SET check_state = 'refused' WHERE id = '{passed}'")
    assert (await api.get(f"/public/files/{passed}/rendition")).status_code == 404


async def test_a_blob_that_is_lost_is_not_found_and_no_half_answer(resident: MakeResident, database: Database) -> None:
    client = await resident()
    file_id = await sent(client, jpeg(seed=90))
    async with database.read() as connection:
        key = await connection.fetchval("SELECT key FROM file_part WHERE file_id = $1", UUID(file_id))
    assert isinstance(database.storage, Folder)
    await database.storage.delete(key)
    assert (await client.get(f"/v1/files/{file_id}/content")).status_code == 404
