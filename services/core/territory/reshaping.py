"""Compounds become others: several are merged into one, or one is split (domain.md G4; Changping, 004_c9c5fc786dd61830.txt 四).

The old ones are closed, not changed: their facts, sheets and reports stay theirs, and each knows what it became. A new one begins
without figures, for no sum of old figures is a count of the new.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.kit.errors import FieldError, InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory.events import CompoundMerged, CompoundSplit
from services.core.territory.models import CompoundDescent, Reshaping
from services.core.territory.rules import Reshape
from services.core.territory.service import register_compound

CLOSE = (
    "UPDATE compound SET closed_at = $2, version = version + 1 WHERE id = ANY ($1::uuid[]) RETURNING id, region_path"
)


@dataclass(frozen=True, slots=True)
class Successor:
    """A compound to be. Without `no` the system gives one. `building_ids`: what it gets of a split register."""

    name: str
    region_id: UUID
    no: str | None = None
    address: str | None = None
    building_ids: tuple[UUID, ...] = ()


async def reshape(
    uow: UnitOfWork,
    *,
    scope: Scope,
    predecessor_ids: Sequence[UUID],
    successors: Sequence[Successor],
    document: str,
    reason: str,
) -> list[UUID]:
    """Closes the predecessors and registers what they become: several one (a merge), or one several (a split).

    The caller holds the predecessors' rows (`queries.locked_all`). Refusals as of registering; their places are below
    `/parts/<n>` for a split.
    """
    kind = Reshape.SPLIT if len(successors) > 1 else Reshape.MERGE
    made = [
        await _register(uow, scope, successor, at=f"/parts/{position}" if kind is Reshape.SPLIT else "")
        for position, successor in enumerate(successors)
    ]
    decision = Reshaping(
        id=new_id(), kind=kind, document=document, reason=reason, decided_by=uow.actor.id, decided_at=uow.now
    )
    uow.session.add(decision)
    await uow.session.flush()
    uow.session.add_all(
        CompoundDescent(predecessor_id=predecessor, successor_id=successor, reshaping_id=decision.id)
        for predecessor in predecessor_ids
        for successor in made
    )
    await uow.session.flush()
    for closed in await uow.driver.fetch(CLOSE, list(predecessor_ids), uow.now):
        uow.record(
            CompoundSplit(reshaping_id=decision.id, successor_ids=made)
            if kind is Reshape.SPLIT
            else CompoundMerged(reshaping_id=decision.id, successor_id=made[0]),
            subject="compound",
            subject_id=closed["id"],
            region_path=closed["region_path"],
        )
    return made


async def _register(uow: UnitOfWork, scope: Scope, successor: Successor, *, at: str) -> UUID:
    try:
        made = await register_compound(
            uow,
            scope=scope,
            region_id=successor.region_id,
            name=successor.name,
            no=successor.no,
            address=successor.address,
        )
    except InputInvalid as wrong:
        errors = [FieldError(at + error.pointer, error.zh, error.en) for error in wrong.errors]
        raise InputInvalid(errors=errors) from wrong
    return made.id
