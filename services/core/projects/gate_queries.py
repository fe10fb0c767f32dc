"""Reads of a project's gates: under which policy version it is, and what each gate of that says of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import InputInvalid, NotFound
from services.core.kit.scope import Scope
from services.core.policy import queries as policies
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.queries import StoredPolicy
from services.core.policy.schema import Policy
from services.core.projects import queries
from services.core.projects.gates import GateStatus, status
from services.core.projects.rules import PLAN_BOUND

if TYPE_CHECKING:
    import asyncpg

# The last thing said of facts that were bound to a plan version which is no longer in force.
LAPSED = """
SELECT DISTINCT ON (key) key, (source_rows -> 0 ->> 'plan_version')::int AS plan_version
FROM fact WHERE subject_id = $1 AND key = ANY ($2::text[]) AND source_rows -> 0 ? 'plan_version'
ORDER BY key, id DESC
"""


class Basis(StrEnum):
    """Why a project's gates are those of one policy version."""

    PINNED = "pinned"
    IN_FORCE = "in_force"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Gates:
    """A project's gates under one policy version, and why under that one."""

    policy: StoredPolicy
    basis: Basis
    statuses: list[GateStatus]
    standing: queries.Standing


async def policy_of(driver: "asyncpg.Connection", project: "asyncpg.Record") -> tuple[StoredPolicy | None, Basis]:
    """The policy version that a project is under: the one that it was chosen under, else the one in force."""
    pinned = project["policy_version_id"]
    if pinned is not None:
        return await policies.by_id(driver, version_id=pinned), Basis.PINNED
    return await policies.in_force(driver, region_path=project["region_path"]), Basis.IN_FORCE


async def gates(
    driver: "asyncpg.Connection",
    *,
    scope: Scope,
    project_id: UUID,
    policy_id: str | None = None,
    policy_number: int | None = None,
) -> Gates:
    """Every gate of the policy version that a project is under, with figures; or of another one that is asked for by its id.

    NotFound outside the scope, or for a policy that nobody stored; NoPolicyInForce where there is none; InputInvalid for a number
    without an id.
    """
    if policy_id is None and policy_number is not None:
        raise InputInvalid.at("/policy_id", zh="写明版本号的，须同时写明政策", en="a number needs the policy's id")
    project = await queries.PLACE.first(driver, project_id=project_id, **scope.parameters)
    if project is None:
        raise NotFound
    if policy_id is None:
        policy, basis = await policy_of(driver, project)
    else:
        policy, basis = await policies.find(driver, policy_id=policy_id, number=policy_number), Basis.ASKED
        if policy is None:
            raise NotFound
    if policy is None:
        raise NoPolicyInForce
    now = await queries.standing(driver, project_id=project_id)
    return Gates(policy, basis, await statuses_of(driver, policy=policy, standing=now), now)


async def statuses_of(
    driver: "asyncpg.Connection", *, policy: StoredPolicy, standing: queries.Standing
) -> list[GateStatus]:
    """Every gate of a policy for what is known of a project."""
    exceptions = await queries.exceptions_by_project(
        driver, [standing.project_id], policy_id=policy.policy_id, policy_number=policy.number
    )
    form = Policy.model_validate(policy.body)
    of_project = exceptions.get(standing.project_id, {})
    lapsed = await _lapsed(driver, standing)
    return status(form.gates, standing.facts, of_project, lapsed)


async def _lapsed(driver: "asyncpg.Connection", standing: queries.Standing) -> dict[str, int]:
    """The facts bound to a plan that nothing says of the plan in force, with the number of the plan that they were last said of."""
    missing = [key for key in PLAN_BOUND if key not in standing.known[standing.project_id]]
    rows = await driver.fetch(LAPSED, standing.project_id, missing)
    return {row["key"]: row["plan_version"] for row in rows}
