"""What project routes take and answer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.api.facts.schemas import FactIn
from services.api.wire import Document, In, Line, Name, Reason, one_line
from services.core.facts.rules import Kind
from services.core.kit.exact import Money, NotNegative
from services.core.projects.applicants import Applicant
from services.core.projects.gate_queries import Basis
from services.core.projects.rules import (
    MAX_ITEMS,
    Action,
    BuildingChoice,
    BuildingOption,
    FundingLine,
    FundingSource,
    Plan,
    PlanItem,
    Stage,
)
from services.core.territory.models import Level
from services.core.territory.rules import Category

No = Annotated[str, Field(pattern=r"^[A-Za-z0-9〔〕()（）_./一-鿿-]{1,64}$", examples=["NB-2026-001"])]
GateId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class ProjectIn(In):
    """A new project."""

    title: Line
    region_id: UUID
    compound_ids: list[UUID] = Field(min_length=1, max_length=200)
    no: No | None = None
    client_unit: Line | None = None


class ProjectChangeIn(In):
    """What replaces a project's title, client unit and compounds."""

    title: Line
    client_unit: Line | None = None
    compound_ids: list[UUID] = Field(min_length=1, max_length=200)


class ProjectItem(BaseModel):
    """A project in a list."""

    id: UUID
    no: str
    title: str
    stage: Stage
    region_id: UUID
    region_path: str
    client_unit: str | None
    plan_number: int | None
    version: int
    created_at: datetime


class ProjectPage(BaseModel):
    """A page of projects."""

    items: list[ProjectItem]
    next_cursor: str | None
    has_more: bool


class CompoundName(BaseModel):
    """A compound of a project."""

    id: UUID
    no: str
    name: str


class ProjectOut(ProjectItem):
    """One project. `applicant`: who applied last, null while it is a draft."""

    region_name: str
    applicant: Applicant | None
    compounds: list[CompoundName]


class BuildingChoiceIn(In):
    """What becomes of a line of works at one building: with the works, or the pit of the lift made ready."""

    building_id: UUID
    option: BuildingOption


class PlanItemIn(In):
    """One line of works; cost in yuan. `buildings`: where it differs from building to building (a lift)."""

    title: Line
    menu_item: Name | None = None
    category: Category
    quantity: NotNegative
    unit: Annotated[str, Field(min_length=1, max_length=20), AfterValidator(one_line)]
    cost: Money
    buildings: list[BuildingChoiceIn] = Field(default_factory=list, max_length=500)

    def item(self) -> PlanItem:
        """The same for the rules."""
        choices = tuple(BuildingChoice(**dict(one)) for one in self.buildings)
        return PlanItem(**{**dict(self), "buildings": choices})


class FundingIn(In):
    """One payer's part, in yuan."""

    source: FundingSource
    amount: Money


class PlanIn(In):
    """A new plan version. Funding is empty, or adds up to the budget; costs never exceed it."""

    items: list[PlanItemIn] = Field(max_length=MAX_ITEMS)
    budget: Money
    funding: list[FundingIn] = Field(default_factory=list, max_length=50)
    management_mode: Name | None = None
    synthetic: bool = False

    def plan(self) -> Plan:
        """The same for the rules."""
        return Plan(
            items=tuple(item.item() for item in self.items),
            budget=self.budget,
            funding=tuple(FundingLine(**dict(line)) for line in self.funding),
            management_mode=self.management_mode,
            synthetic=self.synthetic,
        )


class PlanOut(BaseModel):
    """A plan version; `changes` is the difference to the version before, null for the first."""

    number: int
    items: list[dict[str, Any]]
    budget: Decimal
    funding: list[dict[str, Any]]
    management_mode: str | None
    synthetic: bool
    digest: str
    made_by: UUID | None
    made_at: datetime
    changes: dict[str, Any] | None


class PlansOut(BaseModel):
    """Every plan version of a project, the first one first."""

    items: list[PlanOut]


class SaidOut(BaseModel):
    """A vote or notice on one plan version. `superseded_at`: when it was corrected, or lapsed with its plan."""

    key: str
    value: str
    kind: Kind
    source: str
    document: str | None
    observed_on: date | None
    recorded_at: datetime
    superseded_at: datetime | None


class PlanVersionOut(PlanOut):
    """One plan version, and every vote and notice that was on it."""

    said: list[SaidOut]


class DifferencesOut(BaseModel):
    """What changed between two plan versions."""

    from_number: int
    to_number: int
    changes: dict[str, Any]


class DecidedOut(BaseModel):
    """What holds now."""

    key: str
    value: str | None
    source: str | None


class ProjectFactIn(FactIn):
    """What a source says of a project. `plan_number`: the plan that a vote or notice was on; the one in force unless given."""

    plan_number: int | None = Field(default=None, ge=1, le=1_000_000)


class ProjectFactsIn(In):
    """Facts that change together, or not at all."""

    facts: list[ProjectFactIn] = Field(min_length=1, max_length=100)


class ProjectFactsOut(BaseModel):
    """A project's facts: its own, and its compounds' taken together. `replaced`: attested figures behind a count."""

    facts: dict[str, Any]
    conflicts: list[dict[str, Any]]


