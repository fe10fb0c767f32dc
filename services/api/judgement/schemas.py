"""What routes of expert judgement take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import In, Reason
from services.core.judgement.rules import PanelStatus
from services.core.judgement.service import PanelTerms
from services.core.kit.exact import Area

Score = Area
"""A score: a decimal of at least 0 with at most two places."""


class PanelIn(In):
    """A new panel. Scores run from 0 to `scale`; a project with fewer than `least` of them stays without the fact.

    `assignments`: experts by project, in place of everybody for every project of the round. `drop_extremes`: from five scores on
    the highest and the lowest are left out. `deviation_limit`: scores further from the mean, in points of the scale, are confirmed
    or changed within `review_days` before they count.
    """

    fact_key: str = Field(min_length=1, max_length=80, examples=["judgement.plan_quality"])
    experts: list[UUID] = Field(min_length=1, max_length=26)
    deadline: date
    scale: int = Field(default=100, ge=1, le=1000)
    least: int = Field(default=3, ge=1, le=26)
    drop_extremes: bool = False
    deviation_limit: Score | None = None
    review_days: int = Field(default=3, ge=1, le=60)
    assignments: (
        Annotated[
            dict[UUID, Annotated[list[UUID], Field(min_length=1, max_length=26)]],
            Field(min_length=1, max_length=10_000),
        ]
        | None
    ) = None

    def terms(self) -> PanelTerms:
        """The same for the use case."""
        return PanelTerms(
            fact_key=self.fact_key,
            experts=self.experts,
            deadline=self.deadline,
            scale=self.scale,
            least=self.least,
            drops_extremes=self.drop_extremes,
            deviation_limit=self.deviation_limit,
            review_days=self.review_days,
            assignments=self.assignments,
        )


class PanelOut(BaseModel):
    """A panel and how far it is: judgements assigned, given, withdrawn for a conflict of interest, to be looked at again."""

    id: UUID
    round_id: UUID
    fact_key: str
    title_zh: str
    title_en: str
    scale: int
    least: int
    deadline: date
    drop_extremes: bool
    deviation_limit: Score | None
    review_days: int
    review_until: date | None
    status: PanelStatus
    experts: int
    assigned: int
    given: int
    withdrawn: int
    to_review: int
    opened_at: datetime
    closed_at: datetime | None
    cancel_reason: str | None


class PanelPage(BaseModel):
    """A page of a round's panels."""

    items: list[PanelOut]
    next_cursor: str | None
    has_more: bool


class GivenOut(BaseModel):
    """What one expert gave, by the letter that stands for a name. `counted`: it is part of the mean.

    `deviation`: from the mean of all scores of the project. `first_score`: what a flagged one was before its expert looked again.
    """

    expert: str
    score: str | None
    first_score: str | None
    comment: str | None
    withdrawn: bool
    deviation: str | None
    flagged: bool
    reviewed: bool
    counted: bool


class JudgedOut(BaseModel):
    """A project of a panel. `mean` and `share` are null until the panel has closed, and where too few scores stand (`missing`).

    `judgements` is empty before the panel has closed.
    """

    project_id: UUID
    no: str
    title: str
    assigned: int
    given: int
    withdrawn: int
    mean: str | None
    share: str | None
    missing: bool
    judgements: list[GivenOut]


class JudgedPage(BaseModel):
    """A page of a panel's projects, by number."""

    items: list[JudgedOut]
    next_cursor: str | None
    has_more: bool


class ScoreIn(In):
    """An expert's own score of a project."""

    score: Score
    comment: Reason | None = None


class ConflictIn(In):
    """Why an expert does not judge a project."""

    reason: Reason


class CancelIn(In):
    """Why a panel judges no more."""

    reason: Reason


class DeskQuery(In):
    """`waiting=true`: only what waits for the caller."""

    waiting: bool = False
    limit: Any = None
    cursor: Any = None


class DeskItem(BaseModel):
    """What an expert is to judge, and what the expert said so far. `waits`: a score, or another look, is asked for."""

    panel_id: UUID
    project_id: UUID
    round_title: str
    year: int
    no: str
    title: str
    fact_key: str
    title_zh: str
    title_en: str
    scale: int
    deadline: date
    review_until: date | None
    status: PanelStatus
    score: Score | None
    comment: str | None
    conflict_reason: str | None
    flagged: bool
    reviewed: bool
    waits: bool


class DeskPage(BaseModel):
    """A page of an expert's desk."""

    items: list[DeskItem]
    next_cursor: str | None
    has_more: bool


class ExpertOut(BaseModel):
    """Who stands behind a letter, and the conflicts of interest that this expert declared."""

    letter: str
    staff_id: UUID
    conflicts: list[dict[str, str]]


class ExpertsOut(BaseModel):
    """The experts of a closed panel."""

    items: list[ExpertOut]
