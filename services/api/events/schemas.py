"""What the feed of events answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class SubjectOut(BaseModel):
    """What an event is about."""

    type: str
    id: UUID


class ActorOut(BaseModel):
    """Who did it: `staff`, `client` (a department's system) or `system`."""

    kind: str
    id: UUID | None


class EventOut(BaseModel):
    """One event. `seq` grows by one from event to event over the whole system; a reader sees those of its own regions."""

    seq: int
    id: UUID
    kind: str
    schema_version: int
    subject: SubjectOut
    region_path: str
    data: dict[str, Any]
    actor: ActorOut
    request_id: str | None
    occurred_at: datetime


class EventPage(BaseModel):
    """Events in order. `next_cursor` is always there: keep it, and go on from it later when `has_more` is false."""

    items: list[EventOut]
    next_cursor: str
    has_more: bool
