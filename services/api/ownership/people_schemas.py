"""What routes of owners and people take and answer. Names and numbers are masked everywhere but in `RevealedOut`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.api.ownership.schemas import (
    HeadOut,
    IdentityNumber,
    Listed,
    MemberOut,
    PersonName,
    Phone,
    Wanted,
)
from services.api.wire import In, Line, Reason
from services.core.kit.exact import DecimalOut
from services.core.ownership import people, rules
from services.core.ownership.rules import OwnerKind, PropertyKind


def _digits(given: str) -> str:
    if not (given.isascii() and given.isdigit()):
        raise ValueError("应为四位数字", "must be four digits")
    return given


LastFour = Annotated[str, Field(min_length=4, max_length=4, examples=["1234"]), AfterValidator(_digits)]


class OrganisationIn(In):
    """An organisation's title and kind."""

    kind: Literal[OwnerKind.COMPANY, OwnerKind.PUBLIC, OwnerKind.DEVELOPER]
    title: Line


class CorrectPersonIn(In):
    """What is to be put right: fields that are not there stay as they are, null removes a phone or number."""

    name: PersonName | None = None
    phone: Phone | None = None
    identity_number: IdentityNumber | None = None


class RevealIn(In):
    """What is to be shown in the clear, and what for."""

    purpose: people.Purpose
    fields: list[people.Field] = Field(min_length=1, max_length=3, examples=[["phone"]])


class SearchIn(In):
    """At least one: a name (one character alone: what names begin with), the last four digits of a phone, a whole phone, an
    identity number.
    """

    name: PersonName | None = None
    phone_last4: LastFour | None = None
    phone: Phone | None = None
    identity_number: IdentityNumber | None = None


class SamePersonIn(In):
    """The other entry, and why the two are one person, or two."""

    other_id: UUID
    reason: Reason


class OwnerOut(HeadOut):
    """A head with what it has a vote for. `without_area`: properties of which no source has said the area."""

    compound_id: UUID
    properties: int
    exclusive_area: DecimalOut
    without_area: int
    version: int
    created_at: datetime


class DoorOut(BaseModel):
    """A property that somebody owns or rents."""

    property_id: UUID
    role: str
    building_no: str | None
    entrance_no: str | None
    door_no: str
    kind: PropertyKind


class PersonOut(MemberOut):
    """A person with their doors. `merged_into_id`: the entry that stands for this one."""

    compound_id: UUID
    doors: list[DoorOut]
    merged_into_id: UUID | None
    version: int
    created_at: datetime


class RevealedOut(BaseModel):
    """Particulars in the clear, those that were asked for."""

    person_id: UUID
    fields: dict[people.Field, str | None]


class ProposalOut(BaseModel):
    """A merge that one of the staff has proposed, and which entry is to stay."""

    keep_id: UUID
    proposed_by: UUID | None
    proposed_at: datetime


class MatchOut(BaseModel):
    """Two entries that may be one person: the same identity number, or else the same name and phone; or those of a proposal."""

    first: PersonOut
    second: PersonOut
    same_number: bool
    proposal: ProposalOut | None


class DecisionOut(BaseModel):
    """What staff decided about a person and another entry, and why."""

    id: UUID
    other_id: UUID
    verdict: rules.Verdict
    reason: str
    decided_by: UUID | None
    decided_at: datetime


class OwnerPage(Listed):
    """Heads in the order of entry."""

    items: list[OwnerOut]


class PersonPage(Listed):
    """People in the order of entry."""

    items: list[PersonOut]


class MatchPage(Listed):
    """Pairs that nobody has decided about."""

    items: list[MatchOut]


class DecisionPage(Listed):
    """Decisions in the order in which they were made."""

    items: list[DecisionOut]


class FoundOut(BaseModel):
    """Who fits. `has_more`: too many do; say more."""

    items: list[PersonOut]
    has_more: bool


class OwnerQuery(Wanted):
    """By kind; `former` also shows heads that own nothing any more."""

    kind: OwnerKind | None = None
    former: bool = False


class PersonQuery(Wanted):
    """`merged` also shows entries that another stands for; `synthetic` those made up, or those that are not."""

    merged: bool = False
    synthetic: bool | None = None
