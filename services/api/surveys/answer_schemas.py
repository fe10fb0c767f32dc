"""What routes of answers to surveys take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import In, OpenDocument, OpenReason
from services.core.surveys.answering import MAX_BATCH, Entry
from services.core.surveys.rules import Channel, Purpose, ResponseState, SurveyStatus, Unit

Answers = Annotated[dict[str, Any], Field(max_length=100, examples=[{"join": "yes"}])]


class ResponseIn(In):
    """Answers by question. A resident names the property that he answers for and leaves the rest; staff name the property, or the
    person where the survey asks people, and how the answer came in.

    `questionnaire`: the version that was answered, when it is not the one in use. `document`: where the paper is kept.
    """

    answers: Answers
    property_id: UUID | None = None
    person_id: UUID | None = None
    channel: Channel = Channel.PHONE
    questionnaire: int | None = Field(default=None, ge=1, le=1_000_000)
    document: OpenDocument | None = None

    def entry(self) -> Entry:
        """The same for the use case of staff."""
        unit_id = self.person_id or self.property_id
        return Entry(unit_id, self.channel, self.answers, self.questionnaire, self.document)


class BatchIn(In):
    """Answers of up to 200 households, each taken or refused by itself."""

    responses: list[ResponseIn] = Field(
        min_length=1, max_length=MAX_BATCH, examples=[[{"channel": "paper", "answers": {}}]]
    )


class ConfirmIn(In):
    """Entries that a second person has compared with what was said."""

    response_ids: list[UUID] = Field(min_length=1, max_length=MAX_BATCH)


class EndIn(In):
    """Why an answer does not count."""

    reason: OpenReason


class Refusal(BaseModel):
    """Why one of several was refused: what a problem document of its own would say."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, str]] = []


class OutcomeOut(BaseModel):
    """What became of one of several, by its place in the request."""

    index: int
    response_id: UUID | None
    refusal: Refusal | None


class OutcomesOut(BaseModel):
    """What became of each, in the order of the request."""

    items: list[OutcomeOut]


class DoorOut(BaseModel):
    """Where somebody is asked."""

    property_id: UUID
    compound_id: UUID
    building: str | None
    entrance: str | None
    door_no: str


class ResponseOut(DoorOut):
    """An answer and what became of it. `standing`: what the resident who gave it is to the household; `entered_by`: who of the
    staff entered it.
    """

    id: UUID
    unit_id: UUID
    questionnaire: int
    answers: dict[str, Any]
    channel: Channel
    state: ResponseState
    standing: str | None
    document: str | None
    entered_by: UUID | None
    entered_at: datetime
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class ResponsePage(BaseModel):
    """A page of answers."""

    items: list[ResponseOut]
    next_cursor: str | None
    has_more: bool


class OwnSurvey(BaseModel):
    """A survey that asks the caller at one of his doors. `answered_at`: when what counts was said; `response_id`: by himself."""

    survey_id: UUID
    title: str
    purpose: Purpose
    unit: Unit
    status: SurveyStatus
    closes_on: date | None
    questionnaire: int
    unit_id: UUID
    property_id: UUID
    compound_id: UUID
    building: str | None
    entrance: str | None
    door_no: str
    response_id: UUID | None
    answered_at: datetime | None


class OwnSurveyPage(BaseModel):
    """A page of surveys."""

    items: list[OwnSurvey]
    next_cursor: str | None
    has_more: bool


class OwnSurveyQuery(In):
    """`waiting=true`: only what the caller can answer and nobody has."""

    waiting: bool = False
    limit: Any = None
    cursor: Any = None


class ResponseQuery(In):
    """Which answers. `unit_id`: all that was said of one household or person, its history. `mine=false`: entered by others."""

    state: ResponseState | None = None
    channel: Channel | None = None
    unit_id: UUID | None = None
    building_id: UUID | None = None
    mine: bool = True
    limit: Any = None
    cursor: Any = None


class UnansweredItem(DoorOut):
    """A door where nobody has answered."""

    unit_id: UUID


class UnansweredPage(BaseModel):
    """A page of doors."""

    items: list[UnansweredItem]
    next_cursor: str | None
    has_more: bool


class UnansweredQuery(In):
    """Which doors."""

    building_id: UUID | None = None
    entrance_id: UUID | None = None
    limit: Any = None
    cursor: Any = None
