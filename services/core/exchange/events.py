"""Events of imports."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class ImportRequested(Event):
    """A file was sent to be imported."""

    kind: ClassVar[str] = "import.requested"
    dry_run: bool
    same_as: UUID | None


class ImportCancelled(Event):
    """A person asked for an import to stop; nothing of it is kept unless it was just over."""

    kind: ClassVar[str] = "import.cancelled"


class ImportFinished(Event):
    """An import wrote its rows. Figures that it brought are told by this event alone: read them again below its region."""

    kind: ClassVar[str] = "import.finished"
    created: int
    changed: int
    unchanged: int
    rows_bad: int
