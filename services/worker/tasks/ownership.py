"""Tasks of the register."""

import structlog

from services.core.kit.uow import UnitOfWork
from services.core.ownership.jobs import RewriteIndexes
from services.core.ownership.people import rewrite_indexes
from services.worker.runtime import task

AT_ONCE = 2000
log = structlog.get_logger("worker")


@task(RewriteIndexes)
async def rewrite(uow: UnitOfWork, job: RewriteIndexes) -> None:
    """Does some, and asks for the next while there may be more."""
    done = await rewrite_indexes(uow, at_most=AT_ONCE)
    if done:
        log.info("blind indexes rewritten", people=done)
    if done == AT_ONCE:
        uow.enqueue(job)
