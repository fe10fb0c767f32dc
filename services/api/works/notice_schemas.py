"""What routes of notices at a site and of objections to its works take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Line, OpenReason
from services.core.works.notices import Notice
from services.core.works.rules import ObjectionState

Day = Annotated[date, Field(examples=["2026-01-05"])]


class SiteNoticeIn(In):
    """What hangs at the site. `open_to_objections`: for as many days as the policy says."""

    title: Annotated[Line, Field(examples=["管网改造施工公告"])]
    content: OpenReason
    posted_on: Day
    open_to_objections: bool = False
    file_ids: Annotated[list[UUID], Field(default_factory=list, max_length=20)]

    def notice(self) -> Notice:
        """The same for the use case."""
        return Notice(self.title, self.content, self.posted_on, self.open_to_objections)


class SiteNoticeOut(BaseModel):
    """A notice. `open_until`: the last day on which objections are in time; provisional where the calendar is."""

    id: UUID
    title: str
    content: str
    posted_on: date
    open_until: date | None
    provisional: bool
    file_ids: list[UUID]
    posted_by: UUID | None
    posted_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class SiteNoticePage(BaseModel):
    """A page of notices, the earliest first."""

    items: list[SiteNoticeOut]
    next_cursor: str | None
    has_more: bool


class SiteNoticeQuery(In):
    """Which notices."""

    withdrawn: bool | None = None
    limit: Any = None
    cursor: Any = None


class TakeBackIn(In):
    """Why."""

    reason: OpenReason


class SiteObjectionIn(In):
    """What somebody objects to; who he is, is not kept here."""

    what: OpenReason
    received_on: Day
    notice_id: UUID | None = None


class SiteAnswerIn(In):
    """How it ends: upheld, rejected, or withdrawn by who made it."""

    state: Literal[ObjectionState.UPHELD, ObjectionState.REJECTED, ObjectionState.WITHDRAWN]
    answer: OpenReason
    document: Document | None = None


class SiteObjectionOut(BaseModel):
    """An objection and its answer. `due_at`: the first instant that is too late to answer."""

    id: UUID
    notice_id: UUID | None
    what: str
    received_on: date
    state: ObjectionState
    recorded_by: UUID | None
    recorded_at: datetime
    answer: str | None
    document: str | None
    answered_by: UUID | None
    answered_at: datetime | None
    due_at: datetime | None
    provisional: bool | None


class SiteObjectionPage(BaseModel):
    """A page of objections, the earliest first."""

    items: list[SiteObjectionOut]
    next_cursor: str | None
    has_more: bool


class SiteObjectionQuery(In):
    """Which objections."""

    state: ObjectionState | None = None
    notice_id: UUID | None = None
    limit: Any = None
    cursor: Any = None
