"""Events of projects."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event
from services.core.projects.applicants import Applicant


class ProjectRegistered(Event):
    """A project entered the library."""

    kind: ClassVar[str] = "project.registered"


class PlanAdded(Event):
    """A project has a new plan version. `lapsed`: figures of votes and notices that were about the version before."""

    kind: ClassVar[str] = "project.plan_added"
    number: int
    digest: str
    lapsed: int = 0


class ProjectApplied(Event):
    """A project competes in the next rounds of its region."""

    kind: ClassVar[str] = "project.applied"
    plan_number: int | None
    applicant: Applicant


class ProjectStarted(Event):
    """Works began."""

    kind: ClassVar[str] = "project.started"


class ProjectAccepted(Event):
    """The works were accepted."""

    kind: ClassVar[str] = "project.accepted"


class ProjectHandedOver(Event):
    """The compound was handed over to who manages it."""

    kind: ClassVar[str] = "project.handed_over"


class ProjectDropped(Event):
    """A project that was in no annual plan was given up; the reason is in its history."""

    kind: ClassVar[str] = "project.dropped"


class ProjectWithdrawn(Event):
    """A project no longer competes."""

    kind: ClassVar[str] = "project.withdrawn"


class GateExcepted(Event):
    """A person let the project past a soft gate; reason and document are in the record."""

    kind: ClassVar[str] = "project.gate_excepted"
    exception_id: UUID
    policy_id: str
    gate_id: str


class ProjectChanged(Event):
    """Title, client unit or compounds of a project were changed."""

    kind: ClassVar[str] = "project.changed"
    version: int
