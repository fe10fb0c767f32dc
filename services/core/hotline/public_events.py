"""Events of what the hotline tells everybody: ids and numbers."""

from typing import ClassVar

from services.core.kit.events import Event


class ContactBoardChanged(Event):
    """The contact board of a project's site says something else; `lines`: how many it has."""

    kind: ClassVar[str] = "contact_board.changed"
    version: int
    lines: int


class ComplaintPublished(Event):
    """A case was made public, or its public words were changed; `answered`: its answer with it."""

    kind: ClassVar[str] = "complaint.published"
    version: int
    answered: bool


class ComplaintUnpublished(Event):
    """A case is public no longer."""

    kind: ClassVar[str] = "complaint.unpublished"
    version: int
