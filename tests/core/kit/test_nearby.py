"""What is near: by the index, exactly by distance, in an order that stays. A table of the test's own, a hundred thousand points."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Column, MetaData, Table, Uuid, bindparam, select

from services.core.kit.database import Statement
from services.core.kit.geo import Crs, Place, convert, metres
from services.core.kit.nearby import Point, columns_of, metres_to, near, within
from services.core.kit.uow import Database

SPOT = Table("nearby_spot", MetaData(), Column("id", Uuid, primary_key=True), Column("point", Point))
HERE = Place(28.6629, 115.9098, Crs.WGS84)
NEAREST = Statement(
    select(SPOT.c.id, metres_to(SPOT.c.point).label("metres"))
    .where(within(SPOT.c.point))
    .order_by("metres", SPOT.c.id)
    .limit(bindparam("limit"))
)
SPOTS = 100_000
DRAWN = random.Random(7)
POINTS = {UUID(int=n): (115.9098 + DRAWN.uniform(-0.5, 0.5), 28.6629 + DRAWN.uniform(-0.5, 0.5)) for n in range(SPOTS)}


@pytest.fixture(scope="module")
async def spots(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The table under its index."""
    async with database.read() as connection:
        await connection.execute("CREATE TEMP TABLE nearby_spot (id uuid PRIMARY KEY, point point)")
        await connection.copy_records_to_table(
            "nearby_spot", records=[(one, asyncpg.Point(*point)) for one, point in POINTS.items()]
        )
        await connection.execute("CREATE INDEX nearby_spot_point ON nearby_spot USING gist (point)")
        await connection.execute("ANALYZE nearby_spot")
        yield connection
        await connection.execute("DROP TABLE nearby_spot")


async def found(spots: asyncpg.Connection, place: Place, reach: float, limit: int = SPOTS) -> list[tuple[UUID, int]]:
    """Ids and metres."""
    rows = await NEAREST.all(spots, **near(place, reach), limit=limit)
    return [(row["id"], row["metres"]) for row in rows]


@pytest.mark.parametrize("reach", [50, 300, 2_000, 20_000])
async def test_exactly_what_is_within_reach_the_nearest_first(spots: asyncpg.Connection, reach: float) -> None:
    told = await found(spots, HERE, reach)
    far = {one: metres(HERE, Place(lat, lon, Crs.WGS84)) for one, (lon, lat) in POINTS.items()}
    assert {one for one, _ in told} == {one for one, distance in far.items() if distance <= reach}
    assert all(abs(distance - far[one]) <= 0.51 for one, distance in told)
    assert told == sorted(told, key=lambda pair: (pair[1], pair[0]))
    assert await found(spots, HERE, reach, limit=5) == told[:5]


@pytest.mark.parametrize("crs", list(Crs))
async def test_the_system_of_the_question_does_not_matter(spots: asyncpg.Connection, crs: Crs) -> None:
    assert await found(spots, convert(HERE, crs), 2_000) == await found(spots, HERE, 2_000)


async def test_abroad_there_is_nothing(spots: asyncpg.Connection) -> None:
    assert await found(spots, Place(-33.8568, 151.2153, Crs.WGS84), 20_000) == []


async def test_the_index_answers(spots: asyncpg.Connection) -> None:
    parameters = NEAREST.arguments({**near(HERE, 300), "limit": 10})
    plan = await spots.fetchval(f"EXPLAIN (FORMAT json) {NEAREST.sql}", *parameters)
    nodes = list(_nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"], plan
    assert [node for node in nodes if node.get("Index Name") == "nearby_spot_point"], plan


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


async def test_a_place_is_kept_as_given_and_found_in_wgs84() -> None:
    given = convert(HERE, Crs.GCJ02)
    kept = columns_of(given)
    assert (kept["lat"], kept["lon"], kept["crs"]) == (given.lat, given.lon, "gcj02")
    assert kept["point"] == pytest.approx((HERE.lon, HERE.lat), abs=1e-9)
    assert columns_of(None) == {"lat": None, "lon": None, "crs": None, "point": None}
