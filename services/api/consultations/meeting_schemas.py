"""What routes of meetings take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.api.wire import Document, In, Line, OpenReason, one_line
from services.core.consultations.meeting_rules import MOST_FOLLOW_UPS, MOST_RESULT, FollowUp, MeetingKind, Record

Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]
Count = Annotated[int, Field(ge=0, le=100_000)]


class FollowUpIn(In):
    """What is to be done, by which body (no name), until when."""

    what: Text
    responsible: Line
    due: date | None = None


class RecordIn(In):
    """The record of a meeting. `plan_number`: the version of the project's plan that was discussed.

    `attended`: people there; `properties_represented`: properties that somebody spoke for. Names belong on the list that is
    signed, not here: what is published, everybody reads.
    """

    kind: MeetingKind
    title: Line
    held_on: date
    place: Line
    attended: Count
    properties_represented: Count
    project_id: UUID | None = None
    plan_number: int | None = Field(default=None, ge=1, le=1_000_000)
    agenda: list[Text] = Field(default_factory=list, max_length=50)
    decisions: list[Text] = Field(default_factory=list, max_length=50)
    documents: list[Document] = Field(default_factory=list, max_length=50)
    follow_ups: list[FollowUpIn] = Field(default_factory=list, max_length=MOST_FOLLOW_UPS)

    def record(self) -> Record:
        """The same for the use case."""
        return Record(
            kind=self.kind,
            title=self.title,
            held_on=self.held_on,
            place=self.place,
            attended=self.attended,
            properties_represented=self.properties_represented,
            agenda=self.agenda,
            decisions=self.decisions,
            documents=self.documents,
            follow_ups=[FollowUp(one.what, one.responsible, one.due) for one in self.follow_ups],
        )


class MeetingIn(RecordIn):
    """A meeting of a compound's residents."""

    compound_id: UUID


class DoneIn(In):
    """When it was done, and how."""

    done_on: date
    result: Annotated[OpenReason, Field(max_length=MOST_RESULT)]


class FollowUpOut(BaseModel):
    """What a meeting left to do."""

    id: UUID
    what: str
    responsible: str
    due: date | None
    done_on: date | None
    result: str | None


class PublicMeeting(BaseModel):
    """A meeting as everybody reads it: counts and decisions, nobody's name."""

    id: UUID
    compound_id: UUID
    compound_name: str
    project_id: UUID | None
    plan_number: int | None
    kind: MeetingKind
    title: str
    held_on: date
    place: str
    attended: int
    properties_represented: int
    agenda: list[str]
    decisions: list[str]
    documents: list[str]
    follow_ups: list[FollowUpOut]
    published_at: datetime | None


class MeetingSummary(BaseModel):
    """A meeting in a list that everybody, or a resident, reads."""

    id: UUID
    compound_id: UUID
    compound_name: str
    kind: MeetingKind
    title: str
    held_on: date
    attended: int
    properties_represented: int
    published_at: datetime | None


class MeetingSummaryPage(BaseModel):
    """A page of meetings, the latest first."""

    items: list[MeetingSummary]
    next_cursor: str | None
    has_more: bool


class MeetingOut(PublicMeeting):
    """A meeting for staff."""

    version: int
    recorded_at: datetime


class MeetingPage(BaseModel):
    """A page of meetings."""

    items: list[MeetingOut]
    next_cursor: str | None
    has_more: bool


class MeetingQuery(In):
    """Which meetings."""

    compound_id: UUID | None = None
    project_id: UUID | None = None
    limit: Any = None
    cursor: Any = None
