"""What may be about the same thing: near a place however it is told, or by the same reporter; suggestions within one's region."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from services.core.hotline.nearby import NEAR
from services.core.kit.geo import Crs, Place, convert
from services.core.kit.nearby import near
from services.core.kit.scope import Scope
from services.core.kit.uow import Database
from tests.api.hotline.town import MakeTown, Town
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]
GATE = Place(28.6629, 115.9098, Crs.WGS84)
METRE = 1 / 111_195  # of latitude

MANY = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, lat, lon, crs, point,
                       created_at)
SELECT gen_random_uuid(), left(md5(n::text), 20), 'n' || n, 'phone', 'leak', 'complaint', false, false, 'received', '1.',
       28 + n / 50000.0, 115 + n % 1000 / 1000.0, 'wgs84', point(115 + n % 1000 / 1000.0, 28 + n / 50000.0), now()
FROM generate_series(1, 50000) n
"""


def at(place: Place) -> dict[str, Any]:
    """A place as a body or a query tells it."""
    return {"lat": place.lat, "lon": place.lon, "crs": str(place.crs)}


def north(metres: float, crs: Crs = Crs.WGS84) -> Place:
    """So many metres north of the gate."""
    return convert(Place(GATE.lat + metres * METRE, GATE.lon, Crs.WGS84), crs)


async def nearby(client: Client, **wanted: Any) -> list[dict[str, Any]]:
    """What is suggested."""
    answer = await client.get("/v1/complaints/nearby", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_nearest_first_whatever_map_they_were_told_on(town: Town) -> None:
    told = {150: Crs.WGS84, 30: Crs.GCJ02, 90: Crs.BD09, 260: Crs.CGCS2000}
    made = {
        away: (await town.call(description=f"路面塌陷 {away}", place=at(north(away, crs))))["id"]
        for away, crs in told.items()
    }
    await town.call(description="没有位置")
    for crs in Crs:
        found = await nearby(town.clerk, **at(convert(GATE, crs)))
        assert [(one["id"], one["metres"]) for one in found] == [(made[away], away) for away in (30, 90, 150)]
        assert found[0]["place"]["crs"] == "gcj02", "a place is told as it was given"
    assert [one["metres"] for one in await nearby(town.clerk, **at(GATE), reach=300)] == [30, 90, 150, 260]
    assert [one["metres"] for one in await nearby(town.clerk, **at(GATE), reach=300, limit=2)] == [30, 90]


async def test_what_is_closed_is_suggested_when_asked_for(town: Town) -> None:
    complaint_id = (await town.call(place=at(GATE)))["id"]
    assert (await town.do(complaint_id, "reject", {"text": "不属本社区职责"})).status_code == 200
    assert await nearby(town.clerk, **at(GATE)) == []
    assert [one["id"] for one in await nearby(town.clerk, **at(GATE), closed_too=True)] == [complaint_id]


async def test_another_region_is_not_suggested(town: Town, towns: MakeTown) -> None:
    elsewhere = await towns()
    foreign = (await elsewhere.call(place=at(GATE)))["id"]
    assert await nearby(town.clerk, **at(GATE)) == []
    answer = await town.clerk.get("/v1/complaints/nearby", params={"complaint_id": foreign})
    assert answer.status_code == 404


async def test_of_a_complaint_its_neighbours_and_others_of_its_reporter(town: Town, resident: MakeResident) -> None:
    reporter = await resident()

    async def says(**over: Any) -> str:
        answer = await reporter.post("/v1/me/complaints", json=town.said(**over))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    first = await says(place=at(GATE))
    here = await says(description="还是漏", place=at(north(20)))
    far = await says(description="路灯不亮", category="lighting", place=at(north(3000)))
    hidden = await says(description="匿名反映", anonymous=True)
    neighbour = (await town.call(description="邻居也说漏", place=at(north(40))))["id"]
    found = await nearby(town.clerk, complaint_id=first)
    assert [(one["id"], one["metres"], one["same_reporter"]) for one in found] == [
        (here, 20, True),
        (neighbour, 40, False),
        (far, None, True),
    ]
    # Who he is would show from his named complaints.
    assert not [one for one in await nearby(town.clerk, complaint_id=hidden) if one["same_reporter"]]


async def test_two_calls_from_one_telephone_are_one_reporters(town: Town) -> None:
    contact = {"name": "王伟", "phone": "13800001234"}
    first = (await town.call(contact=contact))["id"]
    second = (await town.call(contact=contact, description="另一件事"))["id"]
    await town.call(contact={"name": "王伟", "phone": "13800005678"}, description="另一人")
    found = await nearby(town.clerk, complaint_id=first)
    assert [(one["id"], one["same_reporter"]) for one in found] == [(second, True)]


async def test_half_a_place_is_none(town: Town) -> None:
    halves: list[dict[str, Any]] = [
        {}, {"lat": 28.6, "lon": 115.9}, {"lat": 28.6, "crs": "wgs84"}, {"lat": 99, "lon": 1, "crs": "wgs84"},
        {"lat": "nan", "lon": 1, "crs": "wgs84"}, {"lat": 1, "lon": 1, "crs": "mercator"}, {**at(GATE), "reach": 5001},
    ]  # fmt: skip
    for wanted in halves:
        answer = await town.clerk.get("/v1/complaints/nearby", params=wanted)
        assert answer.status_code == 422, wanted
        assert answer.json()["errors"][0]["pointer"]


async def test_the_index_finds_them(fresh_database: Database) -> None:
    async with fresh_database.read() as connection:
        await connection.execute(MANY)
        await connection.execute("ANALYZE complaint")
        values = {
            **near(Place(28.51, 115.5, Crs.WGS84), 500),
            **Scope(("1.",)).parameters,
            "limit": 20,
        }
        told = await connection.fetchval(f"EXPLAIN (FORMAT json) {NEAR.sql}", *NEAR.arguments(values))
        plan = json.dumps(told)
        assert "Seq Scan" not in plan, plan
        assert "ix_complaint_point" in plan, plan
        assert await NEAR.all(connection, **values)
