"""What a run found, told whole: one project with the sources of every point, and the bundle that anybody can recompute."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.exact import canonical_json, digest
from services.core.kit.scope import Scope
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import frozen, queries
from services.core.selection.bundle import build
from services.core.selection.errors import RunNotDone
from services.core.selection.models import RunState

if TYPE_CHECKING:
    import asyncpg


async def result(driver: "asyncpg.Connection", row: Mapping[str, Any]) -> dict[str, Any]:
    """Indicators of a stored result (`queries.RESULT`), each with the frozen fact behind it; conflicts and exceptions."""
    stored = await policies.by_id(driver, version_id=row["policy_version_id"])
    rubric = Policy.model_validate(stored.body).rubric
    titles = {one.id: one.title for one in (rubric.indicators if rubric else ())}
    facts = row["facts"]
    return {
        "compounds": row["compounds"],
        "indicators": [
            {**one, "title": titles.get(one["indicator"]), "source": facts.get(one["fact"])}
            for one in row["points"]["indicators"]
        ],
        "conflicts": row["conflicts"],
        "exceptions": row["exceptions"],
    }


async def bundle(driver: "asyncpg.Connection", *, scope: Scope, run_id: UUID) -> bytes:
    """The bundle of a finished run, always the same bytes. NotFound outside `scope`, RunNotDone before it is finished."""
    run = await queries.run_of(driver, scope=scope, run_id=run_id)
    if run["state"] != RunState.DONE:
        raise RunNotDone
    found = await queries.round_of(driver, scope=scope, round_id=run["round_id"])
    stored = await policies.by_id(driver, version_id=found["policy_version_id"])
    candidates = [frozen.candidate_of(row) for row in await queries.CANDIDATES.all(driver, freeze_id=run["freeze_id"])]
    results = [frozen.document_of(row) for row in await queries.WHOLE_RUN.all(driver, run_id=run_id)]
    made = build(Policy.model_validate(stored.body), frozen.parameters_of(found), candidates, [])
    return canonical_json({**made, "results": results, "results_digest": digest(results)})
