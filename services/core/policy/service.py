"""Use cases of policies: storing what the package ships, and saying which version holds where."""

import asyncio
from uuid import UUID

from sqlalchemy import select

from services.core.kit.errors import FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import loader, queries
from services.core.policy.errors import (
    PolicyChangedInPlace,
    PolicyNumberPassed,
    PolicyOfAnotherRegion,
    PolicyReserved,
    PolicyUnknown,
)
from services.core.policy.events import PolicyAssigned, PolicyStored
from services.core.policy.models import PolicyAssignment, PolicyVersion


async def store_packaged(uow: UnitOfWork) -> list[str]:
    """Every packaged policy is stored; those that were new, as `id@number`.

    Raises PolicyChangedInPlace when a stored version's YAML was edited without a new number.
    """
    added = []
    for packaged in loader.load_packaged():
        stored = await uow.session.scalar(
            select(PolicyVersion).where(
                PolicyVersion.policy_id == packaged.policy.id, PolicyVersion.number == packaged.policy.version
            )
        )
        name = f"{packaged.policy.id}@{packaged.policy.version}"
        if stored is None:
            uow.session.add(_version(packaged, uow, None))
            added.append(name)
        elif stored.digest != packaged.digest:
            raise PolicyChangedInPlace(zh=name, en=name)
    await uow.session.flush()
    return added


async def store(uow: UnitOfWork, *, scope: Scope, region_id: UUID, text: str) -> tuple[str, int, bool]:
    """Stores a version of a region's own policy from its YAML: its id, its number, and whether it was not stored before.

    Nothing follows it until it is assigned, and what began under an earlier version keeps that. Ids without an underscore are left
    to the package, whose next version may bring them (PolicyReserved). Raises also PolicyMalformed, PolicyOfAnotherRegion,
    PolicyChangedInPlace, PolicyNumberPassed; NotFound for a region outside `scope`.
    """
    region = await queries.REGION.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise NotFound
    loaded = await asyncio.to_thread(loader.load_policy, text)
    policy = loaded.policy
    if "_" not in policy.id:
        raise PolicyReserved.at("/id", zh="请取带下划线的 id，如 ningbo_2027", en="take one such as ningbo_2027")
    await queries.LOCK_ID.all(uow.driver, policy_id=policy.id)
    known = await queries.VERSIONS.all(uow.driver, policy_id=policy.id)
    if any(row["path"] is None or not scope.covers(row["path"]) for row in known):
        raise PolicyOfAnotherRegion
    same = next((row for row in known if row["number"] == policy.version), None)
    if same is not None:
        if same["digest"] != loaded.digest:
            raise PolicyChangedInPlace(errors=[FieldError("/version", "请使用新的版本号", "needs a new number")])
        return policy.id, policy.version, False
    if known and known[-1]["number"] > policy.version:
        raise PolicyNumberPassed.at(
            "/version", zh=f"须大于 {known[-1]['number']}", en=f"must be more than {known[-1]['number']}"
        )
    uow.session.add(_version(loaded, uow, region_id))
    uow.record(
        PolicyStored(policy_id=policy.id, number=policy.version, digest=loaded.digest),
        subject="region",
        subject_id=region_id,
        region_path=region["path"],
    )
    await uow.session.flush()
    return policy.id, policy.version, True


def _version(loaded: loader.LoadedPolicy, uow: UnitOfWork, region_id: UUID | None) -> PolicyVersion:
    return PolicyVersion(
        policy_id=loaded.policy.id,
        number=loaded.policy.version,
        title=loaded.policy.title,
        digest=loaded.digest,
        body=loaded.body,
        loaded_at=uow.now,
        region_id=region_id,
        stored_by=uow.actor.id,
    )


async def assign(uow: UnitOfWork, *, scope: Scope, region_id: UUID, policy_id: str, number: int) -> PolicyAssignment:
    """From now on the region and everything below it follows this version; what began under another keeps it.

    Raises NotFound for a region outside `scope`, PolicyUnknown for a version that is not stored.
    """
    region = await queries.REGION.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise NotFound
    if await queries.find(uow.driver, policy_id=policy_id, number=number) is None:
        raise PolicyUnknown.at("/policy_id", zh="没有这个政策版本", en="there is no such policy version")
    assignment = PolicyAssignment(
        id=new_id(),
        region_id=region_id,
        region_path=region["path"],
        policy_id=policy_id,
        policy_number=number,
        since=uow.now,
        given_by=uow.actor.id,
    )
    uow.session.add(assignment)
    uow.record(
        PolicyAssigned(region_id=region_id, policy_id=policy_id, number=number),
        subject="region",
        subject_id=region_id,
        region_path=region["path"],
    )
    return assignment
