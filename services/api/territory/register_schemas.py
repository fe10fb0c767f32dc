"""What routes of a compound's sheets take and answer: facilities, drawings, governance, eligibility, comparisons."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.wire import Document, In, Line, Name
from services.core.territory.facilities import MAX_ITEMS
from services.core.territory.rules import Area, Category, Condition, Improvement, Tier


class PageOnly(BaseModel):
    """A list without filters of its own."""

    model_config = ConfigDict(extra="forbid")
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None


class FacilityIn(In):
    """One menu item as it was found. `severity`: 0 sound, 1 slight, 2 considerable, 3 beyond use; `improvement`: Jilin's 四改."""

    name: Name
    area: Area
    category: Category
    tier: Tier
    condition: Condition
    severity: Annotated[int, Field(ge=0, le=3, strict=True)]
    improvement: Improvement | None = None
    observed_on: date
    source: Line
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
