"""What routes of objections, approvals, plans and supplements take and answer."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Reason
from services.core.selection.annual_models import ObjectionGround, ObjectionStatus


class ObjectionIn(In):
    """An objection as it was received. Without a project it is against the round as a whole. No names of people in `what`."""

    project_id: UUID | None = None
    ground: ObjectionGround
    what: Reason
    received_on: date
    document: Document | None = None


class DecisionIn(In):
    """Why an objection is upheld or rejected, and by which document."""

    reason: Reason
    document: Document


class ObjectionQuery(In):
    """Filters of the list of objections."""

    status: ObjectionStatus | None = None
    project_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class ObjectionOut(BaseModel):
    """One objection. `late`: it came after the notice had ended and holds nothing back."""

    id: UUID
    round_id: UUID
    publication_id: UUID
    project_id: UUID | None
    ground: ObjectionGround
    what: str
    received_on: date
    late: bool
    document: str | None
    status: ObjectionStatus
    recorded_at: datetime
    recorded_by: UUID
    decided_at: datetime | None
    decided_by: UUID | None
    decision_reason: str | None
    decision_document: str | None


class ObjectionPage(BaseModel):
    """A page of objections, the first one first."""

    items: list[ObjectionOut]
    next_cursor: str | None
    has_more: bool


class PublicObjections(BaseModel):
    """How many objections a round has and what became of them; `late` counts those of any status that came after the notice."""

    round_id: UUID
    open: int
    upheld: int
    rejected: int
    late: int


class PublicPublication(BaseModel):
    """One publication of a round. `superseded_at`: since when a later one stands in its place."""

    number: int
    published_at: datetime
    notice_until: date
    provisional: bool
    superseded_at: datetime | None


class PublicPublications(BaseModel):
    """Every publication of a round, the first one first."""

    items: list[PublicPublication]


class PublishedRanking(PublicPublication):
    """A publication with the very ranking that it showed."""

    ranking: dict[str, Any] = Field(description="as /public/rounds/{round_id}/ranking answered while it stood")
