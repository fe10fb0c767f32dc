"""What routes of regions, compounds and reports take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.api.facts.schemas import CandidateOut, DiscrepancyOut, EffectiveOut, Key
from services.api.wire import Document, In, Line, Name, Reason, Source, one_line
from services.core.territory.models import Level
from services.core.territory.rules import RegionAct, Reshape

Address = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(one_line)]
Note = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]
Group = Annotated[str, Field(min_length=1, max_length=100, examples=["2016-2018"]), AfterValidator(one_line)]
No = Annotated[str, Field(pattern=r"^[A-Za-z0-9〔〕()（）_./一-鿿-]{1,64}$", examples=["341124-000001"])]
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}(?:[0-9]{3}){0,2}$", examples=["341124"])]
# As in the document: text, or nothing where nothing was printed.
Printed = Annotated[str, Field(min_length=1, max_length=500)]


class RegionName(BaseModel):
    """A region by name."""

    id: UUID
    code: str | None
    name: str
    level: Level


class RegionItem(RegionName):
    """A region in a list."""

    parent_id: UUID | None
    valid_from: date | None
    valid_to: date | None
    source: str
    source_date: date
    version: int


class RegionFound(RegionItem):
    """A region that a search found. `former_code`: the one it had before, when that is what was searched for."""

    former_code: str | None


class RegionPage(BaseModel):
    """A page of regions, by code; those without one last."""

    items: list[RegionFound]
    next_cursor: str | None
    has_more: bool


class RegionOut(RegionItem):
    """One region, with the names of those above it, the nation first."""

    ancestors: list[RegionName]


class RegionQuery(BaseModel):
    """Filters of the list: children of `parent`; by name, code or former code (`q`); by level. Without any: the tops of one's own
    scope. `abolished` also shows those that are no more.
    """

    model_config = ConfigDict(extra="forbid")
    parent: UUID | None = None
    q: Name | None = None
    level: Level | None = None
    abolished: bool = False
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class RegionIn(In):
    """A zone, street or community below a region of one's own."""

    parent_id: UUID
    name: Name
    level: Literal[Level.ZONE, Level.STREET, Level.COMMUNITY]
    code: RegionCode | None = None
    source: Source


class RecodeIn(In):
    """The code that holds from a day on (null: none any more), by a document; with it another name where the name changes."""

    code: RegionCode | None
    name: Name | None = None
    effective_on: date
    document: Document


class AbolishIn(In):
    """The first day on which the region is no more, the document, and the region that takes its place, where there is one."""

    effective_on: date
    successor_id: UUID | None = None
    document: Document


class RegionChangeOut(BaseModel):
    """One change, and the paper that it rests on."""

    act: RegionAct
    effective_on: date
    old_code: str | None
    new_code: str | None
    old_name: str
    new_name: str
    successor_id: UUID | None
    document: str
    decided_at: datetime


class CodeSpanOut(BaseModel):
    """A code and when it held: from `since` (null: from the beginning) up to, not including, `until` (null: still)."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    since: date | None
    until: date | None


class RegionHistory(BaseModel):
    """A region's codes by time, and what was changed by which document."""

    region_id: UUID
    codes: list[CodeSpanOut]
    changes: list[RegionChangeOut]


class CompoundItem(BaseModel):
    """A compound in a list. `closed_at` is set on one that was merged or split: it is only read any more."""

    id: UUID
    no: str
    name: str
    address: str | None
    region_id: UUID
    region_name: str
    version: int
    created_at: datetime
    closed_at: datetime | None


class CompoundPage(BaseModel):
    """A page of compounds, by region and number."""

    items: list[CompoundItem]
    next_cursor: str | None
    has_more: bool


class RelativeOut(BaseModel):
    """A compound that another came from or became, and the decision about it."""

    id: UUID
    no: str
    name: str
    kind: Reshape
    document: str
    reason: str
    decided_at: datetime


class CompoundOut(CompoundItem):
    """One compound with what holds about it, by key; what it came from, and what became of it."""

    facts: list[EffectiveOut]
    predecessors: list[RelativeOut]
    successors: list[RelativeOut]


class CompoundQuery(BaseModel):
    """Filters of the list: a region's subtree; name or number (`q`); `closed` also shows those merged or split."""

    model_config = ConfigDict(extra="forbid")
    region: UUID | None = None
    q: Name | None = None
    closed: bool = False
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class CompoundIn(In):
    """A compound. Without `no` a new one gets the county's code and a running number, a known one keeps its own."""

    region_id: UUID
    name: Line
    no: No | None = None
    address: Address | None = None


class MergeIn(In):
    """The others (`compound_ids`) and the new compound, where this one stands unless a region is named.

    `document`: the paper on the votes, building by building.
    """

    compound_ids: list[UUID] = Field(min_length=1, max_length=50)
    name: Line
    no: No | None = None
    address: Address | None = None
    region_id: UUID | None = None
    document: Document
    reason: Reason


class PartIn(CompoundIn):
    """A new compound and the buildings that it gets; where the compound has a register, each open building goes to one part."""

    building_ids: list[UUID] = Field(default_factory=list, max_length=1000)


class SplitIn(In):
    """The new compounds, and the paper that the split rests on."""

    parts: list[PartIn] = Field(min_length=2, max_length=50)
    document: Document
    reason: Reason


class SplitOut(BaseModel):
    """The new compounds, in the order of the parts."""

    items: list[CompoundItem]


class LineIn(In):
    """One line as printed. `figures` by fact key, null where not printed; `counts_as`: how many compounds it is counted as."""

    label: Line
    group: Group
    figures: dict[Key, Printed | None] = Field(max_length=50)
    counts_as: int = Field(default=1, ge=1, le=100)
    note: Note | None = None
    compound_id: UUID | None = None


class TotalIn(In):
    """One total as printed: of a group's lines, for a fact key or `compounds` (their number)."""

    group: Group
    key: Key
    value: Printed


class ReportIn(In):
    """A department's printed statement about a region."""

    region_id: UUID
    title: Line
    source: Source
    as_of: date | None = None
    lines: list[LineIn] = Field(min_length=1, max_length=1000)
    totals: list[TotalIn] = Field(default_factory=list, max_length=500)


class ReportItem(BaseModel):
    """A report in a list."""

    id: UUID
    region_id: UUID
    region_name: str
    title: str
    source: str
    as_of: date | None
    filed_at: datetime


class ReportPage(BaseModel):
    """A page of reports."""

    items: list[ReportItem]
    next_cursor: str | None
    has_more: bool


class ReportLineOut(BaseModel):
    """One line as printed, and the compound that it means. While nobody can say, `candidates` are those that it may mean."""

    id: UUID
    position: int
    group: str
    label: str
    counts_as: int
    figures: dict[str, str]
    note: str | None
    compound_id: UUID | None
    reason: str | None
    resolved_at: datetime | None
    candidates: list[CandidateOut]


class ReportTotalOut(BaseModel):
    """One total as printed."""

    id: UUID
    group: str
    key: str
    value: str


class ReportOut(ReportItem):
    """One report whole, with what does not fit in it."""

    lines: list[ReportLineOut]
    totals: list[ReportTotalOut]
    discrepancies: list[DiscrepancyOut]


class ResolveTotalIn(In):
    """Why the total and its parts differ, and the paper that says so."""

    reason: Reason
    document: Document | None = None


class ResolveIn(In):
    """Which compound the line means, and why."""

    compound_id: UUID
    reason: Reason
