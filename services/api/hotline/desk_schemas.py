"""What routes of handling by desks take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import In, Reason
from services.core.hotline.desk_rules import Decision, Ground, Part, Standing
from services.core.hotline.rules import Kind, State


class AssignIn(In):
    """Which desk leads, and which take part. `text`: what they are told."""

    desk_id: UUID
    co_desk_ids: Annotated[list[UUID], Field(default_factory=list, max_length=10)]
    text: Reason | None = None


class ContactIn(In):
    """What came of speaking with the reporter."""

    text: Reason | None = None


class FinishIn(In):
    """What was done, for the desk that leads."""

    text: Reason


class RefuseIn(In):
    """Why it is sent back."""

    ground: Ground
    text: Reason


class ArbitrateIn(In):
    """Where it goes for good: to this desk, or without one back to the desk that sent it back."""

    desk_id: UUID | None = None
    text: Reason


class DeskClockOut(BaseModel):
    """A clock of an assignment. `breached` stays once it is true."""

    kind: str
    state: Literal["running", "paused", "met", "missed", "cancelled"]
    due_at: datetime
    met_at: datetime | None
    provisional: bool
    breached: bool


class RefusalOut(BaseModel):
    """The last time that the assignment was sent back, and what the arbiter made of it."""

    ground: Ground
    text: str
    refused_at: datetime
    decision: Decision
    decided_at: datetime | None
    decision_text: str | None


class AssignmentOut(BaseModel):
    """A desk's part of a case. `rule_*`: the version of the rule that sent it, null when somebody did."""

    id: UUID
    desk_id: UUID
    desk_title: str
    organisation_name: str | None
    part: Part
    state: Standing
    binding: bool
    rule_id: UUID | None
    rule_number: int | None
    rule_title: str | None
    assigned_by: UUID | None
    assigned_at: datetime
    signed_in_by: UUID | None
    signed_in_at: datetime | None
    ended_at: datetime | None
    clocks: list[DeskClockOut]
    refusal: RefusalOut | None


class AssignmentPage(BaseModel):
    """A page of a case's assignments, in the order in which they came."""

    items: list[AssignmentOut]
    next_cursor: str | None
    has_more: bool


class WaitingOut(BaseModel):
    """What waits for an arbiter. `refusals`: how often the case's leading desks have sent it back."""

    id: UUID
    assignment_id: UUID
    complaint_id: UUID
    no: str
    desk_id: UUID
    desk_title: str
    part: Part
    ground: Ground
    text: str
    refused_at: datetime
    refusals: int


class WaitingPage(BaseModel):
    """A page of what waits, the longest waiting first."""

    items: list[WaitingOut]
    next_cursor: str | None
    has_more: bool


class DeskItemOut(BaseModel):
    """A case in a desk's list. `due_at`: when its reply is due, for the desk that leads the case's own; `days_left` below 0: late.

    Both are null where no clock runs; `paused`: it stands still. `came_again`: the how many-th time since the matter was closed
    first; `repeat_of_id`: the time before.
    """

    id: UUID
    no: str
    assignment_id: UUID
    part: Part
    standing: Standing
    binding: bool
    assigned_at: datetime
    category: str
    category_zh: str
    category_en: str
    kind: Kind
    hazard: bool
    state: State
    compound_id: UUID | None
    compound_name: str | None
    merged: int
    came_again: int
    repeat_of_id: UUID | None
    excerpt: str | None
    created_at: datetime
    due_at: datetime | None
    provisional: bool | None
    paused: bool
    overdue: bool
    days_left: int | None


class DeskCountsOut(BaseModel):
    """How many cases the desk has, how many of them are overdue, or due by the end of today."""

    open: int
    overdue: int
    due_today: int


class DeskCasesPage(BaseModel):
    """A page of a desk's open cases: the overdue first, then by when they are due; what stands still comes last."""

    items: list[DeskItemOut]
    next_cursor: str | None
    has_more: bool
    counts: DeskCountsOut


class DeskCasesQuery(In):
    """No filters: a desk has what it has."""

    limit: Any = None
    cursor: Any = None
