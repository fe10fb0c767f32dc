"""What routes of buildings, properties and tenancies take and answer; people are masked. Owners and people: `people_schemas`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.api.wire import In, Line, OpenDocument, one_line
from services.core.kit.exact import Area, DecimalOut
from services.core.ownership import rules
from services.core.ownership.owners import Holder, Named
from services.core.ownership.rules import AreaSource, OwnerKind, PropertyKind, TitleAct
from services.core.ownership.sealing import Particulars
from services.core.ownership.service import Sheet


def _positive(area: Decimal) -> Decimal:
    if not area:
        raise ValueError("须大于 0", "must be more than 0")
    return area


No = Annotated[str, Field(min_length=1, max_length=60, examples=["3"]), AfterValidator(one_line)]
PersonName = Annotated[
    str,
    Field(min_length=1, max_length=100, examples=["王伟"]),
    AfterValidator(one_line),
    AfterValidator(rules.person_name),
]
Phone = Annotated[str, Field(min_length=1, max_length=30, examples=["13812341234"]), AfterValidator(rules.phone_number)]
IdentityNumber = Annotated[
    str, Field(min_length=1, max_length=30, examples=["11010519491231002X"]), AfterValidator(rules.identity_number)
]
OwnArea = Annotated[Area, AfterValidator(_positive)]


class BuildingIn(In):
    """A building's number; 号楼, 栋, 幢 and the like are left off."""

    no: No


class EntranceIn(In):
    """An entrance's number in its building."""

    building_id: UUID
    no: No


class NumberIn(In):
    """Another number."""

    no: No


class PersonIn(In):
    """A co-owner or tenant: an entry of the compound (`person_id`), or the particulars of somebody who may be new.

    The same number and name as an entry has are that entry. `synthetic`: made up for a demonstration.
    """

    person_id: UUID | None = None
    name: PersonName | None = None
    phone: Phone | None = None
    identity_number: IdentityNumber | None = None
    synthetic: bool = False

    def named(self) -> Named:
        """As the use cases take it."""
        told = None if self.name is None else Particulars(self.name, self.phone, self.identity_number)
        return Named(self.person_id, told, self.synthetic)


class OwnersIn(In):
    """Whose a property is: `people` together, an organisation by its `title`, or nobody knows."""

    kind: OwnerKind
    people: list[PersonIn] = Field(default_factory=list, max_length=rules.MAX_OWNERS)
    title: Line | None = None

    def holder(self) -> Holder:
        """As the use cases take it."""
        return Holder(self.kind, tuple(one.named() for one in self.people), self.title)


class PropertyIn(In):
    """A property. Exclusive areas by source, the strongest decides; `registered_area` is 产权面积."""

    building_id: UUID | None = None
    entrance_id: UUID | None = None
    door_no: No
    kind: PropertyKind
    area_by_register: OwnArea | None = None
    area_by_survey: OwnArea | None = None
    area_by_contract: OwnArea | None = None
    registered_area: OwnArea | None = None

    def sheet(self) -> Sheet:
        """As the use cases take it."""
        return Sheet(**{name: getattr(self, name) for name in PropertyIn.model_fields})


class NewPropertyIn(PropertyIn):
    """A property and its owners; unknown ones unless they are given."""

    owners: OwnersIn = OwnersIn(kind=OwnerKind.UNKNOWN)


class TransferIn(In):
    """To whom title went, on which day, by which document."""

    owners: OwnersIn
    on: date
    document: OpenDocument


class CorrectOwnersIn(In):
    """Whose the property was all along, and the document that says so."""

    owners: OwnersIn
    document: OpenDocument


class TenantIn(In):
    """Who rents it, since when."""

    tenant: PersonIn
    since: date


class TenancyEndIn(In):
    """The first day on which the tenancy is over."""

    until: date


class BuildingOut(BaseModel):
    """A building. A closed one is no more."""

    id: UUID
    compound_id: UUID
    no: str
    version: int
    created_at: datetime
    closed_at: datetime | None


class EntranceOut(BuildingOut):
    """An entrance of a building."""

    building_id: UUID
    building_no: str


class MemberOut(BaseModel):
    """A person as everybody who may read the register sees them: 王*, 138****1234."""

    person_id: UUID
    name: str
    phone: str | None
    identity_number: str | None
    synthetic: bool


class HeadOut(BaseModel):
    """One head: people together, an organisation, or an unknown owner."""

    id: UUID
    kind: OwnerKind
    title: str | None
    members: list[MemberOut]


class PropertyOut(BaseModel):
    """A property. `exclusive_area` is what the strongest source says, null while none does."""

    id: UUID
    compound_id: UUID
    building_id: UUID | None
    building_no: str | None
    entrance_id: UUID | None
    entrance_no: str | None
    door_no: str
    kind: PropertyKind
    area_by_register: DecimalOut | None
    area_by_survey: DecimalOut | None
    area_by_contract: DecimalOut | None
    exclusive_area: DecimalOut | None
    exclusive_area_source: AreaSource | None
    registered_area: DecimalOut | None
    owner: HeadOut
    version: int
    created_at: datetime
    closed_at: datetime | None


class TransferOut(BaseModel):
    """A property went from one head to another."""

    id: UUID
    act: TitleAct
    from_owner_id: UUID
    to_owner_id: UUID
    effective_on: date | None
    document: str | None
    recorded_by: UUID | None
    recorded_at: datetime


class TenancyOut(BaseModel):
    """Who rents a property, since when and until when."""

    id: UUID
    property_id: UUID
    tenant: MemberOut
    since: date
    until: date | None
    version: int
    recorded_at: datetime


class KindOut(BaseModel):
    """Properties of a kind."""

    kind: PropertyKind
    properties: int
    exclusive_area: DecimalOut
    registered_area: DecimalOut
    without_area: int


class HeadsOut(BaseModel):
    """Heads of a kind with what they have a vote for."""

    kind: OwnerKind
    heads: int
    properties: int
    exclusive_area: DecimalOut


class RegisterOut(BaseModel):
    """A compound's register in figures."""

    compound_id: UUID
    buildings: int
    entrances: int
    people: int
    properties: int
    heads: int
    exclusive_area: DecimalOut
    without_area: int
    by_kind: list[KindOut]
    by_owner: list[HeadsOut]


class Listed(BaseModel):
    """A page of a list."""

    next_cursor: str | None
    has_more: bool


class BuildingPage(Listed):
    """Buildings in the order of entry."""

    items: list[BuildingOut]


class EntrancePage(Listed):
    """Entrances in the order of entry."""

    items: list[EntranceOut]


class PropertyPage(Listed):
    """Properties in the order of entry."""

    items: list[PropertyOut]


class TransferPage(Listed):
    """A property's history of owners."""

    items: list[TransferOut]


class TenancyPage(Listed):
    """A property's tenancies, past ones too."""

    items: list[TenancyOut]


class Wanted(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class BuildingQuery(Wanted):
    """`closed` also shows those that are no more."""

    closed: bool = False


class EntranceQuery(Wanted):
    """Of one building; `closed` also shows those that are no more."""

    building: UUID | None = None
    closed: bool = False


class PropertyQuery(Wanted):
    """By place, kind, door or head; `without_area`: those whose area no source has said."""

    building: UUID | None = None
    entrance: UUID | None = None
    owner: UUID | None = None
    kind: PropertyKind | None = None
    door_no: No | None = None
    without_area: bool = False
    closed: bool = False
