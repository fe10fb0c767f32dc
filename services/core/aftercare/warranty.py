"""Use cases of warranty (domain.md C4): what is guaranteed by whom, until when; defects, repaired first and argued about after."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from asyncpg.exceptions import UniqueViolationError

from services.core.aftercare import rules, warranty_queries, warranty_rules
from services.core.aftercare.errors import (
    ActionNotPossible,
    NotAccepted,
    TermExists,
    TicketExists,
    WarrantyExpired,
    WarrantyInputInvalid,
)
from services.core.aftercare.events import DefectReported, TicketMoved, WarrantyCorrected, WarrantyRecorded
from services.core.aftercare.warranty_rules import OVER, Action, Length, Liability, State, Verdict, Work
from services.core.kit.calendar import WorkCalendar, day_of
from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects.rules import Stage
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from asyncpg import Record

BUILT = frozenset({Stage.ACCEPTED, Stage.HANDED_OVER})
# Nothing leads back from acceptance, so the project's row need not be held.
STAGE = """
SELECT p.stage FROM project p JOIN project_compound c ON c.project_id = p.id WHERE p.id = $1 AND c.compound_id = $2
"""
# An organisation is known in the region that it was entered for, and below.
KNOWN = (
    "SELECT EXISTS (SELECT 1 FROM organisation WHERE id = $1 AND closed_at IS NULL AND starts_with($2, region_path))"
)
ADD_TERM = """
INSERT INTO warranty_term (id, compound_id, region_path, project_id, work, item, organisation_id, accepted_on, months, seasons,
                           season_begins, season_ends, ends_on, document, version, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, $15, $16)
ON CONFLICT (compound_id, project_id, work, item) DO NOTHING RETURNING id
"""
CHANGE_TERM = """
UPDATE warranty_term SET work = $2, item = $3, organisation_id = $4, accepted_on = $5, months = $6, seasons = $7,
                         season_begins = $8, season_ends = $9, ends_on = $10, document = $11, version = version + 1
WHERE id = $1
"""
PROPERTY = "SELECT EXISTS (SELECT 1 FROM property WHERE id = $1 AND compound_id = $2)"
COMPLAINT = "SELECT created_at FROM complaint WHERE id = $1 AND compound_id = $2"
ADD_TICKET = """
INSERT INTO warranty_ticket (id, term_id, compound_id, region_path, property_id, complaint_id, place, defect, reported_on, covered,
                             state, liability, failures, version, reported_by, reported_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'reported', 'open', 0, 1, $11, $12)
