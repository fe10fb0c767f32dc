"""The nearest change for one project of a stored run: read with its partition as it was frozen, then computed by the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import frozen, queries, run_queries
from services.core.selection.candidates import RoundParameters
from services.core.selection.errors import PartitionTooLarge, RunOfOtherRules
from services.core.selection.nearest import Nearest, nearest
from services.core.selection.nearest_sentences import change_sentence, summary
from services.core.selection.rules import RULES_VERSION

if TYPE_CHECKING:
    import asyncpg

MOST_CANDIDATES = 400
"""Most candidates of a partition for which the rules are run again and again while somebody waits."""


@dataclass(frozen=True, slots=True)
class Question:
    """A project among the frozen candidates of its partition."""

    policy: Policy
    parameters: RoundParameters
    rows: "Sequence[asyncpg.Record]"
    project_id: UUID


async def question(driver: "asyncpg.Connection", *, scope: Scope, run_id: UUID, project_id: UUID) -> Question:
    """What `answer` needs. NotFound outside the scope and for a project that the run did not look at.

    RunOfOtherRules where today's rules may not find what the run found, PartitionTooLarge past MOST_CANDIDATES.
    """
    row = await run_queries.RESULT.first(driver, run_id=run_id, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    run = await run_queries.run_of(driver, scope=scope, run_id=run_id)
    if run["rules_version"] != RULES_VERSION:
        raise RunOfOtherRules
    found = await queries.round_of(driver, scope=scope, round_id=run["round_id"])
    stored = await policies.by_id(driver, version_id=found["policy_version_id"])
    rows = await run_queries.SOME_CANDIDATES.all(
        driver, freeze_id=run["freeze_id"], partition=row["partition"], limit=MOST_CANDIDATES + 1
    )
    if len(rows) > MOST_CANDIDATES:
        raise PartitionTooLarge
    return Question(Policy.model_validate(stored.body), frozen.parameters_of(found), rows, project_id)


def answer(asked: Question) -> dict[str, Any]:
    """The nearest change, the others and the margin, as plain data with sentences. Pure and slow: for a thread."""
    candidates = list(map(frozen.candidate_of, asked.rows))
    found = nearest(asked.policy, asked.parameters, candidates, str(asked.project_id))
    sentence_zh, sentence_en = summary(asked.policy, found)
    return {
        "rank": found.result.rank,
        "outcome": found.result.outcome,
        "sentence_zh": sentence_zh,
        "sentence_en": sentence_en,
        "kept_by": found.kept_by,
        "margin": None
        if found.margin is None
        else {"lead": decimal_text(found.margin.lead), "over": found.margin.over},
        "adjudicate": list(found.adjudicate),
        "changes": _changes(asked.policy, found),
    }


def _changes(policy: Policy, found: Nearest) -> list[Mapping[str, Any]]:
    changes: list[Mapping[str, Any]] = []
    for change in found.changes:
        zh, en = change_sentence(policy, change)
        changes.append(
            {
                "kind": change.kind,
                "steps": [
                    {"name": step.name, "fact": step.fact, "before": step.before, "after": step.after}
                    for step in change.steps
                ],
                "gained": decimal_text(change.gained),
                "rank": change.rank,
                "outcome": change.outcome,
                "sentence_zh": zh,
                "sentence_en": en,
            }
        )
    return changes
