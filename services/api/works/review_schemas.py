"""What routes of the joint review take and answer."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Bureau, Document, In, Line, OpenReason
from services.core.works.reviews import Asked, Opinion
from services.core.works.rules import PartState, ReviewState, Verdict


class DepartmentIn(In):
    """Whom to ask: a desk, and which department it is by the policy."""

    desk_id: UUID
    department: Bureau | None = None


class ReviewIn(In):
    """A round of the joint review. `change`: what was revised, from the second round on."""

    title: Annotated[Line, Field(examples=["改造方案联合审查"])]
    plan_number: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    change: OpenReason | None = None
    departments: Annotated[list[DepartmentIn], Field(min_length=1, max_length=50)]

    def asked(self) -> list[Asked]:
        """Whom to ask, for the use case."""
        return [Asked(one.desk_id, one.department) for one in self.departments]


class OpinionIn(In):
    """What a department says. `document`: its paper; needed where somebody else enters it for the desk."""

    verdict: Verdict
    opinion: OpenReason
    document: Document | None = None
    file_ids: Annotated[list[UUID], Field(default_factory=list, max_length=20)]

    def said(self) -> Opinion:
        """The same for the use case."""
        return Opinion(self.verdict, self.opinion, self.document)


class OpinionOut(BaseModel):
    """What a department said. `on_behalf`: entered from its paper by who keeps the site's papers."""

    id: UUID
    verdict: Verdict
    opinion: str
    document: str | None
    on_behalf: bool
    late: bool
    given_by: UUID | None
    given_at: datetime
    file_ids: list[UUID]


class OpinionPage(BaseModel):
    """A page of opinions, the earliest first; the last counts."""

    items: list[OpinionOut]
    next_cursor: str | None
    has_more: bool


class ReviewPartOut(BaseModel):
    """A department's part. `due_at`: the first instant that is too late; `said`: its last word."""

    id: UUID
    desk_id: UUID
    desk_title: str
    department: str | None
    state: PartState
    due_at: datetime | None
    provisional: bool | None
    said: OpinionOut | None


class ReviewOut(BaseModel):
    """A round. `agreed`: of a closed one, that no department disagreed."""

    id: UUID
    project_id: UUID
    number: int
    title: str
    plan_number: int | None
    change: str | None
    state: ReviewState
    agreed: bool | None
    opened_by: UUID | None
    opened_at: datetime
    ended_at: datetime | None


class ReviewDetailOut(ReviewOut):
    """A round with its parts."""

    parts: list[ReviewPartOut]


class ReviewPage(BaseModel):
    """A page of rounds, the first first."""

    items: list[ReviewOut]
    next_cursor: str | None
    has_more: bool


class ReviewQuery(In):
    """Which rounds."""

    state: ReviewState | None = None
    limit: Any = None
    cursor: Any = None


class OwnPartOut(BaseModel):
    """A part that waits at a desk where the caller is on duty."""

    id: UUID
    review_id: UUID
    project_id: UUID
    project_title: str
    desk_id: UUID
    desk_title: str
    title: str
    number: int
    state: PartState
    due_at: datetime | None


class OwnPartPage(BaseModel):
    """A page of parts, the earliest first."""

    items: list[OwnPartOut]
    next_cursor: str | None
    has_more: bool


class OwnPartQuery(In):
    """`state=waiting`: those that are not answered yet."""

    state: PartState | None = None
    limit: Any = None
    cursor: Any = None
