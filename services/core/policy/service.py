"""Use cases of policies: storing what the package ships, and saying which version holds where."""

from uuid import UUID

from sqlalchemy import select

from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import loader, queries
from services.core.policy.errors import PolicyChangedInPlace, PolicyUnknown
from services.core.policy.events import PolicyAssigned
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
            uow.session.add(
                PolicyVersion(
                    policy_id=packaged.policy.id,
                    number=packaged.policy.version,
                    title=packaged.policy.title,
                    digest=packaged.digest,
                    body=packaged.body,
                    loaded_at=uow.now,
                )
            )
            added.append(name)
        elif stored.digest != packaged.digest:
            raise PolicyChangedInPlace(zh=name, en=name)
    await uow.session.flush()
    return added


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
