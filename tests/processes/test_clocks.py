"""A worker killed in the middle of a sweep: every limit on record once, everybody told once."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.core.clocks import service
from services.core.clocks.service import NewClock
from services.core.clocks.terms import Terms
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM
from tests.processes.conftest import City
from tests.support.processes import until

pytestmark = pytest.mark.processes
CLOCKS = 6_000
TERMS = Terms.model_validate(
    {"limit": {"hours": 2}, "escalation": [{"after": {"hours": 1}, "to": "department_lead"}]},
)
BREACHES = "SELECT count(*) FROM clock_breach b JOIN clock c ON c.id = b.clock_id WHERE c.subject_id = ANY ($1::uuid[])"
LEFT = """
SELECT count(*) FROM clock_step s JOIN clock c ON c.id = s.clock_id
WHERE c.subject_id = ANY ($1::uuid[]) AND s.done_at IS NULL AND s.due_at <= now()
"""
TOLD = "SELECT kind, count(*) AS told FROM event WHERE subject_id = ANY ($1::uuid[]) GROUP BY kind, subject_id"


async def test_a_worker_killed_in_mid_sweep(city: City) -> None:
    database, path = city.world.database, city.world.streets[0].path
    subjects = [new_id() for _ in range(CLOCKS)]
    async with database.begin(SYSTEM, now=datetime.now(UTC) - timedelta(hours=4)) as uow:
        policy = await uow.driver.fetchval("SELECT id FROM policy_version LIMIT 1")
        new = [NewClock("complaint", subject, path, "reply", TERMS, policy) for subject in subjects]
        await service.start_all(uow, new)

    async def count(query: str) -> int:
        async with database.read() as reader:
            return int(await reader.fetchval(query, subjects))

    async def some_are_found() -> bool:
        return await count(BREACHES) > 0

    async def nothing_is_left() -> bool:
        return await count(BREACHES) == CLOCKS and await count(LEFT) == 0

    with city.worker("killed") as worker:
        await until(some_are_found, seconds=90, what="some limits are found to have passed")
        worker.kill()
    found = await count(BREACHES)
    assert 0 < found < CLOCKS
    assert found == CLOCKS - await count("SELECT count(*) FROM clock WHERE subject_id = ANY ($1) AND state = 'running'")
    with city.worker("second"):
        await until(nothing_is_left, seconds=180, what="the rest is found")
    async with database.read() as reader:
        told = Counter((row["kind"], row["told"]) for row in await reader.fetch(TOLD, subjects))
    assert told == {(f"clock.{kind}", 1): CLOCKS for kind in ("breached", "overdue", "escalated")}
