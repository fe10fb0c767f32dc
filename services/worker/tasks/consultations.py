"""Tasks of consultations."""

from services.core.consultations import lifts
from services.core.consultations.jobs import TellLiftOverdue
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(TellLiftOverdue)
async def tell_lift_overdue(uow: UnitOfWork, job: TellLiftOverdue) -> None:
    """Puts on record that the community has not begun in time."""
    await lifts.tell_overdue(uow, lift_request_id=job.lift_request_id)
