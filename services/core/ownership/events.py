"""Events of the register."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class BuildingAdded(Event):
    """A building entered the register."""

    kind: ClassVar[str] = "building.added"


class BuildingChanged(Event):
    """A building got another number."""

    kind: ClassVar[str] = "building.changed"
    version: int


class BuildingClosed(Event):
    """A building is no more."""

    kind: ClassVar[str] = "building.closed"


class EntranceAdded(Event):
    """An entrance entered the register."""

    kind: ClassVar[str] = "entrance.added"
    building_id: UUID


class EntranceChanged(Event):
    """An entrance got another number."""

    kind: ClassVar[str] = "entrance.changed"
    version: int


class EntranceClosed(Event):
    """An entrance is no more."""

    kind: ClassVar[str] = "entrance.closed"


class PropertyAdded(Event):
    """A property entered the register."""

    kind: ClassVar[str] = "property.added"
    owner_id: UUID


class PropertyChanged(Event):
    """A property's place, kind or areas were changed."""

    kind: ClassVar[str] = "property.changed"
    version: int


class PropertyClosed(Event):
    """A property is no more, and has no vote."""

    kind: ClassVar[str] = "property.closed"


class TitleTransferred(Event):
    """Title to a property changed hands."""

    kind: ClassVar[str] = "property.transferred"
    transfer_id: UUID
    from_owner_id: UUID
    to_owner_id: UUID


class OwnersCorrected(Event):
    """The register had the wrong owners of a property."""

    kind: ClassVar[str] = "property.owners_corrected"
    transfer_id: UUID
    from_owner_id: UUID
    to_owner_id: UUID


class OwnerChanged(Event):
    """An organisation's title or kind was corrected."""

    kind: ClassVar[str] = "owner.changed"
    version: int


class PersonCorrected(Event):
    """A person's name, phone or identity number was corrected."""

    kind: ClassVar[str] = "person.corrected"
    version: int


class PeopleMerged(Event):
    """Two entries were one person; `gone_id` stands for nobody any more."""

    kind: ClassVar[str] = "person.merged"
    gone_id: UUID
    match_id: UUID


class PeopleMergeProposed(Event):
    """One of the staff says that two entries with different identity numbers are one person; a second has to."""

    kind: ClassVar[str] = "person.merge_proposed"
    other_id: UUID
    match_id: UUID


class PeopleKeptApart(Event):
    """Two entries that looked alike are two people."""

    kind: ClassVar[str] = "person.kept_apart"
    other_id: UUID
    match_id: UUID


class TenancyAdded(Event):
    """Somebody rents a property."""

    kind: ClassVar[str] = "tenancy.added"
    property_id: UUID
    person_id: UUID


class TenancyEnded(Event):
    """A tenancy is over."""

    kind: ClassVar[str] = "tenancy.ended"


class RollImported(Event):
    """An import changed a compound's register; the counts are of properties."""

    kind: ClassVar[str] = "register.imported"
    import_id: UUID
    added: int
    changed: int
