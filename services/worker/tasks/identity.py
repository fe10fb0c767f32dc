"""Tasks of identity."""

from services.core.identity.housekeeping import forget_expired
from services.core.identity.jobs import ForgetExpiredTokens
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task


@task(ForgetExpiredTokens)
async def forget_expired_tokens(uow: UnitOfWork, _job: ForgetExpiredTokens) -> None:
    """Deletes them."""
    await forget_expired(uow.connection, now=uow.now)
