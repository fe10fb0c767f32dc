"""Who is told of a clock: those on duty at the desk that has the case, its department, the leaders whom the ladder names."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.clocks.events import ClockBreached, ClockEscalated, ClockExtended, ClockOverdue, ClockReminder
from services.core.hotline.after_events import CallBackDue, SupervisionOpened
from services.core.hotline.after_rules import Cause
from services.core.hotline.events import ComplaintMoved, ComplaintRouted, ReporterActed
from services.core.hotline.rules import Act, State
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.works.events import ReviewPartAsked
from services.worker.handout import hand_out_once
from tests.support.people import Region
from tests.worker.test_handout import family, hire, number

REPLICA = "SET LOCAL session_replication_role = 'replica'"
DESK = """
INSERT INTO desk (id, region_id, region_path, organisation_id, title, role, made_at, version)
VALUES ($1, $2, $3, $4, '席位', $5, now(), 1)
"""
MEMBER = (
    "INSERT INTO desk_member (id, desk_id, staff_id, since, until) VALUES ($1, $2, $3, now() - interval '1 day', $4)"
)
COMPLAINT = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, created_at, reopened,
                       synthetic, version)
VALUES ($1::uuid, left($1::uuid::text, 13), 'SQ-' || left($1::uuid::text, 8), 'phone', 'leak', 'complaint', false, false,
        'assigned', $2, now(), 0, false, 1)
"""
ASSIGNMENT = """
INSERT INTO assignment (id, complaint_id, desk_id, part, state, binding, queue_at, assigned_at)
VALUES ($1, $2, $3, $4, 'assigned', false, now(), now())
"""
PART = """
INSERT INTO review_part (id, review_id, project_id, desk_id, state)
SELECT $1, $1, $2, desk_id, 'waiting' FROM assignment WHERE id = $3
"""
DUE = datetime(2026, 3, 19, 16, 0, tzinfo=UTC)


@dataclass
class Duty:
    """A case in a street: one desk leads, another takes part; each with somebody on duty."""

    database: Database
    street: Region
    case: UUID
    lead_part: UUID
    co_part: UUID
    people: dict[str, UUID]

    async def happen(self, event: Event, subject: str, subject_id: UUID) -> dict[str, Any]:
        """Who was told, by their names here, and in which words."""
        async with self.database.begin(SYSTEM) as uow:
            uow.record(event, subject=subject, subject_id=subject_id, region_path=self.street.path)
        await number(self.database)
        await hand_out_once(self.database)
        async with self.database.read() as reader:
            rows = await reader.fetch("SELECT * FROM message WHERE kind = $1", event.kind)
        names = {staff_id: name for name, staff_id in self.people.items()}
        return {names[row["recipient_id"]]: row for row in rows}


@pytest.fixture
async def duty(fresh_database: Database) -> Duty:
    county, street, _, community = await family(fresh_database)
    people = {
        "district": await hire(fresh_database, ("district", county)),
        "street": await hire(fresh_database, ("street", street)),
        "community": await hire(fresh_database, ("community", community)),
        **{name: await hire(fresh_database) for name in ("lead", "left", "co", "head", "other head")},
    }
    organisation, case, lead_part, co_part = new_id(), new_id(), new_id(), new_id()
    desks = {name: new_id() for name in ("lead", "co", "head", "other head")}
    async with fresh_database.begin(SYSTEM) as uow:
        await uow.driver.execute(REPLICA)  # an organisation, a category: nothing here asks for them
        for name, role, of in (
            ("lead", "handling", organisation),
            ("co", "handling", None),
            ("head", "supervision", organisation),
            ("other head", "supervision", new_id()),
        ):
            await uow.driver.execute(DESK, desks[name], street.id, street.path, of, role)
            await uow.driver.execute(MEMBER, new_id(), desks[name], people[name], None)
        await uow.driver.execute(MEMBER, new_id(), desks["lead"], people["left"], uow.now)
        await uow.driver.execute(COMPLAINT, case, street.path)
        await uow.driver.execute(ASSIGNMENT, lead_part, case, desks["lead"], "lead")
        await uow.driver.execute(ASSIGNMENT, co_part, case, desks["co"], "co")
    return Duty(fresh_database, street, case, lead_part, co_part, people)


