"""What policy routes take and answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PolicyItem(BaseModel):
    """One stored version in a list."""

    policy_id: str
    number: int
    title: str
    digest: str
    loaded_at: datetime


class PolicyPage(BaseModel):
    """A page of policies."""

    items: list[PolicyItem]
    next_cursor: str | None
    has_more: bool


class PolicyOut(PolicyItem):
    """One version whole. `digest` is the SHA-256 of `body` as canonical JSON."""

    body: dict[str, Any]


class AssignIn(BaseModel):
    """Which version is to hold."""

    model_config = ConfigDict(extra="forbid")
    policy_id: str = Field(pattern=r"^[a-z0-9_-]{1,64}$", examples=["ningbo"])
    number: int = Field(ge=1, le=1_000_000, examples=[1])


class AssignmentOut(BaseModel):
    """Which version holds in a region since when."""

    id: UUID
    region_id: UUID
    policy_id: str
    number: int
    since: datetime
