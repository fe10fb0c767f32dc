"""Jobs that keep identity's tables small."""

from typing import ClassVar

from services.core.kit.jobs import Job


class ForgetExpiredTokens(Job):
    """Deletes tokens past their time, and sessions that no token is left of."""

    name: ClassVar[str] = "identity.forget_expired_tokens"
