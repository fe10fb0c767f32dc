"""Events of consultation: ids, numbers and words that the program names."""

from typing import ClassVar
from uuid import UUID

from services.core.consultations.rules import Grade, Matter
from services.core.kit.events import Event


class ConsultationOpened(Event):
    """Residents are asked; the first round has begun."""

    kind: ClassVar[str] = "consultation.opened"
    compound_id: UUID
    matter: Matter
    targets: int


class ConsultationRoundOpened(Event):
    """A later round asks those who have not agreed."""

    kind: ClassVar[str] = "consultation.round_opened"
    number: int
    targets: int


class ConsultationVisited(Event):
    """Attempts at doors were recorded."""

    kind: ClassVar[str] = "consultation.visited"
    number: int
    visit_ids: list[UUID]


class ConsultationAnswered(Event):
    """Doors answered. What they said is in the ledger."""

    kind: ClassVar[str] = "consultation.answered"
    number: int
    answer_ids: list[UUID]


class ConsultationEnded(Event):
    """The consultation has ended; `through`: enough agree."""

    kind: ClassVar[str] = "consultation.closed"
    matter: Matter
    doors: int
    agreed: int
    through: bool


class LiftWasRequested(Event):
    """One household asks for a lift."""

    kind: ClassVar[str] = "lift.requested"
    entrance_id: UUID
    property_id: UUID


class LiftOverdue(Event):
    """The term to begin the consultation of the entrance has ended, and it had not begun."""

    kind: ClassVar[str] = "lift.overdue"
    entrance_id: UUID


class LiftConsultationStarted(Event):
    """The community consults the entrance. `late`: after its term."""

    kind: ClassVar[str] = "lift.started"
    consultation_id: UUID
    late: bool


class LiftAppraised(Event):
    """The grade of the house is on record."""

    kind: ClassVar[str] = "lift.appraised"
    version: int
    grade: Grade


class LiftObjected(Event):
    """A neighbour objects."""

    kind: ClassVar[str] = "lift.objected"
    objection_id: UUID


class LiftObjectionSettled(Event):
    """An objection is settled."""

    kind: ClassVar[str] = "lift.objection_settled"
    objection_id: UUID


class MeetingRecorded(Event):
    """A meeting's record was written."""

    kind: ClassVar[str] = "meeting.recorded"
    compound_id: UUID
    attended: int


class MeetingChanged(Event):
    """A meeting's record was written anew."""

    kind: ClassVar[str] = "meeting.changed"
    version: int


class MeetingWasPublished(Event):
    """Everybody may read the record."""

    kind: ClassVar[str] = "meeting.published"
    compound_id: UUID


class FollowUpWasDone(Event):
    """What a meeting left to do is done."""

    kind: ClassVar[str] = "meeting.follow_up_done"
    follow_up_id: UUID