ON CONFLICT (complaint_id, term_id) DO NOTHING RETURNING id
"""
MOVE = """
UPDATE warranty_ticket SET state = $2, liability = $3, failures = failures + $4, ended_at = $5, version = version + 1 WHERE id = $1
"""
ADD_ENTRY = """
INSERT INTO warranty_entry (id, ticket_id, action, state, liability, note, document, by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is guaranteed: which item, by which contractor, from acceptance for how long, by which document."""

    work: Work
    item: str
    organisation_id: UUID
    accepted_on: date
    length: Length
    document: str


@dataclass(frozen=True, slots=True)
class Defect:
    """What is broken and where. `reported_on`: the day the reporter told of it; of a complaint, the day it was made."""

    place: str
    defect: str
    reported_on: date | None = None
    property_id: UUID | None = None
    complaint_id: UUID | None = None


async def record(uow: UnitOfWork, *, scope: Scope, compound_id: UUID, project_id: UUID, terms: Terms) -> UUID:
    """The warranty of an item of works at a compound of the scope; its id.

    NotAccepted before the works are; WarrantyInputInvalid names every wrong place, a term shorter than the law's among them;
    TermExists; CompoundClosed.
    """
    compound = await territory.standing(uow.driver, compound_id=compound_id, scope=scope)
    stage = await uow.driver.fetchval(STAGE, project_id, compound_id)
    if stage is None:
        raise WarrantyInputInvalid.at("/project_id", zh="不是含有本小区的项目", en="is no project of this compound")
    if stage not in BUILT:
        raise NotAccepted
    await _check(uow, terms, compound["region_path"])
    term_id = new_id()
    ends_on = warranty_rules.ends_on(terms.accepted_on, terms.length)
    made = await uow.driver.fetchval(
        ADD_TERM,
        term_id,
        compound_id,
        compound["region_path"],
        project_id,
        *_columns(terms),
        uow.actor.id,
        uow.now,
    )
    if made is None:
        raise TermExists
    uow.record(
        WarrantyRecorded(project_id=project_id, organisation_id=terms.organisation_id, ends_on=ends_on),
        subject="warranty_term",
        subject_id=term_id,
        region_path=compound["region_path"],
    )
    return term_id


async def correct(uow: UnitOfWork, *, scope: Scope, term_id: UUID, version: int, terms: Terms) -> None:
    """What was recorded is corrected. Whether a ticket was in time stays as it was decided. Refusals as of `record`."""
    held = await warranty_queries.locked_term(uow.driver, scope=scope, term_id=term_id, version=version)
    await _check(uow, terms, held["region_path"])
    try:
        await uow.driver.execute(CHANGE_TERM, term_id, *_columns(terms))
    except UniqueViolationError as taken:
        raise TermExists from taken
    uow.record(
        WarrantyCorrected(
            organisation_id=terms.organisation_id, ends_on=warranty_rules.ends_on(terms.accepted_on, terms.length)
        ),
        subject="warranty_term",
        subject_id=term_id,
        region_path=held["region_path"],
    )


async def report(uow: UnitOfWork, *, scope: Scope, term_id: UUID, defect: Defect, paid: bool) -> UUID:
    """A defect of an item; the ticket's id. After the last day it is taken only as a paid repair (`paid`), and then not covered.

    WarrantyExpired names the last day; WarrantyInputInvalid names every wrong place; TicketExists for a complaint of which one was
    made already.
    """
    term = await warranty_queries.locked_term(uow.driver, scope=scope, term_id=term_id)
    reported_on = await _reported_on(uow, term, defect)
    last_day = warranty_rules.last_day(term["ends_on"], WorkCalendar.default())
    covered = reported_on <= last_day
    if not covered and not paid:
        raise WarrantyExpired(last_day=last_day.isoformat())
    ticket_id = new_id()
    made = await uow.driver.fetchval(
        ADD_TICKET,
        ticket_id,
        term_id,
        term["compound_id"],
        term["region_path"],
        defect.property_id,
        defect.complaint_id,
        defect.place,
        defect.defect,
        reported_on,
        covered,
        uow.actor.id,
        uow.now,
    )
    if made is None:
        raise TicketExists
    uow.record(
        DefectReported(
            term_id=term_id, compound_id=term["compound_id"], complaint_id=defect.complaint_id, covered=covered
        ),
        subject="warranty_ticket",
        subject_id=ticket_id,
        region_path=term["region_path"],
    )
    return ticket_id


async def act(
    uow: UnitOfWork,
    *,
    scope: Scope,
    ticket_id: UUID,
    version: int,
    action: Action,
    note: str | None = None,
    verdict: Verdict | None = None,
    document: str | None = None,
) -> None:
    """One step of a ticket's way. Repairing waits for nobody; a ticket is closed once it was rechecked and nobody disputes it.

    `verdict`, `document`: of `settle` alone. ActionNotPossible tells what is (`state`, `liability`); WarrantyInputInvalid.
    """
    held = await warranty_queries.locked_ticket(uow.driver, scope=scope, ticket_id=ticket_id, version=version)
    if errors := _act_errors(action, note, document):
        raise WarrantyInputInvalid(errors=errors)
    before = Liability(held["liability"])
    state = warranty_rules.after(action, State(held["state"]), before)
    if state is None:
        raise ActionNotPossible(state=held["state"], liability=held["liability"])
    liability = warranty_rules.liability_after(action, before, verdict)
    await uow.driver.execute(
        MOVE, ticket_id, state, liability, int(action is Action.FAILED), uow.now if state in OVER else None
    )
    await uow.driver.execute(
        ADD_ENTRY, new_id(), ticket_id, action, state, liability, note, document, uow.actor.id, uow.now
    )
    uow.record(
        TicketMoved(action=action, state=state, liability=liability),
        subject="warranty_ticket",
        subject_id=ticket_id,
        region_path=held["region_path"],
    )


async def _check(uow: UnitOfWork, terms: Terms, region_path: str) -> None:
    errors = warranty_rules.length_errors(terms.work, terms.length)
    if terms.accepted_on > day_of(uow.now):
        errors.append(FieldError("/accepted_on", "不能晚于今天", "must not be after today"))
    if not await uow.driver.fetchval(KNOWN, terms.organisation_id, region_path):
        errors.append(FieldError("/organisation_id", "没有这家单位", "is no organisation of this region"))
    if errors:
        raise WarrantyInputInvalid(errors=errors)


def _columns(terms: Terms) -> tuple[object, ...]:
    season = terms.length.season
    return (
        terms.work,
        terms.item,
        terms.organisation_id,
        terms.accepted_on,
        terms.length.months,
        terms.length.seasons,
        None if season is None else warranty_rules.month_day(season.begins),
        None if season is None else warranty_rules.month_day(season.ends),
        warranty_rules.ends_on(terms.accepted_on, terms.length),
        terms.document,
    )


async def _reported_on(uow: UnitOfWork, term: "Record", defect: Defect) -> date:
    """The day that decides whether it is in time."""
    errors = rules.text_errors(defect.place, ("place",)) + rules.text_errors(defect.defect, ("defect",))
    today = day_of(uow.now)
    reported_on = defect.reported_on or today
    if defect.complaint_id is not None:
        complaint = await uow.driver.fetchrow(COMPLAINT, defect.complaint_id, term["compound_id"])
        if complaint is None:
            errors.append(FieldError("/complaint_id", "不是本小区的投诉", "is no complaint of this compound"))
        elif defect.reported_on is not None:
            errors.append(
                FieldError("/reported_on", "以投诉日期为准，不另填写", "is the complaint's day: do not give another")
            )
        else:
            reported_on = day_of(complaint["created_at"])
    if not term["accepted_on"] <= reported_on <= today:
        errors.append(FieldError("/reported_on", "应在验收之日与今天之间", "must lie between the acceptance and today"))
    known = PROPERTY, defect.property_id, term["compound_id"]
    if defect.property_id is not None and not await uow.driver.fetchval(*known):
        errors.append(FieldError("/property_id", "不是本小区的房屋", "is no property of this compound"))
    if errors:
        raise WarrantyInputInvalid(errors=errors)
    return reported_on


def _act_errors(action: Action, note: str | None, document: str | None) -> list[FieldError]:
    errors = rules.text_errors(note, ("note",)) + rules.text_errors(document, ("document",))
    if note is None and action in warranty_rules.EXPLAINED:
        errors.append(FieldError("/note", "须说明", "is needed"))
    return errors
