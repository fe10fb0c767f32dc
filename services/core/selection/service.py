"""Use cases of rounds: opening, changing, asking for a run. Freezing, computing and publishing have modules of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, update

from services.core.kit.database import Statement
from services.core.kit.errors import FieldError, NotFound, VersionStale
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.queries import StoredPolicy, lineage
from services.core.policy.schema import Policy
from services.core.selection import queries, run_queries
from services.core.selection.errors import (
    NotFrozen,
    PolicyNotInForce,
    RoundConfirmed,
    RoundInputInvalid,
    RoundNotDraft,
    RoundPublished,
    RoundReopened,
)
from services.core.selection.events import RoundChanged, RoundOpened, RunRequested
from services.core.selection.filtering import apply_until
from services.core.selection.jobs import ComputeRun
from services.core.selection.models import RoundStatus, Run, RunState, SelectionRound

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class CapRow:
    """Limits of one partition (a region's id), or of every partition without a row of its own; yuan and m², inclusive."""

    partition: UUID | None = None
    count: int | None = None
    budget: Decimal | None = None
    floor_area: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RoundTerms:
    """What a round decides. `policy_id` None: the policy in force at its region; `policy_number` None: the newest; of a round that
    is changed both are its own.

    `apply_until` None: the policy's day. A day of the round's own needs a document.
    """

    year: int
    title: str
    policy_id: str | None
    policy_number: int | None
    filter: Mapping[str, Any]
    caps: Sequence[CapRow]
    reserve: int
    apply_until: date | None = None
    apply_until_document: str | None = None


CHANGED = Statement(
    update(SelectionRound)
    .where(SelectionRound.id == bindparam("round_id"))
    .values(
        year=bindparam("new_year"),
        title=bindparam("new_title"),
        policy_version_id=bindparam("new_policy_version_id"),
        filter=bindparam("new_filter", type_=SelectionRound.filter.type),
        caps=bindparam("new_caps", type_=SelectionRound.caps.type),
        reserve=bindparam("new_reserve"),
        apply_until=bindparam("new_apply_until", type_=SelectionRound.apply_until.type),
        apply_until_document=bindparam("new_apply_until_document", type_=SelectionRound.apply_until_document.type),
        version=SelectionRound.version + 1,
    )
)


async def open_round(uow: UnitOfWork, *, scope: Scope, assigning: Scope, region_id: UUID, terms: RoundTerms) -> UUID:
    """A new draft round; its id. NotFound for a region outside `scope`, RoundInputInvalid naming a wrong term.

    PolicyNotInForce for a policy other than the one in force at the region, unless the caller may assign policies there
    (`assigning`).
    """
    region = await queries.REGION.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise NotFound
    policy = await _policy(uow, region["path"], terms, assigning)
    await check_caps(uow.driver, region["path"], policy, terms.caps)
    await _check_filter(uow, region["path"], terms)
    opened = SelectionRound(
        id=new_id(),
        region_id=region_id,
        region_path=region["path"],
        year=terms.year,
        title=terms.title,
        policy_version_id=policy.id,
        filter=dict(terms.filter),
        caps=_caps_document(terms.caps),
        reserve=terms.reserve,
        apply_until=_apply_until(policy, terms),
        apply_until_document=terms.apply_until_document,
        status=RoundStatus.DRAFT,
        version=1,
        created_at=uow.now,
    )
    uow.session.add(opened)
    await uow.session.flush()
    uow.record(RoundOpened(year=terms.year), subject="round", subject_id=opened.id, region_path=region["path"])
    return opened.id


async def change_round(
    uow: UnitOfWork, *, scope: Scope, assigning: Scope, round_id: UUID, version: int, terms: RoundTerms
) -> None:
    """Replaces the terms of a draft. RoundNotDraft once it is frozen: what was computed rests on its terms.

    It keeps the policy version that it began under, whatever has superseded that, unless the terms name another one.
    PolicyNotInForce as in `open_round`.
    """
    found = await locked(uow, scope=scope, round_id=round_id)
    if found["status"] != RoundStatus.DRAFT:
        raise RoundNotDraft
    if found["version"] != version:
        raise VersionStale
    begun = await policies.by_id(uow.driver, version_id=found["policy_version_id"])
    policy = await _policy(uow, found["region_path"], terms, assigning, begun=begun)
    await check_caps(uow.driver, found["region_path"], policy, terms.caps)
    await _check_filter(uow, found["region_path"], terms)
    await CHANGED.all(
        uow.driver,
        round_id=round_id,
        new_year=terms.year,
        new_title=terms.title,
        new_policy_version_id=policy.id,
        new_filter=dict(terms.filter),
        new_caps=_caps_document(terms.caps),
        new_reserve=terms.reserve,
        new_apply_until=_apply_until(policy, terms),
        new_apply_until_document=terms.apply_until_document,
    )
    uow.record(
        RoundChanged(version=version + 1), subject="round", subject_id=round_id, region_path=found["region_path"]
    )


async def locked(uow: UnitOfWork, *, scope: Scope, round_id: UUID) -> "asyncpg.Record":
    """The round with its row locked: freezes, runs and publications of one round take turns. NotFound outside `scope`."""
    found = await queries.LOCKED_ROUND.first(uow.driver, round_id=round_id, **scope.parameters)
    if found is None:
        raise NotFound
    return found


def refuse_published(found: "asyncpg.Record") -> None:
    """RoundPublished or RoundConfirmed when what the public was shown stands: only an upheld objection or a return reopens it."""
    if found["status"] == RoundStatus.PUBLISHED:
        raise RoundPublished
    if found["status"] == RoundStatus.CONFIRMED:
        raise RoundConfirmed


async def request_run(uow: UnitOfWork, *, scope: Scope, round_id: UUID) -> Run:
    """A queued run over the newest freeze; the worker computes it. NotFrozen before a freeze, RoundPublished after publication.

    RoundReopened until the facts that an objection or a bureau's return found wrong are frozen anew.
    """
    found = await locked(uow, scope=scope, round_id=round_id)
    refuse_published(found)
    if found["status"] == RoundStatus.REOPENED:
        raise RoundReopened
    freeze = await run_queries.NEWEST_FREEZE.first(uow.driver, round_id=round_id)
    if freeze is None:
        raise NotFrozen
    last = await run_queries.LAST_RUN.first(uow.driver, round_id=round_id)
    run = Run(
        id=new_id(),
        round_id=round_id,
        freeze_id=freeze["id"],
        number=((last["number"] if last else None) or 0) + 1,
        state=RunState.QUEUED,
        progress=0,
        requested_at=uow.now,
        requested_by=uow.actor.id,
    )
    uow.session.add(run)
    uow.enqueue(ComputeRun(run_id=run.id))
    uow.record(
        RunRequested(run_id=run.id, freeze_id=freeze["id"]),
        subject="round",
        subject_id=round_id,
        region_path=found["region_path"],
    )
    return run


async def _policy(
    uow: UnitOfWork, region_path: str, terms: RoundTerms, assigning: Scope, *, begun: StoredPolicy | None = None
) -> StoredPolicy:
    """The policy version that the round pins: it must score and choose. `begun`: the one that it keeps unless another is named."""
    if terms.policy_id is None and terms.policy_number is not None:
        raise RoundInputInvalid.at("/policy_id", zh="写明版本号的，须同时写明政策", en="a number needs the policy's id")
    if begun is not None and terms.policy_id in (None, begun.policy_id) and terms.policy_number in (None, begun.number):
        return begun
    holding = await policies.in_force(uow.driver, region_path=region_path)
    if terms.policy_id is None:
        found = holding
        if found is None:
            raise NoPolicyInForce
    else:
        found = await policies.find(uow.driver, policy_id=terms.policy_id, number=terms.policy_number)
        if found is None:
            raise RoundInputInvalid.at("/policy_id", zh="没有这个政策或版本", en="there is no such policy or version")
        if holding is not None and holding.policy_id != found.policy_id and not assigning.covers(region_path):
            raise PolicyNotInForce(policy_in_force=holding.policy_id)
    if found.body.get("rubric") is None or found.body.get("selection") is None:
        raise RoundInputInvalid.at(
            "/policy_id", zh="该政策没有评分细则或选择规则", en="this policy has no rubric or no rule of selection"
        )
    return found


def _apply_until(policy: StoredPolicy, terms: RoundTerms) -> date | None:
    """The last day of applications: the round's own, which needs a document (RoundInputInvalid), else the policy's."""
    if (terms.apply_until is None) != (terms.apply_until_document is None):
        raise RoundInputInvalid.at(
            "/apply_until_document",
            zh="调整申报截止日须同时写明日期与依据文件",
            en="a last day of the round's own needs both a date and a document",
        )
    if terms.apply_until is not None:
        return terms.apply_until
    calendar = Policy.model_validate(policy.body).round
    return None if calendar is None else apply_until(calendar.apply_until, terms.year)


async def _check_filter(uow: UnitOfWork, region_path: str, terms: RoundTerms) -> None:
    wanted = [UUID(one) for one in terms.filter.get("regions", ())]
    rows = await queries.REGIONS.all(uow.driver, region_ids=wanted, **Scope((region_path,)).parameters)
    inside = {row["id"] for row in rows}
    errors = [
        FieldError(f"/filter/regions/{index}", "不在本轮次的区域内", "is no region inside the round's")
        for index, one in enumerate(wanted)
        if one not in inside
    ]
    if errors:
        raise RoundInputInvalid(errors=errors)


async def check_caps(
    driver: "asyncpg.Connection", region_path: str, policy: StoredPolicy, caps: Sequence[CapRow]
) -> None:
    """RoundInputInvalid naming each row of a partition that comes twice or that the round does not have."""
    known = {row["id"] for row in await partitions(driver, region_path, policy)}
    errors, seen = [], set()
    for index, row in enumerate(caps):
        if row.partition in seen:
            errors.append(FieldError(f"/caps/{index}/partition", "同一分区重复列出", "this partition is listed twice"))
        seen.add(row.partition)
        if row.partition is not None and row.partition not in known:
            errors.append(FieldError(f"/caps/{index}/partition", "不是本轮次的分区", "is no partition of this round"))
    if errors:
        raise RoundInputInvalid(errors=errors)


async def partitions(driver: "asyncpg.Connection", region_path: str, policy: StoredPolicy) -> "list[asyncpg.Record]":
    """The regions (id, path, name) by which a round of this policy is partitioned, in the order of the tree."""
    selection = Policy.model_validate(policy.body).selection
    return await queries.PARTITIONS.all(
        driver,
        level=None if selection is None else selection.partition,
        lineage=lineage(region_path),
        **Scope((region_path,)).parameters,
    )


def _caps_document(caps: Sequence[CapRow]) -> list[dict[str, Any]]:
    """Caps in the form of the bundle: absent limits left out, numbers as text."""
    rows = []
    for row in caps:
        limits: dict[str, Any] = {"partition": None if row.partition is None else str(row.partition)}
        if row.count is not None:
            limits["count"] = row.count
        if row.budget is not None:
            limits["budget"] = decimal_text(row.budget)
        if row.floor_area is not None:
            limits["floor_area"] = decimal_text(row.floor_area)
        rows.append(limits)
    return rows
