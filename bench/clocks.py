"""The sweep of clocks: 10,000 due among 100,000 and among 1,000,000 open ones, each told once, and the memory that it takes."""

import json
import resource
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bench.report import ROUNDS, Figure
from bench.stage import in_bulk
from services.core.clocks import sweeping
from services.core.kit.calendar import SHANGHAI
from services.core.kit.uow import SYSTEM, Database, UnitOfWork
from services.core.policy import service as policies
from services.core.policy.loader import load_packaged

OPEN = (100_000, 1_000_000)
DUE = 10_000

# Each waits for a reminder on its last day and for its limit. Of the due ones half come to their reminder, half to their limit.
ADD = """
WITH added AS (
  INSERT INTO clock (id, subject_type, subject_id, region_path, kind, policy_version_id, terms, started_at, due_at, provisional,
                     skipped, calendar, revision, state, created_at)
  SELECT gen_random_uuid(), 'bench', gen_random_uuid(), '1.', 'reply',
         (SELECT id FROM policy_version WHERE policy_id = 'jiaozuo' LIMIT 1), $1::text::jsonb,
         $2::timestamptz - interval '30 days', $2 + $3::interval + random() * $4::interval, false, '{}', 'bench', 1, 'running', $2
  FROM generate_series(1, $5::int)
  RETURNING id, due_at
)
INSERT INTO clock_step (clock_id, revision, kind, number, due_at)
SELECT id, 1, 'breach', 1, due_at FROM added
UNION ALL
SELECT id, 1, 'reminder', 1, due_at - interval '16 hours' FROM added WHERE due_at > $2
"""


async def measure(database: Database, sizes: Sequence[int] = OPEN, due: int = DUE) -> list[Figure]:
    """Seconds of a sweep at the larger number of open clocks, and what it costs more than at the smaller; memory."""
    now = datetime.now(SHANGHAI).replace(hour=10, minute=0).astimezone(UTC)  # nobody sleeps
    hotline = next(one.policy.hotline for one in load_packaged() if one.policy.id == "jiaozuo")
    assert hotline is not None
    terms = json.dumps(hotline.terms("complaint")["reply"].model_dump(mode="json", exclude_defaults=True))
    async with database.begin(SYSTEM) as uow:
        await policies.store_packaged(uow)

    async def add(uow: UnitOfWork, number: int, since: timedelta, spread: timedelta) -> None:
        await uow.driver.execute(ADD, terms, now, since, spread, number, timeout=1800)

    async def sweep() -> float:
        async with database.begin(SYSTEM) as uow:
            await add(uow, due // 2, timedelta(hours=-2), timedelta(hours=1))
            await add(uow, due - due // 2, timedelta(hours=13), timedelta(hours=1))
        started = time.perf_counter()
        more = True
        while more:
            async with database.begin(SYSTEM, now=now) as uow:
                more = await sweeping.sweep(uow)
        return time.perf_counter() - started

    seconds: list[float] = []
    known = grown = 0
    for size in sizes:
        async with in_bulk(database, "clock", "clock_step") as uow:
            await add(uow, size - known, timedelta(days=10), timedelta(days=20))
        known = size
        await sweep()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds.append(statistics.median([await sweep() for _ in range(ROUNDS)]))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    few, many = (f"{size:,}" for size in (sizes[0], sizes[-1]))
    ratio = seconds[-1] / seconds[0]
    took = [f"{one:.2f} s" for one in seconds]
    return [
        Figure(f"clock sweep, {due:,} due of {many} open (s)", round(seconds[-1], 2), 1.5, "most", took[-1], "–"),
        Figure(f"clock sweep at {many} open against {few}", round(ratio, 2), 1.25, "most", took[-1], took[0]),
        Figure("memory that sweeps add at that (MB)", round(grown / 1024, 1), 16, "most", f"{grown / 1024:.1f} MB", "–"),
    ]  # fmt: skip
