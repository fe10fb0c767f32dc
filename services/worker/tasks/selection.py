"""Tasks of selection."""

from services.core.kit.uow import UnitOfWork
from services.core.selection import computing
from services.core.selection.jobs import ComputeRun
from services.worker.runtime import task


@task(ComputeRun)
async def compute_run(uow: UnitOfWork, job: ComputeRun) -> None:
    """Ranks the candidates of the run's freeze."""
    await computing.compute(uow, run_id=job.run_id)
