"""Tasks of identity."""

from services.core.identity.housekeeping import forget_expired
from services.core.identity.jobs import ForgetExpiredTokens, RewriteDigests
from services.core.identity.resident_sign_in import rewrite_digests
from services.core.kit.uow import UnitOfWork
from services.worker.runtime import task

AT_ONCE = 500


@task(RewriteDigests)
async def rewrite(uow: UnitOfWork, job: RewriteDigests) -> None:
    """Does some, and asks for the next while there may be more."""
    if await rewrite_digests(uow, at_most=AT_ONCE) == AT_ONCE:
        uow.enqueue(job)


@task(ForgetExpiredTokens)
async def forget_expired_tokens(uow: UnitOfWork, _job: ForgetExpiredTokens) -> None:
    """Deletes them."""
    await forget_expired(uow.connection, now=uow.now)
