"""`jiugai clocks recompute` as an operator meets it: what moved from when to when, one line each."""

import asyncio
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from services.core.clocks import service
from services.core.clocks.rules import last_day
from services.core.clocks.terms import Terms
from services.core.kit.calendar import WorkCalendar
from services.core.kit.ids import new_id
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from services.core.policy import service as policies

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
NOTHING_KNOWN = WorkCalendar(MappingProxyType({}), date(2020, 1, 1), date(2020, 12, 31))


async def test_what_a_new_calendar_says_is_reported(settings: Settings, database: Database) -> None:
    now, subject = datetime.now(UTC), new_id()
    async with database.begin(SYSTEM) as uow:
        await policies.store_packaged(uow)
        started = await service.start(
            uow,
            subject_type="complaint",
            subject_id=subject,
            region_path="1.",
            kind="reply",
            terms=Terms.model_validate({"limit": {"days": 400, "unit": "workday"}}),
            policy_version_id=await uow.driver.fetchval("SELECT id FROM policy_version WHERE policy_id = 'jiaozuo'"),
            calendar=NOTHING_KNOWN,
            started_at=now - timedelta(days=300),
        )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli.main", "clocks", "recompute"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("JIUGAI_")},
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "JIUGAI_SECRET_KEY": settings.jiugai_secret_key.get_secret_value(),
            "JIUGAI_LANG": "en",
        },
    )
    output, error = (text.decode() for text in await process.communicate())
    assert process.returncode == 0, error
    async with database.read() as reader:
        held = await reader.fetchrow("SELECT due_at, provisional FROM clock WHERE id = $1", started.clock_id)
    assert held["due_at"] != started.due.at, "300 days of holidays lie between"
    [line] = [line for line in output.splitlines() if str(subject) in line]
    assert line.startswith(f"complaint {subject} reply: {last_day(started.due.at)} → {last_day(held['due_at'])}")
    assert line.endswith("(provisional)" if held["provisional"] else "(confirmed)")
    assert "moved" in output.splitlines()[-1]
