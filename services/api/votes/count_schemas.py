"""What is told of a count, of a result and to the public."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.api.votes.schemas import ThresholdsOut, VoteExtensionOut, VoteMatterOut
from services.core.kit.exact import DecimalOut
from services.core.policy.law import MatterKind
from services.core.votes.lifecycle import (
    VoteAct,
    VoteScope,
    VoteStatus,
)


class CountOut(BaseModel):
    """Heads and exclusive area in m2."""

    heads: int
    area: DecimalOut


class ReachedOut(BaseModel):
    """Whether a threshold is reached, by each basis and by both."""

    heads: bool
    area: bool
    met: bool


class MatterTally(BaseModel):
    """The figures of one matter. What was chosen is null while it is sealed."""

    no: int
    kind: MatterKind
    title: str
    rule: str | None
    thresholds: ThresholdsOut
    total: CountOut
    taking_part: CountOut
    quorum: ReachedOut
    quorum_missing: CountOut
    in_favour: CountOut | None
    against: CountOut | None
    abstaining: CountOut | None
    approval: ReachedOut | None
    approval_missing: CountOut | None
    passed: bool | None


class TallyOut(BaseModel):
    """The count from the ledger as it stands. `sealed`: until the close only who takes part is told.

    For a resident at most 32 KB: `matters` are a page of them.
    """

    vote_id: UUID
    status: VoteStatus
    sealed: bool
    matters: list[MatterTally]
    contradicting: int
    unconfirmed: int
    next_cursor: str | None = None
    has_more: bool = False


class RecountOut(BaseModel):
    """The ledger counted anew beside what was published."""

    equal: bool
    roll_intact: bool
    published_digest: str
    ledger_digest: str
    matters: list[MatterTally]


class ContentOut(BaseModel):
    """A facility that a menu vote asked about: how bad it is, how much it is wanted, and whether the vote has passed it.

    `severity` 0 to 3 of the record; `demand`: those in favour over all taking part, the smaller of heads and area; `weight`: their
    product, by which the list is ordered. `proposed`: it passed, and something is the matter with it.
    """

    no: int
    area: str
    item: str
    severity: int | None
    demand: str
    weight: str
    passed: bool
    proposed: bool


class ContentsOut(BaseModel):
    """The contents that a menu vote proposes, the most urgent and most wanted first."""

    items: list[ContentOut]


class VoteResultOut(BaseModel):
    """A published result."""

    revision: int
    matters: list[MatterTally]
    ledger_digest: str
    published_at: datetime
    notice_until: date
    provisional: bool


class PublicVote(BaseModel):
    """What everybody may read of a vote: no door, no name, no owner.

    At most 32 KB: `matters`, and the result's, are a page of them, `extensions` the latest of `extended` in all.
    """

    id: UUID
    title: str
    compound_name: str
    scope: VoteScope
    plan_version: int | None
    status: VoteStatus
    matters: list[VoteMatterOut]
    heads: int | None
    area: DecimalOut | None
    roll_digest: str | None
    roll_until: date | None
    opens_on: date | None
    closes_at: datetime | None
    extensions: list[VoteExtensionOut]
    extended: int
    closed_at: datetime | None
    taking_part: CountOut | None
    result: VoteResultOut | None
    finalised_at: datetime | None
    certificate_digest: str | None
    next_cursor: str | None = None
    has_more: bool = False


class VoteExtensionPage(BaseModel):
    """A page of the times that a vote's last day was put off, the first one first."""

    items: list[VoteExtensionOut]
    next_cursor: str | None
    has_more: bool


class NoticeOut(BaseModel):
    """What was put on notice last of a vote: the roll, the vote itself, or its result; `until` may have passed."""

    kind: Literal["vote_roll", "vote", "vote_result"]
    vote_id: UUID
    title: str
    compound_name: str
    region_id: UUID
    since: datetime
    until: date | None


class NoticePage(BaseModel):
    """A page of notices."""

    items: list[NoticeOut]
    next_cursor: str | None
    has_more: bool


class VoteTransitionOut(BaseModel):
    """An act and where it leads."""

    act: VoteAct
    from_status: VoteStatus
    to_status: VoteStatus


class VoteTransitionsOut(BaseModel):
    """Every way a vote can go; there is no other."""

    statuses: dict[str, dict[str, str]]
    acts: dict[str, dict[str, str]]
    transitions: list[VoteTransitionOut]
