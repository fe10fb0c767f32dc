"""Supplements (S6): a project of the plan is stopped on a ground, and a ready reserve takes its place.

Proposed by one person, confirmed by another. The confirmation weighs all reserves anew under the round's lock: what decides is what
holds then. When no reserve passes, the project is dropped alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, update

from services.core.facts.catalogue import CATALOGUE
from services.core.kit.database import Statement
from services.core.kit.errors import NotFound
from services.core.kit.exact import canonical_json
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Gate, Policy
from services.core.projects import queries as projects
from services.core.projects import stages
from services.core.projects.errors import StageWrong
from services.core.projects.figures import ProjectFacts
from services.core.projects.gates import status
from services.core.projects.rules import MOVES, Action, Stage
from services.core.selection import adjusting, frozen, plan_queries, publishing, queries, service
from services.core.selection.annual_models import EntryKind, PlanEntry, PlanList, Supplement, SupplementStatus
from services.core.selection.candidates import BUDGET, FLOOR_AREA
from services.core.selection.choice import demand
from services.core.selection.errors import (
    RoundNotConfirmed,
    SecondPersonNeeded,
    SupplementAlreadyDecided,
    SupplementInputInvalid,
    SupplementOpen,
)
from services.core.selection.events import SupplementCancelled, SupplementConfirmed, SupplementProposed
from services.core.selection.models import RoundStatus
from services.core.selection.plan_rules import number_of, taken
from services.core.selection.snapshot import Notice, notice_document, tag_of
from services.core.selection.supplement_rules import Reserve, Weighed, first_that_passes, weigh

if TYPE_CHECKING:
    import asyncpg

READY = "project.ready"

DECIDED = Statement(
    update(Supplement)
    .where(Supplement.id == bindparam("supplement_id"))
    .values(
        status=bindparam("new_status"),
        decided_at=bindparam("at"),
        decided_by=bindparam("by"),
        document=bindparam("new_document"),
    )
)
PUBLISHED = Statement(
    update(Supplement)
    .where(Supplement.id == bindparam("supplement_id"))
    .values(
        status=SupplementStatus.CONFIRMED,
        decided_at=bindparam("at"),
        decided_by=bindparam("by"),
        document=bindparam("new_document"),
        candidates=bindparam("new_candidates", type_=Supplement.candidates.type),
        added_project_id=bindparam("added"),
        notice_until=bindparam("until"),
        provisional=bindparam("is_provisional"),
        content=bindparam("bytes"),
        etag=bindparam("tag"),
    )
)


@dataclass(frozen=True, slots=True)
class Stopping:
    """Which project is stopped, on which ground of the policy, and what happened."""

    project_id: UUID
    ground: str
    note: str


async def propose(uow: UnitOfWork, *, scope: Scope, round_id: UUID, stopping: Stopping) -> UUID:
    """The proposal, with every reserve of the partition and why it passes or is skipped; its id.

    A district proposes it for a project of its own in a round of the city above it. NotFound otherwise; RoundNotConfirmed;
    SupplementInputInvalid for a ground that the round's policy does not know or a project that the plan does not implement of this
    round; StageWrong once its works have begun; SupplementOpen when one is proposed already.
    """
    path = await _path(uow, scope, round_id, stopping.project_id)
    found = await service.locked(uow, scope=Scope((path,)), round_id=round_id)
    if found["status"] != RoundStatus.CONFIRMED:
        raise RoundNotConfirmed
    policy = await _policy(uow, found)
    if policy.supplements is None or stopping.ground not in policy.supplements.grounds:
        raise SupplementInputInvalid.at("/ground", zh="政策未规定此事由", en="is no ground of the policy")
    dropped = await _implemented(uow, found, stopping.project_id)
    opened = await plan_queries.OPEN_SUPPLEMENT.first(uow.driver, round_id=round_id, project_id=stopping.project_id)
    if opened is not None:
        raise SupplementOpen
    weighed = await _weigh(uow, found, policy, dropped)
    proposed = Supplement(
        id=new_id(),
        round_id=round_id,
        plan_id=dropped["plan_id"],
        region_path=dropped["region_path"],
        dropped_project_id=stopping.project_id,
        ground=stopping.ground,
        note=stopping.note,
        status=SupplementStatus.PROPOSED,
        candidates=_document(weighed),
        proposed_at=uow.now,
        proposed_by=uow.actor.id,
    )
    uow.session.add(proposed)
    await uow.session.flush()
    uow.record(
        SupplementProposed(supplement_id=proposed.id, round_id=round_id),
        subject="project",
        subject_id=stopping.project_id,
        region_path=proposed.region_path,
    )
    return proposed.id


async def confirm(uow: UnitOfWork, *, scope: Scope, supplement_id: UUID, document: str) -> None:
    """The project is dropped, the first reserve that passes now takes its place, and the notice runs as for the round.

    NotFound; SupplementAlreadyDecided, SecondPersonNeeded for who proposed it; StageWrong when works have begun meanwhile.
    """
    proposed = await _open(uow, scope, supplement_id)
    round_id = proposed["round_id"]
    found = await service.locked(uow, scope=scope, round_id=round_id)
    proposed = await _open(uow, scope, supplement_id)
    if proposed["proposed_by"] == uow.actor.id:
        raise SecondPersonNeeded
    await plan_queries.LOCKED_PLAN.all(uow.driver, plan_id=proposed["plan_id"])
    policy = await _policy(uow, found)
    dropped = await _implemented(uow, found, proposed["dropped_project_id"])
    weighed = await _weigh(uow, found, policy, dropped)
    added = _first(weighed)
    await _enter(uow, found, proposed, dropped, added, document)
    notice = publishing.notice_from_now(uow, policy)
    content = await _content(uow, found, proposed, weighed, added, document, notice)
    await PUBLISHED.all(
        uow.driver,
        supplement_id=supplement_id,
        at=uow.now,
        by=uow.actor.id,
        new_document=document,
        new_candidates=_document(weighed),
        added=None if added is None else added.entry["project_id"],
        until=notice.until,
        is_provisional=notice.provisional,
        bytes=content,
        tag=tag_of(hashlib.sha256(content).hexdigest()),
    )
    uow.record(
        SupplementConfirmed(
            supplement_id=supplement_id,
            round_id=round_id,
            plan_id=proposed["plan_id"],
            added_project_id=None if added is None else added.entry["project_id"],
            notice_until=notice.until,
            provisional=notice.provisional,
        ),
        subject="project",
        subject_id=proposed["dropped_project_id"],
        region_path=proposed["region_path"],
    )


async def cancel(uow: UnitOfWork, *, scope: Scope, supplement_id: UUID) -> None:
    """The proposal is taken back; the plan is as it was. NotFound, SupplementAlreadyDecided."""
    proposed = await _open(uow, scope, supplement_id)
    round_id = proposed["round_id"]
    path = await _path(uow, scope, round_id, proposed["dropped_project_id"])
    await service.locked(uow, scope=Scope((path,)), round_id=round_id)
    await _open(uow, scope, supplement_id)
    await DECIDED.all(
        uow.driver,
        supplement_id=supplement_id,
        new_status=SupplementStatus.CANCELLED,
        at=uow.now,
        by=uow.actor.id,
        new_document=None,
    )
    uow.record(
        SupplementCancelled(supplement_id=supplement_id, round_id=round_id),
        subject="project",
        subject_id=proposed["dropped_project_id"],
        region_path=proposed["region_path"],
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reserve: its entry in the plan, what its facts say now, and the verdict."""

    entry: "asyncpg.Record"
    known: ProjectFacts
    weighed: Weighed


