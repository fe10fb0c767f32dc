"""A desk's list among two million complaints, beside the bare query that it shows."""

import os
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import httpx

from bench.load import burst, request
from bench.report import Figure, paired
from bench.stage import in_bulk
from services.core.hotline import sealing
from services.core.hotline.desk_queries import OF_DESK
from services.core.kit.ids import new_id
from services.core.kit.settings import load
from services.core.kit.uow import Database
from services.core.kit.vault import open_vault

COMPLAINTS = int(os.environ.get("BENCH_COMPLAINTS", "2000000"))
DESKS = 1000
OPEN_OF_TEN = 1
CLIENTS = 16
SECONDS = 2.0
TERMS = '{"limit": {"days": 13, "unit": "workday"}}'

ADD_DESKS = """
INSERT INTO desk (id, region_id, region_path, title, role, made_at, version)
SELECT gen_random_uuid(), r.id, r.path, '席位 ' || n, 'handling', now(), 1
FROM generate_series(1, $1) n CROSS JOIN (SELECT id, path FROM region WHERE level = 'nation') r RETURNING id
"""
# The closed ones: nine of ten. What is open is copied in, sealed as it is in earnest.
CLOSED = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, created_at, closed_at,
                       reopened, synthetic, version)
SELECT gen_random_uuid(), 'B' || n, 'B-' || n, 'phone', 'leak', 'complaint', false, false, 'closed', r.path, now(), now(), 0,
       false, 1
FROM generate_series(1, $1) n CROSS JOIN (SELECT path FROM region WHERE level = 'nation') r
"""
DONE = """
INSERT INTO assignment (id, complaint_id, desk_id, part, state, binding, queue_at, assigned_at, ended_at)
SELECT gen_random_uuid(), id, ($1::uuid[])[1 + (substr(no, 3)::int % cardinality($1::uuid[]))], 'lead', 'done', false, now(),
       now(), now()
FROM complaint WHERE no LIKE 'B-%'
"""
MET = """
INSERT INTO clock (id, subject_type, subject_id, region_path, kind, policy_version_id, terms, started_at, due_at, provisional,
                   skipped, calendar, revision, state, met_at, created_at)
SELECT gen_random_uuid(), 'complaint', c.id, c.region_path, 'reply', v.id, $1::text::jsonb, now(), now(), false, '{}', 'bench',
       1, 'met', now(), now()
FROM complaint c CROSS JOIN (SELECT id FROM policy_version LIMIT 1) v WHERE c.no LIKE 'B-%'
"""


async def stock(database: Database) -> list[UUID]:
    """Complaints, their assignments to desks and their clocks; the desks."""
    vault = open_vault(load())
    waiting = COMPLAINTS * OPEN_OF_TEN // 10
    now = datetime.now(UTC)
    async with in_bulk(database, "complaint", "assignment", "clock", "desk") as uow:
        desks = [row["id"] for row in await uow.driver.fetch(ADD_DESKS, DESKS)]
        await uow.driver.execute(CLOSED, COMPLAINTS - waiting, timeout=1800)
        await uow.driver.execute(DONE, desks, timeout=1800)
        await uow.driver.execute(MET, TERMS, timeout=1800)
        path = await uow.driver.fetchval("SELECT path FROM region WHERE level = 'nation'")
        policy = await uow.driver.fetchval("SELECT id FROM policy_version LIMIT 1")
        for begun in range(0, waiting, 50_000):
            ids = [(number, new_id()) for number in range(begun, min(begun + 50_000, waiting))]
            limits = [now + timedelta(minutes=number % 20_000 - 5_000) for number, _ in ids]
            await uow.driver.copy_records_to_table(
                "complaint",
                records=[
                    (
                        one, f"W{number}", f"W-{number}", "phone", "leak", "complaint", False, False, "assigned", path, now, 0,
                        False, 1, sealing.seal(vault, sealing.COMPLAINT, sealing.DESCRIPTION, one, "楼道漏水，已经三天。"),
                    )
                    for number, one in ids
                ],
                columns=[
                    "id", "code", "no", "channel", "category", "kind", "hazard", "anonymous", "state", "region_path",
                    "created_at", "reopened", "synthetic", "version", "description_sealed",
                ],
            )  # fmt: skip
            await uow.driver.copy_records_to_table(
                "assignment",
                records=[
                    (new_id(), one, desks[number % DESKS], "lead", "assigned", False, limit, now)
                    for (number, one), limit in zip(ids, limits, strict=True)
                ],
                columns=["id", "complaint_id", "desk_id", "part", "state", "binding", "queue_at", "assigned_at"],
            )
            await uow.driver.copy_records_to_table(
                "clock",
                records=[
                    (
                        new_id(), "complaint", one, path, "reply", policy, TERMS, now, limit, False, [], "bench", 1, "running",
                        now,
                    )
                    for (_, one), limit in zip(ids, limits, strict=True)
                ],
                columns=[
                    "id", "subject_type", "subject_id", "region_path", "kind", "policy_version_id", "terms", "started_at",
                    "due_at", "provisional", "skipped", "calendar", "revision", "state", "created_at",
                ],
            )  # fmt: skip
    return desks


async def measure(database: Database, token: str, ours: int, floor: int) -> list[Figure]:
    """The first page of one desk after another; the floor runs the query of that page and nothing else."""
    desks = await stock(database)
    bare_query = (
        OF_DESK.replace("($2, $3)", "('1970-01-01Z'::timestamptz, '00000000-0000-0000-0000-000000000000'::uuid)")
    ).replace("$4", "21")
    # Bytes are no JSON: the floor leaves the sealed text out.
    bare_query = bare_query.replace("c.description_sealed, ", "")
    httpx.put(f"http://127.0.0.1:{floor}/statement", content=bare_query.encode()).raise_for_status()
    turn = count()
    authorised = {"Authorization": f"Bearer {token}"}

    async def rate(port: int, path: str, headers: dict[str, str]) -> float:
        def make() -> bytes:
            return request("GET", path.format(desks[next(turn) % DESKS]), headers=headers)

        outcome = await burst(port, make, clients=CLIENTS, seconds=SECONDS)
        assert not outcome.wrong, outcome.first_wrong
        return outcome.rate

    return [
        await paired(
            f"desk list at {COMPLAINTS:,} complaints",
            ours=lambda: rate(ours, "/v1/desks/{}/complaints", authorised),
            floor=lambda: rate(floor, "/statement?of={}", {}),
            must=0.4,
        )
    ]
