"""What policy routes take and answer."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import In
from services.core.policy.loader import MAX_BYTES


class PolicyItem(BaseModel):
    """One stored version in a list.

    `region_id`: the region that made it, null for what ships with the software. `superseded_by`: the newest later number.
    """

    policy_id: str
    number: int
    title: str
    digest: str
    loaded_at: datetime
    region_id: UUID | None
    superseded_by: int | None


class PolicyPage(BaseModel):
    """A page of policies."""

    items: list[PolicyItem]
    next_cursor: str | None
    has_more: bool


class PolicyOut(PolicyItem):
    """One version whole. `digest` is the SHA-256 of `body` as canonical JSON."""

    body: dict[str, Any]


PolicyText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_BYTES,
        examples=["id: ningbo_2027\nversion: 1\ntitle: 宁波市 2027年竞争比选\nrubric: {same_as: ningbo}\n"],
    ),
]
"""A policy as YAML."""


class CheckIn(In):
    """A policy text to look at."""

    text: PolicyText


class PolicyIn(In):
    """A version of a region's own policy. Its id has an underscore; ids without one are the software's."""

    region_id: UUID
    text: PolicyText


class FaultOut(BaseModel):
    """What is wrong at one place of a policy text; line and column count from 1, the pointer follows RFC 6901."""

    line: int
    column: int
    pointer: str
    zh: str
    en: str


class CheckOut(BaseModel):
    """Whether a text is a policy: if so its canonical form and digest, else the first of all faults by line and column."""

    valid: bool
    total: int
    faults: list[FaultOut]
    digest: str | None
    body: dict[str, Any] | None


class AssignIn(In):
    """Which version is to hold."""

    policy_id: str = Field(pattern=r"^[a-z0-9_-]{1,64}$", examples=["ningbo"])
    number: int = Field(ge=1, le=1_000_000, examples=[1])


class AssignmentOut(BaseModel):
    """Which version holds in a region since when."""

    id: UUID
    region_id: UUID
    policy_id: str
    number: int
    since: datetime
