"""Jobs that keep identity's tables small and findable."""

from typing import ClassVar

from services.core.kit.jobs import Job


class RewriteDigests(Job):
    """Makes residents' digests of a former index key anew, some at a time, until none is left."""

    name: ClassVar[str] = "identity.rewrite_digests"


class ForgetExpiredTokens(Job):
    """Deletes tokens past their time, and sessions that no token is left of."""

    name: ClassVar[str] = "identity.forget_expired_tokens"
