"""Tasks of the hotline."""

import structlog

from services.core.hotline import counting, retention
from services.core.hotline.jobs import BeginForgetting, CountComplaints, ForgetReporters, RewriteReporters
from services.core.hotline.speaking import rewrite_indexes
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task

AT_ONCE = 2000
log = structlog.get_logger("worker")


@task(RewriteReporters)
async def rewrite(uow: UnitOfWork, job: RewriteReporters) -> None:
    """Does some, and asks for the next while there may be more."""
    done = await rewrite_indexes(uow, at_most=AT_ONCE)
    if done:
        log.info("reporters' indexes rewritten", reporters=done)
    if done == AT_ONCE:
        uow.enqueue(job)


@task(BeginForgetting)
async def begin_forgetting(uow: UnitOfWork, _job: BeginForgetting) -> None:
    """Sets a job for every policy version that says how long reporters are known."""
    await retention.begin(uow)


@task(ForgetReporters)
async def forget_reporters(uow: UnitOfWork, job: ForgetReporters) -> None:
    """Forgets some, and asks for the next while there may be more."""
    done = await retention.forget(uow, job)
    if done:
        log.info("reporters forgotten", complaints=done, batch=str(job.batch_id))


@task(CountComplaints)
async def count_complaints(uow: UnitOfWork, job: CountComplaints) -> None:
    """Counts for some compounds, and asks for the next while there may be more."""
    await counting.count(uow, job)
