"""Tasks of the kit."""

from services.core.kit.housekeeping import ForgetOldAnswers
from services.core.kit.idempotency import forget_old
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(ForgetOldAnswers)
async def forget_old_answers(uow: UnitOfWork, _job: ForgetOldAnswers) -> None:
    """Deletes them."""
    await forget_old(uow.connection, now=uow.now)
