"""Tasks of the kit."""

from datetime import timedelta

from services.core.kit.housekeeping import ForgetOldAnswers
from services.core.kit.idempotency import forget_old
from services.core.kit.jobs import forget_slots
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(ForgetOldAnswers)
async def forget_old_answers(uow: UnitOfWork, _job: ForgetOldAnswers) -> None:
    """Deletes them, and ticks of the schedule that nobody can claim any more."""
    await forget_old(uow.connection, now=uow.now)
    await forget_slots(uow.connection, before=uow.now - timedelta(days=7))
