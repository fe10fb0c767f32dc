"""What routes of surveys take and answer."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import In, Line, OpenReason
from services.core.kit.exact import DecimalOut, Ratio
from services.core.surveys.drafting import Draft
from services.core.surveys.quotas import Quota
from services.core.surveys.rules import (
    Decisive,
    Option,
    Purpose,
    Question,
    QuestionKind,
    SurveyStatus,
    Unit,
)

Key = Annotated[str, Field(min_length=1, max_length=40)]


class OptionIn(In):
    """An offered answer. Its id and label never change while the survey lives."""

    id: Key
    label: Annotated[Line, Field(max_length=100)]


class QuestionIn(In):
    """A question. `options` for `single`, `multiple` and `menu`; `most` for the latter two: how many may be chosen.

    `points` for `scale`: it runs from 1 to them. A `menu` offers facilities of the compounds or items of the policy's menu, by
    name. A `photo` is answered with the ids of files that whoever answers has sent.
    """

    id: Key
    kind: QuestionKind
    title: Line
    required: bool = False
    options: list[OptionIn] = Field(default=[], max_length=30)
    most: int | None = Field(default=None, ge=2, le=30)
    points: int | None = Field(default=None, ge=2, le=10)

    def question(self) -> Question:
        """The same for the rules."""
        options = tuple(Option(option.id, option.label) for option in self.options)
        return Question(self.id, self.kind, self.title, self.required, options, self.most, self.points)


Questions = Annotated[
    list[QuestionIn],
    Field(
        min_length=1,
        max_length=60,
        examples=[[{"id": "wish", "kind": "text", "title": "您对小区改造有什么建议？"}]],
    ),
]


class DecisiveIn(In):
    """The question whose answers the survey's fact counts, and which of them speak for it (points of a scale as text)."""

    question: Key
    choices: list[Key] = Field(min_length=1, max_length=30)


class QuotaIn(In):
    """So many answers are wanted of a building."""

    building_id: UUID
    target: int = Field(ge=1, le=100_000)


class SurveyChangeIn(In):
    """What a draft says. `tenants`: whether these answer too. `target`: the share of all that should answer.

    `closes_itself`: the survey is closed when its last day has ended; papers are keyed by then. `quotas_stop`: a building whose
    quota is reached takes nobody new; otherwise quotas only tell how far it is.
    """

    title: Line
    tenants: bool = True
    closes_on: date | None = None
    closes_itself: bool = False
    target: Ratio | None = None
    quotas: list[QuotaIn] = Field(default=[], max_length=200)
    quotas_stop: bool = False
    decisive: DecisiveIn | None = None
    questions: Questions

    def draft(self) -> Draft:
        """The same for the use case."""
        decisive = self.decisive
        return Draft(
            title=self.title,
            tenants=self.tenants,
            closes_on=self.closes_on,
            closes_itself=self.closes_itself,
            target=self.target,
            quotas=[Quota(one.building_id, one.target) for one in self.quotas],
            quotas_stop=self.quotas_stop,
            decisive=None if decisive is None else Decisive(decisive.question, tuple(decisive.choices)),
            questions=[question.question() for question in self.questions],
        )


class SurveyIn(SurveyChangeIn):
    """A new survey of all compounds of a project, of one compound (of a project, when both are named), or of buildings or
    entrances of these. Facts, and so gates, come of surveys of whole projects.
    """

    purpose: Purpose = Field(examples=["other"])
    unit: Unit = Unit.HOUSEHOLD
    project_id: UUID | None = None
    compound_id: UUID | None = None
    building_ids: list[UUID] = Field(default=[], max_length=200)
    entrance_ids: list[UUID] = Field(default=[], max_length=200)


class QuestionnaireIn(In):
    """The next version of an open survey's questions."""

    questions: Questions


class ExtendIn(In):
    """A later last day, and why."""

    closes_on: date
    reason: OpenReason


class PublishIn(In):
    """The questions whose results everybody may read; none: only how many answered."""

    questions: list[Key] = Field(max_length=60)


class OptionOut(BaseModel):
    """An offered answer."""

    id: str
    label: str


class QuestionOut(BaseModel):
    """A question of a questionnaire."""

    id: str
    kind: QuestionKind
    title: str
    required: bool
    options: list[OptionOut]
    most: int | None
    points: int | None


