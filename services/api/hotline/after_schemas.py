"""What routes of ratings, call-backs, taking up again and supervision take and answer."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.api.hotline.schemas import Files, OpenText, Phone, Text
from services.api.wire import In
from services.core.hotline.after import Rating
from services.core.hotline.after_rules import CallBackState, Cause, SupervisionState
from services.core.hotline.calling_back import Said
from services.core.hotline.rules import Kind, State


class RatingIn(In):
    """A score from 1 to 5 (3 and more is satisfied), or only whether satisfied; `resolved`: whether it is solved.

    `text`: why; needed of those who are dissatisfied.
    """

    score: Annotated[int | None, Field(ge=1, le=5)] = None
    satisfied: bool | None = None
    resolved: bool
    text: Text | None = None

    def rating(self) -> Rating:
        """The same for the use case."""
        return Rating(self.resolved, self.score, self.satisfied, self.text)


class ReopenIn(In):
    """Why it is taken up again, with photographs."""

    text: Text
    files: Files = Field(default_factory=list)


class ReopenByCodeIn(In):
    """Why it is taken up again, from somebody who is signed in nowhere."""

    text: Text


class StaffReopenIn(In):
    """Why staff take it up again; its reporter reads it."""

    text: OpenText
    files: Files = Field(default_factory=list)


class CallBackIn(In):
    """A call. `satisfied` and `resolved`: what the reporter says, exactly where he was reached. `text`: what else he told."""

    reached: bool
    satisfied: bool | None = None
    resolved: bool | None = None
    text: OpenText | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "CallBackIn":
        if self.reached in {self.satisfied is None, self.resolved is None}:
            raise ValueError(
                "接通时须填写是否满意、是否解决，未接通则不填",
                "says whether satisfied and resolved exactly where somebody was reached",
            )
        return self

    def said(self) -> Said | None:
        """The same for the use case."""
        if self.satisfied is None or self.resolved is None:
            return None
        return Said(self.satisfied, self.resolved)


class FindingIn(In):
    """What the supervisor found."""

    finding: OpenText


class PhoneIn(In):
    """The reporter's other number."""

    phone: Phone


class SureIn(In):
    """Whether somebody made sure. To confirm, `phone` is the number as he heard it from the reporter: it has to be the same."""

    confirm: bool
    phone: Phone | None = None


class HoldIn(In):
    """What it is needed for: a court's, an auditor's, an appeal's reference."""

    reason: OpenText


class AfterOut(BaseModel):
    """Where a complaint stands, and how often it was taken up again (`round`)."""

    state: State
    round: int


class CallBackItem(BaseModel):
    """A reporter who is to be called. `overdue`: the policy's time is over."""

    id: UUID
    complaint_id: UUID
    no: str
    kind: Kind
    compound_id: UUID | None
    compound_name: str | None
    round: int
    tries: int
    made_at: datetime
    due_at: datetime
    provisional: bool
    overdue: bool


class CallBackPage(BaseModel):
    """A page of call-backs: by region, in each those that were closed first."""

    items: list[CallBackItem]
    next_cursor: str | None
    has_more: bool


class SupervisionOut(BaseModel):
    """A dissatisfied reporter's round. `cause`: where he said so; `desk_id`: the supervising desk of the place, if there is one."""

    id: UUID
    complaint_id: UUID
    no: str
    kind: Kind
    compound_id: UUID | None
    compound_name: str | None
    round: int
    cause: Cause
    desk_id: UUID | None
    state: SupervisionState
    version: int
    opened_at: datetime
    finding: str | None
    settled_by: UUID | None
    settled_at: datetime | None


class SupervisionPage(BaseModel):
    """A page of supervisions."""

    items: list[SupervisionOut]
    next_cursor: str | None
    has_more: bool


class SupervisionQuery(BaseModel):
    """Which supervisions."""

    model_config = ConfigDict(extra="forbid")
    state: SupervisionState | None = None
    desk_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class RoundOut(BaseModel):
    """One round: how its reporter rated it, what he said when called, whether a supervisor looked into it."""

    round: int
    score: int | None
    satisfied: bool | None
    resolved: bool | None
    rated_at: datetime | None
    call_back: CallBackState | None
    tries: int | None
    told_satisfied: bool | None
    told_resolved: bool | None
    called_at: datetime | None
    supervision_id: UUID | None
    supervision: SupervisionState | None


class RoundsOut(BaseModel):
    """Every round of a complaint, the first one first."""

    items: list[RoundOut]
