"""Running clocks whose limit rests on a provisional calendar, computed anew by a newer one, with a record of what moved.

Until the State Council announces the holidays Monday to Friday count; what it announces may move a limit either way. A limit is
never moved into the past: where it would be, the one that was told stays, and is provisional no more. Paused clocks are computed
when they are resumed. Source: semantics.md, *Deadlines*.

Who handles a case holds what hangs on its clock and then the clock; this comes from the clock's side. So it waits for nobody longer
than `WAITS`, which is less than PostgreSQL takes to find a circle: it is this that gives way and comes again, never a person.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from services.core.clocks import planning
from services.core.clocks.events import ClockRecomputed
from services.core.clocks.planning import HeldClock
from services.core.clocks.rules import Due
from services.core.kit.calendar import WorkCalendar
from services.core.kit.uow import UnitOfWork

BATCH = 500
WAITS = "SET LOCAL lock_timeout = '300ms'"
log = structlog.get_logger("worker")

OUTDATED = f"""
SELECT {planning.COLUMNS} FROM clock c
WHERE c.provisional AND c.state = 'running' AND c.calendar <> $1 AND c.due_at > $2
ORDER BY c.id LIMIT $3
FOR NO KEY UPDATE SKIP LOCKED
"""

PASSED_OVER = "UPDATE clock SET calendar = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One clock of the report: from when to when its limit moved (or that it is confirmed now, or at least by a newer calendar)."""

    clock_id: UUID
    subject_type: str
    subject_id: UUID
    kind: str
    before: datetime
    after: datetime
    provisional: bool


async def recompute(uow: UnitOfWork, *, calendar: WorkCalendar, limit: int = BATCH) -> list[Recomputed]:
    """A batch of them by `calendar`; what became of each. Fewer than `limit`: there are no more.

    An event tells of each that moved or is confirmed; of one that stays provisional where it was only the calendar is noted, as of
    one that cannot be reckoned with, which the log tells of.
    """
    found = []
    await uow.driver.execute(WAITS)
    for row in await uow.driver.fetch(OUTDATED, calendar.version, uow.now, limit):
        try:
            clock = HeldClock.of(row)
            due = await planning.due_now(uow, clock, calendar, days=clock.days)
        except ValueError as error:
            log.error("a clock cannot be recomputed", clock=str(row["id"]), exc_info=error)
            await uow.driver.execute(PASSED_OVER, row["id"], calendar.version)
            same = (row["due_at"], row["due_at"])
            found.append(Recomputed(row["id"], row["subject_type"], row["subject_id"], row["kind"], *same, True))
            continue
        if due.at <= uow.now:
            due = Due(clock.due_at, provisional=False, skipped=tuple(clock.skipped))
        await planning.move(uow, clock, due, calendar, days=clock.days)
        if due.at != clock.due_at or not due.provisional:
            planning.record(
                uow,
                clock,
                ClockRecomputed(
                    clock_id=clock.id,
                    key=clock.kind,
                    due_before=clock.due_at,
                    due_at=due.at,
                    provisional=due.provisional,
                ),
            )
        found.append(
            Recomputed(
                clock.id, clock.subject_type, clock.subject_id, clock.kind, clock.due_at, due.at, due.provisional
            )
        )
    await uow.flush()
    return found
