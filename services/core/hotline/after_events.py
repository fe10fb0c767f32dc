"""Events of what follows an answer: ids, numbers and words that the program names."""

from typing import ClassVar
from uuid import UUID

from services.core.hotline.after_rules import CallBackState, Cause
from services.core.kit.events import Event


class ComplaintRated(Event):
    """A reporter said what he thinks of an answer."""

    kind: ClassVar[str] = "complaint.rated"
    nameless: ClassVar[bool] = True
    round: int
    satisfied: bool
    resolved: bool


class CallBackDue(Event):
    """A complaint was closed: its reporter is to be called."""

    kind: ClassVar[str] = "complaint.call_back_due"
    round: int


class CallBackMade(Event):
    """A reporter was called, or nobody answered."""

    kind: ClassVar[str] = "complaint.called_back"
    round: int
    state: CallBackState
    tries: int
    satisfied: bool | None
    resolved: bool | None


class SupervisionOpened(Event):
    """A reporter is dissatisfied: a supervisor is to look into it."""

    kind: ClassVar[str] = "complaint.supervision_opened"
    nameless: ClassVar[bool] = True  # it may be the reporter's own rating
    supervision_id: UUID
    round: int
    cause: Cause
    desk_id: UUID | None


class SupervisionEnded(Event):
    """The supervisor has said what he found."""

    kind: ClassVar[str] = "complaint.supervision_settled"
    supervision_id: UUID
    round: int


class ReportersForgotten(Event):
    """Who made so many complaints is known no longer; their tombstones name the batch."""

    kind: ClassVar[str] = "reporters.forgotten"
    complaints: int


class ComplaintHeld(Event):
    """Nothing of a complaint is forgotten from now on."""

    kind: ClassVar[str] = "complaint.held"


class ComplaintReleased(Event):
    """It is forgotten at its time again."""

    kind: ClassVar[str] = "complaint.released"


class ContactChangeAsked(Event):
    """A reporter is said to have another number."""

    kind: ClassVar[str] = "complaint.contact_change_asked"
    nameless: ClassVar[bool] = True
    by_reporter: bool


class ContactChangeDecided(Event):
    """Somebody made sure, or could not."""

    kind: ClassVar[str] = "complaint.contact_change_decided"
    confirmed: bool
