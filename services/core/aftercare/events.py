"""Events of what follows a renovation: ids, numbers and words that the program names."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class VisitsOpened(Event):
    """Households are visited from now on."""

    kind: ClassVar[str] = "visits.opened"
    compound_id: UUID
    project_id: UUID
    households: int


class VisitsAssigned(Event):
    """Households were given to a body, and to somebody of the staff where one is named."""

    kind: ClassVar[str] = "visits.assigned"
    body_id: UUID
    visitor_id: UUID | None
    households: int


class VisitsAttempted(Event):
    """Attempts were recorded. What was said is in the ledger."""

    kind: ClassVar[str] = "visits.attempted"
    attempt_ids: list[UUID]


class VisitsEnded(Event):
    """The campaign has ended with so many households met of all."""

    kind: ClassVar[str] = "visits.closed"
    households: int
    met: int
    declined: int