class StageOut(BaseModel):
    """Where the project stands now."""

    id: UUID
    stage: Stage
    version: int


class ApplyIn(In):
    """Who applies. A later one than whose turn it is (`applicant-out-of-turn`) needs a reason."""

    applicant: Applicant | None = None
    reason: Reason | None = None
    document: Document | None = None


class StepIn(In):
    """On which document a step of the works is taken: 开工令, 竣工验收备案, 移交书."""

    document: Document
    reason: Reason | None = None


class DropIn(In):
    """Why a project is given up."""

    reason: Reason
    document: Document | None = None


class StageEntryOut(BaseModel):
    """One step of a project's way."""

    id: UUID
    from_stage: Stage
    to_stage: Stage
    action: Action
    year: int | None
    round_id: UUID | None
    applicant: Applicant | None
    document: str | None
    reason: str | None
    at: datetime
    by: UUID | None


class StageEntryPage(BaseModel):
    """A page of steps."""

    items: list[StageEntryOut]
    next_cursor: str | None
    has_more: bool


class TransitionOut(BaseModel):
    """One move: this action leads from that stage to that one."""

    action: Action
    from_stage: str
    to_stage: Stage


class TransitionsOut(BaseModel):
    """The table of moves, and what stages and actions are called."""

    stages: dict[Stage, dict[str, str]]
    actions: dict[Action, dict[str, str]]
    transitions: list[TransitionOut]


class ContributionOut(BaseModel):
    """One compound's part of a figure. `meets`: whether it meets the gate alone, null where one compound alone says nothing."""

    compound_id: UUID
    name: str
    value: str | None
    in_conflict: bool
    meets: bool | None


class RollupQuery(BaseModel):
    """Which sums: of which region, by which level below it (the next one), of one stage, of the year a round decided for last."""

    region: UUID
    group: Literal[Level.PROVINCE, Level.CITY, Level.COUNTY, Level.STREET] | None = None
    stage: Stage | None = None
    year: int | None = Field(default=None, ge=2000, le=2999)


class ProgressOut(BaseModel):
    """How far those in a plan have come. Shares are exact ("0.5", "1/3"), null where nothing is planned."""

    planned: int
    started: int
    accepted: int
    handed_over: int
    started_share: str | None
    accepted_share: str | None
    handed_over_share: str | None


class RollupRegion(BaseModel):
    """What the projects of a region's subtree come to. Dropped ones are in `by_stage` alone, unless they are asked for.

    `*_unknown` and `without_plan`: how many projects a sum lacks. `synthetic`: how many have a figure that was made up.
    """

    region_id: UUID
    code: str | None
    name: str
    level: Level
    path: str
    projects: int
    by_stage: dict[Stage, int]
    compounds: int = Field(
        description="小区去重计数：多个项目含同一小区的，户数、面积只计一次，归区域最小、其次最新的未退出项目，按阶段或年度查询时亦然。"
        " Different compounds: one that several projects hold counts once, also in households and floor area, with the project of"
        " the smallest region, then the newest, of those not dropped; asked by stage or year, it shows there alone."
    )
    households: int
    households_unknown: int
    floor_area: str
    floor_area_unknown: int
    budget: str
    without_plan: int
    funding: dict[FundingSource, str]
    synthetic: int
    progress: ProgressOut


class RollupOut(BaseModel):
    """The sums at `as_of` (null before the first refresh). `elsewhere`: projects that lie in no region of the level."""

    as_of: datetime | None
    group: Level
    whole: RollupRegion
    elsewhere: int
    items: list[RollupRegion]
    next_cursor: str | None
    has_more: bool


class GateOut(BaseModel):
    """One gate for one project: what it asks, what the figure is, whether it is passed and what is missing.

    `replaced`: attested figures that stand behind a count. `earlier_plan`: the vote or notice was on that plan version, which is no
    longer in force.
    """

    id: str
    title: str | None
    hard: bool
    gates: str
    fact_key: str
    wanted: dict[str, Any]
    met: bool
    passed: bool
    fact: dict[str, Any] | None
    conflict: list[dict[str, Any]]
    replaced: list[dict[str, Any]]
    compounds: list[ContributionOut]
    earlier_plan: int | None
    exception: dict[str, Any] | None
    missing: dict[Literal["zh", "en"], str] | None


class GatesQuery(In):
    """Another policy version than the one that the project is under; without a number the newest."""

    policy_id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,63}$")
    policy_number: int | None = Field(default=None, ge=1, le=1_000_000)


class GatesOut(BaseModel):
    """Every gate of one policy version for the project.

    `basis`: `pinned` when the project was chosen under that version, which is asked until it is handed over whatever supersedes
    it; `in_force` until then; `asked` for one that the caller named.
    """

    policy_id: str
    policy_number: int
    basis: Basis
    gates: list[GateOut]


class ExceptionIn(GatesQuery):
    """Why, and on which document, a project passes a soft gate: of the policy that it is under, or of the one that is named."""

    reason: Reason
    document: Document


class ExceptionOut(BaseModel):
    """A recorded exception."""

    id: UUID
    gate_id: str
    policy_id: str
    reason: str
    document: str
    decided_by: UUID | None
    decided_at: datetime
