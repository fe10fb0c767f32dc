"""The sweep: each step once, in whatever order and however late; by an index; two at once share the work."""

import asyncio

import pytest

import services.worker.tasks.clocks  # noqa: F401 - binds the tasks
from services.core.clocks import service, sweeping
from services.core.clocks.jobs import SweepClocks
from services.core.clocks.rules import State
from services.core.clocks.terms import Terms
from services.core.kit.uow import SYSTEM
from services.core.policy.loader import load_packaged
from services.worker import runtime, schedule
from tests.core.clocks.conftest import Clocks, at

HOTLINE = next(one.policy.hotline for one in load_packaged() if one.policy.id == "jiaozuo")
assert HOTLINE is not None
COMPLAINT = HOTLINE.terms("complaint")
REPLY, SIGN_IN = COMPLAINT["reply"], COMPLAINT["sign_in"]
PLAIN = Terms.model_validate({"limit": {"hours": 2}})
WORKDAYS = {"days": 1, "unit": "workday"}
TWO_RUNGS = Terms.model_validate(
    {
        "limit": {"days": 2, "unit": "workday"},
        "reminders": [{"days": 2, "unit": "workday"}, WORKDAYS],
        "escalation": [{"after": WORKDAYS, "to": "department_lead"}, {"after": {"days": 2, "unit": "workday"}, "to": "city_lead"}],
        "quiet": {"since": "22:00", "until": "08:00"},
    }
)  # fmt: skip

NEW_TERMS = "UPDATE clock SET terms = $2::text::jsonb WHERE id = $1"


async def test_step_by_step_everything_is_told_in_its_time(clocks: Clocks) -> None:
    """Due at the end of Thursday 19 March 2026."""
    subject, _ = await clocks.start("2026-03-02T10:00", REPLY)
    told = []
    for when in (
        "2026-03-19T07:59",
        "2026-03-19T08:00",
        "2026-03-19T23:59",
        "2026-03-20T00:00",
        "2026-03-20T07:59",
        "2026-03-20T08:00",
        "2026-03-26T08:00",
        "2026-05-06T12:00",
    ):
        await clocks.sweep(when)
        told.append(len(await clocks.kinds(subject)))
    assert told == [0, 1, 1, 2, 2, 4, 5, 5]
    assert await clocks.kinds(subject) == ["reminder", "breached", "overdue", "escalated", "escalated"]
    assert [data["to"] for kind, data in await clocks.told(subject) if kind == "escalated"] == [
        ["department_lead"],
        ["district_lead"],
    ]
    assert not any(data.get("late") for _, data in await clocks.told(subject))


async def test_after_two_days_without_a_worker_each_step_is_done_once_and_told_together_as_late(clocks: Clocks) -> None:
    """Two reminders, the limit and two rungs of the ladder all passed while nobody was there."""
    subject, _ = await clocks.start("2026-03-02T10:00", TWO_RUNGS)
    for _ in range(2):
        await clocks.sweep("2026-03-06T14:00")
    told = await clocks.told(subject)
    assert [kind for kind, _ in told] == ["breached", "overdue", "escalated"]
    assert told[1][1] | {"reminders": 2, "late": True} == told[1][1]
    assert told[2][1] | {"rung": 2, "to": ["department_lead", "city_lead"], "late": True} == told[2][1]
    steps = await clocks.steps(subject)
    assert [(one["kind"], one["number"], one["joined"]) for one in steps] == [
        ("reminder", 1, True),
        ("reminder", 2, True),
        ("breach", 1, False),
        ("escalation", 1, True),
        ("overdue", 1, False),
        ("escalation", 2, False),
    ]
    assert all(one["late"] and one["done_at"] == at("2026-03-06T14:00") for one in steps)
    [breach] = await clocks.breaches(subject)
    assert (breach["due_at"], breach["found_at"]) == (at("2026-03-05T00:00"), at("2026-03-06T14:00"))


