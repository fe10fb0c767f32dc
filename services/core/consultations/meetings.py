"""Use cases of meetings (R6): the record is written, corrected, published; what a meeting left to do gets done."""

import json
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.consultations import meeting_queries
from services.core.consultations.errors import FollowUpDone, MeetingInputInvalid, MeetingPublished
from services.core.consultations.events import (
    FollowUpWasDone,
    MeetingChanged,
    MeetingRecorded,
    MeetingWasPublished,
)
from services.core.consultations.meeting_rules import Record, record_errors
from services.core.kit.calendar import day_of
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.rules import holds_personal_number
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from asyncpg import Record as Row

PLANS = """
SELECT p.plan_number FROM project p JOIN project_compound c ON c.project_id = p.id WHERE p.id = $1 AND c.compound_id = $2
"""
ADD = """
INSERT INTO meeting (id, compound_id, region_path, project_id, plan_number, kind, title, held_on, place, attended,
                     properties_represented, agenda, decisions, documents, version, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb, $13::text::jsonb, $14::text::jsonb, 1, $15, $16)
"""
CHANGE = """
UPDATE meeting SET project_id = $2, plan_number = $3, kind = $4, title = $5, held_on = $6, place = $7, attended = $8,
                   properties_represented = $9, agenda = $10::text::jsonb, decisions = $11::text::jsonb,
                   documents = $12::text::jsonb, version = version + 1
WHERE id = $1
"""
DROP_FOLLOW_UPS = "DELETE FROM meeting_follow_up WHERE meeting_id = $1"
ADD_FOLLOW_UP = "INSERT INTO meeting_follow_up (id, meeting_id, what, responsible, due) VALUES ($1, $2, $3, $4, $5)"
PUBLISH = "UPDATE meeting SET published_at = $2, version = version + 1 WHERE id = $1"
DONE = """
UPDATE meeting_follow_up SET done_on = $3, result = $4 WHERE id = $1 AND meeting_id = $2 AND done_on IS NULL RETURNING id
"""
FOLLOW_UP = "SELECT done_on FROM meeting_follow_up WHERE id = $1 AND meeting_id = $2"


async def record(
    uow: UnitOfWork,
    *,
    scope: Scope,
    compound_id: UUID,
    project_id: UUID | None,
    plan_number: int | None,
    written: Record,
) -> UUID:
    """The record of a meeting of a compound of the scope; its id. `plan_number`: the version that was discussed.

    MeetingInputInvalid names every wrong place; CompoundClosed.
    """
    compound = await territory.standing(uow.driver, compound_id=compound_id, scope=scope)
    await _check(uow, compound_id, project_id, plan_number, written)
    meeting_id = new_id()
    await uow.driver.execute(
        ADD,
        meeting_id,
        compound_id,
        compound["region_path"],
        project_id,
        plan_number,
        *_columns(written),
        uow.actor.id,
        uow.now,
    )
    await _add_follow_ups(uow, meeting_id, written)
    uow.record(
        MeetingRecorded(compound_id=compound_id, attended=written.attended),
        subject="meeting",
        subject_id=meeting_id,
        region_path=compound["region_path"],
    )
    return meeting_id


async def change(
    uow: UnitOfWork,
    *,
    scope: Scope,
    meeting_id: UUID,
    version: int,
    project_id: UUID | None,
    plan_number: int | None,
    written: Record,
) -> None:
    """The record is written anew, until it is published (MeetingPublished)."""
    held = await _locked(uow, scope=scope, meeting_id=meeting_id, version=version)
    if held["published_at"] is not None:
        raise MeetingPublished
    await _check(uow, held["compound_id"], project_id, plan_number, written)
    await uow.driver.execute(CHANGE, meeting_id, project_id, plan_number, *_columns(written))
    await uow.driver.execute(DROP_FOLLOW_UPS, meeting_id)
    await _add_follow_ups(uow, meeting_id, written)
    uow.record(
        MeetingChanged(version=version + 1),
        subject="meeting",
        subject_id=meeting_id,
        region_path=held["region_path"],
    )


async def publish(uow: UnitOfWork, *, scope: Scope, meeting_id: UUID, version: int) -> None:
    """Everybody may read the record from now on; it changes no more."""
    held = await _locked(uow, scope=scope, meeting_id=meeting_id, version=version)
    if held["published_at"] is not None:
        raise MeetingPublished
    await uow.driver.execute(PUBLISH, meeting_id, uow.now)
    uow.record(
        MeetingWasPublished(compound_id=held["compound_id"]),
        subject="meeting",
        subject_id=meeting_id,
        region_path=held["region_path"],
    )


async def follow_up_done(
    uow: UnitOfWork, *, scope: Scope, meeting_id: UUID, follow_up_id: UUID, done_on: date, result: str
) -> None:
    """What was to be done is done, also after the record was published. NotFound; FollowUpDone."""
    held = await meeting_queries.meeting_of(uow.driver, scope=scope, meeting_id=meeting_id)
    if not held["held_on"] <= done_on <= day_of(uow.now):
        raise MeetingInputInvalid.at(
            "/done_on", zh="应在会议之日与今天之间", en="must lie between the day of the meeting and today"
        )
    if holds_personal_number(result):
        raise MeetingInputInvalid.at(
            "/result", zh="不得含有手机号或身份证号", en="may not hold a mobile or an identity number"
        )
    if await uow.driver.fetchval(DONE, follow_up_id, meeting_id, done_on, result) is None:
        if await uow.driver.fetchrow(FOLLOW_UP, follow_up_id, meeting_id) is None:
            raise NotFound
        raise FollowUpDone
    uow.record(
        FollowUpWasDone(follow_up_id=follow_up_id),
        subject="meeting",
        subject_id=meeting_id,
        region_path=held["region_path"],
    )


async def _check(
    uow: UnitOfWork, compound_id: UUID, project_id: UUID | None, plan_number: int | None, written: Record
) -> None:
    errors = record_errors(written, today=day_of(uow.now))
    if errors:
        raise MeetingInputInvalid(errors=errors)
    if plan_number is not None and project_id is None:
        raise MeetingInputInvalid.at("/project_id", zh="须写明方案所属项目", en="names the project of the plan")
    if project_id is None:
        return
    project = await uow.driver.fetchrow(PLANS, project_id, compound_id)
    if project is None:
        raise MeetingInputInvalid.at("/project_id", zh="不是含有本小区的项目", en="is no project of this compound")
    if plan_number is not None and plan_number > (project["plan_number"] or 0):
        raise MeetingInputInvalid.at("/plan_number", zh="没有这一版方案", en="is no version of its plan")


def _columns(written: Record) -> tuple[object, ...]:
    lists = (written.agenda, written.decisions, written.documents)
    return (
        written.kind,
        written.title,
        written.held_on,
        written.place,
        written.attended,
        written.properties_represented,
        *(json.dumps(list(lines), ensure_ascii=False) for lines in lists),
    )


async def _add_follow_ups(uow: UnitOfWork, meeting_id: UUID, written: Record) -> None:
    rows = [(new_id(), meeting_id, item.what, item.responsible, item.due) for item in written.follow_ups]
    await uow.driver.executemany(ADD_FOLLOW_UP, rows)


async def _locked(uow: UnitOfWork, *, scope: Scope, meeting_id: UUID, version: int) -> "Row":
    row = await meeting_queries.LOCKED.first(uow.driver, meeting_id=meeting_id, **scope.parameters)
    if row is None:
        raise NotFound
    if row["version"] != version:
        raise VersionStale
    return row
