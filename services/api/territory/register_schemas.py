"""What routes of a compound's sheets take and answer: facilities, drawings, governance, eligibility, comparisons."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.facts.schemas import EffectiveOut, RecordedFigureOut
from services.api.wire import Document, In, Line, Name, Source
from services.core.kit.exact import Money, MoneyOut
from services.core.territory.facilities import MAX_ITEMS
from services.core.territory.rules import (
    Area,
    Category,
    Conclusion,
    Condition,
    DrawingKind,
    DrawingState,
    Grade,
    Improvement,
    Tier,
    Verdict,
)


class FacilityIn(In):
    """One menu item as it was found. `severity`: 0 sound, 1 slight, 2 considerable, 3 beyond use; `improvement`: Jilin's 四改."""

    name: Name
    area: Area
    category: Category
    tier: Tier
    condition: Condition
    severity: Annotated[int, Field(ge=0, le=3)]
    improvement: Improvement | None = None
    observed_on: date
    source: Source
    document: Document | None = None


class FacilitiesIn(In):
    """All facilities of a compound; what is not named any more becomes history."""

    items: list[FacilityIn] = Field(max_length=MAX_ITEMS)


class FacilityOut(BaseModel):
    """One menu item as it was found."""

    id: UUID
    name: str
    area: Area
    category: Category
    tier: Tier
    condition: Condition
    severity: int
    improvement: Improvement | None
    observed_on: date
    source: str
    document: str | None
    recorded_at: datetime


class DefectsOut(BaseModel):
    """Of one category: the items on record, those missing, broken or worn beyond use, and their share as a fact has it."""

    category: Category
    items: int
    defective: int
    defect_share: str
    key: str


class FacilitiesOut(BaseModel):
    """A compound's facilities. `version` is the compound's: send it back as If-Match."""

    compound_id: UUID
    version: int
    items: list[FacilityOut]
    defects: list[DefectsOut]


class FacilityEverOut(FacilityOut):
    """A facility as it was found at some time; `superseded_at` is null while it holds."""

    superseded_at: datetime | None


class FacilityHistoryPage(BaseModel):
    """A page of everything that was ever recorded, in the order of recording."""

    items: list[FacilityEverOut]
    next_cursor: str | None
    has_more: bool


class DrawingIn(In):
    """What is known of one kind of drawings. `archive_place`: 卷宗号, only of what is at hand."""

    kind: DrawingKind
    state: DrawingState
    archive_place: Line | None = None
    source: Source
    document: Document | None = None


class DrawingOut(BaseModel):
    """What is known of one kind of drawings."""

    id: UUID
    kind: DrawingKind
    state: DrawingState
    archive_place: str | None
    source: str
    document: str | None
    recorded_at: datetime


class DrawingsOut(BaseModel):
    """A compound's drawings, and the kinds of the list that are not at hand (said to be missing, ordered, or never looked for)."""

    compound_id: UUID
    items: list[DrawingOut]
    missing: list[DrawingKind]


class DrawingEverOut(DrawingOut):
    """What was known at some time; `superseded_at` is null while it holds."""

    superseded_at: datetime | None


class DrawingHistoryPage(BaseModel):
    """A page of everything that was ever recorded, in the order of recording."""

    items: list[DrawingEverOut]
    next_cursor: str | None
    has_more: bool


class MatterOut(BaseModel):
    """One matter of governance: what holds, since when, and every figure that was ever recorded, the newest first."""

    key: str
    title_zh: str
    title_en: str
    holds: EffectiveOut | None
    since: date | None
    history: list[RecordedFigureOut]


class GovernanceOut(BaseModel):
    """Who governs a compound. `management_modes`: the keys of those that hold (property service, public custody, residents)."""

    compound_id: UUID
    management_modes: list[str]
    items: list[MatterOut]


class CriterionOut(BaseModel):
    """One condition: the figure must be at most the limit. `source` is the policy's; `fact` is null where nobody recorded it."""

    id: str
    key: str
    limit: str
    source: str | None
    met: Verdict
    fact: EffectiveOut | None


class EligibilityOut(BaseModel):
    """Whether a compound may be renovated under the policy in force; yes where the policy asks nothing."""

    compound_id: UUID
    policy_id: str
    policy_number: int
    policy_digest: str
    eligible: Verdict
    criteria: list[CriterionOut]


class ComparisonIn(In):
    """Renovating compared with rebuilding, costs in yuan. `appraisal_grade`: A to D of JGJ 125."""

    renovate_cost: Money
    rebuild_cost: Money
    appraisal_grade: Grade
    remaining_years: Annotated[int, Field(ge=0, le=200)]
    conclusion: Conclusion
    assessed_on: date
    source: Source
    document: Document


class ComparisonOut(BaseModel):
    """A comparison as recorded, with the floor area (m²) and the policy's limit of then.

    Costs per m² and `ratio` (renovating over rebuilding) are exact: "n/d" where no decimal is. `comes_close`: whether the ratio is
    at least `close_share`; null where the policy had none.
    """

    id: UUID
    renovate_cost: MoneyOut
    rebuild_cost: MoneyOut
    floor_area: str | None
    renovate_cost_per_m2: str | None
    rebuild_cost_per_m2: str | None
    ratio: str
    close_share: str | None
    comes_close: bool | None
    policy_digest: str | None
    appraisal_grade: Grade
    remaining_years: int
    conclusion: Conclusion
    assessed_on: date
    source: str
    document: str
    recorded_at: datetime


class ComparisonPage(BaseModel):
    """A page of comparisons in the order of recording."""

    items: list[ComparisonOut]
    next_cursor: str | None
    has_more: bool
