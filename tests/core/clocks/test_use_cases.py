"""Clocks through their use cases: met, missed, paused, extended, urged; breaches that stay; what is refused."""

from datetime import date

import asyncpg
import pytest

from services.core.clocks import rules
from services.core.clocks.errors import (
    ClockInputInvalid,
    ClockNotOpen,
    ClockNotPaused,
    ClockNotRunning,
    ClockRanOut,
    ClockUnderWay,
    ExtensionDecided,
    ExtensionOwn,
    ExtensionPending,
    ExtensionsUsed,
    UrgedEnough,
)
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.policy.loader import load_packaged
from tests.core.clocks.conftest import Clocks, at

HOTLINE = next(one.policy.hotline for one in load_packaged() if one.policy.id == "jiaozuo")
assert HOTLINE is not None
COMPLAINT, URGENT = HOTLINE.terms("complaint"), HOTLINE.terms("urgent")
REPLY = COMPLAINT["reply"]  # 13 working days, at most 20 once


async def test_a_promise_is_told_when_it_starts_and_met_in_time(clocks: Clocks) -> None:
    subject, started = await clocks.start("2026-03-02T10:00", REPLY)
    assert rules.last_day(started.due.at) == date(2026, 3, 19)
    met = await clocks.meet("2026-03-19T23:59", subject)
    assert met is not None
    assert not met.late
    await clocks.sweep("2026-04-30T10:00")
    assert (await clocks.clock(subject))["state"] == "met"
    assert await clocks.breaches(subject) == []
    assert await clocks.kinds(subject) == []


