"""Reads of projects. Statements are compiled once and carry the caller's scope; rows go to the answer as they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, String, Uuid, bindparam, exists, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.core.facts.queries import effective
from services.core.facts.rules import EffectiveFact
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.ownership.models import Building
from services.core.projects.figures import ProjectFacts, facts_of_project, figure_json, implied
from services.core.projects.models import GateException, PlanVersion, Project, ProjectCompound, StageEntry
from services.core.projects.rules import Action, Stage
from services.core.territory.models import Compound, Region

if TYPE_CHECKING:
    import asyncpg

PATH = Project.region_path.type
SHOWN = (
    Project.id,
    Project.no,
    Project.title,
    Project.stage,
    Project.region_id,
    Project.region_path,
    Project.client_unit,
    Project.plan_number,
    Project.version,
    Project.created_at,
)


@cache
def listing(*, of_region: bool, of_stage: bool) -> Statement:
    """A page of projects in the order of their index. One range of paths drives it, whatever the caller's scope is. Of one stage
    it is another index's.

    The range is the overlap of the region asked for and the span of the scope; inside it every row is checked against the scope.
    """
    low: Any = bindparam("scope_low", type_=PATH)
    high: Any = bindparam("scope_high", type_=PATH)
    if of_region:
        path = select(Region.path).where(Region.id == bindparam("region_id", type_=Uuid())).scalar_subquery()
        end = (
            select(func.left(Region.path, -1, type_=PATH).concat("/"))
            .where(Region.id == bindparam("region_id", type_=Uuid()))
            .scalar_subquery()
        )
        low, high = func.greatest(path, low, type_=PATH), func.least(end, high, type_=PATH)
    part = bindparam("q", type_=String)
    # One lower bound, not two: given a range and a key to go on after, an index scan begins at whichever it is told first,
    # which for a county would be the first project of the nation.
    after = func.greatest(low, bindparam("after_path", type_=PATH).collate("C"), type_=PATH)
    statement = (
        select(*SHOWN)
        .where(
            tuple_(Project.region_path, Project.no) > tuple_(after, bindparam("after_no", type_=Project.no.type)),
            Project.region_path < high,
            or_(part.is_(None), Project.title.ilike(part)),
            in_scope(Project.region_path),
        )
        .order_by(Project.region_path, Project.no)
        .limit(bindparam("limit"))
    )
    if of_stage:
        statement = statement.where(Project.stage == bindparam("stage", type_=String))
    if of_region:
        # An unknown region has no path: `greatest` would ignore the null and show the whole scope.
        statement = statement.where(
            exists(select(literal(1)).where(Region.id == bindparam("region_id", type_=Uuid())).select_from(Region))
        )
    return Statement(statement)


COMPOUNDS = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object("id", Compound.id, "no", Compound.no, "name", Compound.name), Compound.no
            )
        )
    )
    .join(ProjectCompound, ProjectCompound.compound_id == Compound.id)
    .where(ProjectCompound.project_id == Project.id)
    .correlate(Project)
    .scalar_subquery()
)

# Who applied last; nobody has while the project is a draft.
APPLICANT = (
    select(StageEntry.applicant)
    .where(StageEntry.project_id == Project.id, StageEntry.action == Action.APPLY, Project.stage != Stage.DRAFT)
    .order_by(StageEntry.id.desc())
    .limit(1)
    .correlate(Project)
    .scalar_subquery()
)

ONE = Statement(
    select(
        *SHOWN,
        Region.name.label("region_name"),
        COMPOUNDS.label("compounds"),
        APPLICANT.label("applicant"),
    )
    .join(Region, Region.id == Project.region_id)
    .where(Project.id == bindparam("project_id", type_=Uuid()), in_scope(Project.region_path))
)

LOCKED = Statement(
    select(*SHOWN, Project.policy_version_id)
    .where(Project.id == bindparam("project_id", type_=Uuid()), in_scope(Project.region_path))
    .with_for_update(key_share=True)  # rows that refer to the project may be written meanwhile: facts, results
)

PLACE = Statement(
    select(Project.region_path, Project.policy_version_id).where(
        Project.id == bindparam("project_id", type_=Uuid()), in_scope(Project.region_path)
    )
)

STAGES = Statement(
    select(
        StageEntry.id,
        StageEntry.from_stage,
        StageEntry.to_stage,
        StageEntry.action,
        StageEntry.year,
        StageEntry.round_id,
        StageEntry.applicant,
        StageEntry.document,
        StageEntry.reason,
        StageEntry.at,
        StageEntry.by,
    )
    .where(
        StageEntry.project_id == bindparam("project_id", type_=Uuid()),
        StageEntry.id > bindparam("after", type_=Uuid()),
    )
    .order_by(StageEntry.id)
    .limit(bindparam("limit"))
)

PLANS = Statement(
    select(
        PlanVersion.number,
        PlanVersion.items,
        PlanVersion.budget,
        PlanVersion.funding,
        PlanVersion.management_mode,
        PlanVersion.synthetic,
        PlanVersion.digest,
        PlanVersion.made_by,
        PlanVersion.made_at,
    )
    .where(PlanVersion.project_id == bindparam("project_id", type_=Uuid()))
    .order_by(PlanVersion.number)
)

PLAN_DIGEST = Statement(
    select(PlanVersion.digest).where(
        PlanVersion.project_id == bindparam("project_id", type_=Uuid()),
        PlanVersion.number == bindparam("number", type_=PlanVersion.number.type),
    )
)

REGION = Statement(
    select(Region.id, Region.path, Region.code, Region.number).where(
        Region.id == bindparam("region_id", type_=Uuid()), in_scope(Region.path)
    )
)

REGION_OVERLAPS = Statement(
    select(Region.id).where(
        Region.id == bindparam("region_id", type_=Uuid()),
        or_(in_scope(Region.path), Region.path == func.any(bindparam("ancestors", type_=ARRAY(String)))),
    )
)

COMPOUNDS_IN_SCOPE = Statement(
    select(Compound.id, Compound.region_path, Compound.closed_at)
    .where(Compound.id == func.any(bindparam("compound_ids", type_=ARRAY(Uuid()))), in_scope(Compound.region_path))
    .order_by(Compound.id)
    .with_for_update(key_share=True, read=True)  # none leaves its region before it has joined the project
)

COMPOUND_IDS = Statement(
    select(ProjectCompound.project_id, ProjectCompound.compound_id, Compound.name)
    .join(Compound, Compound.id == ProjectCompound.compound_id)
    .where(ProjectCompound.project_id == func.any(bindparam("project_ids", type_=ARRAY(Uuid()))))
    .order_by(Compound.no)
)

EXCEPTIONS = Statement(
    select(
        GateException.id,
        GateException.project_id,
        GateException.gate_id,
        GateException.reason,
        GateException.document,
        GateException.decided_by,
        GateException.decided_at,
    )
    .where(
        GateException.project_id == func.any(bindparam("project_ids", type_=ARRAY(Uuid()))),
        GateException.policy_id == bindparam("policy_id", type_=String),
        GateException.policy_number == bindparam("policy_number", type_=Integer),
    )
    .order_by(GateException.project_id, GateException.gate_id)
)

# The votes and notices that were on one plan version ($3, as text), also those that no longer hold.
SAID_OF_PLAN = """
SELECT key, value, kind, source, document, observed_on, recorded_at, superseded_at
FROM fact WHERE subject_id = $1 AND key = ANY ($2::text[]) AND source_rows -> 0 ->> 'plan_version' = $3
ORDER BY id
"""

BUILDINGS = Statement(
    select(Building.id)
    .join(ProjectCompound, ProjectCompound.compound_id == Building.compound_id)
    .where(
        ProjectCompound.project_id == bindparam("project_id", type_=Uuid()),
        Building.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))),
        Building.closed_at.is_(None),
    )
)

# The plan in force; locked, so that no newer one is added before what is said of this one is recorded.
PLAN_IN_FORCE = Statement(
    select(Project.plan_number)
    .where(Project.id == bindparam("project_id", type_=Uuid()), in_scope(Project.region_path))
    .with_for_update(read=True)
)

# The rows of these compounds, locked in one order, so that two applications with a compound in common take turns.
LOCK_COMPOUNDS = Statement(
    select(Compound.id, Compound.closed_at)
    .join(ProjectCompound, ProjectCompound.compound_id == Compound.id)
    .where(ProjectCompound.project_id == bindparam("project_id", type_=Uuid()))
    .order_by(Compound.id)
    .with_for_update(of=Compound, key_share=True)
)

# A project is under way until it is handed over; one in draft follows later, by hand.
UNDER_WAY_IN = Statement(
    select(Project.no)
    .join(ProjectCompound, ProjectCompound.project_id == Project.id)
    .where(
        ProjectCompound.compound_id == func.any(bindparam("compound_ids", type_=ARRAY(Uuid()))),
        Project.stage != Stage.DRAFT,
        Project.stage != Stage.HANDED_OVER,
        Project.stage != Stage.DROPPED,
    )
    .order_by(Project.no)
    .limit(1)
)

OTHERS_UNDER_WAY = Statement(
    select(Project.no)
    .join(ProjectCompound, ProjectCompound.project_id == Project.id)
    .where(
        ProjectCompound.compound_id.in_(
            select(ProjectCompound.compound_id).where(
                ProjectCompound.project_id == bindparam("project_id", type_=Uuid())
            )
        ),
        Project.id != bindparam("project_id", type_=Uuid()),
        Project.stage != Stage.DRAFT,
        Project.stage != Stage.HANDED_OVER,
        Project.stage != Stage.DROPPED,
    )
    .order_by(Project.no)
    .limit(1)
)


async def page(
    driver: "asyncpg.Connection",
    *,
    scope: Scope,
    region_id: UUID | None,
    stage: str | None,
    part_of_title: str | None,
    after: tuple[str, str],
    limit: int,
) -> "list[asyncpg.Record]":
    """Up to `limit` projects after a key (region path, no), in that order. NotFound for a region that the scope never meets."""
    values: dict[str, Any] = {
        "scope_low": scope.lows[0],
        "scope_high": scope.highs[-1],
        "after_path": after[0],
        "after_no": after[1],
        "stage": stage,
        "q": None if part_of_title is None else f"%{_escaped(part_of_title)}%",
        "limit": limit,
        **scope.parameters,
    }
    statement = listing(of_region=region_id is not None, of_stage=stage is not None)
    rows = await statement.all(driver, region_id=region_id, **values)
    if not rows and region_id is not None:
        await _check_region(driver, scope, region_id)
    return rows


async def _check_region(driver: "asyncpg.Connection", scope: Scope, region_id: UUID) -> None:
    ancestors = [path[: end + 1] for path in scope.paths for end, mark in enumerate(path) if mark == "."]
    found = await REGION_OVERLAPS.first(driver, region_id=region_id, ancestors=ancestors, **scope.parameters)
    if found is None:
        raise NotFound


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def place(driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID) -> str:
    """The region path of a project inside the scope; NotFound otherwise."""
    row = await PLACE.first(driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    path: str = row["region_path"]
    return path


async def locked(driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID) -> "asyncpg.Record":
    """A project inside the scope, its row locked until the transaction ends; NotFound otherwise."""
    row = await LOCKED.first(driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked_at(driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID, version: int) -> "asyncpg.Record":
    """The same, in the version that the caller read; VersionStale otherwise."""
    project = await locked(driver, scope=scope, project_id=project_id)
    if project["version"] != version:
        raise VersionStale
    return project


async def figures(
    driver: "asyncpg.Connection", compounds_of: Mapping[UUID, Sequence[UUID]]
) -> dict[UUID, ProjectFacts]:
    """The facts of projects, given the compounds of each, as they stood at one instant: a single statement reads them all."""
    subjects = {subject for project, compounds in compounds_of.items() for subject in (project, *compounds)}
    known = implied(await effective(driver, sorted(subjects)))
    return {project: facts_of_project(project, compounds, known) for project, compounds in compounds_of.items()}


async def compounds_by_project(
    driver: "asyncpg.Connection", project_ids: Sequence[UUID]
) -> "dict[UUID, list[asyncpg.Record]]":
    """The compounds (id, name) of each project, in the order of their numbers."""
    found: dict[UUID, list[asyncpg.Record]] = {project_id: [] for project_id in project_ids}
    for row in await COMPOUND_IDS.all(driver, project_ids=list(project_ids)):
        found[row["project_id"]].append(row)
    return found


async def exceptions_by_project(
    driver: "asyncpg.Connection", project_ids: Sequence[UUID], *, policy_id: str, policy_number: int
) -> dict[UUID, dict[str, dict[str, Any]]]:
    """The exceptions recorded to gates of a policy version, by project and gate, in the form that a freeze stores."""
    found: dict[UUID, dict[str, dict[str, Any]]] = {}
    for row in await EXCEPTIONS.all(
        driver, project_ids=list(project_ids), policy_id=policy_id, policy_number=policy_number
    ):
        found.setdefault(row["project_id"], {})[row["gate_id"]] = {
            "id": str(row["id"]),
            "reason": row["reason"],
            "document": row["document"],
            "decided_by": None if row["decided_by"] is None else str(row["decided_by"]),
            "decided_at": row["decided_at"].isoformat(),
        }
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one project now. `known`: facts by subject (the project, its compounds) and key."""

    project_id: UUID
    compounds: "list[asyncpg.Record]"
    known: Mapping[UUID, Mapping[str, EffectiveFact]]
    facts: ProjectFacts

    def replaced(self, key: str) -> list[dict[str, Any]]:
        """The figures of a fact that stand back: attested ones behind a count, those that an adjudication overruled."""
        return [
            {"subject": str(subject), **figure_json(figure)}
            for subject in (self.project_id, *(row["compound_id"] for row in self.compounds))
            if key in self.known[subject]
            for figure in self.known[subject][key].replaced
        ]


async def standing(driver: "asyncpg.Connection", *, project_id: UUID) -> Standing:
    """What is known of a project and its compounds, all facts from one snapshot."""
    compounds = (await compounds_by_project(driver, [project_id]))[project_id]
    ids = [row["compound_id"] for row in compounds]
    known = implied(await effective(driver, sorted({project_id, *ids})))
    return Standing(project_id, compounds, known, facts_of_project(project_id, ids, known))
