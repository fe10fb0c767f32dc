"""Tasks of selection."""

from services.core.kit.calendar import WorkCalendar
from services.core.kit.uow import UnitOfWork
from services.core.selection import computing, renoticing
from services.core.selection.jobs import ComputeRun, RecomputeNotices
from services.worker.runtime import task


@task(ComputeRun)
async def compute_run(uow: UnitOfWork, job: ComputeRun) -> None:
    """Ranks the candidates of the run's freeze."""
    await computing.compute(uow, run_id=job.run_id)


@task(RecomputeNotices)
async def recompute_notices(uow: UnitOfWork, _job: RecomputeNotices) -> None:
    """By the calendar that this version of the service is packaged with."""
    await renoticing.recompute(uow, calendar=WorkCalendar.default())
