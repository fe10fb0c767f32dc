"""How a clock is shown to staff, and to whom the promise was made."""

from datetime import date

from services.api.clocks import schemas
from services.core.clocks import queries
from services.core.policy.loader import load_packaged
from tests.core.clocks.conftest import Clocks, at

HOTLINE = next(one.policy.hotline for one in load_packaged() if one.policy.id == "jiaozuo")
assert HOTLINE is not None
COMPLAINT = HOTLINE.terms("complaint")


async def test_everything_of_a_clock_in_one_reading(clocks: Clocks) -> None:
    subject, started = await clocks.start("2026-02-12T10:00", COMPLAINT["reply"])
    await clocks.start("2026-02-12T10:00", COMPLAINT["sign_in"], subject=subject, kind="sign_in")
    await clocks.sweep("2026-02-12T12:30")
    await clocks.pause("2026-02-24T10:00", subject)
    await clocks.resume("2026-02-26T10:00", subject)
    refused = await clocks.ask("2026-02-26T11:00", subject, 14)
    await clocks.decide("2026-02-26T12:00", subject, refused, approve=False)
    granted = await clocks.ask("2026-02-27T10:00", subject, 15)
    await clocks.decide("2026-02-27T12:00", subject, granted)
    await clocks.urge("2026-03-02T10:00", subject)
    async with clocks.database.read() as reader:
        rows = await queries.of_subjects(reader, subject_type="complaint", subject_ids=[subject])
    now = at("2026-03-12T10:00")
    reply, sign_in = schemas.clocks_out(rows, now=now).items
    assert (reply.id, reply.key, reply.state, reply.unit, reply.days) == (
        started.clock_id,
        "reply",
        "running",
        "workday",
        15,
    )
    assert (reply.due_at, reply.days_left, reply.overdue, reply.late) == (at("2026-03-14T00:00"), 1, False, False)
    assert [date(2026, 2, 24), date(2026, 2, 25)] == [day for day in reply.skipped if day >= date(2026, 2, 24)][:2]
    assert [(one.reason, one.document, one.paused_by) for one in reply.pauses] == [
        ("waiting_for_citizen", "来信〔2026〕3号", clocks.officer.id)
    ]
    assert [(one.decision, one.days) for one in reply.extensions] == [("refused", 14), ("approved", 15)]
    assert (reply.urged, reply.max_days, reply.urges_per_day) == (1, 20, 1)
    assert (sign_in.hours, sign_in.unit, sign_in.days_left, sign_in.overdue, sign_in.late) == (
        2,
        None,
        None,
        True,
        True,
    )
    assert sign_in.breach is not None
    assert sign_in.breach.due_at == sign_in.due_at == at("2026-02-12T12:00")
    shown = [face.model_dump_json() for face in schemas.faces(rows, now=now)]
    assert len(schemas.faces(rows, now=now)[0].extensions) == 1
    for hidden in (str(clocks.officer.id), str(clocks.head.id), "来信", "管线"):
        assert not any(hidden in one for one in shown)


async def test_while_it_stands_still_no_days_run_and_after_the_answer_none_are_left(clocks: Clocks) -> None:
    subject, _ = await clocks.start("2026-03-02T10:00", COMPLAINT["reply"])
    await clocks.pause("2026-03-03T10:00", subject)
    async with clocks.database.read() as reader:
        rows = await queries.of_subjects(reader, subject_type="complaint", subject_ids=[subject])
        [paused] = schemas.clocks_out(rows, now=at("2026-06-01T10:00")).items
        assert (paused.state, paused.days_left, paused.overdue) == ("paused", None, False)
        await clocks.meet("2026-06-01T10:00", subject)
        rows = await queries.of_subjects(reader, subject_type="complaint", subject_ids=[subject])
    [met] = schemas.clocks_out(rows, now=at("2027-01-01T10:00")).items
    assert (met.state, met.days_left, met.overdue, met.late) == ("met", None, False, False)
