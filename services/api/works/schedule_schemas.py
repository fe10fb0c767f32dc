"""What routes of areas, times without works and utilities' tasks take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Line, Name, OpenReason
from services.core.works.blackouts import Rest
from services.core.works.rules import BlackoutKind, Forbids, UtilityAction, UtilityKind, UtilityState
from services.core.works.schedule import Span

StartDay = Annotated[date, Field(examples=["2027-06-07"])]
EndDay = Annotated[date, Field(examples=["2027-06-10"])]


class AreaIn(In):
    """A part of the site by its name there."""

    title: Annotated[Name, Field(examples=["东侧道路"])]


class AreaOut(BaseModel):
    """A part of a site."""

    id: UUID
    title: str
    made_at: datetime


class AreaPage(BaseModel):
    """A page of areas, the earliest first."""

    items: list[AreaOut]
    next_cursor: str | None
    has_more: bool


class ConflictOut(BaseModel):
    """Two works in one area: at the same time, or both opening the ground one after the other (`dug_again`)."""

    kind: Literal["same_time", "dug_again"]
    area_id: UUID
    area_title: str
    one_type: str
    one_id: UUID
    one_title: str
    one_starts_on: date
    one_ends_on: date
    other_type: str
    other_id: UUID
    other_title: str
    other_starts_on: date
    other_ends_on: date
    meets_from: date | None
    meets_until: date | None


class ConflictPage(BaseModel):
    """A page of conflicts."""

    items: list[ConflictOut]
    next_cursor: str | None
    has_more: bool


class ConflictQuery(In):
    """`subject_id`: those of one phase or task."""

    subject_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class BlackoutChangeIn(In):
    """Days on which sites rest, both included: wholly (`works`) or with their machines (`machines`)."""

    kind: BlackoutKind
    title: Annotated[Line, Field(examples=["高考期间"])]
    starts_on: StartDay
    ends_on: EndDay
    forbids: Forbids
    document: Document

    def rest(self) -> Rest:
        """The same for the use case."""
        return Rest(self.kind, self.title, self.starts_on, self.ends_on, self.forbids, self.document)


class BlackoutIn(BlackoutChangeIn):
    """The same for all sites of a region."""

    region_id: UUID


class BlackoutOut(BaseModel):
    """Days on which the sites of a region rest."""

    id: UUID
    region_id: UUID
    region_name: str
    kind: BlackoutKind
    title: str
    starts_on: date
    ends_on: date
    forbids: Forbids
    document: str
    version: int
    made_at: datetime
    lifted_at: datetime | None


class BlackoutPage(BaseModel):
    """A page of them, the earliest made first."""

    items: list[BlackoutOut]
    next_cursor: str | None
    has_more: bool


class BlackoutQuery(In):
    """`from_day`: those that end on that day or later."""

    kind: BlackoutKind | None = None
    lifted: bool | None = None
    from_day: date | None = None
    limit: Any = None
    cursor: Any = None


class HoldingOut(BaseModel):
    """What holds at a site while its works are planned."""

    items: list[BlackoutOut]


class UtilityTaskIn(In):
    """Which utility on the site is told, of what."""

    site_organisation_id: UUID
    kind: UtilityKind
    title: Annotated[Line, Field(examples=["燃气管线改造确认"])]


class UtilityPlanIn(In):
    """Where and when the utility works, both days included; `digs`: it opens the ground."""

    starts_on: Annotated[date, Field(examples=["2027-04-01"])]
    ends_on: Annotated[date, Field(examples=["2027-04-20"])]
    area_ids: Annotated[list[UUID], Field(default_factory=list, max_length=200)]
    digs: bool
    machines: bool
    note: OpenReason | None = None
    document: Document | None = None

    def span(self) -> Span:
        """The same for the use case."""
        return Span(self.starts_on, self.ends_on, self.digs, self.machines)


class UtilityNoteIn(In):
    """Words about a step, and its document."""

    note: OpenReason | None = None
    document: Document | None = None


class UtilityWhyIn(In):
    """Why."""

    note: OpenReason


class UtilityTaskOut(BaseModel):
    """What a utility is asked on a site, and what it plans. `due_at`: the first instant that is too late to confirm."""

    id: UUID
    project_id: UUID
    site_organisation_id: UUID
    organisation_id: UUID
    organisation_name: str
    kind: UtilityKind
    title: str
    state: UtilityState
    starts_on: date | None
    ends_on: date | None
    digs: bool
    machines: bool
    area_ids: list[UUID]
    version: int
    told_at: datetime
    due_at: datetime | None
    provisional: bool | None


class UtilityTaskPage(BaseModel):
    """A page of tasks, the earliest first."""

    items: list[UtilityTaskOut]
    next_cursor: str | None
    has_more: bool


class UtilityTaskQuery(In):
    """Which tasks."""

    project_id: UUID | None = None
    organisation_id: UUID | None = None
    state: UtilityState | None = None
    kind: UtilityKind | None = None
    limit: Any = None
    cursor: Any = None


class UtilityEntryOut(BaseModel):
    """One step of a task's way, with the plan as it was then."""

    id: UUID
    action: UtilityAction
    state: UtilityState
    starts_on: date | None
    ends_on: date | None
    digs: bool
    machines: bool
    area_ids: list[UUID]
    note: str | None
    document: str | None
    by: UUID | None
    at: datetime


class UtilityEntryPage(BaseModel):
    """A page of steps, the first first."""

    items: list[UtilityEntryOut]
    next_cursor: str | None
    has_more: bool
