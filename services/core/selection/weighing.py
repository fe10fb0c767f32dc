"""Which reserve takes the place of a project that was stopped: what the plan and the facts say now, for the rules to weigh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Gate, Policy
from services.core.projects import queries as projects
from services.core.projects.figures import ProjectFacts
from services.core.projects.gates import status
from services.core.projects.rules import MOVES, Action
from services.core.selection import frozen, plan_queries
from services.core.selection.candidates import BUDGET, FLOOR_AREA
from services.core.selection.choice import demand
from services.core.selection.plan_rules import Held, number_of, taken
from services.core.selection.supplement_rules import Reserve, Weighed, first_that_passes, weigh

if TYPE_CHECKING:
    import asyncpg

READY = "project.ready"
STOPPING: tuple[str, ...] = ("emergency", "withdrawn_by_owners", "land_or_heritage")
"""Grounds on which a project is stopped where the policy names none: what happens does not ask whether a policy foresaw it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reserve: its entry in the plan, what its facts say now, and the verdict."""

    entry: "asyncpg.Record"
    known: ProjectFacts
    weighed: Weighed


def first(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one that takes the place, if any passes."""
    passing = first_that_passes(one.weighed for one in candidates)
    return next((one for one in candidates if one.weighed is passing), None)


def document(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Every verdict as it is stored and published."""
    return [one.weighed.document() for one in candidates]


async def policy_of(uow: UnitOfWork, found: "asyncpg.Record") -> Policy:
    """The policy version that the round is pinned to."""
    stored = await policies.by_id(uow.driver, version_id=found["policy_version_id"])
    return Policy.model_validate(stored.body)


def grounds_of(policy: Policy) -> tuple[str, ...]:
    """The grounds on which a project of the plan is stopped."""
    return STOPPING if policy.supplements is None else tuple(policy.supplements.grounds)


async def candidates(
    uow: UnitOfWork,
    found: "asyncpg.Record",
    policy: Policy,
    dropped: "asyncpg.Record",
    *,
    of_supplement: UUID | None = None,
) -> list[Candidate]:
    """Every reserve of the dropped project's partition by rank, against what is left of the caps without it; none under a policy
    that knows no supplements.

    A reserve that another supplement has on notice holds its room already (`of_supplement`: whose own does not).
    """
    if policy.supplements is None:
        return []
    entries = await plan_queries.RESERVES.all(
        uow.driver, plan_id=dropped["plan_id"], round_id=found["id"], partition=dropped["partition"]
    )
    ids = [row["project_id"] for row in entries]
    known = await _known(uow, ids)
    exceptions = await projects.exceptions_by_project(
        uow.driver, ids, policy_id=policy.id, policy_number=policy.version
    )
    on_notice = {
        row["project_id"]
        for row in await plan_queries.ON_NOTICE_ANYWHERE.all(uow.driver, project_ids=ids)
        if row["supplement_id"] != of_supplement
    }
    refused = {
        row["added_project_id"]
        for row in await plan_queries.OBJECTED.all(
            uow.driver, round_id=found["id"], dropped_project_id=dropped["project_id"]
        )
    }
    taking = await held(
        uow,
        plan_id=dropped["plan_id"],
        round_id=found["id"],
        without=dropped["project_id"],
        of_supplement=of_supplement,
    )
    room = taken(frozen.parameters_of(found), dropped["partition"], taking)
    by_id = {str(row["project_id"]): row for row in entries}
    reserves = (
        _reserve(
            row,
            known[row["project_id"]],
            policy,
            exceptions.get(row["project_id"], {}),
            on_notice=row["project_id"] in on_notice,
            refused=row["project_id"] in refused,
        )
        for row in entries
    )
    return [
        Candidate(row, known[row["project_id"]], one)
        for one in weigh(reserves, room)
        for row in (by_id[one.reserve.project_id],)
    ]


async def held(
    uow: UnitOfWork, *, plan_id: UUID, round_id: UUID, without: UUID, of_supplement: UUID | None = None
) -> list[Held]:
    """What a plan takes of the caps of one round, without one project: by those that it implements, and by reserves on notice
    (but of one supplement, where given), by their facts.
    """
    implemented = [
        Held(str(row["project_id"]), row["partition"], row["budget"], row["floor_area"])
        for row in await plan_queries.IMPLEMENTED.all(uow.driver, plan_id=plan_id, round_id=round_id)
        if row["project_id"] != without
    ]
    on_notice = [
        row
        for row in await plan_queries.ON_NOTICE.all(uow.driver, plan_id=plan_id, round_id=round_id)
        if row["supplement_id"] != of_supplement
    ]
    known = await _known(uow, [row["project_id"] for row in on_notice])
    return implemented + [
        Held(str(row["project_id"]), row["partition"], *figures_of(known[row["project_id"]])) for row in on_notice
    ]


async def _known(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, ProjectFacts]:
    """The facts of projects as they stand now."""
    compounds = await projects.compounds_by_project(uow.driver, ids)
    return await projects.figures(
        uow.driver, {project: [row["compound_id"] for row in rows] for project, rows in compounds.items()}
    )


def figures_of(known: ProjectFacts) -> tuple[Decimal | None, Decimal | None]:
    """Budget and floor area as the plan keeps them."""
    budget, floor_area = (
        number_of(known.facts[key]["value"]) if key in known.facts else None for key in (BUDGET, FLOOR_AREA)
    )
    return budget, floor_area


def _reserve(
    entry: "asyncpg.Record",
    known: ProjectFacts,
    policy: Policy,
    exceptions: Mapping[str, Mapping[str, Any]],
    *,
    on_notice: bool,
    refused: bool,
) -> Reserve:
    return Reserve(
        project_id=str(entry["project_id"]),
        no=entry["no"],
        title=entry["title"],
        rank=entry["rank"],
        stage=entry["stage"],
        may_enter=(Action.SUPPLEMENT, entry["stage"]) in MOVES,
        on_notice=on_notice,
        refused=refused,
        conflicts=sorted({one["key"] for one in known.conflicts}),
        failed_gates={
            one.gate.id: _called(one.gate)
            for one in status(policy.selection_gates, known, exceptions)
            if not one.passed
        },
        is_ready=known.value(READY) is True,
        demand=demand(_number(known, BUDGET), _number(known, FLOOR_AREA)),
    )


def _called(gate: Gate) -> tuple[str, str]:
    fact = CATALOGUE[gate.condition.fact]
    return gate.title or fact.title_zh, fact.title_en


def _number(known: ProjectFacts, key: str) -> Fraction | None:
    value = known.value(key)
    return value if isinstance(value, Fraction) else None
