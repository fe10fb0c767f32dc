"""Jobs of consultation."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class TellLiftOverdue(Job):
    """Looks, once the term has ended, whether the consultation of an entrance has begun."""

    name: ClassVar[str] = "consultations.lift_overdue"
    lift_request_id: UUID
