"""Tasks of the hotline."""

import structlog

from services.core.hotline.jobs import RewriteReporters
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
