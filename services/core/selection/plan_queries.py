"""Reads of annual plans: what holds now, how it differs from what was confirmed, and a project's way through the years.

What holds for a project in a year is its entry with the highest number, whichever plan it is in; the baseline is the last
confirmed one.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, String, Uuid, any_, bindparam, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.projects.models import Project
from services.core.selection import queries
from services.core.selection.annual_models import (
    AnnualPlan,
    EntryKind,
    Objection,
    ObjectionStatus,
    PlanEntry,
    PlanList,
    Supplement,
    SupplementStatus,
)
from services.core.selection.models import Run
from services.core.territory.models import Region

if TYPE_CHECKING:
    import asyncpg

later, confirmed = aliased(PlanEntry), aliased(PlanEntry)

HOLDS = ~(
    select(1)
    .where(later.project_id == PlanEntry.project_id, later.year == PlanEntry.year, later.number > PlanEntry.number)
    .exists()
)

ENTRY_COLUMNS = (
    PlanEntry.id,
    PlanEntry.plan_id,
    PlanEntry.project_id,
    PlanEntry.run_id,
    PlanEntry.year,
    PlanEntry.region_path,
    PlanEntry.number,
    PlanEntry.kind,
    PlanEntry.list,
    PlanEntry.partition,
    PlanEntry.rank,
    PlanEntry.budget,
    PlanEntry.floor_area,
    PlanEntry.client_unit,
    PlanEntry.ground,
    PlanEntry.document,
    PlanEntry.supplement_id,
    PlanEntry.at,
)

BASELINE = (
    select(confirmed.list, confirmed.budget, confirmed.client_unit)
    .where(
        confirmed.project_id == PlanEntry.project_id,
        confirmed.year == PlanEntry.year,
        confirmed.kind == EntryKind.CONFIRMED,
    )
    .order_by(confirmed.number.desc())
    .limit(1)
    .lateral("baseline")
)


def _in_region(statement: Any) -> Any:
    """Entries of a year in the subtree at `region_low` … `region_high`, inside the scope."""
    return statement.where(
        PlanEntry.year == bindparam("year"),
        PlanEntry.region_path >= bindparam("region_low", type_=PlanEntry.region_path.type),
        PlanEntry.region_path < bindparam("region_high", type_=PlanEntry.region_path.type),
        in_scope(PlanEntry.region_path),
    )


PLAN = Statement(
    _in_region(
        select(
            *ENTRY_COLUMNS,
            Project.no,
            Project.title,
            Project.stage,
            BASELINE.c.list.label("baseline_list"),
            BASELINE.c.budget.label("baseline_budget"),
            BASELINE.c.client_unit.label("baseline_client_unit"),
        )
        .join(Project, Project.id == PlanEntry.project_id)
        .join(BASELINE, true())
    )
    .where(
        HOLDS,
        tuple_(PlanEntry.region_path, Project.no)
        > tuple_(
            bindparam("after_path", type_=PlanEntry.region_path.type), bindparam("after_no", type_=Project.no.type)
        ),
        or_(bindparam("list", type_=String).is_(None), PlanEntry.list == bindparam("list")),
        or_(~bindparam("changed", type_=Boolean), PlanEntry.kind != EntryKind.CONFIRMED),
    )
    .order_by(PlanEntry.region_path, Project.no)
    .limit(bindparam("limit"))
)


def _totals(*conditions: Any) -> Statement:
    return Statement(
        _in_region(
            select(
                PlanEntry.list,
                func.count().label("projects"),
                func.coalesce(func.sum(PlanEntry.budget), 0).label("budget"),
                func.coalesce(func.sum(PlanEntry.floor_area), 0).label("floor_area"),
            )
        )
        .where(PlanEntry.list.is_not(None), *conditions)
        .group_by(PlanEntry.list)
    )


TOTALS = _totals(HOLDS)
BASELINE_TOTALS = _totals(
    PlanEntry.kind == EntryKind.CONFIRMED,
    ~(
        select(1)
        .where(
            later.project_id == PlanEntry.project_id,
            later.year == PlanEntry.year,
            later.kind == EntryKind.CONFIRMED,
            later.number > PlanEntry.number,
        )
        .exists()
    ),
)

# What holds for a project in a year.
ENTRY = Statement(
    select(*ENTRY_COLUMNS, AnnualPlan.region_path.label("plan_region_path"), Run.round_id)
    .join(AnnualPlan, AnnualPlan.id == PlanEntry.plan_id)
    .join(Run, Run.id == PlanEntry.run_id)
    .where(
        PlanEntry.project_id == bindparam("project_id", type_=Uuid()),
        PlanEntry.year == bindparam("year"),
        in_scope(PlanEntry.region_path),
        HOLDS,
    )
)

LOCKED_PLAN = Statement(
    select(AnnualPlan.id).where(AnnualPlan.id == bindparam("plan_id", type_=Uuid())).with_for_update(key_share=True)
)

# Those that a plan implements of one round, in rank order: what they take of the round's caps.
IMPLEMENTED = Statement(
    select(PlanEntry.project_id, PlanEntry.partition, PlanEntry.budget, PlanEntry.floor_area)
    .join(Run, Run.id == PlanEntry.run_id)
    .where(
        PlanEntry.plan_id == bindparam("plan_id", type_=Uuid()),
        Run.round_id == bindparam("round_id", type_=Uuid()),
        PlanEntry.list == PlanList.IMPLEMENT,
        HOLDS,
    )
    .order_by(PlanEntry.partition, PlanEntry.rank)
)

# The reserves of one partition of a round, as the plan holds them now.
RESERVES = Statement(
    select(*ENTRY_COLUMNS, Project.no, Project.title, Project.stage)
    .join(Run, Run.id == PlanEntry.run_id)
    .join(Project, Project.id == PlanEntry.project_id)
    .where(
        PlanEntry.plan_id == bindparam("plan_id", type_=Uuid()),
        Run.round_id == bindparam("round_id", type_=Uuid()),
        PlanEntry.partition == bindparam("partition", type_=String),
        PlanEntry.list == PlanList.RESERVE,
        HOLDS,
    )
    .order_by(PlanEntry.rank)
)

SUPPLEMENT_COLUMNS = (
    Supplement.id,
    Supplement.round_id,
    Supplement.plan_id,
    Supplement.dropped_project_id,
    Supplement.ground,
    Supplement.note,
    Supplement.status,
    Supplement.candidates,
    Supplement.proposed_at,
    Supplement.proposed_by,
    Supplement.published_at,
    Supplement.published_by,
    Supplement.document,
    Supplement.added_project_id,
    Supplement.notice_until,
    Supplement.provisional,
    Supplement.decided_at,
    Supplement.decided_by,
    Supplement.decision_document,
)

SUPPLEMENTS = Statement(
    select(*SUPPLEMENT_COLUMNS)
    .where(
        Supplement.round_id == bindparam("round_id", type_=Uuid()),
        Supplement.id > bindparam("after", type_=Uuid()),
        or_(bindparam("status", type_=String).is_(None), Supplement.status == bindparam("status")),
        in_scope(Supplement.region_path),
    )
    .order_by(Supplement.id)
    .limit(bindparam("limit"))
)

SUPPLEMENT = Statement(
    select(*SUPPLEMENT_COLUMNS, Supplement.region_path).where(
        Supplement.id == bindparam("supplement_id", type_=Uuid()),
        in_scope(Supplement.region_path),
    )
)

# The same wherever the caller is from, for who holds the round already: what is on notice is public.
SUPPLEMENT_HELD = Statement(
    select(*SUPPLEMENT_COLUMNS, Supplement.region_path).where(Supplement.id == bindparam("supplement_id", type_=Uuid()))
)


def _of_place(*conditions: Any) -> Statement:
    """Supplements of a round for the place of one project."""
    return Statement(
        select(Supplement.id)
        .where(
            Supplement.round_id == bindparam("round_id", type_=Uuid()),
            Supplement.dropped_project_id == bindparam("project_id", type_=Uuid()),
            *conditions,
        )
        .limit(1)
    )


OPEN_SUPPLEMENT = _of_place(
    or_(Supplement.status == SupplementStatus.PROPOSED, Supplement.status == SupplementStatus.PUBLISHED)
)
REPLACED = _of_place(Supplement.status == SupplementStatus.CONFIRMED, Supplement.added_project_id.is_not(None))

# The reserves of a round that are on notice to take a place, as the plan holds them now.
ON_NOTICE = Statement(
    select(Supplement.id.label("supplement_id"), PlanEntry.project_id, PlanEntry.partition)
    .join(PlanEntry, PlanEntry.project_id == Supplement.added_project_id)
    .join(Run, Run.id == PlanEntry.run_id)
    .where(
        Supplement.round_id == bindparam("round_id", type_=Uuid()),
        Supplement.status == SupplementStatus.PUBLISHED,
        PlanEntry.plan_id == bindparam("plan_id", type_=Uuid()),
        Run.round_id == bindparam("round_id", type_=Uuid()),
        PlanEntry.list == PlanList.RESERVE,
        HOLDS,
    )
)

# Which of some projects are on notice to take a place, in whichever round.
ON_NOTICE_ANYWHERE = Statement(
    select(Supplement.id.label("supplement_id"), Supplement.added_project_id.label("project_id")).where(
        Supplement.status == SupplementStatus.PUBLISHED,
        Supplement.added_project_id == any_(bindparam("project_ids", type_=ARRAY(Uuid()))),
    )
)

# Who was on notice for a place until an objection to him, or to the supplement as a whole, was upheld.
OBJECTED = Statement(
    select(Supplement.added_project_id)
    .join(Objection, Objection.supplement_id == Supplement.id)
    .where(
        Supplement.round_id == bindparam("round_id", type_=Uuid()),
        Supplement.dropped_project_id == bindparam("dropped_project_id", type_=Uuid()),
        Supplement.status == SupplementStatus.WITHDRAWN,
        Objection.status == ObjectionStatus.UPHELD,
        or_(Objection.project_id.is_(None), Objection.project_id == Supplement.added_project_id),
    )
)

# What the plan holds of a round for one project that it implements, or has stopped.
PLACE_ENTRY = Statement(
    select(*ENTRY_COLUMNS, Project.stage)
    .join(Run, Run.id == PlanEntry.run_id)
    .join(Project, Project.id == PlanEntry.project_id)
    .where(
        PlanEntry.project_id == bindparam("project_id", type_=Uuid()),
        Run.round_id == bindparam("round_id", type_=Uuid()),
        or_(PlanEntry.list == PlanList.IMPLEMENT, PlanEntry.kind == EntryKind.DROPPED),
        HOLDS,
    )
)
PROJECT = Statement(select(Project.no, Project.title).where(Project.id == bindparam("project_id", type_=Uuid())))

# What was published of a supplement stays public, whatever became of it.
PUBLISHED_SUPPLEMENT = Statement(
    select(
        Supplement.round_id,
        Supplement.status,
        Supplement.notice_until,
        Supplement.provisional,
        Supplement.etag,
        Supplement.content,
    ).where(Supplement.id == bindparam("supplement_id", type_=Uuid()), Supplement.content.is_not(None))
)

REGION = Statement(select(Region.id, Region.path, Region.name).where(Region.id == bindparam("region_id", type_=Uuid())))

# The published supplements that stopped or added one of some projects.
SUPPLEMENTED = Statement(
    select(
        Supplement.id,
        Supplement.ground,
        Supplement.status,
        Supplement.document,
        Supplement.published_at,
        Supplement.notice_until,
        Supplement.provisional,
        Supplement.decided_at,
        Supplement.decision_document,
    )
    .join(AnnualPlan, AnnualPlan.id == Supplement.plan_id)
    .where(
        AnnualPlan.year == bindparam("year"),
        Supplement.content.is_not(None),
        or_(
            Supplement.dropped_project_id == any_(bindparam("project_ids", type_=ARRAY(Uuid()))),
            Supplement.added_project_id == any_(bindparam("project_ids", type_=ARRAY(Uuid()))),
        ),
    )
    .order_by(Supplement.id)
)

# A project's way through the years: its moves between stages, and what the ledgers of plans say of it, in order of time.
LINEAGE = """
SELECT s.at, s.year, 'stage' AS "of", s.action AS step, s.from_stage, s.to_stage, s.round_id, NULL::uuid AS run_id, NULL AS list,
       NULL::int AS rank, NULL::numeric AS budget, NULL AS client_unit, NULL AS ground, s.document
