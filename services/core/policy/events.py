"""Events of policies."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class PolicyAssigned(Event):
    """A policy version now holds in a region."""

    kind: ClassVar[str] = "policy.assigned"
    region_id: UUID
    policy_id: str
    number: int
