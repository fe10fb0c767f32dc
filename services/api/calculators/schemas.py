"""What the calculators take and answer. Field names are those of the published contract; decimals travel as text."""

import re
from datetime import date
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from services.core.facts.catalogue import MAX_TEXT
from services.core.kit.calendar import MAX_DAYS, MAX_PAUSES, Unit
from services.core.kit.exact import DecimalOut, Money, MoneyOut, NotExact, NotNegative, Ratio
from services.core.policy.rubric import BandsCurve, Indicator, Rubric
from services.core.votes.rules import Choice

MAX_PROPERTIES = 50_000
MAX_REGIONS = 3_000
MAX_FACTORS = 20
MAX_PROJECTS = 5_000
MAX_PARTS = 30_000
"""Most regions times factors: about a second."""

MAX_STEPS = 700_000
"""Most steps of a ranking: about two seconds. A score takes STEPS_OF_A_SCORE of them, and one for each band that it may try."""

STEPS_OF_A_SCORE = 20
MAX_RUBRIC_VALUES = 10_000

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(given: object) -> date:
    """A day as RFC 3339 writes it; Pydantic's own would also take numbers of seconds."""
    if isinstance(given, str) and _DAY.fullmatch(given):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    raise NotExact("应为日期，如 2026-11-21", "must be a date such as 2026-11-21")


Day = Annotated[date, BeforeValidator(_day)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _fact(given: object) -> str | int | bool | None:
    """What a fact's value may be in JSON; its type in the catalogue decides the rest. No floats: they are not exact."""
    if given is None or isinstance(given, bool | int) or (isinstance(given, str) and len(given) <= MAX_TEXT):
        return given
    raise NotExact("应为文本、整数、true、false 或 null", "must be text, an integer, true, false or null")


FactGiven = Annotated[
    str | int | bool | None,
    PlainValidator(_fact),
    WithJsonSchema({"type": ["string", "integer", "boolean", "null"], "examples": ["0.75", "2/3", "true"]}),
]


class Given(BaseModel):
    """Input: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class QuorumShares(Given):
    """Shares that must take part, by heads and by area."""

    heads: Ratio
    area: Ratio


class ApprovalShares(QuorumShares):
    """Shares of those taking part that must be in favour; `strict` means more than, not at least."""

    strict: bool = False


class VoteThresholds(Given):
    """The thresholds of one matter."""

    quorum: QuorumShares
    approval: ApprovalShares


class PropertyArea(Given):
    """One property and its area in m2."""

    id: Label
    area: NotNegative


class OwnerOnRoll(Given):
    """One head with its properties."""

    owner: Label
    properties: Annotated[list[PropertyArea], FailFast(), Field(min_length=1, max_length=MAX_PROPERTIES)]


class BallotCast(Given):
    """The valid ballot of one owner."""

    owner: Label
    choice: Choice


class VoteIn(Given):
    """A vote on one matter."""

    thresholds: VoteThresholds
    roll: Annotated[list[OwnerOnRoll], FailFast(), Field(max_length=MAX_PROPERTIES)]
    ballots: Annotated[list[BallotCast], FailFast(), Field(max_length=MAX_PROPERTIES)]

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(len(owner.properties) for owner in self.roll) > MAX_PROPERTIES:
            raise NotExact(
                f"名册至多 {MAX_PROPERTIES} 套房屋", f"the roll may hold at most {MAX_PROPERTIES} properties"
            )
        return self


class HeadCounts(BaseModel):
    """Voting owners."""

    total: int
    taking_part: int
    in_favour: int


class AreaCounts(BaseModel):
    """Exclusive area in m2."""

    total: DecimalOut
    taking_part: DecimalOut
    in_favour: DecimalOut


class VerdictOut(BaseModel):
    """Whether a threshold is reached, by each basis and by both."""

    heads: bool
    area: bool
    met: bool


class MissingOut(BaseModel):
    """Heads and area that are still missing."""

    heads: int
    area: DecimalOut


class VoteMissing(BaseModel):
    """What is still missing: owners taking part, and those in favour among the ones taking part now."""

    quorum: MissingOut
    approval: MissingOut


class VoteOut(BaseModel):
    """The result with every figure that decided it."""

    thresholds: VoteThresholds
    heads: HeadCounts
    area: AreaCounts
    quorum: VerdictOut
    approval: VerdictOut
    missing: VoteMissing
    passed: bool


class PauseIn(Given):
    """The clock stopped on day `from` and ran again on day `to`: day `to` counts."""

    start: Day = Field(alias="from")
    end: Day = Field(alias="to")


class DeadlineIn(Given):
    """A term; day 1 is the day after `from`."""

    start: Day = Field(alias="from")
    days: Annotated[int, Field(strict=True, ge=0, le=MAX_DAYS)]
    unit: Unit
    roll: bool = True
    pauses: Annotated[list[PauseIn], FailFast(), Field(max_length=MAX_PAUSES)] = []


class CalendarOut(BaseModel):
    """The part of the calendar of working days that is announced; after its end Monday to Friday count."""

    confirmed_from: date
    confirmed_until: date


class DeadlineOut(BaseModel):
    """The term ends with the end of day `due` in Asia/Shanghai."""

    start: date = Field(serialization_alias="from")
    days: int
    unit: Unit
    roll: bool
    pauses: list[PauseIn]
    due: date
    provisional: bool
    skipped: list[date]
    calendar: CalendarOut


class RegionIn(Given):
    """A region's figures. `performance` is needed where the formula weighs it."""

    name: Label
    coefficient: NotNegative
    factors: Annotated[dict[Label, NotNegative], Field(max_length=MAX_FACTORS)]
    performance: NotNegative | None = None


class AllocationIn(Given):
    """Yuan to divide by `weights`, or by the weights of a dated `formula` ("2019-31", "2019-31-performance", "2024-15")."""

    total: Money
    weights: Annotated[dict[Label, NotNegative], Field(min_length=1, max_length=MAX_FACTORS)] | None = None
    formula: Annotated[str, StringConstraints(max_length=40)] | None = None
    regions: Annotated[list[RegionIn], FailFast(), Field(min_length=1, max_length=MAX_REGIONS)]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.weights is None) == (self.formula is None):
            raise NotExact("weights 与 formula 须给且只给一项", "give either weights or formula, not both")
        return self

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if len(self.weights or ()) * len(self.regions) > MAX_PARTS:
            raise NotExact(f"地区数乘以因素数至多 {MAX_PARTS}", f"may have at most {MAX_PARTS} regions times factors")
        return self