FROM project_stage_entry s WHERE s.project_id = $1
UNION ALL
SELECT e.at, e.year, 'plan', e.kind, NULL, NULL, r.round_id, e.run_id, e.list, e.rank, e.budget, e.client_unit, e.ground,
       e.document
FROM plan_entry e JOIN run r ON r.id = e.run_id WHERE e.project_id = $1
ORDER BY at, "of" DESC, round_id
"""


async def region_of(driver: "asyncpg.Connection", *, scope: Scope | None, region_id: UUID) -> "asyncpg.Record":
    """A region by its id, inside the scope where one is given; NotFound otherwise."""
    row = (
        await REGION.first(driver, region_id=region_id)
        if scope is None
        else await queries.REGION.first(driver, region_id=region_id, **scope.parameters)
    )
    if row is None:
        raise NotFound
    return row


def places(path: str, scope: Scope | None) -> dict[str, Any]:
    """The parameters of a plan's statements for a region's subtree."""
    part = Scope((path,))
    seen = part if scope is None else scope
    return {"region_low": part.lows[0], "region_high": part.highs[0], **seen.parameters}


async def totals(driver: "asyncpg.Connection", statement: Statement, **where: Any) -> dict[str, dict[str, Any]]:
    """Projects, budget and floor area of each list; zeros where a list is empty."""
    rows: Mapping[str, Any] = {row["list"]: row for row in await statement.all(driver, **where)}
    return {
        one.value: {
            "projects": rows[one]["projects"] if one in rows else 0,
            "budget": decimal_text(rows[one]["budget"]) if one in rows else "0",
            "floor_area": decimal_text(rows[one]["floor_area"]) if one in rows else "0",
        }
        for one in PlanList
    }


async def supplement_of(driver: "asyncpg.Connection", *, scope: Scope, supplement_id: UUID) -> "asyncpg.Record":
    """A supplement of a project inside the scope; NotFound otherwise."""
    row = await SUPPLEMENT.first(driver, supplement_id=supplement_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
