"""Events of residents: which property, and how sure it is. Whose account it is, only the actor tells where he acted himself."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event
from services.core.residents.rules import Assurance, Ground


class ResidentBound(Event):
    """A resident stands for a property from now on."""

    kind: ClassVar[str] = "binding.made"
    property_id: UUID
    assurance: Assurance


class ResidentUnbound(Event):
    """He does so no more; `ground` where the community said it."""

    kind: ClassVar[str] = "binding.ended"
    property_id: UUID
    ground: Ground | None = None


class CodesIssued(Event):
    """Codes for a compound's people were printed; those printed before are worth nothing."""

    kind: ClassVar[str] = "binding_codes.issued"
    codes: int


class BindingAsked(Event):
    """A resident asks the community to bind him."""

    kind: ClassVar[str] = "binding_request.made"


class BindingAnswered(Event):
    """The community answered; a binding where it said yes."""

    kind: ClassVar[str] = "binding_request.decided"
    binding_id: UUID | None


class BindingAskedNoMore(Event):
    """The resident took his request back."""

    kind: ClassVar[str] = "binding_request.withdrawn"


class ConsentTextPublished(Event):
    """There is a new version of a text; residents are asked anew."""

    kind: ClassVar[str] = "consent_text.published"
    number: int


class ResidentDisabled(Event):
    """An account was shut: nobody signs in to it."""

    kind: ClassVar[str] = "resident.disabled"
    ground: Ground


class ResidentEnabled(Event):
    """It was opened again."""

    kind: ClassVar[str] = "resident.enabled"


class ResidentErased(Event):
    """An account is a tombstone now. What it answered and how it voted stays counted."""

    kind: ClassVar[str] = "resident.erased"
    bindings: int
