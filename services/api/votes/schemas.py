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
    Channel,
    Entry,
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
Choices = Annotated[dict[str, Choice], Field(min_length=1, max_length=50, examples=[{"1": "approve"}])]
"""What is chosen, by the number of each matter: every matter has to be there."""


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


class OwnerVoteOut(BaseModel):
    """A vote. `acts`: what may be done with it at this stage. `mine`: for a resident, the heads that he stands for."""

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
    closed_at: datetime | None
    result_revision: int
    finalised_at: datetime | None
    certificate_digest: str | None
    cancel_reason: str | None
    version: int
    created_at: datetime
    mine: list[MineOut] | None = None


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
    """The new last day."""

    closes_on: date


class VoteCancelIn(In):
    """Why the vote decides nothing."""

    reason: Reason


class RollQuery(In):
    """The lines of one head alone."""

    owner_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class RollLineOut(BaseModel):
    """A property of the roll. Residents see door and area; `served`: how staff say its owner was given the notice."""

    property_id: UUID | None
    owner_id: UUID | None
    kind: str | None
    door: str
    area: DecimalOut
    served: list[Served] | None


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
    """An objection; `revision`: of the roll or the result, whichever it is about."""

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


class BallotIn(In):
    """A ballot. An owner on the phone gives the choices, and the head where he stands for several.

    Staff name the head and how it reached them (`channel`, paper when left out), the co-owner who signed it (`person_id`), how sure
    they are who it was, and where the paper is kept.
    """

    owner_id: UUID | None = None
    choices: Choices
    channel: Channel | None = None
    person_id: UUID | None = None
    assurance: Assurance | None = None
    evidence: Document | None = None


class BallotState(BaseModel):
    """A ballot in the ledger. `pending`: a second person has to read the paper too. `contradicting`: co-owners do not agree."""

    ballot_id: UUID
    owner_id: UUID
    state: Literal["counted", "pending", "contradicting"]


class EnteredBallotIn(In):
    """A ballot of a batch."""

    owner_id: UUID
    choices: Choices
    channel: Channel = Channel.PAPER
    person_id: UUID | None = None
    assurance: Assurance = Assurance.ON_SITE
    evidence: Document | None = None


class BallotBatchIn(In):
    """Ballots to enter, each for itself."""

    ballots: list[EnteredBallotIn] = Field(min_length=1, max_length=200)


class RefusedOut(BaseModel):
    """Why a ballot of a batch was refused, in both languages."""

    code: str
    zh: str
    en: str


class BallotAnswer(BaseModel):
    """What became of one ballot of a batch: it is in the ledger, or refused."""

    ballot: BallotState | None
    refused: RefusedOut | None


class BallotBatchOut(BaseModel):
    """An answer for every ballot, in their order."""

    answers: list[BallotAnswer]


class BallotConfirmIn(In):
    """What the second person reads from the paper."""

    choices: Choices


class BallotCorrectIn(In):
    """What the paper really says, and how the mistake came about."""

    choices: Choices
    reason: Reason


class BallotVoidIn(In):
    """Why a ballot does not count."""

    reason: Reason


class LineMadeOut(BaseModel):
    """The line that was added to the ledger; None where it needs no further act."""

    ballot_id: UUID


class BallotQuery(In):
    """The lines of one head alone."""

    owner_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class BallotLineOut(BaseModel):
    """A line of the ledger. `choices` is told once the vote has closed."""

    id: UUID
    owner_id: UUID
    n: int
    entry: Entry
    of_id: UUID | None
    choices: list[Choice] | None
    pending: bool
    channel: Channel
    assurance: Assurance
    evidence: str | None
    reason: str | None
    by_kind: str
    by_id: UUID | None
    at: datetime


class BallotPage(BaseModel):
    """A page of the ledger, in the order in which lines were added."""

    items: list[BallotLineOut]
    next_cursor: str | None
    has_more: bool


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
    """The count from the ledger as it stands. `sealed`: until the close only who takes part is told."""

    vote_id: UUID
    status: VoteStatus
    sealed: bool
    matters: list[MatterTally]
    contradicting: int
    unconfirmed: int


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
    """What everybody may read of a vote: no door, no name, no owner."""

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
    closed_at: datetime | None
    taking_part: CountOut | None
    result: VoteResultOut | None
    finalised_at: datetime | None
    certificate_digest: str | None


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
