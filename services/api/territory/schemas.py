"""What routes of regions, compounds and reports take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.api.facts.schemas import CandidateOut, DiscrepancyOut, EffectiveOut, Key
from services.api.wire import In, Line, Name, Reason, one_line
from services.core.territory.models import Level

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


class RegionPage(BaseModel):
    """A page of regions, by code; those without one last."""

    items: list[RegionItem]
    next_cursor: str | None
    has_more: bool


class RegionOut(RegionItem):
    """One region, with the names of those above it, the nation first."""

    ancestors: list[RegionName]


class RegionQuery(BaseModel):
    """Filters of the list: children of `parent`; by name or code (`q`); by level. Without any: the tops of one's own scope."""

    model_config = ConfigDict(extra="forbid")
    parent: UUID | None = None
    q: Name | None = None
    level: Level | None = None
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class RegionIn(In):
    """A zone, street or community below a region of one's own."""

    parent_id: UUID
    name: Name
    level: Literal[Level.ZONE, Level.STREET, Level.COMMUNITY]
    code: RegionCode | None = None
    source: Line


class CompoundItem(BaseModel):
    """A compound in a list."""

    id: UUID
    no: str
    name: str
    address: str | None
    region_id: UUID
    region_name: str
    version: int
    created_at: datetime


class CompoundPage(BaseModel):
    """A page of compounds, by region and number."""

    items: list[CompoundItem]
    next_cursor: str | None
    has_more: bool


class CompoundOut(CompoundItem):
    """One compound with what holds about it, by key."""

    facts: list[EffectiveOut]


class CompoundQuery(BaseModel):
    """Filters of the list: a region's subtree; name or number (`q`)."""

    model_config = ConfigDict(extra="forbid")
    region: UUID | None = None
    q: Name | None = None
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class CompoundIn(In):
    """A compound. Without `no` a new one gets the county's code and a running number, a known one keeps its own."""

    region_id: UUID
    name: Line
    no: No | None = None
    address: Address | None = None


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
    source: Line
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

    group: str
    key: str
    value: str


class ReportOut(ReportItem):
    """One report whole, with what does not fit in it."""

    lines: list[ReportLineOut]
    totals: list[ReportTotalOut]
    discrepancies: list[DiscrepancyOut]


class ResolveIn(In):
    """Which compound the line means, and why."""

    compound_id: UUID
    reason: Reason
