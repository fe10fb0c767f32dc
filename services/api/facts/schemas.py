"""What routes of facts, conflicts and discrepancies take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.wire import Document, In, Reason, Source
from services.core.facts.catalogue import MAX_TEXT, Aggregation, Subject, ValueType
from services.core.facts.rules import Kind
from services.core.territory.rules import FindingKind

Key = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,80}$", examples=["compound.households"])]


class EntryOut(BaseModel):
    """One fact of the catalogue. `aggregation`: how it is taken over the compounds of a project.

    `needs_document`: who attests it names the document of the vote, survey or notice.
    """

    key: str
    type: ValueType
    unit: str | None
    subject: Subject
    aggregation: Aggregation | None
    needs_document: bool
    title_zh: str
    title_en: str
    meaning_zh: str
    meaning_en: str


class CatalogueOut(BaseModel):
    """Every fact that decisions may read, by key."""

    items: list[EntryOut]


class FactIn(In):
    """What a source says. Numbers travel as text ("720.5", shares also "2/3"), flags as "true" or "false".

    Nobody may claim `counted`.
    """

    key: Key
    value: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    source: Source
    kind: Literal[Kind.ATTESTED, Kind.SYNTHETIC] = Kind.ATTESTED
    document: Document | None = None
    observed_on: date | None = None


class FactsIn(In):
    """Facts that change together, or not at all."""

    facts: list[FactIn] = Field(min_length=1, max_length=100)


class FactOut(BaseModel):
    """A source's current figure; `changed` says whether this request made it so."""

    fact_id: UUID
    key: str
    value: str
    kind: Kind
    source: str
    document: str | None
    observed_on: date | None
    recorded_at: datetime
    changed: bool


class FactsOut(BaseModel):
    """The figures of the sources named."""

    facts: list[FactOut]


class FigureOut(BaseModel):
    """What one source says. `source_rows` says where in the source."""

    model_config = ConfigDict(from_attributes=True)
    fact_id: UUID
    key: str
    value: str
    kind: Kind
    source: str
    document: str | None
    source_rows: list[Any]
    observed_on: date | None
    recorded_at: datetime


class RecordedFigureOut(FigureOut):
    """A figure with its end: a superseded one is history."""

    superseded_at: datetime | None


class FigurePage(BaseModel):
    """A page of figures in the order in which they were recorded."""

    items: list[RecordedFigureOut]
    next_cursor: str | None
    has_more: bool


class FigureQuery(BaseModel):
    """Filters of the list. `history` adds superseded figures."""

    model_config = ConfigDict(extra="forbid")
    key: Key | None = None
    history: bool = False
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class EffectiveOut(BaseModel):
    """What holds for a key. With a `conflict` nothing holds until a person decides; `replaced` are figures that yield."""

    model_config = ConfigDict(from_attributes=True)
    key: str
    value: str | None
    kind: Kind | None
    source: str | None
    document: str | None
    source_rows: list[Any]
    observed_on: date | None
    recorded_at: datetime | None
    fact_id: UUID | None
    conflict: list[FigureOut]
    adjudicated: bool
    replaced: list[FigureOut]


class AdjudicateIn(In):
    """Which of the differing figures holds, and why."""

    key: Key
    fact_id: UUID
    reason: Reason
    document: Document | None = None


class AdjudicationOut(BaseModel):
    """A person's decision which figure holds, and why. `superseded_at` is set once another decision took its place."""

    id: UUID
    key: str
    fact_id: UUID
    value: str
    source: str
    reason: str
    document: str | None
    decided_by: UUID | None
    decided_at: datetime
    superseded_at: datetime | None


class AdjudicationPage(BaseModel):
    """A page of decisions, in the order in which they were made."""

    items: list[AdjudicationOut]
    next_cursor: str | None
    has_more: bool


class CandidateOut(BaseModel):
    """A compound that a printed label may mean."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    no: str
    name: str


class ConflictOut(BaseModel):
    """The sources of a compound's figure differ, and nobody has decided."""

    kind: Literal[FindingKind.CONFLICT]
    compound_id: UUID
    key: str
    figures: list[FigureOut]


class OfReport(BaseModel):
    """Where in a report a discrepancy is."""

    report_id: UUID
    report_title: str
    source: str
    group: str


class SettledOut(BaseModel):
    """Why the total and its parts differ, by a person."""

    reason: str
    document: str | None
    resolved_at: datetime


class TotalOut(OfReport):
    """Printed parts do not give the printed total.

    `mismatch`: they add up to something else. `incomplete`: the parts named in `missing` are not printed, and `difference`
    (reported - summed) is what they would have to hold.
    """

    kind: Literal[FindingKind.MISMATCH, FindingKind.INCOMPLETE]
    key: str
    total_id: UUID
    reported: str
    summed: str
    difference: str
    missing: list[str]
    settled: SettledOut | None


class AmbiguousOut(OfReport):
    """A printed line that fits no or several compounds, as two names run together do."""

    kind: Literal[FindingKind.AMBIGUOUS]
    line_id: UUID
    label: str
    note: str | None
    candidates: list[CandidateOut]


DiscrepancyOut = Annotated[ConflictOut | TotalOut | AmbiguousOut, Field(discriminator="kind")]


class DiscrepancyList(BaseModel):
    """Discrepancies."""

    items: list[DiscrepancyOut]


class DiscrepancyPage(DiscrepancyList):
    """A page of discrepancies: totals of reports first, then lines, then conflicts."""

    next_cursor: str | None
    has_more: bool


class DiscrepancyQuery(BaseModel):
    """Filters of the list."""

    model_config = ConfigDict(extra="forbid")
    region: UUID | None = None
    kind: FindingKind | None = None
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None
