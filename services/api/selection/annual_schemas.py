"""What routes of objections, approvals, plans and supplements take and answer."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Bureau, Document, In, Line, Reason
from services.core.kit.exact import Money
from services.core.projects.rules import Stage
from services.core.selection.adjusting import Adjustment
from services.core.selection.annual_models import (
    EntryKind,
    ObjectionGround,
    ObjectionStatus,
    Opinion,
    PlanList,
    SupplementStatus,
)
from services.core.selection.approving import Answer, FixedRow
from services.core.selection.supplementing import Stopping


class ObjectionIn(In):
    """An objection as it was received: to the ranking on notice, or to a supplement on notice. Without a project it is against
    either as a whole. No names of people in `what`.
    """

    supplement_id: UUID | None = None
    project_id: UUID | None = None
    ground: ObjectionGround
    what: Reason
    received_on: date
    document: Document | None = None


class DecisionIn(In):
    """Why an objection is upheld or rejected, and by which document."""

    reason: Reason
    document: Document


class ObjectionQuery(In):
    """Filters of the list of objections."""

    status: ObjectionStatus | None = None
    project_id: UUID | None = None
    supplement_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class ObjectionOut(BaseModel):
    """One objection. `late`: it came after the notice had ended and holds nothing back. `moot`: it was upheld when another had
    withdrawn its supplement already.
    """

    id: UUID
    round_id: UUID
    publication_id: UUID | None
    supplement_id: UUID | None
    project_id: UUID | None
    ground: ObjectionGround
    what: str
    received_on: date
    late: bool
    document: str | None
    status: ObjectionStatus
    recorded_at: datetime
    recorded_by: UUID
    decided_at: datetime | None
    decided_by: UUID | None
    decision_reason: str | None
    decision_document: str | None
    moot: bool


class ObjectionPage(BaseModel):
    """A page of objections, the first one first."""

    items: list[ObjectionOut]
    next_cursor: str | None
    has_more: bool


class PublicObjections(BaseModel):
    """How many objections a round has and what became of them; `late` counts those of any status that came after the notice."""

    round_id: UUID
    open: int
    upheld: int
    rejected: int
    late: int


class PublicSupplementObjections(BaseModel):
    """How many objections a supplement has, what became of them, and what became of it."""

    supplement_id: UUID
    status: SupplementStatus
    open: int
    upheld: int
    rejected: int
    late: int


class PublicPublication(BaseModel):
    """One publication of a round. `superseded_at`: since when a later one stands in its place."""

    number: int
    published_at: datetime
    notice_until: date
    provisional: bool
    superseded_at: datetime | None


class PublicPublications(BaseModel):
    """Every publication of a round, the first one first."""

    items: list[PublicPublication]


class PublishedRanking(PublicPublication):
    """A publication with the very ranking that it showed."""

    ranking: dict[str, Any] = Field(description="as /public/rounds/{round_id}/ranking answered while it stood")


class FixedIn(In):
    """What a bureau fixes for one project that is to be implemented."""

    project_id: UUID
    budget: Money | None = None
    client_unit: Line | None = None


class ApprovalIn(In):
    """A bureau's answer to what is published. A return says why and fixes nothing."""

    bureau: Bureau
    document: Document
    issued_on: date
    opinion: Opinion
    note: Reason | None = None
    fixed: list[FixedIn] = Field(default_factory=list, max_length=5000)

    def answer(self) -> Answer:
        """The same for the use case."""
        return Answer(
            bureau=self.bureau,
            document=self.document,
            issued_on=self.issued_on,
            opinion=self.opinion,
            note=self.note,
            fixed=[FixedRow(row.project_id, row.budget, row.client_unit) for row in self.fixed],
        )


class ApprovalOut(BaseModel):
    """One bureau's answer to one publication."""

    id: UUID
    publication_id: UUID
    bureau: str
    document: str
    issued_on: date
    opinion: Opinion
    note: str | None
    fixed: list[dict[str, Any]]
    recorded_at: datetime
    recorded_by: UUID | None


class ApprovalsOut(BaseModel):
    """Every answer to a round's publications; `missing`: the bureaus that have not approved the one that stands."""

    required: list[str]
    missing: list[str]
    items: list[ApprovalOut]


class ConfirmIn(In):
    """Under which number the plan is issued (where the policy asks for a joint issue), and when."""

    document: Document | None = None
    issued_on: date


class ConfirmationOut(BaseModel):
    """A confirmed round."""

    round_id: UUID
    run_id: UUID
    publication_id: UUID
    plan_id: UUID
    document: str | None
    issued_on: date
    confirmed_at: datetime
    confirmed_by: UUID | None


class PlanQuery(In):
    """Which part of a year's plan: the subtree of a region, one list, only what differs from what was confirmed."""

    region: UUID
    list: PlanList | None = None
    changed: bool = False
    limit: Any = None
    cursor: Any = None


