"""What routes of household visits take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.api.hotline.schemas import Code, Phone, Text
from services.api.surveys.schemas import Key, QuestionIn, QuestionOut, QuestionResult
from services.api.wire import In, Line, Reason, one_line
from services.core.aftercare.rules import MOST_AT_ONCE, MOST_QUESTIONS, BodyKind, Outcome, Status, VisitState
from services.core.aftercare.visits import Attempt, Body

Note = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]


class BodyIn(In):
    """A body that visits."""

    kind: BodyKind
    title: Line = Field(examples=["焦作市总工会"])


class CampaignIn(In):
    """Visits to every household of a compound, about a project that was handed over."""

    compound_id: UUID
    project_id: UUID
    title: Line
    bodies: list[BodyIn] = Field(min_length=1, max_length=20)
    questions: list[QuestionIn] = Field(min_length=1, max_length=MOST_QUESTIONS)

    def visitors(self) -> list[Body]:
        """The bodies for the use case."""
        return [Body(one.kind, one.title) for one in self.bodies]


class BodyOut(BaseModel):
    """A body that visits."""

    id: UUID
    kind: BodyKind
    title: str


class CampaignOut(BaseModel):
    """A campaign. `households`, `met`, `declined`: what it came to, once closed; while it is open `…/progress` tells."""

    id: UUID
    compound_id: UUID
    compound_name: str
    project_id: UUID
    title: str
    bodies: list[BodyOut]
    questions: list[QuestionOut]
    status: Status
    version: int
    opened_at: datetime
    closed_at: datetime | None
    close_reason: str | None
    households: int | None
    met: int | None
    declined: int | None


class CampaignItem(BaseModel):
    """A campaign in a list."""

    id: UUID
    compound_id: UUID
    compound_name: str
    project_id: UUID
    title: str
    status: Status
    opened_at: datetime
    closed_at: datetime | None
    households: int | None
    met: int | None
    declined: int | None


class CampaignPage(BaseModel):
    """A page of campaigns."""

    items: list[CampaignItem]
    next_cursor: str | None
    has_more: bool


class CampaignQuery(In):
    """Which campaigns."""

    compound_id: UUID | None = None
    project_id: UUID | None = None
    status: Status | None = None
    limit: Any = None
    cursor: Any = None


class CloseIn(In):
    """`reason`: needed while households wait."""

    reason: Reason | None = None


class AssignIn(In):
    """Households for a body of the campaign; `visitor_id`: who of the staff goes there."""

    body_id: UUID
    visitor_id: UUID | None = None
    property_ids: list[UUID] = Field(min_length=1, max_length=MOST_AT_ONCE)


class AttemptIn(In):
    """One attempt. `answers`, by question, where the household was met. `note` holds no phone and no identity number."""

    property_id: UUID
    body_id: UUID
    made_on: date
    outcome: Outcome
    answers: dict[Key, Any] | None = Field(default=None, max_length=MOST_QUESTIONS)
    note: Note | None = None

    def attempt(self) -> Attempt:
        """The same for the use case."""
        return Attempt(self.property_id, self.body_id, self.made_on, self.outcome, self.answers, self.note)


class AttemptsIn(In):
    """Attempts: all are recorded, or none."""

    attempts: list[AttemptIn] = Field(min_length=1, max_length=MOST_AT_ONCE)


class CountsOut(BaseModel):
    """Households by where they stand. `waiting`: nobody met them yet."""

    households: int
    met: int
    declined: int
    waiting: int


class AttemptedOut(BaseModel):
    """What was recorded, and where all households stand now."""

    attempt_ids: list[UUID]
    totals: CountsOut


class AssignedOut(BaseModel):
    """How many households were assigned."""

    assigned: int


class EntranceVisits(CountsOut):
    """One entrance, or the doors of a building outside any entrance."""

    building_id: UUID | None
    entrance_id: UUID | None
    building_no: str
    entrance_no: str


class VisitProgressPage(BaseModel):
    """How far a campaign is. `visited_share`: households met, of all."""

    totals: CountsOut
    visited_share: str
    items: list[EntranceVisits]
    next_cursor: str | None
    has_more: bool


class HouseholdOut(BaseModel):
    """A household that is visited: by its door, without a name."""

    property_id: UUID
    building_no: str
    entrance_no: str
    door_no: str
    state: VisitState
    body_id: UUID | None
    visitor_id: UUID | None
    attempts: int
    last_made_on: date | None
    last_outcome: Outcome | None


class HouseholdPage(BaseModel):
    """A page of households, by building, entrance and door."""

    items: list[HouseholdOut]
    next_cursor: str | None
    has_more: bool


class HouseholdQuery(In):
    """Which households. `mine`: those that the caller is to visit."""

    state: VisitState | None = None
    building_id: UUID | None = None
    body_id: UUID | None = None
    mine: bool = False
    limit: Any = None
    cursor: Any = None


class FindingOut(BaseModel):
    """The complaint that a finding became."""

    finding: int
    complaint_id: UUID


class AttemptOut(BaseModel):
    """One attempt. `complaints`: what became of its findings."""

    id: UUID
    property_id: UUID
    body_id: UUID
    made_on: date
    outcome: Outcome
    answers: dict[str, Any] | None
    note: str | None
    recorded_by: UUID | None
    recorded_at: datetime
    complaints: list[FindingOut]


class FindingIn(In):
    """What was found at a household. `finding`: the how manieth of this attempt; the same number again is the same finding.

    `phone`: whom to call about it, as the household says.
    """

    finding: Annotated[int, Field(ge=1, le=20)] = 1
    category: Code
    description: Text
    phone: Phone | None = None


class AttemptPage(BaseModel):
    """A page of attempts, the oldest first."""

    items: list[AttemptOut]
    next_cursor: str | None
    has_more: bool


class AttemptQuery(In):
    """Which attempts."""

    property_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class VisitResultsOut(BaseModel):
    """What the households said that were met; of one met twice, the later answers."""

    totals: CountsOut
    questions: list[QuestionResult]
