"""What the routes of votes take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Line, Name, Reason
from services.core.kit.exact import DecimalOut
from services.core.policy.law import MatterKind
from services.core.territory.rules import Area as FacilityArea
from services.core.votes.drafting import Draft, Matter
from services.core.votes.lifecycle import (
    Assurance,
    Interim,
    ObjectionTo,
    Served,
    VoteAct,
    VoteObjectionStatus,
    VoteScope,
    VoteStatus,
)
from services.core.votes.rules import Choice

Days = Annotated[int, Field(strict=True, ge=1, le=60)]


class ItemIn(In):
    """A facility of the compound that a menu vote asks about."""

    area: FacilityArea
    name: Name


class MatterIn(In):
    """A matter. `rule`: which vote of the policy it is (`renovation_plan`, `menu`, …); `kind` may be left to it then."""

    title: Line
    kind: MatterKind | None = None
    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")] | None = None
    item: ItemIn | None = None


class OwnerVoteIn(In):
    """A new vote. `plan_version`: the plan in force that it is about. `compound_id`: where the project has several.

    `roll_days`, `result_days`: working days on notice; needed where the policy sets none, and never fewer than it does.
    """

    project_id: UUID
    compound_id: UUID | None = None
    scope: VoteScope = VoteScope.COMPOUND
    building_id: UUID | None = None
    entrance_id: UUID | None = None
    title: Line
    plan_version: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    matters: list[MatterIn] = Field(min_length=1, max_length=50)
    roll_days: Days | None = None
    result_days: Days | None = None

    def draft(self) -> Draft:
        """The same for the use case."""
        return Draft(
            project_id=self.project_id,
            compound_id=self.compound_id,
            scope=self.scope,
            building_id=self.building_id,
            entrance_id=self.entrance_id,
            title=self.title,
            plan_version=self.plan_version,
            matters=[
                Matter(one.title, one.kind, one.rule, None if one.item is None else (one.item.area, one.item.name))
                for one in self.matters
            ],
            roll_days=self.roll_days,
            result_days=self.result_days,
        )


class SharesOut(BaseModel):
    """A threshold as pinned: shares as exact text; `strict`: more than, not at least."""

    heads: str
    area: str
    strict: bool


class ThresholdsOut(BaseModel):
    """The thresholds of a matter."""

    quorum: SharesOut
    approval: SharesOut


class VoteMatterOut(BaseModel):
    """A matter on the ballot paper with the thresholds that hold for it."""

    no: int
    kind: MatterKind
    title: str
    rule: str | None
    area: str | None
    item: str | None
    thresholds: ThresholdsOut


class MineOut(BaseModel):
    """A head that the caller stands for: its doors, its area, what he said last, whether the head counts.

    `contradicted`: co-owners say different things, and the head counts for nothing until they agree.
    """

    owner_id: UUID
    doors: list[str]
    area: DecimalOut
    choices: list[Choice] | None
    counted: bool
    contradicted: bool


class VoteExtensionOut(BaseModel):
    """The last day was put off: when it was to close, when it closes since, why."""

    closes_before: datetime
    closes_at: datetime
    reason: str
    document: str | None
    extended_at: datetime


class OwnerVoteOut(BaseModel):
    """A vote. `acts`: what may be done with it at this stage. `mine`: for a resident, the heads that he stands for.

    For a resident at most 32 KB: `matters` are a page of them, `extensions` the latest of `extended` in all.
    """

    id: UUID
    project_id: UUID
    project_no: str
    project_title: str
    compound_id: UUID
    compound_name: str
    scope: VoteScope
    building_id: UUID | None
    entrance_id: UUID | None
    title: str
    plan_version: int | None
    policy_id: str
    policy_number: int
    assurance: Assurance
    interim: Interim
    matters: list[VoteMatterOut]
    roll_days: int | None
    result_days: int | None
    status: VoteStatus
    acts: list[VoteAct]
    roll_revision: int
    roll_digest: str | None
    roll_until: date | None
    heads: int | None
    area: DecimalOut | None
    noticed_at: datetime | None
    opens_on: date | None
    opened_at: datetime | None
    closes_at: datetime | None
    extensions: list[VoteExtensionOut]
    extended: int
    closed_at: datetime | None
    result_revision: int
    finalised_at: datetime | None
    certificate_digest: str | None
    cancel_reason: str | None
    version: int
    created_at: datetime
    mine: list[MineOut] | None = None
    next_cursor: str | None = None
    has_more: bool = False


class VoteQuery(In):
    """Which votes."""

    project_id: UUID | None = None
    compound_id: UUID | None = None
    status: VoteStatus | None = None
    limit: Any = None
    cursor: Any = None


class VoteItem(BaseModel):
    """A vote in a list. `matters`: how many."""

    id: UUID
    project_id: UUID
    compound_id: UUID
    compound_name: str
    scope: VoteScope
    title: str
    plan_version: int | None
    matters: int
    status: VoteStatus
    opens_on: date | None
    closes_at: datetime | None
    heads: int | None
    created_at: datetime


class VotePage(BaseModel):
    """A page of votes."""

    items: list[VoteItem]
    next_cursor: str | None
    has_more: bool


class NotifyIn(In):
    """The first and the last day of voting."""

    opens_on: date
    closes_on: date


class VoteExtendIn(In):
    """The new last day, and why."""

    closes_on: date
    reason: Reason
    document: Document | None = None


class VoteCancelIn(In):
    """Why the vote decides nothing."""

    reason: Reason


class RollQuery(In):
    """The lines of one head alone."""

    owner_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class ServedOut(BaseModel):
    """In which way, on which day, by which paper an owner was given the notice."""

    how: Served
    served_on: date
    document: str | None


class RollLineOut(BaseModel):
    """A property of the roll. Residents see door and area; `served`: how its owner was given the notice, for staff."""

    property_id: UUID | None
    owner_id: UUID | None
    kind: str | None
    door: str
    area: DecimalOut
    served: list[ServedOut] | None


class VoteRollPage(BaseModel):
    """A page of the roll, by door."""

    items: list[RollLineOut]
    next_cursor: str | None
    has_more: bool


class RollRevisionOut(BaseModel):
    """The roll as it was published at one time."""

    revision: int
    digest: str
    heads: int
    properties: int
    area: DecimalOut
    published_at: datetime
    notice_until: date
    provisional: bool


class RollRevisionsOut(BaseModel):
    """Every publication of the roll, the first one first."""

    items: list[RollRevisionOut]


class ServiceIn(In):
    """Owners who were given the notice in one way on one day."""

    owner_ids: list[UUID] = Field(min_length=1, max_length=500)
    how: Served
    served_on: date
    document: Document | None = None


class ServiceOut(BaseModel):
    """How many owners were given the notice, in each way, and how many in none yet."""

    by_way: dict[str, int]
    unserved: int


class VoteObjectionIn(In):
    """What somebody objects to in what is on notice now."""

    what: Reason
    received_on: date
    document: Document | None = None


class VoteDecisionIn(In):
    """Why an objection is upheld or rejected."""

    reason: Reason
    document: Document | None = None


class VoteObjectionOut(BaseModel):
    """An objection; `revision`: of the roll or the result, whichever it is about; `by_kind`: an owner's own, or taken in."""

    id: UUID
    vote_id: UUID
    about: ObjectionTo
    revision: int
    what: str
    received_on: date
    late: bool
    document: str | None
    status: VoteObjectionStatus
    recorded_at: datetime
    by_kind: Literal["staff", "resident"]
    recorded_by: UUID | None
    decided_at: datetime | None
    decided_by: UUID | None
    decision_reason: str | None
    decision_document: str | None


class VoteObjectionPage(BaseModel):
    """A page of objections."""

    items: list[VoteObjectionOut]
    next_cursor: str | None
    has_more: bool
