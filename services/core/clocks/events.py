"""Events of clocks, told of the subject that a clock belongs to. `key` is the clock's kind (reply, sign_in …).

Those that reach people (reminder, overdue, escalated, urged) are recorded at the moment they are told, never in quiet hours;
`clock.breached` is the fact, recorded when the limit has passed.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel

from services.core.kit.events import Event


class _OfClock(BaseModel):
    clock_id: UUID
    key: str


class ClockReminder(_OfClock, Event):
    """The limit comes near and the clock is not met."""

    kind: ClassVar[str] = "clock.reminder"
    number: int
    due_at: datetime
    late: bool


class ClockBreached(_OfClock, Event):
    """The limit has passed unmet."""

    kind: ClassVar[str] = "clock.breached"
    due_at: datetime


class ClockOverdue(_OfClock, Event):
    """Those who handle it are told that the limit has passed. `reminders`: those that were missed and are told by this."""

    kind: ClassVar[str] = "clock.overdue"
    due_at: datetime
    reminders: int
    late: bool


class ClockEscalated(_OfClock, Event):
    """The ladder has reached `rung`. `to`: whom this tells, by the policy's words; the highest last of several reached at once."""

    kind: ClassVar[str] = "clock.escalated"
    due_at: datetime
    rung: int
    to: list[str]
    late: bool


class ClockPaused(_OfClock, Event):
    """It stands still."""

    kind: ClassVar[str] = "clock.paused"
    pause_id: UUID


class ClockResumed(_OfClock, Event):
    """It runs again, and is due then."""

    kind: ClassVar[str] = "clock.resumed"
    pause_id: UUID
    due_at: datetime
    provisional: bool


class ExtensionAsked(_OfClock, Event):
    """Somebody asked for a later limit; another person decides."""

    kind: ClassVar[str] = "clock.extension_asked"
    extension_id: UUID
    days: int


class ClockExtended(_OfClock, Event):
    """The limit was moved: the citizen is told."""

    kind: ClassVar[str] = "clock.extended"
    extension_id: UUID
    days: int
    due_before: datetime
    due_at: datetime
    provisional: bool


class ExtensionRefused(_OfClock, Event):
    """The limit stays."""

    kind: ClassVar[str] = "clock.extension_refused"
    extension_id: UUID


class ClockUrged(_OfClock, Event):
    """Somebody who is concerned asked to hurry (催办); those who handle it are told. `number`: the how many-th time."""

    kind: ClassVar[str] = "clock.urged"
    nameless: ClassVar[bool] = True  # it may be the reporter who urged
    number: int
    due_at: datetime


class ClockRecomputed(_OfClock, Event):
    """A new calendar moved a provisional limit, or confirmed it."""

    kind: ClassVar[str] = "clock.recomputed"
    due_before: datetime
    due_at: datetime
    provisional: bool
