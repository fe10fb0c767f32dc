"""Photographs and places of complaints: whose they are, who sees them."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx

from services.core.files import housekeeping
from services.core.kit.geo import Crs, Place, convert
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.town import MakeTown, Town
from tests.support.people import Client
from tests.support.pictures import jpeg

MakeResident = Callable[[], Awaitable[Client]]
HERE = {"lat": 32.115236, "lon": 118.264712, "crs": "gcj02"}


async def sent(client: httpx.AsyncClient, seed: int) -> str:
    """The id of a photograph that was sent."""
    answer = await client.post("/v1/files", files={"file": ("a.jpg", jpeg(64, 48, seed=seed))})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_photograph_goes_with_the_complaint(town: Town, towns: MakeTown, resident: MakeResident) -> None:
    me, stranger, elsewhere = await resident(), await resident(), await towns()
    photos = [await sent(me, 1), await sent(me, 2)]
    foreign = await stranger.post("/v1/me/complaints", json=town.said(files=photos))
    assert foreign.status_code == 404, "somebody else's photograph"
    assert (await town.clerk.get("/v1/complaints")).json()["items"] == [], "nothing half taken in"
    complaint_id = (await me.post("/v1/me/complaints", json=town.said(files=photos))).json()["id"]
    assert (await me.get(f"/v1/me/complaints/{complaint_id}")).json()["files"] == photos
    assert (await town.get(complaint_id))["files"] == photos
    for client, status in ((me, 200), (town.clerk, 200), (stranger, 404), (elsewhere.clerk, 404)):
        assert (await client.get(f"/v1/files/{photos[0]}")).status_code == status


async def test_files_of_a_reply_are_the_reporters_and_those_of_a_note_are_not(
    town: Town, resident: MakeResident, api: httpx.AsyncClient
) -> None:
    me, stranger = await resident(), await resident()
    taken = (await me.post("/v1/me/complaints", json=town.said())).json()
    inner, outer, shown = [await sent(town.clerk, seed) for seed in (3, 4, 5)]
    assert (await town.do(taken["id"], "note", {"text": "内部。", "files": [inner]})).status_code == 200
    assert (await town.do(taken["id"], "reply", {"text": "已修。", "files": [outer]})).status_code == 200
    body = {"text": "补充照片。", "files": [shown], "files_public": True}
    assert (await town.do(taken["id"], "reply", body)).status_code == 200
    for file, mine in ((inner, 404), (outer, 200), (shown, 200)):
        assert (await me.get(f"/v1/files/{file}")).status_code == mine
        assert (await stranger.get(f"/v1/files/{file}")).status_code == 404, "whatever the complaint shows its reporter"
    own = (await me.get(f"/v1/me/complaints/{taken['id']}")).json()
    assert [line["files"] for line in own["history"]] == [[shown], [outer], []]
    followed = (await api.get(f"/public/complaints/{taken['code']}")).json()
    assert [line["files"] for line in followed["history"]] == [[shown], [], []], "with a code, what is public"


async def test_a_public_photograph_is_its_reporters_and_not_everybodys(
    town: Town, towns: MakeTown, resident: MakeResident, api: httpx.AsyncClient, database: Database
) -> None:
    me, stranger, elsewhere = await resident(), await resident(), await towns()
    said = (await me.post("/v1/me/complaints", json=town.said())).json()
    foreign = (await stranger.post("/v1/me/complaints", json=town.said())).json()["code"]
    shown, kept = await sent(town.clerk, 6), await sent(town.clerk, 7)
    for file_id in (shown, kept):
        async with database.begin(SYSTEM) as uow:
            await housekeeping.make_renditions(uow, file_id=UUID(file_id))
    assert (
        await town.do(said["id"], "reply", {"text": "已修。", "files": [shown], "files_public": True})
    ).status_code == 200
    inner = {"text": "内部。", "files": [kept], "files_public": True}
    assert (await town.do(said["id"], "note", inner)).status_code == 200
    for part in ("rendition", "thumbnail"):
        assert (await api.get(f"/public/files/{shown}/{part}")).status_code == 404, "who knows its id alone"
        for client, status in ((me, 200), (town.clerk, 200), (stranger, 404), (elsewhere.clerk, 404)):
            assert (await client.get(f"/v1/files/{shown}/{part}")).status_code == status
        for code, file_id, status in (
            (said["code"], shown, 200),
            (said["code"].lower().replace("-", " "), shown, 200),
            (foreign, shown, 404),
            (said["code"], kept, 404),
            ("0" * 20, shown, 404),
        ):
            assert (await api.get(f"/public/complaints/{code}/files/{file_id}/{part}")).status_code == status
    by_code = await api.get(f"/public/complaints/{said['code']}/files/{shown}/rendition")
    assert by_code.content == (await me.get(f"/v1/files/{shown}/rendition")).content
    assert by_code.headers["cache-control"] == "private, no-cache"
    assert (await api.get(f"/public/complaints/{said['code']}/files/{shown}/content")).status_code == 404
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE file SET check_state = 'refused' WHERE id = $1", UUID(shown))
    assert (await api.get(f"/public/complaints/{said['code']}/files/{shown}/rendition")).status_code == 404


async def test_a_place_is_kept_as_it_was_given_and_found_in_wgs84(town: Town, database: Database) -> None:
    taken = await town.call(place=HERE)
    assert (await town.get(taken["id"]))["place"] == HERE
    async with database.read() as connection:
        lat, lon = await connection.fetchrow("SELECT point[1], point[0] FROM complaint WHERE no = $1", taken["no"])
    found = convert(Place(32.115236, 118.264712, Crs.GCJ02), Crs.WGS84)
    assert (lat, lon) == (found.lat, found.lon)
    assert lat != HERE["lat"]
    for wrong in ({**HERE, "lat": 91}, {**HERE, "crs": "utm"}, {"lat": 1, "lon": 1}):
        assert (await town.clerk.post("/v1/complaints", json=town.said(place=wrong))).status_code == 422


async def test_one_who_leaves_takes_his_words_along(town: Town, resident: MakeResident, database: Database) -> None:
    me = await resident()
    body = town.said(description="独一无二的话", contact={"phone": "13812345678"})
    complaint_id = (await me.post("/v1/me/complaints", json=body)).json()["id"]
    await me.post(f"/v1/me/complaints/{complaint_id}/add", json={"text": "还有一句"})
    export = (await me.post("/v1/me/export")).json()["complaints"]
    assert [(one["description"], one["phone"], one["added"]) for one in export] == [
        ("独一无二的话", "13812345678", ["还有一句"])
    ]
    asked = (await me.post("/v1/me/erase", json={})).json()
    assert (await me.post("/v1/me/erase", json={"confirmation": asked["confirmation"]})).status_code == 204
    seen = await town.get(complaint_id)
    assert (seen["description"], seen["excerpt"], seen["state"]) == (None, None, "received")
    assert [line["text"] for line in (await town.get(complaint_id, "/history"))["items"]] == [None, None]
    revealed = await town.clerk.post(
        f"/v1/complaints/{complaint_id}/reveal", json={"purpose": "contact", "fields": ["phone", "description"]}
    )
    assert revealed.json()["fields"] == {"phone": None, "description": None}
