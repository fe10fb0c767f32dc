"""Confirming: the published run becomes part of the annual plan of its region and year, once nothing is open any more (S13)."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import bindparam, select, update

from services.core.kit.calendar import day_of, has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.projects import stages
from services.core.projects.rules import MOVES, Action, Stage
from services.core.selection import annual_queries, approving, publishing, queries, run_queries, service
from services.core.selection.annual_models import AnnualPlan, Confirmation, EntryKind, Opinion, PlanList
from services.core.selection.candidates import Outcome
from services.core.selection.errors import (
    ConfirmationInputInvalid,
    NotPublished,
    PlanChanged,
    PlanNotReady,
    RoundConfirmed,
    RoundReopened,
    RunNotPublished,
)
from services.core.selection.events import PlanConfirmed
from services.core.selection.models import RoundStatus, SelectionRound
from services.core.selection.plan_rules import Fixed, fixed_of, number_of

LISTS = {Outcome.IN: PlanList.IMPLEMENT, Outcome.RESERVE: PlanList.RESERVE, Outcome.LATER: PlanList.LATER}
"""实施 = in, 谋划 = reserve, 储备 = later."""

ENTRY_COLUMNS = (
    "id",
    "plan_id",
    "year",
    "region_path",
    "project_id",
    "run_id",
    "number",
    "kind",
    "list",
    "partition",
    "rank",
    "budget",
    "floor_area",
    "client_unit",
    "carried_times",
    "document",
    "at",
    "by",
)
NAMED_AT_MOST = 20
SETTLED = frozenset({Stage.PLANNED, Stage.WORKS, Stage.ACCEPTED, Stage.HANDED_OVER, Stage.DROPPED})
"""Where a project stands that another round has brought into a plan, or that was given up: it is no reserve of anybody."""

CONFIRMED = Statement(
    update(SelectionRound)
    .where(SelectionRound.id == bindparam("round_id"))
    .values(status=RoundStatus.CONFIRMED, version=SelectionRound.version + 1)
)
OPEN_PLAN = """
INSERT INTO annual_plan (id, region_id, region_path, year, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (region_id, year) DO NOTHING
"""
LOCKED_PLAN = Statement(
    select(AnnualPlan.id)
    .where(AnnualPlan.region_id == bindparam("region_id"), AnnualPlan.year == bindparam("year"))
    .with_for_update(key_share=True)
)


async def confirm(
    uow: UnitOfWork, *, scope: Scope, run_id: UUID, document: str | None, issued_on: date
) -> Confirmation:
    """The run's three lists enter the plan: those in are planned, reserve and later go to the library.

    RunNotPublished for a run that does not stand published, RoundReopened, RoundConfirmed; PlanNotReady naming everything that
    is missing (`missing`): notice, objections, each bureau, the joint document, projects that have left the competition since.
    ConfirmationInputInvalid for a day of issue before the end of the notice or after today. PlanChanged when another round of
    the year that ranks the same project is confirmed at the same moment; its entries hold until this one is confirmed after it.
    """
    run = await run_queries.run_of(uow.driver, scope=scope, run_id=run_id)
    await service.locked(uow, scope=scope, round_id=run["round_id"])
    found = await queries.round_of(uow.driver, scope=scope, round_id=run["round_id"])
    standing = await _standing(uow.driver, found, run_id)
    approvals = [
        row
        for row in await annual_queries.APPROVALS.all(uow.driver, round_id=found["id"])
        if row["publication_id"] == standing["id"] and row["opinion"] == Opinion.APPROVE
    ]
    plan_id = await _plan(uow, found)
    ranked = await uow.driver.fetch(annual_queries.RANKED, run_id, found["year"])
    missing = [
        *await _missing(uow, found, standing, {row["bureau"] for row in approvals}, document),
        *_gone(row for row in ranked if row["outcome"] == Outcome.IN),
    ]
    if missing:
        raise PlanNotReady(errors=missing, missing=[one.pointer for one in missing])
    if not standing["notice_until"] < issued_on <= day_of(uow.now):
        raise ConfirmationInputInvalid.at(
            "/issued_on",
            zh="应在公示期满之后、不晚于今日",
            en="must lie after the end of the notice, and not after today",
        )
    entering = [row for row in ranked if row["outcome"] == Outcome.IN or row["stage"] not in SETTLED]
    confirmation = Confirmation(
        round_id=found["id"],
        region_path=found["region_path"],
        run_id=run_id,
        publication_id=standing["id"],
        plan_id=plan_id,
        document=document,
        issued_on=issued_on,
        confirmed_at=uow.now,
        confirmed_by=uow.actor.id,
    )
    uow.session.add(confirmation)
    await uow.session.flush()
    await _enter(uow, found, confirmation, entering, fixed_of(approvals))
    await CONFIRMED.all(uow.driver, round_id=found["id"])
    of = [row["outcome"] for row in entering]
    uow.record(
        PlanConfirmed(
            plan_id=plan_id,
            run_id=run_id,
            implement=of.count(Outcome.IN),
            reserve=of.count(Outcome.RESERVE),
            later=of.count(Outcome.LATER),
        ),
        subject="round",
        subject_id=found["id"],
        region_path=found["region_path"],
    )
    return confirmation


async def _standing(driver: asyncpg.Connection, found: asyncpg.Record, run_id: UUID) -> asyncpg.Record:
    if found["status"] == RoundStatus.CONFIRMED:
        raise RoundConfirmed
    if found["status"] == RoundStatus.REOPENED:
        raise RoundReopened
    standing = await annual_queries.STANDING.first(driver, round_id=found["id"])
    if standing is None or found["status"] != RoundStatus.PUBLISHED:
        raise NotPublished
    if standing["run_id"] != run_id:
        raise RunNotPublished
    return standing


async def _plan(uow: UnitOfWork, found: asyncpg.Record) -> UUID:
    """The plan of the round's region and year, made when it is the first; its row is locked."""
    await uow.driver.execute(OPEN_PLAN, new_id(), found["region_id"], found["region_path"], found["year"], uow.now)
    row = await LOCKED_PLAN.first(uow.driver, region_id=found["region_id"], year=found["year"])
    assert row is not None  # noqa: S101 - made above, and never deleted
    plan_id: UUID = row["id"]
    return plan_id


async def _missing(
    uow: UnitOfWork, found: asyncpg.Record, standing: asyncpg.Record, approved: set[str], document: str | None
) -> list[FieldError]:
    """What still stands between the publication and the plan."""
    missing = []
    if not has_ended(standing["notice_until"], uow.now):
        missing.append(publishing.notice_runs(standing["notice_until"]))
    counts = await annual_queries.objection_counts(uow.driver, round_id=found["id"])
    if counts.open_in_time:
        missing.append(publishing.objections_open(counts.open_in_time))
    missing += [
        approving.not_approved(bureau)
        for bureau in await approving.bureaus(uow.driver, found)
        if bureau not in approved
    ]
    stored = await policies.by_id(uow.driver, version_id=found["policy_version_id"])
    calendar = Policy.model_validate(stored.body).round
    if calendar is not None and calendar.joint_issue and document is None:
        missing.append(
            FieldError("/document", "须有联合下达的文号", "the plan is issued jointly, under a document number")
        )
    return missing


def _gone(chosen: Iterable[asyncpg.Record]) -> list[FieldError]:
    """Chosen projects that nobody can choose any more: withdrawn or dropped since. The round has to be reopened."""
    gone = [row for row in chosen if (Action.CHOOSE, row["stage"]) not in MOVES]
    return [
        FieldError(f"/projects/{row['no']}", "公布后已退出", "has left the competition since the publication")
        for row in gone[:NAMED_AT_MOST]
    ]


async def _enter(
    uow: UnitOfWork,
    found: asyncpg.Record,
    confirmation: Confirmation,
    ranked: list[asyncpg.Record],
    fixed: dict[str, Fixed],
) -> None:
    """The round's entries of the ledger and the stages of all that were ranked; a reserve that has withdrawn stays where it is.

    Written in the order of ids: of two rounds of one year that rank the same projects, the second waits at the first of them.
    """
    in_turn = sorted(ranked, key=lambda row: row["project_id"])
    try:
        await uow.driver.copy_records_to_table(
            "plan_entry",
            records=[
                _record(uow, found, confirmation, row, fixed.get(str(row["project_id"]), Fixed())) for row in in_turn
            ],
            columns=list(ENTRY_COLUMNS),
        )
    except asyncpg.UniqueViolationError as taken:
        raise PlanChanged from taken
    for action, chosen in ((Action.CHOOSE, True), (Action.SHELVE, False)):
        to: dict[UUID, Stage] = {
            row["project_id"]: MOVES[action, row["stage"]]
            for row in ranked
            if (row["outcome"] == Outcome.IN) is chosen and (action, row["stage"]) in MOVES
        }
        if to:
            await stages.enter(
                uow,
                stages=to,
                action=action,
                year=found["year"],
                round_id=found["id"],
                policy_version_id=found["policy_version_id"],
                document=confirmation.document,
            )


def _record(
    uow: UnitOfWork, found: asyncpg.Record, confirmation: Confirmation, row: asyncpg.Record, fixed: Fixed
) -> tuple[Any, ...]:
    return (
        new_id(),
        confirmation.plan_id,
        found["year"],
        row["region_path"],
        row["project_id"],
        confirmation.run_id,
        row["last_number"] + 1,
        EntryKind.CONFIRMED,
        LISTS[Outcome(row["outcome"])],
        row["partition"],
        row["rank"],
        number_of(row["budget"]) if fixed.budget is None else fixed.budget,
        number_of(row["floor_area"]),
        fixed.client_unit or row["client_unit"],
        0 if row["carried"] is None else row["carried_before"] + 1,
        confirmation.document,
        uow.now,
        uow.actor.id,
    )
