"""Leaves of a policy about complaints: their clocks, who is told before and after a limit, what may stop or lengthen one."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from services.core.clocks.terms import Span, Terms
from services.core.kit.calendar import Unit
from services.core.policy.form import Form, FormInvalid, Name, Title, refuse_all, refuse_repeated
from services.core.policy.leaves import Duration, TimeOfDay

LIMITS = ("sign_in", "contact", "reply")
"""The limits of one kind of complaint, in the order in which they come."""

CALL_BACK = "call_back"


class Audience(StrEnum):
    """Who can be told that a limit has passed: those on duty at the desk, its head, or the leaders of the region around it."""

    DESK = "desk"
    DEPARTMENT_LEAD = "department_lead"
    STREET_LEAD = "street_lead"
    DISTRICT_LEAD = "district_lead"
    CITY_LEAD = "city_lead"


class Extension(Form):
    """How far a reply may be put off: to `max_days` in all (of the reply's unit, from the same start), so many times."""

    max_days: Annotated[int, Field(strict=True, ge=1, le=3660)]
    times: Annotated[int, Field(strict=True, ge=1, le=20)] = 1


class Clock(Form):
    """Time limits of one kind of complaint. One of 0 days that starts after `cut_off` ends on the next working day."""

    sign_in: Duration | None = None
    contact: Duration | None = None
    reply: Duration
    cut_off: TimeOfDay | None = None
    extension: Extension | None = None

    @model_validator(mode="after")
    def _extends_to_more(self) -> Self:
        if self.extension is not None and not self.reply.days:
            raise FormInvalid("只有以天计的答复时限可以延期", "extends only a reply of a day or more", ("extension",))
        if self.extension is not None and self.extension.max_days <= (self.reply.days or 0):
            raise FormInvalid("须多于答复时限的天数", "must be more days than the reply has", ("extension", "max_days"))
        return self


class Reminder(Form):
    """A reminder so long before the limit; a day before it is the last day itself."""

    before: Duration

    @model_validator(mode="after")
    def _comes_before(self) -> Self:
        if self.before.days == 0:
            raise FormInvalid("须早于时限", "must come before the limit", ("before", "days"))
        return self


class Escalation(Form):
    """Who is told so long after the limit."""

    after: Duration
    to: Audience


class CallBack(Form):
    """When a resident is asked whether a complaint was solved."""

    after: Duration


class QuietHours(Form):
    """From when until when nobody is told anything; over midnight where `from` is the later one."""

    since: TimeOfDay = Field(alias="from")
    until: TimeOfDay

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.since == self.until:
            raise FormInvalid("起止时间不能相同", "must end at another time than it begins", ("until",))
        return self


class Urging(Form):
    """How often a day those who are concerned may urge a reply (催办)."""

    per_day: Annotated[int, Field(strict=True, ge=1, le=100)]


class PauseReason(Form):
    """What the clock of a reply may stand still for."""

    id: Name
    title: Title


class Reopening(Form):
    """Until so many days after an answer its reporter may have a case taken up again, so many times."""

    days: Annotated[int, Field(strict=True, ge=1, le=366)]
    times: Annotated[int, Field(strict=True, ge=1, le=20)] = 1


class Refusing(Form):
    """Within how long a desk may send a case back (退单), and after how many refusals of leading desks the arbiter alone does."""

    within: Duration
    times: Annotated[int, Field(strict=True, ge=1, le=20)]


class Repeating(Form):
    """The same matter again: so many days after it was closed, of the same reporter or at most so many metres away.

    Without `metres` a place tells nothing.
    """

    days: Annotated[int, Field(strict=True, ge=1, le=366)]
    metres: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None


class Retention(Form):
    """How many days after its end a case still tells who made it, and in which words."""

    days: Annotated[int, Field(strict=True, ge=1, le=3660)]


class Hotline(Form):
    """Clocks of complaints, and what a city settles about handling them.

    `anonymous`: the categories that nobody needs to be known for, themselves or by the wider one above them; without the leaf the
    register of categories says it.
    """

    clocks: dict[Name, Clock]
    reminders: Annotated[tuple[Reminder, ...], Field(max_length=20)] = ()
    escalation: Annotated[tuple[Escalation, ...], Field(max_length=20)] = ()
    call_back: CallBack | None = None
    reopen: Reopening | None = None
    retention: Retention | None = None
    refuse: Refusing | None = None
    repeat: Repeating | None = None
    anonymous: Annotated[tuple[Name, ...], Field(max_length=100)] | None = None
    quiet_hours: QuietHours | None = None
    urge: Urging | None = None
    pauses: Annotated[tuple[PauseReason, ...], Field(min_length=1, max_length=20)] | None = None

    @field_validator("pauses")
    @classmethod
    def _has_distinct_reasons(cls, pauses: tuple[PauseReason, ...] | None) -> tuple[PauseReason, ...] | None:
        reasons = [(one.id, (index, "id")) for index, one in enumerate(pauses or ())]
        refuse_repeated(reasons, "暂停事由重复", "is repeated")
        return pauses

    @field_validator("escalation")
    @classmethod
    def _climbs(cls, ladder: tuple[Escalation, ...]) -> tuple[Escalation, ...]:
        refuse_all(
            [
                FormInvalid("须晚于上一级", "must come later than the rung below it", (number, "after"))
                for number, (below, rung) in enumerate(pairwise(ladder), 1)
                if _measure(below.after) == _measure(rung.after) and _length(rung.after) <= _length(below.after)
            ]
        )
        return ladder

    @field_validator("anonymous")
    @classmethod
    def _has_distinct_categories(cls, codes: tuple[Name, ...] | None) -> tuple[Name, ...] | None:
        refuse_repeated([(code, (index,)) for index, code in enumerate(codes or ())], "类别重复", "is repeated")
        return codes

    def terms(self, kind: str) -> Mapping[str, Terms]:
        """What each clock of a kind of complaint runs by, the limits in their order; none for a kind that has no clock.

        The reply alone can be paused, extended and urged. A call-back's clock starts when the
        case is closed; nobody is reminded of it.
        """
        clock = self.clocks.get(kind)
        if clock is None:
            return {}
        quiet = None if self.quiet_hours is None else {"since": self.quiet_hours.since, "until": self.quiet_hours.until}
        told = {
            "reminders": [span(reminder.before) for reminder in self.reminders],
            "escalation": [{"after": span(rung.after), "to": rung.to} for rung in self.escalation],
            "quiet": quiet,
        }
        found: dict[str, dict[str, Any]] = {
            name: {"limit": span(limit), "cut_off": clock.cut_off, **told}
            for name in LIMITS
            if (limit := getattr(clock, name)) is not None
        }
        found["reply"] |= {
            "pauses": [reason.id for reason in self.pauses or ()],
            "urges_per_day": 0 if self.urge is None else self.urge.per_day,
        }
        if clock.extension is not None:
            found["reply"]["extension"] = {"max_days": clock.extension.max_days, "times": clock.extension.times}
        if self.call_back is not None:
            found[CALL_BACK] = {"limit": span(self.call_back.after), "quiet": quiet}
        return {name: Terms.model_validate(given) for name, given in found.items()}


def span(duration: Duration) -> Span:
    """The same as a limit of a clock."""
    if duration.hours is not None:
        return Span(hours=duration.hours)
    return Span(days=duration.days, unit=Unit(duration.unit or Unit.CALENDAR))


def _measure(duration: Duration) -> str:
    return "hours" if duration.days is None else duration.unit or "day"


def _length(duration: Duration) -> int:
    return duration.hours or duration.days or 0
