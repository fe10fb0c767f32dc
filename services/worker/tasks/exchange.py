"""Tasks of imports."""

from datetime import timedelta

from services.core.exchange import running
from services.core.exchange.housekeeping import forget_files
from services.core.exchange.jobs import ForgetImportFiles, RunImport
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(RunImport)
async def run_import(uow: UnitOfWork, job: RunImport) -> None:
    """Carries out the import."""
    await running.run(uow, import_id=job.import_id)


@task(ForgetImportFiles)
async def forget_import_files(uow: UnitOfWork, job: ForgetImportFiles) -> None:
    """Deletes what is past its time."""
    await forget_files(uow, before=uow.now - timedelta(days=job.days))
