"""Events of policies."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class PolicyStored(Event):
    """A region stored a version of a policy of its own."""

    kind: ClassVar[str] = "policy.stored"
    policy_id: str
    number: int
    digest: str


class PolicyAssigned(Event):
    """A policy version now holds in a region."""

    kind: ClassVar[str] = "policy.assigned"
    region_id: UUID
    policy_id: str
    number: int
