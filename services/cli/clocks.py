"""`jiugai clocks`: limits that rest on a provisional calendar, by the calendar that this version is packaged with."""

from typing import TYPE_CHECKING

import typer

from services.cli.environment import words
from services.cli.wiring import connect

if TYPE_CHECKING:
    from services.core.clocks.recomputing import Recomputed
    from services.core.kit.uow import Database

app = typer.Typer(name="clocks", no_args_is_help=True, help="时限。Clocks of promises.")


@app.callback()
def clocks() -> None:
    """时限。Clocks of promises."""


@app.command()
def recompute() -> None:
    """按随附的新日历核定暂定时限，逐条列出。Computes provisional limits anew; the worker does so daily, this reports."""
    moved, confirmed, seen = connect("jiugai-clocks", _recompute)
    print(words(f"核对 {seen}，变动 {moved}，确认 {confirmed}", f"seen {seen}, moved {moved}, confirmed {confirmed}"))


async def _recompute(database: "Database") -> tuple[int, int, int]:
    from services.core.clocks import recomputing
    from services.core.kit.calendar import WorkCalendar
    from services.core.kit.uow import SYSTEM

    moved = confirmed = seen = 0
    while True:
        async with database.begin(SYSTEM) as uow:
            found = await recomputing.recompute(uow, calendar=WorkCalendar.default())
        for one in found:
            _report(one)
            moved += one.before != one.after
            confirmed += not one.provisional
        seen += len(found)
        if len(found) < recomputing.BATCH:
            return moved, confirmed, seen


def _report(one: "Recomputed") -> None:
    from services.core.clocks.rules import last_day

    before, after = last_day(one.before), last_day(one.after)
    stands = words("暂定", "provisional") if one.provisional else words("已确认", "confirmed")
    print(f"{one.subject_type} {one.subject_id} {one.kind}: {before} → {after} ({stands})")
