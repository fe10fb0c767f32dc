"""Supplements (S6): a project of the plan is stopped on a ground, and a ready reserve takes its place.

Proposed by one person, published by another: the project is stopped, and who shall enter is on notice as a ranking is. After the
notice, with no objection open, it is confirmed; an upheld objection withdraws it. The publication weighs all reserves anew under
the round's lock: what decides is what holds then. When no reserve passes, the project is stopped alone.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy import bindparam, update

from services.core.kit.calendar import has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import stages
from services.core.projects.errors import StageWrong
from services.core.projects.rules import MOVES, Action, Stage
from services.core.selection import (
    adjusting,
    annual_queries,
    plan_queries,
    publishing,
    queries,
    run_queries,
    service,
    weighing,
)
from services.core.selection.annual_models import EntryKind, PlanEntry, PlanList, Supplement, SupplementStatus
from services.core.selection.errors import (
    NobodyEnters,
    PlanChanged,
    RoundNotConfirmed,
    SecondPersonNeeded,
    SupplementAlreadyDecided,
    SupplementInputInvalid,
    SupplementNotPublished,
    SupplementNotReady,
    SupplementOnNotice,
    SupplementOpen,
)
from services.core.selection.events import (
    SupplementCancelled,
    SupplementConfirmed,
    SupplementProposed,
    SupplementPublished,
    SupplementWithdrawn,
)
from services.core.selection.models import RoundStatus
from services.core.selection.snapshot import supplement_document, tag_of
from services.core.selection.weighing import Candidate

DECIDED = Statement(
    update(Supplement)
    .where(Supplement.id == bindparam("supplement_id"))
    .values(
        status=bindparam("new_status"),
        decided_at=bindparam("at"),
        decided_by=bindparam("by"),
        decision_document=bindparam("new_document"),
    )
)
PUBLISHED = Statement(
    update(Supplement)
    .where(Supplement.id == bindparam("supplement_id"))
    .values(
        status=SupplementStatus.PUBLISHED,
        published_at=bindparam("at"),
        published_by=bindparam("by"),
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

    A district proposes it for a project of its own in a round of the city above it; also for one that was stopped before, when its
    place is empty still (an objection was upheld, or nobody was ready). Under a policy that knows no supplements a project is
    stopped alone. NotFound otherwise; RoundNotConfirmed;
    SupplementInputInvalid for a ground that the round's policy does not know or a project that the plan does not implement of this
    round; StageWrong once its works have begun; SupplementOpen when one is proposed or on notice already.
    """
    path = await _path(uow, scope, round_id, stopping.project_id)
    found = await service.locked(uow, scope=Scope((path,)), round_id=round_id)
    if found["status"] != RoundStatus.CONFIRMED:
        raise RoundNotConfirmed
    policy = await weighing.policy_of(uow, found)
    grounds = weighing.grounds_of(policy)
    if stopping.ground not in grounds:
        raise SupplementInputInvalid.at(
            "/ground", zh=f"政策规定的事由为：{'、'.join(grounds)}", en=f"the policy's grounds are {', '.join(grounds)}"
        )
    opened = await plan_queries.OPEN_SUPPLEMENT.first(uow.driver, round_id=round_id, project_id=stopping.project_id)
    if opened is not None:
        raise SupplementOpen
    dropped = await _place(uow, found, stopping.project_id)
    weighed = await weighing.candidates(uow, found, policy, dropped)
    proposed = Supplement(
        id=new_id(),
        round_id=round_id,
        plan_id=dropped["plan_id"],
        region_path=dropped["region_path"],
        dropped_project_id=stopping.project_id,
        ground=stopping.ground,
        note=stopping.note,
        status=SupplementStatus.PROPOSED,
        candidates=weighing.document(weighed),
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


async def publish(uow: UnitOfWork, *, scope: Scope, supplement_id: UUID, document: str) -> None:
    """A second person stops the project; the first reserve that passes now is on notice, by the legal calendar, as a ranking is.

    NotFound; SupplementOnNotice, SupplementAlreadyDecided; SecondPersonNeeded for who proposed it; StageWrong when works have begun
    meanwhile; NobodyEnters when the place was empty already and no reserve passes; NoticeUndefined; PlanChanged when the reserve
    is put on notice in another round at the same moment.
    """
    found, proposed = await _locked(uow, scope, supplement_id, SupplementStatus.PROPOSED)
    policy = await weighing.policy_of(uow, found)
    dropped = await _place(uow, found, proposed["dropped_project_id"])
    weighed = await weighing.candidates(uow, found, policy, dropped)
    added = weighing.first(weighed)
    if dropped["list"] is not None:
        stopped = adjusting.next_entry(uow, dropped, kind=EntryKind.DROPPED, document=document)
        stopped.list = None
        await _enter(uow, found, proposed, stopped, Action.DROP, Stage.DROPPED)
    elif added is None:
        raise NobodyEnters
    notice = publishing.notice_from_now(uow, policy)
    whole = await queries.round_of(uow.driver, scope=Scope((found["region_path"],)), round_id=found["id"])
    names = await plan_queries.PROJECT.first(uow.driver, project_id=proposed["dropped_project_id"])
    assert names is not None  # noqa: S101 - held by a foreign key
    content = supplement_document(
        found=whole,
        proposed=proposed,
        dropped=names,
        added=None if added is None else added.entry,
        candidates=weighing.document(weighed),
        document=document,
        notice=notice,
    )
    added_id = None if added is None else added.entry["project_id"]
    try:
        await PUBLISHED.all(
            uow.driver,
            supplement_id=supplement_id,
            at=uow.now,
            by=uow.actor.id,
            new_document=document,
            new_candidates=weighing.document(weighed),
            added=added_id,
            until=notice.until,
            is_provisional=notice.provisional,
            bytes=content,
            tag=tag_of(hashlib.sha256(content).hexdigest()),
        )
    except asyncpg.UniqueViolationError as taken:
        raise PlanChanged from taken
    uow.record(
        SupplementPublished(
            supplement_id=supplement_id,
            round_id=found["id"],
            added_project_id=added_id,
            notice_until=notice.until,
            provisional=notice.provisional,
        ),
        subject="project",
        subject_id=proposed["dropped_project_id"],
        region_path=proposed["region_path"],
    )


async def confirm(uow: UnitOfWork, *, scope: Scope, supplement_id: UUID, document: str) -> None:
    """After the notice: who was on notice enters the plan, under the policy version of the round.

    NotFound; SupplementNotPublished, SupplementAlreadyDecided; SecondPersonNeeded for who proposed it; SupplementNotReady naming
    what is missing: the end of the notice, open objections, what keeps the reserve out by now.
    """
    found, published = await _locked(uow, scope, supplement_id, SupplementStatus.PUBLISHED)
    added = await _still_passing(uow, found, published)
    missing = [*await _missing(uow, published), *added.missing]
    if missing:
        raise SupplementNotReady(errors=missing, missing=[one.pointer for one in missing])
    if added.candidate is not None:
        entered = adjusting.next_entry(uow, added.candidate.entry, kind=EntryKind.SUPPLEMENTED, document=document)
        entered.list = PlanList.IMPLEMENT
        entered.budget, entered.floor_area = weighing.figures_of(added.candidate.known)
        await _enter(uow, found, published, entered, Action.SUPPLEMENT, Stage.PLANNED)
    await _decide(uow, supplement_id, SupplementStatus.CONFIRMED, document)
    uow.record(
        SupplementConfirmed(
            supplement_id=supplement_id,
            round_id=found["id"],
            plan_id=published["plan_id"],
            added_project_id=published["added_project_id"],
        ),
        subject="project",
        subject_id=published["added_project_id"] or published["dropped_project_id"],
        region_path=published["region_path"],
    )


async def withdrawn(uow: UnitOfWork, *, supplement_id: UUID) -> bool:
    """Whether an objection has withdrawn a supplement already. The round is locked."""
    held = await plan_queries.SUPPLEMENT_HELD.first(uow.driver, supplement_id=supplement_id)
    return held is not None and held["status"] == SupplementStatus.WITHDRAWN


async def withdraw(uow: UnitOfWork, *, supplement_id: UUID, document: str) -> None:
    """An objection to a supplement on notice was upheld: nobody enters by it. The round is locked; the project stays stopped."""
    published = await plan_queries.SUPPLEMENT_HELD.first(uow.driver, supplement_id=supplement_id)
    assert published is not None  # noqa: S101 - held by a foreign key
    if published["status"] != SupplementStatus.PUBLISHED:
        raise SupplementAlreadyDecided
    await _decide(uow, supplement_id, SupplementStatus.WITHDRAWN, document)
    uow.record(
        SupplementWithdrawn(supplement_id=supplement_id, round_id=published["round_id"]),
        subject="project",
        subject_id=published["dropped_project_id"],
        region_path=published["region_path"],
    )


async def cancel(uow: UnitOfWork, *, scope: Scope, supplement_id: UUID) -> None:
    """A proposal is taken back; the plan is as it was. NotFound, SupplementOnNotice, SupplementAlreadyDecided."""
    proposed = await plan_queries.supplement_of(uow.driver, scope=scope, supplement_id=supplement_id)
    round_id = proposed["round_id"]
    path = await _path(uow, scope, round_id, proposed["dropped_project_id"])
    await service.locked(uow, scope=Scope((path,)), round_id=round_id)
    proposed = await plan_queries.supplement_of(uow.driver, scope=scope, supplement_id=supplement_id)
    _refuse_unless(SupplementStatus.PROPOSED, proposed["status"])
    await _decide(uow, supplement_id, SupplementStatus.CANCELLED, None)
    uow.record(
        SupplementCancelled(supplement_id=supplement_id, round_id=round_id),
        subject="project",
        subject_id=proposed["dropped_project_id"],
        region_path=proposed["region_path"],
    )


async def _path(uow: UnitOfWork, scope: Scope, round_id: UUID, project_id: UUID) -> str:
    """The region of a round in the scope, or of one whose plan knows a project of the scope; NotFound otherwise."""
    row = await queries.ROUND.first(uow.driver, round_id=round_id, **scope.parameters)
    if row is None:
        entry = await plan_queries.PLACE_ENTRY.first(uow.driver, round_id=round_id, project_id=project_id)
        if entry is not None and scope.covers(entry["region_path"]):
            row = await run_queries.ROUND_TO_COMPUTE.first(uow.driver, round_id=round_id)
    if row is None:
        raise NotFound
    path: str = row["region_path"]
    return path


async def _locked(
    uow: UnitOfWork, scope: Scope, supplement_id: UUID, wanted: SupplementStatus
) -> tuple[asyncpg.Record, asyncpg.Record]:
    """Round and supplement for a second person, both as they stand under the locks of round and plan."""
    first = await plan_queries.supplement_of(uow.driver, scope=scope, supplement_id=supplement_id)
    found = await service.locked(uow, scope=scope, round_id=first["round_id"])
    held = await plan_queries.supplement_of(uow.driver, scope=scope, supplement_id=supplement_id)
    _refuse_unless(wanted, held["status"])
    if held["proposed_by"] == uow.actor.id:
        raise SecondPersonNeeded
    await plan_queries.LOCKED_PLAN.all(uow.driver, plan_id=held["plan_id"])
    return found, held


def _refuse_unless(wanted: SupplementStatus, status: str) -> None:
    if status == wanted:
        return
    match status:
        case SupplementStatus.PROPOSED:
            raise SupplementNotPublished
        case SupplementStatus.PUBLISHED:
            raise SupplementOnNotice
        case _:
            raise SupplementAlreadyDecided


async def _place(uow: UnitOfWork, found: asyncpg.Record, project_id: UUID) -> asyncpg.Record:
    """The entry whose place is free or to be freed: implemented of this round and before its works, or stopped and not replaced."""
    entry = await plan_queries.PLACE_ENTRY.first(uow.driver, round_id=found["id"], project_id=project_id)
    replaced = await plan_queries.REPLACED.first(uow.driver, round_id=found["id"], project_id=project_id)
    if entry is None or replaced is not None:
        raise SupplementInputInvalid.at(
            "/dropped_project_id", zh="不在本轮次的实施清单中", en="is not implemented by this round"
        )
    if entry["list"] is not None and (Action.DROP, entry["stage"]) not in MOVES:
        raise StageWrong(stage=entry["stage"])
    return entry


@dataclass(frozen=True, slots=True)
class Entering:
    """Who was on notice, when somebody was, and what keeps him out by now."""

    candidate: Candidate | None
    missing: tuple[FieldError, ...] = ()


async def _still_passing(uow: UnitOfWork, found: asyncpg.Record, published: asyncpg.Record) -> Entering:
    if published["added_project_id"] is None:
        return Entering(None)
    policy = await weighing.policy_of(uow, found)
    dropped = await plan_queries.PLACE_ENTRY.first(
        uow.driver, round_id=found["id"], project_id=published["dropped_project_id"]
    )
    assert dropped is not None  # noqa: S101 - the publication entered it
    weighed = await weighing.candidates(uow, found, policy, dropped, of_supplement=published["id"])
    mine = next((one for one in weighed if one.entry["project_id"] == published["added_project_id"]), None)
    if mine is None:
        gone = FieldError("/added_project_id", "已不是本轮次的储备项目", "is no reserve of this round any more")
        return Entering(None, (gone,))
    reasons = mine.weighed.document()["reasons"]
    return Entering(mine, tuple(FieldError("/added_project_id", one["zh"], one["en"]) for one in reasons))


async def _missing(uow: UnitOfWork, published: asyncpg.Record) -> list[FieldError]:
    """What of the notice still stands between the publication and the plan."""
    missing = []
    if not has_ended(published["notice_until"], uow.now):
        missing.append(publishing.notice_runs(published["notice_until"]))
    counts = await annual_queries.objection_counts(
        uow.driver, round_id=published["round_id"], supplement_id=published["id"]
    )
    if counts.open_in_time:
        missing.append(publishing.objections_open(counts.open_in_time))
    return missing


async def _enter(
    uow: UnitOfWork,
    found: asyncpg.Record,
    of: asyncpg.Record,
    entry: PlanEntry,
    action: Action,
    stage: Stage,
) -> None:
    """An entry of the ledger, and the move between stages that goes with it."""
    entry.ground, entry.supplement_id = of["ground"], of["id"]
    await adjusting.add(uow, entry)
    await stages.enter(
        uow,
        stages={entry.project_id: stage},
        action=action,
        year=found["year"],
        round_id=found["id"],
        policy_version_id=found["policy_version_id"],
        document=entry.document,
    )


async def _decide(uow: UnitOfWork, supplement_id: UUID, status: SupplementStatus, document: str | None) -> None:
    await DECIDED.all(
        uow.driver,
        supplement_id=supplement_id,
        new_status=status,
        at=uow.now,
        by=uow.actor.id,
        new_document=document,
    )
