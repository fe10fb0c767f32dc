"""Adjusting one project of the plan: another budget or client unit, under a document. The ledger keeps what was before."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.selection import frozen, plan_queries, run_queries, weighing
from services.core.selection.annual_models import EntryKind, PlanEntry, PlanList
from services.core.selection.errors import CapsExceeded, NotInPlan, PlanChanged, PlanInputInvalid
from services.core.selection.events import PlanAdjusted
from services.core.selection.plan_rules import Held, taken


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What becomes of a project's entry. None: stays as it is."""

    project_id: UUID
    budget: Decimal | None
    client_unit: str | None
    document: str


async def adjust(uow: UnitOfWork, *, scope: Scope, year: int, version: int, adjustment: Adjustment) -> PlanEntry:
    """The project's next entry in the plan. `version` is the number of the entry that the caller read.

    NotFound for a project that no plan of the year in the scope holds; VersionStale; NotInPlan for one that is not implemented;
    PlanInputInvalid when nothing changes; CapsExceeded when the new budget does not fit beside the others.
    """
    places = {"project_id": adjustment.project_id, "year": year, **scope.parameters}
    entry = await plan_queries.ENTRY.first(uow.driver, **places)
    if entry is None:
        raise NotFound
    await plan_queries.LOCKED_PLAN.all(uow.driver, plan_id=entry["plan_id"])
    entry = await plan_queries.ENTRY.first(uow.driver, **places)
    assert entry is not None  # noqa: S101 - entries stay
    if entry["number"] != version:
        raise VersionStale
    if entry["list"] != PlanList.IMPLEMENT:
        raise NotInPlan
    budget = entry["budget"] if adjustment.budget is None else adjustment.budget
    client_unit = adjustment.client_unit or entry["client_unit"]
    if (budget, client_unit) == (entry["budget"], entry["client_unit"]):
        raise PlanInputInvalid.at("/budget", zh="未调整任何内容", en="nothing changes")
    found = await run_queries.ROUND_TO_COMPUTE.first(uow.driver, round_id=entry["round_id"])
    assert found is not None  # noqa: S101 - held by a foreign key
    others = await weighing.held(
        uow, plan_id=entry["plan_id"], round_id=entry["round_id"], without=adjustment.project_id
    )
    mine = Held(str(adjustment.project_id), entry["partition"], budget, entry["floor_area"])
    if taken(frozen.parameters_of(found), mine.partition, others).over(mine.demand):
        raise CapsExceeded
    made = next_entry(uow, entry, kind=EntryKind.ADJUSTED, document=adjustment.document)
    made.budget, made.client_unit = budget, client_unit
    await add(uow, made)
    uow.record(
        PlanAdjusted(plan_id=entry["plan_id"], number=made.number),
        subject="project",
        subject_id=adjustment.project_id,
        region_path=entry["region_path"],
    )
    return made


async def add(uow: UnitOfWork, *entries: PlanEntry) -> None:
    """Writes entries of the ledger. PlanChanged when another plan of the year has taken the project over at the same moment."""
    uow.session.add_all(entries)
    try:
        await uow.session.flush()
    except IntegrityError as taken:
        raise PlanChanged from taken


def next_entry(uow: UnitOfWork, entry: Mapping[str, Any], *, kind: EntryKind, document: str | None) -> PlanEntry:
    """The entry that follows one of the ledger: the same but for what the caller changes on it."""
    return PlanEntry(
        id=new_id(),
        plan_id=entry["plan_id"],
        year=entry["year"],
        region_path=entry["region_path"],
        project_id=entry["project_id"],
        run_id=entry["run_id"],
        number=entry["number"] + 1,
        kind=kind,
        list=entry["list"],
        partition=entry["partition"],
        rank=entry["rank"],
        budget=entry["budget"],
        floor_area=entry["floor_area"],
        client_unit=entry["client_unit"],
        carried_times=0,
        document=document,
        at=uow.now,
        by=uow.actor.id,
    )
