"""What a run found, told whole: one project with the sources of every point, and the bundle that anybody can recompute."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.kit.uow import Database
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import frozen, queries, run_queries
from services.core.selection.bundle import Writer
from services.core.selection.candidates import RoundParameters, indicator_points
from services.core.selection.errors import RunNotDone
from services.core.selection.models import RunState

if TYPE_CHECKING:
    import asyncpg

PART = 2000
"""How many results are read at a time."""


async def result(driver: "asyncpg.Connection", row: Mapping[str, Any]) -> dict[str, Any]:
    """Indicators of a stored `run_queries.RESULT`, each with the frozen fact behind it; conflicts, exceptions, carry-over."""
    stored = await policies.by_id(driver, version_id=row["policy_version_id"])
    rubric = Policy.model_validate(stored.body).rubric
    assert rubric is not None  # noqa: S101 - there is no result without one
    facts, evidence = row["facts"], row["evidence"]
    titles = {one.id: one.title for one in rubric.indicators}
    return {
        "compounds": row["compounds"],
        "indicators": [
            {
                "indicator": one.indicator,
                "fact": one.fact,
                "value": one.value,
                "points": decimal_text(one.points),
                "share": decimal_text(one.share),
                "title": titles[one.indicator],
                "source": {"value": facts.get(one.fact), **evidence[one.fact]} if one.fact in evidence else None,
            }
            for one in indicator_points(rubric, row["units"], facts)
        ],
        "conflicts": row["conflicts"],
        "exceptions": row["exceptions"],
        "carry_over": row["carry_over"],
    }


async def partitions(
    read: "Callable[[int], Awaitable[list[asyncpg.Record]]]",
) -> "AsyncIterator[list[asyncpg.Record]]":
    """Results of a run a partition at a time, from what `read` gives of those after a position, in their order."""
    held: list[asyncpg.Record] = []
    rows = await read(0)
    while rows:
        held += rows
        *whole, held = [list(group) for _, group in groupby(held, key=lambda row: row["partition"])]
        for partition in whole:
            yield partition
        rows = await read(rows[-1]["position"])
    if held:
        yield held


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bundle of a finished run, always the same bytes."""

    run_id: UUID
    policy: Policy
    parameters: RoundParameters
    rules_version: int

    async def lines(self, database: Database) -> AsyncIterator[bytes]:
        """Its lines, many at a time. No connection is held while the reader is slow: what a run found never changes."""
        writer = Writer(self.policy, self.parameters, rules_version=self.rules_version)
        yield writer.head()

        async def read(after: int) -> "list[asyncpg.Record]":
            async with database.read() as reader:
                return await run_queries.BUNDLED.all(reader, run_id=self.run_id, after=after, limit=PART)

        async for rows in partitions(read):
            by_number = sorted(rows, key=lambda row: str(row["no"]))
            yield writer.candidates(map(frozen.candidate_of, by_number), (row["facts"] for row in by_number))
            assert self.policy.rubric is not None  # noqa: S101 - there is no run without one
            yield writer.results([frozen.document_of(row, self.policy.rubric) for row in rows])
        yield writer.end()


async def bundle(driver: "asyncpg.Connection", *, scope: Scope, run_id: UUID) -> Bundle:
    """The bundle of a finished run. NotFound outside `scope`, RunNotDone before it is finished."""
    run = await run_queries.run_of(driver, scope=scope, run_id=run_id)
    if run["state"] != RunState.DONE:
        raise RunNotDone
    found = await queries.round_of(driver, scope=scope, round_id=run["round_id"])
    stored = await policies.by_id(driver, version_id=found["policy_version_id"])
    policy = Policy.model_validate(stored.body)
    return Bundle(run_id, policy, frozen.parameters_of(found), run["rules_version"])
