"""Leaves of a policy that other domains read: menu, phases, notices, money, progress, inspections, cost sharing."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StringConstraints, model_validator

from services.core.policy.form import Form, FormInvalid, Name, Number, Share, Title

Unit = Literal["workday", "calendar"]
Tier = Literal["必改", "提升"]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Titles = Annotated[tuple[Title, ...], Field(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]


class Duration(Form):
    """So many days of a unit, or hours by the wall clock."""

    days: Annotated[int, Field(strict=True, ge=0, le=3660)] | None = None
    hours: Annotated[int, Field(strict=True, ge=1, le=8784)] | None = None
    unit: Unit | None = None

    @model_validator(mode="after")
    def _is_one_measure(self) -> Self:
        if (self.days is None) == (self.hours is None):
            raise FormInvalid("days 与 hours 须恰有其一", "needs exactly one of days and hours")
        if (self.unit is not None) != bool(self.days):
            raise FormInvalid("一天以上须写明 unit，其余不写", "names a unit exactly for one day or more")
        return self


class MenuArea(Form):
    """What may be renovated in one place, by tier: 必改 (must) or 提升 (may)."""

    id: Name
    title: Title
    tiers: dict[Tier, Titles]


class Menu(Form):
    """The menu that a compound's contents are chosen from; `eras` are the building periods it distinguishes."""

    eras: Titles | None = None
    areas: Annotated[tuple[MenuArea, ...], Field(min_length=1, max_length=20)]


class Phase(Form):
    """A step of the year's work. `start` and `due` are included."""

    title: Title
    start: date | None = None
    due: date
    lead: Title | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start is not None and self.due < self.start:
            raise FormInvalid("due 早于 start", "is due before it starts")
        return self


class BuiltBefore(Form):
    """The last year of completion: a compound built by the end of `year` is eligible."""

    year: Annotated[int, Field(strict=True, ge=1900, le=2999)]


class SelfBuiltShare(Form):
    """The largest share of the floor area that residents built themselves (`compound.self_built_share`)."""

    share: Share


class Eligibility(Form):
    """Which compounds may be renovated at all (S18): by year of completion, and not mainly self-built."""

    built_before: BuiltBefore | None = None
    self_built_share_at_most: SelfBuiltShare | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.built_before is None and self.self_built_share_at_most is None:
            raise FormInvalid("至少须写明一项条件", "names at least one condition")
        return self


class Rebuild(Form):
    """When renovating costs at least `close_share` of rebuilding, the costs come close and rebuilding is to be considered (S18)."""

    close_share: Number


class Supplements(Form):
    """Grounds on which a chosen project may be stopped and a ready reserve take its place."""

    grounds: Names


class Funding(Form):
    """Repair fund: what share of the use the city pays back, and the share of a new building's standard to make up."""

    repair_fund_subsidy: Share | None = None
    repair_fund_target: tuple[Share, Share] | None = None

    @model_validator(mode="after")
    def _target_ascends(self) -> Self:
        if self.repair_fund_target is not None and self.repair_fund_target[0] > self.repair_fund_target[1]:
            raise FormInvalid(
                "repair_fund_target 的下限大于上限", "has a repair fund target whose low end is above its high end"
            )
        return self


class YearCalendar(Form):
    """What every year's round follows: until when counties apply, who approves, whether the plan is issued jointly."""

    apply_until: MonthDay | None = None
    approvals: Names | None = None
    joint_issue: StrictBool | None = None


class Progress(Form):
    """How often works are inspected and districts ranked, by what, and how many of the last are reminded."""

    inspect: Literal["week", "month"]
    rank: Literal["week", "month"]
    by: Names
    remind_last: Annotated[int, Field(strict=True, ge=0, le=1000)]


class Frequency(Form):
    """At least one inspection every so many days."""

    every_days: Annotated[int, Field(strict=True, ge=1, le=366)]


class Inspections(Form):
    """Inspection frequency by risk grade."""

    frequency: dict[Name, Frequency]


class CostSharing(Form):
    """Who pays for one kind of item, in the payers' order; the shares are the whole."""

    kind: Name
    owner: Name | None = None
    payers: Annotated[tuple[dict[Name, Share], ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _shares_are_the_whole(self) -> Self:
        if any(len(payer) != 1 for payer in self.payers):
            raise FormInvalid("每一项只写一个出资方", "names one payer in each entry")
        if sum((share for payer in self.payers for share in payer.values()), Fraction(0)) != 1:
            raise FormInvalid("出资份额之和须等于 1", "has shares that do not add up to 1")
        return self
