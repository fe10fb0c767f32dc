"""Roll-ups over the nation: how long a refresh takes, and how soon a leader's page answers."""

import statistics
import time
from uuid import UUID

import httpx

from bench.report import Figure
from bench.stage import UNCHECKED
from services.core.kit.uow import SYSTEM, Database
from services.core.projects import rollups

SAMPLES = 100

# For every project that has no plan yet: a compound with two figures (a tenth of them from two sources), a plan that three pay, a
# stage, and for every second one a year.
STOCK = (
    """
    INSERT INTO compound (id, no, name, region_id, region_path, version, created_at)
    SELECT gen_random_uuid(), 'B-' || number, title, region_id, region_path, 1, now() FROM project WHERE plan_number IS NULL
    """,
    """
    INSERT INTO project_compound (project_id, compound_id)
    SELECT p.id, c.id FROM project p JOIN compound c ON c.no = 'B-' || p.number
    """,
    """
    INSERT INTO fact (id, subject_type, subject_id, region_path, key, value, kind, source, source_rows, recorded_at)
    SELECT gen_random_uuid(), 'compound', c.id, c.region_path, f.key, (c.number % f.modulus + 10)::text, f.kind, f.source, '[]',
           now()
    FROM compound c CROSS JOIN (VALUES
      ('compound.households', 700, 'attested', '普查', 1), ('compound.floor_area', 30000, 'attested', '普查', 1),
      ('compound.households', 700, 'synthetic', '演示', 10)) AS f(key, modulus, kind, source, every)
    WHERE c.no LIKE 'B-%' AND c.number % f.every = 0
    """,
    """
    INSERT INTO plan_version (id, project_id, number, items, budget, funding, synthetic, digest, made_at)
    SELECT gen_random_uuid(), id, 1, '[]', 1000000 + number % 1000,
           jsonb_build_array(jsonb_build_object('source', 'central', 'amount', '600000.00'),
                             jsonb_build_object('source', 'city', 'amount', '300000.00'),
                             jsonb_build_object('source', 'residents', 'amount', (100000 + number % 1000)::text || '.00')),
           false, repeat('0', 64), now()
    FROM project WHERE plan_number IS NULL
    """,
    """
    INSERT INTO project_stage_entry (id, project_id, from_stage, to_stage, action, year, at)
    SELECT gen_random_uuid(), id, 'applied', 'planned', 'choose', 2025 + number % 3, now()
    FROM project WHERE plan_number IS NULL AND number % 2 = 0
    """,
    """
    UPDATE project SET plan_number = 1,
      stage = (ARRAY['draft', 'applied', 'library', 'planned', 'works', 'accepted', 'handed_over', 'dropped'])[number % 8 + 1]
    WHERE plan_number IS NULL
    """,
)


async def stock(database: Database) -> None:
    """Gives the seeded projects what roll-ups add up."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(f"SET LOCAL statement_timeout = 0; {UNCHECKED}")
        for statement in STOCK:
            await uow.driver.execute(statement)
    async with database.read() as connection:
        await connection.execute("VACUUM ANALYZE")


async def measure(database: Database, token: str, nation: UUID, ours: int) -> list[Figure]:
    """A refresh of the nation; then the nation by provinces, and every city's own page by counties."""
    await stock(database)
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        async with database.begin(SYSTEM) as uow:
            await rollups.refresh(uow)
        taken.append(time.perf_counter() - begun)
    async with database.read() as connection:
        cities = [
            row["id"] for row in await connection.fetch("SELECT id FROM region WHERE level = 'city' ORDER BY path")
        ]
    authorised = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ours}", headers=authorised) as client:

        async def page(region: UUID, group: str) -> float:
            begun = time.perf_counter()
            answer = await client.get(
                "/v1/rollups/projects", params={"region": str(region), "group": group, "limit": 100}
            )
            answer.raise_for_status()
            return (time.perf_counter() - begun) * 1000

        whole = [await page(nation, "province") for _ in range(SAMPLES)]
        local = [await page(cities[sample % len(cities)], "county") for sample in range(SAMPLES)]
    refreshed, by_province, of_cities = (statistics.median(one) for one in (taken, whole, local))
    worst = sorted(local)[int(SAMPLES * 0.99) - 1]
    return [
        Figure(
            "roll-ups of 219,000 projects refreshed (s)", round(refreshed, 2), 15, "most", f"{refreshed:.2f} s", "–"
        ),
        Figure("nation by province, p50 (ms)", round(by_province, 1), 50, "most", f"{by_province:.1f} ms", "–"),
        Figure("a city by county, p50 (ms)", round(of_cities, 1), 20, "most", f"{of_cities:.1f} ms", "–"),
        Figure("a city by county, p99 (ms)", round(worst, 1), 100, "most", f"{worst:.1f} ms", "–"),
    ]
