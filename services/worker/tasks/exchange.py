"""Tasks of imports."""

from services.core.exchange import running
from services.core.exchange.jobs import RunImport
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(RunImport)
async def run_import(uow: UnitOfWork, job: RunImport) -> None:
    """Carries out the import."""
    await running.run(uow, import_id=job.import_id)
