"""What routes of consultations take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.api.wire import In, OpenReason, one_line
from services.core.consultations.answering import Said, Visit, Visitor
from services.core.consultations.rules import MOST_AT_ONCE, Answer, Channel, Matter, Outcome, Status
from services.core.policy.consulting import Asker

Opinion = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]


class ConsultationIn(In):
    """A new consultation. `project_id`: exactly where it is about whether, or what, to renovate. Lifts begin from a request."""

    compound_id: UUID
    matter: Matter = Field(examples=["duties"])
    project_id: UUID | None = None


class ConsultationOut(BaseModel):
    """A consultation. `doors`, `agreed`: what it came to, once closed; while it is open `…/progress` tells."""

    id: UUID
    compound_id: UUID
    compound_name: str
    matter: Matter
    project_id: UUID | None
    plan_number: int | None
    entrance_id: UUID | None
    policy_version_id: UUID
    status: Status
    round: int
    version: int
    opened_at: datetime
    closed_at: datetime | None
    close_reason: str | None
    doors: int | None
    agreed: int | None


class ConsultationPage(BaseModel):
    """A page of consultations."""

    items: list[ConsultationOut]
    next_cursor: str | None
    has_more: bool


class ConsultationQuery(In):
    """Which consultations."""

    compound_id: UUID | None = None
    project_id: UUID | None = None
    matter: Matter | None = None
    status: Status | None = None
    limit: Any = None
    cursor: Any = None


class CloseIn(In):
    """`reason`: needed where it ends before it is through."""

    reason: OpenReason | None = None


class RoundOut(BaseModel):
    """One round: who asked whom, and what was said in it last. `visited`: doors that somebody came to, at home or not."""

    number: int
    title: str
    actors: list[Asker]
    together: bool
    opened_at: datetime
    ended_at: datetime | None
    targets: int
    visits: int
    visited: int
    agreed: int
    disagreed: int
    undecided: int


class RoundsOut(BaseModel):
    """Every round of a consultation so far, and what the policy still has."""

    items: list[RoundOut]
    remaining: int


class CountsOut(BaseModel):
    """Doors by what they say now."""

    doors: int
    agreed: int
    disagreed: int
    undecided: int
    unanswered: int


class EntranceProgress(CountsOut):
    """One entrance, or the doors of a building outside any entrance."""

    building_id: UUID | None
    entrance_id: UUID | None
    building_no: str
    entrance_no: str


class ProgressPage(BaseModel):
    """How far it is. `agree_at_least`: the share of all doors that the policy wants; null, as `through`, for a lift, whose
    conditions are in `/v1/lift-requests/{id}/gates`.
    """

    totals: CountsOut
    agree_at_least: str | None
    through: bool | None
    items: list[EntranceProgress]
    next_cursor: str | None
    has_more: bool


class TargetOut(BaseModel):
    """A door that a round asks. `owners`: names masked, an organisation's whole. Attempts and outcome are of this round."""

    property_id: UUID
    kind: str
    building_no: str
    entrance_no: str
    door_no: str
    owners: list[str]
    answer: Answer | None
    channel: Channel | None
    answered_at: datetime | None
    attempts: int
    last_visited_on: date | None
    last_outcome: Outcome | None


class TargetPage(BaseModel):
    """A page of a round's doors, by building, entrance and door."""

    items: list[TargetOut]
    next_cursor: str | None
    has_more: bool


class TargetQuery(In):
    """`waiting=true`: only those that do not agree now."""

    waiting: bool = False
    building_id: UUID | None = None
    entrance_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class VisitorIn(In):
    """Who came: a body, and who of the staff where it is one of ours."""

    actor: Asker
    staff_id: UUID | None = None


class VisitIn(In):
    """One attempt at a door; `opinion`: what was said there, without names and numbers of people."""

    property_id: UUID
    visited_on: date
    outcome: Outcome
    visitors: list[VisitorIn] = Field(min_length=1, max_length=10)
    opinion: Opinion | None = None

    def visit(self) -> Visit:
        """The same for the use case."""
        visitors = tuple(Visitor(one.actor, one.staff_id) for one in self.visitors)
        return Visit(self.property_id, self.visited_on, self.outcome, visitors, self.opinion)


class VisitsIn(In):
    """Attempts that are recorded together, or not at all."""

    visits: list[VisitIn] = Field(min_length=1, max_length=MOST_AT_ONCE)


class VisitOut(BaseModel):
    """A recorded attempt."""

    id: UUID
    number: int
    property_id: UUID
    visited_on: date
    outcome: Outcome
    visitors: list[VisitorIn]
    recorded_by: UUID | None
    recorded_at: datetime


class VisitPage(BaseModel):
    """A page of attempts, the first recorded first."""

    items: list[VisitOut]
    next_cursor: str | None
    has_more: bool


class EnteredIn(In):
    """An answer that came otherwise than at the door or by the resident's own phone."""

    property_id: UUID
    answer: Answer
    channel: Literal[Channel.MEETING, Channel.TELEPHONE, Channel.CHAT_GROUP, Channel.PAPER]
    asked_by: Asker
    opinion: Opinion | None = None

    def said(self) -> Said:
        """The same for the use case."""
        return Said(self.property_id, self.answer, self.channel, self.asked_by, self.opinion)


class AnswersIn(In):
    """Answers that are recorded together, or not at all."""

    answers: list[EnteredIn] = Field(min_length=1, max_length=MOST_AT_ONCE)


class AnswerOut(BaseModel):
    """An answer as it stands in the ledger. `superseded_at`: when the door said something else."""

    id: UUID
    number: int
    property_id: UUID
    answer: Answer
    channel: Channel
    asked_by: Asker | None
    opinion: str | None
    visit_id: UUID | None
    recorded_at: datetime
    superseded_at: datetime | None


class AnswerPage(BaseModel):
    """A page of answers, the first first."""

    items: list[AnswerOut]
    next_cursor: str | None
    has_more: bool


class LedgerQuery(In):
    """`property_id`: of one door."""

    property_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class RecordedOut(BaseModel):
    """What was recorded, and what all doors say now."""

    round: int
    recorded: int
    totals: CountsOut
