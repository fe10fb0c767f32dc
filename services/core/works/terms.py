"""What a site runs by: the policy version that its project is under, and what that says of works."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.policy.schema import Policy
from services.core.policy.works import Works
from services.core.projects import gate_queries

if TYPE_CHECKING:
    import asyncpg

GRADES = ("high", "medium", "low")
"""Risk grades where a policy names none (domain.md I3)."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The version, what it says of works, and the risk grades it knows."""

    version_id: UUID
    works: Works
    grades: tuple[str, ...]


async def of(driver: "asyncpg.Connection", site: "asyncpg.Record") -> SitePolicy | None:
    """The policy of a site (a row of `queries.site_of` or of a project); None in a region without one."""
    stored, _ = await gate_queries.policy_of(driver, site)
    if stored is None:
        return None
    policy = Policy.model_validate(stored.body)
    grades = GRADES if policy.inspections is None else tuple(policy.inspections.frequency)
    return SitePolicy(stored.id, policy.works or Works(), grades)
