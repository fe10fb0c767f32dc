"""What the audit answers to auditors."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class AuditEntryOut(BaseModel):
    """Who did, read or was refused what. Ids only."""

    seq: int
    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    action: str
    outcome: str
    target_type: str
    target_id: UUID | None
    region_path: str
    details: dict[str, Any]
    request_id: str | None


class AuditPage(BaseModel):
    """Entries, the newest first."""

    items: list[AuditEntryOut]
    next_cursor: str | None
    has_more: bool