class RegionShare(BaseModel):
    """What a region gets, in yuan."""

    name: str
    amount: DecimalOut


class FormulaOut(BaseModel):
    """The dated formula that was used."""

    id: str
    title_zh: str
    title_en: str
    source: str
    since: date


class AllocationOut(BaseModel):
    """Shares in the order of the regions; they add up to `total`."""

    total: MoneyOut
    weights: dict[str, DecimalOut]
    formula: FormulaOut | None
    shares: list[RegionShare]


class ApportionIn(Given):
    """Yuan to divide by area."""

    amount: Money
    properties: Annotated[list[PropertyArea], FailFast(), Field(min_length=1, max_length=MAX_PROPERTIES)]


class PropertyShare(BaseModel):
    """What falls to a property, in yuan."""

    id: str
    area: DecimalOut
    amount: MoneyOut


class ApportionOut(BaseModel):
    """Shares in the order of the properties; they add up to `amount`."""

    amount: MoneyOut
    area: DecimalOut
    shares: list[PropertyShare]


class ProjectFacts(Given):
    """A project's facts by their key in the catalogue: text ("0.75", "2/3", "true"), an integer, a truth value, or null."""

    no: Label
    facts: Annotated[dict[Label, FactGiven], Field(max_length=500)]


def _of_bearable_size(given: object) -> object:
    """A rubric as it is given, refused unread when it holds too many values: all that is wrong in it will be named."""
    waiting, counted = [given], 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            counted += len(part)
            waiting.extend(part.values() if isinstance(part, dict) else part)
        if counted > MAX_RUBRIC_VALUES:
            raise NotExact(f"至多 {MAX_RUBRIC_VALUES} 个值", f"may hold at most {MAX_RUBRIC_VALUES} values")
    return given


def _steps(indicator: Indicator) -> int:
    bands = len(indicator.curve.bands) if isinstance(indicator.curve, BandsCurve) else 0
    return STEPS_OF_A_SCORE + bands


class ScoreIn(Given):
    """Projects to rank by a rubric as policies hold it."""

    rubric: Annotated[Rubric, BeforeValidator(_of_bearable_size)]
    projects: Annotated[list[ProjectFacts], FailFast(), Field(max_length=MAX_PROJECTS)]

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(map(_steps, self.rubric.indicators)) * len(self.projects) > MAX_STEPS:
            most = MAX_STEPS // STEPS_OF_A_SCORE
            raise NotExact(
                f"指标数乘以项目数至多 {most}，分档多时更少",
                f"may have at most {most} indicators times projects, fewer with many bands",
            )
        return self


class RankedProject(BaseModel):
    """A project's place. `figures` are the facts that gave the points, by indicator; `missing` those that gave none."""

    no: str
    rank: int
    total: DecimalOut
    points: dict[str, DecimalOut]
    dimensions: dict[str, DecimalOut]
    figures: dict[str, str | None]
    missing: list[str]


class ScoreOut(BaseModel):
    """All projects in rank order; no two ranks are equal."""

    scale: str
    rules_version: int
    ranking: list[RankedProject]