async def test_at_the_first_instant_after_its_last_day_it_is_late_even_before_any_sweep(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    met = await clocks.meet("2026-03-20T00:00", subject)
    assert met is not None
    assert met.late
    [breach] = await clocks.breaches(subject)
    assert (breach["due_at"], breach["found_at"]) == (at("2026-03-20T00:00"), at("2026-03-20T00:00"))
    await clocks.sweep("2026-04-30T10:00")
    assert await clocks.kinds(subject) == ["breached"]
    assert len(await clocks.breaches(subject)) == 1


async def test_what_was_missed_may_be_met_late_and_its_breach_stays(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    await clocks.sweep("2026-03-20T00:01")
    assert (await clocks.clock(subject))["state"] == "missed"
    met = await clocks.meet("2026-03-20T09:00", subject)
    assert met is not None
    assert met.late
    held = await clocks.clock(subject)
    assert (held["state"], held["met_at"]) == ("met", at("2026-03-20T09:00"))
    assert len(await clocks.breaches(subject)) == 1
    assert await clocks.meet("2026-03-21T09:00", subject) is None


@pytest.mark.parametrize(
    "change", ["UPDATE clock_breach SET due_at = now()", "DELETE FROM clock_breach", "TRUNCATE clock_breach"]
)
async def test_nobody_changes_a_breach(clocks: Clocks, change: str) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    await clocks.meet("2026-03-25T10:00", subject)
    with pytest.raises(asyncpg.RestrictViolationError):
        await clocks.fetch(change)
    assert len(await clocks.breaches(subject)) == 1


async def test_one_clock_of_a_kind_at_a_time_and_a_new_one_after_it(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    with pytest.raises(ClockUnderWay):
        await clocks.start("2026-03-03T10:00", REPLY, subject=subject)
    await clocks.meet("2026-03-04T10:00", subject)
    _, again = await clocks.start("2026-03-05T10:00", REPLY, subject=subject)
    assert (await clocks.clock(subject))["id"] == again.clock_id


async def test_a_cancelled_case_is_waited_for_no_more_and_its_breach_stays(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    await clocks.start("2026-03-02T10:00", COMPLAINT["sign_in"], subject=subject, kind="sign_in")
    await clocks.sweep("2026-03-02T13:00")
    assert await clocks.cancel("2026-03-03T10:00", subject) == 2
    await clocks.sweep("2026-05-01T10:00")
    assert await clocks.kinds(subject) == ["breached", "overdue"]
    assert len(await clocks.breaches(subject)) == 1
    assert await clocks.cancel("2026-03-03T10:00", subject) == 0


async def test_a_pause_moves_the_limit_by_its_days_and_nothing_is_told_meanwhile(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    await clocks.pause("2026-03-18T10:00", subject)
    await clocks.sweep("2026-03-25T10:00")
    due = await clocks.resume("2026-03-25T15:00", subject)
    assert rules.last_day(due.at) == date(2026, 3, 26), "18 to 24 March did not count"
    assert await clocks.breaches(subject) == []
    await clocks.sweep("2026-03-26T08:00")
    assert await clocks.kinds(subject) == ["paused", "resumed", "reminder"]


async def test_a_reminder_of_the_new_limit_is_told_once_more_but_never_twice_for_one(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    await clocks.sweep("2026-03-19T09:00")
    await clocks.pause("2026-03-19T10:00", subject)
    await clocks.resume("2026-03-19T11:00", subject)  # the limit has not moved
    await clocks.sweep("2026-03-19T12:00")
    assert (await clocks.kinds(subject)).count("reminder") == 1
    await clocks.pause("2026-03-19T13:00", subject)
    await clocks.resume("2026-03-20T11:00", subject)  # it has, by a day
    await clocks.sweep("2026-03-20T11:01")
    assert (await clocks.kinds(subject)).count("reminder") == 2


async def test_an_answer_during_a_pause_ends_it_and_is_in_time(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    await clocks.pause("2026-03-18T10:00", subject)
    met = await clocks.meet("2026-05-18T10:00", subject)
    assert met is not None
    assert not met.late
    [pause] = await clocks.fetch("SELECT * FROM clock_pause")
    assert pause["ended_at"] == at("2026-05-18T10:00")


async def test_what_a_pause_is_refused_for(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    with pytest.raises(ClockInputInvalid):
        await clocks.pause("2026-03-03T10:00", subject, reason="lunch")
    with pytest.raises(ClockNotPaused):
        await clocks.resume("2026-03-03T10:00", subject)
    with pytest.raises(ClockRanOut):
        await clocks.pause("2026-03-20T00:00", subject)
    await clocks.pause("2026-03-03T10:00", subject)
    with pytest.raises(ClockNotRunning):
        await clocks.pause("2026-03-03T11:00", subject)
    with pytest.raises(ClockNotOpen):
        await clocks.pause("2026-03-03T11:00", new_id())
    sign_in, _ = await clocks.start("2026-03-02T10:00", COMPLAINT["sign_in"])
    with pytest.raises(ClockInputInvalid):
        await clocks.pause("2026-03-02T10:01", sign_in)


async def test_an_extension_counts_from_the_start_and_is_told(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    asked = await clocks.ask("2026-03-19T23:59", subject, 20)
    due = await clocks.decide("2026-03-19T23:59", subject, asked)
    assert due is not None
    assert rules.last_day(due.at) == date(2026, 3, 30)
    [(_, _), (kind, data)] = await clocks.told(subject)
    assert kind == "extended"
    assert (data["due_before"], data["due_at"]) == ("2026-03-19T16:00:00Z", "2026-03-30T16:00:00Z")
    with pytest.raises(ExtensionsUsed):
        await clocks.ask("2026-03-20T10:00", subject, 20)
    await clocks.sweep("2026-03-31T00:00")
    [breach] = await clocks.breaches(subject)
    assert breach["due_at"] == at("2026-03-31T00:00")


async def test_an_extension_is_asked_for_before_the_limit_and_decided_by_another(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    for days in (13, 21):
        with pytest.raises(ClockInputInvalid):
            await clocks.ask("2026-03-03T10:00", subject, days)
    with pytest.raises(ClockRanOut):
        await clocks.ask("2026-03-20T00:00", subject, 20)
    asked = await clocks.ask("2026-03-03T10:00", subject, 15)
    with pytest.raises(ExtensionPending):
        await clocks.ask("2026-03-03T11:00", subject, 16)
    with pytest.raises(ExtensionOwn):
        await clocks.decide("2026-03-03T12:00", subject, asked, by=clocks.officer)
    with pytest.raises(NotFound):
        await clocks.decide("2026-03-03T12:00", new_id(), asked)
    assert await clocks.decide("2026-03-03T12:00", subject, asked, approve=False) is None
    with pytest.raises(ExtensionDecided):
        await clocks.decide("2026-03-03T13:00", subject, asked)
    assert (await clocks.clock(subject))["due_at"] == at("2026-03-20T00:00")
    assert await clocks.kinds(subject) == ["extension_asked", "extension_refused"]


async def test_what_was_asked_and_not_decided_in_time_lapses_with_the_limit(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    asked = await clocks.ask("2026-03-19T10:00", subject, 20)
    with pytest.raises(ClockRanOut):
        await clocks.decide("2026-03-20T00:00", subject, asked)
    await clocks.sweep("2026-03-20T00:00")
    with pytest.raises(ExtensionDecided):
        await clocks.decide("2026-03-20T09:00", subject, asked)
    [extension] = await clocks.fetch("SELECT decision FROM clock_extension")
    assert extension["decision"] == "lapsed"


async def test_a_day_takes_one_urging_and_at_night_it_is_told_in_the_morning(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    assert await clocks.urge("2026-03-04T10:00", subject) == 1
    with pytest.raises(UrgedEnough):
        await clocks.urge("2026-03-04T22:30", subject)
    assert await clocks.urge("2026-03-05T23:00", subject) == 2
    await clocks.sweep("2026-03-06T07:59")
    assert await clocks.kinds(subject) == ["urged"]
    await clocks.sweep("2026-03-06T08:00")
    await clocks.sweep("2026-03-06T08:01")
    assert [data["number"] for kind, data in await clocks.told(subject) if kind == "urged"] == [1, 2]
    sign_in, _ = await clocks.start("2026-03-02T10:00", COMPLAINT["call_back"])
    with pytest.raises(UrgedEnough):
        await clocks.urge("2026-03-02T11:00", sign_in)


async def test_a_case_over_three_departments_with_a_pause_and_an_extension(clocks: Clocks) -> None:
    """The citizen's promise and one clock for each department; who comes in later keeps the first promise."""
    case, lead, first, second = new_id(), new_id(), new_id(), new_id()
    on = "assignment"
    await clocks.start("2026-09-18T10:00", REPLY, subject=case)
    await clocks.start("2026-09-18T10:00", REPLY, subject=lead, subject_type=on)
    await clocks.start("2026-09-18T10:00", REPLY, subject=first, subject_type=on)
    # Sent on from the first of the two to a second one on the 24th: counted from the 18th.
    await clocks.meet("2026-09-22T10:00", first, subject_type=on)
    _, rerouted = await clocks.start(
        "2026-09-24T10:00", REPLY, subject=second, since="2026-09-18T10:00", subject_type=on
    )
    plain = (await clocks.clock(case))["due_at"]
    assert rerouted.due.at == plain == at("2026-10-14T00:00")
    # The lead waits for the citizen over the holidays; only its own clock rests, and the working days of it do not count.
    await clocks.pause("2026-09-29T10:00", lead, subject_type=on)
    due = await clocks.resume("2026-10-09T10:00", lead, subject_type=on)
    assert rules.last_day(due.at) == date(2026, 10, 16), "29 and 30 September and 8 October did not count"
    # The second asks for more and gets it.
    asked = await clocks.ask("2026-10-13T10:00", second, 16, subject_type=on)
    extended = await clocks.decide("2026-10-13T16:00", second, asked, subject_type=on)
    assert extended is not None
    assert rules.last_day(extended.at) == date(2026, 10, 16)
    # The citizen's own promise has passed meanwhile: a fact, whatever the departments agreed among themselves.
    await clocks.sweep("2026-10-14T09:00")
    assert [len(await clocks.breaches(one)) for one in (case, lead, first, second)] == [1, 0, 0, 0]
    assert [
        met.late for one in (lead, second) if (met := await clocks.meet("2026-10-16T12:00", one, subject_type=on))
    ] == [
        False,
        False,
    ]
    met = await clocks.meet("2026-10-16T12:00", case)
    assert met is not None
    assert met.late