class Baseline(BaseModel):
    """What was confirmed for a project."""

    list: PlanList
    budget: str | None
    client_unit: str | None


class PublicPlanItem(BaseModel):
    """What holds for one project of a plan, what was confirmed, and where it stands. `list` is null once it was dropped."""

    no: str
    title: str
    stage: Stage
    list: PlanList | None
    kind: EntryKind
    rank: int
    budget: str | None
    floor_area: str | None
    client_unit: str | None
    ground: str | None
    document: str | None
    baseline: Baseline


class PlanItem(PublicPlanItem):
    """The same with its ids. `version` is what an adjustment matches."""

    plan_id: UUID
    project_id: UUID
    run_id: UUID
    partition: str
    supplement_id: UUID | None
    at: datetime
    version: int


class ListTotals(BaseModel):
    """Projects, budget (yuan) and floor area (m²) of one list."""

    projects: int
    budget: str
    floor_area: str


class PlanTotals(BaseModel):
    """The three lists: 实施, 谋划, 储备."""

    implement: ListTotals
    reserve: ListTotals
    later: ListTotals


class PlanPage(BaseModel):
    """A page of a plan with the totals of the whole: as it holds now, and as it was confirmed."""

    region_id: UUID
    region_name: str
    year: int
    totals: PlanTotals
    baseline: PlanTotals
    items: list[PlanItem]
    next_cursor: str | None
    has_more: bool


class PublicSupplement(BaseModel):
    """A supplement that was published: since when, until when it is on notice, and what became of it."""

    id: UUID
    ground: str
    ground_zh: str
    ground_en: str
    status: SupplementStatus
    document: str
    published_at: datetime
    notice_until: date
    provisional: bool
    decided_at: datetime | None
    decision_document: str | None


class PublicPlanPage(BaseModel):
    """A page of a plan for everybody, with the supplements published since that stopped or added a project of the page."""

    region_id: UUID
    region_name: str
    year: int
    totals: PlanTotals
    baseline: PlanTotals
    supplements: list[PublicSupplement]
    items: list[PublicPlanItem]
    next_cursor: str | None
    has_more: bool


class AdjustIn(In):
    """Another budget or client unit for one project of the plan, under a document."""

    project_id: UUID
    budget: Money | None = None
    client_unit: Line | None = None
    document: Document

    def adjustment(self) -> Adjustment:
        """The same for the use case."""
        return Adjustment(self.project_id, self.budget, self.client_unit, self.document)


class EntryOut(BaseModel):
    """An entry of a plan's ledger."""

    id: UUID
    plan_id: UUID
    project_id: UUID
    kind: EntryKind
    list: PlanList | None
    budget: str | None
    client_unit: str | None
    document: str | None
    version: int


class LineageStep(BaseModel):
    """One step of a project: a move between stages (`of: stage`), or what the ledger of a plan says (`of: plan`)."""

    at: datetime
    year: int | None
    of: str
    step: str
    from_stage: str | None
    to_stage: str | None
    round_id: UUID | None
    run_id: UUID | None
    list: PlanList | None
    rank: int | None
    budget: str | None
    client_unit: str | None
    ground: str | None
    document: str | None


class LineageOut(BaseModel):
    """A project's way over the years: 申报, 入库, 计划, 调整."""

    project_id: UUID
    steps: list[LineageStep]


class SupplementIn(In):
    """Which project of the plan is stopped, on which ground of the policy, and what happened."""

    dropped_project_id: UUID
    ground: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["emergency"])
    note: Reason

    def stopping(self) -> Stopping:
        """The same for the use case."""
        return Stopping(self.dropped_project_id, self.ground, self.note)


class SupplementDocumentIn(In):
    """Under which document a project is stopped and its supplement published, or the plan changed."""

    document: Document


class SupplementQuery(In):
    """Filters of the list of supplements."""

    status: SupplementStatus | None = None
    limit: Any = None
    cursor: Any = None


class CandidateOut(BaseModel):
    """A reserve, by rank: whether it passes, and every reason why it does not."""

    project_id: UUID
    no: str
    title: str
    rank: int
    passes: bool
    reasons: list[dict[str, Any]]


class SupplementOut(BaseModel):
    """A supplement. `candidates` as proposed, and once published as they decided; the first that passes is on notice as
    `added_project_id`, and enters the plan when the supplement is confirmed.
    """

    id: UUID
    round_id: UUID
    plan_id: UUID
    dropped_project_id: UUID
    ground: str
    note: str
    status: SupplementStatus
    candidates: list[CandidateOut]
    proposed_at: datetime
    proposed_by: UUID
    published_at: datetime | None
    published_by: UUID | None
    document: str | None
    added_project_id: UUID | None
    notice_until: date | None
    provisional: bool | None
    decided_at: datetime | None
    decided_by: UUID | None
    decision_document: str | None


class SupplementPage(BaseModel):
    """A page of supplements, the first one first."""

    items: list[SupplementOut]
    next_cursor: str | None
    has_more: bool
