"""Events of the hotline: ids, numbers and words that the program or a city names. A transfer's own id goes along for its sender."""

from typing import ClassVar
from uuid import UUID

from services.core.hotline.rules import Act, Channel, Kind, State
from services.core.kit.events import Event


class ComplaintReceived(Event):
    """A complaint came in; from whom, the event does not tell. `key`: its category's code. `came_again`: since it was closed."""

    kind: ClassVar[str] = "complaint.received"
    nameless: ClassVar[bool] = True
    key: str
    channel: Channel
    sort: Kind
    hazard: bool
    came_again: int
    partner_ref: str | None = None


class ComplaintMoved(Event):
    """Staff did something with a complaint, or said something about it: `entry_id` is the line of its history."""

    kind: ClassVar[str] = "complaint.moved"
    act: Act
    state: State
    entry_id: UUID
    desk_id: UUID | None = None
    partner_ref: str | None = None


class ComplaintRouted(Event):
    """The rules of routing sent it to a desk, in the transaction of whoever brought it: who that was, the event does not tell."""

    kind: ClassVar[str] = "complaint.routed"
    nameless: ClassVar[bool] = True
    act: Act
    state: State
    entry_id: UUID
    desk_id: UUID | None = None
    partner_ref: str | None = None


class ReporterActed(Event):
    """Who made a complaint did something with it, or added to it."""

    kind: ClassVar[str] = "complaint.reporter_acted"
    nameless: ClassVar[bool] = True
    act: Act
    state: State
    entry_id: UUID
    partner_ref: str | None = None


class ComplaintCorrected(Event):
    """What a complaint is about was put right; `key`: its category's code now."""

    kind: ClassVar[str] = "complaint.corrected"
    version: int
    key: str


class CategoryChanged(Event):
    """A category was added, reworded or retired."""

    kind: ClassVar[str] = "complaint_category.changed"
    key: str
    version: int
    retired: bool


class TemplateChanged(Event):
    """A template of replies was added, reworded or retired."""

    kind: ClassVar[str] = "reply_template.changed"
    version: int
    retired: bool
