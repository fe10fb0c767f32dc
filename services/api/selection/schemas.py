"""What routes of selection take and answer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Line
from services.core.kit.exact import Area, Money, Ratio
from services.core.selection.candidates import Outcome
from services.core.selection.filtering import RoundCalendar, Why
from services.core.selection.models import RoundStatus, RunState
from services.core.selection.service import CapRow, RoundTerms


class CapIn(In):
    """Limits of one partition, or of every partition that has no row of its own. Inclusive; what is absent does not limit."""

    partition: UUID | None = None
    count: int | None = Field(default=None, ge=0, le=1_000_000)
    budget: Money | None = None
    floor_area: Area | None = None


class FilterIn(In):
    """Which projects compete: those in a stage, and of them those that meet everything that is given here.

    `regions`: subtrees inside the round's region. `clusters`: only projects of several compounds, or none of them. What nobody
    recorded about a project excludes nobody.
    """

    stage: Literal["applied", "library"] = "applied"
    regions: list[UUID] = Field(default_factory=list, max_length=200)
    clusters: Literal["only", "none"] | None = None
    built_before: int | None = Field(default=None, ge=1900, le=2100)
    min_households: int | None = Field(default=None, ge=0, le=1_000_000)
    max_self_built_share: Ratio | None = None


class TermsIn(In):
    """What a round decides. Without `policy_id` it follows the policy in force at its region; one that is changed keeps the version
    that it began under, unless another is named.

    `apply_until`: a last day of applications other than the policy's, with the document that says so.
    """

    year: int = Field(ge=2000, le=2100, examples=[2027])
    title: Line
    policy_id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,63}$")
    policy_number: int | None = Field(default=None, ge=1, le=1_000_000)
    filter: FilterIn = Field(default_factory=FilterIn)
    caps: list[CapIn] = Field(default_factory=list, max_length=5000)
    reserve: int = Field(default=0, ge=0, le=1_000_000)
    apply_until: date | None = None
    apply_until_document: Document | None = None

    def terms(self) -> RoundTerms:
        """The same for the use case."""
        return RoundTerms(
            year=self.year,
            title=self.title,
            policy_id=self.policy_id,
            policy_number=self.policy_number,
            filter=self.filter.model_dump(mode="json"),
            caps=[CapRow(**dict(row)) for row in self.caps],
            reserve=self.reserve,
            apply_until=self.apply_until,
            apply_until_document=self.apply_until_document,
        )


class RoundIn(TermsIn):
    """A new round in a region."""

    region_id: UUID


class RoundQuery(In):
    """Filters of the list of rounds."""

    region: UUID | None = None
    year: int | None = Field(default=None, ge=2000, le=2100)
    limit: Any = None
    cursor: Any = None


class RoundOut(BaseModel):
    """One round. `apply_until`: the last day of applications (Asia/Shanghai), of the round's own where it has a document."""

    id: UUID
    region_id: UUID
    region_name: str
    year: int
    title: str
    policy_id: str
    policy_number: int
    policy_superseded_by: int | None
    filter: dict[str, Any]
    caps: list[Any]
    reserve: int
    apply_until: date | None
    apply_until_document: str | None
    notice_until: date | None
    calendar: RoundCalendar
    status: RoundStatus
    version: int
    created_at: datetime


class RoundPage(BaseModel):
    """A page of rounds."""

    items: list[RoundOut]
    next_cursor: str | None
    has_more: bool


class FreezeOut(BaseModel):
    """One freeze; `version` is the round's afterwards. `excluded`: how many did not compete for each reason."""

    id: UUID
    round_id: UUID
    number: int
    digest: str
    candidates: int
    excluded: dict[Why, int]
    taken_at: datetime
    taken_by: UUID | None
    version: int | None = None


class FreezesOut(BaseModel):
    """Every freeze of a round, the first one first."""

    items: list[FreezeOut]


class ExcludedQuery(In):
    """Filters of the list of those who did not compete; without `freeze` it is of the newest one."""

    freeze: int | None = Field(default=None, ge=1, le=1_000_000)
    why: Why | None = None
    limit: Any = None
    cursor: Any = None


class ReasonOut(BaseModel):
    """One reason: what the round asked, what there was, and both in words."""

    why: Why
    asked: str
    found: str
    zh: str
    en: str


class ExcludedItem(BaseModel):
    """A project that did not compete, with every reason."""

    project_id: UUID
    no: str
    title: str
    reasons: list[ReasonOut]


class ExcludedPage(BaseModel):
    """A page of those who did not compete, by number."""

    items: list[ExcludedItem]
    next_cursor: str | None
    has_more: bool


class RunOut(BaseModel):
    """One run. `progress` in percent; `digest` identifies policy, round, frozen facts and rules."""

    id: UUID
    round_id: UUID
    freeze_id: UUID
    number: int
    state: RunState
    digest: str | None
    rules_version: int | None
    progress: int
    error: str | None
    requested_at: datetime
    requested_by: UUID | None
    started_at: datetime | None
    finished_at: datetime | None


class RunsOut(BaseModel):
    """Every run of a round, the first one first."""

    items: list[RunOut]


class RankingQuery(In):
    """Filters of a ranking."""

    partition: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    outcome: Outcome | None = None
    limit: Any = None
    cursor: Any = None


class RankedItem(BaseModel):
    """What a run found for one project. `position` counts through the whole run."""

    position: int
    project_id: UUID
    no: str
    title: str
    partition: str
    rank: int | None
    total: Decimal
    outcome: Outcome
    dimensions: dict[str, str]
    reason: dict[str, Any]
    sentence_zh: str
    sentence_en: str


class RankingPage(BaseModel):
    """A page of a ranking: by partition and rank, then who is not ranked."""

    items: list[RankedItem]
    next_cursor: str | None
    has_more: bool


class ResultOut(RankedItem):
    """A project in a run, every point with its fact, the sources behind it and their time."""

    compounds: list[dict[str, Any]]
    indicators: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    exceptions: dict[str, Any]
    carry_over: dict[str, Any] | None


class PublicationOut(BaseModel):
    """What the public was shown, and until when it may object."""

    id: UUID
    run_id: UUID
    published_at: datetime
    published_by: UUID | None
    notice_until: date
    provisional: bool
    etag: str
    superseded_at: datetime | None


class PublicationsOut(BaseModel):
    """Every publication of a round, the first one first."""

    items: list[PublicationOut]


class PublicRound(BaseModel):
    """A published round."""

    publication_id: UUID
    round_id: UUID
    title: str
    year: int
    region_id: UUID
    region_name: str
    published_at: datetime
    notice_until: date
    provisional: bool


class PublicRoundPage(BaseModel):
    """A page of published rounds, the latest first."""

    items: list[PublicRound]
    next_cursor: str | None
    has_more: bool
