"""Tasks of clocks."""

from services.core.clocks import recomputing, sweeping
from services.core.clocks.jobs import RecomputeClocks, SweepClocks
from services.core.kit.calendar import WorkCalendar
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(SweepClocks)
async def sweep_clocks(uow: UnitOfWork, _job: SweepClocks) -> None:
    """One batch in one transaction: locks are held shortly, and memory does not grow with what is due."""
    if await sweeping.sweep(uow):
        uow.enqueue(SweepClocks())


@task(RecomputeClocks)
async def recompute_clocks(uow: UnitOfWork, _job: RecomputeClocks) -> None:
    """By the calendar that this version of the service is packaged with."""
    found = await recomputing.recompute(uow, calendar=WorkCalendar.default())
    if len(found) == recomputing.BATCH:
        uow.enqueue(RecomputeClocks())
