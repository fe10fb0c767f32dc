"""Tasks of files."""

import structlog

from services.core.files import housekeeping, uploads
from services.core.files.jobs import FinishUpload, ForgetUnusedFiles, ForgetUploads, MakeRenditions, SweepOrphans
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task

log = structlog.get_logger("worker")


@task(MakeRenditions)
async def make_renditions(uow: UnitOfWork, job: MakeRenditions) -> None:
    """Makes them."""
    await housekeeping.make_renditions(uow, file_id=job.file_id)


@task(FinishUpload)
async def finish_upload(uow: UnitOfWork, job: FinishUpload) -> None:
    """Makes a file of it."""
    await uploads.finish(uow, upload_id=job.upload_id)


@task(ForgetUploads)
async def forget_uploads(uow: UnitOfWork, job: ForgetUploads) -> None:
    """Does some, and asks for the next while there may be more."""
    if await uploads.forget(uow) == uploads.AT_ONCE:
        uow.enqueue(job)


@task(ForgetUnusedFiles)
async def forget_unused(uow: UnitOfWork, job: ForgetUnusedFiles) -> None:
    """Does some, and asks for the next while there may be more."""
    if await housekeeping.forget_unused(uow) == housekeeping.AT_ONCE:
        uow.enqueue(job)


@task(SweepOrphans)
async def sweep(uow: UnitOfWork, job: SweepOrphans) -> None:
    """One shard of them."""
    swept = await housekeeping.sweep(uow, job)
    if swept:
        log.info("blobs swept that no file names", blobs=swept, shard=job.shard)
