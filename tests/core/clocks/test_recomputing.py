"""Provisional limits are computed anew by a newer calendar, with a record of what moved from when to when."""

from datetime import date
from types import MappingProxyType

import pytest

from services.core.clocks import service
from services.core.clocks.terms import Terms
from services.core.kit.calendar import DAY, WorkCalendar
from services.core.kit.ids import new_id
from tests.core.clocks.conftest import PATH, Clocks, at

WORK_3 = Terms.model_validate({"limit": {"days": 3, "unit": "workday"}, "reminders": [{"days": 1, "unit": "workday"}]})
NOTHING_YET = WorkCalendar(MappingProxyType({}), date(2020, 1, 1), date(2026, 12, 31))


def announced(*, off: tuple[date, ...] = (), works: tuple[date, ...] = ()) -> WorkCalendar:
    """What the State Council says of 2027 in this test."""
    days = dict.fromkeys(off, False) | dict.fromkeys(works, True)
    return WorkCalendar(MappingProxyType(days), date(2020, 1, 1), date(2027, 12, 31))


NEW_YEAR = announced(off=(date(2027, 1, 1), date(2027, 1, 4)))


async def provisional(clocks: Clocks, when: str = "2026-12-30T10:00") -> service.Started:
    """Three working days from 30 December 2026: the 31st, 1 and 4 January, for all that is known."""
    async with clocks.database.begin(clocks.officer, now=at(when)) as uow:
        started = await service.start(
            uow,
            subject_type="complaint",
            subject_id=new_id(),
            region_path=PATH,
            kind="reply",
            terms=WORK_3,
            policy_version_id=clocks.policy_version_id,
            calendar=NOTHING_YET,
        )
    assert (started.due.at, started.due.provisional) == (at("2027-01-05T00:00"), True)
    return started


async def test_announced_holidays_move_the_limit_and_its_reminder_with_a_report_and_a_record(clocks: Clocks) -> None:
    started = await provisional(clocks)
    [one] = await clocks.recompute("2026-12-30T12:00", NEW_YEAR)
    assert (one.clock_id, one.before, one.after) == (started.clock_id, at("2027-01-05T00:00"), at("2027-01-07T00:00"))
    assert not one.provisional
    held = await clocks.clock(one.subject_id)
    assert held["skipped"] == [date(2027, 1, day) for day in (1, 2, 3, 4)]
    [(kind, data)] = await clocks.told(one.subject_id)
    assert (kind, data["due_before"], data["due_at"]) == ("recomputed", "2027-01-04T16:00:00Z", "2027-01-06T16:00:00Z")
    pending = [(step["kind"], step["due_at"]) for step in await clocks.steps(one.subject_id)]
    assert pending == [("reminder", at("2027-01-06T00:00")), ("breach", at("2027-01-07T00:00"))]
    assert await clocks.recompute("2026-12-30T13:00", NEW_YEAR) == []


async def test_a_working_weekend_moves_it_nearer_but_never_into_the_past(clocks: Clocks) -> None:
    started = await provisional(clocks)
    saturday = announced(works=(date(2027, 1, 2),))
    [one] = await clocks.recompute("2026-12-31T10:00", saturday)
    assert one.after == at("2027-01-03T00:00")
    late = await provisional(clocks)
    [kept] = await clocks.recompute("2027-01-03T10:00", saturday)
    assert (kept.clock_id, kept.after, kept.provisional) == (late.clock_id, late.due.at, False)
    assert started.clock_id != late.clock_id
    [row] = await clocks.fetch("SELECT count(*) AS number FROM clock_breach")
    assert row["number"] == 0


async def test_what_stays_provisional_where_it_was_is_looked_at_once_and_not_told(clocks: Clocks) -> None:
    await provisional(clocks)
    elsewhere = WorkCalendar(MappingProxyType({date(2026, 6, 1): False}), date(2020, 1, 1), date(2026, 12, 31))
    [one] = await clocks.recompute("2026-12-30T12:00", elsewhere)
    assert (one.before, one.provisional) == (one.after, True)
    assert await clocks.kinds(one.subject_id) == []
    assert await clocks.recompute("2026-12-30T12:00", elsewhere) == []


async def test_the_pauses_and_the_extension_that_it_had_are_kept(clocks: Clocks) -> None:
    terms = WORK_3.model_copy(update={"pauses": ("waiting",)})
    subject, _ = await clocks.start("2026-12-30T10:00", terms)
    await clocks.pause("2026-12-31T10:00", subject, reason="waiting")
    assert await clocks.recompute("2026-12-31T11:00", NEW_YEAR) == [], "a paused clock is computed when it is resumed"
    due = await clocks.resume("2027-01-05T10:00", subject)
    assert (due.at, due.provisional) == (at("2027-01-08T00:00"), True), "5, 6 and 7 January"
    [one] = await clocks.recompute("2027-01-05T11:00", announced(off=(date(2027, 1, 6),)))
    assert one.after == due.at + DAY


@pytest.mark.parametrize("ended", ["meet", "cancel"])
async def test_what_has_ended_stays_as_it_was(clocks: Clocks, ended: str) -> None:
    started = await provisional(clocks)
    [row] = await clocks.fetch("SELECT subject_id FROM clock WHERE id = $1", started.clock_id)
    await getattr(clocks, ended)("2026-12-30T11:00", row["subject_id"])
    assert await clocks.recompute("2026-12-30T12:00", NEW_YEAR) == []


async def test_a_clock_that_cannot_be_reckoned_with_is_passed_over_and_the_others_are_not(clocks: Clocks) -> None:
    broken, sound = await provisional(clocks), await provisional(clocks)
    async with clocks.database.begin(clocks.officer) as uow:
        unknown = '{"limit": {"days": 3, "unit": "workday"}, "weather": "fair"}'
        await uow.driver.execute("UPDATE clock SET terms = $2::text::jsonb WHERE id = $1", broken.clock_id, unknown)
    first, second = await clocks.recompute("2026-12-30T12:00", NEW_YEAR)
    assert (first.clock_id, first.after, first.provisional) == (broken.clock_id, broken.due.at, True)
    assert (second.clock_id, second.after) == (sound.clock_id, at("2027-01-07T00:00"))
    assert await clocks.recompute("2026-12-30T13:00", NEW_YEAR) == [], "it is looked at once for each calendar"
