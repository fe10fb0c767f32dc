"""What routes of lift requests take and answer."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.api.wire import In, OpenDocument, OpenReason
from services.core.consultations.rules import Grade


class LiftIn(In):
    """The household of this property asks for a lift in its entrance."""

    property_id: UUID


class LiftOut(BaseModel):
    """A request. `due_at`: until when the community has to begin; null where nothing obliges it. `overdue` stays once it is true.

    `provisional`: the calendar of that time is not announced yet.
    """

    id: UUID
    compound_id: UUID
    compound_name: str
    entrance_id: UUID
    building_no: str
    entrance_no: str
    property_id: UUID
    state: Literal["requested", "consulting", "closed"]
    requested_at: datetime
    due_at: datetime | None
    provisional: bool | None
    started_at: datetime | None
    overdue: bool
    consultation_id: UUID | None
    appraisal_grade: Grade | None
    appraisal_document: str | None
    appraised_on: date | None
    version: int


class NeighbourLift(BaseModel):
    """A lift asked for in the caller's compound, with its clock; not by whom."""

    id: UUID
    compound_id: UUID
    compound_name: str
    building_no: str
    entrance_no: str
    state: Literal["requested", "consulting", "closed"]
    requested_at: datetime
    due_at: datetime | None
    provisional: bool | None
    started_at: datetime | None
    overdue: bool
    consultation_id: UUID | None


class NeighbourLiftPage(BaseModel):
    """A page of lifts, the latest first."""

    items: list[NeighbourLift]
    next_cursor: str | None
    has_more: bool


class LiftPage(BaseModel):
    """A page of requests."""

    items: list[LiftOut]
    next_cursor: str | None
    has_more: bool


class LiftQuery(In):
    """`waiting=true`: whose consultation has not begun. `overdue=true`: begun late, or late and not begun."""

    compound_id: UUID | None = None
    waiting: bool | None = None
    overdue: bool | None = None
    limit: Any = None
    cursor: Any = None


class AppraisalIn(In):
    """The grade of the house by its appraisal report."""

    grade: Grade
    document: OpenDocument
    appraised_on: date


class LiftObjectionIn(In):
    """The neighbour of this property objects; without names and numbers of people."""

    property_id: UUID
    reason: OpenReason


class SettlementIn(In):
    """What was agreed with who objected."""

    settlement: OpenReason


class LiftObjectionOut(BaseModel):
    """An objection, settled or not. `by_resident`: from the neighbour's own phone, not entered by staff."""

    id: UUID
    property_id: UUID
    reason: str
    by_resident: bool
    recorded_at: datetime
    settlement: str | None
    settled_by: UUID | None
    settled_at: datetime | None


class LiftObjectionPage(BaseModel):
    """A page of objections."""

    items: list[LiftObjectionOut]
    next_cursor: str | None
    has_more: bool


class SignedOut(BaseModel):
    """Owners of the entrance who sign, by heads and by exclusive area (m²). `unmeasured`: properties without an area on record."""

    heads: int
    heads_signed: int
    area: str
    area_signed: str
    unmeasured: int


class LiftGateOut(BaseModel):
    """One condition: whether it holds, and what is missing when it does not."""

    id: str
    met: bool
    missing: dict[Literal["zh", "en"], str] | None


class LiftGatesOut(BaseModel):
    """Every condition of the policy that the request was made under, as it stands now."""

    met: bool
    signed: SignedOut
    objections_open: int
    gates: list[LiftGateOut]
