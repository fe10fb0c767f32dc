"""Reads of policies: every stored version, and the one in force at a place in the region tree."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, String, and_, bindparam, column, func, or_, select, table, tuple_
from sqlalchemy.orm import aliased

from services.core.kit.database import Statement, in_scope
from services.core.policy.models import PolicyAssignment, PolicyVersion

if TYPE_CHECKING:
    import asyncpg

region = table("region", column("id"), column("path", String(255, collation="C")), column("name"))


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One stored version. `body` is the canonical form that `digest` covers; `superseded_by` the newest later number.

    `region_id`: the region that made it, None for what ships with the software.
    """

    id: UUID
    policy_id: str
    number: int
    title: str
    digest: str
    body: dict[str, Any]
    loaded_at: datetime
    region_id: UUID | None = None
    superseded_by: int | None = None


newer = aliased(PolicyVersion)
SUPERSEDED_BY = (
    select(func.max(newer.number))
    .where(newer.policy_id == PolicyVersion.policy_id, newer.number > PolicyVersion.number)
    .correlate(PolicyVersion)
    .scalar_subquery()
)
"""The newest number of a version's policy that is higher than its own; none while it is the newest."""

WHOLE = (
    PolicyVersion.id,
    PolicyVersion.policy_id,
    PolicyVersion.number,
    PolicyVersion.title,
    PolicyVersion.digest,
    PolicyVersion.body,
    PolicyVersion.loaded_at,
    PolicyVersion.region_id,
    SUPERSEDED_BY.label("superseded_by"),
)

LIST = Statement(
    select(
        PolicyVersion.policy_id,
        PolicyVersion.number,
        PolicyVersion.title,
        PolicyVersion.digest,
        PolicyVersion.loaded_at,
        PolicyVersion.region_id,
        SUPERSEDED_BY.label("superseded_by"),
    )
    .where(
        tuple_(PolicyVersion.policy_id, PolicyVersion.number)
        > tuple_(bindparam("after_id", type_=PolicyVersion.policy_id.type), bindparam("after_number"))
    )
    .order_by(PolicyVersion.policy_id, PolicyVersion.number)
    .limit(bindparam("limit"))
)

ONE = Statement(
    select(*WHOLE)
    .where(
        PolicyVersion.policy_id == bindparam("policy_id"),
        or_(
            bindparam("number", type_=PolicyVersion.number.type).is_(None), PolicyVersion.number == bindparam("number")
        ),
    )
    .order_by(PolicyVersion.number.desc())
    .limit(1)
)

BY_ID = Statement(select(*WHOLE).where(PolicyVersion.id == bindparam("id")))


def _in_force(*columns: Any) -> Statement:
    return Statement(
        select(*columns)
        .join_from(
            PolicyAssignment,
            PolicyVersion,
            and_(
                PolicyVersion.policy_id == PolicyAssignment.policy_id,
                PolicyVersion.number == PolicyAssignment.policy_number,
            ),
        )
        .where(PolicyAssignment.region_path == func.any(bindparam("paths", type_=ARRAY(String))))
        .order_by(
            func.length(PolicyAssignment.region_path).desc(), PolicyAssignment.since.desc(), PolicyAssignment.id.desc()
        )
        .limit(1)
    )


IN_FORCE, ID_IN_FORCE = _in_force(*WHOLE), _in_force(PolicyVersion.id)

# Writers of one policy take turns: of two regions that take the same new id, the second sees the first.
LOCK_ID = Statement(select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("policy_id", type_=String), 0))))

# Every version of a policy, with the path of the region that made it.
VERSIONS = Statement(
    select(PolicyVersion.number, PolicyVersion.digest, region.c.path)
    .join(region, region.c.id == PolicyVersion.region_id, isouter=True)
    .where(PolicyVersion.policy_id == bindparam("policy_id"))
    .order_by(PolicyVersion.number)
)

REGION = Statement(
    select(region.c.path, region.c.name).where(
        region.c.id == bindparam("region_id", type_=PolicyAssignment.region_id.type), in_scope(region.c.path)
    )
)


def lineage(path: str) -> list[str]:
    """The paths of a region and all its ancestors: `1.23.` gives `1.` and `1.23.`."""
    parts = path.split(".")[:-1]
    return [".".join(parts[:end]) + "." for end in range(1, len(parts) + 1)]


def stored(row: "asyncpg.Record") -> StoredPolicy:
    """A row of `WHOLE`."""
    return StoredPolicy(**row)


async def find(driver: "asyncpg.Connection", *, policy_id: str, number: int | None = None) -> StoredPolicy | None:
    """One version, the newest unless a number is given."""
    row = await ONE.first(driver, policy_id=policy_id, number=number)
    return None if row is None else stored(row)


async def by_id(driver: "asyncpg.Connection", *, version_id: UUID) -> StoredPolicy:
    """The version that something pinned; it cannot be missing, a foreign key holds it."""
    row = await BY_ID.first(driver, id=version_id)
    assert row is not None  # noqa: S101 - held by a foreign key
    return stored(row)


async def in_force(driver: "asyncpg.Connection", *, region_path: str) -> StoredPolicy | None:
    """The version that holds at a place: the newest assignment of the nearest region up the tree that has one."""
    row = await IN_FORCE.first(driver, paths=lineage(region_path))
    return None if row is None else stored(row)


async def id_in_force(driver: "asyncpg.Connection", *, region_path: str) -> UUID | None:
    """The id alone of what `in_force` gives, for who knows already what versions say: they never change."""
    row = await ID_IN_FORCE.first(driver, paths=lineage(region_path))
    return None if row is None else row["id"]