class SurveyItem(BaseModel):
    """A survey in a list. `units`: how many are asked, once it is open."""

    id: UUID
    purpose: Purpose
    title: str
    unit: Unit
    status: SurveyStatus
    project_id: UUID | None
    compound_id: UUID | None
    building_ids: list[UUID]
    entrance_ids: list[UUID]
    tenants: bool
    closes_on: date | None
    closes_itself: bool
    target: str | None
    quotas_stop: bool
    questionnaire: int
    units: int | None
    version: int
    made_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None


class DecisiveOut(BaseModel):
    """The question that decides, and the answers that speak for it."""

    question: str
    choices: list[str]


class QuotaOut(BaseModel):
    """So many answers are wanted of a building."""

    building_id: UUID
    target: int


class SurveyOut(SurveyItem):
    """One survey with the questions in use."""

    decisive: DecisiveOut | None
    quotas: list[QuotaOut]
    questions: list[QuestionOut]


class SurveyPage(BaseModel):
    """A page of surveys."""

    items: list[SurveyItem]
    next_cursor: str | None
    has_more: bool


class SurveyQuery(In):
    """Which surveys."""

    status: SurveyStatus | None = None
    purpose: Purpose | None = None
    project_id: UUID | None = None
    compound_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class QuestionnaireOut(BaseModel):
    """One version of a questionnaire."""

    number: int
    made_at: datetime
    questions: list[QuestionOut]


class QuestionnairesOut(BaseModel):
    """Every version, the oldest first."""

    items: list[QuestionnaireOut]


class EntranceProgress(BaseModel):
    """How far an entrance is; one without numbers stands for doors outside any entrance or building."""

    compound_id: UUID
    building_id: UUID | None
    building: str | None
    entrance_id: UUID | None
    entrance: str | None
    units: int
    counted: int
    pending: int


class QuotaProgress(QuotaOut):
    """How far a building is. `missing`: answers that it still lacks; `full`: it takes nobody new."""

    building: str
    counted: int
    missing: int
    full: bool


class ProgressOut(BaseModel):
    """How far a survey is: answers that count, of all that were asked. `reached`: whether these are as many as it aims at."""

    units: int
    counted: int
    pending: int
    share: str
    target: str | None
    reached: bool | None
    quotas: list[QuotaProgress]
    entrances: list[EntranceProgress]


class ChoiceOut(BaseModel):
    """How many chose one answer."""

    id: str
    label: str
    responses: int


class NumbersOut(BaseModel):
    """What the numbers that answer a question come to."""

    sum: DecimalOut
    least: DecimalOut
    most: DecimalOut


class QuestionResult(BaseModel):
    """The answers to one question. `choices` is empty where answers are free."""

    id: str
    kind: QuestionKind
    title: str
    answered: int
    choices: list[ChoiceOut]
    numbers: NumbersOut | None


class ResultsOut(BaseModel):
    """What a survey's answers come to, over all versions of its questionnaire."""

    units: int
    counted: int
    pending: int
    share: str
    questions: list[QuestionResult]


class PublicSurvey(BaseModel):
    """What everybody may read of a survey: what it asks, of whom, until when."""

    id: UUID
    purpose: Purpose
    title: str
    unit: Unit
    tenants: bool
    status: SurveyStatus
    closes_on: date | None
    questionnaire: int
    questions: list[QuestionOut]


class PublicChoice(BaseModel):
    """How many chose one answer; null where that is hidden."""

    id: str
    label: str
    responses: int | None


class PublicQuestion(BaseModel):
    """The results of one question. `unanswered`: who passed it over, where that was allowed."""

    id: str
    kind: QuestionKind
    title: str
    choices: list[PublicChoice]
    unanswered: int | None = None


class PublicResults(BaseModel):
    """Published results. Numbers under `hidden_below`, and those that would give them away, are null."""

    survey_id: UUID
    title: str
    purpose: Purpose
    unit: Unit
    units: int
    responses: int | None
    response_share: str | None
    hidden_below: int
    questions: list[PublicQuestion]


def survey_out(row: Mapping[str, Any]) -> SurveyOut:
    """A survey as stored."""
    return SurveyOut.model_validate(dict(row))
