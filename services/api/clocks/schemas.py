"""What routes of things that have clocks answer, and take for pauses and extensions."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.api.wire import In, OpenDocument, OpenReason
from services.core.clocks import rules
from services.core.clocks.rules import Decision, State
from services.core.clocks.terms import Terms
from services.core.kit.calendar import Unit, WorkCalendar

if TYPE_CHECKING:
    from asyncpg import Record


class PauseIn(In):
    """Why the clock stands still, by a reason of its policy, and the document that shows it."""

    reason: Annotated[
        str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(examples=["waiting_for_citizen"])
    ]
    document: OpenDocument


class ExtensionIn(In):
    """To how many days in all, counted from the clock's start, and why."""

    days: int
    reason: OpenReason


class ExtensionDecisionIn(In):
    """Whether the limit is moved; a refusal says why."""

    approve: bool
    ground: OpenReason | None = None


class PauseFace(BaseModel):
    """When it stood still, and for what."""

    reason: str
    started_at: datetime
    ended_at: datetime | None


class PauseOut(PauseFace):
    """A pause, as staff see it."""

    id: UUID
    document: str
    paused_by: UUID | None
    resumed_by: UUID | None


class ExtensionFace(BaseModel):
    """A limit that was moved, from when to when."""

    days: int
    decided_at: datetime | None
    due_before: datetime
    due_after: datetime | None


class ExtensionOut(ExtensionFace):
    """An extension asked for and what became of it, as staff see it."""

    id: UUID
    decision: Decision
    reason: str
    ground: str | None
    asked_at: datetime
    asked_by: UUID | None
    decided_by: UUID | None


class _Clock(BaseModel):
    """What everybody sees of a clock."""

    id: UUID
    key: str
    state: State
    started_at: datetime
    days: int | None
    hours: int | None
    unit: Unit | None
    due_at: datetime
    days_left: int | None
    provisional: bool
    skipped: list[date]
    met_at: datetime | None
    overdue: bool
    late: bool
    urged: int


class ClockFace(_Clock):
    """A promise as whoever it was made to sees it: no papers, nobody's ids, of the extensions those that were granted.

    See `ClockOut` for what the members say.
    """

    pauses: list[PauseFace]
    extensions: list[ExtensionFace]


class BreachOut(BaseModel):
    """The limit that passed unmet, and when that was found: a fact that does not change."""

    due_at: datetime
    found_at: datetime


class ClockOut(_Clock):
    """A promise and how it stands, as staff see it.

    `key`: what was promised (reply, sign_in …). `due_at`: the first instant that is too late. `unit`: what `days` are; null for a
    limit of hours and for a deadline of another office. `days_left`: of the unit, after today, 0 on the last day, below 0 since;
    null unless it runs or was missed, and where there is no unit. `overdue`: the limit has passed and it is not done.
    `late`: the limit passed before it was done, for ever. `skipped`: the days since the start that did not count.
    `provisional`: the calendar of that time is not announced yet.
    `breach`: the limit that was missed. `pause_reasons`, `max_days`, `urges_per_day`: what its policy allows.
    """

    calendar: str
    cancelled_at: datetime | None
    breach: BreachOut | None
    pauses: list[PauseOut]
    extensions: list[ExtensionOut]
    pause_reasons: list[str]
    max_days: int | None
    urges_per_day: int


class ClocksOut(BaseModel):
    """Every clock of one thing, the oldest first."""

    items: list[ClockOut]


def faces(rows: "Iterable[Record]", *, now: datetime) -> list[ClockFace]:
    """Rows of `queries.of_subjects` for those to whom the promises were made."""
    return [ClockFace.model_validate(_plain(row, now) | {"extensions": _granted(row)}) for row in rows]


def clocks_out(rows: "Iterable[Record]", *, now: datetime) -> ClocksOut:
    """Rows of `queries.of_subjects` for staff."""
    items = []
    for row in rows:
        terms = Terms.model_validate(row["terms"])
        breach = None if row["breached_at"] is None else {"due_at": row["breached_at"], "found_at": row["found_at"]}
        items.append(
            ClockOut.model_validate(
                _plain(row, now)
                | {
                    "calendar": row["calendar"],
                    "cancelled_at": row["cancelled_at"],
                    "breach": breach,
                    "extensions": row["extensions"],
                    "pause_reasons": terms.pauses,
                    "max_days": None if terms.extension is None else terms.extension.max_days,
                    "urges_per_day": terms.urges_per_day,
                }
            )
        )
    return ClocksOut(items=items)


def _granted(row: "Record") -> list[dict[str, Any]]:
    return [one for one in row["extensions"] if one["decision"] == Decision.APPROVED]


def _plain(row: "Record", now: datetime) -> dict[str, Any]:
    terms = Terms.model_validate(row["terms"])
    unit = terms.counts
    waits = row["state"] in (State.RUNNING, State.MISSED)
    overdue = waits and now >= row["due_at"]
    left = None
    if waits and unit is not None:
        left = rules.days_left(WorkCalendar.default(), unit, now=now, due_at=row["due_at"])
    return {
        "id": row["id"],
        "key": row["kind"],
        "state": row["state"],
        "started_at": row["started_at"],
        "days": None if unit is None else row["days"] or terms.days,
        "hours": None if terms.limit is None else terms.limit.hours,
        "unit": unit,
        "due_at": row["due_at"],
        "days_left": left,
        "provisional": row["provisional"],
        "skipped": row["skipped"],
        "met_at": row["met_at"],
        "overdue": overdue,
        "late": overdue or row["breached_at"] is not None,
        "urged": row["urged"],
        "pauses": row["pauses"],
    }