def _first(candidates: Sequence[Candidate]) -> Candidate | None:
    first = first_that_passes(one.weighed for one in candidates)
    return next((one for one in candidates if one.weighed is first), None)


def _document(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    return [one.weighed.document() for one in candidates]


async def _path(uow: UnitOfWork, scope: Scope, round_id: UUID, project_id: UUID) -> str:
    """The region of a round in the scope, or of one by which the plan implements a project of the scope; NotFound otherwise."""
    row = await queries.ROUND.first(uow.driver, round_id=round_id, **scope.parameters)
    if row is None:
        entry = await plan_queries.IMPLEMENTED_ENTRY.first(uow.driver, round_id=round_id, project_id=project_id)
        if entry is not None and scope.covers(entry["region_path"]):
            row = await queries.ROUND_TO_COMPUTE.first(uow.driver, round_id=round_id)
    if row is None:
        raise NotFound
    path: str = row["region_path"]
    return path


async def _policy(uow: UnitOfWork, found: "asyncpg.Record") -> Policy:
    """The policy version that the round is pinned to."""
    stored = await policies.by_id(uow.driver, version_id=found["policy_version_id"])
    return Policy.model_validate(stored.body)


async def _open(uow: UnitOfWork, scope: Scope, supplement_id: UUID) -> "asyncpg.Record":
    row = await plan_queries.supplement_of(uow.driver, scope=scope, supplement_id=supplement_id)
    if row["status"] != SupplementStatus.PROPOSED:
        raise SupplementAlreadyDecided
    return row


async def _implemented(uow: UnitOfWork, found: "asyncpg.Record", project_id: UUID) -> "asyncpg.Record":
    """The entry of a project that the plan implements of this round, before its works."""
    entry = await plan_queries.IMPLEMENTED_ENTRY.first(uow.driver, round_id=found["id"], project_id=project_id)
    if entry is None:
        raise SupplementInputInvalid.at(
            "/dropped_project_id", zh="不在本轮次的实施清单中", en="is not implemented by this round"
        )
    if (Action.DROP, entry["stage"]) not in MOVES:
        raise StageWrong(stage=entry["stage"])
    return entry


async def _weigh(
    uow: UnitOfWork, found: "asyncpg.Record", policy: Policy, dropped: "asyncpg.Record"
) -> list[Candidate]:
    """Every reserve of the dropped project's partition by rank, against what is left of the caps without it."""
    entries = await plan_queries.RESERVES.all(
        uow.driver, plan_id=dropped["plan_id"], round_id=found["id"], partition=dropped["partition"]
    )
    ids = [row["project_id"] for row in entries]
    compounds = await projects.compounds_by_project(uow.driver, ids)
    known = await projects.figures(
        uow.driver, {project: [row["compound_id"] for row in rows] for project, rows in compounds.items()}
    )
    exceptions = await projects.exceptions_by_project(uow.driver, ids, policy_id=policy.id)
    held = [
        one
        for one in await adjusting.implemented(uow, plan_id=dropped["plan_id"], round_id=found["id"])
        if one.project_id != str(dropped["project_id"])
    ]
    room = taken(frozen.parameters_of(found), dropped["partition"], held)
    by_id = {str(row["project_id"]): row for row in entries}
    weighed = weigh(
        (_reserve(row, known[row["project_id"]], policy, exceptions.get(row["project_id"], {})) for row in entries),
        room,
    )
    return [
        Candidate(row, known[row["project_id"]], one) for one in weighed for row in (by_id[one.reserve.project_id],)
    ]


def _reserve(
    entry: "asyncpg.Record", known: ProjectFacts, policy: Policy, exceptions: Mapping[str, Mapping[str, Any]]
) -> Reserve:
    return Reserve(
        project_id=str(entry["project_id"]),
        no=entry["no"],
        title=entry["title"],
        rank=entry["rank"],
        stage=entry["stage"],
        may_enter=(Action.SUPPLEMENT, entry["stage"]) in MOVES,
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


async def _enter(
    uow: UnitOfWork,
    found: "asyncpg.Record",
    proposed: "asyncpg.Record",
    dropped: "asyncpg.Record",
    added: Candidate | None,
    document: str,
) -> None:
    """The two entries of the ledger, or one, and the moves between stages."""
    stopped = adjusting.next_entry(uow, dropped, kind=EntryKind.DROPPED, document=document)
    stopped.list = None
    entries: list[tuple[PlanEntry, Action, Stage]] = [(stopped, Action.DROP, Stage.DROPPED)]
    if added is not None:
        entered = adjusting.next_entry(uow, added.entry, kind=EntryKind.SUPPLEMENTED, document=document)
        entered.list = PlanList.IMPLEMENT
        entered.budget = number_of(_text(added.known, BUDGET))
        entered.floor_area = number_of(_text(added.known, FLOOR_AREA))
        entries.append((entered, Action.SUPPLEMENT, Stage.PLANNED))
    for entry, action, stage in entries:
        entry.ground, entry.supplement_id = proposed["ground"], proposed["id"]
        uow.session.add(entry)
        await stages.enter(
            uow,
            stages={entry.project_id: stage},
            action=action,
            year=found["year"],
            round_id=found["id"],
            policy_version_id=found["policy_version_id"],
            document=document,
        )
    await uow.session.flush()


def _text(known: ProjectFacts, key: str) -> str | None:
    return known.facts[key]["value"] if key in known.facts else None


async def _content(
    uow: UnitOfWork,
    found: "asyncpg.Record",
    proposed: "asyncpg.Record",
    candidates: Sequence[Candidate],
    added: Candidate | None,
    document: str,
    notice: Notice,
) -> bytes:
    """The bytes that are published of a supplement; ids of projects and the note stay inside."""
    whole = await queries.round_of(uow.driver, scope=Scope((found["region_path"],)), round_id=found["id"])
    dropped = await plan_queries.PROJECT.first(uow.driver, project_id=proposed["dropped_project_id"])
    assert dropped is not None  # noqa: S101 - held by a foreign key
    hidden = {"project_id"}
    return canonical_json(
        {
            "supplement": {"id": proposed["id"], "ground": proposed["ground"], "document": document},
            "round": {
                "id": found["id"],
                "title": found["title"],
                "year": found["year"],
                "region": whole["region_name"],
            },
            "dropped": {"no": dropped["no"], "title": dropped["title"]},
            "added": None if added is None else {"no": added.entry["no"], "title": added.entry["title"]},
            "candidates": [
                {name: value for name, value in one.items() if name not in hidden} for one in _document(candidates)
            ],
            "notice": notice_document(notice),
        }
    )