async def test_the_desk_that_leads_is_reminded_of_the_case_and_each_desk_of_its_own_part(duty: Duty) -> None:
    reminder = ClockReminder(clock_id=new_id(), key="reply", number=1, due_at=DUE, late=False)
    told = await duty.happen(reminder, "complaint", duty.case)
    assert set(told) == {"lead"}, "who has left is on duty no more"
    message = told["lead"]
    assert "答复时限为2026-03-19 24:00" in message["body_zh"]
    assert "the limit of its reply is 2026-03-19 24:00" in message["body_en"]
    assert f"SQ-{str(duty.case)[:8]}" in message["body_zh"]
    assert message["link"] == f"/v1/complaints/{duty.case}"
    overdue = ClockOverdue(clock_id=new_id(), key="sign_in", due_at=DUE, reminders=0, late=False)
    told = await duty.happen(overdue, "assignment", duty.co_part)
    assert set(told) == {"co"}
    assert told["co"]["link"] == f"/v1/complaints/{duty.case}"
    assert "签收时限" in told["co"]["body_zh"]


async def test_the_ladder_reaches_the_department_and_the_leaders_it_names_and_nobody_else(duty: Duty) -> None:
    climbed = {"clock_id": new_id(), "key": "reply", "due_at": DUE, "late": False}
    first = ClockEscalated(**climbed, rung=1, to=["department_lead"])
    assert set(await duty.happen(first, "complaint", duty.case)) == {"head"}
    both = ClockEscalated(**climbed, rung=3, to=["desk", "street_lead", "district_lead"])
    assert set(await duty.happen(both, "complaint", duty.case)) == {"head", "lead", "street", "district"}


async def test_a_case_that_no_desk_has_is_told_to_who_assigns(duty: Duty) -> None:
    async with duty.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE assignment SET state = 'ended', ended_at = now()")
    extended = ClockExtended(
        clock_id=new_id(), key="reply", extension_id=new_id(), days=15, due_before=DUE, due_at=DUE, provisional=False
    )
    assert set(await duty.happen(extended, "complaint", duty.case)) == {"street", "district"}


async def test_the_breach_itself_is_a_fact_and_wakes_nobody(duty: Duty) -> None:
    assert await duty.happen(ClockBreached(clock_id=new_id(), key="reply", due_at=DUE), "complaint", duty.case) == {}


async def test_what_was_merged_is_told_to_the_desk_that_has_what_it_was_merged_into(duty: Duty) -> None:
    """Its promise is its own, the handling is one."""
    merged = uuid4()
    async with duty.database.begin(SYSTEM) as uow:
        await uow.driver.execute(REPLICA)
        await uow.driver.execute(COMPLAINT, merged, duty.street.path)
        await uow.driver.execute(
            "UPDATE complaint SET state = 'merged', merged_into_id = $2 WHERE id = $1", merged, duty.case
        )
    overdue = ClockOverdue(clock_id=new_id(), key="reply", due_at=DUE, reminders=0, late=False)
    assert set(await duty.happen(overdue, "complaint", merged)) == {"lead"}


async def test_a_joint_review_reaches_the_desk_that_is_asked_and_its_limit_too(duty: Duty) -> None:
    part, project = new_id(), new_id()
    async with duty.database.begin(SYSTEM) as uow:
        await uow.driver.execute(REPLICA)  # a round, a project: nothing here asks for them
        await uow.driver.execute(PART, part, project, duty.lead_part)
        desk = await uow.driver.fetchval("SELECT desk_id FROM review_part WHERE id = $1", part)
    asked = ReviewPartAsked(project_id=project, review_id=part, desk_id=desk)
    told = await duty.happen(asked, "review_part", part)
    assert set(told) == {"lead"}
    assert told["lead"]["link"] == f"/v1/projects/{project}/reviews/{part}"
    near = ClockReminder(clock_id=new_id(), key="review_answer", number=1, due_at=DUE, late=False)
    told = await duty.happen(near, "review_part", part)
    assert set(told) == {"lead"}
    assert "联合审查答复时限为2026-03-19 24:00" in told["lead"]["body_zh"]
    assert told["lead"]["link"] == f"/v1/projects/{project}"


MOVED = {"entry_id": new_id()}
REPORTER = """
WITH one AS (INSERT INTO resident (id, openid, openid_digest, index_key, language, failed_attempts, lock_count, created_at)
             VALUES ($1, 'o', 'd', 'k', 'zh', 0, 0, now()))
INSERT INTO complaint_reporter (complaint_id, resident_id) VALUES ($2, $1)
"""


