"""The hotline: a complaint with its place and two photographs beside the floor's insert; what is near beside a read by key."""

import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from itertools import count
from uuid import UUID, uuid4

from bench.load import burst, request
from bench.report import ROUNDS, Figure, paired
from bench.stage import UNCHECKED, in_bulk
from services.core.hotline.nearby import NEAR
from services.core.identity import tokens
from services.core.kit.geo import Crs, Place
from services.core.kit.nearby import near
from services.core.kit.scope import Scope
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import LIFETIMES

POINTS = int(os.environ.get("BENCH_POINTS", "2000000"))
OF_A_COMPOUND = 100
RESIDENTS, COMPOUNDS = 1000, 200
PAIRS = 30
"""Of photographs, of each resident: more than are used while it is measured."""
ASKED = 1000
CLIENTS = 16
SECONDS = 2.0

ADD_COMPOUNDS = """
INSERT INTO compound (id, no, name, region_id, region_path, version, created_at)
SELECT gen_random_uuid(), 'H-' || n, '小区 ' || n, id, path, 1, now()
FROM (SELECT id, path, row_number() OVER (ORDER BY path) AS n FROM region WHERE level = 'county') r WHERE n <= $1 RETURNING id
"""
ADD_RESIDENTS = """
INSERT INTO resident (id, openid, openid_digest, index_key, language, failed_attempts, lock_count, created_at)
SELECT id, decode(md5(id::text), 'hex'), decode(md5(id::text), 'hex'), 'bench', 'zh', 0, 0, now() FROM unnest($1::uuid[]) AS id
"""
ADD_PHOTOGRAPHS = """
INSERT INTO file (id, owner_kind, owner_id, sha256, size, media_type, width, height, check_state, created_at, expires_at)
SELECT gen_random_uuid(), 'resident', owner, md5(owner::text || n) || md5(n::text), 300000, 'image/jpeg', 1600, 1200, 'pending',
       now(), now() + interval '1 day'
FROM unnest($1::uuid[]) AS owner CROSS JOIN generate_series(1, $2::int * 2) n RETURNING id, owner_id
"""
# So many complaints around each compound, compounds over two degrees each way; one in ten is open.
ADD_POINTS = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, lat, lon, crs, point,
                       created_at, closed_at, reopened, synthetic, version)
SELECT gen_random_uuid(), 'P' || n, 'P-' || n, 'phone', 'leak', 'complaint', false, false,
       CASE WHEN n % 10 = 0 THEN 'received' ELSE 'closed' END, r.path, 28, 115, 'wgs84',
       point(115 + compound * 7919 % 20000 / 10000.0 + (random() - 0.5) * 0.003,
             28 + compound * 104729 % 20000 / 10000.0 + (random() - 0.5) * 0.003),
       now(), CASE WHEN n % 10 > 0 THEN now() END, 0, false, 1
FROM (SELECT n, n / $2::int AS compound FROM generate_series(1, $1::int) n) AS n
CROSS JOIN (SELECT path FROM region WHERE level = 'nation') r
"""
BY_KEY = (
    "SELECT id, no, category, kind, state, hazard, compound_id, lat, lon, crs, created_at FROM complaint WHERE id = $1"
)


async def intake(database: Database, ours: int, floor: int) -> list[Figure]:
    """随手拍: authorised, checked, numbered, sealed, two files attached and asked about, event, audit, one commit."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(f"SET LOCAL statement_timeout = 0; {UNCHECKED}")
        compounds = [row["id"] for row in await uow.driver.fetch(ADD_COMPOUNDS, COMPOUNDS)]
        residents = [uuid4() for _ in range(RESIDENTS)]
        await uow.driver.execute(ADD_RESIDENTS, residents)
        sent: dict[UUID, list[UUID]] = {}
        for row in await uow.driver.fetch(ADD_PHOTOGRAPHS, residents, PAIRS, timeout=600):
            sent.setdefault(row["owner_id"], []).append(row["id"])
        signed_in = [
            await tokens.open_session(uow, kind="resident", principal_id=one, user_agent="bench", lifetimes=LIFETIMES)
            for one in residents
        ]
    async with database.read() as connection:
        await connection.execute("VACUUM ANALYZE file, compound, resident, complaint, complaint_reporter")
    turn = count()

    def complain() -> bytes:
        number = next(turn)
        who, nth, where = number % RESIDENTS, number // RESIDENTS % PAIRS, number % COMPOUNDS
        first, second = sent[residents[who]][2 * nth : 2 * nth + 2]
        body = (
            f'{{"category":"leak","description":"漏水 {number}","compound_id":"{compounds[where]}",'
            f'"place":{{"lat":{28 + where // 20 / 10},"lon":{115 + where % 20 / 10},"crs":"gcj02"}},'
            f'"files":["{first}","{second}"]}}'
        )
        headers = {"Authorization": f"Bearer {signed_in[who].access_token}", "Content-Type": "application/json"}
        return request("POST", "/v1/me/complaints", headers=headers, body=body.encode())

    bare = request(
        "POST", "/write", headers={"Content-Type": "application/json"},
        body=b'{"key":"compound.hazards","value":"7","source":"bench"}',
    )  # fmt: skip

    async def rate(port: int, make: Callable[[], bytes]) -> float:
        outcome = await burst(port, make, clients=CLIENTS, seconds=SECONDS, expected=b"HTTP/1.1 201")
        assert not outcome.wrong, outcome.first_wrong
        return outcome.rate

    return [
        await paired(
            "intake with place and two photographs",
            ours=lambda: rate(ours, complain), floor=lambda: rate(floor, lambda: bare), must=0.25,
        )
    ]  # fmt: skip


async def nearby(database: Database) -> list[Figure]:
    """The twenty nearest open complaints within 200 m, on one connection, beside the read of one by its key on the same."""
    async with in_bulk(database, "complaint") as uow:
        await uow.driver.execute(ADD_POINTS, POINTS, OF_A_COMPOUND, timeout=1800)
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT id, point FROM complaint WHERE no LIKE 'P-%' ORDER BY code LIMIT $1", ASKED
        )
        nation = await connection.fetchval("SELECT path FROM region WHERE level = 'nation'")
        scope, drawn = Scope((nation,)).parameters, random.Random(1)
        drawn.shuffle(rows)
        found = 0

        async def near_each() -> None:
            nonlocal found
            for row in rows:
                around = near(Place(row["point"].y, row["point"].x, Crs.WGS84), 200)
                found += len(await NEAR.all(connection, **around, **scope, limit=20))

        async def key_by_key() -> None:
            for row in rows:
                await connection.fetch(BY_KEY, row["id"])

        pairs = [(await _took(near_each), await _took(key_by_key)) for _ in range(ROUNDS + 1)][1:]
    assert found, "nothing was near"
    ratio = statistics.median(a / b for a, b in pairs)
    each = [statistics.median(side) / ASKED * 1e6 for side in zip(*pairs, strict=True)]
    name = f"nearby at {POINTS:,} points (times a read by key)"
    return [Figure(name, round(ratio, 2), 5, "most", f"{each[0]:.0f} µs", f"{each[1]:.0f} µs")]


async def _took(do: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await do()
    return time.perf_counter() - begun
