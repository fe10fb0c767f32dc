"""The schedule: each tick is a row with a key, so it happens once over all workers, and the last one missed is caught up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.core.clocks.jobs import RecomputeClocks, SweepClocks
from services.core.exchange.jobs import ForgetImportFiles
from services.core.files.jobs import ForgetUnusedFiles, ForgetUploads, SweepOrphans
from services.core.hotline.jobs import BeginForgetting, CountComplaints, RewriteReporters
from services.core.identity.jobs import ForgetExpiredTokens, RewriteDigests
from services.core.kit import jobs
from services.core.kit.housekeeping import ForgetOldAnswers
from services.core.kit.ids import new_id
from services.core.kit.jobs import Job
from services.core.kit.settings import Settings
from services.core.kit.uow import Database
from services.core.ownership.jobs import RewriteIndexes
from services.core.projects.jobs import RefreshRollups
from services.core.selection.jobs import RecomputeNotices


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job that is due every so often, counted from midnight UTC of 1970."""

    job: Job
    every: timedelta

    def slot(self, now: datetime) -> datetime:
        """The newest tick that is not in the future."""
        step = int(self.every.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // step * step, UTC)


SCHEDULE: list[Recurring] = [
    Recurring(ForgetOldAnswers(), timedelta(hours=1)),
    Recurring(ForgetExpiredTokens(), timedelta(hours=1)),
    Recurring(RewriteIndexes(), timedelta(hours=1)),
    Recurring(RewriteReporters(), timedelta(hours=1)),
    Recurring(RewriteDigests(), timedelta(hours=1)),
    Recurring(ForgetUnusedFiles(), timedelta(hours=1)),
    Recurring(ForgetUploads(), timedelta(hours=1)),
    Recurring(SweepOrphans(), timedelta(days=1)),
    Recurring(RefreshRollups(), timedelta(minutes=5)),
    Recurring(RecomputeNotices(), timedelta(days=1)),
    Recurring(BeginForgetting(), timedelta(days=1)),
    Recurring(CountComplaints(), timedelta(days=1)),
    Recurring(RecomputeClocks(), timedelta(days=1)),
    Recurring(SweepClocks(), timedelta(minutes=1)),
]


def schedule_of(settings: Settings) -> list[Recurring]:
    """All that is due by itself: also what the settings have a say in."""
    return [*SCHEDULE, Recurring(ForgetImportFiles(days=settings.import_file_days), timedelta(days=1))]


async def schedule_once(database: Database, schedule: Sequence[Recurring], *, now: datetime | None = None) -> int:
    """Turns every tick that has come and that nobody took into a job; how many."""
    now = now or datetime.now(UTC)
    taken = 0
    for recurring in schedule:
        async with database.engine.begin() as connection:
            if await jobs.claim_slot(connection, name=recurring.job.name, slot_at=recurring.slot(now)):
                await jobs.add(connection, recurring.job, job_id=new_id(), now=now)
                taken += 1
    return taken
