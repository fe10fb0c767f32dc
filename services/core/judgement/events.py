"""Events of expert judgement. None tells a score: the panel is blind, and events are read while it is open.

Nor who judged: with the day and the project of each, letters of a closed panel would have names.
"""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class PanelOpened(Event):
    """Experts may judge."""

    kind: ClassVar[str] = "panel.opened"
    round_id: UUID
    key: str
    experts: int
    projects: int


class JudgementGiven(Event):
    """An expert scored a project, or scored it again."""

    kind: ClassVar[str] = "judgement.given"
    nameless: ClassVar[bool] = True
    project_id: UUID


class JudgementWasWithdrawn(Event):
    """An expert declared a conflict of interest for a project."""

    kind: ClassVar[str] = "judgement.withdrawn"
    nameless: ClassVar[bool] = True
    project_id: UUID


class PanelReviewed(Event):
    """Everybody has scored; so many scores far from the mean are to be looked at again."""

    kind: ClassVar[str] = "panel.reviewed"
    flagged: int


class PanelWasCancelled(Event):
    """The panel judges no more, and what it gave is told to nobody."""

    kind: ClassVar[str] = "panel.cancelled"
    round_id: UUID


class PanelWasClosed(Event):
    """The means are facts. `missing`: projects with too few scores."""

    kind: ClassVar[str] = "panel.closed"
    key: str
    judged: int
    missing: int
