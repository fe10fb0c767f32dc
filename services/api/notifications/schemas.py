"""What the staff inbox takes and answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class MessageOut(BaseModel):
    """One message of the caller, in both languages. `event_id` is the event that it tells of."""

    id: UUID
    kind: str
    event_id: UUID
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str
    created_at: datetime
    read_at: datetime | None


class MessagePage(BaseModel):
    """Messages, the newest first."""

    items: list[MessageOut]
    next_cursor: str | None
    has_more: bool


class UnreadCount(BaseModel):
    """How many messages wait to be read."""

    unread: int


class ReadAllIn(BaseModel):
    """Up to which of the caller's messages; what came after it stays unread."""

    model_config = ConfigDict(extra="forbid")

    up_to: UUID


class ReadAllOut(BaseModel):
    """How many were unread until now."""

    marked: int
