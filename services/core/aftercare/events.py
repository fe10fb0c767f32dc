"""Events of what follows a renovation: ids, numbers and words that the program names."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.aftercare.warranty_rules import Action, Liability, State
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


class FindingTaken(Event):
    """What was found at a household became a complaint."""

    kind: ClassVar[str] = "visits.finding_taken"
    attempt_id: UUID
    finding: int
    complaint_id: UUID


class VisitsEnded(Event):
    """The campaign has ended with so many households met of all."""

    kind: ClassVar[str] = "visits.closed"
    households: int
    met: int
    declined: int


class WarrantyRecorded(Event):
    """How long an item is under warranty was recorded."""

    kind: ClassVar[str] = "warranty.recorded"
    project_id: UUID
    organisation_id: UUID
    ends_on: date


class WarrantyCorrected(Event):
    """What was recorded of a warranty is corrected."""

    kind: ClassVar[str] = "warranty.corrected"
    organisation_id: UUID
    ends_on: date


class DefectReported(Event):
    """A defect of an item was reported. `covered`: in time."""

    kind: ClassVar[str] = "warranty_ticket.reported"
    term_id: UUID
    compound_id: UUID
    complaint_id: UUID | None
    covered: bool


class TicketMoved(Event):
    """Something was done about a ticket; where it stands now, and whose the defect is."""

    kind: ClassVar[str] = "warranty_ticket.moved"
    action: Action
    state: State
    liability: Liability
