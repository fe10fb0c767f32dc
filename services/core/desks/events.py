"""Events of organisations, desks and routing rules."""

from typing import ClassVar
from uuid import UUID

from services.core.desks.rules import DeskRole, OrganisationKind
from services.core.kit.events import Event


class OrganisationRegistered(Event):
    """An organisation was entered into the register."""

    kind: ClassVar[str] = "organisation.registered"
    organisation_kind: OrganisationKind


class OrganisationChanged(Event):
    """Name, code or kind were changed."""

    kind: ClassVar[str] = "organisation.changed"
    organisation_kind: OrganisationKind
    version: int


class OrganisationWasClosed(Event):
    """No desk of it is opened any more."""

    kind: ClassVar[str] = "organisation.closed"
    version: int


class DeskOpened(Event):
    """Cases can be sent to a new desk."""

    kind: ClassVar[str] = "desk.opened"
    role: DeskRole
    organisation_id: UUID | None


class DeskChanged(Event):
    """Title or organisation were changed."""

    kind: ClassVar[str] = "desk.changed"
    organisation_id: UUID | None
    version: int


class DeskWasClosed(Event):
    """No case is sent there any more."""

    kind: ClassVar[str] = "desk.closed"
    version: int


class MemberPut(Event):
    """Somebody goes on duty at the desk."""

    kind: ClassVar[str] = "desk.member_put"
    member_id: UUID
    staff_id: UUID


class MemberTaken(Event):
    """Somebody goes off duty; to whom he handed over, where he did."""

    kind: ClassVar[str] = "desk.member_taken"
    member_id: UUID
    staff_id: UUID
    handed_to: UUID | None


class RuleMade(Event):
    """A rule sends cases to a desk."""

    kind: ClassVar[str] = "routing_rule.made"
    desk_id: UUID
    is_default: bool


class RuleChanged(Event):
    """A new version of a rule takes the place of the one before."""

    kind: ClassVar[str] = "routing_rule.changed"
    number: int
    desk_id: UUID


class RuleWasEnded(Event):
    """A rule sends nothing any more from a moment on."""

    kind: ClassVar[str] = "routing_rule.ended"
    number: int
