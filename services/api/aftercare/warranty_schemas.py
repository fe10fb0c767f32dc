"""What routes of warranty take and answer."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.api.wire import Document, In, Line, Reason, one_line
from services.core.aftercare.warranty import Defect, Terms
from services.core.aftercare.warranty_rules import (
    MOST_MONTHS,
    Action,
    Length,
    Liability,
    Season,
    State,
    Verdict,
    Work,
)

_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)


def _of_every_year(given: str) -> str:
    found = _MONTH_DAY.fullmatch(given)
    try:
        if found is None:
            raise ValueError
        date(2023, int(found[1]), int(found[2]))  # no leap year: the day has to come every year
    except ValueError as wrong:
        raise ValueError("应为每年都有的月日，如 11-15", "must be a month and day of every year: 11-15") from wrong
    return given


MonthDay = Annotated[str, Field(max_length=5, examples=["11-15"]), AfterValidator(_of_every_year)]
Words = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(one_line)]


class SeasonIn(In):
    """A heating or cooling season of the place; it may run over the turn of the year."""

    begins: MonthDay
    ends: MonthDay


class TermIn(In):
    """How long an item is under warranty. Months; for heating and cooling, whole seasons instead.

    Not less than the law's (建设工程质量管理条例 art. 40): waterproofing 60 months; electrical, plumbing, equipment, decoration 24;
    heating and cooling 2 seasons; infrastructure and structure what the design says, which `document` names then.
    """

    work: Work
    item: Line = Field(examples=["3 号楼屋面防水"])
    organisation_id: UUID
    accepted_on: date
    months: int | None = Field(default=None, ge=1, le=MOST_MONTHS)
    seasons: int | None = Field(default=None, ge=1, le=50)
    season: SeasonIn | None = None
    document: Document

    def terms(self) -> Terms:
        """The same for the use case."""
        season = None if self.season is None else Season(_pair(self.season.begins), _pair(self.season.ends))
        length = Length(self.months, self.seasons, season)
        return Terms(self.work, self.item, self.organisation_id, self.accepted_on, length, self.document)


class NewTermIn(TermIn):
    """The warranty of an item that a project built at one of its compounds."""

    compound_id: UUID
    project_id: UUID


def _pair(month_day: str) -> tuple[int, int]:
    month, day = month_day.split("-")
    return int(month), int(day)


class TermOut(BaseModel):
    """A warranty. `last_day`: until when a defect is in time; later than `ends_on` where that is no working day.

    `days_left`: from today until then, none once it has expired.
    """

    id: UUID
    compound_id: UUID
    compound_name: str
    project_id: UUID
    work: Work
    item: str
    organisation_id: UUID
    organisation_name: str
    accepted_on: date
    months: int | None
    seasons: int | None
    season_begins: str | None
    season_ends: str | None
    ends_on: date
    last_day: date
    days_left: int | None
    document: str
    version: int
    recorded_at: datetime


class TermPage(BaseModel):
    """A page of warranties."""

    items: list[TermOut]
    next_cursor: str | None
    has_more: bool


class TermQuery(In):
    """Which warranties. `ends_before`: those that end earlier than that day."""

    compound_id: UUID | None = None
    project_id: UUID | None = None
    organisation_id: UUID | None = None
    work: Work | None = None
    ends_before: date | None = None
    limit: Any = None
    cursor: Any = None


class TicketIn(In):
    """A defect of an item under warranty. `reported_on`: the day that it was told of, today if left out; of a complaint
    (`complaint_id`) the day that it was made. `paid`: after the last day it is taken as a paid repair, not refused.
    """

    term_id: UUID
    place: Line = Field(examples=["3 号楼 2 单元顶层"])
    defect: Reason = Field(examples=["屋面渗漏"])
    reported_on: date | None = None
    property_id: UUID | None = None
    complaint_id: UUID | None = None
    paid: bool = False

    def reported(self) -> Defect:
        """The same for the use case."""
        return Defect(self.place, self.defect, self.reported_on, self.property_id, self.complaint_id)


class TicketItem(BaseModel):
    """A ticket in a list. `covered`: reported in time. `liability`: whose the defect is; it may be disputed during the repair."""

    id: UUID
    term_id: UUID
    compound_id: UUID
    compound_name: str
    project_id: UUID
    work: Work
    item: str
    organisation_id: UUID
    organisation_name: str
    ends_on: date
    property_id: UUID | None
    complaint_id: UUID | None
    place: str
    defect: str
    reported_on: date
    covered: bool
    state: State
    liability: Liability
    failures: int
    version: int
    reported_at: datetime
    ended_at: datetime | None


class TicketPage(BaseModel):
    """A page of tickets."""

    items: list[TicketItem]
    next_cursor: str | None
    has_more: bool


class EntryOut(BaseModel):
    """One step of a ticket's way, and what it led to."""

    action: Action
    state: State
    liability: Liability
    note: str | None
    document: str | None
    by: UUID | None
    at: datetime


class TicketOut(TicketItem):
    """A ticket with its way so far."""

    entries: list[EntryOut]


class TicketQuery(In):
    """Which tickets."""

    compound_id: UUID | None = None
    project_id: UUID | None = None
    organisation_id: UUID | None = None
    term_id: UUID | None = None
    complaint_id: UUID | None = None
    state: State | None = None
    liability: Liability | None = None
    covered: bool | None = None
    limit: Any = None
    cursor: Any = None


class NoteIn(In):
    """Words about a step, where there is something to say."""

    note: Words | None = None


class WhyIn(In):
    """Why."""

    note: Words


class RecheckIn(In):
    """Whether it is repaired; if not, what is wrong still."""

    passed: bool
    note: Words | None = None


class SettleIn(In):
    """Whose the defect is, why, and by which document."""

    verdict: Verdict
    note: Words
    document: Document