async def test_a_reminder_that_was_missed_is_told_once_as_late_while_there_is_time(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", TWO_RUNGS)
    for when in ("2026-03-04T15:00", "2026-03-04T15:01"):
        await clocks.sweep(when)
    [(kind, data)] = await clocks.told(subject)
    assert (kind, data["number"], data["late"]) == ("reminder", 2, True)


async def test_who_catches_up_at_night_records_the_breach_and_lets_people_sleep(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", TWO_RUNGS)
    await clocks.sweep("2026-03-07T02:00")
    assert await clocks.kinds(subject) == ["breached"]
    await clocks.sweep("2026-03-07T07:59")
    assert await clocks.kinds(subject) == ["breached"]
    await clocks.sweep("2026-03-07T08:00")
    told = await clocks.told(subject)
    assert [kind for kind, _ in told] == ["breached", "overdue", "escalated"]
    assert told[1][1]["late"], "it was late when it was put off"


async def test_what_follows_a_limit_of_hours_is_told_at_once(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", SIGN_IN)
    await clocks.sweep("2026-03-02T11:00")
    await clocks.sweep("2026-03-02T12:00")
    assert await clocks.kinds(subject) == ["reminder", "breached", "overdue"]


async def test_two_sweeps_at_once_and_answers_in_between_do_each_thing_once(clocks: Clocks) -> None:
    """Four sweeps in small batches race over 300 clocks while a third of them are met."""
    subjects = await clocks.start_many("2026-03-02T10:00", TWO_RUNGS, 300)
    now = "2026-03-05T09:00"
    answered = subjects[::3]

    async def sweep() -> None:
        for _ in range(200):
            async with clocks.database.begin(SYSTEM, now=at(now)) as uow:
                if not await sweeping.sweep(uow, limit=25):
                    return

    async def answer() -> None:
        for subject in answered:
            await clocks.meet(now, subject)

    await asyncio.gather(sweep(), sweep(), sweep(), sweep(), answer())
    await clocks.sweep(now)
    counted = await clocks.counted(subjects)
    assert all(counted[subject, "clock.breached"] == 1 for subject in subjects)
    assert max(counted.values()) == 1
    unanswered = set(subjects) - set(answered)
    assert all(counted[subject, "clock.overdue"] == counted[subject, "clock.escalated"] == 1 for subject in unanswered)
    rows = await clocks.fetch("SELECT state, count(*) AS number FROM clock GROUP BY state")
    assert {row["state"]: row["number"] for row in rows} == {State.MET: 100, State.MISSED: 200}
    [left] = await clocks.fetch(
        "SELECT count(*) AS number FROM clock_step WHERE done_at IS NULL AND due_at <= $1", at(now)
    )
    assert left["number"] == 0


async def test_a_sweep_sees_what_another_did_while_it_waited_for_nothing(clocks: Clocks) -> None:
    """A clock whose answer is being written is left alone, and once it is written there is nothing to do."""
    subject, _ = await clocks.start("2026-03-02T10:00", PLAIN)
    async with clocks.database.begin(clocks.officer, now=at("2026-03-02T11:59")) as uow:
        await service.meet(uow, subject_type="complaint", subject_id=subject, kind="reply")
        await clocks.sweep("2026-03-02T12:00")
        assert await clocks.kinds(subject) == []
    await clocks.sweep("2026-03-02T12:01")
    assert await clocks.kinds(subject) == []
    assert await clocks.breaches(subject) == []


async def test_the_task_takes_a_batch_at_a_time_and_asks_for_the_next(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping.sweep, "__kwdefaults__", {"limit": 10, "calendar": None})
    subjects = await clocks.start_many("2026-03-02T10:00", PLAIN, 25)
    await schedule.schedule_once(
        clocks.database, [one for one in schedule.SCHEDULE if one.job.name == SweepClocks.name]
    )
    jobs = 0
    while waiting := await clocks.fetch("SELECT id FROM job WHERE name = 'clocks.sweep'"):
        [job] = waiting
        await runtime.perform({"database": clocks.database}, str(job["id"]))
        jobs += 1
    assert jobs == 3, "ten, ten and five"
    assert set((await clocks.counted(subjects)).values()) == {1}


async def test_the_sweep_walks_the_index_of_what_is_due_and_never_all_clocks(clocks: Clocks) -> None:
    await clocks.start_many("2026-03-02T10:00", REPLY, 2000)
    await clocks.start_many("2026-03-02T10:00", PLAIN, 20)
    await clocks.fetch("ANALYZE clock, clock_step")
    plan = "\n".join(
        row["QUERY PLAN"] for row in await clocks.fetch("EXPLAIN " + sweeping.CLAIM, at("2026-03-02T12:00"), 1000)
    )
    assert "ix_clock_step_due" in plan
    assert "Seq Scan" not in plan


async def test_a_clock_that_cannot_be_reckoned_with_holds_up_no_other(clocks: Clocks) -> None:
    """Its terms are of a program that knew more. Due first, it would stand before the others in every batch."""
    broken, _ = await clocks.start("2026-03-02T09:00", PLAIN)
    sound, _ = await clocks.start("2026-03-02T10:00", PLAIN)
    held = await clocks.clock(broken)
    async with clocks.database.begin(SYSTEM) as uow:
        await uow.driver.execute(NEW_TERMS, held["id"], '{"limit": {"hours": 2}, "weather": "fair"}')
    assert await clocks.sweep("2026-03-02T13:00", limit=1) == 3
    assert await clocks.kinds(sound) == ["breached", "overdue"]
    assert await clocks.kinds(broken) == []
    async with clocks.database.begin(SYSTEM) as uow:
        await uow.driver.execute(NEW_TERMS, held["id"], PLAIN.model_dump_json(exclude_defaults=True))
    await clocks.sweep("2026-03-02T13:30")
    assert await clocks.kinds(broken) == [], "an hour later"
    await clocks.sweep("2026-03-02T14:00")
    assert await clocks.kinds(broken) == ["breached", "overdue"]
