"""Tasks of projects."""

from services.core.kit.uow import UnitOfWork
from services.core.projects import rollups
from services.core.projects.jobs import RefreshRollups
from services.worker.runtime import task


@task(RefreshRollups)
async def refresh_rollups(uow: UnitOfWork, _job: RefreshRollups) -> None:
    """Sums every region's subtree anew."""
    await rollups.refresh(uow)