async def told_residents(duty: Duty, event: Event) -> list[tuple[UUID, str, str]]:
    """Which residents were told of an event of the case, and what."""
    async with duty.database.begin(SYSTEM) as uow:
        uow.record(event, subject="complaint", subject_id=duty.case, region_path=duty.street.path)
    await number(duty.database)
    await hand_out_once(duty.database)
    async with duty.database.read() as reader:
        rows = await reader.fetch(
            "SELECT recipient_id, title_zh, link FROM message WHERE kind = $1 AND recipient_kind = 'resident'",
            event.kind,
        )
    return [(row["recipient_id"], row["title_zh"], row["link"]) for row in rows]


async def test_who_a_case_is_sent_to_is_told_each_desk_of_its_own_part(duty: Duty) -> None:
    async with duty.database.read() as reader:
        desks = dict(await reader.fetch("SELECT part, desk_id FROM assignment WHERE complaint_id = $1", duty.case))
    by_rules = ComplaintRouted(act=Act.ASSIGN, state=State.ASSIGNED, desk_id=desks["co"], **MOVED)
    told = await duty.happen(by_rules, "complaint", duty.case)
    assert set(told) == {"co"}, "the desk that the event names, not the one that leads"
    assert (told["co"]["title_zh"], told["co"]["link"]) == ("新派诉求", f"/v1/complaints/{duty.case}")
    by_hand = ComplaintMoved(act=Act.ASSIGN, state=State.ASSIGNED, desk_id=desks["lead"], **MOVED)
    assert set(await duty.happen(by_hand, "complaint", duty.case)) == {"lead"}


async def test_what_is_sent_back_is_told_to_the_arbiter(duty: Duty) -> None:
    refused = ComplaintMoved(act=Act.REFUSE, state=State.RECEIVED, desk_id=new_id(), **MOVED)
    assert set(await duty.happen(refused, "complaint", duty.case)) == {"district"}


async def test_a_supervision_is_told_to_its_desk_and_without_one_to_the_district(duty: Duty) -> None:
    async with duty.database.read() as reader:
        desk_id = await reader.fetchval("SELECT desk_id FROM desk_member WHERE staff_id = $1", duty.people["head"])
    opened = {"supervision_id": new_id(), "round": 0, "cause": Cause.RATING}
    told = await duty.happen(SupervisionOpened(desk_id=desk_id, **opened), "complaint", duty.case)
    assert set(told) == {"head"}
    async with duty.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE assignment SET state = 'done', ended_at = now()")
    told = await duty.happen(SupervisionOpened(desk_id=None, **opened), "complaint", duty.case)
    assert set(told) == {"head", "district"}, "the first, and who supervises where no desk does"


async def test_a_call_back_is_told_to_those_around_who_did_not_answer(duty: Duty) -> None:
    assert set(await duty.happen(CallBackDue(round=0), "complaint", duty.case)) == {"street"}


async def test_who_made_it_is_told_of_the_answer_and_of_a_later_limit_and_of_nothing_inside(duty: Duty) -> None:
    me = new_id()
    async with duty.database.begin(SYSTEM) as uow:
        await uow.driver.execute(REPORTER, me, duty.case)
    answered = ComplaintMoved(act=Act.REPLY, state=State.ANSWERED, desk_id=None, **MOVED)
    link = f"/v1/me/complaints/{duty.case}"
    assert await told_residents(duty, answered) == [(me, "您的诉求已答复", link)]
    noted = ComplaintMoved(act=Act.NOTE, state=State.ANSWERED, desk_id=None, **MOVED)
    assert len(await told_residents(duty, noted)) == 1, "a note is for staff"
    extended = ClockExtended(
        clock_id=new_id(), key="reply", extension_id=new_id(), days=15, due_before=DUE, due_at=DUE, provisional=False
    )
    assert await told_residents(duty, extended) == [(me, "您的诉求延期答复", link)]
    async with duty.database.read() as reader:
        staff = await reader.fetchval(
            "SELECT count(*) FROM message WHERE kind = 'clock.extended' AND recipient_kind = 'staff'"
        )
    assert staff == 1, "the desk is told beside him, in its own words"
    own = ReporterActed(act=Act.ADD, state=State.ASSIGNED, **MOVED)
    assert set(await duty.happen(own, "complaint", duty.case)) == {"lead"}
