"""What a clock runs by, frozen when it starts: a limit, who is told before and after it, and what may stop or lengthen it."""

from datetime import datetime, time
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.core.kit.calendar import MAX_DAYS, MAX_HOURS, Unit

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A word that a policy names: a reason, whom an escalation goes to."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Frozen):
    """So many days of a unit, or hours by the wall clock. `days` of 0: the day itself."""

    days: Annotated[int, Field(ge=0, le=MAX_DAYS)] | None = None
    hours: Annotated[int, Field(ge=0, le=MAX_HOURS)] | None = None
    unit: Unit = Unit.CALENDAR

    @model_validator(mode="after")
    def _is_one_measure(self) -> Self:
        if (self.days is None) == (self.hours is None):
            raise ValueError("needs exactly one of days and hours")
        return self


class Rung(_Frozen):
    """One rung of the escalation ladder: who is told, so long after the limit."""

    after: Span
    to: Word


class Quiet(_Frozen):
    """Hours of the day (Asia/Shanghai) in which nobody is told anything; `since` may be later than `until`: over midnight."""

    since: time
    until: time


class Extension(_Frozen):
    """How far a limit may be moved: to at most `max_days` from the start in all, at most `times` times."""

    max_days: Annotated[int, Field(ge=1, le=MAX_DAYS)]
    times: Annotated[int, Field(ge=1, le=20)]


class Terms(_Frozen):
    """The whole of it. `until` in place of `limit`: a promise that somebody else made (a transferred case keeps its deadline).

    `cut_off`: a limit of 0 days that starts later in the day is due on the next working day. `roll`: a limit in calendar days that
    ends on no working day moves to the next. `pauses`: the reasons for which it may be stopped; none, and it never is.
    """

    limit: Span | None = None
    until: AwareDatetime | None = None
    cut_off: time | None = None
    roll: bool = True
    reminders: tuple[Span, ...] = ()
    escalation: tuple[Rung, ...] = ()
    quiet: Quiet | None = None
    extension: Extension | None = None
    pauses: tuple[Word, ...] = ()
    urges_per_day: Annotated[int, Field(ge=0, le=100)] = 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.limit is None) == (self.until is None):
            raise ValueError("needs exactly one of limit and until")
        if self.until is not None and (self.pauses or self.extension):
            raise ValueError("a promise made elsewhere is neither paused nor extended")
        if self.extension is not None and (self.limit is None or not self.limit.days):
            raise ValueError("only a limit of a day or more is extended, in days")
        return self

    @property
    def days(self) -> int:
        """How many days its limit has; 0 where it has none."""
        return 0 if self.limit is None else self.limit.days or 0

    @property
    def counts(self) -> Unit | None:
        """What its days are; None where it counts hours or is bound to an instant."""
        return None if self.limit is None or self.limit.days is None else self.limit.unit


def promised(until: datetime, *, like: Terms) -> Terms:
    """The terms of a promise made elsewhere, told and escalated as `like`."""
    return Terms(
        until=until,
        reminders=like.reminders,
        escalation=like.escalation,
        quiet=like.quiet,
        urges_per_day=like.urges_per_day,
    )
